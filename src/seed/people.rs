//! Seeded customers, and what hangs on them but orders.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::{
    ChronoUnixTimestampMillis,
    communication::CommunicationChannel,
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
use crate::{customer::search_text, fold, store::Rows};

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
    let customer = customer::Model {
        id: chance.key(since),
        kind: if is_person { CustomerKind::Person } else { CustomerKind::Organization },
        name_key: fold::text(&name),
        given_name: is_person.then(|| names.given.clone()),
        family_name: is_person.then(|| names.family.clone()),
        legal_name: (!is_person).then(|| format!("{name} Ltd.")),
        email_key: email.as_deref().map(fold::email),
        birth_date: (is_person && chance.happens(70)).then(|| birth_date(chance, now)),
        gender: (is_person && chance.happens(70)).then(|| gender(chance)),
        email_opt_in,
        sms_opt_in,
        communication_channels: Texts(channels(chance)),
        preferred_language: chance.happens(80).then(|| chance.one(market.languages).to_owned()),
        timezone: chance.happens(80).then(|| market.timezone.to_owned()),
        tags: Texts(tags.clone()),
        custom_fields: chance.happens(50).then(|| custom_fields(chance)),
        search_text: search_text(&name, email.as_deref(), telephone.as_deref(), Some(&external_id)),
        name,
        email,
        telephone,
        external_id: Some(external_id),
        customer_since: ChronoUnixTimestampMillis(since),
        total_orders: 0,
        delivered_orders: 0,
        total_spent: 0,
        first_order_date: None,
        last_order_date: None,
        last_purchase_date: None,
        version: i32::try_from(1 + edits).unwrap_or(1),
        created_at: ChronoUnixTimestampMillis(since),
        updated_at: ChronoUnixTimestampMillis(edited),
        deleted_at: None,
    };
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
