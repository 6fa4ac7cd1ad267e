//! The fits of the purchase model, and what the latest one predicts of each customer.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, double, double_null, integer, pk_uuid, text_null, uuid,
};

use crate::dialect::{drop_tables, execute, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(run()).await?;
        manager.create_table(prediction()).await?;
        execute(manager, INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["lifetime_value_prediction", "lifetime_value_run"]).await
    }
}

fn run() -> TableCreateStatement {
    Table::create()
        .table("lifetime_value_run")
        .col(pk_uuid("id"))
        .col(big_integer("as_of"))
        .col(big_integer("computed_at"))
        .col(boolean("is_historical"))
        .col(big_integer("customers"))
        .col(big_integer("repeat_customers"))
        .col(text_null("no_fit"))
        .col(double_null("r"))
        .col(double_null("alpha"))
        .col(double_null("a"))
        .col(double_null("b"))
        .col(double_null("log_likelihood"))
        .col(big_integer("spending_customers"))
        .col(double_null("p"))
        .col(double_null("q"))
        .col(double_null("v"))
        .col(double_null("spending_log_likelihood"))
        .col(double("monthly_discount"))
        .check(Expr::cust(
            "no_fit in ('TOO_FEW_REPEAT_CUSTOMERS', 'NO_CONVERGENCE', 'TOO_FEW_AMOUNTS', 'NO_MEAN_AMOUNT', \
             'NO_CONVERGENCE_OF_AMOUNTS')",
        ))
        .take()
}

fn prediction() -> TableCreateStatement {
    Table::create()
        .table("lifetime_value_prediction")
        .col(uuid("customer_id").primary_key())
        .col(integer("repeats"))
        .col(integer("recency_days"))
        .col(integer("age_days"))
        .col(big_integer("repeat_spent"))
        .col(double("p_alive"))
        .col(big_integer_null("expected_average_value"))
        .col(big_integer_null("predicted_lifetime_value"))
        .foreign_key(&mut reference("customer_id", "customer", ForeignKeyAction::Cascade))
        .check(Expr::cust("p_alive between 0 and 1"))
        .take()
}

const INDEXES: &str = "
create index lifetime_value_run_by_as_of on lifetime_value_run (as_of, id);
create index lifetime_value_run_by_computed_at on lifetime_value_run (computed_at, id);
";
