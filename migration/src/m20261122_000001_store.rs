//! The store, one row.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, text};

use crate::dialect::drop_tables;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("store")
                    .col(integer("id").primary_key())
                    .col(text("currency"))
                    .col(big_integer("created_at"))
                    .check(Expr::cust("id = 1"))
                    .check(Expr::cust("length(currency) = 3"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["store"]).await
    }
}
