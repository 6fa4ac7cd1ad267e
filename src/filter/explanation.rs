//! Rules taken apart: each condition by itself, in words, with its verdict and what was found.
//!
//! The database is asked for what is not made of other conditions, by the same code as rules are made of, so that there
//! is one meaning; the rest follows from its parts. What is unknown does not hold.

use anyhow::Context;
use sea_orm::{
    DbErr, QueryResult,
    sea_query::{Expr, ExprTrait},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Edge, Field, Kind, Quantifier, Rule, Scope, Shape, Subject, words::Words};
use crate::{
    failure::Outcome,
    instant::Instant,
    money::Amount,
    store::{JsonType, Reading},
};

/// One condition of a rule, in its place in the rule.
#[derive(Clone, Copy, Debug)]
pub struct Condition<'a> {
    /// The rule that it is.
    pub rule: &'a Rule,
    /// The place of the condition that it is a part of, among all. None for the whole rule.
    pub parent: Option<usize>,
    /// How many conditions it is below: 0 for the whole rule.
    pub level: i32,
    subject: &'static Subject,
    /// The relation whose nodes it is about. None if it is about the node itself that the rule is about.
    edge: Option<&'static Edge>,
    root: &'static Subject,
}

/// The conditions of a rule, each after the one that it is a part of, and after all parts of those before it.
/// Conditions on nodes that are related to related nodes are not taken apart.
#[must_use]
pub fn conditions<'a>(subject: &'static Subject, rule: &'a Rule) -> Vec<Condition<'a>> {
    let mut all = Vec::new();
    take_apart(whole(subject, rule), true, &mut all);
    all
}

/// As [`conditions`], but those about the node itself alone.
#[must_use]
pub fn own_conditions<'a>(subject: &'static Subject, rule: &'a Rule) -> Vec<Condition<'a>> {
    let mut own = Vec::new();
    take_apart(whole(subject, rule), false, &mut own);
    own
}

fn whole<'a>(subject: &'static Subject, rule: &'a Rule) -> Condition<'a> {
    Condition { rule, parent: None, level: 0, subject, edge: None, root: subject }
}

fn take_apart<'a>(condition: Condition<'a>, follows: bool, all: &mut Vec<Condition<'a>>) {
    let (place, level) = (all.len(), condition.level + 1);
    all.push(condition);
    let mut part = |rule, subject, edge| {
        let part = Condition { rule, parent: Some(place), level, subject, edge, root: condition.root };
        take_apart(part, follows, all);
    };
    match condition.rule {
        Rule::All(rules) | Rule::Any(rules) => {
            for rule in rules {
                part(rule, condition.subject, condition.edge);
            }
        }
        Rule::Not(rule) => part(rule, condition.subject, condition.edge),
        Rule::Compare { .. } | Rule::Member { .. } => {}
        Rule::Related { edge, rule, .. } | Rule::Counted { edge, rule, .. } => {
            let edge = condition.subject.edge(edge).filter(|edge| edge.shape != Shape::Tags);
            // A relation without conditions has no parts.
            if follows
                && condition.edge.is_none()
                && let Some(edge) = edge
                && !matches!(&**rule, Rule::All(rules) if rules.is_empty())
            {
                part(rule, (edge.subject)(), Some(edge));
            }
        }
    }
}

impl Condition<'_> {
    /// Whether it is about the node itself, and not about nodes that are related to it.
    fn is_own(&self) -> bool {
        self.edge.is_none()
    }

    /// Whether it is a condition by itself, and not made of others about the same node.
    fn is_single(&self) -> bool {
        !matches!(self.rule, Rule::All(_) | Rule::Any(_) | Rule::Not(_))
    }

    /// Whether it looks at personal data.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        is_personal(self.subject, self.rule)
    }

    /// The condition in words. What personal data is compared with is said only if `shows_personal`; `title` names
    /// nodes.
    #[must_use]
    pub fn text(&self, shows_personal: bool, title: &impl Fn(Uuid) -> Option<String>) -> String {
        Words { shows_personal, title }.rule(self.subject, self.rule, true)
    }

    /// What tells the verdict: the database is asked for what is not made of others.
    ///
    /// # Errors
    /// As [`Scope::condition`].
    fn verdict(&self, scope: &Scope, columns: &mut Expressions) -> Outcome<Verdict> {
        Ok(match self.rule {
            _ if !self.is_own() => Verdict::Untold,
            Rule::All(_) => Verdict::All,
            Rule::Any(_) => Verdict::Any,
            Rule::Not(_) => Verdict::Not,
            rule => Verdict::Asked(columns.place(scope.verdict(self.root, rule)?)),
        })
    }

    /// Whether its verdict says all that is to be told: it is about one related node, or a tag.
    #[must_use]
    pub fn says_all(&self) -> bool {
        matches!(self.rule, Rule::Related { edge, quantifier, .. } if *quantifier != Quantifier::Every
            && self.subject.edge(edge).is_some_and(|edge| edge.shape != Shape::Many))
    }

    /// What tells more than the verdict, as SQL.
    fn evidence(&self, scope: &Scope) -> Outcome<Option<(Evidence, Expr)>> {
        let count = |evidence, edge, rule: &Rule| Ok(Some((evidence, scope.count(self.root, edge, rule)?)));
        if let Some(edge) = self.edge {
            return count(Evidence::Fulfilling, edge, self.rule);
        }
        match self.rule {
            Rule::All(_) | Rule::Any(_) | Rule::Not(_) => Ok(None),
            _ if self.says_all() => Ok(None),
            Rule::Compare { field, .. } => Ok(self
                .subject
                .field(field)
                .map(|field| (Evidence::Compared(field.kind), readable(field, &scope.reading)))),
            // As it is, not as what it is compared as: one of another type is told, too.
            Rule::Member { field, name, .. } => Ok(self.subject.field(field).map(|field| {
                let member = scope.dialect.member((field.expression)(&scope.reading), name, JsonType::Any);
                (Evidence::Compared(Kind::Json), member)
            })),
            Rule::Related { edge, quantifier, rule } => match (self.subject.edge(edge), quantifier) {
                (Some(edge), Quantifier::Every) => count(Evidence::Failing, edge, &Rule::Not(rule.clone())),
                (Some(edge), _) => count(Evidence::Fulfilling, edge, rule),
                (None, _) => Ok(None),
            },
            Rule::Counted { edge, rule, .. } => match self.subject.edge(edge) {
                Some(edge) => count(Evidence::Compared(Kind::Integer), edge, rule),
                None => Ok(None),
            },
        }
    }
}

