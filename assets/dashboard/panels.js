// The panels: what each asks, and how it draws the answer. Everything is asked at /graphql, like by any client; paste a
// query into GraphiQL to see what a picture is made of.

import { bars, columns, element, heatMap, said, tiles } from './draw.js';
import * as behind from './links.js';

const count = new Intl.NumberFormat();
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });
const rounded = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0 });
const brief = new Intl.NumberFormat(undefined, { notation: 'compact' });
const money = (currency) => new Intl.NumberFormat(undefined, { style: 'currency', currency });
const briefMoney = (currency) =>
  new Intl.NumberFormat(undefined, { style: 'currency', currency, notation: 'compact', maximumSignificantDigits: 3 });

const dates = (options) => new Intl.DateTimeFormat(undefined, { timeZone: 'UTC', ...options });
const moment = dates({ dateStyle: 'medium', timeStyle: 'short' });
const month = dates({ month: 'short', year: 'numeric' });
const shortMonth = dates({ month: 'short', year: '2-digit' });
const day = dates({ day: 'numeric', month: 'short', year: 'numeric' });
const shortDay = dates({ day: 'numeric', month: 'short' });

const windows = { DAY: 'in 24 hours', WEEK: 'in 7 days', MONTH: 'in 30 days', YEAR: 'in 365 days' };

