//! Scores as of the instant of a run, told from its cut points and from what the ledger says of that instant now.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use entity::{
    ChronoUnixTimestampMillis,
    rfm_run::{Column, CutPoints, Entity},
    rfm_score::RfmSegment,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{RfmRun, node::code, segment::segment};
use crate::{
    failure::Outcome,
    store::{self, Database, Reading},
};

/// The scores of a customer as of the instant of a run, by recency, frequency and monetary value: each 1 for the worst
/// to 5, among all customers who had a purchase by then.
#[derive(Clone, Debug, SimpleObject)]
pub struct RfmScores {
    /// Score of how recently they had bought.
    recency: i32,
    /// Score of how often they had bought.
    frequency: i32,
    /// Score of how much they had spent.
    monetary: i32,
    /// The three scores as digits, such as `543`.
    score: String,
    /// The segment that the three scores make.
    segment: RfmSegment,
    /// The run.
    run: Option<RfmRun>,
}

/// A run, and from which values on it gave its scores.
#[derive(Debug)]
pub struct PastRun {
    id: Uuid,
    cut_points: CutPoints,
    node: OnceCell<Outcome<Option<RfmRun>>>,
}

impl PastRun {
    /// The run as of exactly `as_of`, the last if there are several.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(database: &Database, as_of: DateTime<Utc>) -> Outcome<Option<Self>> {
        let found = stored(database.reader(), as_of).await?;
        Ok(found.map(|(id, cut_points)| Self { id, cut_points, node: OnceCell::new() }))
    }

    /// The run as a node, read once, as a whole: for all places that ask for it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn node(&self, database: &Database, reading: &Reading) -> Outcome<Option<RfmRun>> {
        let is_it = Expr::col((Entity, Column::Id)).eq(self.id);
        self.node.get_or_init(|| store::row::<RfmRun>(database, reading, is_it)).await.clone()
    }

    /// The scores of a customer, told with the node of the run if it was read, with so many whole days since the last
    /// purchase, so many purchases, and so much spent, in minor units of the store's currency.
    #[must_use]
    pub fn scores(&self, idle: i64, purchases: i64, spent: i64, run: Option<RfmRun>) -> RfmScores {
        let [recency, frequency, monetary] = scores(&self.cut_points, idle, purchases, spent);
        RfmScores {
            recency,
            frequency,
            monetary,
            score: code(recency, frequency, monetary),
            segment: segment(recency, frequency, monetary),
            run,
        }
    }
}

async fn stored(db: &impl ConnectionTrait, as_of: DateTime<Utc>) -> Result<Option<(Uuid, CutPoints)>, DbErr> {
    Entity::find()
        .select_only()
        .columns([Column::Id, Column::CutPoints])
        .filter(Column::AsOf.eq(ChronoUnixTimestampMillis(as_of)))
        .order_by_desc(Column::Id)
        .into_tuple()
        .one(db)
        .await
}

/// Recency, frequency and monetary value: the best score that the value is good enough for. Equal values have equal
/// scores, so that the worst value of a score tells all that have it.
fn scores(cut_points: &CutPoints, idle: i64, purchases: i64, spent: i64) -> [i32; 3] {
    let best = |is_reached: &dyn Fn(&entity::rfm_run::CutPoint) -> Option<bool>| {
        let reached = cut_points.0.iter().filter(|point| is_reached(point) == Some(true));
        reached.map(|point| point.score).max().unwrap_or(1)
    };
    [
        best(&|point| point.recency.map(|most| idle <= most)),
        best(&|point| point.frequency.map(|fewest| purchases >= fewest)),
        best(&|point| point.monetary.map(|least| spent >= least)),
    ]
}

#[cfg(test)]
mod tests {
    use entity::rfm_run::CutPoint;

    use super::*;

    /// The frequencies of METRICS' example, 1 1 1 1 1 2 2 3 5 9: scores 1 1 1 1 1 3 3 4 5 5.
    #[test]
    fn a_value_has_the_best_score_that_it_reaches() {
        let fewest = [Some(1), None, Some(2), Some(3), Some(5)];
        let point = |(score, frequency)| CutPoint { score, recency: None, frequency, monetary: None };
        let cut_points = CutPoints((1..).zip(fewest).map(point).collect());

        let told = [1, 2, 3, 4, 5, 9].map(|purchases| scores(&cut_points, 0, purchases, 0)[1]);

        assert_eq!(told, [1, 3, 4, 4, 5, 5]);
        assert_eq!(scores(&cut_points, 0, 1, 0), [1, 1, 1]);
    }
}
