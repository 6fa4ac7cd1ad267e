// Fills the page: asks for each panel, draws it, and follows what happens.

import { element } from './draw.js';
import { follow } from './feed.js';
import { panels } from './panels.js';

const page = document.getElementById('dashboard');
const asOf = page.dataset.asOf ?? null;

// Of months as many as make a cohort's habits visible; shorter timeframes look at shorter intervals.
const series = {
  DAY: { interval: 'DAY', last: 30 },
  WEEK: { interval: 'WEEK', last: 26 },
  MONTH: { interval: 'MONTH', last: 24 },
  YEAR: { interval: 'MONTH', last: 24 },
}[page.dataset.timeframe];

const variables = {
  timeframe: page.dataset.timeframe,
  asOf,
  isPast: asOf !== null,
  ...series,
  // The scores of now, or those that were true last at the instant.
  runs: asOf ? { asOf: { lte: { at: asOf } } } : { isHistorical: { eq: false } },
};

// A panel for each query, so that what is slow, or fails, keeps no other from being seen.
for (const [id, panel] of Object.entries(panels)) show(document.getElementById(id), panel);
follow(document.querySelector('#feed .content'));

async function show(section, panel) {
  const content = section.querySelector('.content');
  section.setAttribute('aria-busy', 'true');
  try {
    const data = await ask(panel.query);
    content.replaceChildren(...panel.draw(data, variables));
  } catch (error) {
    const again = element('button', { type: 'button' }, 'Try again');
    again.addEventListener('click', () => show(section, panel));
    const message = element('p', { class: 'error', role: 'alert' }, `This could not be read: ${error.message} `, again);
    content.replaceChildren(message);
  } finally {
    section.removeAttribute('aria-busy');
  }
}

async function ask(query) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json', 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const isAnswer = response.headers.get('content-type')?.startsWith('application/graphql-response+json');
  if (!isAnswer) throw new Error(`the server answers ${response.status}`);
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  return data;
}
