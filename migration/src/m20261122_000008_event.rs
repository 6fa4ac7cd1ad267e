//! The log of events.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, json_binary, pk_uuid, text, uuid, uuid_null};

use crate::dialect::{drop_tables, execute, is_postgres};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(event()).await?;
        execute(manager, INDEXES).await?;
        if is_postgres(manager) {
            execute(manager, ARRIVAL_ON_POSTGRES).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["event"]).await
    }
}

/// There are no foreign keys: the log outlives what it tells of.
fn event() -> TableCreateStatement {
    Table::create()
        .table("event")
        .col(pk_uuid("id"))
        .col(big_integer_null("position"))
        .col(text("kind"))
        .col(big_integer("occurred_at"))
        .col(uuid("customer_id"))
        .col(big_integer("sequence"))
        .col(uuid_null("order_id"))
        .col(uuid_null("refund_id"))
        .col(uuid_null("segment_id"))
        .col(uuid_null("program_id"))
        .col(uuid_null("tier_id"))
        .col(json_binary("changed_fields").default("[]"))
        .col(text("actor"))
        .col(text("cause"))
        .check(Expr::cust("position >= 1"))
        .check(Expr::cust("sequence >= 1"))
        .check(Expr::cust("cause in ('REQUEST', 'IMPORT', 'JOB')"))
        .take()
}

const INDEXES: &str = "
create unique index event_position_unique on event (position) where position is not null;
create unique index event_sequence_unique on event (customer_id, sequence);
";

/// Transactions commit in another order than they begin in, so that events get their position when they are
/// committed, in the order of `arrival`. SQLite has one writer, which gives the position at once.
const ARRIVAL_ON_POSTGRES: &str = "
alter table event add column arrival bigint generated always as identity;
create index event_without_position on event (arrival) where position is null;
";
