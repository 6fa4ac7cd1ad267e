//! Seeded customers, and what hangs on them but orders.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::{
    ChronoUnixTimestampMillis,
    communication::{CommunicationChannel, CommunicationPurpose},
    consent::{self, ConsentState},
    customer::{self, CustomerKind, Gender},
    customer_tag,
    term::Term,
    texts::Texts,
};
use sea_orm::prelude::Json;
use serde_json::json;

use super::{
    chance::Chance,
    contacts::{address, contact},
    market::{DOMAINS, MARKETS, Names, digits},
};
use crate::{customer::row::complete, fold, store::Rows};

const TAGS: [&str; 8] =
    ["vip", "wholesale", "gift buyer", "returns often", "local", "early adopter", "press", "Übersee"];
const SOURCES: [&str; 4] = ["fair", "web", "referral", "shop"];

/// The key in another system of customer `number`, from 1.
pub fn external_id(random_seed: u64, number: u64) -> String {
    format!("seed-{random_seed}-{number}")
}

/// Adds customer `number` with addresses, contacts and tags to `rows`.
pub fn customer(
    chance: &mut Chance,
    random_seed: u64,
    number: u64,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> customer::Model {
    let since = chance.instant(now - TimeDelta::days(5 * 365), now);
    let market = &MARKETS[chance.count(0..=MARKETS.len() - 1)];
    let names = market.names(chance);
    let is_person = chance.happens(80);
    let edits = if chance.happens(25) { chance.number(1..=3) } else { 0 };
    let edited = if edits > 0 { chance.instant(since, now) } else { since };
    let email = chance.happens(92).then(|| email(chance, &names, random_seed, number));
    let telephone = chance.happens(85).then(|| digits(market.telephone, chance));
    let name = if is_person { format!("{} {}", names.given, names.family) } else { names.company.clone() };
    let external_id = external_id(random_seed, number);
    let (email_opt_in, sms_opt_in) = (chance.happens(60), chance.happens(20));
    let tags: Vec<String> = chance.some(&TAGS, 3).into_iter().map(str::to_owned).collect();
    let kind = if is_person { CustomerKind::Person } else { CustomerKind::Organization };
    let instant = ChronoUnixTimestampMillis(since);
    let customer = complete(customer::Model {
        given_name: is_person.then(|| names.given.clone()),
        family_name: is_person.then(|| names.family.clone()),
        legal_name: (!is_person).then(|| format!("{name} Ltd.")),
        birth_date: (is_person && chance.happens(70)).then(|| birth_date(chance, now)),
        gender: (is_person && chance.happens(70)).then(|| gender(chance)),
        email_opt_in,
        sms_opt_in,
        communication_channels: Texts(channels(chance)),
        preferred_language: chance.happens(80).then(|| chance.one(market.languages).to_owned()),
        timezone: chance.happens(80).then(|| market.timezone.to_owned()),
        tags: Texts(tags.clone()),
        custom_fields: chance.happens(50).then(|| custom_fields(chance)),
        email,
        telephone_e164: telephone.as_deref().and_then(|telephone| market.e164(telephone)),
        telephone,
        external_id: Some(external_id),
        version: i32::try_from(1 + edits).unwrap_or(1),
        updated_at: ChronoUnixTimestampMillis(edited),
        ..customer::Model::new(chance.key(), kind, name.clone(), instant, instant)
    });
    rows.consents.extend(consents(chance, &customer));
    rows.tags.extend(tags.into_iter().map(|tag| customer_tag::Model { tag, customer_id: customer.id }));
    let places = chance.count(1..=3);
    for place in 1..=places {
        rows.addresses.push(address(chance, market, &customer, place, places));
    }
    if !is_person {
        for _ in 0..chance.count(1..=3) {
            rows.contacts.push(contact(chance, market, &customer));
        }
    }
    rows.customers.push(customer.clone());
    customer
}

/// What the opt-ins of a customer come from.
fn consents(chance: &mut Chance, customer: &customer::Model) -> Vec<consent::Model> {
    let channels =
        [(CommunicationChannel::Email, customer.email_opt_in), (CommunicationChannel::Sms, customer.sms_opt_in)];
    let granted = channels.into_iter().filter(|(_, is_granted)| *is_granted).map(|(channel, _)| consent::Model {
        id: chance.key(),
        customer_id: customer.id,
        channel,
        purpose: CommunicationPurpose::Marketing,
        state: ConsentState::Granted,
        wording_version: chance.happens(70).then(|| "2".to_owned()),
        source: chance.one(&SOURCES).to_owned(),
        decided_at: customer.customer_since,
        created_at: customer.created_at,
    });
    granted.collect()
}

/// An address that no other seeded customer has.
fn email(chance: &mut Chance, names: &Names, random_seed: u64, number: u64) -> String {
    let ascii = |name: &str| fold::text(name).chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let words = [ascii(&names.given), ascii(&names.family), random_seed.to_string(), number.to_string()];
    let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    format!("{}@{}", words.join("."), chance.one(&DOMAINS))
}

/// Of an adult.
fn birth_date(chance: &mut Chance, now: DateTime<Utc>) -> NaiveDate {
    (now - TimeDelta::days(chance.number(18 * 366..=85 * 365))).date_naive()
}

fn gender(chance: &mut Chance) -> Gender {
    match chance.number(1..=20) {
        1 => Gender::Other,
        2..=11 => Gender::Female,
        _ => Gender::Male,
    }
}

fn channels(chance: &mut Chance) -> Vec<String> {
    let preferences: [&[CommunicationChannel]; 4] = [
        &[],
        &[CommunicationChannel::Email],
        &[CommunicationChannel::Email, CommunicationChannel::Sms],
        &[CommunicationChannel::Sms, CommunicationChannel::Email],
    ];
    let preferred = chance.one(&preferences);
    preferred.iter().map(|channel| channel.description().name.to_owned()).collect()
}

fn custom_fields(chance: &mut Chance) -> Json {
    json!({
        "source": chance.one(&SOURCES),
        "satisfaction": chance.number(1..=10),
        "sizes": { "shirt": chance.one(&["S", "M", "L", "XL"]), "shoe": chance.number(36..=46) },
        "visits": [chance.happens(50), chance.happens(50)],
    })
}
