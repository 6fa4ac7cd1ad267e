// The live feed: one subscription over server-sent events, taken up again where it broke off.

import { element, said } from './draw.js';

const QUERY = `subscription Feed($after: String) {
  customerEvents(after: $after) {
    cursor type occurredAt
    customer { id name }
    order { id total currency }
    segment { name }
    loyaltyTier { name }
  }
}`;

/** How many lines are kept, the latest first. */
const MOST_LINES = 30;
/** How long to wait, in milliseconds, before connecting again after the server ended the stream. */
const PAUSE = 2_000;
const LONGEST_PAUSE = 60_000;

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', timeZone: 'UTC' });
const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });

export function follow(content) {
  const status = element('p', { class: 'status', role: 'status' });
  const lines = element('ol', { class: 'events', 'aria-live': 'polite', 'aria-relevant': 'additions' });
  content.replaceChildren(status, lines);

  let stream = null;
  let after = null;
  let waiting = [];
  // Why the stream ended, and how long it takes until it is asked for again.
  let [reason, wait] = ['', PAUSE];

  const say = (state, text) => {
    status.className = `status ${state}`;
    status.textContent = text;
  };

  const connect = () => {
    const parameters = new URLSearchParams({ query: QUERY, variables: JSON.stringify({ after }) });
    stream = new EventSource(`/graphql?${parameters}`);
    stream.onopen = () => say('open', 'Connected. What happens from now on appears here.');
    // Broken connections the browser takes up again by itself, from the last event on.
    stream.onerror = () => (stream.readyState === EventSource.CLOSED ? pause() : say('broken', 'Connecting again …'));
    stream.addEventListener('next', ({ data }) => take(JSON.parse(data)));
    stream.addEventListener('complete', pause);
  };

  const pause = () => {
    disconnect();
    say('broken', reason ? `${reason}. Connecting again …` : 'Connecting again …');
    setTimeout(() => document.hidden || stream || connect(), wait);
    wait = Math.min(2 * wait, LONGEST_PAUSE);
  };

  const disconnect = () => {
    stream?.close();
    stream = null;
  };

  const take = ({ data, errors }) => {
    // Who may not see a name gets an error beside the event.
    if (!data?.customerEvents) {
      // Who read too slowly is told where to go on; a cursor that the log does not know is of no use.
      after = errors?.[0].extensions?.cursor ?? null;
      reason = errors?.[0].message ?? '';
      return;
    }
    [after, reason, wait] = [data.customerEvents.cursor, '', PAUSE];
    waiting.push(data.customerEvents);
    // Many events at once are drawn at once, and only those that stay.
    if (waiting.length === 1) setTimeout(draw, 100);
  };

  const draw = () => {
    const latest = waiting.slice(-MOST_LINES).reverse();
    waiting = [];
    lines.prepend(...latest.map(line));
    while (lines.children.length > MOST_LINES) lines.lastChild.remove();
  };

  // A page that nobody sees holds no connection; seen again, it goes on after the last event.
  document.addEventListener('visibilitychange', () => {
    if (document.hidden && after) disconnect();
    else if (!document.hidden && !stream) connect();
  });
  connect();
}

function line({ type, occurredAt, customer, order, segment, loyaltyTier }) {
  const at = new Date(occurredAt);
  const isToday = date.format(at) === date.format(new Date());
  const money = (currency) => new Intl.NumberFormat(undefined, { style: 'currency', currency });
  const about = segment?.name ?? loyaltyTier?.name;
  return element(
    'li',
    {},
    element('time', { datetime: occurredAt }, isToday ? clock.format(at) : date.format(at)),
    ' ',
    element('span', { class: 'what' }, about ? `${said(type)}: ${about}` : said(type)),
    ...(order ? [' ', element('a', { href: order.id }, money(order.currency).format(order.total))] : []),
    ' ',
    customer ? element('a', { class: 'who', href: customer.id }, customer.name ?? 'a customer') : '',
  );
}
