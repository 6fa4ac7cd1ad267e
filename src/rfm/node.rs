//! Scores and their runs as every face shows them.

use derive::{resource, thing};
use entity::{rfm_run, rfm_score::RfmSegment};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    instant::Instant,
    money::Money,
    semantics::{
        Range,
        value::{Stored, Value},
    },
    store::Reading,
};

/// The scores of a customer by recency, frequency and monetary value, each 1 for the worst to 5, among all customers
/// with a purchase. Customers with equal values have equal scores.
#[resource(class = "customers:RfmScore", collection = "rfm-scores", table = entity::rfm_score)]
pub struct RfmScore {
    #[key]
    key: Uuid,
    /// Score of how recently they bought: by whole days since the last purchase.
    #[iri("customers:recency")]
    recency: i32,
    /// Score of how often they bought: by the number of purchases.
    #[iri("customers:frequency")]
    frequency: i32,
    /// Score of how much they spent: by purchases less refunds.
    #[iri("customers:monetary")]
    monetary: i32,
    /// The three scores as digits, such as `543`.
    #[iri("customers:rfmCode")]
    #[derived(code(recency, frequency, monetary))]
    score: String,
    /// The segment that the three scores make.
    #[iri("customers:rfmSegment")]
    segment: RfmSegment,
}

/// The scores as digits.
pub(super) fn code(recency: i32, frequency: i32, monetary: i32) -> String {
    format!("{recency}{frequency}{monetary}")
}

/// A run that scored all customers with a purchase: what it found, as of its instant.
#[resource(class = "customers:RfmRun", collection = "rfm-runs", table = entity::rfm_run)]
pub struct RfmRun {
    #[key]
    key: Uuid,
    /// The instant as of which customers were scored.
    #[iri("customers:asOf")]
    as_of: Instant,
    /// Whether it was an instant of the past, so that the scores of customers were left alone.
    #[iri("customers:isHistorical")]
    is_historical: bool,
    /// How many customers had a purchase by then, and scores.
    #[iri("customers:population")]
    population: i64,
    /// From which values on the scores 1 to 5 were given, the worst first. With them the scores of any customer at that
    /// instant follow from their figures.
    #[iri("customers:cutPoint")]
    cut_points: Vec<RfmCutPoint>,
    /// The customers by recency and frequency, the worst first. Pairs of scores that nobody had are left out.
    #[iri("customers:rfmCell")]
    grid: Vec<RfmCell>,
    /// The customers by segment. Segments without any are left out.
    #[iri("customers:rfmShare")]
    segments: Vec<RfmShare>,
    /// When the run ended.
    #[iri("customers:createdAt")]
    created_at: Instant,
}

/// The worst values that got a score.
#[thing("customers:RfmCutPoint")]
pub struct RfmCutPoint {
    /// The score, 1 to 5.
    #[iri("customers:score")]
    score: i32,
    /// The most whole days since the last purchase. Null if nobody got the score for recency.
    #[iri("customers:recencyDays")]
    recency_days: Option<i64>,
    /// The fewest purchases. Null if nobody got the score for frequency.
    #[iri("customers:purchases")]
    purchases: Option<i64>,
    /// The least net spending, in the store's currency. Null if nobody got the score for monetary value.
    #[iri("customers:spending")]
    spending: Option<Money>,
}

/// The customers with the same recency and frequency.
#[thing("customers:RfmCell")]
pub struct RfmCell {
    /// The score of recency, 1 to 5.
    #[iri("customers:recency")]
    recency: i32,
    /// The score of frequency, 1 to 5.
    #[iri("customers:frequency")]
    frequency: i32,
    /// How many they were.
    #[iri("customers:customerCount")]
    count: i64,
    /// What they had spent, less refunds, in the store's currency.
    #[iri("customers:revenue")]
    revenue: Money,
}

/// The customers of one segment.
#[thing("customers:RfmShare")]
pub struct RfmShare {
    /// The segment.
    #[iri("customers:rfmSegment")]
    segment: RfmSegment,
    /// How many they were.
    #[iri("customers:customerCount")]
    count: i64,
    /// What they had spent, less refunds, in the store's currency.
    #[iri("customers:revenue")]
    revenue: Money,
}

/// Several things in one column, each made of what the row holds.
macro_rules! stored_things {
    ($($thing:ident from $column:path, |$row:ident, $reading:ident| $make:expr;)*) => {$(
        impl Stored for Vec<$thing> {
            type Column = $column;

            fn from_column(column: $column, $reading: &Reading) -> Self {
                column.0.into_iter().map(|$row| $make).collect()
            }
        }

        impl Value for Vec<$thing> {
            const RANGE: Range = <$thing as Value>::RANGE;

            fn is_absent(&self) -> bool {
                self.is_empty()
            }

            fn as_json(&self) -> impl Serialize + '_ {
                self
            }
        }
    )*};
}

stored_things! {
    RfmCutPoint from rfm_run::CutPoints, |point, reading| RfmCutPoint {
        score: point.score,
        recency_days: point.recency,
        purchases: point.frequency,
        spending: point.monetary.map(|spending| Money::new(spending, reading.currency)),
    };
    RfmCell from rfm_run::Cells, |cell, reading| RfmCell {
        recency: cell.recency,
        frequency: cell.frequency,
        count: cell.customers,
        revenue: Money::new(cell.revenue, reading.currency),
    };
    RfmShare from rfm_run::Shares, |share, reading| RfmShare {
        segment: share.segment,
        count: share.customers,
        revenue: Money::new(share.revenue, reading.currency),
    };
}
