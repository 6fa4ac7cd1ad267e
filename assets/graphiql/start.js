// Mounts GraphiQL on the page it is served from, with one tab for each example.
// An example's first comment says what it shows; its operation name becomes the title of the tab.

'use strict';

const examples = [
  {
    query: `# Customers, best first:
# who spent most, and how each of them is doing.
query BestFirst {
  customers(first: 10, orderBy: { field: TOTAL_SPENT, direction: DESC }) {
    nodes {
      id # open it in the browser: every node has a page
      name
      totalSpent
      customerSegment
      engagement
      churnRisk
      loyaltyTier {
        name
      }
      address {
        addressLocality
        addressCountry
      }
    }
  }
}
`,
  },
  {
    query: `# Nested: customers, their orders and what was in
# them, addresses, segments, all in one request.
query Nested {
  customers(first: 5, orderBy: { field: TOTAL_SPENT, direction: DESC }) {
    nodes {
      name
      orders(first: 5) {
        nodes {
          orderDate
          status
          total
          items {
            nodes {
              quantity
              unitPrice
              product {
                name
              }
            }
          }
        }
      }
      addresses {
        nodes {
          streetAddress
          addressLocality
          addressCountry
        }
      }
      segments {
        nodes {
          name
        }
      }
    }
  }
}
`,
  },
  {
    query: `# Filtered: customers who spent 1,000 or more
# and have an order in the works.
query Filtered {
  customers(
    where: {
      totalSpent: { gte: "1000" }
      orders: { some: { status: { eq: PROCESSING } } }
    }
  ) {
    totalCount
    nodes {
      name
      totalSpent
      lastOrderDate
    }
  }
}
`,
  },
  {
    query: `# Search: a part of a name is enough.
query Search {
  customers(search: "muñoz") {
    nodes {
      id
      kind
      name
      email
    }
  }
}
`,
  },
  {
    query: `# Linked data: the id is an IRI that opens in a
# browser, jsonLd is the document found there.
query LinkedData {
  customerBy(key: { externalId: "ALFKI" }) {
    id
    jsonLd
  }
}
`,
  },
  {
    query: `# Analytics: what all customers come to, now, and at
# any instant before: "asOf" is told from the orders.
query Analytics {
  analytics(timeframe: YEAR) {
    ...figures
    series(interval: MONTH, last: 12) {
      start
      newCustomers
      orders
      revenue
      activeCustomers
      churnedCustomers
    }
    topCustomers(first: 5) {
      customer {
        id
        name
      }
      revenue
    }
    revenueByCountry(first: 5) {
      country
      customers
      revenue
    }
  }
  aYearAgo: analytics(timeframe: YEAR, asOf: "2025-11-22") {
    ...figures
  }
}

fragment figures on Analytics {
  asOf
  totalCustomers
  newCustomers
  activeCustomers
  churnedCustomers
  averageLTV
  averageOrderValue
  repeatPurchaseRate
  customersBySegment {
    segment
    count
  }
  customersByTier {
    tier {
      name
    }
    count
  }
}
`,
  },
  {
    query: `# Cohorts: of those who first bought in a month,
# how many bought in each month after it.
query Cohorts {
  analytics(timeframe: MONTH) {
    cohorts(last: 12) {
      month
      customers
      cells {
        monthsAfter
        rate
        isComplete
      }
    }
  }
}
`,
  },
  {
    query: `# The RFM grid: customers by how recently and how
# often they bought, 1 to 5 each, and what they spent.
query RfmGrid {
  rfmRuns(first: 1, where: { isHistorical: { eq: false } }) {
    nodes {
      asOf
      population
      grid {
        recency
        frequency
        count
        revenue
      }
      segments {
        segment
        count
        revenue
      }
    }
  }
  best: customers(where: { rfm: { recency: { eq: 5 }, frequency: { eq: 5 } } }) {
    nodes {
      name
      rfm {
        score
        segment
      }
    }
  }
}
`,
  },
  {
    query: `# A segment by a rule of your own: whoever fulfils it
# is in it for as long as they do. What is read as
# "where" can be sent again.
mutation NewSegment($where: CustomerWhere) {
  segmentCreate(input: { name: "Regulars", where: $where }) {
    segment {
      id
      where
    }
    userErrors {
      code
      message
    }
  }
}
`,
    variables: `{
  "where": {
    "orders": {
      "count": {
        "where": { "status": { "eq": "DELIVERED" }, "deliveredAt": { "gte": { "ago": "P1Y" } } },
        "is": { "gte": 2 }
      }
    }
  }
}`,
  },
  {
    query: `# Why a customer is in a segment, or not: its rule,
# and what the customer has. Run NewSegment first to
# try its segment: its id is in that answer.
query Explain($segment: ID!, $customer: ID!) {
  segmentExplain(segment: $segment, customer: $customer) {
    isMember
    since
    conditions {
      level
      text
      value
      holds
    }
  }
  segment(id: $segment) {
    name
    where
    count
    history(first: 5) {
      nodes {
        name
        occurredAt
        decidedBy
      }
    }
  }
}
`,
    variables: (ids) => JSON.stringify(ids, null, 2),
  },
  {
    query: `# A page, then the next: put this answer's endCursor
# into the variable "after" below and run it again.
query Pages($after: String) {
  customers(first: 10, after: $after) {
    nodes {
      name
      customerSince
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
`,
    variables: '{\n  "after": null\n}',
  },
  {
    query: `# Tiers: who rose to one and when, what it gives them,
# and what they have yet to spend to rise again.
query Tiers {
  customers(
    first: 5
    where: { totalSpent: { gte: "2000", lt: "5000" } }
  ) {
    nodes {
      name
      totalSpent
      loyaltyMemberships {
        nodes {
          program {
            name
          }
          spendToNextTier
          benefits
          history {
            name
            since
            until
          }
        }
      }
      events(first: 3, where: { type: { eq: CUSTOMER_UPGRADED } }) {
        nodes {
          name
          occurredAt
        }
      }
    }
  }
}
`,
  },
  {
    query: `# Write: enter a customer, or change the one
# who has this key. Run it twice: the second time
# nothing changes. What the rules refuse is told
# in userErrors.
mutation Write {
  customerUpsert(
    input: {
      key: { externalId: "ADA" }
      givenName: "Ada"
      familyName: "Lovelace"
      email: "ada@example.org"
      tags: ["pioneer"]
    }
  ) {
    customer {
      id
      name
      version
      loyaltyTier {
        name
      }
      events(first: 5) {
        nodes {
          name
          changedFields
        }
      }
    }
    userErrors {
      code
      field
      message
    }
  }
}
`,
  },
  {
    query: `# Live: what happens to customers, as it happens.
# Run it, then run the example Write in another window.
# "event-0" is the beginning; without "after" only
# what happens from now on is sent.
subscription Live($after: String) {
  customerEvents(after: $after) {
    cursor
    name
    occurredAt
    customer {
      name
      totalSpent
    }
  }
}
`,
    variables: '{\n  "after": "event-0"\n}',
  },
  {
    query: `# Messages: what customers were written, and what
# waits or is held back. Run the example Write first:
# whoever is new is welcomed.
query Messages {
  communications(first: 10) {
    nodes {
      template
      channel
      state
      reason
      customer {
        name
      }
      event {
        name
      }
      attempts {
        nodes {
          outcome
          startedAt
        }
      }
    }
  }
}
`,
  },
  {
    query: `# Facts about the store,
# and the types of which its graph is made.
query Store {
  store {
    currency
  }
  __type(name: "Node") {
    description
    possibleTypes {
      name
      description
    }
  }
}
`,
  },
];

