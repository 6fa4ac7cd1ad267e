//! A change that is made as a whole or not at all, on every database.

use sea_orm_migration::prelude::*;

/// Runs a migration in a transaction. On `SQLite` that is not the default: a server killed halfway would
/// leave tables behind that the next start stumbles over, and every statement would wait for the disk by
/// itself.
pub struct Atomic<M>(pub M);

impl<M: MigrationName> MigrationName for Atomic<M> {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[async_trait::async_trait]
impl<M: MigrationTrait> MigrationTrait for Atomic<M> {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.up(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.down(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
