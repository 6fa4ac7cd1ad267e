//! The page of analytics, in a real browser: what it shows is what GraphQL answers, and everyone can read it.

use chrono::TimeDelta;
use customers::clock::Clock;
use entity::event::EventType;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{browser::Browser, given::tale, job::run, server::Server};

/// A server with the demonstration's data, and what the jobs find in it.
async fn demo() -> Server {
    let server = Server::demo().await;
    for job in ["SEGMENTATION", "RFM", "SEGMENTATION"] {
        assert_eq!(run(&server, json!({ "name": job })).await["state"], "SUCCEEDED", "{job}");
    }
    server
}

/// Opens the page, and waits until all of it is drawn and the feed listens.
async fn open(browser: &Browser, server: &Server, address: &str) {
    browser.client.goto(&server.url(address)).await.expect("the page");
    browser
        .wait_for("document.querySelector('.status.open') && !document.querySelector('[aria-busy], .content > .note:only-child')")
        .await;
}

/// The texts of what a selector finds.
async fn texts(browser: &Browser, selector: &str) -> Vec<String> {
    let script = format!("return [...document.querySelectorAll('{selector}')].map(found => found.textContent)");
    serde_json::from_value(browser.run(&script).await).expect("texts")
}

#[tokio::test]
async fn the_figures_shown_are_those_that_graphql_answers() {
    let server = demo().await;
    let data = server
        .query(
            "{ analytics(timeframe: YEAR) {
                totalCustomers newCustomers activeCustomers churnedCustomers
                customersBySegment { count } customersByTier { count }
                series(interval: MONTH, last: 24) { newCustomers activeCustomers }
                cohorts(last: 24) { customers cells { customers } }
              }
              rfmRuns(first: 1) { nodes { grid { recency frequency count } segments { count } } } }",
        )
        .await;
    let (analytics, run) = (&data["analytics"], &data["rfmRuns"]["nodes"][0]);
    Browser::with(async |browser| {
        open(browser, &server, "/dashboard?timeframe=YEAR").await;

        let names = ["totalCustomers", "newCustomers", "activeCustomers", "churnedCustomers"];
        let mut expected: Vec<String> = names.iter().map(|name| analytics[name].to_string()).collect();
        // 1,242,184.65 of 150 customers and of 1,221 purchases, and 147 of 148 who ordered: counted in the files.
        expected.extend(["$8,281.23", "$1,017.35", "99.3%"].map(str::to_owned));
        assert_eq!(texts(browser, "#headline .value").await, expected);

        let counts = |list: &Value, field: &str| -> Vec<String> {
            list.as_array().expect("a list").iter().map(|row| row[field].to_string()).collect()
        };
        let shares =
            [counts(&analytics["customersByTier"], "count"), counts(&analytics["customersBySegment"], "count")];
        assert_eq!(texts(browser, "#segments .count").await[..7], shares.concat());
        assert_eq!(texts(browser, "#rfm .count").await, counts(&run["segments"], "count"));
        let cohorts = counts(&analytics["cohorts"], "customers");
        assert_eq!(texts(browser, ".cohorts td:nth-child(2)").await, cohorts);

        let mut cells = Vec::new();
        for cell in run["grid"].as_array().expect("cells") {
            let (recency, frequency) =
                (cell["recency"].as_i64().expect("a score"), cell["frequency"].as_i64().expect("a score"));
            let selector = format!(".scores tbody tr:nth-child({}) td:nth-child({}) a", 6 - frequency, recency + 1);
            let script = format!("return document.querySelector('{selector}').firstChild.textContent");
            cells.push((browser.run(&script).await, json!(cell["count"].to_string())));
        }
        assert!(cells.len() > 10 && cells.iter().all(|(shown, told)| shown == told), "{cells:?}");
        assert_eq!(texts(browser, "#series figure:last-child .bars li").await.len(), 24);
    })
    .await;
}

