//! Rows of many tables that are written together, by imports and by seeding.

use std::collections::BTreeSet;

use anyhow::Context;
use entity::{
    address, communication, consent, contact_point, customer, customer_tag, loyalty_membership, order, order_item,
    product, refund, segment_membership,
};
use sea_orm::{ConnectionTrait, IntoActiveModel, ModelTrait};
use uuid::Uuid;

use super::insert_all;

/// Rows that are written together. Figures and what follows from them come later.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each field is named after its table")]
pub struct Rows {
    pub customers: Vec<customer::Model>,
    pub tags: Vec<customer_tag::Model>,
    pub addresses: Vec<address::Model>,
    pub contacts: Vec<contact_point::Model>,
    pub products: Vec<product::Model>,
    pub orders: Vec<order::Model>,
    pub items: Vec<order_item::Model>,
    pub refunds: Vec<refund::Model>,
    pub memberships: Vec<loyalty_membership::Model>,
    pub segment_memberships: Vec<segment_membership::Model>,
    pub communications: Vec<communication::Model>,
    pub consents: Vec<consent::Model>,
}

impl Rows {
    /// The customers whom the rows are about, each once.
    #[must_use]
    pub fn touched(&self) -> Vec<Uuid> {
        let own = self.customers.iter().map(|customer| customer.id);
        let buyers = self.orders.iter().map(|order| order.customer_id);
        let refunded = self.refunds.iter().map(|refund| refund.customer_id);
        let all: BTreeSet<Uuid> = own.chain(buyers).chain(refunded).collect();
        all.into_iter().collect()
    }

    /// Writes all rows, those that others point to first. `written` is told how many have been written since
    /// it was last called.
    ///
    /// # Errors
    /// When the database refuses one.
    pub async fn insert(self, tx: &impl ConnectionTrait, mut written: impl FnMut(u64)) -> anyhow::Result<()> {
        let written = &mut written;
        insert(tx, "customers", self.customers, written).await?;
        insert(tx, "tags", self.tags, written).await?;
        insert(tx, "addresses", self.addresses, written).await?;
        insert(tx, "contacts", self.contacts, written).await?;
        insert(tx, "products", self.products, written).await?;
        insert(tx, "orders", self.orders, written).await?;
        insert(tx, "order lines", self.items, written).await?;
        insert(tx, "refunds", self.refunds, written).await?;
        insert(tx, "loyalty memberships", self.memberships, written).await?;
        insert(tx, "segment memberships", self.segment_memberships, written).await?;
        insert(tx, "communications", self.communications, written).await?;
        insert(tx, "consents", self.consents, written).await
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        [
            self.customers.len(),
            self.tags.len(),
            self.addresses.len(),
            self.contacts.len(),
            self.products.len(),
            self.orders.len(),
            self.items.len(),
            self.refunds.len(),
            self.memberships.len(),
            self.segment_memberships.len(),
            self.communications.len(),
            self.consents.len(),
        ]
        .into_iter()
        .sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

async fn insert<M>(
    tx: &impl ConnectionTrait,
    things: &str,
    rows: Vec<M>,
    written: &mut impl FnMut(u64),
) -> anyhow::Result<()>
where
    M: ModelTrait + IntoActiveModel<<M::Entity as sea_orm::EntityTrait>::ActiveModel>,
{
    let count = rows.len() as u64;
    insert_all(tx, rows).await.with_context(|| format!("could not write {things}"))?;
    written(count);
    Ok(())
}
