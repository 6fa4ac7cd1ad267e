//! What becomes of a customer by what a client says of them.

use async_graphql::MaybeUndefined;
use chrono::{DateTime, Utc};
use entity::{
    ChronoUnixTimestampMillis,
    customer::{CustomerKind, Model},
    term::Term,
    texts::Texts,
};
use sea_orm::prelude::Json;

use super::{input::CustomerFacts, row::complete};
use crate::{check::Check, instant::Instant, rejection::RejectionCode};

/// The longest given or family name, in characters.
const LONGEST_PART: usize = 200;

/// The longest key in another system, in characters.
pub const LONGEST_EXTERNAL_ID: usize = 200;

/// The longest tag, in characters.
const LONGEST_TAG: usize = 100;

/// The most tags that a customer has.
pub const MOST_TAGS: usize = 250;

/// The customer as they are to be; what is wrong is told to `check`. `country` is where they dial: see
/// [`super::telephone::country`]. A new customer has no name `before`.
pub fn apply(
    check: &mut Check,
    facts: &CustomerFacts,
    before: &Model,
    country: Option<&str>,
    now: DateTime<Utc>,
) -> Model {
    let mut after = before.clone();
    check.replace("input.kind", &facts.kind, &mut after.kind);
    check.change_text("input.givenName", &facts.given_name, &mut after.given_name, LONGEST_PART);
    check.change_text("input.familyName", &facts.family_name, &mut after.family_name, LONGEST_PART);
    let legal_name = |check: &mut Check, path: &str, text: &String| Some(check.text(path, text));
    check.change("input.legalName", &facts.legal_name, &mut after.legal_name, legal_name);
    name(check, facts, before, &mut after);
    check.change("input.email", &facts.email, &mut after.email, |check, path, text| check.email(path, text));
    let telephone = (&mut after.telephone, &mut after.telephone_e164);
    check.change_telephone("input.telephone", &facts.telephone, telephone, country);
    check.change("input.birthDate", &facts.birth_date, &mut after.birth_date, |check, path, day| {
        let day = Some(day.0).filter(|day| *day < now.date_naive());
        check.value(path, day.ok_or("birthDate: expected a day that is over"))
    });
    check.change("input.gender", &facts.gender, &mut after.gender, |_, _, gender| Some(*gender));
    check.replace("input.emailOptIn", &facts.email_opt_in, &mut after.email_opt_in);
    check.replace("input.smsOptIn", &facts.sms_opt_in, &mut after.sms_opt_in);
    if let Some(channels) = list(&facts.communication_preferences) {
        after.communication_channels = each_once(channels.iter().map(|channel| channel.description().name.to_owned()));
    }
    check.change(
        "input.preferredLanguage",
        &facts.preferred_language,
        &mut after.preferred_language,
        |check, path, text| check.language(path, text),
    );
    check
        .change("input.timezone", &facts.timezone, &mut after.timezone, |check, path, text| check.timezone(path, text));
    if let Some(tags) = list(&facts.tags) {
        set_tags(check, tags, &mut after);
    }
    let custom_fields = match &facts.custom_fields {
        MaybeUndefined::Value(Json::Object(members)) if members.is_empty() => &MaybeUndefined::Null,
        given => given,
    };
    check.change("input.customFields", custom_fields, &mut after.custom_fields, |check, path, value| {
        check.document(path, value)
    });
    check.change_text("input.externalId", &facts.external_id, &mut after.external_id, LONGEST_EXTERNAL_ID);
    let mut since = Instant(after.customer_since.0);
    check.replace("input.customerSince", &facts.customer_since, &mut since);
    if facts.customer_since.value().is_some() && since.0 > now {
        check.reject(RejectionCode::Invalid, "input.customerSince", "customerSince: expected an instant not after now");
    }
    after.customer_since = ChronoUnixTimestampMillis(since.0);
    of_the_other_kind(check, facts, &after);
    complete(after)
}

