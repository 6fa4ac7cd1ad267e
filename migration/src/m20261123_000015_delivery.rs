//! How messages are sent: why and when they were queued, each attempt, and what the store settles about them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, pk_uuid, text_null, uuid, uuid_null};

use crate::dialect::{drop_tables, execute, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for key in ["event_id", "mailing_id", "lease"] {
            manager.alter_table(Table::alter().table("communication").add_column(uuid_null(key)).take()).await?;
        }
        execute(manager, COLUMNS).await?;
        manager.create_table(attempt()).await?;
        execute(manager, INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["communication_attempt"]).await?;
        execute(manager, DOWN).await
    }
}

/// Messages that were queued before there was anything that sends have no instant at which they are due, and stay.
const COLUMNS: &str = "
alter table communication add column body text;
alter table communication add column language text;
alter table communication add column tries integer not null default 0;
alter table communication add column due_at bigint;
alter table store add column link_secret text;
alter table store add column sends_welcome boolean not null default true;
alter table store add column sends_upgrade boolean not null default true;
alter table store add column sends_re_engagement boolean not null default true;
alter table store add column marketing_cap integer not null default 3;
alter table store add column marketing_cap_days integer not null default 7;
";

fn attempt() -> TableCreateStatement {
    Table::create()
        .table("communication_attempt")
        .col(pk_uuid("id"))
        .col(uuid("communication_id"))
        .col(big_integer("started_at"))
        .col(big_integer_null("ended_at"))
        .col(text_null("outcome"))
        .col(text_null("answer"))
        .foreign_key(&mut reference("communication_id", "communication", ForeignKeyAction::Cascade))
        .check(Expr::cust("outcome in ('ACCEPTED', 'DELAYED', 'REFUSED')"))
        .check(Expr::cust("(outcome is null) = (ended_at is null)"))
        .take()
}

const INDEXES: &str = "
create index communication_attempt_by_communication
    on communication_attempt (communication_id, started_at, id);
create index communication_by_created_at on communication (created_at, id);
create index communication_due on communication (channel, due_at, id) where due_at is not null;
create unique index communication_event_unique on communication (event_id, template) where event_id is not null;
create unique index communication_mailing_unique on communication (mailing_id, customer_id)
    where mailing_id is not null;
";

const DOWN: &str = "
drop index communication_mailing_unique;
drop index communication_event_unique;
drop index communication_due;
drop index communication_by_created_at;
alter table store drop column marketing_cap_days;
alter table store drop column marketing_cap;
alter table store drop column sends_re_engagement;
alter table store drop column sends_upgrade;
alter table store drop column sends_welcome;
alter table store drop column link_secret;
alter table communication drop column due_at;
alter table communication drop column tries;
alter table communication drop column language;
alter table communication drop column body;
alter table communication drop column lease;
alter table communication drop column mailing_id;
alter table communication drop column event_id;
";
