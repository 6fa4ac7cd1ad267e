//! Finding customers by part of what they are known by.

use entity::customer::{Column, Entity};
use sea_orm::sea_query::{Expr, ExprTrait};

use crate::{
    failure::{Failure, Outcome},
    fold,
    store::Dialect,
};

/// The shortest text that the index knows: it is made of runs of three letters.
const INDEXED_LENGTH: usize = 3;

/// The condition that a customer's name, e-mail address, telephone number or external id has `text` in it, without
/// regard to case and accents. One or two letters find the names and addresses that begin with them.
///
/// # Errors
/// [`Failure::Malformed`] when there is nothing to search for.
pub fn search(dialect: Dialect, text: &str) -> Outcome<Expr> {
    let folded = fold::text(text);
    if folded.is_empty() {
        return Err(Failure::malformed("search: expected at least one letter or digit"));
    }
    if folded.chars().count() >= INDEXED_LENGTH {
        return Ok(dialect.search(&folded));
    }
    let begins = |column: Column| {
        let end = format!("{folded}{}", char::MAX);
        let column = Expr::col((Entity, column));
        column.clone().gte(folded.clone()).and(column.lt(end))
    };
    Ok(begins(Column::NameKey).or(begins(Column::EmailKey)))
}

/// What the search index keeps of a customer: everything that can be searched for, folded. Telephone numbers are kept
/// as written and as their digits alone.
pub fn search_text(name: &str, email: Option<&str>, telephone: Option<&str>, external_id: Option<&str>) -> String {
    let digits = telephone.map(|number| number.chars().filter(char::is_ascii_digit).collect::<String>());
    let parts = [Some(name), email, telephone, digits.as_deref(), external_id];
    fold::text(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
}
