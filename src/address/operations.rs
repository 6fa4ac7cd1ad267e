//! Adding, changing and removing addresses.

use anyhow::Context;
use entity::{
    ChronoUnixTimestampMillis,
    address::{Column, Entity, Model},
    customer,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use super::{
    defaults::{Wish, holder},
    input::AddressFacts,
};
use crate::{
    check::Check,
    customer::{row, telephone},
    event::Event,
    fold,
    rejection::{Attempt, Refusal, Rejection, RejectionCode, expect_version},
    store::{insert_all, update as write},
    transaction::Transaction,
};

/// Adds an address to a customer.
///
/// # Errors
/// When there is no such customer, or something of what is said is wrong.
pub async fn add(tx: &Transaction, customer: Uuid, facts: &AddressFacts) -> Attempt<Uuid> {
    let customer = row::lock(tx, customer, "input.customer").await?;
    let blank = blank(tx, customer.id);
    let mut check = Check::default();
    let address = apply(&mut check, facts, &blank);
    check.done()?;
    let id = address.id;
    insert_all(&*tx.db, vec![address]).await.context("could not write an address")?;
    let roles = Roles::find(tx, customer.id).await?;
    let wishes = [&facts.is_default_billing, &facts.is_default_shipping]
        .map(|given| given.value().filter(|is_holder| **is_holder).map(|_| Wish { address: id, is_holder: true }));
    let holders = roles.holders(wishes);
    roles.hand_over(tx, holders).await?;
    tell(tx, &customer, holders[1] == Some(id)).await?;
    Ok(id)
}

/// Changes an address. What changes nothing is no edit.
///
/// # Errors
/// When there is no such address, it was edited meanwhile, or something of what is said is wrong.
pub async fn update(
    tx: &Transaction,
    address: Uuid,
    facts: &AddressFacts,
    expected_version: Option<i32>,
) -> Attempt<Uuid> {
    let (customer, before) = lock(tx, address).await?;
    expect_version(expected_version, before.version)?;
    let mut check = Check::default();
    let mut after = apply(&mut check, facts, &before);
    let roles = Roles::find(tx, customer.id).await?;
    let said = [
        ("input.isDefaultBilling", &facts.is_default_billing, before.is_default_billing),
        ("input.isDefaultShipping", &facts.is_default_shipping, before.is_default_shipping),
    ];
    let holders =
        roles.holders(said.map(|(_, given, _)| given.value().map(|is_holder| Wish { address, is_holder: *is_holder })));
    for ((path, given, was), holder) in said.into_iter().zip(holders) {
        let mut is_holder = was;
        check.replace(path, given, &mut is_holder);
        if !is_holder && was && holder == Some(address) {
            let message = "the only address is the default; add another one first";
            check.reject(RejectionCode::NotAllowed, path, format!("{}: {message}", path.trim_start_matches("input.")));
        }
    }
    check.done()?;
    (after.is_default_billing, after.is_default_shipping) = (holders[0] == Some(address), holders[1] == Some(address));
    if after == before {
        return Ok(address);
    }
    roles.hand_over(tx, holders).await?;
    // The roles are handed over already, in an order that never leaves two holders.
    let before = Model {
        is_default_billing: after.is_default_billing,
        is_default_shipping: after.is_default_shipping,
        ..before
    };
    after.version += 1;
    after.updated_at = ChronoUnixTimestampMillis(tx.now);
    write(&*tx.db, &before, &after).await.context("could not write an address")?;
    let moves =
        roles.formers[1] != holders[1] || after.is_default_shipping && before.address_country != after.address_country;
    tell(tx, &customer, moves).await?;
    Ok(address)
}

/// Removes an address.
///
/// # Errors
/// When there is no such address, or it was edited meanwhile.
pub async fn remove(tx: &Transaction, address: Uuid, expected_version: Option<i32>) -> Attempt<Uuid> {
    let (customer, before) = lock(tx, address).await?;
    expect_version(expected_version, before.version)?;
    Entity::delete_by_id(address).exec(&*tx.db).await.context("could not remove an address")?;
    let roles = Roles::find(tx, customer.id).await?;
    roles.hand_over(tx, roles.holders([None, None])).await?;
    tell(tx, &customer, before.is_default_shipping).await?;
    Ok(address)
}

/// The addresses of a customer, the oldest first, and those that have the roles: for bills, and for goods.
struct Roles {
    addresses: Vec<Uuid>,
    formers: [Option<Uuid>; 2],
}

impl Roles {
    async fn find(tx: &Transaction, customer: Uuid) -> anyhow::Result<Self> {
        let rows = Entity::find()
            .select_only()
            .columns([Column::Id, Column::IsDefaultBilling, Column::IsDefaultShipping])
            .filter(Column::CustomerId.eq(customer))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .into_tuple::<(Uuid, bool, bool)>()
            .all(&*tx.db)
            .await
            .context("could not read the addresses of a customer")?;
        let billing = rows.iter().find(|(_, is_holder, _)| *is_holder).map(|row| row.0);
        let shipping = rows.iter().find(|(_, _, is_holder)| *is_holder).map(|row| row.0);
        Ok(Self { addresses: rows.into_iter().map(|row| row.0).collect(), formers: [billing, shipping] })
    }

    fn holders(&self, wishes: [Option<Wish>; 2]) -> [Option<Uuid>; 2] {
        let [billing, shipping] = self.formers;
        [holder(&self.addresses, billing, wishes[0]), holder(&self.addresses, shipping, wishes[1])]
    }

    async fn hand_over(&self, tx: &Transaction, holders: [Option<Uuid>; 2]) -> anyhow::Result<()> {
        let columns = [Column::IsDefaultBilling, Column::IsDefaultShipping];
        for ((column, former), holder) in columns.into_iter().zip(self.formers).zip(holders) {
            // The former goes first: no two have a role at any moment.
            for (address, is_holder) in [(former, false), (holder, true)] {
                let Some(address) = address.filter(|_| former != holder) else { continue };
                Entity::update_many()
                    .col_expr(column, Expr::val(is_holder))
                    .filter(Column::Id.eq(address))
                    .exec(&*tx.db)
                    .await
                    .context("could not write the default addresses of a customer")?;
            }
        }
        Ok(())
    }
}

/// The address and its customer, who is locked, and with them all that is theirs.
async fn lock(tx: &Transaction, address: Uuid) -> Attempt<(customer::Model, Model)> {
    let find = || Entity::find_by_id(address).one(&*tx.db);
    let not_found = || Refusal::from(Rejection::not_found("input.id", "address"));
    let found = find().await.context("could not read an address")?.ok_or_else(not_found)?;
    let customer = row::lock(tx, found.customer_id, "input.id").await.map_err(|refusal| match refusal {
        Refusal::Rejected(_) => not_found(),
        failed @ Refusal::Failed(_) => failed,
    })?;
    // It may have been changed or removed before the lock was held.
    let address = find().await.context("could not read an address")?.ok_or_else(not_found)?;
    Ok((customer, address))
}

/// Tells of what was done. Where the customer may be in another country than before, they dial there.
async fn tell(tx: &Transaction, customer: &customer::Model, moves: bool) -> anyhow::Result<()> {
    let mut changed = vec!["addresses"];
    if moves {
        changed.extend(telephone::settle(tx, customer).await?);
    }
    tx.emit(Event::CustomerUpdated { customer: customer.id, changed });
    Ok(())
}

/// The address as it is to be, its roles aside; what is wrong is told to `check`.
fn apply(check: &mut Check, facts: &AddressFacts, before: &Model) -> Model {
    let mut after = before.clone();
    check.change_text("input.name", &facts.name, &mut after.name, 200);
    check.change_text("input.streetAddress", &facts.street_address, &mut after.street_address, 500);
    check.change_text("input.addressLocality", &facts.address_locality, &mut after.address_locality, 200);
    check.change_text("input.addressRegion", &facts.address_region, &mut after.address_region, 200);
    check.change_text("input.postalCode", &facts.postal_code, &mut after.postal_code, 50);
    check.change("input.addressCountry", &facts.address_country, &mut after.address_country, |check, path, text| {
        check.country(path, text)
    });
    after.locality_key = after.address_locality.as_deref().map(fold::text);
    let parts = [
        &after.street_address,
        &after.address_locality,
        &after.address_region,
        &after.postal_code,
        &after.address_country,
    ];
    let given = [
        &facts.street_address,
        &facts.address_locality,
        &facts.address_region,
        &facts.postal_code,
        &facts.address_country,
    ];
    if parts.iter().all(|part| part.is_none()) && given.iter().all(|part| part.value().is_none()) {
        let message =
            "expected at least one of streetAddress, addressLocality, addressRegion, postalCode and addressCountry";
        check.reject(RejectionCode::Required, "input", message);
    }
    after
}

fn blank(tx: &Transaction, customer: Uuid) -> Model {
    let now = ChronoUnixTimestampMillis(tx.now);
    Model {
        id: tx.key(),
        customer_id: customer,
        name: None,
        street_address: None,
        address_locality: None,
        locality_key: None,
        address_region: None,
        postal_code: None,
        address_country: None,
        is_default_billing: false,
        is_default_shipping: false,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}
