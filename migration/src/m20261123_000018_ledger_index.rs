//! An index that has all that figures of the past are told from, so that they are read from it alone and in the order of
//! customers. It begins as the one that it replaces.

use sea_orm_migration::prelude::*;

use crate::dialect::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, "drop index orders_by_customer_and_status").await?;
        execute(
            manager,
            "create index orders_by_customer_and_status on orders
                (customer_id, status, delivered_at, order_date, cancelled_at, total, exchange_rate)",
        )
        .await?;
        // A database that has counted its rows knows nothing of a new index until it counts again.
        execute(manager, "analyze orders").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, "drop index orders_by_customer_and_status").await?;
        execute(manager, "create index orders_by_customer_and_status on orders (customer_id, status, delivered_at)")
            .await
    }
}
