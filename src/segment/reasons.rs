//! Why customers are in segments, or no longer: the conditions that decide, in words.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Context;
use entity::customer::{Column, Entity};
use sea_orm::{
    ConnectionTrait, QueryResult,
    sea_query::{Expr, ExprTrait, Query},
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Changed,
    portion::{Size, portions},
    rules::{ours, scope},
};
use crate::{
    customer::CustomerWhere,
    filter::{
        Asked, Book, Condition, Entry, Expressions, Finding, Scope, Verdicts, decisive, join_one, own_conditions,
    },
    graphql::comparison::Where,
    store::{Dialect, Reading, Values},
};

/// How many customers one statement is about at most.
const MOST_CUSTOMERS: usize = 2_000;
/// How many conditions are told at most.
const MOST_CONDITIONS: usize = 10;
/// How many letters of a condition are told at most.
const MOST_LETTERS: usize = 300;

/// What decided that a customer entered a segment, or left it, by segment and customer.
pub type Reasons = HashMap<(Uuid, Uuid), Vec<String>>;

/// Places of customers, each a segment and a customer.
pub type Places = BTreeSet<(Uuid, Uuid)>;

/// What decides about the places that customers `entered` and `left`, as the customers are now. Of several conditions those
/// are told that read something of `changed`, if any does. Personal data is left out, since events are kept.
///
/// # Errors
/// When the database fails, or a stored rule cannot be read.
pub async fn reasons(
    db: &impl ConnectionTrait,
    reading: &Reading,
    book: &Book,
    (entered, left): (&Places, &Places),
    changed: &Changed,
) -> anyhow::Result<Reasons> {
    let (entered, mut moved) = (by_segment(entered), by_segment(left));
    let mut reasons = Reasons::new();
    let mut rules: BTreeMap<Uuid, Judged<'_>> = BTreeMap::new();
    for entry in book.entries() {
        let newcomers = entered.get(&entry.key);
        if newcomers.is_none() && !moved.contains_key(&entry.key) {
            continue;
        }
        let judged = Judged::new(entry, changed);
        if let Some(newcomers) = newcomers {
            if let Some(told) = judged.told_of_entering(book) {
                reasons.extend(newcomers.iter().map(|customer| ((entry.key, *customer), vec![told.clone()])));
            } else {
                let customers = moved.entry(entry.key).or_default();
                customers.extend(newcomers);
                customers.sort_unstable();
            }
        }
        rules.insert(entry.key, judged);
    }
    let dialect = Dialect::from(db.get_database_backend());
    let scope = Scope { asked: Asked::Joined, ..scope(reading, dialect) };
    // Rules are judged together that are about the same customers: all of them where there is one customer. Of many, few
    // move in the same segments, and each rule asks about its own.
    let mut alike: BTreeMap<&[Uuid], Vec<Judged<'_>>> = BTreeMap::new();
    for (segment, customers) in &moved {
        if let Some(judged) = rules.remove(segment) {
            alike.entry(customers).or_default().push(judged);
        }
    }
    for (customers, judged) in &alike {
        for some in portions(judged, Judged::size) {
            for customers in customers.chunks(MOST_CUSTOMERS) {
                reasons.extend(ask(db, &scope, book, some, customers).await?);
            }
        }
    }
    Ok(reasons)
}

/// The customers of places, by segment.
fn by_segment(places: &Places) -> BTreeMap<Uuid, Vec<Uuid>> {
    let mut customers: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for (segment, customer) in places {
        customers.entry(*segment).or_default().push(*customer);
    }
    customers
}

/// A rule that is taken apart.
struct Judged<'a> {
    entry: &'a Entry,
    conditions: Vec<Condition<'a>>,
    /// Whether each condition reads something that changed.
    is_changed: Vec<bool>,
}

impl<'a> Judged<'a> {
    fn new(entry: &'a Entry, changed: &Changed) -> Self {
        let is_changed = entry.parts.iter().map(|part| changed.is_by(entry.key) || changed.is_in(part)).collect();
        Self { entry, is_changed, conditions: own_conditions(CustomerWhere::SUBJECT, &entry.rule) }
    }