/// What a statement about conditions selects: what several ask for is asked for once.
#[derive(Clone, Debug, Default)]
pub struct Expressions(Vec<Expr>);

impl Expressions {
    /// The place of a column that holds this, from 0. It is added if there is none.
    pub fn place(&mut self, column: Expr) -> usize {
        self.0.iter().position(|other| *other == column).unwrap_or_else(|| {
            self.0.push(column);
            self.0.len() - 1
        })
    }

    /// All of them, in their places.
    #[must_use]
    pub fn into_vec(self) -> Vec<Expr> {
        self.0
    }
}

/// What tells whether a condition holds.
#[derive(Clone, Copy, Debug)]
enum Verdict {
    /// The column at this place.
    Asked(usize),
    /// That all of its parts do.
    All,
    /// That any of its parts does.
    Any,
    /// That its part does not.
    Not,
    /// Nothing: it is about related nodes.
    Untold,
}

/// What a column tells of a condition beside its verdict.
#[derive(Clone, Copy, Debug)]
enum Evidence {
    /// What is compared.
    Compared(Kind),
    /// How many related nodes fulfil the condition.
    Fulfilling,
    /// How many related nodes do not.
    Failing,
}

/// What was found of a condition beside its verdict.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// What is compared; none where it is missing.
    Compared(Option<Value>),
    /// How many related nodes fulfil it.
    Fulfilling(i64),
    /// How many related nodes do not, where all of them are to.
    Failing(i64),
}

impl From<Finding> for Option<Value> {
    fn from(finding: Finding) -> Self {
        match finding {
            Finding::Compared(value) => value,
            Finding::Fulfilling(count) | Finding::Failing(count) => Some(count.into()),
        }
    }
}

/// How a row judges a condition.
#[derive(Clone, Debug)]
struct Judgement {
    verdict: Verdict,
    /// The place of the condition that it is a part of.
    parent: Option<usize>,
    /// The column of what tells more.
    evidence: Option<(usize, Evidence)>,
}

/// How a row judges conditions.
#[derive(Clone, Debug)]
pub struct Verdicts(Vec<Judgement>);

impl Verdicts {
    /// Adds to `columns` what judges `conditions`.
    ///
    /// # Errors
    /// As [`Scope::condition`].
    pub fn ask(columns: &mut Expressions, scope: &Scope, conditions: &[Condition<'_>]) -> Outcome<Self> {
        let judge = |condition: &Condition<'_>| {
            let verdict = condition.verdict(scope, columns)?;
            let evidence = condition.evidence(scope)?.map(|(evidence, column)| (columns.place(column), evidence));
            Ok(Judgement { verdict, parent: condition.parent, evidence })
        };
        Ok(Self(conditions.iter().map(judge).collect::<Outcome<_>>()?))
    }

    /// Whether each condition holds. None for those on related nodes.
    ///
    /// # Errors
    /// When the row is of another statement.
    pub fn holds(&self, row: &QueryResult) -> Result<Vec<Option<bool>>, DbErr> {
        let without_parts = self.0.iter().map(|judged| {
            Ok(match judged.verdict {
                Verdict::Asked(column) => Some(row.try_get_by_index::<i32>(column)? == 1),
                Verdict::All | Verdict::Not => Some(true),
                Verdict::Any => Some(false),
                Verdict::Untold => None,
            })
        });
        let mut holds = without_parts.collect::<Result<Vec<_>, DbErr>>()?;
        // Each condition comes after the one that it is a part of.
        for (place, judged) in self.0.iter().enumerate().rev() {
            let (Some(parent), Some(part)) = (judged.parent, holds[place]) else { continue };
            holds[parent] = holds[parent].map(|whole| match self.0[parent].verdict {
                Verdict::All => whole && part,
                Verdict::Any => whole || part,
                Verdict::Not => !part,
                Verdict::Asked(_) | Verdict::Untold => whole,
            });
        }
        Ok(holds)
    }

