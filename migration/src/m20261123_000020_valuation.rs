//! How the store tells what customers are worth: by a margin in ten-thousandths, and by a monthly discount.

use sea_orm_migration::prelude::*;

use crate::dialect::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(
            manager,
            "alter table store add column margin integer not null default 10000 check (margin between 1 and 10000);
            alter table store add column monthly_discount double precision not null default 0.01
                check (monthly_discount >= 0 and monthly_discount < 1);",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(
            manager,
            "alter table store drop column monthly_discount;
            alter table store drop column margin;",
        )
        .await
    }
}
