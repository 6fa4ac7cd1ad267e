//! What scores and runs can be filtered and sorted by.

use derive::filter;
use entity::{
    rfm_run::{self, Column},
    rfm_score::RfmSegment,
};
use sea_orm::sea_query::Expr;

use super::RfmRun;
use crate::{
    graphql::{
        Listed,
        comparison::{BooleanComparison, DateTimeComparison, IntComparison, StringComparison, term_comparison},
        order_by,
    },
    store::Reading,
};

term_comparison! {
    /// Tests of the segment by scores. All given must pass.
    RfmSegmentComparison, RfmSegment
}

/// Which scores. All conditions given must hold.
#[filter(table = entity::rfm_score)]
pub struct RfmScoreWhere {
    /// Score of how recently they bought, 1 to 5.
    #[column(Recency)]
    recency: IntComparison,
    /// Score of how often they bought, 1 to 5.
    #[column(Frequency)]
    frequency: IntComparison,
    /// Score of how much they spent, 1 to 5.
    #[column(Monetary)]
    monetary: IntComparison,
    /// The three scores as digits, such as `543`.
    #[expression(code)]
    score: StringComparison,
    /// The segment that the three scores make.
    #[column(Segment)]
    segment: RfmSegmentComparison,
}

/// The three scores as digits, in SQL.
fn code(_: &Reading) -> Expr {
    Expr::cust("cast(rfm_score.recency * 100 + rfm_score.frequency * 10 + rfm_score.monetary as text)")
}

/// Which runs that scored customers. All conditions given must hold.
#[filter(table = entity::rfm_run)]
pub struct RfmRunWhere {
    /// The instant as of which customers were scored.
    #[column(AsOf)]
    as_of: DateTimeComparison,
    /// Whether it was an instant of the past.
    #[column(IsHistorical)]
    is_historical: BooleanComparison,
    /// How many customers had scores.
    #[column(Population)]
    population: IntComparison,
}

order_by! {
    /// What runs that scored customers are sorted by.
    RfmRunOrderBy,
    /// The fields that runs that scored customers can be sorted by.
    RfmRunOrderField {
        /// The instant as of which customers were scored.
        AsOf: Integer rfm_run::Entity, Column::AsOf;
    }
    default AsOf Desc
}

impl Listed for RfmRun {
    type Where = RfmRunWhere;
    type OrderBy = RfmRunOrderBy;
}
