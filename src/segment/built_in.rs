//! The segments that every store begins with: by spending and by engagement.

use anyhow::Context;
use chrono::{DateTime, Utc};
use entity::{
    ChronoUnixTimestampMillis,
    segment::{self, SegmentKind},
    term::Term,
};
use uuid::Uuid;

use crate::{
    customer::{Engagement, SpendSegment},
    filter::{Literal, Rule, Test},
};

/// The rows of the built-in segments. Each holds the customers for whom a computed enum has one of its
/// values: as of the instant at which a segment was last computed, it and the field of the same meaning agree.
///
/// # Errors
/// When a rule cannot be written as JSON.
pub fn segments(now: DateTime<Utc>, mut key: impl FnMut() -> Uuid) -> anyhow::Result<Vec<segment::Model>> {
    let spending = [
        (SpendSegment::Premium, "Premium", "spend-premium"),
        (SpendSegment::Standard, "Standard", "spend-standard"),
        (SpendSegment::Basic, "Basic", "spend-basic"),
    ];
    let engagement = [
        (Engagement::Active, "Active", "engagement-active"),
        (Engagement::AtRisk, "At risk", "engagement-at-risk"),
        (Engagement::Inactive, "Inactive", "engagement-inactive"),
    ];
    let spending =
        spending.into_iter().map(|(term, name, handle)| segment("customerSegment", term, name, handle, now, key()));
    let mut segments = spending.collect::<anyhow::Result<Vec<_>>>()?;
    for (term, name, handle) in engagement {
        segments.push(segment("engagement", term, name, handle, now, key())?);
    }
    Ok(segments)
}

fn segment(
    field: &str,
    term: impl Term,
    name: &str,
    handle: &str,
    now: DateTime<Utc>,
    id: Uuid,
) -> anyhow::Result<segment::Model> {
    let term = term.description();
    let rule = Rule::Compare { field: field.to_owned(), test: Test::Eq(Literal::Text(term.name.to_owned())) };
    let now = ChronoUnixTimestampMillis(now);
    Ok(segment::Model {
        id,
        handle: handle.to_owned(),
        name: name.to_owned(),
        description: Some(format!("Customers who {}", decapitalized(term.comment))),
        kind: SegmentKind::Dynamic,
        is_built_in: true,
        rule: Some(serde_json::to_value(rule).context("could not write the rule of a built-in segment")?),
        computed_at: Some(now),
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

/// The text as it goes on inside a sentence.
fn decapitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_segment_holds_those_who_have_its_value() {
        let segments = segments(DateTime::UNIX_EPOCH, Uuid::nil).expect("rules are JSON");

        let premium = &segments[0];
        let rule = serde_json::json!({
            "compare": { "field": "customerSegment", "test": { "eq": { "text": "PREMIUM" } } }
        });
        assert_eq!(segments.len(), 6);
        assert_eq!(premium.handle, "spend-premium");
        assert_eq!(premium.description.as_deref(), Some("Customers who spent 5000 or more."));
        assert_eq!(premium.rule, Some(rule));
    }
}