#[tokio::test]
async fn every_figure_leads_to_as_many_customers_as_it_counts() {
    let server = demo().await;
    Browser::with(async |browser| {
        // Some months ago most of the demonstration's customers were there already.
        let then = (Clock::System.now() - TimeDelta::days(250)).date_naive();
        for address in ["/dashboard?timeframe=YEAR".to_owned(), format!("/dashboard?timeframe=MONTH&asOf={then}")] {
            open(browser, &server, &address).await;
            let links = browser
                .run(
                    "return [...document.querySelectorAll('a[data-customers]')]
                       .map(link => [link.closest('section').id, link.href, link.dataset.customers])",
                )
                .await;
            let links: Vec<[String; 3]> = serde_json::from_value(links).expect("links");

            for panel in ["headline", "series", "cohorts", "rfm", "segments"] {
                let is_told = links.iter().any(|[section, ..]| section == panel);
                // What scores, segments and tiers were is told in figures alone.
                assert_eq!(is_told, !(address.contains("asOf") && ["rfm", "segments"].contains(&panel)), "{panel}");
            }
            for [panel, href, count] in &links {
                let response = server.get(href, "text/html").await;
                assert_eq!(response.status(), 200, "{panel} {href}");
                let page = response.text().await.expect("a page");
                let total = format!("<small class=\"total\">{count}</small>");
                assert!(page.contains(&total), "{panel}: not {count} at {href}");
            }
        }
    })
    .await;
}

