//! Where and how seeded customers are to be reached: their addresses and contact points.

use entity::{address, contact_point, customer};

use super::{
    chance::Chance,
    market::{DOMAINS, Market, Names, digits},
};
use crate::fold;

const TITLES: [&str; 6] =
    ["Owner", "Sales Manager", "Buyer", "Accounts payable", "Marketing Manager", "Order Administrator"];

/// The `place`th of so many addresses. The first is for goods, the second, where there is one, for bills.
pub fn address(
    chance: &mut Chance,
    market: &Market,
    customer: &customer::Model,
    place: usize,
    places: usize,
) -> address::Model {
    let (postal_code, town, region) = chance.one(market.towns);
    let street = market.names(chance).street;
    address::Model {
        id: chance.key(),
        customer_id: customer.id,
        name: (place > 1).then(|| market.names(chance).family),
        street_address: Some(format!("{street} {}", chance.number(1..=250))),
        address_locality: Some(town.to_owned()),
        locality_key: Some(fold::text(town)),
        address_region: region.map(str::to_owned),
        postal_code: Some(digits(postal_code, chance)),
        address_country: Some(market.country.to_owned()),
        is_default_billing: place == places.min(2),
        is_default_shipping: place == 1,
        version: 1,
        created_at: customer.created_at,
        updated_at: customer.created_at,
    }
}

/// Someone to turn to at an organization.
pub fn contact(chance: &mut Chance, market: &Market, customer: &customer::Model) -> contact_point::Model {
    let Names { given, family, .. } = market.names(chance);
    let mailbox = chance.one(&["orders", "accounts", "office"]);
    let mut contact = contact_point::Model {
        id: chance.key(),
        customer_id: customer.id,
        name: chance.happens(90).then(|| format!("{given} {family}")),
        contact_type: Some(chance.one(&TITLES).to_owned()),
        email: chance.happens(80).then(|| format!("{mailbox}@{}", chance.one(&DOMAINS))),
        telephone: Some(digits(market.telephone, chance)),
        telephone_e164: None,
        fax_number: chance.happens(30).then(|| digits(market.telephone, chance)),
        version: 1,
        created_at: customer.created_at,
        updated_at: customer.created_at,
    };
    contact.telephone_e164 = contact.telephone.as_deref().and_then(|telephone| market.e164(telephone));
    contact
}
