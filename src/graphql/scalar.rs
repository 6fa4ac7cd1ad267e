//! The scalars beyond GraphQL's own.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, InputValueError, InputValueResult, OutputType, Positioned, Scalar, ScalarType, ServerResult,
    Value, parser::types::Field, registry::Registry,
};
use chrono::{DateTime, Utc};

use crate::{
    failure::{Failure, Outcome},
    instant::{Day, Instant},
    money::{Amount, Currency},
};

/// A decimal as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal(pub String);

/// An exact decimal, as a string such as `"1234.50"`: amounts of money in major units. As input, a number is
/// accepted too.
#[Scalar(specified_by_url = "https://www.w3.org/TR/xmlschema11-2/#decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = match &value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(InputValueError::expected_type(value)),
        };
        if rust_decimal::Decimal::from_str_exact(&text).is_err() {
            return Err(InputValueError::custom(format!("expected a decimal such as \"12.50\", not {text:?}")));
        }
        Ok(Self(text))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A span of time as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duration(pub String);

/// A span of time by ISO 8601, such as `P30D`, `P1Y6M` or `PT12H`. Years and months are calendar ones.
#[Scalar(specified_by_url = "https://www.w3.org/TR/xmlschema11-2/#duration")]
impl ScalarType for Duration {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// An instant in UTC by RFC 3339, such as `2026-11-22T09:30:00Z`. As input, any offset is accepted, and a date means
/// its first instant in UTC.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
impl ScalarType for Instant {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Self::parse(text).ok_or_else(|| {
                InputValueError::custom(format!("expected an instant such as 2026-11-22T09:30:00Z, not {text:?}"))
            }),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// The instant that figures are asked for, `now` if none is given.
///
/// # Errors
/// [`Failure::Malformed`] when it is to come: nothing is known of it.
pub fn past_instant(argument: &str, at: Option<Instant>, now: DateTime<Utc>) -> Outcome<DateTime<Utc>> {
    let at = at.map_or(now, |at| at.0);
    if at > now {
        let (at, now) = (Instant(at), Instant(now));
        return Err(Failure::Malformed(format!("{argument}: expected an instant not after {now}, not {at}")));
    }
    Ok(at)
}

/// A calendar date by ISO 8601, such as `1990-05-17`.
#[Scalar(name = "Date", specified_by_url = "https://scalars.graphql.org/andimarek/local-date")]
impl ScalarType for Day {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Self::parse(text)
                .ok_or_else(|| InputValueError::custom(format!("expected a date such as 1990-05-17, not {text:?}"))),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl OutputType for Currency {
    fn type_name() -> Cow<'static, str> {
        <String as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <String as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::from(self.code()))
    }
}

impl<const EXTRA: u32> OutputType for Amount<EXTRA> {
    fn type_name() -> Cow<'static, str> {
        <Decimal as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Decimal as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::String(self.to_string()))
    }
}
