//! What time does: the tiers that members held before the one that they hold now, each from when to when, and the
//! messages that wait too long.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text, uuid, uuid_null};

use crate::dialect::{drop_tables, execute, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(loyalty_tier_interval()).await?;
        execute(manager, FROM_THE_LOG).await?;
        execute(manager, "alter table store add column expiry_days integer not null default 3").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, "alter table store drop column expiry_days").await?;
        drop_tables(manager, &["loyalty_tier_interval"]).await
    }
}

/// Tiers may be taken away; that they were held stays.
fn loyalty_tier_interval() -> TableCreateStatement {
    Table::create()
        .table("loyalty_tier_interval")
        .col(uuid("membership_id"))
        .col(big_integer("since"))
        .col(big_integer("until"))
        .col(uuid_null("tier_id"))
        .col(text("tier_name"))
        .primary_key(Index::create().col("membership_id").col("since"))
        .foreign_key(&mut reference("membership_id", "loyalty_membership", ForeignKeyAction::Cascade))
        .foreign_key(&mut reference("tier_id", "loyalty_tier", ForeignKeyAction::SetNull))
        .check(Expr::cust("until > since"))
        .take()
}

/// What the log tells of those who are members: each tier that they came to and that there still is, up to the next; the
/// one that they hold began when they came to it, which may be before the log told of it. Deleting a tier looks for
/// its intervals.
const FROM_THE_LOG: &str = "
create index loyalty_tier_interval_by_tier on loyalty_tier_interval (tier_id) where tier_id is not null;
insert into loyalty_tier_interval (membership_id, since, until, tier_id, tier_name)
select membership.id, told.since,
    case when told.until > membership.tier_since then membership.tier_since else told.until end, tier.id, tier.name
from (
    select customer_id, program_id, tier_id, occurred_at as since,
        lead(occurred_at) over (partition by customer_id, program_id order by occurred_at, sequence) as until
    from event
    where kind in ('CUSTOMER_ENROLLED', 'CUSTOMER_UPGRADED', 'CUSTOMER_DOWNGRADED')
) told
join loyalty_membership membership
    on membership.customer_id = told.customer_id and membership.program_id = told.program_id
    and told.since >= membership.since
join loyalty_tier tier on tier.id = told.tier_id
where told.until > told.since and told.since < membership.tier_since;
";
