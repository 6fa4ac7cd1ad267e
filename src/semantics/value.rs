//! The types of values that nodes hold: how each is stored, decoded, typed in RDF and written in JSON.

use entity::{
    ChronoUnixTimestampMillis,
    communication::{CommunicationChannel, CommunicationPurpose, CommunicationState},
    communication_attempt::AttemptOutcome,
    consent::ConsentState,
    customer::{CustomerKind, Gender},
    event::{EventCause, EventType},
    job_run::{JobName, JobState},
    lifetime_value_run::NoFit,
    loyalty_program::LoyaltyEvaluation,
    order::OrderStatus,
    rfm_score::RfmSegment,
    segment::SegmentKind,
    term,
    texts::Texts,
};
use sea_orm::{TryGetable, prelude::Date};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    instant::{Day, Instant},
    money::{Amount, Currency},
    store::{Read, Reading},
};

/// What the values of a property are.
#[derive(Clone, Copy, Debug)]
pub enum Range {
    /// Text.
    Text,
    /// Several texts, in order.
    Texts,
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// A number that is not exact: a probability, an expectation.
    Double,
    /// An exact decimal, written as text.
    Decimal,
    /// A calendar date.
    Date,
    /// An instant in UTC.
    DateTime,
    /// Any JSON, kept as it is.
    Json,
    /// One of the terms of a class: the class, what it means, its terms.
    Terms(&'static str, &'static str, &'static [term::Description]),
    /// Things without IRIs of their own, written in place: their class, what it means, and their facts.
    Thing(&'static str, &'static str, &'static [super::Fact]),
}

/// A type of value that is stored in a column.
pub trait Stored {
    /// What the row holds.
    type Column: TryGetable;

    /// Makes the value from what the row holds.
    fn from_column(column: Self::Column, reading: &Reading) -> Self;
}

/// A type of value that nodes state.
pub trait Value {
    /// What it is in RDF.
    const RANGE: Range;

    /// Whether there is nothing to state.
    fn is_absent(&self) -> bool {
        false
    }

    /// What JSON-LD writes.
    fn as_json(&self) -> impl Serialize + '_;
}

impl<T: Stored> Stored for Option<T> {
    type Column = Option<T::Column>;

    fn from_column(column: Self::Column, reading: &Reading) -> Self {
        column.map(|column| T::from_column(column, reading))
    }
}

impl<T: Value> Value for Option<T> {
    const RANGE: Range = T::RANGE;

    fn is_absent(&self) -> bool {
        self.as_ref().is_none_or(Value::is_absent)
    }

    fn as_json(&self) -> impl Serialize + '_ {
        self.as_ref().map(Value::as_json)
    }
}

impl<T: Value> Value for Read<T> {
    const RANGE: Range = T::RANGE;

    fn is_absent(&self) -> bool {
        self.get().is_none_or(Value::is_absent)
    }

    fn as_json(&self) -> impl Serialize + '_ {
        self.get().map(Value::as_json)
    }
}

/// Values that rows hold as nodes do.
macro_rules! stored_as_it_is {
    ($type:ty) => {
        impl Stored for $type {
            type Column = Self;

            fn from_column(column: Self, _: &Reading) -> Self {
                column
            }
        }
    };
}

/// Values that are stored as they are, and written as they are.
macro_rules! plain_values {
    ($($type:ty: $range:ident),* $(,)?) => {$(
        stored_as_it_is!($type);

        impl Value for $type {
            const RANGE: Range = Range::$range;

            fn as_json(&self) -> impl Serialize + '_ {
                self
            }
        }
    )*};
}

/// Enums, written by the names of their terms.
macro_rules! term_values {
    ($($type:ty),* $(,)?) => {$(
        impl $crate::semantics::value::Value for $type {
            const RANGE: $crate::semantics::Range = $crate::semantics::Range::Terms(
                <$type as ::entity::term::Term>::CLASS,
                <$type as ::entity::term::Term>::COMMENT,
                <$type as ::entity::term::Term>::TERMS,
            );

            fn as_json(&self) -> impl ::serde::Serialize + '_ {
                ::entity::term::Term::description(*self).name
            }
        }
    )*};
}

pub(crate) use term_values;

/// Enums of columns.
macro_rules! stored_terms {
    ($($type:ty),* $(,)?) => {$(
        stored_as_it_is!($type);
        term_values!($type);
    )*};
}

plain_values! { String: Text, bool: Boolean, i32: Integer, i64: Integer, f64: Double, serde_json::Value: Json, Uuid: Text }
stored_terms! {
    AttemptOutcome, CommunicationChannel, CommunicationPurpose, CommunicationState, ConsentState, CustomerKind, EventCause, EventType,
    Gender, JobName, JobState, LoyaltyEvaluation, NoFit, OrderStatus, RfmSegment, SegmentKind,
}

impl Stored for Currency {
    type Column = String;

    fn from_column(column: String, reading: &Reading) -> Self {
        // Only codes that were read as currencies are ever written.
        column.parse().unwrap_or(reading.currency)
    }
}

impl Value for Currency {
    const RANGE: Range = Range::Text;

    fn as_json(&self) -> impl Serialize + '_ {
        self.code()
    }
}

impl<const EXTRA: u32> Stored for Amount<EXTRA> {
    type Column = i64;

    fn from_column(column: i64, reading: &Reading) -> Self {
        Self::new(column, reading.currency)
    }
}

impl<const EXTRA: u32> Value for Amount<EXTRA> {
    const RANGE: Range = Range::Decimal;

    fn as_json(&self) -> impl Serialize + '_ {
        self
    }
}

impl Stored for Instant {
    type Column = ChronoUnixTimestampMillis;

    fn from_column(column: ChronoUnixTimestampMillis, _: &Reading) -> Self {
        Self(column.0)
    }
}

impl Value for Instant {
    const RANGE: Range = Range::DateTime;

    fn as_json(&self) -> impl Serialize + '_ {
        self
    }
}

impl Stored for Day {
    type Column = Date;

    fn from_column(column: Date, _: &Reading) -> Self {
        Self(column)
    }
}

impl Value for Day {
    const RANGE: Range = Range::Date;

    fn as_json(&self) -> impl Serialize + '_ {
        self
    }
}

impl Stored for Vec<String> {
    type Column = Texts;

    fn from_column(column: Texts, _: &Reading) -> Self {
        column.0
    }
}

impl Value for Vec<String> {
    const RANGE: Range = Range::Texts;

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn as_json(&self) -> impl Serialize + '_ {
        self
    }
}
