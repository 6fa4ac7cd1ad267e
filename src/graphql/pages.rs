//! The arguments of a connection, and the cursors that they take.

use async_graphql::InputType;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::comparison::Where;
use crate::{
    failure::{Failure, Outcome},
    semantics::Resource,
    store::{Position, Record, Sort, SortKind, SortValue, Window},
};

/// How many nodes a page has when nothing is said.
pub const DEFAULT_SIZE: i32 = 20;
/// How many nodes a page has at most.
pub const LARGEST_SIZE: i32 = 250;

/// A type of node that lists hold.
pub trait Listed: Record + Resource + async_graphql::OutputType + std::fmt::Debug {
    /// Its `where`.
    type Where: Where + InputType + Clone + std::fmt::Debug;
    /// Its `orderBy`; the default is the order when nothing is asked for.
    type OrderBy: InputType + Into<Sort> + Default + Clone + std::fmt::Debug;
}

/// The arguments of a connection, by the Relay connection specification. `#[connections]` gathers them.
#[derive(Clone, Debug)]
pub struct Pages<T: Listed> {
    /// So many from the start.
    pub first: Option<i32>,
    /// After this cursor.
    pub after: Option<String>,
    /// So many from the end.
    pub last: Option<i32>,
    /// Before this cursor.
    pub before: Option<String>,
    /// Only nodes that fulfil this.
    pub filter: Option<T::Where>,
    /// What the list is sorted by.
    pub order_by: Option<T::OrderBy>,
}

impl<T: Listed> Pages<T> {
    /// The order that is asked for.
    pub fn sort(&self) -> Sort {
        self.order_by.clone().unwrap_or_default().into()
    }

    /// The part of the list that is asked for.
    ///
    /// # Errors
    /// [`Failure::Malformed`] for a size or a cursor that cannot be.
    pub fn window(&self, sort: &Sort) -> Outcome<Window> {
        let (name, size) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(Failure::malformed("first, last: give one of them, not both")),
            (None, Some(last)) => ("last", last),
            (first, None) => ("first", first.unwrap_or(DEFAULT_SIZE)),
        };
        let limit = u64::try_from(size).ok().filter(|_| size <= LARGEST_SIZE).ok_or_else(|| {
            Failure::malformed(format!("{name}: expected a number from 0 to {LARGEST_SIZE}, not {size}"))
        })?;
        let position = |argument: &str, cursor: &Option<String>| {
            cursor.as_deref().map(|cursor| parse_cursor(argument, cursor, sort)).transpose()
        };
        Ok(Window {
            limit,
            after: position("after", &self.after)?,
            before: position("before", &self.before)?,
            is_backward: self.last.is_some(),
        })
    }
}

/// A cursor: the name of the order, the sort value and the key, so that a page can start there even when the row is
/// gone. Opaque to clients.
#[must_use]
pub fn write_cursor(sort: &str, position: &Position) -> String {
    let parts = serde_json::json!([sort, position.value, position.key.simple().to_string()]);
    BASE64_URL_SAFE_NO_PAD.encode(parts.to_string())
}

/// Reads what [`write_cursor`] wrote for the same order.
///
/// # Errors
/// [`Failure::Malformed`] for anything else; `argument` is named in the message.
pub fn parse_cursor(argument: &str, cursor: &str, sort: &Sort) -> Outcome<Position> {
    let parts = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok();
    let parts = parts.and_then(|parts| serde_json::from_slice::<(String, SortValue, Uuid)>(&parts).ok());
    let (name, value, key) =
        parts.ok_or_else(|| Failure::malformed(format!("{argument}: expected a cursor that this server gave")))?;
    let fits = match (&value, sort.kind) {
        (SortValue::Integer(_), SortKind::Integer) => true,
        (SortValue::Text(text), SortKind::Text) => !text.contains('\0'),
        _ => false,
    };
    if name != sort.name || !fits {
        return Err(Failure::malformed(format!(
            "{argument}: the cursor belongs to a list in another order; expected one of a list by {}",
            sort.name
        )));
    }
    Ok(Position { value, key })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sea_orm::sea_query::Expr;

    use super::*;

    fn sort(kind: SortKind) -> Sort {
        Sort { name: "NAME".to_owned(), expression: Expr::col("name"), kind, is_descending: false, is_personal: false }
    }

    proptest! {
        #[test]
        fn a_cursor_is_read_as_it_was_written(text in "[^\0]*", number: i64, key: u128) {
            let key = Uuid::from_u128(key);
            for (kind, value) in
                [(SortKind::Text, SortValue::Text(text.clone())), (SortKind::Integer, SortValue::Integer(number))]
            {
                let position = Position { value, key };
                let cursor = write_cursor("NAME", &position);

                prop_assert_eq!(parse_cursor("after", &cursor, &sort(kind)).expect("our own cursor"), position);
            }
        }

        #[test]
        fn any_other_text_is_refused(text: String) {
            prop_assert!(parse_cursor("after", &text, &sort(SortKind::Integer)).is_err());
        }
    }

    #[test]
    fn a_cursor_of_another_order_is_refused() {
        let cursor = write_cursor("TOTAL_SPENT", &Position { value: SortValue::Integer(1), key: Uuid::nil() });

        assert!(parse_cursor("after", &cursor, &sort(SortKind::Integer)).is_err());
        assert!(parse_cursor("after", &cursor, &sort(SortKind::Text)).is_err());
    }
}