export const panels = {
  headline: {
    query: `query Headline($timeframe: Timeframe!, $asOf: DateTime) {
      store { currency }
      analytics(timeframe: $timeframe, asOf: $asOf) {
        asOf since
        totalCustomers newCustomers activeCustomers churnedCustomers
        averageLTV averageOrderValue repeatPurchaseRate
      }
    }`,
    draw({ store, analytics }, { timeframe, isPast }) {
      const { asOf, since, totalCustomers, newCustomers, activeCustomers, churnedCustomers } = analytics;
      const amount = money(store.currency);
      const share = (part) => (totalCustomers > 0 ? `${percent.format(part / totalCustomers)} ` : '');
      const counted = (customers) => ({ value: count.format(customers), customers });
      const now = (href) => (isPast ? null : href);
      document.getElementById('moment').textContent = `As of ${moment.format(new Date(asOf))} UTC`;
      return [
        tiles([
          { name: 'Customers', ...counted(totalCustomers), note: 'in all', href: behind.joined(null, asOf) },
          { name: 'New', ...counted(newCustomers), note: windows[timeframe], href: behind.joined(since, asOf) },
          {
            name: 'Active',
            ...counted(activeCustomers),
            note: `${share(activeCustomers)}${windows[timeframe]}`,
            href: behind.bought(since, asOf),
          },
          {
            name: 'Churned',
            ...counted(churnedCustomers),
            note: `${share(churnedCustomers)}at high risk`,
            href: now(behind.churned()),
          },
          {
            name: 'Lifetime value',
            value: amount.format(analytics.averageLTV),
            note: 'mean per customer',
            href: behind.joined(null, asOf),
          },
          {
            name: 'Order value',
            value: amount.format(analytics.averageOrderValue),
            note: 'mean per purchase',
            href: behind.bought(null, asOf),
          },
          {
            name: 'Repeat purchases',
            value: percent.format(analytics.repeatPurchaseRate / 100),
            note: 'of buyers',
            href: now(behind.orderedAgain()),
          },
        ]),
      ];
    },
  },

  series: {
    query: `query Series($timeframe: Timeframe!, $asOf: DateTime, $interval: CalendarInterval!, $last: Int!) {
      store { currency }
      analytics(timeframe: $timeframe, asOf: $asOf) {
        asOf
        series(interval: $interval, last: $last) { start end isComplete newCustomers activeCustomers revenue }
      }
    }`,
    draw({ store, analytics }, { interval }) {
      const [long, short] = interval === 'MONTH' ? [month, shortMonth] : [day, shortDay];
      const amount = money(store.currency);
      const points = analytics.series.map((point) => {
        const start = new Date(point.start);
        const when = `${interval === 'WEEK' ? 'Week of ' : ''}${long.format(start)}${point.isComplete ? '' : ' so far'}`;
        // The last millisecond that is told of.
        const end = new Date(Math.min(new Date(point.end) - 1, new Date(analytics.asOf))).toISOString();
        return { ...point, name: short.format(start), when, end };
      });
      const revenue = points.map((point) => ({
        ...point,
        value: Number(point.revenue),
        label: `${point.when}: ${amount.format(point.revenue)} from ${count.format(point.activeCustomers)} customers`,
        href: behind.bought(point.start, point.end),
        customers: point.activeCustomers,
      }));
      const joined = points.map((point) => ({
        ...point,
        value: point.newCustomers,
        label: `${point.when}: ${count.format(point.newCustomers)} new customers`,
        href: behind.joined(point.start, point.end),
        customers: point.newCustomers,
      }));
      const each = said(interval).toLowerCase();
      return [
        columns(`Revenue by ${each}, less refunds`, revenue, (value) => briefMoney(store.currency).format(value)),
        columns(`New customers by ${each}`, joined, (value) => brief.format(value)),
      ];
    },
  },

  cohorts: {
    query: `query Cohorts($timeframe: Timeframe!, $asOf: DateTime) {
      analytics(timeframe: $timeframe, asOf: $asOf) {
        asOf
        cohorts(last: 24) { month customers cells { monthsAfter customers rate isComplete } }
      }
    }`,
    draw({ analytics: { asOf, cohorts } }) {
      if (cohorts.length === 0) return [element('p', {}, 'Nobody first bought in the last 24 months.')];
      const after = (start, months) => {
        const date = new Date(start);
        date.setUTCMonth(date.getUTCMonth() + months);
        return date.toISOString();
      };
      const rows = cohorts.map((cohort) => {
        const span = (months) => ({ start: after(cohort.month, months), end: after(cohort.month, months + 1), asOf });
        const name = month.format(new Date(cohort.month));
        const size = { text: count.format(cohort.customers), heat: null, customers: cohort.customers };
        const later = cohort.cells.slice(1).map((cell) => ({
          text: rounded.format(cell.rate).replace(/\s?%/, ''),
          heat: cell.rate,
          label: `${name}, ${cell.monthsAfter} months after${cell.isComplete ? '' : ', so far'}: ${cell.customers} of ${cohort.customers} customers`,
          href: behind.firstBought(span(0), span(cell.monthsAfter)),
          customers: cell.customers,
        }));
        return { heading: name, cells: [{ ...size, href: behind.firstBought(span(0)) }, ...later] };
      });
      const longest = Math.max(...cohorts.map((cohort) => cohort.cells.length));
      return [
        heatMap({
          kind: 'cohorts',
          caption: 'Percent who bought, by months after the first purchase',
          corner: 'First bought',
          columns: ['Customers', ...Array.from({ length: longest - 1 }, (_, index) => count.format(index + 1))],
          rows,
        }),
      ];
    },
  },

  rfm: {
    query: `query Scores($runs: RfmRunWhere!) {
      store { currency }
      runs: rfmRuns(first: 1, where: $runs) {
        nodes {
          id asOf population
          grid { recency frequency count revenue }
          segments { segment count revenue }
        }
      }
      latest: rfmRuns(first: 1, where: { isHistorical: { eq: false } }) { nodes { id } }
    }`,
    draw({ store, runs, latest }) {
      const [run] = runs.nodes;
      if (!run) return [element('p', {}, 'No customer had been scored by then.')];
      // Scores are kept of the present only.
      const now = (href) => (run.id === latest.nodes[0]?.id ? href : null);
      const amount = briefMoney(store.currency);
      const most = Math.max(1, ...run.grid.map((cell) => cell.count));
      const best = [5, 4, 3, 2, 1];
      const rows = best.map((frequency) => ({
        heading: `F${frequency}`,
        cells: best.toReversed().map((recency) => {
          const cell = run.grid.find((cell) => cell.recency === recency && cell.frequency === frequency);
          if (!cell) return { text: '0', heat: 0, customers: 0 };
          return {
            text: count.format(cell.count),
            // By the root, so that small groups beside a large one still differ.
            heat: Math.sqrt(cell.count / most),
            note: amount.format(cell.revenue),
            label: `Recency ${recency}, frequency ${frequency}: ${cell.count} customers, who spent ${money(store.currency).format(cell.revenue)}`,
            href: now(behind.scored(recency, frequency)),
            customers: cell.count,
          };
        }),
      }));
      const shares = run.segments.map((share) => ({
        name: said(share.segment),
        count: share.count,
        note: amount.format(share.revenue),
        href: now(behind.inRfmSegment(share.segment)),
        customers: share.count,
      }));
      const scored = `${count.format(run.population)} customers as of ${moment.format(new Date(run.asOf))} UTC, and what they spent.`;
      const map = heatMap({
        kind: 'scores',
        caption: 'Customers by scores of recency and frequency, with what they spent',
        corner: element('span', { class: 'hidden' }, 'Frequency'),
        columns: best.toReversed().map((recency) => `R${recency}`),
        rows,
      });
      const legend = 'R1 bought long ago, R5 of late; F1 seldom, F5 often.';
      return [
        element('div', {}, map, element('p', { class: 'note' }, `${scored} ${legend}`)),
        element('div', { class: 'half' }, ...bars('Segments by recency, frequency and value', shares, count.format)),
      ];
    },
  },

  segments: {
    query: `query Segments($timeframe: Timeframe!, $asOf: DateTime, $isPast: Boolean!) {
      store { currency }
      analytics(timeframe: $timeframe, asOf: $asOf) {
        customersBySegment { segment count }
        customersByTier { tier { name rank minSpend } count }
      }
      builtIn: segments(first: 50, where: { isBuiltIn: { eq: true }, not: { or: [{ handle: { startsWith: "rfm-" } }, { handle: { startsWith: "spend-" } }] } })
        @skip(if: $isPast) {
        nodes { id name handle customers { totalCount } }
      }
      own: segments(first: 50, where: { isBuiltIn: { eq: false } }) @skip(if: $isPast) {
        nodes { id name customers { totalCount } }
        totalCount
      }
    }`,
    draw({ store, analytics, builtIn, own }, { isPast }) {
      const amount = briefMoney(store.currency);
      const now = (href) => (isPast ? null : href);
      const tiers = analytics.customersByTier?.map(({ tier, count }) => ({
        name: tier.name,
        note: `from ${amount.format(tier.minSpend)}`,
        count,
        href: now(behind.inTier(tier.rank)),
        customers: count,
      }));
      const spending = analytics.customersBySegment.map(({ segment, count }) => ({
        name: said(segment),
        count,
        href: now(behind.inSpendSegment(segment)),
        customers: count,
      }));
      const members = (segments) =>
        segments.map(({ id, name, customers: { totalCount } }) => ({
          name,
          count: totalCount,
          href: behind.members(id),
          customers: totalCount,
        }));
      const isOfEngagement = ({ handle }) => handle.startsWith('engagement-');
      const known = builtIn?.nodes ?? [];
      const groups = [
        ['Loyalty tiers', tiers ?? []],
        ['Spending', spending],
        ['Engagement', members(known.filter(isOfEngagement))],
        ['Lists', members(known.filter((segment) => !isOfEngagement(segment)))],
        ['Your segments', members(own?.nodes ?? [])],
      ];
      const drawn = groups.filter(([, shares]) => shares.length > 0).flatMap(([heading, shares]) => bars(heading, shares, count.format));
      const more = (own?.totalCount ?? 0) - (own?.nodes.length ?? 0);
      if (more > 0) drawn.push(element('p', { class: 'note' }, element('a', { href: '/segments' }, `${more} more segments`)));
      if (isPast) drawn.push(element('p', { class: 'note' }, 'Other segments are known as of now only.'));
      return drawn.length > 0 ? drawn : [element('p', {}, 'There are no customers yet.')];
    },
  },
};
