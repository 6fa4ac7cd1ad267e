//! What became of mutations that clients may repeat.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text, text_null};

use crate::dialect::{drop_tables, execute};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("idempotency")
                    .col(text("key"))
                    .col(text("field"))
                    .col(text("request_hash"))
                    .col(text_null("result"))
                    .col(big_integer("created_at"))
                    .primary_key(Index::create().col("key").col("field"))
                    .take(),
            )
            .await?;
        execute(manager, "create index idempotency_by_created_at on idempotency (created_at)").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["idempotency"]).await
    }
}
