//! The tree of a rule.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    instant::{Day, Instant},
    store::JsonType,
};

/// A condition on a node. Rules are two-valued: a missing value fails every test but `isNull` and the negative ones,
/// and `not` is the exact complement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Rule {
    /// All of these hold; true if there are none.
    All(Vec<Rule>),
    /// At least one of these holds; false if there are none.
    Any(Vec<Rule>),
    /// This does not hold.
    Not(Box<Rule>),
    /// A field passes a test.
    Compare {
        /// The field's name.
        field: String,
        /// The test.
        test: Test,
    },
    /// A member of a field that holds a JSON object passes a test. One of another type is missing.
    Member {
        /// The field's name.
        field: String,
        /// The member's name.
        name: String,
        /// What it is compared as.
        json: JsonType,
        /// The test.
        test: Test,
    },
    /// Related nodes fulfil a rule.
    Related {
        /// The edge's name.
        edge: String,
        /// How many of them.
        quantifier: Quantifier,
        /// The rule.
        rule: Box<Rule>,
    },
    /// The number of related nodes that fulfil a rule passes a test.
    Counted {
        /// The edge's name.
        edge: String,
        /// The rule.
        rule: Box<Rule>,
        /// The test.
        test: Test,
    },
}

/// How many related nodes must fulfil a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Quantifier {
    /// At least one.
    Some,
    /// Not one.
    None,
    /// All there are; true if there are none.
    Every,
}

/// What a field's value is held against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Test {
    /// Equal.
    Eq(Literal),
    /// Not equal, or missing.
    Ne(Literal),
    /// Equal to one of these.
    In(Vec<Literal>),
    /// Equal to none of these, or missing.
    NotIn(Vec<Literal>),
    /// Less, or earlier.
    Lt(Literal),
    /// Less or equal.
    Lte(Literal),
    /// Greater, or later.
    Gt(Literal),
    /// Greater or equal.
    Gte(Literal),
    /// From the first to the second, both included.
    Between(Literal, Literal),
    /// Has this text somewhere.
    Contains(String),
    /// Begins with this text.
    StartsWith(String),
    /// Missing, or not.
    IsNull(bool),
    /// No test: the operator called so, or the field itself, was given null. It is refused, since a client that forgot
    /// a value must not get everything.
    Null(String),
}

/// A value in a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Literal {
    /// Text, or the name of a term.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Number(f64),
    /// A decimal in major units.
    Decimal(String),
    /// An instant.
    Instant(Instant),
    /// So long before the instant of reading: an ISO 8601 duration.
    Ago(String),
    /// A date.
    Day(Day),
    /// True or false.
    Boolean(bool),
    /// The key of a node, by which its IRI is stored.
    Key(Uuid),
}

impl Rule {
    /// All of `rules`, without a level for only one.
    #[must_use]
    pub fn all(mut rules: Vec<Self>) -> Self {
        if rules.len() == 1 { rules.remove(0) } else { Self::All(rules) }
    }

    /// The rule that a client meant who gave null to an operator of `field`: see [`Test::Null`].
    #[must_use]
    pub fn null(field: &str, operator: &str) -> Self {
        Self::Compare { field: field.to_owned(), test: Test::Null(operator.to_owned()) }
    }

    /// How many tests and groups the rule has: a list that counts back from the present is a test for each of its values.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::All(rules) | Self::Any(rules) => 1 + rules.iter().map(Self::size).sum::<usize>(),
            Self::Not(rule) | Self::Related { rule, .. } | Self::Counted { rule, .. } => 1 + rule.size(),
            Self::Compare { test, .. } => test.size(),
            Self::Member { .. } => 1,
        }
    }

    /// How many levels the rule has.
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            Self::All(rules) | Self::Any(rules) => 1 + rules.iter().map(Self::depth).max().unwrap_or(0),
            Self::Not(rule) | Self::Related { rule, .. } | Self::Counted { rule, .. } => 1 + rule.depth(),
            Self::Compare { .. } | Self::Member { .. } => 1,
        }
    }
}

impl Literal {
    /// Whether it depends on the instant of reading.
    #[must_use]
    pub fn counts_back(&self) -> bool {
        matches!(self, Self::Ago(_))
    }
}

impl Test {
    /// How many values a statement is given for it, those of a list as one if none counts back.
    fn size(&self) -> usize {
        match self {
            Self::In(literals) | Self::NotIn(literals) if literals.iter().any(Literal::counts_back) => literals.len(),
            _ => 1,
        }
    }

    /// Whether a number passes, as the database would tell it; false for what is no test of whole numbers.
    #[must_use]
    pub fn passes(&self, number: i64) -> bool {
        let is = |literal: &Literal| matches!(literal, Literal::Integer(value) if *value == number);
        let value = |literal: &Literal| if let Literal::Integer(value) = literal { Some(*value) } else { None };
        let holds = |literal: &Literal, compares: fn(&i64, &i64) -> bool| {
            value(literal).is_some_and(|value| compares(&number, &value))
        };
        match self {
            Self::Eq(literal) => is(literal),
            Self::Ne(literal) => !is(literal),
            Self::In(literals) => literals.iter().any(is),
            Self::NotIn(literals) => !literals.iter().any(is),
            Self::Lt(literal) => holds(literal, i64::lt),
            Self::Lte(literal) => holds(literal, i64::le),
            Self::Gt(literal) => holds(literal, i64::gt),
            Self::Gte(literal) => holds(literal, i64::ge),
            Self::Between(least, greatest) => holds(least, i64::ge) && holds(greatest, i64::le),
            Self::IsNull(is_null) => !is_null,
            Self::Contains(_) | Self::StartsWith(_) | Self::Null(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_pass_tests_as_in_the_database() {
        let two = || Literal::Integer(2);
        let cases = [
            (Test::Eq(two()), [false, true, false]),
            (Test::Ne(two()), [true, false, true]),
            (Test::In(vec![two(), Literal::Integer(3)]), [false, true, true]),
            (Test::NotIn(vec![two()]), [true, false, true]),
            (Test::Lt(two()), [true, false, false]),
            (Test::Lte(two()), [true, true, false]),
            (Test::Gt(two()), [false, false, true]),
            (Test::Gte(two()), [false, true, true]),
            (Test::Between(Literal::Integer(1), two()), [true, true, false]),
            (Test::IsNull(true), [false, false, false]),
            (Test::IsNull(false), [true, true, true]),
        ];

        for (test, expected) in cases {
            assert_eq!([1, 2, 3].map(|number| test.passes(number)), expected, "{test:?}");
        }
    }
}
