//! A server of its own for each test.

use std::{net::SocketAddr, sync::Arc};

use customers::{
    app::App,
    clock::Clock,
    event::{Bell, Feed},
    filter::Shelf,
    http::{self, Patience, Server as HttpServer},
    import,
    post::{Post, Templates},
    schedule::Schedules,
    semantics::Base,
    settings,
    store::Database,
};
use reqwest::{Client, Response, header::ACCEPT};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

/// A running server on an empty database, stopped with the test.
pub struct Server {
    /// Its parts.
    pub app: App,
    /// Where it listens.
    pub address: SocketAddr,
    client: Client,
    database: String,
    running: AbortOnDropHandle<anyhow::Result<()>>,
    directory: TempDir,
}

impl Server {
    /// Starts a server by the machine's clock.
    pub async fn start() -> Self {
        Self::start_at(Clock::System).await
    }

    /// Starts a server by this clock.
    pub async fn start_at(clock: Clock) -> Self {
        Self::start_with(clock, Patience::default()).await
    }

    /// Starts a server whose sockets wait so long for their clients.
    pub async fn start_with(clock: Clock, patience: Patience) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let database = fresh_database(&directory).await;
        Self::run(clock, patience, post(), database, directory).await
    }

    /// Starts a server by this clock, whose store is in this currency.
    pub async fn start_in(currency: &str, clock: Clock) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let url = fresh_database(&directory).await;
        let database = Database::connect(&url).await.expect("a database");
        database.migrate().await.expect("the schema");
        let currency = currency.parse().expect("a currency");
        settings::prepare(&database, clock, Some(currency)).await.expect("the store's own rows");
        drop(database);
        Self::run(clock, Patience::default(), post(), url, directory).await
    }

    /// Starts a server that sends messages so.
    pub async fn start_sending(post: Post) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let database = fresh_database(&directory).await;
        Self::run(Clock::System, Patience::default(), post, database, directory).await
    }

    /// The parts of another server on the same database, by this clock, which sends messages so.
    pub async fn replica(&self, clock: Clock, post: Post) -> App {
        let database = Database::connect(&self.database).await.expect("the database");
        App { database, clock, post, ..self.app.clone() }
    }

    /// Ends the server, and starts another on its database.
    pub async fn restart(self) -> Self {
        self.running.abort();
        // An error says that it was ended.
        let _ = self.running.await;
        Self::run(self.app.clock, Patience::default(), post(), self.database, self.directory).await
    }

    async fn run(clock: Clock, patience: Patience, post: Post, url: String, directory: TempDir) -> Self {
        let database = Database::connect(&url).await.expect("a database");
        database.migrate().await.expect("the schema");
        let mut server = HttpServer::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a free port");
        server.patience = patience;
        let address = server.address;
        let base = Arc::new(Base::new(&format!("http://{address}"), &[]).expect("a base"));
        let currency = settings::prepare(&database, clock, None).await.expect("the store's own rows");
        let valuation = settings::valuation(&database).await.expect("the store's own settings");
        let app = App {
            database,
            clock,
            base,
            currency,
            valuation,
            bell: Bell::default(),
            feed: Feed::default(),
            rules: Shelf::default(),
            schedules: Schedules::default(),
            post,
        };
        let running = AbortOnDropHandle::new(tokio::spawn(http::serve(server, app.clone())));
        Self { app, address, client: Client::new(), database: url, running, directory }
    }

    /// Starts a server with the data of the demonstration.
    pub async fn demo() -> Self {
        let server = Self::start().await;
        import::demo(&server.app).await.expect("the data of the demonstration");
        server
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// GETs a URL or a path.
    pub async fn get(&self, url: &str, accept: &str) -> Response {
        let url = if url.starts_with('/') { self.url(url) } else { url.to_owned() };
        self.client.get(url).header(ACCEPT, accept).send().await.expect("an answer")
    }

    /// GETs JSON.
    pub async fn get_json(&self, url: &str, accept: &str) -> Value {
        let response = self.get(url, accept).await;
        assert_eq!(response.status(), 200, "{url}");
        response.json().await.expect("JSON")
    }

    /// Sends a GraphQL request, and gives the whole answer.
    pub async fn answer(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let response = self.client.post(self.url("/graphql")).json(&body).send().await.expect("an answer");
        response.json().await.expect("JSON")
    }

    /// Sends a query that must succeed, and gives its data.
    pub async fn query(&self, query: &str) -> Value {
        let mut answer = self.answer(query, json!({})).await;
        assert!(answer["errors"].is_null(), "{query}: {}", answer["errors"]);
        answer["data"].take()
    }

    /// Sends a mutation of one input, which must be well-formed, and gives its payload: what is selected, and
    /// `userErrors`.
    pub async fn mutate(&self, field: &str, input: Value, selection: &str) -> Value {
        let (initial, rest) = field.split_at(1);
        let kind = format!("{}{rest}Input", initial.to_uppercase());
        let query = format!(
            "mutation ($input: {kind}!) {{ {field}(input: $input) {{ {selection} userErrors {{ code field message }} }} }}"
        );
        let mut answer = self.answer(&query, json!({ "input": input })).await;
        assert!(answer["errors"].is_null(), "{field} {input}: {}", answer["errors"]);
        answer["data"][field].take()
    }

    /// The id of a new customer.
    pub async fn enter(&self, name: &str) -> Value {
        let mut payload = self.mutate("customerCreate", json!({ "name": name }), "customer { id }").await;
        payload["customer"]["id"].take()
    }

    /// The ids of the customers that fulfil a condition, the oldest first.
    pub async fn found(&self, filter: &Value) -> Vec<Value> {
        let query = "query ($where: CustomerWhere) {
          customers(first: 250, where: $where, orderBy: { field: CREATED_AT, direction: ASC }) { nodes { id } }
        }";
        let answer = self.answer(query, json!({ "where": filter })).await;
        let nodes = answer["data"]["customers"]["nodes"].as_array().unwrap_or_else(|| panic!("{filter}: {answer}"));
        nodes.iter().map(|node| node["id"].clone()).collect()
    }

    /// What happened to a customer, the first first: the type of each event, and the fields that changed.
    pub async fn events_of(&self, customer: &Value) -> Vec<String> {
        let query = format!(
            "{{ customer(id: {customer}) {{
              events(first: 250, orderBy: {{ field: SEQUENCE, direction: ASC }}) {{ nodes {{ type changedFields }} }}
            }} }}"
        );
        let data = self.query(&query).await;
        let nodes = data["customer"]["events"]["nodes"].as_array().expect("nodes");
        let words = |node: &Value| {
            let fields = node["changedFields"].as_array().expect("a list").iter();
            let words = std::iter::once(&node["type"]).chain(fields).map(|word| word.as_str().expect("a word"));
            words.collect::<Vec<_>>().join(" ")
        };
        nodes.iter().map(words).collect()
    }

    /// Sends a query that must fail, and gives its first error.
    pub async fn error(&self, query: &str) -> Value {
        let mut answer = self.answer(query, json!({})).await;
        assert!(answer["errors"][0].is_object(), "{query} succeeded: {answer}");
        answer["errors"][0].take()
    }
}

/// A post from which nothing leaves.
pub fn post() -> Post {
    Post::new(Templates::load(None).expect("the templates of the program"))
}

/// The codes and dotted paths of the `userErrors` of a payload.
pub fn user_errors(payload: &Value) -> Vec<(String, String)> {
    let errors = payload["userErrors"].as_array().expect("a list of errors");
    let path = |error: &Value| {
        let names = error["field"].as_array().expect("a path");
        names.iter().map(|name| name.as_str().expect("a name")).collect::<Vec<_>>().join(".")
    };
    errors.iter().map(|error| (error["code"].as_str().expect("a code").to_owned(), path(error))).collect()
}

/// The URL of a database that nobody else uses.
pub async fn fresh_database(directory: &TempDir) -> String {
    let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
        return format!("sqlite://{}?mode=rwc", directory.path().join("test.db").display());
    };
    let name = format!("test_{}", Uuid::now_v7().simple());
    let admin = sea_orm::Database::connect(&server).await.expect("the PostgreSQL server");
    admin.execute_unprepared(&format!("create database {name}")).await.expect("a database of our own");
    let (server, _) = server.rsplit_once('/').expect("a URL that ends with a database");
    format!("{server}/{name}")
}
