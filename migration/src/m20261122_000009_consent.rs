//! The log of consent, and telephone numbers by E.164.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, pk_uuid, text, text_null, uuid};

use crate::dialect::{bytewise, drop_tables, execute, is_postgres, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["customer", "contact_point"] {
            let column = bytewise(manager, text_null("telephone_e164"));
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        manager.create_table(consent()).await?;
        execute(manager, INDEXES).await?;
        let key = if is_postgres(manager) { KEY_ON_POSTGRES } else { KEY_ON_SQLITE };
        for (channel, flag) in [("EMAIL", "email_opt_in"), ("SMS", "sms_opt_in")] {
            execute(manager, &given_before(channel, flag, key)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["consent"]).await?;
        execute(manager, "drop index customer_by_telephone_e164").await?;
        for table in ["contact_point", "customer"] {
            manager.alter_table(Table::alter().table(table).drop_column("telephone_e164").take()).await?;
        }
        Ok(())
    }
}

fn consent() -> TableCreateStatement {
    Table::create()
        .table("consent")
        .col(pk_uuid("id"))
        .col(uuid("customer_id"))
        .col(text("channel"))
        .col(text("purpose"))
        .col(text("state"))
        .col(text_null("wording_version"))
        .col(text("source"))
        .col(big_integer("decided_at"))
        .col(big_integer("created_at"))
        .foreign_key(&mut reference("customer_id", "customer", ForeignKeyAction::Cascade))
        .check(Expr::cust("channel in ('EMAIL', 'SMS')"))
        .check(Expr::cust("purpose in ('TRANSACTIONAL', 'MARKETING')"))
        .check(Expr::cust("state in ('GRANTED', 'WITHDRAWN')"))
        .take()
}

const INDEXES: &str = "
create index customer_by_telephone_e164 on customer (telephone_e164) where telephone_e164 is not null;
create index consent_by_customer on consent (customer_id, decided_at, id);
";

/// A version 7 UUID of the instant `updated_at`.
const KEY_ON_SQLITE: &str = "unhex(
    format('%012x7%03x%04x', updated_at, random() & 4095, 32768 | (random() & 16383)) || hex(randomblob(6))
)";
const KEY_ON_POSTGRES: &str = "cast(
    regexp_replace(lpad(to_hex(updated_at), 12, '0'), '^(.{8})', '\\1-') || '-7'
    || substr(cast(gen_random_uuid() as text), 16) as uuid
)";

/// Those who allowed marketing before there was a log enter it, as of when they were last edited.
fn given_before(channel: &str, flag: &str, key: &str) -> String {
    format!(
        "insert into consent (id, customer_id, channel, purpose, state, source, decided_at, created_at)
        select {key}, id, '{channel}', 'MARKETING', 'GRANTED', 'before the log', updated_at, updated_at
        from customer where {flag}"
    )
}
