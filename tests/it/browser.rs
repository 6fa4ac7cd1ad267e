//! The pages, in a real browser: Debian's Chromium, headless, that can reach this machine alone.

use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    process::Stdio,
    str::FromStr,
    time::Duration,
};

use entity::event::EventType;
use fantoccini::{Client, ClientBuilder, Locator, key::Key, wd::WebDriverCompatibleCommand};
use futures_util::FutureExt;
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::{given::tale, server::Server};

/// A browser of its own, closed with the test.
pub struct Browser {
    pub client: Client,
    driver: Child,
    _profile: TempDir,
}

/// A command of chromedriver's own, with what it takes.
#[derive(Debug)]
struct Extension(&'static str, Value);

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as FromStr>::Err> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.0))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.1.to_string()))
    }
}

const PATIENCE: Duration = Duration::from_mins(2);

impl Browser {
    async fn start() -> Self {
        let profile = tempfile::tempdir().expect("a directory");
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver, which scripts/test installs");
        let mut lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
        let port = loop {
            let line = timeout(PATIENCE, lines.next_line()).await.expect("chromedriver starts");
            let line = line.expect("a line").expect("chromedriver tells its port");
            if let Some((_, port)) = line.rsplit_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1400,900",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let mut capabilities = Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), json!({ "args": arguments }));
        capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("a browser");
        Self { client, driver, _profile: profile }
    }

    /// Runs a test in a browser, and closes it whatever the test comes to: nobody else would.
    pub async fn with(test: impl AsyncFnOnce(&Self)) {
        let browser = Self::start().await;
        let result = AssertUnwindSafe(test(&browser)).catch_unwind().await;
        let Self { client, mut driver, .. } = browser;
        client.close().await.expect("the browser closes");
        driver.kill().await.expect("chromedriver ends");
        if let Err(panic) = result {
            resume_unwind(panic);
        }
    }

    /// Runs a script, and gives what it returns.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until an expression is true.
    pub async fn wait_for(&self, expression: &str) {
        let script = format!("return Boolean({expression})");
        let waiting = async {
            while self.run(&script).await != json!(true) {
                tokio::task::yield_now().await;
            }
        };
        if timeout(PATIENCE, waiting).await.is_err() {
            let text = self.run("return document.body.innerText").await;
            panic!("never true: {expression}\n{text}");
        }
    }

    /// Clicks on what a selector finds first.
    pub async fn click(&self, selector: &str) {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
        found.unwrap_or_else(|error| panic!("{selector}: {error}")).click().await.expect("a click");
    }

    /// Shows pages as on a screen so wide, to someone who prefers this scheme of colours.
    pub async fn emulate(&self, width: u32, scheme: &str) {
        let commands = [
            (
                "Emulation.setDeviceMetricsOverride",
                json!({ "width": width, "height": 844, "deviceScaleFactor": 1, "mobile": false }),
            ),
            (
                "Emulation.setEmulatedMedia",
                json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] }),
            ),
        ];
        for (command, parameters) in commands {
            let command = Extension("goog/cdp/execute", json!({ "cmd": command, "params": parameters }));
            self.client.issue_cmd(command).await.expect("chromedriver does it");
        }
    }

    /// What pages wrote to the console since they were last asked, the browser's own warnings included.
    pub async fn console(&self) -> Vec<Value> {
        let log = self.client.issue_cmd(Extension("se/log", json!({ "type": "browser" }))).await.expect("a log");
        log.as_array().expect("entries").iter().map(|entry| entry["message"].clone()).collect()
    }

    /// Opens GraphiQL and runs one of its examples.
    async fn run_example(&self, server: &Server, title: &str) {
        self.client.goto(&server.url("/graphql")).await.expect("the page");
        let tabs = "[...document.querySelectorAll('.graphiql-tabs .graphiql-tab-button')]";
        let tab = format!("{tabs}.find(tab => tab.textContent === '{title}')");
        self.wait_for(&tab).await;
        self.run(&format!("{tab}.click()")).await;
        let editor = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror";
        self.wait_for(&format!("{editor}.operationName === '{title}'")).await;
        self.click(".graphiql-execute-button").await;
    }

    /// Asserts that the page asked nobody but the server for anything.
    pub async fn assert_nothing_from_outside(&self, server: &Server) {
        let names = self.run("return performance.getEntriesByType('resource').map(entry => entry.name)").await;
        for name in names.as_array().expect("a list") {
            let name = name.as_str().expect("a URL");
            assert!(name.starts_with(&server.url("/")) || name.starts_with("data:"), "{name}");
        }
    }
}

