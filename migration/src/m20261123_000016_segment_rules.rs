//! Segments by rules of clients' own: which rules a process may keep in memory, and what decided who came and went.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{json_binary, uuid_null};

use crate::dialect::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let decided_by = Table::alter().table("event").add_column(json_binary("decided_by").default("[]")).take();
        manager.alter_table(decided_by).await?;
        manager.alter_table(Table::alter().table("store").add_column(uuid_null("rules_edition")).take()).await?;
        execute(manager, INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, DOWN).await
    }
}

const INDEXES: &str = "
create index event_by_segment on event (segment_id, occurred_at, id) where segment_id is not null;
create index segment_to_compute on segment (id) where rule is not null and computed_at is null;
";

const DOWN: &str = "
drop index segment_to_compute;
drop index event_by_segment;
alter table store drop column rules_edition;
alter table event drop column decided_by;
";
