//! The parameters that each prediction was made with, so that all that is told of a customer is told by one fit, also
//! while a job is half-way through predicting anew.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, double, integer, uuid};

use crate::dialect::{drop_tables, execute, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, KEEP).await?;
        drop_tables(manager, &["lifetime_value_prediction"]).await?;
        manager.create_table(prediction()).await?;
        execute(manager, RESTORE).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, DOWN).await
    }
}

/// Predictions were told by the latest run that is not historical. Without one, or if it has no fit, they are what an
/// interrupted job left, and the next one makes them anew.
const KEEP: &str = "
create table kept_prediction as
select prediction.*, run.r, run.alpha, run.a, run.b
from lifetime_value_prediction prediction
cross join (
    select r, alpha, a, b from lifetime_value_run where not is_historical order by computed_at desc, id desc limit 1
) run
where run.r is not null;
";

fn prediction() -> TableCreateStatement {
    Table::create()
        .table("lifetime_value_prediction")
        .col(uuid("customer_id").primary_key())
        .col(integer("repeats"))
        .col(integer("recency_days"))
        .col(integer("age_days"))
        .col(big_integer("repeat_spent"))
        .col(double("r"))
        .col(double("alpha"))
        .col(double("a"))
        .col(double("b"))
        .col(double("p_alive"))
        .col(big_integer_null("expected_average_value"))
        .col(big_integer_null("predicted_lifetime_value"))
        .foreign_key(&mut reference("customer_id", "customer", ForeignKeyAction::Cascade))
        .check(Expr::cust("p_alive between 0 and 1"))
        .take()
}

const RESTORE: &str = "
insert into lifetime_value_prediction (customer_id, repeats, recency_days, age_days, repeat_spent, r, alpha, a, b,
    p_alive, expected_average_value, predicted_lifetime_value)
select customer_id, repeats, recency_days, age_days, repeat_spent, r, alpha, a, b,
    p_alive, expected_average_value, predicted_lifetime_value
from kept_prediction;
drop table kept_prediction;
";

const DOWN: &str = "
alter table lifetime_value_prediction drop column b;
alter table lifetime_value_prediction drop column a;
alter table lifetime_value_prediction drop column alpha;
alter table lifetime_value_prediction drop column r;
";