#[tokio::test]
async fn every_example_of_graphiql_runs_on_the_demonstration() {
    let server = Server::demo().await;
    Browser::with(async |browser| {
        browser.client.goto(&server.url("/graphql")).await.expect("the page");
        browser.wait_for("document.querySelector('.graphiql-tab-button')").await;
        let titles = browser
        .run("return [...document.querySelectorAll('.graphiql-tabs .graphiql-tab-button')].map(tab => tab.textContent)")
        .await;
        let titles = titles.as_array().expect("titles");
        assert!(titles.len() >= 5, "{titles:?}");

        // The subscription has this to show.
        let jane = server.customer("Jane").await;
        server.tell(&[tale(EventType::CustomerCreated, jane)]).await;
        for (index, title) in titles.iter().enumerate() {
            browser.click(&format!(".graphiql-tabs li:nth-child({}) .graphiql-tab-button", index + 1)).await;
            let editor = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror";
            browser.wait_for(&format!("{editor}.operationName === {title}")).await;
            browser.click(".graphiql-execute-button").await;
            let response = "document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()";
            if title == "Live" {
                // It goes on until the button is pressed again, and the latest event is what is seen of it.
                browser.wait_for(&format!("{response}.includes('\"cursor\": \"event-')")).await;
                server.tell(&[tale(EventType::CustomerTagged, jane)]).await;
                browser.wait_for(&format!("{response}.includes('$.Customer.tagged')")).await;
                browser.wait_for(&format!("{response}.includes('\"name\": \"Jane\"')")).await;
                browser.click(".graphiql-execute-button").await;
            }
            browser
                .wait_for(&format!("{response} && !document.querySelector('.graphiql-response .graphiql-spinner')"))
                .await;

            let answer = browser.run(&format!("return {response}")).await;
            let answer: Value = serde_json::from_str(answer.as_str().expect("a text")).expect("JSON");
            assert!(answer["errors"].is_null(), "{title}: {answer}");
            let has_data = answer["data"].as_object().is_some_and(|data| data.values().all(|value| !value.is_null()));
            assert!(has_data, "{title}: {answer}");
            let found_nobody = answer["data"]["customers"]["nodes"].as_array().is_some_and(Vec::is_empty);
            assert!(!found_nobody, "{title} finds nobody");
        }

        let marks = browser.run("return document.querySelectorAll('.CodeMirror-lint-mark-error').length").await;
        assert_eq!(marks, 0, "the editor finds no fault in the examples");
        browser.assert_nothing_from_outside(&server).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_written_in_one_window_arrives_in_another() {
    let server = Server::start().await;
    let response = "document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()";
    Browser::with(async |browser| {
        browser.run_example(&server, "Live").await;
        let first = browser.client.window().await.expect("a window");
        let second = browser.client.new_window(true).await.expect("another window").handle;
        browser.client.switch_to_window(second).await.expect("the other window");

        browser.run_example(&server, "Write").await;
        browser.wait_for(&format!("{response}.includes('\"name\": \"Ada Lovelace\"')")).await;
        browser.client.switch_to_window(first).await.expect("the first window");

        browser.wait_for(&format!("{response}.includes('\"name\": \"Ada Lovelace\"')")).await;
        browser.wait_for(&format!("{response}.includes('\"cursor\": \"event-')")).await;
    })
    .await;
}

#[tokio::test]
async fn graphiql_shows_the_documentation_and_completes_fields() {
    let server = Server::start().await;
    Browser::with(async |browser| {
        browser.client.goto(&server.url("/graphql")).await.expect("the page");

        browser.click("button[aria-label='Show Documentation Explorer']").await;
        browser
            .wait_for("document.querySelector('.graphiql-doc-explorer-type-name, .graphiql-doc-explorer-field-name')")
            .await;

        let editor = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror";
        browser
            .run(&format!(
                "const editor = {editor}; editor.setValue('{{ cust }}'); editor.setCursor(0, 6); editor.focus()"
            ))
            .await;
        let input = browser.client.active_element().await.expect("the editor");
        input.send_keys(&(Key::Control + "\u{e00d}")).await.expect("the keys");
        browser.run(&format!("{editor}.execCommand('autocomplete')")).await;
        browser.wait_for("document.querySelector('.CodeMirror-hints .CodeMirror-hint')").await;
        let hints = browser
            .run("return [...document.querySelectorAll('.CodeMirror-hint')].map(hint => hint.textContent)")
            .await;
        assert!(hints.to_string().contains("customers"), "{hints}");
        browser.assert_nothing_from_outside(&server).await;
    })
    .await;
}

#[tokio::test]
async fn an_id_leads_to_a_page_and_on_to_related_pages() {
    let server = Server::demo().await;
    let data = server.query("{ customerBy(key: { externalId: \"ALFKI\" }) { id } }").await;
    Browser::with(async |browser| {
        browser.client.goto(data["customerBy"]["id"].as_str().expect("an id")).await.expect("the node's page");
        browser.wait_for("document.querySelector('h1').textContent === 'Alfreds Futterkiste'").await;
        let embedded = browser
            .run("return JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent)")
            .await;
        assert_eq!(embedded["@id"], data["customerBy"]["id"]);

        browser.click("a[href$='/orders']:not([href='/orders'])").await;
        browser.wait_for("document.querySelector('ul.nodes a')").await;
        browser.click("ul.nodes a").await;
        browser.wait_for("document.querySelector('.kind').textContent === 'Order'").await;
        browser.click("a[href*='/customers/']").await;
        browser.wait_for("document.querySelector('h1').textContent === 'Alfreds Futterkiste'").await;
        browser.assert_nothing_from_outside(&server).await;
    })
    .await;
}