    /// What was found of the condition at `place`: an amount is one in the currency of `reading`. None where the
    /// condition is made of others, and where its verdict says all.
    ///
    /// # Errors
    /// When the row is of another statement.
    pub fn finding(&self, row: &QueryResult, place: usize, reading: &Reading) -> anyhow::Result<Option<Finding>> {
        let Some((column, evidence)) = self.0[place].evidence else { return Ok(None) };
        let found = match evidence {
            Evidence::Compared(kind) => read(row, column, kind, reading).map(Finding::Compared),
            Evidence::Fulfilling => row.try_get_by_index(column).map(Finding::Fulfilling),
            Evidence::Failing => row.try_get_by_index(column).map(Finding::Failing),
        };
        found.map(Some).context("could not read what was found of a condition")
    }
}

/// The places of the conditions that make the whole rule hold, or fail: those about the node itself, by the verdict of
/// each condition.
#[must_use]
pub fn decisive(conditions: &[Condition<'_>], holds: &[Option<bool>]) -> Vec<usize> {
    let mut places = Vec::new();
    let mut open = vec![0];
    while let Some(place) = open.pop() {
        let Some(condition) = conditions.get(place).filter(|condition| condition.is_own()) else { continue };
        if condition.is_single() {
            places.push(place);
            continue;
        }
        // All parts decide, unless those with the same verdict did it by themselves.
        let parts = conditions.iter().enumerate().filter(|(_, part)| part.parent == Some(place));
        let is_by_parts = match condition.rule {
            Rule::All(_) => holds[place] == Some(false),
            Rule::Any(_) => holds[place] == Some(true),
            _ => false,
        };
        open.extend(parts.map(|(part, _)| part).filter(|part| !is_by_parts || holds[*part] == holds[place]));
    }
    places.sort_unstable();
    places
}

/// What a field holds, of a type that is read alike from both databases.
fn readable(field: &Field, reading: &Reading) -> Expr {
    let expression = (field.expression)(reading);
    match field.kind {
        Kind::Integer | Kind::Money | Kind::UnitPrice | Kind::Instant => expression.cast_as("bigint"),
        Kind::Number => expression.cast_as("double precision"),
        Kind::Day | Kind::Json => expression.cast_as("text"),
        Kind::Text | Kind::Folded | Kind::Email | Kind::Boolean | Kind::Key => expression,
    }
}

fn read(row: &QueryResult, column: usize, kind: Kind, reading: &Reading) -> Result<Option<Value>, DbErr> {
    let exponent = reading.currency.exponent();
    Ok(match kind {
        Kind::Text | Kind::Folded | Kind::Email | Kind::Day => {
            row.try_get_by_index::<Option<String>>(column)?.map(Value::from)
        }
        Kind::Json => {
            let text = row.try_get_by_index::<Option<String>>(column)?;
            text.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| DbErr::Json(error.to_string()))?
        }
        Kind::Integer => row.try_get_by_index::<Option<i64>>(column)?.map(Value::from),
        Kind::Number => row.try_get_by_index::<Option<f64>>(column)?.map(Value::from),
        Kind::Boolean => row.try_get_by_index::<Option<bool>>(column)?.map(Value::from),
        Kind::Key => row.try_get_by_index::<Option<Uuid>>(column)?.map(|key| json!(key)),
        Kind::Money => {
            row.try_get_by_index::<Option<i64>>(column)?.map(|units| json!(Amount::<0> { units, exponent }.to_string()))
        }
        Kind::UnitPrice => {
            row.try_get_by_index::<Option<i64>>(column)?.map(|units| json!(Amount::<4> { units, exponent }.to_string()))
        }
        Kind::Instant => row
            .try_get_by_index::<Option<i64>>(column)?
            .and_then(chrono::DateTime::from_timestamp_millis)
            .map(|instant| json!(Instant(instant))),
    })
}

fn is_personal(subject: &Subject, rule: &Rule) -> bool {
    match rule {
        Rule::All(rules) | Rule::Any(rules) => rules.iter().any(|rule| is_personal(subject, rule)),
        Rule::Not(rule) => is_personal(subject, rule),
        Rule::Compare { field, .. } | Rule::Member { field, .. } => {
            subject.field(field).is_some_and(|field| field.is_personal)
        }
        Rule::Related { edge, rule, .. } | Rule::Counted { edge, rule, .. } => {
            subject.edge(edge).is_some_and(|edge| is_personal((edge.subject)(), rule))
        }
    }
}
