//! Rules in words.

use std::fmt::Write;

use uuid::Uuid;

use super::{Literal, Quantifier, Rule, Shape, Subject, Test};
use crate::store::JsonType;

/// How rules are put into words.
pub(super) struct Words<'a, T> {
    /// Whether is said what personal data is compared with.
    pub(super) shows_personal: bool,
    /// The names of nodes.
    pub(super) title: &'a T,
}

impl<T: Fn(Uuid) -> Option<String>> Words<'_, T> {
    /// `is_alone`: nothing follows that the text could be taken to go on with.
    pub(super) fn rule(&self, subject: &Subject, rule: &Rule, is_alone: bool) -> String {
        match rule {
            Rule::All(rules) if rules.is_empty() => "always".to_owned(),
            Rule::Any(rules) if rules.is_empty() => "never".to_owned(),
            Rule::All(rules) => self.joined(subject, rules, " and ", is_alone),
            Rule::Any(rules) => self.joined(subject, rules, " or ", is_alone),
            Rule::Not(rule) => format!("not ({})", self.rule(subject, rule, true)),
            Rule::Compare { field, test } => self.compared(subject, field, field, &self.test(test)),
            Rule::Member { field, name, json, test } => {
                let test = match json {
                    JsonType::Any => self.test(test),
                    json => format!("({}) {}", json.name(), self.test(test)),
                };
                self.compared(subject, field, &format!("{field} {name:?}"), &test)
            }
            Rule::Related { edge, quantifier, rule } => {
                let Some(found) = subject.edge(edge) else { return edge.clone() };
                let inner = self.rule((found.subject)(), rule, true);
                match (found.shape, quantifier) {
                    (Shape::One, _) => format!("{edge} ({inner})"),
                    (Shape::Tags, Quantifier::None) => format!("no {inner}"),
                    (Shape::Tags, _) => inner,
                    (Shape::Many, Quantifier::Some) => format!("some {edge} ({inner})"),
                    (Shape::Many, Quantifier::None) => format!("no {edge} ({inner})"),
                    (Shape::Many, Quantifier::Every) => format!("every {edge} ({inner})"),
                }
            }
            Rule::Counted { edge, rule, test } => {
                let Some(found) = subject.edge(edge) else { return edge.clone() };
                let inner = match &**rule {
                    Rule::All(rules) if rules.is_empty() => String::new(),
                    rule => format!(" ({})", self.rule((found.subject)(), rule, true)),
                };
                format!("number of {edge}{inner} {}", self.test(test))
            }
        }
    }

    /// `text`: what of the field is compared.
    fn compared(&self, subject: &Subject, field: &str, text: &str, test: &str) -> String {
        let is_hidden = !self.shows_personal && subject.field(field).is_some_and(|field| field.is_personal);
        if is_hidden { format!("{text} (personal data)") } else { format!("{text} {test}") }
    }

    fn joined(&self, subject: &Subject, rules: &[Rule], word: &str, is_alone: bool) -> String {
        let parts: Vec<_> = rules.iter().map(|rule| self.rule(subject, rule, rules.len() == 1)).collect();
        let text = parts.join(word);
        if is_alone || parts.len() == 1 { text } else { format!("({text})") }
    }

    fn test(&self, test: &Test) -> String {
        let list = |literals: &[Literal]| {
            let mut text = String::new();
            for (index, literal) in literals.iter().enumerate() {
                let comma = if index == 0 { "" } else { ", " };
                // Writing to a string does not fail.
                let _ = write!(text, "{comma}{}", self.literal(literal));
            }
            text
        };
        match test {
            Test::Eq(literal) => format!("= {}", self.literal(literal)),
            Test::Ne(literal) => format!("≠ {}", self.literal(literal)),
            Test::In(literals) => format!("in [{}]", list(literals)),
            Test::NotIn(literals) => format!("not in [{}]", list(literals)),
            Test::Lt(literal) => format!("< {}", self.literal(literal)),
            Test::Lte(literal) => format!("≤ {}", self.literal(literal)),
            Test::Gt(literal) => format!("> {}", self.literal(literal)),
            Test::Gte(literal) => format!("≥ {}", self.literal(literal)),
            Test::Between(least, greatest) => {
                format!("from {} to {}", self.literal(least), self.literal(greatest))
            }
            Test::Contains(text) => format!("contains {text:?}"),
            Test::StartsWith(text) => format!("starts with {text:?}"),
            Test::IsNull(true) => "is missing".to_owned(),
            Test::IsNull(false) => "is there".to_owned(),
            Test::Null(operator) => format!("{operator} null"),
        }
    }

    fn literal(&self, literal: &Literal) -> String {
        match literal {
            Literal::Text(text) | Literal::Decimal(text) => text.clone(),
            Literal::Integer(integer) => integer.to_string(),
            Literal::Number(number) => number.to_string(),
            Literal::Instant(instant) => instant.to_string(),
            Literal::Ago(duration) => format!("{duration} ago"),
            Literal::Day(day) => day.to_string(),
            Literal::Boolean(boolean) => boolean.to_string(),
            Literal::Key(key) => (self.title)(*key).unwrap_or_else(|| key.to_string()),
        }
    }
}