const url = location.origin + location.pathname;

const fetcher = GraphiQL.createFetcher({
  url,
  subscriptionUrl: url.replace(/^http/, 'ws'), // a socket opens with the first subscription, not before
});

// A segment and a customer to explain: their ids are other ones on every server.
async function someIds() {
  const query = `{
    segments(first: 1, where: { handle: { eq: "spend-premium" } }) { nodes { id } }
    customers(first: 1, orderBy: { field: TOTAL_SPENT, direction: DESC }) { nodes { id } }
  }`;
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) });
  const { data } = await answer.json();
  return { segment: data.segments.nodes[0]?.id ?? '', customer: data.customers.nodes[0]?.id ?? '' };
}

const mount = (ids) => ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(
    GraphiQL,
    {
      fetcher,
      defaultTabs: examples.map(({ query, variables }) => ({
        query,
        variables: typeof variables === 'function' ? variables(ids) : variables,
      })),
      defaultEditorToolsVisibility: 'variables',
      shouldPersistHeaders: false, // headers may hold a token
    },
    React.createElement(
      GraphiQL.Logo,
      null,
      React.createElement('a', { className: 'graphiql-logo-link', href: '/' }, 'customers'),
    ),
  ),
);

// Without an answer, the ids are left to whoever runs the example.
someIds().catch(() => ({ segment: '', customer: '' })).then(mount);
