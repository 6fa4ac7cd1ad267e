//! Why a customer is in a segment, or not.

use std::sync::Arc;

use anyhow::Context as _;
use async_graphql::{Context, Object, SimpleObject};
use entity::{customer, segment, segment_membership};
use sea_orm::{
    ConnectionTrait, EntityTrait,
    sea_query::{Expr, ExprTrait, Query},
};
use serde_json::Value;
use uuid::Uuid;

use super::rules::{self, ours};
use crate::{
    app::App,
    auth::Viewer,
    customer::CustomerWhere,
    failure::Outcome,
    filter::{Condition, Expressions, Rule, Verdicts, conditions},
    graphql::comparison::Where,
    instant::Instant,
    store::Reading,
};

/// Why a customer is in a segment, or not.
#[derive(Clone, Debug, SimpleObject)]
pub struct SegmentExplanation {
    /// Whether the customer is in it, as was found when something last happened to them, or by the last job.
    is_member: bool,
    /// Since when. Null if they are not in it.
    since: Option<Instant>,
    /// Whether the rule holds for them now. It may be another than `isMember` where time has passed since that was found,
    /// or until the members by a new rule are found. Null for a static segment.
    holds: Option<bool>,
    /// The rule, from which its parts can be followed. Null for a static segment.
    rule: Option<SegmentCondition>,
    /// The same rule as a list: each condition is followed by its parts, which are one `level` lower. Empty for a static
    /// segment.
    conditions: Vec<SegmentCondition>,
}

/// A condition of a rule, as it is of one customer.
#[derive(Clone, Debug)]
pub struct SegmentCondition {
    all: Arc<Vec<Found>>,
    place: usize,
}

/// What was found of a condition.
#[derive(Clone, Debug)]
struct Found {
    text: String,
    parent: Option<usize>,
    level: i32,
    holds: Option<bool>,
    value: Option<Value>,
}

/// A condition of a rule, as it is of one customer.
#[Object]
impl SegmentCondition {
    /// The condition in words. Personal data is left out for those who may not see it.
    async fn text(&self) -> &str {
        &self.found().text
    }

    /// How many conditions it is a part of: 0 for the whole rule.
    async fn level(&self) -> i32 {
        self.found().level
    }

    /// Whether it holds for the customer. Null for a condition on related nodes, such as orders, of which several hold or
    /// fail: `value` tells of how many it holds.
    async fn holds(&self) -> Option<bool> {
        self.found().holds
    }

    /// What the customer has: the field that is compared, as it is compared; or the number of related nodes that fulfil the
    /// condition, and for `every` the number of those that do not. Amounts and instants are written as elsewhere. Null if
    /// it is missing; if the condition is made of others; if it is about tags, or about one related node, such as the
    /// loyalty tier, since `holds` says all; and where it is personal data that the viewer may not see.
    async fn value(&self) -> Option<&Value> {
        self.found().value.as_ref()
    }

    /// The conditions that it is made of. Empty if it is made of none.
    async fn parts(&self) -> Vec<Self> {
        let parts = self.all.iter().enumerate().filter(|(_, found)| found.parent == Some(self.place));
        parts.map(|(place, _)| Self { all: Arc::clone(&self.all), place }).collect()
    }
}

impl SegmentCondition {
    fn found(&self) -> &Found {
        &self.all[self.place]
    }
}

/// Why a customer is in a segment, or not. None if one of them is not there.
///
/// # Errors
/// When the database fails, or the rule cannot be read.
pub async fn explain(ctx: &Context<'_>, segment: Uuid, customer: Uuid) -> Outcome<Option<SegmentExplanation>> {
    let (app, reading) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Reading>());
    let shows_personal = ctx.data_unchecked::<Viewer>().reads_personal();
    let db = app.database.reader();
    let row = segment::Entity::find_by_id(segment).one(db).await.context("could not read a segment")?;
    let Some(row) = row.filter(|row| row.deleted_at.is_none()) else { return Ok(None) };
    let rule: Option<Rule> = row.rule.map(serde_json::from_value).transpose().context("a rule cannot be read")?;
    let conditions = rule.as_ref().map(|rule| conditions(CustomerWhere::SUBJECT, rule)).unwrap_or_default();
    let titles = rules::titles(db, &conditions).await?;
    let Some(found) = find(app, reading, customer, &conditions).await? else { return Ok(None) };
    let title = |key: Uuid| titles.get(&key).cloned();
    let describe = |(condition, (holds, value)): (&Condition<'_>, (Option<bool>, Option<Value>))| Found {
        text: condition.text(shows_personal, &title),
        parent: condition.parent,
        level: condition.level,
        holds,
        value: value.filter(|_| shows_personal || !condition.is_personal()),
    };
    let all: Arc<Vec<_>> = Arc::new(conditions.iter().zip(found).map(describe).collect());
    let conditions: Vec<_> = (0..all.len()).map(|place| SegmentCondition { all: Arc::clone(&all), place }).collect();
    let member = segment_membership::Entity::find_by_id((segment, customer)).one(db).await;
    let since = member.context("could not read who is in a segment")?.map(|member| Instant(member.since.0));
    Ok(Some(SegmentExplanation {
        is_member: since.is_some(),
        since,
        holds: all.first().and_then(|found| found.holds),
        rule: conditions.first().cloned(),
        conditions,
    }))
}

/// The verdict and the value of each condition, by one statement. None if there is no such customer.
async fn find(
    app: &App,
    reading: &Reading,
    customer: Uuid,
    conditions: &[Condition<'_>],
) -> anyhow::Result<Option<Vec<(Option<bool>, Option<Value>)>>> {
    let key = Expr::col((customer::Entity, customer::Column::Id));
    let mut columns = Expressions::default();
    // A rule without conditions asks for nothing.
    columns.place(key.clone());
    let scope = rules::scope(reading, app.database.dialect());
    let verdicts = ours(Verdicts::ask(&mut columns, &scope, conditions))?;
    let mut statement = Query::select();
    statement
        .from(customer::Entity)
        .exprs(columns.into_vec())
        .and_where(key.eq(customer))
        .and_where(Expr::col((customer::Entity, customer::Column::DeletedAt)).is_null());
    let row = app.database.reader().query_one(&statement).await.context("could not explain a segment")?;
    let Some(row) = row else { return Ok(None) };
    let found = verdicts.holds(&row)?.into_iter().enumerate();
    Ok(Some(
        found
            .map(|(place, holds)| Ok((holds, verdicts.finding(&row, place, reading)?.and_then(Into::into))))
            .collect::<anyhow::Result<_>>()?,
    ))
}
