//! Runs of the scoring of customers by recency, frequency and monetary value.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::rfm_score::RfmSegment;

/// What a run found, as of its instant.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rfm_run")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The instant as of which customers were scored.
    pub as_of: ChronoUnixTimestampMillis,
    /// Whether it was an instant of the past, so that the scores of customers were left alone.
    pub is_historical: bool,
    /// How many customers had scores.
    pub population: i64,
    /// From which values on the scores were given.
    #[sea_orm(column_type = "JsonBinary")]
    pub cut_points: CutPoints,
    /// How the customers spread over recency and frequency.
    #[sea_orm(column_type = "JsonBinary")]
    pub grid: Cells,
    /// How the customers spread over segments.
    #[sea_orm(column_type = "JsonBinary")]
    pub segments: Shares,
    /// When the run ended.
    pub created_at: ChronoUnixTimestampMillis,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The cut points of the scores 1 to 5.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct CutPoints(pub Vec<CutPoint>);

/// The worst values that got a score; null where nobody got it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutPoint {
    /// The score.
    pub score: i32,
    /// Days since the last purchase: the most.
    pub recency: Option<i64>,
    /// Purchases: the fewest.
    pub frequency: Option<i64>,
    /// Net spending in minor units of the store's currency: the least.
    pub monetary: Option<i64>,
}

/// The cells of a grid that are not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Cells(pub Vec<Cell>);

/// The customers with one recency and one frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The score of recency.
    pub recency: i32,
    /// The score of frequency.
    pub frequency: i32,
    /// How many they are.
    pub customers: i64,
    /// Their net spending, in minor units of the store's currency.
    pub revenue: i64,
}

/// The segments that are not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Shares(pub Vec<Share>);

/// The customers of one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The segment.
    pub segment: RfmSegment,
    /// How many they are.
    pub customers: i64,
    /// Their net spending, in minor units of the store's currency.
    pub revenue: i64,
}
