//! Messages to customers.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, pk_uuid, text, text_null, uuid};

use crate::dialect::{drop_tables, execute, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(communication()).await?;
        execute(manager, "create index communication_by_customer on communication (customer_id, created_at, id)").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["communication"]).await
    }
}

fn communication() -> TableCreateStatement {
    Table::create()
        .table("communication")
        .col(pk_uuid("id"))
        .col(uuid("customer_id"))
        .col(text("channel"))
        .col(text("purpose"))
        .col(text("state"))
        .col(text("template"))
        .col(text_null("subject"))
        .col(text_null("reason"))
        .col(big_integer("created_at"))
        .col(big_integer_null("sent_at"))
        .foreign_key(&mut reference("customer_id", "customer", ForeignKeyAction::Cascade))
        .check(Expr::cust("channel in ('EMAIL', 'SMS')"))
        .check(Expr::cust("purpose in ('TRANSACTIONAL', 'MARKETING')"))
        .check(Expr::cust("state in ('QUEUED', 'SENT', 'FAILED', 'SUPPRESSED')"))
        .take()
}
