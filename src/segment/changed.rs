//! What a transaction changed of its customers, as far as the rules of segments may read it.

use std::collections::BTreeSet;

use sea_orm::sea_query::{Expr, Query, SqliteQueryBuilder};

use super::computation::Which;

/// Tables that change with other things than what is told of them.
const ALWAYS: [&str; 3] = ["segment_membership", "event", "communication"];

/// Columns of customers, and tables that hang on them, whose values may be others now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// These alone.
    Names(BTreeSet<&'static str>),
    /// Any.
    Everything,
}

impl Default for Changed {
    fn default() -> Self {
        Self::Names(BTreeSet::new())
    }
}

impl From<&[&'static str]> for Changed {
    fn from(names: &[&'static str]) -> Self {
        Self::Names(names.iter().copied().collect())
    }
}

impl Changed {
    /// This, and that too.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Names(mut names), Self::Names(others)) => {
                names.extend(others);
                Self::Names(names)
            }
            _ => Self::Everything,
        }
    }

    /// The segments whose rules may read something of it.
    #[must_use]
    pub fn which(&self) -> Which {
        match self {
            Self::Names(names) if !names.contains("rfm_score") => Which::NotScored,
            Self::Names(_) | Self::Everything => Which::All,
        }
    }

    /// Whether a condition reads something of it.
    ///
    /// It is looked for in the condition's own words, so that there is no second list of what a rule reads to keep. A
    /// column of another table that has the same name counts too: the rule is then asked in vain.
    #[must_use]
    pub fn concerns(&self, condition: &Expr) -> bool {
        let Self::Names(names) = self else { return true };
        if names.is_empty() {
            return false;
        }
        let sql = Query::select().expr(condition.clone()).to_string(SqliteQueryBuilder);
        let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        // Generated columns are named after what they are made of. Of what is in `ALWAYS` no event tells by itself.
        sql.split(|letter| !is_of_name(letter))
            .any(|word| ALWAYS.contains(&word) || names.iter().any(|name| word.starts_with(name)))
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::ExprTrait;

    use super::*;

    #[test]
    fn a_condition_is_concerned_by_what_it_reads() {
        let spent = Expr::col(("customer", "total_spent")).gte(5);
        let cases = [
            (Changed::from(&["total_spent"][..]), true),
            (Changed::from(&["tags", "total_spent"][..]), true),
            (Changed::from(&["total_orders", "orders"][..]), false),
            (Changed::default(), false),
            (Changed::Everything, true),
            (Changed::from(&["tags"][..]).and(Changed::Everything), true),
            (Changed::from(&["spent"][..]), false),
        ];
        for (changed, expected) in cases {
            assert_eq!(changed.concerns(&spent), expected, "{changed:?}");
        }
    }
}
