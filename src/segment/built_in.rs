//! The segments that every store begins with: by spending, by engagement, by scores, and who may be written to.

use anyhow::Context;
use chrono::{DateTime, Utc};
use entity::{
    ChronoUnixTimestampMillis,
    rfm_score::RfmSegment,
    segment::{self, SegmentKind},
    term::Term,
};
use uuid::Uuid;

use crate::{
    customer::{Engagement, SpendSegment},
    filter::{Entry, Literal, Quantifier, Rule, Test},
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
    let spending = spending
        .into_iter()
        .map(|(term, name, handle)| segment(is("customerSegment", term), term, name, handle, now, key()));
    let mut segments = spending.collect::<anyhow::Result<Vec<_>>>()?;
    for (term, name, handle) in engagement {
        segments.push(segment(is("engagement", term), term, name, handle, now, key())?);
    }
    for (term, name, handle) in SCORED {
        let rule = Box::new(is("segment", term));
        let rule = Rule::Related { edge: "rfm".to_owned(), quantifier: Quantifier::Some, rule };
        segments.push(segment(rule, term, name, &format!("{SCORED_PREFIX}{handle}"), now, key())?);
    }
    segments.push(marketing(now, key())?);
    Ok(segments)
}

/// The marketing list: those who have consented to marketing by e-mail.
fn marketing(now: DateTime<Utc>, id: Uuid) -> anyhow::Result<segment::Model> {
    let rule = Rule::Compare { field: "emailOptIn".to_owned(), test: Test::Eq(Literal::Boolean(true)) };
    let description = "Customers who have consented to marketing by e-mail.".to_owned();
    dynamic(rule, description, "Marketing list", "marketing", now, id)
}

/// How the handles of segments by scores begin.
const SCORED_PREFIX: &str = "rfm-";

/// The segments by scores.
const SCORED: [(RfmSegment, &str, &str); 11] = [
    (RfmSegment::Champions, "Champions", "champions"),
    (RfmSegment::Loyal, "Loyal", "loyal"),
    (RfmSegment::PotentialLoyalist, "Potential Loyalist", "potential-loyalist"),
    (RfmSegment::NewCustomers, "New Customers", "new-customers"),
    (RfmSegment::Promising, "Promising", "promising"),
    (RfmSegment::NeedAttention, "Need Attention", "need-attention"),
    (RfmSegment::AboutToSleep, "About To Sleep", "about-to-sleep"),
    (RfmSegment::AtRisk, "At Risk", "at-risk"),
    (RfmSegment::CannotLoseThem, "Cannot Lose Them", "cannot-lose-them"),
    (RfmSegment::Hibernating, "Hibernating", "hibernating"),
    (RfmSegment::Lost, "Lost", "lost"),
];

/// Whether it is one of those by scores, whose members only the job that scores changes, and whoever deletes a customer.
#[must_use]
pub fn is_scored(segment: &Entry) -> bool {
    segment.is_built_in && segment.name.starts_with(SCORED_PREFIX)
}

/// The rule that a computed enum has this value.
fn is(field: &str, term: impl Term) -> Rule {
    let name = term.description().name.to_owned();
    Rule::Compare { field: field.to_owned(), test: Test::Eq(Literal::Text(name)) }
}

fn segment(
    rule: Rule,
    term: impl Term,
    name: &str,
    handle: &str,
    now: DateTime<Utc>,
    id: Uuid,
) -> anyhow::Result<segment::Model> {
    let description = format!("Customers who {}", decapitalized(term.description().comment));
    dynamic(rule, description, name, handle, now, id)
}

fn dynamic(
    rule: Rule,
    description: String,
    name: &str,
    handle: &str,
    now: DateTime<Utc>,
    id: Uuid,
) -> anyhow::Result<segment::Model> {
    let now = ChronoUnixTimestampMillis(now);
    Ok(segment::Model {
        id,
        handle: handle.to_owned(),
        name: name.to_owned(),
        description: Some(description),
        kind: SegmentKind::Dynamic,
        is_built_in: true,
        rule: Some(serde_json::to_value(rule).context("could not write the rule of a built-in segment")?),
        computed_at: Some(now),
        deleted_at: None,
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
        assert_eq!(segments.len(), 18);
        assert_eq!(premium.handle, "spend-premium");
        assert_eq!(premium.description.as_deref(), Some("Customers who spent 5000 or more."));
        assert_eq!(premium.rule, Some(rule));
    }
}
