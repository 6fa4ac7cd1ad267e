//! The operators of `where`: one input per type of value, each decoded into the filter language.

use async_graphql::{ID, InputObject, MaybeUndefined, OneofObject};

use super::{Decimal, Duration};
use crate::{
    filter::{Kind, Literal, MOST_TESTS, Rule, Shape, Subject, Test},
    instant::{Day, Instant},
};

/// A `where` input. `#[filter]` implements it.
pub trait Where: Into<Rule> + Send + Sync {
    /// What its rules are about.
    const SUBJECT: &'static Subject;
}

/// A condition in a `where` input: on a field, or on related nodes.
pub trait Comparison {
    /// The rule that it states about `field`.
    fn into_rule(self, field: &'static str) -> Rule;
}

/// A condition on a field.
pub trait Compared {
    /// What the field's expression must hold.
    const KIND: Kind;
}

/// A condition on related nodes.
pub trait Related {
    /// What they are.
    const SUBJECT: &'static Subject;
    /// How it is written.
    const SHAPE: Shape;
}

/// Declares a comparison input: its operators, their types, and how each becomes a [`Test`].
macro_rules! comparison {
    (
        $(#[$meta:meta])* $name:ident: $kind:ident
        { $($(#[$doc:meta])* $(@$rename:literal)? $operator:ident: $type:ty => $test:expr;)* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, ::async_graphql::InputObject)]
        pub struct $name {
            $($(#[$doc])* $(#[graphql(name = $rename)])? pub $operator: ::async_graphql::MaybeUndefined<$type>,)*
        }

        impl $crate::graphql::comparison::Compared for $name {
            const KIND: $crate::filter::Kind = $crate::filter::Kind::$kind;
        }

        impl $crate::graphql::comparison::Comparison for $name {
            fn into_rule(self, field: &'static str) -> $crate::filter::Rule {
                let mut tests: Vec<$crate::filter::Test> = Vec::new();
                $(match self.$operator {
                    ::async_graphql::MaybeUndefined::Undefined => {}
                    ::async_graphql::MaybeUndefined::Null => {
                        tests.push($crate::filter::Test::Null($crate::graphql::comparison::camel_case(stringify!($operator))));
                    }
                    ::async_graphql::MaybeUndefined::Value(operand) => {
                        let test: fn($type) -> $crate::filter::Test = $test;
                        tests.push(test(operand));
                    }
                })*
                let rules = tests.into_iter().map(|test| {
                    $crate::filter::Rule::Compare { field: field.to_owned(), test }
                });
                $crate::filter::Rule::all(rules.collect())
            }
        }
    };
}

/// Declares the comparison of an enum.
macro_rules! term_comparison {
    ($(#[$meta:meta])* $name:ident, $enum:ty) => {
        $crate::graphql::comparison::comparison! {
            $(#[$meta])* $name: Text {
                /// Is this.
                eq: $enum => |term| $crate::filter::Test::Eq($crate::graphql::comparison::term(term));
                /// Is not this, or is missing.
                ne: $enum => |term| $crate::filter::Test::Ne($crate::graphql::comparison::term(term));
                /// Is one of these.
                @"in" r#in: Vec<$enum> => |terms| {
                    $crate::filter::Test::In(terms.into_iter().map($crate::graphql::comparison::term).collect())
                };
                /// Is none of these, or is missing.
                not_in: Vec<$enum> => |terms| {
                    $crate::filter::Test::NotIn(terms.into_iter().map($crate::graphql::comparison::term).collect())
                };
                /// Is missing, or is not.
                is_null: bool => $crate::filter::Test::IsNull;
            }
        }
    };
}

/// Declares the condition on related nodes of which there may be many.
macro_rules! relation {
    ($(#[$meta:meta])* $name:ident, $count:ident, $where:ty) => {
        /// A test of how many of the related nodes fulfil a condition.
        #[derive(Clone, Debug, ::async_graphql::InputObject)]
        pub struct $count {
            /// Which of them count. All do if nothing is said.
            #[graphql(name = "where")]
            pub filter: ::async_graphql::MaybeUndefined<Box<$where>>,
            /// Tests of their number.
            pub is: $crate::graphql::comparison::IntComparison,
        }

        $(#[$meta])*
        #[derive(Clone, Debug, Default, ::async_graphql::InputObject)]
        pub struct $name {
            /// At least one of them fulfils this.
            pub some: ::async_graphql::MaybeUndefined<Box<$where>>,
            /// Not one of them fulfils this.
            pub none: ::async_graphql::MaybeUndefined<Box<$where>>,
            /// All of them fulfil this, or there are none.
            pub every: ::async_graphql::MaybeUndefined<Box<$where>>,
            /// So many of them fulfil this.
            pub count: ::async_graphql::MaybeUndefined<Box<$count>>,
        }

        impl $crate::graphql::comparison::Related for $name {
            const SUBJECT: &'static $crate::filter::Subject =
                <$where as $crate::graphql::comparison::Where>::SUBJECT;
            const SHAPE: $crate::filter::Shape = $crate::filter::Shape::Many;
        }

        impl $crate::graphql::comparison::Comparison for $name {
            fn into_rule(self, field: &'static str) -> $crate::filter::Rule {
                use $crate::filter::{Quantifier, Rule};
                let quantified = [
                    ("some", Quantifier::Some, self.some),
                    ("none", Quantifier::None, self.none),
                    ("every", Quantifier::Every, self.every),
                ];
                let rules = quantified.into_iter().filter_map(|(operator, quantifier, filter)| {
                    $crate::graphql::comparison::stated(field, operator, filter, |filter| {
                        Rule::Related { edge: field.to_owned(), quantifier, rule: Box::new(Rule::from(*filter)) }
                    })
                });
                let count = $crate::graphql::comparison::stated(field, "count", self.count, |count| {
                    let rule = match count.filter {
                        ::async_graphql::MaybeUndefined::Undefined => Rule::All(Vec::new()),
                        ::async_graphql::MaybeUndefined::Null => return Rule::null(field, "count.where"),
                        ::async_graphql::MaybeUndefined::Value(filter) => Rule::from(*filter),
                    };
                    $crate::graphql::comparison::counted(field, &rule, count.is)
                });
                Rule::all(rules.chain(count).collect())
            }
        }
    };
}

pub(crate) use {comparison, relation, term_comparison};

/// A condition on the one related node: it is there and fulfils the rule.
impl<W: Where> Comparison for Box<W> {
    fn into_rule(self, field: &'static str) -> Rule {
        Rule::Related {
            edge: field.to_owned(),
            quantifier: crate::filter::Quantifier::Some,
            rule: Box::new((*self).into()),
        }
    }
}

impl<W: Where> Related for Box<W> {
    const SUBJECT: &'static Subject = W::SUBJECT;
    const SHAPE: Shape = Shape::One;
}

/// What an operator of `field` states, if it was given.
pub fn stated<T>(
    field: &str,
    operator: &str,
    operand: MaybeUndefined<T>,
    rule: impl FnOnce(T) -> Rule,
) -> Option<Rule> {
    match operand {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(Rule::null(field, operator)),
        MaybeUndefined::Value(operand) => Some(rule(operand)),
    }
}

/// The rule that the number of related nodes that fulfil `rule` passes each of these tests.
pub fn counted(edge: &str, rule: &Rule, is: IntComparison) -> Rule {
    let counted = |test| Rule::Counted { edge: edge.to_owned(), rule: Box::new(rule.clone()), test };
    // One that is too large is refused later; until then it must not grow with each level that it is nested in.
    let most = if rule.size() > MOST_TESTS { 1 } else { usize::MAX };
    Rule::all(tests(is).into_iter().take(most).map(counted).collect())
}

/// The tests of a comparison.
pub fn tests(comparison: impl Comparison) -> Vec<Test> {
    let rules = match comparison.into_rule("") {
        Rule::All(rules) => rules,
        rule => vec![rule],
    };
    let test = |rule| if let Rule::Compare { test, .. } = rule { Some(test) } else { None };
    rules.into_iter().filter_map(test).collect()
}

/// The name of a field of Rust as GraphQL shows it.
pub fn camel_case(name: &str) -> String {
    let mut words = name.trim_start_matches("r#").split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        text + &initial.to_uppercase() + rest
    })
}

/// The name of an enum value, as it is stored.
pub fn term<T: entity::term::Term>(term: T) -> Literal {
    Literal::Text(term.description().name.to_owned())
}

/// Declares a comparison of text; the three differ in how letters are told apart.
macro_rules! text_comparison {
    ($(#[$meta:meta])* $name:ident: $kind:ident) => {
        comparison! {
            $(#[$meta])* $name: $kind {
                /// Is this.
                eq: String => |text| Test::Eq(Literal::Text(text));
                /// Is not this, or is missing.
                ne: String => |text| Test::Ne(Literal::Text(text));
                /// Is one of these: at most 1000.
                @"in" r#in: Vec<String> => |texts| Test::In(texts.into_iter().map(Literal::Text).collect());
                /// Is none of these, or is missing: at most 1000.
                not_in: Vec<String> => |texts| Test::NotIn(texts.into_iter().map(Literal::Text).collect());
                /// Has this somewhere.
                contains: String => Test::Contains;
                /// Begins with this.
                starts_with: String => Test::StartsWith;
                /// Is missing, or is not.
                is_null: bool => Test::IsNull;
            }
        }
    };
}

text_comparison! {
    /// Tests of codes and other text, letter by letter. All given must pass.
    StringComparison: Text
}

text_comparison! {
    /// Tests of names, which do not tell case, accents and runs of spaces apart. All given must pass.
    TextComparison: Folded
}

text_comparison! {
    /// Tests of e-mail addresses, which do not tell case apart. All given must pass.
    EmailComparison: Email
}

/// Declares a comparison of values that have an order.
macro_rules! ordered_comparison {
    ($(#[$meta:meta])* $name:ident: $kind:ident, $type:ty, $range:ident, $literal:expr) => {
        /// Two ends, both included.
        #[derive(Clone, Debug, InputObject)]
        pub struct $range {
            /// The lower end.
            pub from: $type,
            /// The upper end.
            pub to: $type,
        }

        comparison! {
            $(#[$meta])* $name: $kind {
                /// Equal to this.
                eq: $type => |value| Test::Eq($literal(value));
                /// Not equal to this, or missing.
                ne: $type => |value| Test::Ne($literal(value));
                /// Equal to one of these: at most 1000.
                @"in" r#in: Vec<$type> => |values| Test::In(values.into_iter().map($literal).collect());
                /// Equal to none of these, or missing: at most 1000.
                not_in: Vec<$type> => |values| Test::NotIn(values.into_iter().map($literal).collect());
                /// Less than this.
                lt: $type => |value| Test::Lt($literal(value));
                /// Less than or equal to this.
                lte: $type => |value| Test::Lte($literal(value));
                /// Greater than this.
                gt: $type => |value| Test::Gt($literal(value));
                /// Greater than or equal to this.
                gte: $type => |value| Test::Gte($literal(value));
                /// Between these, both ends included.
                between: $range => |range| Test::Between($literal(range.from), $literal(range.to));
                /// Missing, or not.
                is_null: bool => Test::IsNull;
            }
        }
    };
}

ordered_comparison! {
    /// Tests of whole numbers. All given must pass.
    IntComparison: Integer, i32, IntRange, |value: i32| Literal::Integer(value.into())
}

ordered_comparison! {
    /// Tests of numbers with a fraction. All given must pass.
    FloatComparison: Number, f64, FloatRange, Literal::Number
}

ordered_comparison! {
    /// Tests of amounts in major units of the store's currency. All given must pass.
    DecimalComparison: Money, Decimal, DecimalRange, |value: Decimal| Literal::Decimal(value.0)
}

ordered_comparison! {
    /// Tests of unit prices in major units of the store's currency, which may have four places more than it. All given
    /// must pass.
    UnitPriceComparison: UnitPrice, Decimal, UnitPriceRange, |value: Decimal| Literal::Decimal(value.0)
}

ordered_comparison! {
    /// Tests of dates. All given must pass.
    DateComparison: Day, Day, DateRange, Literal::Day
}

ordered_comparison! {
    /// Tests of instants. All given must pass. Where a list has `ago` in it, each of its instants counts as a condition.
    DateTimeComparison: Instant, InstantInput, DateTimeRange, InstantInput::into_literal
}

/// An instant, said outright or relative to the moment of reading.
#[derive(Clone, Debug, OneofObject)]
pub enum InstantInput {
    /// This instant.
    At(Instant),
    /// So long ago.
    Ago(Duration),
}

impl InstantInput {
    fn into_literal(self) -> Literal {
        match self {
            Self::At(instant) => Literal::Instant(instant),
            Self::Ago(duration) => Literal::Ago(duration.0),
        }
    }
}

comparison! {
    /// Tests of what is true or false. All given must pass.
    BooleanComparison: Boolean {
        /// Is this.
        eq: bool => |value| Test::Eq(Literal::Boolean(value));
        /// Is not this.
        ne: bool => |value| Test::Ne(Literal::Boolean(value));
    }
}

comparison! {
    /// Tests of the nodes themselves, by their IRIs. All given must pass.
    IdComparison: Key {
        /// Is this.
        eq: ID => |id| Test::Eq(Literal::Text(id.0));
        /// Is not this.
        ne: ID => |id| Test::Ne(Literal::Text(id.0));
        /// Is one of these: at most 1000.
        @"in" r#in: Vec<ID> => |ids| Test::In(ids.into_iter().map(|id| Literal::Text(id.0)).collect());
        /// Is none of these: at most 1000.
        not_in: Vec<ID> => |ids| Test::NotIn(ids.into_iter().map(|id| Literal::Text(id.0)).collect());
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::MaybeUndefined::Value;

    use super::*;

    #[test]
    fn numbers_of_related_nodes_nest_without_growing_beyond_what_is_refused() {
        let is = || IntComparison { gte: Value(1), lte: Value(9), ne: Value(5), ..IntComparison::default() };
        let mut rule = Rule::All(Vec::new());
        for _ in 0..30 {
            rule = counted("orders", &rule, is());
        }

        assert!(rule.size() > MOST_TESTS, "it is refused");
        assert!(rule.size() < 10 * MOST_TESTS, "{}", rule.size());
    }
}
