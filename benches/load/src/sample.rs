//! What questions are asked about, drawn from the database: the same for both servers.

use bytes::Bytes;
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use serde_json::{Value, json};

use crate::{
    client::{Connection, Question},
    process::Server,
};

/// How many customers a page of the walk has: the most that the product gives.
const PAGE: usize = 250;

/// Customers and places among them.
pub struct Sample {
    /// Every customer's IRI, those who spent most first.
    pub ids: Vec<String>,
    /// Cursors all along the same list.
    pub cursors: Vec<String>,
    /// What the first thousand customers of the list spent.
    pub spendings: Vec<String>,
}

impl Sample {
    /// Walks along all customers.
    pub async fn take(server: &Server) -> anyhow::Result<Self> {
        let mut connection = Connection::open(server.address).await?;
        let mut sample = Self { ids: Vec::new(), cursors: Vec::new(), spendings: Vec::new() };
        let mut after = Value::Null;
        loop {
            let query = "query ($after: String) { customers(first: 250, after: $after, \
                         orderBy: { field: TOTAL_SPENT, direction: DESC }) \
                         { nodes { id totalSpent } pageInfo { endCursor hasNextPage } } }";
            let page = &graphql(&mut connection, query, json!({ "after": after })).await?["data"]["customers"];
            for node in page["nodes"].as_array().into_iter().flatten() {
                sample.ids.push(text(&node["id"]));
                if sample.spendings.len() < 1000 {
                    sample.spendings.push(text(&node["totalSpent"]));
                }
            }
            if page["pageInfo"]["hasNextPage"] != true {
                return Ok(sample);
            }
            after = page["pageInfo"]["endCursor"].clone();
            // Those that a whole page follows.
            if page["nodes"].as_array().is_some_and(|nodes| nodes.len() == PAGE) {
                sample.cursors.push(text(&after));
            }
        }
    }

    /// `count` draws, each with a source of chance that is the same in every run.
    pub fn draw<T>(&self, count: usize, mut make: impl FnMut(&Self, &mut ChaCha8Rng) -> T) -> Vec<T> {
        let mut chance = ChaCha8Rng::seed_from_u64(1);
        (0..count).map(|_| make(self, &mut chance)).collect()
    }

    /// A customer.
    pub fn id(&self, chance: &mut ChaCha8Rng) -> &str {
        &self.ids[chance.random_range(0..self.ids.len())]
    }

    /// The same customers, by the IRIs of another server of the same database.
    pub fn at(&self, base: &str) -> Self {
        let moved = |iri: &String| match iri.find("/customers/") {
            Some(path) => format!("{base}{}", &iri[path..]),
            None => iri.clone(),
        };
        Self {
            ids: self.ids.iter().map(moved).collect(),
            cursors: self.cursors.clone(),
            spendings: self.spendings.clone(),
        }
    }

    /// A place in the list.
    pub fn cursor(&self, chance: &mut ChaCha8Rng) -> &str {
        // Not the last: a whole page follows.
        &self.cursors[chance.random_range(0..self.cursors.len() - 1)]
    }

    /// A spending that few hundred customers reach.
    pub fn spending(&self, chance: &mut ChaCha8Rng) -> &str {
        &self.spendings[chance.random_range(300..700)]
    }
}

/// A GraphQL request.
pub fn request(query: &str, variables: &Value) -> Question {
    let body = json!({ "query": query, "variables": variables });
    Question { path: "/graphql".to_owned(), body: Some(Bytes::from(body.to_string())), accept: "application/json" }
}

/// Asks by GraphQL.
pub async fn graphql(connection: &mut Connection, query: &str, variables: Value) -> anyhow::Result<Value> {
    let answer: Value = serde_json::from_slice(&connection.ask(&request(query, &variables)).await?)?;
    anyhow::ensure!(answer["errors"].is_null(), "{query}: {}", answer["errors"]);
    Ok(answer)
}

/// A text in an answer.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