/// The fields that have another value, by their names in GraphQL; tags are told of by themselves.
pub fn changed_fields(before: &Model, after: &Model) -> Vec<&'static str> {
    let (has_email, has_sms) = (before.email_opt_in != after.email_opt_in, before.sms_opt_in != after.sms_opt_in);
    let fields = [
        ("kind", before.kind != after.kind),
        ("name", before.name != after.name),
        ("givenName", before.given_name != after.given_name),
        ("familyName", before.family_name != after.family_name),
        ("legalName", before.legal_name != after.legal_name),
        ("email", before.email != after.email),
        ("telephone", before.telephone != after.telephone),
        ("telephoneE164", before.telephone_e164 != after.telephone_e164),
        ("birthDate", before.birth_date != after.birth_date),
        ("gender", before.gender != after.gender),
        ("emailOptIn", has_email),
        ("smsOptIn", has_sms),
        ("consents", has_email || has_sms),
        ("communicationPreferences", before.communication_channels != after.communication_channels),
        ("preferredLanguage", before.preferred_language != after.preferred_language),
        ("timezone", before.timezone != after.timezone),
        ("customFields", before.custom_fields != after.custom_fields),
        ("externalId", before.external_id != after.external_id),
        ("customerSince", before.customer_since != after.customer_since),
    ];
    fields.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect()
}

/// Tags that are sound: without spaces at their ends, each once, in the order given.
pub fn tags(check: &mut Check, tags: &[String]) -> Vec<String> {
    if tags.len() > MOST_TAGS {
        let message = format!("tags: expected at most {MOST_TAGS}, not {}", tags.len());
        check.reject(RejectionCode::Invalid, "input.tags", message);
        return Vec::new();
    }
    let sound = (0..)
        .zip(tags)
        .map(|(place, tag): (usize, _)| check.text_within(&format!("input.tags.{place}"), tag, LONGEST_TAG));
    each_once(sound).0
}

fn set_tags(check: &mut Check, given: &[String], after: &mut Model) {
    let tags = tags(check, given);
    let (mut were, mut are) = (after.tags.0.clone(), tags.clone());
    were.sort_unstable();
    are.sort_unstable();
    if were != are {
        after.tags = Texts(tags);
    }
}

/// The name that is given, or made of its parts where it was before.
fn name(check: &mut Check, facts: &CustomerFacts, before: &Model, after: &mut Model) {
    let follows = before.name.is_empty() || made_name(before).as_ref() == Some(&before.name);
    let made = match &facts.name {
        MaybeUndefined::Value(name) => {
            after.name = check.text("input.name", name);
            return;
        }
        MaybeUndefined::Null => made_name(after),
        MaybeUndefined::Undefined if follows => {
            made_name(after).or_else(|| Some(before.name.clone()).filter(|name| !name.is_empty()))
        }
        MaybeUndefined::Undefined => return,
    };
    match made {
        Some(name) => after.name = name,
        None => {
            let parts = match after.kind {
                CustomerKind::Person => "a givenName or a familyName",
                CustomerKind::Organization => "a legalName",
            };
            check.reject(RejectionCode::Required, "input.name", format!("name: expected a name, or {parts}"));
        }
    }
}

/// The name that the parts of a name come to.
fn made_name(customer: &Model) -> Option<String> {
    let parts = match customer.kind {
        CustomerKind::Person => [customer.given_name.as_deref(), customer.family_name.as_deref()],
        CustomerKind::Organization => [customer.legal_name.as_deref(), None],
    };
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// What is said of a person, or left of one, cannot be of an organization, and the other way round.
fn of_the_other_kind(check: &mut Check, facts: &CustomerFacts, after: &Model) {
    use CustomerKind::{Organization, Person};
    let parts = [
        ("givenName", Person, after.given_name.is_some(), !facts.given_name.is_undefined()),
        ("familyName", Person, after.family_name.is_some(), !facts.family_name.is_undefined()),
        ("birthDate", Person, after.birth_date.is_some(), !facts.birth_date.is_undefined()),
        ("gender", Person, after.gender.is_some(), !facts.gender.is_undefined()),
        ("legalName", Organization, after.legal_name.is_some(), !facts.legal_name.is_undefined()),
    ];
    for (field, kind, is_there, is_said) in parts {
        if kind != after.kind && is_there && (is_said || !facts.kind.is_undefined()) {
            let thing = if after.kind == Person { "a person" } else { "an organization" };
            let message = format!("{field}: expected null, since {thing} has none");
            check.reject(RejectionCode::Invalid, &format!("input.{field}"), message);
        }
    }
}

/// What is said of a list, which null empties.
fn list<T>(given: &MaybeUndefined<Vec<T>>) -> Option<&[T]> {
    match given {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(&[]),
        MaybeUndefined::Value(list) => Some(list),
    }
}

fn each_once(texts: impl Iterator<Item = String>) -> Texts {
    let mut found = Vec::new();
    for text in texts {
        if !found.contains(&text) {
            found.push(text);
        }
    }
    Texts(found)
}