    /// What is told of whoever enters, if nothing need be read for it: the rule is one condition whose verdict says all.
    fn told_of_entering(&self, book: &Book) -> Option<String> {
        let [condition] = &self.conditions[..] else { return None };
        condition.says_all().then(|| short(condition.text(false, &|key| book.title(key).map(str::to_owned))))
    }

    /// A verdict and a finding for each condition; what a test is given is asked for with both.
    fn size(&self) -> Size {
        Size { columns: 2 * self.conditions.len(), values: 2 * self.entry.values }
    }
}

async fn ask(
    db: &impl ConnectionTrait,
    scope: &Scope,
    book: &Book,
    judged: &[Judged<'_>],
    customers: &[Uuid],
) -> anyhow::Result<Reasons> {
    let key = Expr::col((Entity, Column::Id));
    let mut columns = Expressions::default();
    let customer_place = columns.place(key.clone());
    let deleted_place = columns.place(Expr::col((Entity, Column::DeletedAt)).is_not_null());
    let verdicts = judged.iter().map(|judged| ours(Verdicts::ask(&mut columns, scope, &judged.conditions)));
    let verdicts = verdicts.collect::<anyhow::Result<Vec<_>>>()?;
    let mut statement = Query::select();
    statement.from(Entity).exprs(columns.into_vec());
    join_one(CustomerWhere::SUBJECT, &mut statement);
    statement.and_where(scope.dialect.among(key, &Values::Keys(customers.to_vec())));
    let rows = db.query_all(&statement).await.context("could not tell what decides about segments")?;
    let mut reasons = Reasons::new();
    for row in rows {
        let customer: Uuid = row.try_get_by_index(customer_place)?;
        let is_deleted: bool = row.try_get_by_index(deleted_place)?;
        for (judged, verdicts) in judged.iter().zip(&verdicts) {
            let told = if is_deleted {
                vec!["the customer was deleted".to_owned()]
            } else {
                told(&row, scope, book, judged, verdicts)?
            };
            reasons.insert((judged.entry.key, customer), told);
        }
    }
    Ok(reasons)
}

/// The conditions that decide, in words.
fn told(
    row: &QueryResult,
    scope: &Scope,
    book: &Book,
    judged: &Judged<'_>,
    verdicts: &Verdicts,
) -> anyhow::Result<Vec<String>> {
    let conditions = &judged.conditions;
    let holds = verdicts.holds(row)?;
    let mut places = decisive(conditions, &holds);
    if places.iter().any(|place| judged.is_changed[*place]) {
        places.retain(|place| judged.is_changed[*place]);
    }
    let title = |key: Uuid| book.title(key).map(str::to_owned);
    let told = places.into_iter().take(MOST_CONDITIONS).map(|place| {
        let text = short(conditions[place].text(false, &title));
        let not = if holds[place] == Some(false) { "not " } else { "" };
        if conditions[place].is_personal() {
            return Ok(format!("{not}{text}"));
        }
        let finding = verdicts.finding(row, place, &scope.reading)?;
        Ok(match finding.and_then(in_words) {
            None => format!("{not}{text}"),
            Some(finding) => format!("{not}{text} ({finding})"),
        })
    });
    told.collect()
}

/// What was found, unless the verdict says it: that none of some, or all of every, fulfil a condition.
fn in_words(finding: Finding) -> Option<String> {
    match finding {
        Finding::Compared(None) => Some("is missing".to_owned()),
        Finding::Compared(Some(Value::String(value))) => Some(format!("is {}", short(value))),
        Finding::Compared(Some(value)) => Some(format!("is {value}")),
        Finding::Fulfilling(0) | Finding::Failing(0) => None,
        Finding::Fulfilling(count) => Some(format!("{count} of them")),
        Finding::Failing(count) => Some(format!("all but {count}")),
    }
}

fn short(text: String) -> String {
    match text.char_indices().nth(MOST_LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
