//! Places in the log, as clients hold them.

use std::{
    borrow::Cow,
    fmt::{self, Display, Formatter},
};

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value, parser::types::Field, registry::Registry,
};
use serde::Serialize;

use crate::{
    failure::{Failure, Outcome},
    semantics::{Range, value},
    store::Reading,
};

/// A place in the log: the position of the event before it. Opaque to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(pub i64);

/// What cursors begin with, so that those of lists are not taken for them.
const PREFIX: &str = "event-";

impl Cursor {
    /// Reads a cursor that was written by this server.
    ///
    /// # Errors
    /// [`Failure::Malformed`] for anything else; `argument` is named in the message.
    pub fn parse(argument: &str, text: &str) -> Outcome<Self> {
        let digits = text.strip_prefix(PREFIX).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let position = digits.and_then(|digits| digits.parse().ok());
        position.map(Self).ok_or_else(|| {
            Failure::malformed(format!("{argument}: expected the cursor of an event, as this server gave it"))
        })
    }
}

impl Display for Cursor {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{PREFIX}{}", self.0)
    }
}

impl value::Stored for Cursor {
    type Column = i64;

    fn from_column(column: i64, _: &Reading) -> Self {
        Self(column)
    }
}

impl value::Value for Cursor {
    const RANGE: Range = Range::Text;

    fn as_json(&self) -> impl Serialize + '_ {
        self.to_string()
    }
}

impl OutputType for Cursor {
    fn type_name() -> Cow<'static, str> {
        <String as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <String as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::from(self.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is() {
        for position in [0, 1, i64::MAX] {
            assert_eq!(Cursor::parse("after", &Cursor(position).to_string()).ok(), Some(Cursor(position)));
        }
        for text in ["", "1", "event-", "event--1", "event-+1", "event-1x", "event-9223372036854775808"] {
            assert!(Cursor::parse("after", text).is_err(), "{text}");
        }
    }
}
