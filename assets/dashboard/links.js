// Which customers are behind a figure, as conditions of GraphQL, and where they are listed.
// Whatever depends on dates alone can be listed as of any instant; the rest is known as of now only.

const listed = (where) => `/customers?where=${encodeURIComponent(JSON.stringify(where))}`;

const at = (instant) => ({ at: instant });

/** Those who joined in a time of which both ends belong to it; `since` may be null. */
export const joined = (since, until) =>
  listed({ customerSince: since ? { between: { from: at(since), to: at(until) } } : { lte: at(until) } });

/** Those who bought in a time of which both ends belong to it; `since` may be null. */
export const bought = (since, until) =>
  listed({ orders: { some: { deliveredAt: since ? { between: { from: at(since), to: at(until) } } : { lte: at(until) } } } });

/** Those who first bought in one time and, where another is given, bought in that too. */
export const firstBought = (first, later) => {
  const condition = { orders: { some: { deliveredAt: within(first) }, none: { deliveredAt: { lt: at(first.start) } } } };
  return listed(later ? { and: [condition, { orders: { some: { deliveredAt: within(later) } } }] } : condition);
};

const within = ({ start, end, asOf }) => ({ gte: at(start), lt: at(end), lte: at(asOf) });

export const churned = () => listed({ churnRisk: { eq: 'HIGH' } });

export const orderedAgain = () => listed({ totalOrders: { gt: 1 } });

export const inSpendSegment = (segment) => listed({ customerSegment: { eq: segment } });

export const inTier = (rank) => listed({ loyaltyTier: { rank: { eq: rank } } });

export const scored = (recency, frequency) =>
  listed({ rfm: { recency: { eq: recency }, frequency: { eq: frequency } } });

export const inRfmSegment = (segment) => listed({ rfm: { segment: { eq: segment } } });

/** Where the members of a segment are listed. */
export const members = (segment) => `${segment}/customers`;
