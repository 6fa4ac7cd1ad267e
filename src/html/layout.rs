//! The frame of every page.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

/// A page. `document` is embedded as JSON-LD.
pub fn page(title: &str, document: Option<&Value>, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – customers" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/assets/page.css";
                @if let Some(document) = document {
                    script type="application/ld+json" { (embedded(document)) }
                }
            }
            body {
                header {
                    nav {
                        a href="/" { "customers" }
                        a href="/dashboard" { "Analytics" }
                        a href="/graphql" { "GraphiQL" }
                        a href="/vocab" { "Vocabulary" }
                    }
                }
                main { (content) }
            }
        }
    }
}

/// JSON that cannot end the script element that holds it.
fn embedded(document: &Value) -> PreEscaped<String> {
    PreEscaped(document.to_string().replace('<', "\\u003c"))
}

/// What a node is called: its name, else its key elsewhere, else its type.
pub fn title(document: &Value) -> String {
    let text = |field: &str| document[field].as_str().map(str::to_owned);
    let kind = document["@type"][0].as_str().unwrap_or("Node");
    let numbered = || {
        let key = text("externalId").or_else(|| text("handle"))?;
        Some(format!("{kind} {key}"))
    };
    text("name").or_else(|| text("streetAddress")).or_else(numbered).unwrap_or_else(|| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_text_ends_the_embedded_document() {
        let document = json!({ "@type": ["Customer"], "name": "</script><script>alert(1)</script>" });

        let page = page(&title(&document), Some(&document), &html! {}).into_string();

        assert_eq!(page.matches("</script>").count(), 1);
        assert!(!page.contains("<script>"));
    }
}
