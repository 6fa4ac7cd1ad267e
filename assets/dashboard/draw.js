// What panels are made of: tiles, columns, bars and heat maps, in plain HTML. Each is a list or a table of links too,
// so that it can be read without being seen.

/** A new element. Attributes that begin with `--` are properties of its style; those that are null are left out. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (attribute.startsWith('--')) node.style.setProperty(attribute, value);
    else node.setAttribute(attribute, value);
  }
  node.append(...children);
  return node;
}

/** A name such as CANNOT_LOSE_THEM as it is said. */
export const said = (name) => name.charAt(0) + name.slice(1).toLowerCase().replaceAll('_', ' ');

/** A figure with the link to those behind it, where they can be listed; `customers` says how many they are. */
export function figure({ href, customers, label }, attributes, ...children) {
  if (!href || customers === 0) return element('span', { ...attributes, title: label }, ...children);
  return element('a', { ...attributes, href, title: label, 'data-customers': customers }, ...children);
}

/** The large figures: `[{ name, value, note, href, customers }]`. */
export function tiles(figures) {
  const items = figures.map((each) =>
    element(
      'li',
      {},
      figure(
        each,
        { class: 'tile' },
        element('span', { class: 'name' }, each.name),
        ' ',
        element('span', { class: 'value' }, each.value),
        ' ',
        element('span', { class: 'note' }, each.note),
      ),
    ),
  );
  return element('ul', { class: 'tiles' }, ...items);
}

/** A column for each point: `[{ value, name, label, isComplete, href, customers }]`. `format` writes the scale. */
export function columns(heading, points, format) {
  const { low, high, ticks } = scale(points.map((point) => point.value));
  const height = (value) => `${(100 * (value - low)) / (high - low)}%`;
  const lines = ticks.map((tick) =>
    element('li', { class: tick === 0 ? 'zero' : null, '--at': height(tick) }, format(tick)),
  );
  // As many names as there is room for, counted from the last; of those, every other where there is less.
  const step = Math.ceil(points.length / 8);
  const bars = points.map((point, index) => {
    const place = (points.length - 1 - index) / step;
    const bar = element('span', { class: point.isComplete ? 'bar' : 'bar incomplete' });
    const size = { '--from': height(Math.min(point.value, 0)), '--to': height(low + Math.abs(point.value)) };
    const text = Number.isInteger(place) ? point.name : '';
    const name = element('span', { class: place % 2 === 0 ? 'name' : 'name minor', 'aria-hidden': 'true' }, text);
    const said = element('span', { class: 'said' }, point.label);
    return element('li', {}, figure({ ...point, label: null }, size, bar, said, name));
  });
  return element(
    'figure',
    { class: 'columns' },
    element('figcaption', {}, heading),
    element('ul', { class: 'scale', 'aria-hidden': 'true' }, ...lines),
    element('ol', { class: 'bars' }, ...bars),
  );
}

/** Round numbers around values, zero among them. */
function scale(values) {
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
  const rough = (most - least) / 4 || 1;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, magnitude * [1, 2, 5, 10].find((factor) => factor * magnitude >= rough));
  const [first, last] = [Math.floor(least / step), Math.max(1, Math.ceil(most / step))];
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  return { low: first * step, high: last * step, ticks };
}

/** A bar for each share of a whole: `[{ name, note, count, href, customers }]`. `format` writes a count. */
export function bars(heading, shares, format) {
  const most = Math.max(1, ...shares.map((share) => share.count));
  const items = shares.map((share) =>
    element(
      'li',
      {},
      figure(
        share,
        {},
        element('span', { class: 'name' }, share.name),
        ' ',
        element('span', { class: 'count' }, format(share.count)),
        element('span', { class: 'bar', '--to': `${(100 * share.count) / most}%` }),
        ' ',
        element('span', { class: 'note' }, share.note ?? ''),
      ),
    ),
  );
  return [element('h3', {}, heading), element('ul', { class: 'shares' }, ...items)];
}

/**
 * A table whose cells are the warmer the more they tell: `columns` are headings, `rows` are
 * `[{ heading, cells: [{ heat, text, note, label, href, customers }] }]`, `heat` from 0 to 1 or null.
 */
export function heatMap({ kind, caption, corner, columns, rows }) {
  const head = element(
    'tr',
    {},
    element('th', { scope: 'col' }, corner),
    ...columns.map((column) => element('th', { scope: 'col' }, column)),
  );
  const lines = rows.map(({ heading, cells }) =>
    element('tr', {}, element('th', { scope: 'row' }, heading), ...cells.map(heatCell)),
  );
  const table = element(
    'table',
    { class: `heat ${kind}` },
    element('caption', {}, caption),
    element('thead', {}, head),
    element('tbody', {}, ...lines),
  );
  // A table that is wider than its place scrolls in it, by keyboard too.
  return element('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': caption }, table);
}

function heatCell(cell) {
  const note = cell.note ? [' ', element('span', { class: 'note' }, cell.note)] : [];
  const shown = cell.customers === 0 ? element('span', { class: 'none' }, cell.text) : figure(cell, {}, cell.text, ...note);
  return element('td', { '--heat': cell.heat }, shown);
}
