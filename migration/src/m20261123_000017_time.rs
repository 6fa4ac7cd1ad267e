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

/// What the log tells of those who are members: each tier that they came to, up to the next. Deleting a tier looks for
/// its intervals.
const FROM_THE_LOG: &str = "
create index loyalty_tier_interval_by_tier on loyalty_tier_interval (tier_id) where tier_id is not null;
insert into loyalty_tier_interval (membership_id, since, until, tier_id, tier_name)
select held.membership_id, held.since, held.until, held.tier_id, held.tier_name
from (
    select membership.id as membership_id, event.occurred_at as since, membership.tier_since,
        lead(event.occurred_at) over (partition by membership.id order by event.occurred_at, event.sequence) as until,
        tier.id as tier_id, tier.name as tier_name
    from loyalty_membership membership
    join event on event.customer_id = membership.customer_id and event.program_id = membership.program_id
        and event.kind in ('CUSTOMER_ENROLLED', 'CUSTOMER_UPGRADED', 'CUSTOMER_DOWNGRADED')
        and event.occurred_at >= membership.since
    join loyalty_tier tier on tier.id = event.tier_id
) held
where held.until > held.since and held.until <= held.tier_since;
";
