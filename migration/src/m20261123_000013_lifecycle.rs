//! What jobs keep of customers: their scores and the runs that gave them, and whether they were lost; and how long
//! members keep a tier that they no longer reach.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, json_binary, pk_uuid, text};

use crate::dialect::{drop_tables, execute, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(rfm_run()).await?;
        manager.create_table(rfm_score()).await?;
        manager.create_table(churn_state()).await?;
        execute(manager, INDEXES).await?;
        execute(manager, "alter table loyalty_program add column grace_days integer default 0").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, "alter table loyalty_program drop column grace_days").await?;
        drop_tables(manager, &["churn_state", "rfm_score", "rfm_run"]).await
    }
}

fn rfm_run() -> TableCreateStatement {
    Table::create()
        .table("rfm_run")
        .col(pk_uuid("id"))
        .col(big_integer("as_of"))
        .col(boolean("is_historical"))
        .col(big_integer("population"))
        .col(json_binary("cut_points"))
        .col(json_binary("grid"))
        .col(json_binary("segments"))
        .col(big_integer("created_at"))
        .check(Expr::cust("population >= 0"))
        .take()
}

/// The key is the customer's own.
fn rfm_score() -> TableCreateStatement {
    Table::create()
        .table("rfm_score")
        .col(pk_uuid("id"))
        .col(integer("recency"))
        .col(integer("frequency"))
        .col(integer("monetary"))
        .col(text("segment"))
        .foreign_key(&mut reference("id", "customer", ForeignKeyAction::Cascade))
        .check(Expr::cust("recency between 1 and 5"))
        .check(Expr::cust("frequency between 1 and 5"))
        .check(Expr::cust("monetary between 1 and 5"))
        .take()
}

/// The key is the customer's own.
fn churn_state() -> TableCreateStatement {
    Table::create()
        .table("churn_state")
        .col(pk_uuid("id"))
        .col(boolean("is_churned"))
        .col(big_integer("since"))
        .foreign_key(&mut reference("id", "customer", ForeignKeyAction::Cascade))
        .take()
}

const INDEXES: &str = "
create index rfm_run_by_as_of on rfm_run (as_of, id);
create index rfm_run_live on rfm_run (as_of, id) where not is_historical;
create index rfm_score_by_segment on rfm_score (segment, id);
";
