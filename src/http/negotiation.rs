//! Choosing what to answer with, by the Accept header (RFC 9110, section 12.5.1).

use axum::http::{HeaderMap, header::ACCEPT};

/// A range of media types that a client accepts.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// `type/subtype`, in lower case; either may be `*`.
    pub range: String,
    /// The parameter `profile`, where there is one.
    pub profile: Option<String>,
    /// How much it is wanted, from 0 to 1.
    pub quality: f32,
}

/// What the client accepts; everything when it does not say.
pub fn accepted(headers: &HeaderMap) -> Vec<Accepted> {
    let values: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let text = values.join(",");
    if text.trim().is_empty() {
        return vec![Accepted { range: "*/*".to_owned(), profile: None, quality: 1.0 }];
    }
    split(&text, ',').into_iter().filter_map(parse).collect()
}

fn parse(item: &str) -> Option<Accepted> {
    let mut parts = split(item, ';').into_iter();
    let range = parts.next()?.trim().to_ascii_lowercase();
    if range.is_empty() {
        return None;
    }
    let mut accepted = Accepted { range, profile: None, quality: 1.0 };
    for parameter in parts {
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "q" => accepted.quality = value.parse().unwrap_or(0.0),
            "profile" => accepted.profile = Some(value.to_owned()),
            _ => {}
        }
    }
    Some(accepted)
}

/// Splits at a separator outside quotation marks.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut is_quoted = false;
    text.split(|letter| {
        is_quoted ^= letter == '"';
        letter == separator && !is_quoted
    })
    .collect()
}

/// How much `media_type` is wanted: the quality of the most specific range that covers it, and how specific that is:
/// 2 for the type itself, 1 for `type/*`, 0 for `*/*`.
pub fn quality(accepted: &[Accepted], media_type: &str) -> Option<(f32, u8)> {
    let kind = media_type.split('/').next().unwrap_or_default();
    accepted
        .iter()
        .filter_map(|accepted| {
            let specificity = match accepted.range.as_str() {
                "*/*" => 0,
                range if range == media_type => 2,
                range if range.strip_suffix("/*") == Some(kind) => 1,
                _ => return None,
            };
            Some((accepted.quality, specificity))
        })
        .max_by_key(|(_, specificity)| *specificity)
        .filter(|(quality, _)| *quality > 0.0)
}

/// The media type of `offers` that is wanted most; of those wanted alike, the one named outright, then the first.
pub fn best<'a>(accepted: &[Accepted], offers: &[&'a str]) -> Option<&'a str> {
    let mut best: Option<(&str, (f32, u8))> = None;
    for offer in offers {
        if let Some(wanted) = quality(accepted, offer)
            && best.is_none_or(|(_, so_far)| wanted > so_far)
        {
            best = Some((offer, wanted));
        }
    }
    best.map(|(offer, _)| offer)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn chosen(accept: &'static str) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        best(&accepted(&headers), &["application/ld+json", "text/html"])
    }

    #[test]
    fn the_media_type_wanted_most_is_chosen() {
        let cases = [
            ("", Some("application/ld+json")),
            ("*/*", Some("application/ld+json")),
            ("text/html", Some("text/html")),
            ("text/*", Some("text/html")),
            ("text/html;q=0.5, application/ld+json;q=0.4", Some("text/html")),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some("text/html")),
            ("*/*, text/html;q=0", Some("application/ld+json")),
            (
                "application/ld+json;profile=\"http://www.w3.org/ns/json-ld#expanded,;\", text/html;q=0.1",
                Some("application/ld+json"),
            ),
            ("image/png", None),
            ("text/html;q=0", None),
        ];

        for (accept, expected) in cases {
            assert_eq!(chosen(accept), expected, "{accept}");
        }
    }
}
