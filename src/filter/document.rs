//! Rules as clients write them: IRIs in place of keys, in the shape of `where`.

use serde_json::{Map, Value, json};

use super::{Edge, Literal, Quantifier, Rule, Shape, Subject, Test};
use crate::{failure::Outcome, semantics::Base, store::JsonType};

impl Rule {
    /// The rule with the keys of the nodes that it names by their IRIs.
    ///
    /// # Errors
    /// [`crate::failure::Failure::Malformed`] when one is no IRI of a node of its type.
    pub fn keyed(self, subject: &Subject, base: &Base) -> Outcome<Self> {
        let each = |rules: Vec<Self>| rules.into_iter().map(|rule| rule.keyed(subject, base)).collect::<Outcome<_>>();
        let boxed = |subject: &Subject, rule: Box<Self>| rule.keyed(subject, base).map(Box::new);
        // What is not there is told where the rule is made a condition.
        let other = |edge: &str| subject.edge(edge).map_or(subject, |edge| (edge.subject)());
        Ok(match self {
            Self::All(rules) => Self::All(each(rules)?),
            Self::Any(rules) => Self::Any(each(rules)?),
            Self::Not(rule) => Self::Not(boxed(subject, rule)?),
            Self::Related { edge, quantifier, rule } => {
                let rule = boxed(other(&edge), rule)?;
                Self::Related { edge, quantifier, rule }
            }
            Self::Counted { edge, rule, test } => {
                let rule = boxed(other(&edge), rule)?;
                Self::Counted { edge, rule, test }
            }
            Self::Compare { field, test } => {
                let collection = subject.field(&field).and_then(|field| field.collection(subject));
                let test = match collection {
                    Some(collection) => test.keyed(&format!("where.{field}"), base, collection)?,
                    None => test,
                };
                Self::Compare { field, test }
            }
            member @ Self::Member { .. } => member,
        })
    }

    /// The rule in the shape of `where`: sent back, it makes the same rule.
    #[must_use]
    pub fn document(&self, subject: &Subject, base: &Base) -> Map<String, Value> {
        let each = |rules: &[Self]| rules.iter().map(|rule| rule.document(subject, base)).collect::<Vec<_>>();
        match self {
            Self::All(rules) => joined(subject, &each(rules)),
            Self::Any(rules) => single("or", json!(each(rules))),
            Self::Not(rule) => single("not", json!(rule.document(subject, base))),
            Self::Compare { field, test } => {
                let collection = subject.field(field).and_then(|field| field.collection(subject));
                let (operator, operand) = test.operator(|literal| literal.document(base, collection));
                single(field, json!({ operator: operand }))
            }
            Self::Member { field, name, json, test } => {
                let (operator, operand) = test.operator(|literal| literal.document(base, None));
                let tests = single(operator, operand);
                let mut member = match json {
                    JsonType::Any => tests,
                    json => single(json.name(), json!(tests)),
                };
                member.insert("name".to_owned(), json!(name));
                single(field, json!(member))
            }
            Self::Related { edge, quantifier, rule } => {
                let Some(found) = subject.edge(edge) else { return Map::new() };
                let inner = || json!(rule.document((found.subject)(), base));
                let condition = match (found.shape, quantifier) {
                    (Shape::One, _) => inner(),
                    (Shape::Tags, quantifier) => tags(*quantifier, rule),
                    (Shape::Many, Quantifier::Some) => json!({ "some": inner() }),
                    (Shape::Many, Quantifier::None) => json!({ "none": inner() }),
                    (Shape::Many, Quantifier::Every) => json!({ "every": inner() }),
                };
                single(edge, condition)
            }
            Self::Counted { edge, rule, test } => {
                let Some(found) = subject.edge(edge) else { return Map::new() };
                let (operator, operand) = test.operator(|literal| literal.document(base, None));
                let mut count = json!({ "is": { operator: operand } });
                let filter = rule.document((found.subject)(), base);
                if !filter.is_empty() {
                    count["where"] = json!(filter);
                }
                single(edge, json!({ "count": count }))
            }
        }
    }
}

impl Test {
    fn keyed(self, path: &str, base: &Base, collection: &str) -> Outcome<Self> {
        let key = |literal| match literal {
            Literal::Text(iri) => base.parse_in(path, &iri, collection).map(Literal::Key),
            other => Ok(other),
        };
        Ok(match self {
            Self::Eq(literal) => Self::Eq(key(literal)?),
            Self::Ne(literal) => Self::Ne(key(literal)?),
            Self::In(literals) => Self::In(literals.into_iter().map(key).collect::<Outcome<_>>()?),
            Self::NotIn(literals) => Self::NotIn(literals.into_iter().map(key).collect::<Outcome<_>>()?),
            other => other,
        })
    }

