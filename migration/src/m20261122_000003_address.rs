//! Addresses and contact points of customers.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, pk_uuid, text_null, uuid};

use crate::dialect::{bytewise, drop_tables, execute, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(address(manager)).await?;
        manager.create_table(contact_point()).await?;
        execute(manager, INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["contact_point", "address"]).await
    }
}

fn address(manager: &SchemaManager) -> TableCreateStatement {
    Table::create()
        .table("address")
        .col(pk_uuid("id"))
        .col(uuid("customer_id"))
        .col(text_null("name"))
        .col(text_null("street_address"))
        .col(text_null("address_locality"))
        .col(bytewise(manager, text_null("locality_key")))
        .col(text_null("address_region"))
        .col(bytewise(manager, text_null("postal_code")))
        .col(bytewise(manager, text_null("address_country")))
        .col(boolean("is_default_billing"))
        .col(boolean("is_default_shipping"))
        .col(integer("version").default(1))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut reference("customer_id", "customer", ForeignKeyAction::Cascade))
        .check(Expr::cust("version >= 1"))
        .take()
}

fn contact_point() -> TableCreateStatement {
    Table::create()
        .table("contact_point")
        .col(pk_uuid("id"))
        .col(uuid("customer_id"))
        .col(text_null("name"))
        .col(text_null("contact_type"))
        .col(text_null("email"))
        .col(text_null("telephone"))
        .col(text_null("fax_number"))
        .col(integer("version").default(1))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut reference("customer_id", "customer", ForeignKeyAction::Cascade))
        .check(Expr::cust("version >= 1"))
        .take()
}

const INDEXES: &str = "
create unique index address_default_billing_unique on address (customer_id) where is_default_billing;
create unique index address_default_shipping_unique on address (customer_id) where is_default_shipping;
create index address_by_customer on address (customer_id, created_at, id);
create index address_by_locality on address (locality_key, customer_id);
create index address_by_country on address (address_country, customer_id);
create index address_by_postal_code on address (postal_code, customer_id);
create index contact_point_by_customer on contact_point (customer_id, created_at, id);
";
