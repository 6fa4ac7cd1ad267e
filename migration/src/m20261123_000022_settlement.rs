//! What is left to be settled once it is committed: the members of a program whose tiers were edited, and of a segment that
//! was deleted. Tiers that were taken away stay, apart from the others, whose names, ranks and thresholds alone are unique;
//! as none is deleted, no intervals of one are looked for.

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
        execute(manager, DOWN).await
    }
}

const UP: &str = "
alter table segment add column deleted_at bigint;
alter table loyalty_program add column is_settled boolean not null default true;
alter table loyalty_tier add column retired_at bigint;
drop index loyalty_tier_rank_unique;
drop index loyalty_tier_min_spend_unique;
drop index loyalty_tier_name_unique;
drop index loyalty_tier_interval_by_tier;
create unique index loyalty_tier_rank_unique on loyalty_tier (program_id, rank) where retired_at is null;
create unique index loyalty_tier_min_spend_unique on loyalty_tier (program_id, min_spend) where retired_at is null;
create unique index loyalty_tier_name_unique on loyalty_tier (program_id, name) where retired_at is null;
";

/// Tiers that were taken away go; nobody holds one in a program that is settled.
const DOWN: &str = "
create index loyalty_tier_interval_by_tier on loyalty_tier_interval (tier_id) where tier_id is not null;
drop index loyalty_tier_name_unique;
drop index loyalty_tier_min_spend_unique;
drop index loyalty_tier_rank_unique;
delete from loyalty_tier where retired_at is not null;
create unique index loyalty_tier_rank_unique on loyalty_tier (program_id, rank);
create unique index loyalty_tier_min_spend_unique on loyalty_tier (program_id, min_spend);
create unique index loyalty_tier_name_unique on loyalty_tier (program_id, name);
alter table loyalty_tier drop column retired_at;
alter table loyalty_program drop column is_settled;
delete from segment where deleted_at is not null;
alter table segment drop column deleted_at;
";
