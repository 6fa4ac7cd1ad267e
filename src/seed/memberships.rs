//! Where seeded customers belong: the default loyalty program, and a segment whose members are chosen by hand.

use anyhow::Context;
use chrono::{DateTime, Utc};
use entity::{
    ChronoUnixTimestampMillis, customer, loyalty_membership, loyalty_program, loyalty_tier,
    segment::{self, SegmentKind},
    segment_membership,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::chance::Chance;
use crate::store::{Rows, insert_all};

/// The handle of the segment with members chosen by hand.
const PANEL: &str = "seeded-panel";

/// What customers may belong to from the start.
#[derive(Clone, Copy, Debug)]
pub struct Memberships {
    /// The lowest tier of the default program, if there is such a program.
    lowest_tier: Option<LowestTier>,
    /// The segment [`PANEL`].
    panel: Uuid,
}

#[derive(Clone, Copy, Debug)]
struct LowestTier {
    program: Uuid,
    tier: Uuid,
}

impl Memberships {
    /// Finds the program, and finds or makes the segment.
    pub async fn find(tx: &impl ConnectionTrait, chance: &mut Chance, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let lowest_tier = lowest_tier(tx).await.context("could not read the default loyalty program")?;
        let fresh = panel(chance.key(), now);
        let known = segment::Entity::find().filter(segment::Column::Handle.eq(PANEL)).one(tx).await;
        let panel = if let Some(known) = known.context("could not read the segments")? {
            known.id
        } else {
            let key = fresh.id;
            insert_all(tx, vec![fresh]).await.context("could not write a segment")?;
            key
        };
        Ok(Self { lowest_tier, panel })
    }

    /// Adds the memberships of a customer to `rows`. Which tier they hold is settled by what they spend.
    pub fn join(&self, chance: &mut Chance, customer: &customer::Model, now: DateTime<Utc>, rows: &mut Rows) {
        if let Some(LowestTier { program, tier }) = self.lowest_tier {
            rows.memberships.push(loyalty_membership::Model {
                id: chance.key(),
                program_id: program,
                customer_id: customer.id,
                tier_id: tier,
                since: customer.customer_since,
                tier_since: customer.customer_since,
            });
        }
        if chance.happens(5) {
            rows.segment_memberships.push(segment_membership::Model {
                segment_id: self.panel,
                customer_id: customer.id,
                since: ChronoUnixTimestampMillis(chance.instant(customer.customer_since.0, now)),
            });
        }
    }
}

async fn lowest_tier(tx: &impl ConnectionTrait) -> Result<Option<LowestTier>, sea_orm::DbErr> {
    let default = loyalty_program::Entity::find().filter(loyalty_program::Column::IsDefault.eq(true));
    let Some(program) = default.one(tx).await? else {
        return Ok(None);
    };
    let tier = loyalty_tier::Entity::find()
        .filter(loyalty_tier::Column::ProgramId.eq(program.id))
        .filter(loyalty_tier::Column::RetiredAt.is_null())
        .order_by_asc(loyalty_tier::Column::MinSpend)
        .one(tx)
        .await?;
    Ok(tier.map(|tier| LowestTier { program: program.id, tier: tier.id }))
}

fn panel(key: Uuid, now: DateTime<Utc>) -> segment::Model {
    let now = ChronoUnixTimestampMillis(now);
    segment::Model {
        id: key,
        handle: PANEL.to_owned(),
        name: "Panel".to_owned(),
        description: Some("Customers who are asked for their opinion.".to_owned()),
        kind: SegmentKind::Static,
        is_built_in: false,
        rule: None,
        computed_at: None,
        deleted_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}
