//! What became of mutations that clients may repeat.

use sea_orm::entity::prelude::*;

/// What is kept of a request with an idempotency key: one row for each of its mutations, and one for its answer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// The key that the client chose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The name that the mutation has in the answer; empty for the answer itself.
    #[sea_orm(primary_key, auto_increment = false)]
    pub field: String,
    /// SHA-256 of the request, in base 64.
    pub request_hash: String,
    /// JSON: what became of the mutation, or the answer's data; null until that is known. Nodes are named by their
    /// keys, or by IRIs with U+0000 in place of the base.
    pub result: Option<String>,
    /// When the request was made.
    pub created_at: ChronoUnixTimestampMillis,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
