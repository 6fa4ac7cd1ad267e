//! Which other segments a rule names.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::Segment;
use crate::{
    filter::{Literal, Quantifier, Rule, Subject, Test},
    semantics::Resource,
};

/// A rule that does not say which segments it is about, so that nobody can tell what its members depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "segments: in the rule of a segment, others are named by eq or in of id or handle, in some, none or count, and by \
     nothing else"
)]
pub struct Unnamed;

/// The segments that a rule is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// By their keys.
    pub keys: BTreeSet<Uuid>,
    /// By their handles.
    pub handles: BTreeSet<String>,
}

impl Named {
    /// Those that a rule about nodes of `subject` names, wherever it leads to segments.
    ///
    /// # Errors
    /// When it looks at segments without naming them.
    pub fn of(subject: &Subject, rule: &Rule) -> Result<Self, Unnamed> {
        let mut named = Self::default();
        named.follow(subject, rule)?;
        Ok(named)
    }

    fn follow(&mut self, subject: &Subject, rule: &Rule) -> Result<(), Unnamed> {
        match rule {
            Rule::All(rules) | Rule::Any(rules) => rules.iter().try_for_each(|rule| self.follow(subject, rule)),
            Rule::Not(rule) => self.follow(subject, rule),
            Rule::Compare { .. } | Rule::Member { .. } => Ok(()),
            Rule::Related { edge, quantifier, rule } => {
                self.enter(subject, edge, rule, *quantifier != Quantifier::Every)
            }
            Rule::Counted { edge, rule, .. } => self.enter(subject, edge, rule, true),
        }
    }

    /// `is_of_found`: the condition is about the nodes that fulfil `rule`, and not about all others.
    fn enter(&mut self, subject: &Subject, edge: &str, rule: &Rule, is_of_found: bool) -> Result<(), Unnamed> {
        let Some(edge) = subject.edge(edge) else { return Ok(()) };
        let other = (edge.subject)();
        if other.collection != Some(Segment::DESCRIPTION.collection) {
            return self.follow(other, rule);
        }
        if is_of_found { self.read(rule) } else { Err(Unnamed) }
    }

    /// Takes the names out of a condition on segments.
    fn read(&mut self, rule: &Rule) -> Result<(), Unnamed> {
        match rule {
            Rule::All(rules) | Rule::Any(rules) if !rules.is_empty() => {
                rules.iter().try_for_each(|rule| self.read(rule))
            }
            Rule::Compare { field, test: Test::Eq(literal) } => self.add(field, std::slice::from_ref(literal)),
            Rule::Compare { field, test: Test::In(literals) } => self.add(field, literals),
            _ => Err(Unnamed),
        }
    }

    fn add(&mut self, field: &str, literals: &[Literal]) -> Result<(), Unnamed> {
        for literal in literals {
            match (field, literal) {
                ("id", Literal::Key(key)) => self.keys.insert(*key),
                ("handle", Literal::Text(handle)) => self.handles.insert(handle.clone()),
                _ => return Err(Unnamed),
            };
        }
        Ok(())
    }
}

/// The same rule, with the keys of segments in place of their handles: handles may be given to others. Those that nobody
/// has stay.
#[must_use]
pub fn by_keys(subject: &Subject, rule: Rule, keys: &BTreeMap<String, Uuid>) -> Rule {
    let each = |rules: Vec<Rule>| rules.into_iter().map(|rule| by_keys(subject, rule, keys)).collect();
    let other = |edge: &str| subject.edge(edge).map_or(subject, |edge| (edge.subject)());
    match rule {
        Rule::All(rules) => Rule::All(each(rules)),
        Rule::Any(rules) => Rule::Any(each(rules)),
        Rule::Not(rule) => Rule::Not(Box::new(by_keys(subject, *rule, keys))),
        Rule::Related { edge, quantifier, rule } => {
            let rule = Box::new(by_keys(other(&edge), *rule, keys));
            Rule::Related { edge, quantifier, rule }
        }
        Rule::Counted { edge, rule, test } => {
            let rule = Box::new(by_keys(other(&edge), *rule, keys));
            Rule::Counted { edge, rule, test }
        }
        Rule::Compare { field, test } if is_handle(subject, &field) => by_key(field, test, keys),
        other @ (Rule::Compare { .. } | Rule::Member { .. }) => other,
    }
}

