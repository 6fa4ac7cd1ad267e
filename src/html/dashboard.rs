//! The page of analytics: its frame, which scripts of `assets/dashboard` fill with what GraphQL answers them.

use async_graphql::resolver_utils::EnumType;
use maud::{Markup, html};

use super::layout::page;
use crate::{analytics::Timeframe, instant::Instant};

/// The parts of the page: the id by which scripts know them, the heading, and what they show.
const PANELS: [(&str, &str, &str); 6] = [
    ("headline", "At a glance", "Each figure leads to the customers behind it."),
    ("series", "Over time", "Calendar intervals in UTC."),
    (
        "cohorts",
        "Cohorts",
        "Of those who first bought in a month, how many percent bought so many months after. The last of each row goes on.",
    ),
    ("rfm", "Recency and frequency", "Customers with a purchase, by their scores from 1 to 5."),
    ("segments", "Segments and tiers", "How many customers are in each."),
    ("feed", "Live", "What happens to customers, as it happens."),
];

/// The page, looking back so far, from now or from an instant.
pub fn dashboard(timeframe: Timeframe, as_of: Option<Instant>) -> Markup {
    let instant = as_of.map(|instant| instant.to_string());
    let name = Timeframe::items().iter().find(|item| item.value == timeframe).map_or("", |item| item.name);
    let content = html! {
        link rel="stylesheet" href="/assets/dashboard/dashboard.css";
        div #dashboard data-timeframe=(name) data-as-of=[instant.as_deref()] {
            header.top {
                h1 { "Analytics" }
                p #moment { @if let Some(instant) = &instant { "As of " (instant) } @else { "As of now" } }
                nav.timeframes aria-label="Timeframe" {
                    @for item in Timeframe::items() {
                        a href=(address(item.name, instant.as_deref()))
                            aria-current=[(item.value == timeframe).then_some("true")] { (title_case(item.name)) }
                    }
                }
                form.as-of method="get" {
                    input type="hidden" name="timeframe" value=(name);
                    label { "As of " input type="date" name="asOf" value=[instant.as_deref().and_then(|text| text.get(..10))]; }
                    button { "Show" }
                    @if instant.is_some() { a href=(address(name, None)) { "Now" } }
                }
            }
            noscript { p { "The pictures on this page need JavaScript. The field " code { "analytics" } " has the same figures." } }
            @for (id, heading, comment) in PANELS {
                section.panel id=(id) aria-labelledby={ (id) "-heading" } {
                    h2 id={ (id) "-heading" } { (heading) }
                    p.note { (comment) }
                    div.content { p.note { "Reading …" } }
                }
            }
        }
        script type="module" src="/assets/dashboard/start.js" {}
    };
    page("Analytics", None, &content)
}

/// The address of a view.
fn address(timeframe: &str, as_of: Option<&str>) -> String {
    as_of.map_or_else(|| format!("?timeframe={timeframe}"), |as_of| format!("?timeframe={timeframe}&asOf={as_of}"))
}

fn title_case(name: &str) -> String {
    let (initial, rest) = name.split_at(name.len().min(1));
    initial.to_owned() + &rest.to_lowercase()
}
