//! What rules can be about.

use sea_orm::sea_query::{DynIden, Expr};

use crate::store::{Join, JsonType, Reading};

/// A type of node that rules are about. `#[filter]` makes one of each `where` input.
#[derive(Debug)]
pub struct Subject {
    /// Its table.
    pub table: fn() -> DynIden,
    /// The condition that a row has not been deleted, where rows can be.
    pub live: Option<fn() -> Expr>,
    /// The collection of its IRIs, where rules can name nodes of it.
    pub collection: Option<&'static str>,
    /// The fields that can be tested.
    pub fields: &'static [Field],
    /// The edges that rules can follow.
    pub edges: &'static [Edge],
}

/// A field that can be tested.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in `where`.
    pub name: &'static str,
    /// How literals are brought to what the expression holds.
    pub kind: Kind,
    /// What it reads.
    pub expression: fn(&Reading) -> Expr,
    /// Whether it is personal data.
    pub is_personal: bool,
}

/// An edge that rules can follow.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// Its name in `where`.
    pub name: &'static str,
    /// How the related rows are found.
    pub join: Join,
    /// The condition that they fulfil besides, where not all that are found count.
    pub only: Option<fn() -> Expr>,
    /// What they are.
    pub subject: fn() -> &'static Subject,
    /// How conditions on them are written.
    pub shape: Shape,
}

/// How conditions on an edge are written in `where`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// There is one related node at most, and its conditions follow at once.
    One,
    /// By `some`, `none`, `every` and `count`.
    Many,
    /// The related nodes have one field of text: by `has` and its like.
    Tags,
}

/// What an expression holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text as it was written; tests look at it letter by letter.
    Text,
    /// Text folded by [`crate::fold::text`], as the literal is for the test.
    Folded,
    /// Text folded by [`crate::fold::email`], as the literal is for the test.
    Email,
    /// A whole number.
    Integer,
    /// A number with a fraction.
    Number,
    /// Money in minor units of the store's currency.
    Money,
    /// The price of one unit, in ten-thousandths of a minor unit of the store's currency.
    UnitPrice,
    /// Milliseconds since 1970.
    Instant,
    /// A date.
    Day,
    /// True or false.
    Boolean,
    /// The key of a node.
    Key,
    /// An object of JSON, whose members are compared.
    Json,
}

impl From<JsonType> for Kind {
    fn from(json: JsonType) -> Self {
        match json {
            JsonType::Any => Self::Json,
            JsonType::Text => Self::Text,
            JsonType::Number => Self::Number,
            JsonType::Boolean => Self::Boolean,
        }
    }
}

impl Subject {
    /// The field called `name`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The edge called `name`.
    #[must_use]
    pub fn edge(&self, name: &str) -> Option<&Edge> {
        self.edges.iter().find(|edge| edge.name == name)
    }
}

impl Field {
    /// The collection of the IRIs that it is compared with, if it is a key.
    #[must_use]
    pub fn collection(&self, subject: &Subject) -> Option<&'static str> {
        subject.collection.filter(|_| self.kind == Kind::Key)
    }
}
