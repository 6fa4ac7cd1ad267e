//! What a loyalty membership leads to.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use async_graphql::{Context, SimpleObject};
use derive::resource;
use entity::loyalty_tier;
use sea_orm::{EntityTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use super::LoyaltyMembership;
use crate::{
    app::App,
    customer::Customer,
    failure::{Failure, Outcome},
    graphql::{self, LARGEST_SIZE},
    instant::Instant,
    loyalty::{LoyaltyProgram, LoyaltyTier, history, spending, tier::ladder},
    money::Money,
    store::{self, Database, Reading, Values},
};

#[resource]
impl LoyaltyMembership {
    /// Who is in the program. `$.Customer.enrolled.in.LoyaltyProgram`
    #[iri("schema:member")]
    #[states("customers", self.customer_id)]
    async fn customer(&self, ctx: &Context<'_>) -> Option<Outcome<Customer>> {
        graphql::follow(ctx, &self.siblings, "customer_id", Some(self.customer_id)).await.transpose()
    }

    /// The program that they are in. `$.Customer.enrolled.in.LoyaltyProgram`
    #[iri("schema:program")]
    #[states("loyalty-programs", self.program_id)]
    async fn program(&self, ctx: &Context<'_>) -> Option<Outcome<LoyaltyProgram>> {
        graphql::follow(ctx, &self.siblings, "program_id", Some(self.program_id)).await.transpose()
    }

    /// The tier that they hold now. `$.LoyaltyMembership.holds.LoyaltyTier`
    #[iri("customers:tier")]
    #[states("loyalty-tiers", self.tier_id)]
    async fn tier(&self, ctx: &Context<'_>) -> Option<Outcome<LoyaltyTier>> {
        graphql::follow(ctx, &self.siblings, "tier_id", Some(self.tier_id)).await.transpose()
    }

    /// What they have yet to spend to rise to the next tier, by the program's `evaluation`, in the store's currency.
    /// Null on the highest tier.
    #[iri("customers:spendToNextTier")]
    #[figure]
    async fn spend_to_next_tier(&self, ctx: &Context<'_>) -> Option<Outcome<Money>> {
        let reading = ctx.data_unchecked::<Reading>();
        let missing = self.siblings.share(graphql::place(ctx), || async {
            let (db, keys) = (database(ctx).reader(), self.siblings.keys());
            Ok(Arc::new(spending::spend_to_next_tier(db, reading.now, &keys).await?))
        });
        let missing: Outcome<Arc<HashMap<Uuid, i64>>> = missing.await;
        let missing = missing.map(|missing| missing.get(&self.key).copied()).transpose()?;
        Some(missing.map(|units| Money::new(units, reading.currency)))
    }

    /// What they get, in words: the benefits of all tiers up to theirs, the lowest first, each once.
    #[iri("customers:memberBenefit")]
    #[figure]
    async fn benefits(&self, ctx: &Context<'_>) -> Option<Outcome<Vec<String>>> {
        let tiers = self.siblings.share(graphql::place(ctx), || async {
            let programs = Values::Keys(self.siblings.foreign_keys("program_id"));
            let column = Expr::col((loyalty_tier::Entity, loyalty_tier::Column::ProgramId));
            let are_theirs = database(ctx).dialect().among(column, &programs);
            Ok(Arc::new(loyalty_tier::Entity::find().filter(are_theirs).all(database(ctx).reader()).await?))
        });
        let tiers: Outcome<Arc<Vec<loyalty_tier::Model>>> = tiers.await;
        Some(tiers.map(|tiers| ladder::benefits(&tiers, self.tier_id)))
    }

    /// Which tiers they held since they joined, the one that they hold now first. Leaving the program deletes it.
    #[view]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many intervals: at most 250.", default = 20)] first: i32,
    ) -> Option<Outcome<Vec<LoyaltyTierInterval>>> {
        let Some(limit) = u32::try_from(first).ok().filter(|_| first <= LARGEST_SIZE) else {
            let message = format!("first: expected a number from 0 to {LARGEST_SIZE}, not {first}");
            return Some(Err(Failure::Malformed(message)));
        };
        let intervals = self.siblings.share(graphql::place(ctx), || async {
            let held = history::of(database(ctx).reader(), &self.siblings.keys(), limit).await?;
            LoyaltyTierInterval::of(ctx, held).await.map(Arc::new)
        });
        let intervals: Outcome<Arc<HashMap<Uuid, Vec<LoyaltyTierInterval>>>> = intervals.await;
        Some(intervals.map(|intervals| intervals.get(&self.key).cloned().unwrap_or_default()))
    }
}

/// An interval in which a member held a tier.
#[derive(Clone, Debug, SimpleObject)]
pub struct LoyaltyTierInterval {
    /// The tier, which may have been taken away since. Null if it is gone.
    tier: Option<LoyaltyTier>,
    /// The name of the tier: what it was called when the member left it, or is called now.
    name: String,
    /// When the member came to the tier: the instant of the movement of money that brought them there, where all
    /// spending counts.
    since: Instant,
    /// When the member came to the next one, which they hold from that instant on. Null for the tier that they hold
    /// now.
    until: Option<Instant>,
}

impl LoyaltyTierInterval {
    /// The intervals of each membership, with the tiers that are shown.
    async fn of(
        ctx: &Context<'_>,
        intervals: HashMap<Uuid, Vec<history::Interval>>,
    ) -> Outcome<HashMap<Uuid, Vec<Self>>> {
        let tiers = if graphql::selects(ctx, &["tier"]) {
            let keys: BTreeSet<Uuid> = intervals.values().flatten().filter_map(|interval| interval.tier).collect();
            let reading = graphql::narrowed::<LoyaltyTier>(ctx, &[&["tier"]]);
            store::rows_by_key::<LoyaltyTier>(database(ctx), &reading, keys.into_iter().collect()).await?
        } else {
            HashMap::new()
        };
        let shown = |interval: history::Interval| Self {
            tier: interval.tier.and_then(|tier| tiers.get(&tier).cloned()),
            name: interval.name,
            since: interval.since,
            until: interval.until,
        };
        let members = intervals.into_iter();
        Ok(members.map(|(member, intervals)| (member, intervals.into_iter().map(shown).collect())).collect())
    }
}

fn database<'a>(ctx: &'a Context<'_>) -> &'a Database {
    &ctx.data_unchecked::<App>().database
}
