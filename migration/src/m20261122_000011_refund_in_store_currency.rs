//! What a refund takes from the spending of its customer.

use sea_orm_migration::prelude::*;

use crate::dialect::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, "alter table refund drop column store_amount").await
    }
}

/// Those that are there were each converted by themselves.
const UP: &str = "
alter table refund add column store_amount bigint not null default 0;
update refund set store_amount = coalesce(
    (select (refund.amount * orders.exchange_rate + 500000) / 1000000
        from orders where orders.id = refund.order_id and orders.exchange_rate is not null),
    refund.amount
);
";
