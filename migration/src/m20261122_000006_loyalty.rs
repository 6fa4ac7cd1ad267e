//! Loyalty programs, their tiers and their members.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, json_binary, pk_uuid, text, text_null, uuid};

use crate::dialect::{drop_tables, execute, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(loyalty_program()).await?;
        manager.create_table(loyalty_tier()).await?;
        manager.create_table(loyalty_membership()).await?;
        execute(manager, INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["loyalty_membership", "loyalty_tier", "loyalty_program"]).await
    }
}

fn loyalty_program() -> TableCreateStatement {
    Table::create()
        .table("loyalty_program")
        .col(pk_uuid("id"))
        .col(text("handle"))
        .col(text("name"))
        .col(text_null("description"))
        .col(boolean("is_default"))
        .col(text("evaluation"))
        .col(integer("version").default(1))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .check(Expr::cust("evaluation in ('LIFETIME', 'ROLLING', 'CALENDAR')"))
        .check(Expr::cust("version >= 1"))
        .take()
}

fn loyalty_tier() -> TableCreateStatement {
    Table::create()
        .table("loyalty_tier")
        .col(pk_uuid("id"))
        .col(uuid("program_id"))
        .col(text("name"))
        .col(integer("rank"))
        .col(big_integer("min_spend"))
        .col(integer("discount_percent"))
        .col(json_binary("benefits").default("[]"))
        .col(integer("version").default(1))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut reference("program_id", "loyalty_program", ForeignKeyAction::Cascade))
        .check(Expr::cust("rank >= 1"))
        .check(Expr::cust("min_spend >= 0"))
        .check(Expr::cust("discount_percent between 0 and 100"))
        .check(Expr::cust("version >= 1"))
        .take()
}

fn loyalty_membership() -> TableCreateStatement {
    Table::create()
        .table("loyalty_membership")
        .col(pk_uuid("id"))
        .col(uuid("program_id"))
        .col(uuid("customer_id"))
        .col(uuid("tier_id"))
        .col(big_integer("since"))
        .col(big_integer("tier_since"))
        .foreign_key(&mut reference("program_id", "loyalty_program", ForeignKeyAction::Cascade))
        .foreign_key(&mut reference("customer_id", "customer", ForeignKeyAction::Cascade))
        .foreign_key(&mut reference("tier_id", "loyalty_tier", ForeignKeyAction::Restrict))
        .take()
}

const INDEXES: &str = "
create unique index loyalty_program_handle_unique on loyalty_program (handle);
create unique index loyalty_program_default_unique on loyalty_program (is_default) where is_default;
create index loyalty_program_by_created_at on loyalty_program (created_at, id);
create unique index loyalty_tier_rank_unique on loyalty_tier (program_id, rank);
create unique index loyalty_tier_min_spend_unique on loyalty_tier (program_id, min_spend);
create unique index loyalty_tier_name_unique on loyalty_tier (program_id, name);
create unique index loyalty_membership_unique on loyalty_membership (program_id, customer_id);
create index loyalty_membership_by_customer on loyalty_membership (customer_id, since, id);
create index loyalty_membership_by_program on loyalty_membership (program_id, since, id);
create index loyalty_membership_by_tier on loyalty_membership (tier_id, since, id);
";
