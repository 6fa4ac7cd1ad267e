//! What the seeded store sells.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{ChronoUnixTimestampMillis, product};

use super::chance::Chance;
use crate::{fold, money::Currency};

const MATERIALS: [&str; 10] =
    ["Oak", "Steel", "Linen", "Cotton", "Glass", "Marble", "Leather", "Copper", "Bamboo", "Wool"];

const THINGS: [&str; 20] = [
    "Table", "Chair", "Lamp", "Kettle", "Blanket", "Bowl", "Shelf", "Clock", "Mirror", "Vase", "Basket", "Tray",
    "Stool", "Frame", "Cushion", "Rug", "Jar", "Box", "Bench", "Mug",
];

/// All products, entered five years ago. A few have been withdrawn since.
pub fn products(chance: &mut Chance, random_seed: u64, currency: Currency, now: DateTime<Utc>) -> Vec<product::Model> {
    let names = MATERIALS.iter().flat_map(|material| THINGS.iter().map(move |thing| (material, thing)));
    (1..).zip(names).map(|(number, names)| product(chance, random_seed, currency, now, number, names)).collect()
}

fn product(
    chance: &mut Chance,
    random_seed: u64,
    currency: Currency,
    now: DateTime<Utc>,
    number: u32,
    (material, thing): (&&str, &&str),
) -> product::Model {
    let entered = now - TimeDelta::days(5 * 365) + TimeDelta::minutes(number.into());
    let edited = chance.happens(30).then(|| chance.instant(entered, now));
    let withdrawn = chance.happens(3).then(|| chance.instant(edited.unwrap_or(entered), now));
    let name = format!("{material} {thing}");
    // From 1 to 250 of the major unit; now and then with half a minor unit, as prices of single screws have.
    let minor_units = chance.number(100..=25_000) * 10_i64.pow(currency.exponent()) / 100;
    let fraction = if chance.happens(10) { 5_000 } else { 0 };
    product::Model {
        id: chance.key(),
        name_key: fold::text(&name),
        description: chance.happens(80).then(|| format!("A {} made of {}.", lower(thing), lower(material))),
        name,
        sku: chance.happens(95).then(|| format!("S{random_seed}-{number:04}")),
        external_id: chance.happens(50).then(|| format!("seed-{random_seed}-product-{number}")),
        unit_price: Some(minor_units * 10_000 + fraction),
        currency: Some(currency.code().to_owned()),
        version: if edited.is_some() { 2 } else { 1 },
        created_at: ChronoUnixTimestampMillis(entered),
        updated_at: ChronoUnixTimestampMillis(edited.unwrap_or(entered)),
        deleted_at: withdrawn.map(ChronoUnixTimestampMillis),
    }
}

fn lower(word: &str) -> String {
    word.to_lowercase()
}