    /// The operator by its name, and what it takes.
    pub(super) fn operator(&self, write: impl Fn(&Literal) -> Value) -> (&str, Value) {
        let list = |literals: &[Literal]| literals.iter().map(&write).collect::<Value>();
        match self {
            Self::Eq(literal) => ("eq", write(literal)),
            Self::Ne(literal) => ("ne", write(literal)),
            Self::In(literals) => ("in", list(literals)),
            Self::NotIn(literals) => ("notIn", list(literals)),
            Self::Lt(literal) => ("lt", write(literal)),
            Self::Lte(literal) => ("lte", write(literal)),
            Self::Gt(literal) => ("gt", write(literal)),
            Self::Gte(literal) => ("gte", write(literal)),
            Self::Between(least, greatest) => ("between", json!({ "from": write(least), "to": write(greatest) })),
            Self::Contains(text) => ("contains", json!(text)),
            Self::StartsWith(text) => ("startsWith", json!(text)),
            Self::IsNull(is_null) => ("isNull", json!(is_null)),
            Self::Null(operator) => (operator, Value::Null),
        }
    }
}

impl Literal {
    fn document(&self, base: &Base, collection: Option<&str>) -> Value {
        match self {
            Self::Text(text) | Self::Decimal(text) => json!(text),
            Self::Integer(integer) => json!(integer),
            // Whole ones without a fraction, as clients write them.
            Self::Number(number) => number.to_string().parse::<i64>().map_or_else(|_| json!(number), Value::from),
            Self::Instant(instant) => json!({ "at": instant }),
            Self::Ago(duration) => json!({ "ago": duration }),
            Self::Day(day) => json!(day.to_string()),
            Self::Boolean(boolean) => json!(boolean),
            Self::Key(key) => json!(base.node(collection.unwrap_or_default(), *key)),
        }
    }
}

fn single(name: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value)])
}

fn tags(quantifier: Quantifier, rule: &Rule) -> Value {
    match (quantifier, rule) {
        (Quantifier::Some, Rule::Compare { test: Test::Eq(Literal::Text(tag)), .. }) => json!({ "has": tag }),
        (quantifier, Rule::Compare { test: Test::In(tags), .. }) => {
            let tags = tags.iter().filter_map(|tag| if let Literal::Text(tag) = tag { Some(tag) } else { None });
            let name = if quantifier == Quantifier::Some { "hasAny" } else { "hasNone" };
            json!({ name: tags.collect::<Vec<_>>() })
        }
        _ => json!({}),
    }
}

/// Conditions side by side where they can stand so, as clients write them; else below `and`.
fn joined(subject: &Subject, parts: &[Map<String, Value>]) -> Map<String, Value> {
    let mut all = Map::new();
    for part in parts {
        for (name, condition) in part {
            let is_free = !all.contains_key(name);
            let tests = all.entry(name).or_insert_with(|| condition.clone());
            let stands = is_free || stands_by_tests(subject, name) && added(tests, condition);
            if !stands {
                return single("and", json!(parts));
            }
        }
    }
    all
}

/// Whether several tests of what is called so may stand side by side.
fn stands_by_tests(subject: &Subject, name: &str) -> bool {
    let is_of_many = |edge: &Edge| edge.shape != Shape::One;
    subject.field(name).is_some() || subject.edge(name).is_some_and(is_of_many)
}

/// Adds tests to others. Not where one is of the same operator.
fn added(tests: &mut Value, others: &Value) -> bool {
    let (Value::Object(tests), Value::Object(others)) = (tests, others) else { return false };
    if let (Some(Value::Object(count)), Some(Value::Object(other))) = (tests.get_mut("count"), others.get("count"))
        && others.len() == 1
        && count.get("where") == other.get("where")
    {
        return match (count.get_mut("is"), other.get("is")) {
            (Some(is), Some(other)) => added(is, other),
            _ => false,
        };
    }
    if tests.contains_key("name") {
        return added_to_member(tests, others);
    }
    let is_disjoint = others.keys().all(|name| !tests.contains_key(name));
    if is_disjoint {
        tests.extend(others.clone());
    }
    is_disjoint
}

/// Adds tests of the same member of a JSON object. Not of another.
fn added_to_member(tests: &mut Map<String, Value>, others: &Map<String, Value>) -> bool {
    others.iter().all(|(name, other)| match tests.get_mut(name) {
        Some(there) if name == "name" => there == other,
        Some(there) => added(there, other),
        None => {
            tests.insert(name.clone(), other.clone());
            true
        }
    })
}
