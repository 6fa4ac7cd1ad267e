//! People and desks to turn to at an organization.

use sea_orm::entity::prelude::*;

/// A way to reach a customer for a certain matter.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_point")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose contact it is.
    pub customer_id: Uuid,
    /// Name of the person or desk; null if not known.
    pub name: Option<String>,
    /// What it is for, such as a job title or "billing"; null if not stated.
    pub contact_type: Option<String>,
    /// E-mail address as written; null if there is none.
    pub email: Option<String>,
    /// Telephone number as written; null if there is none.
    pub telephone: Option<String>,
    /// `telephone` by E.164; null unless it is a valid number whose country is known.
    pub telephone_e164: Option<String>,
    /// Fax number as written; null if there is none.
    pub fax_number: Option<String>,
    /// Counts edits by clients from 1.
    pub version: i32,
    /// When the row was made.
    pub created_at: ChronoUnixTimestampMillis,
    /// When a client last edited it.
    pub updated_at: ChronoUnixTimestampMillis,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