/// In the browser: texts whose contrast to what is behind them is less than WCAG 2.2 asks for (4.5), and how many were
/// looked at.
const CONTRAST: &str = "
  const pencil = Object.assign(document.createElement('canvas'), { width: 1, height: 1 })
    .getContext('2d', { willReadFrequently: true });
  const scheme = matchMedia('(prefers-color-scheme: dark)').matches ? '#121212' : '#fff';
  const paint = colours => {
    colours.forEach(colour => { pencil.fillStyle = colour; pencil.fillRect(0, 0, 1, 1); });
    const [red, green, blue] = [...pencil.getImageData(0, 0, 1, 1).data].map(value => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let count = 0;
  const faint = [];
  for (let text; (text = texts.nextNode()); ) {
    const element = text.parentElement;
    if (!text.data.trim() || !element.checkVisibility() || element.closest('noscript, script')) continue;
    const behind = [];
    for (let each = element; each; each = each.parentElement) behind.unshift(getComputedStyle(each).backgroundColor);
    const back = paint([scheme, ...behind]);
    const fore = paint([scheme, ...behind, getComputedStyle(element).color]);
    const contrast = (Math.max(back, fore) + 0.05) / (Math.min(back, fore) + 0.05);
    count += 1;
    if (contrast < 4.5) faint.push([text.data, contrast]);
  }
  return [count, faint];";

#[tokio::test]
async fn it_can_be_read_by_day_and_by_night_on_a_screen_and_on_a_phone() {
    let server = demo().await;
    Browser::with(async |browser| {
        for (width, scheme) in [(1400, "light"), (1400, "dark"), (390, "light"), (390, "dark")] {
            browser.emulate(width, scheme).await;
            open(browser, &server, "/dashboard").await;

            let [count, faint] = serde_json::from_value::<[Value; 2]>(browser.run(CONTRAST).await).expect("a pair");
            assert!(count.as_i64() > Some(300), "{count} texts");
            assert_eq!(faint, json!([]), "{scheme}");
            let overhang =
                "return [innerWidth, document.documentElement.scrollWidth - document.documentElement.clientWidth]";
            assert_eq!(browser.run(overhang).await, json!([width, 0]), "nothing is wider than the page");
        }
        let back = browser.run("return getComputedStyle(document.documentElement).colorScheme").await;
        assert_eq!(back, "light dark");
        browser.assert_nothing_from_outside(&server).await;
        assert_eq!(browser.console().await, Vec::<Value>::new());
    })
    .await;
}

#[tokio::test]
async fn a_new_order_appears_as_it_happens_and_nothing_is_missed_while_nobody_looks() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    Browser::with(async |browser| {
        open(browser, &server, "/dashboard").await;
        browser.run("window.isSame = true").await;

        server.place(&jane, "12.50").await;
        browser.wait_for("document.querySelector('.events').innerText.includes('Order created $12.50 Jane')").await;

        let look = |is_hidden: bool| {
            format!(
                "Object.defineProperty(document, 'hidden', {{ value: {is_hidden}, configurable: true }});
                 document.dispatchEvent(new Event('visibilitychange'))"
            )
        };
        browser.run(&look(true)).await;
        server.purchase(&jane, "99.00").await;
        browser.run(&look(false)).await;
        browser.wait_for("document.querySelector('.events').innerText.includes('Order delivered $99.00 Jane')").await;

        let count =
            "[...document.querySelectorAll('.events li')].filter(line => line.innerText.includes('$12.50')).length";
        assert_eq!(browser.run(&format!("return {count}")).await, 1, "nothing comes twice");
        let link = browser.run("return document.querySelector('.events .who').href").await;
        assert_eq!(link, jane);
        assert_eq!(browser.run("return window.isSame").await, true, "the page was not loaded again");
        assert_eq!(browser.console().await, Vec::<Value>::new());
    })
    .await;
}

#[tokio::test]
async fn the_feed_keeps_the_latest_lines_only() {
    let server = Server::start().await;
    let jane = server.customer("Jane").await;
    Browser::with(async |browser| {
        open(browser, &server, "/dashboard").await;

        for _ in 0..4 {
            server.tell(&vec![tale(EventType::CustomerTagged, jane); 20]).await;
        }
        server.tell(&[tale(EventType::CustomerChurned, jane)]).await;
        browser.wait_for("document.querySelector('.events li')?.innerText.includes('Customer churned')").await;

        assert_eq!(texts(browser, ".events li").await.len(), 30);
    })
    .await;
}

#[tokio::test]
async fn an_empty_store_is_shown_as_one() {
    let server = Server::start().await;
    Browser::with(async |browser| {
        open(browser, &server, "/dashboard?timeframe=DAY").await;

        let expected = ["0", "0", "0", "0", "$0.00", "$0.00", "0%"];
        assert_eq!(texts(browser, "#headline .value").await, expected);
        assert_eq!(texts(browser, "#cohorts .content").await, ["Nobody first bought in the last 24 months."]);
        assert_eq!(texts(browser, "#rfm .content").await, ["No customer had been scored by then."]);
        assert_eq!(texts(browser, "#series .bars li").await.len(), 60);
        assert_eq!(texts(browser, "a[data-customers]").await, Vec::<String>::new());
        assert_eq!(browser.console().await, Vec::<Value>::new());
    })
    .await;
}

#[tokio::test]
async fn a_part_that_fails_says_so_and_keeps_no_other_from_being_shown() {
    let server = demo().await;
    let rename = async |from: &str, to: &str| {
        let sql = format!("alter table {from} rename to {to}");
        server.app.database.writer().execute_unprepared(&sql).await.expect("another name");
    };
    rename("rfm_run", "rfm_walk").await;
    Browser::with(async |browser| {
        open(browser, &server, "/dashboard").await;

        let errors = texts(browser, ".error").await;
        assert!(errors.len() == 1 && errors[0].starts_with("This could not be read: "), "{errors:?}");
        assert_eq!(texts(browser, "#headline .value").await[0], "150");
        assert!(texts(browser, "#segments .count").await.len() >= 7);

        rename("rfm_walk", "rfm_run").await;
        browser.click(".error button").await;
        browser.wait_for("document.querySelector('#rfm td a')").await;
    })
    .await;
}

#[tokio::test]
async fn a_view_is_an_address() {
    let server = demo().await;
    Browser::with(async |browser| {
        browser.client.goto(&server.url("/")).await.expect("the front page");
        browser.click("main a[href='/dashboard']").await;
        browser.wait_for("document.querySelector('.timeframes [aria-current]')?.textContent === 'Month'").await;
        browser.click(".timeframes a:last-child").await;
        browser.wait_for("location.search === '?timeframe=YEAR'").await;
        browser.run("document.querySelector('[name=asOf]').value = '2026-03-15'").await;
        browser.click(".as-of button").await;
        browser.wait_for("location.search === '?timeframe=YEAR&asOf=2026-03-15'").await;
        browser.wait_for("document.querySelector('#headline .value')").await;

        assert_eq!(texts(browser, "[aria-current]").await, ["Year"]);
        assert!(texts(browser, "#moment").await[0].starts_with("As of Mar 15, 2026"));
        let data =
            server.query("{ analytics(timeframe: YEAR, asOf: \"2026-03-15\") { totalCustomers newCustomers } }").await;
        let expected = ["totalCustomers", "newCustomers"].map(|name| data["analytics"][name].to_string());
        assert_eq!(texts(browser, "#headline .value").await[..2], expected);
    })
    .await;
    for (address, expected) in [
        ("/dashboard?timeframe=DECADE", "timeframe: expected one of DAY, WEEK, MONTH, YEAR\n"),
        ("/dashboard?asOf=yesterday", "asOf: expected a date, or an instant by RFC 3339\n"),
    ] {
        let response = server.get(address, "text/html").await;
        assert_eq!(response.status(), 400, "{address}");
        assert_eq!(response.text().await.expect("a text"), expected);
    }
}
