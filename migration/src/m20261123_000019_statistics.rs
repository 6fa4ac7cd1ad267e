//! What PostgreSQL keeps of how amounts spread. A few customers spend most; with a hundred ranges of as many customers
//! each, those who spent more than all but 500 of a million looked like ten times as many.

use sea_orm_migration::prelude::*;

use crate::dialect::{execute, is_postgres};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        keep(manager, "500").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        keep(manager, "-1").await
    }
}

/// How many ranges are kept; -1 for as many as of any column.
async fn keep(manager: &SchemaManager<'_>, ranges: &str) -> Result<(), DbErr> {
    if !is_postgres(manager) {
        return Ok(());
    }
    execute(manager, &format!("alter table customer alter column total_spent set statistics {ranges}")).await?;
    execute(manager, "analyze customer (total_spent)").await
}