fn is_handle(subject: &Subject, field: &str) -> bool {
    field == "handle" && subject.collection == Some(Segment::DESCRIPTION.collection)
}

fn by_key(field: String, test: Test, keys: &BTreeMap<String, Uuid>) -> Rule {
    let key = |literal: &Literal| match literal {
        Literal::Text(handle) => keys.get(handle).copied().map(Literal::Key),
        _ => None,
    };
    let keyed = match &test {
        Test::Eq(literal) => key(literal).map(Test::Eq),
        Test::In(literals) => literals.iter().map(key).collect::<Option<_>>().map(Test::In),
        _ => None,
    };
    match keyed {
        Some(test) => Rule::Compare { field: "id".to_owned(), test },
        None => Rule::Compare { field, test },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{customer::CustomerWhere, graphql::comparison::Where};

    fn compare(field: &str, test: Test) -> Rule {
        Rule::Compare { field: field.to_owned(), test }
    }

    fn related(edge: &str, quantifier: Quantifier, rule: Rule) -> Rule {
        Rule::Related { edge: edge.to_owned(), quantifier, rule: Box::new(rule) }
    }

    fn text(text: &str) -> Literal {
        Literal::Text(text.to_owned())
    }

    fn segments(quantifier: Quantifier, rule: Rule) -> Result<Named, Unnamed> {
        Named::of(CustomerWhere::SUBJECT, &related("segments", quantifier, rule))
    }

    #[test]
    fn segments_are_found_wherever_a_rule_leads_to_them() {
        let key = Uuid::from_u128(7);
        let vip = || compare("handle", Test::In(vec![text("vip"), text("press")]));
        let own = || compare("id", Test::Eq(Literal::Key(key)));
        let handles = BTreeSet::from(["vip".to_owned(), "press".to_owned()]);
        let both = Named { keys: BTreeSet::from([key]), handles: handles.clone() };

        assert_eq!(segments(Quantifier::None, Rule::Any(vec![vip(), own()])), Ok(both));
        // orders → customer → segments
        let buyers = related("customer", Quantifier::Some, related("segments", Quantifier::Some, vip()));
        let deep = Rule::Not(Box::new(related("orders", Quantifier::Every, buyers)));
        assert_eq!(Named::of(CustomerWhere::SUBJECT, &deep), Ok(Named { keys: BTreeSet::new(), handles }));
        let counted =
            Rule::Counted { edge: "segments".to_owned(), rule: Box::new(own()), test: Test::Gte(Literal::Integer(1)) };
        let named = Named::of(CustomerWhere::SUBJECT, &counted).expect("named");
        assert_eq!(named.keys, BTreeSet::from([key]));
        assert_eq!(
            Named::of(CustomerWhere::SUBJECT, &compare("totalOrders", Test::IsNull(false))),
            Ok(Named::default())
        );
    }

    #[test]
    fn segments_that_are_not_named_are_refused() {
        let vip = || compare("handle", Test::Eq(text("vip")));
        let cases = [
            (Quantifier::Every, vip()),
            (Quantifier::Some, Rule::All(Vec::new())),
            (Quantifier::Some, Rule::Not(Box::new(vip()))),
            (Quantifier::Some, compare("handle", Test::Ne(text("vip")))),
            (Quantifier::Some, compare("name", Test::Eq(text("VIP")))),
            (Quantifier::Some, Rule::All(vec![vip(), compare("isBuiltIn", Test::Eq(Literal::Boolean(true)))])),
            (Quantifier::Some, related("customers", Quantifier::Some, compare("totalOrders", Test::IsNull(true)))),
        ];

        for (quantifier, rule) in cases {
            assert_eq!(segments(quantifier, rule.clone()), Err(Unnamed), "{rule:?}");
        }
    }

    #[test]
    fn handles_become_keys() {
        let key = Uuid::from_u128(7);
        let keys = BTreeMap::from([("vip".to_owned(), key)]);
        let by_handle = related("segments", Quantifier::Some, compare("handle", Test::Eq(text("vip"))));
        let by_key = related("segments", Quantifier::Some, compare("id", Test::Eq(Literal::Key(key))));

        assert_eq!(by_keys(CustomerWhere::SUBJECT, by_handle, &keys), by_key);
    }
}
