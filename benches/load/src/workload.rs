//! The questions, and what answering them may cost beside the server written by hand.

use bytes::Bytes;
use rand::rngs::ChaCha8Rng;
use serde_json::{Value, json};

use crate::{
    client::Question,
    sample::{Sample, request},
};

/// How many questions of a kind are asked in turn: nodes as JSON-LD and as N-Quads are so many different ones.
const COUNT: usize = 10_000;

/// A kind of question.
pub struct Workload {
    /// Its name, and its path at the server written by hand.
    pub name: &'static str,
    /// The query; a GET of the node if there is none.
    pub query: Option<&'static str>,
    /// The media type of the answer.
    pub accept: &'static str,
    /// Draws variables.
    pub variables: fn(&Sample, &mut ChaCha8Rng) -> Value,
    /// At least so many requests per second, as a share.
    pub least_rate: Option<f64>,
    /// At most so many times the CPU time of the server's process.
    pub most_cpu: Option<f64>,
    /// At most so many times the CPU time of the database's processes.
    pub most_database_cpu: Option<f64>,
    /// Whether it writes.
    pub writes: bool,
}

/// What each workload begins with.
const NONE: Workload = Workload {
    name: "",
    query: None,
    accept: "application/json",
    variables: |sample, chance| json!({ "id": sample.id(chance) }),
    least_rate: None,
    most_cpu: None,
    most_database_cpu: None,
    writes: false,
};

/// All workloads.
pub fn all() -> [Workload; 7] {
    [
        Workload { name: "point", query: Some(POINT), least_rate: Some(0.30), most_cpu: Some(5.0), ..NONE },
        Workload {
            name: "page",
            query: Some(PAGE),
            variables: |sample, chance| json!({ "after": sample.cursor(chance) }),
            least_rate: Some(0.25),
            most_cpu: Some(7.0),
            ..NONE
        },
        Workload {
            name: "nested",
            query: Some(NESTED),
            variables: |sample, chance| json!({ "after": sample.cursor(chance) }),
            least_rate: Some(0.40),
            most_cpu: Some(7.0),
            most_database_cpu: Some(1.5),
            ..NONE
        },
        Workload {
            name: "filtered",
            query: Some(FILTERED),
            variables: |sample, chance| json!({ "least": sample.spending(chance) }),
            least_rate: Some(0.40),
            ..NONE
        },
        Workload { name: "json-ld", accept: "application/ld+json", most_cpu: Some(2.5), ..NONE },
        Workload { name: "n-quads", accept: "application/n-quads", most_cpu: Some(2.5), ..NONE },
        write(),
    ]
}

/// Places orders.
pub fn write() -> Workload {
    Workload {
        name: "write",
        query: Some(WRITE),
        variables: |sample, chance| {
            let item = |name| json!({ "name": name, "quantity": 2, "unitPrice": "12.50" });
            let items = ["Tea", "Cup", "Spoon"].map(item);
            json!({ "input": { "customer": sample.id(chance), "items": items } })
        },
        least_rate: Some(0.50),
        writes: true,
        ..NONE
    }
}

impl Workload {
    /// The same question for the product and for the server written by hand.
    pub fn questions(&self, sample: &Sample, bases: (&str, &str)) -> (Vec<Question>, Vec<Question>) {
        let drawn = sample.draw(COUNT, |sample, chance| {
            let variables = (self.variables)(sample, chance);
            let Some(query) = self.query else {
                let path = variables["id"].as_str().unwrap_or_default().replacen(bases.0, "", 1);
                let question = Question { path, body: None, accept: self.accept };
                return (question.clone(), question);
            };
            let body = variables.to_string().replace(bases.0, bases.1);
            let baseline =
                Question { path: format!("/{}", self.name), body: Some(Bytes::from(body)), accept: self.accept };
            (request(query, &variables), baseline)
        });
        drawn.into_iter().unzip()
    }
}

const POINT: &str = "query ($id: ID!) {
  customer(id: $id) {
    id kind name givenName familyName email telephone totalOrders totalSpent customerSince lastPurchaseDate
    customerSegment
  }
}";

const PAGE: &str = "query ($after: String) {
  customers(first: 50, after: $after, orderBy: { field: TOTAL_SPENT, direction: DESC }) {
    nodes { id name email kind totalOrders totalSpent customerSince lastPurchaseDate }
    pageInfo { hasNextPage endCursor }
  }
}";

const NESTED: &str = "query ($after: String) {
  customers(first: 20, after: $after, orderBy: { field: TOTAL_SPENT, direction: DESC }) {
    nodes {
      id name totalSpent
      loyaltyTier { name }
      segments { nodes { handle name } }
      addresses { nodes { streetAddress addressLocality postalCode addressCountry } }
      orders(first: 5) {
        nodes { id orderDate status total items { nodes { name quantity unitPrice } } }
      }
    }
  }
}";

const FILTERED: &str = "query ($least: Decimal) {
  customers(
    first: 20, where: { kind: { eq: PERSON }, totalSpent: { gte: $least } },
    orderBy: { field: LAST_PURCHASE_DATE, direction: DESC }
  ) {
    totalCount
    nodes { id name email kind totalOrders totalSpent customerSince lastPurchaseDate }
  }
}";

const WRITE: &str = "mutation ($input: OrderCreateInput!) {
  orderCreate(input: $input) { order { status total } userErrors { message } }
}";
