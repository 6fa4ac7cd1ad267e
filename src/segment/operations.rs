//! Entering and leaving segments, in the transaction of whatever brings it about.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Context, ensure};
use entity::{segment, segment_membership};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, StreamTrait, Value,
    sea_query::Expr,
};
use serde::Serialize;
use uuid::{Uuid, fmt::Simple};

use super::{
    Changed, computation,
    portion::{Size, portions},
    reasons::{Places, Reasons, reasons},
    rules::{self, ours},
};
use crate::{
    customer::CustomerWhere,
    event::Event,
    filter::{Asked, Book, Entry, Scope, join_one},
    graphql::comparison::Where,
    store::{Dialect, Kind, Question, Reading, Values, execute, read_each},
    transaction::{Overtaken, Transaction},
};

/// Lets `customers` enter the dynamic segments whose rules hold for them now, and leave those whose rules no longer
/// do. Only those rules of `book`, which are [`rules::of`] the transaction, are asked that read something of `changed`, or
/// name a segment that a customer has just entered or left.
///
/// One statement applies all of these rules, each a column of it, so that its cost is that of reading the customers;
/// another reads where they are. Rules that name segments which have rules themselves come after those.
///
/// # Errors
/// When the database fails, or a stored rule cannot be read.
pub async fn reconsider(tx: &Transaction, book: &Book, customers: &[Uuid], changed: &Changed) -> anyhow::Result<()> {
    if customers.is_empty() {
        return Ok(());
    }
    let (reading, keys) = (tx.reading(), Values::Keys(customers.to_vec()));
    let mut changed = changed.clone();
    for level in book.levels() {
        let asked: Vec<_> = level.iter().filter(|entry| changed.concerns(entry)).collect();
        for asked in portions(&asked, |entry| Size { columns: 1, values: entry.values }) {
            let are = held(tx, &keys, asked.iter().map(|entry| entry.key)).await?;
            let belong = due(tx, book, &keys, asked).await?;
            let entered: Places = belong.difference(&are).copied().collect();
            let left: Places = are.difference(&belong).copied().collect();
            if entered.is_empty() && left.is_empty() {
                continue;
            }
            let mut reasons = reasons(&*tx.db, &reading, book, (&entered, &left), &changed).await?;
            for segment in entered.iter().chain(&left).map(|(segment, _)| *segment).collect::<BTreeSet<_>>() {
                changed = changed.and(segment.into());
            }
            enter(tx, entered.into_iter().collect(), Some(book), &mut reasons).await?;
            leave(tx, left.into_iter().collect(), Some(book), &mut reasons).await?;
        }
    }
    Ok(())
}

/// Puts customers into segments, each pair of a segment and a customer who is not in it, for these reasons: by rules, or by
/// hand.
///
/// # Errors
/// When the database fails. [`Overtaken`] when a rule is another one by now.
pub async fn enter(
    tx: &Transaction,
    places: Vec<(Uuid, Uuid)>,
    rules: Option<&Book>,
    reasons: &mut Reasons,
) -> anyhow::Result<()> {
    let sql = |moved: &str| {
        format!(
            "insert into segment_membership (segment_id, customer_id, since) select segment_id, customer_id, $2 {moved}"
        )
    };
    let since = Some(tx.now.timestamp_millis().into());
    change(tx, &places, rules, sql, since).await.context("could not add members to segments")?;
    for (segment, customer) in places {
        let decided_by = reasons.remove(&(segment, customer)).unwrap_or_default();
        tx.emit(Event::SegmentEntered { customer, segment, decided_by });
    }
    Ok(())
}

/// Takes customers out of segments, each pair of a segment and a customer who is in it, for these reasons: by rules, or by
/// hand.
///
/// # Errors
/// As [`enter`].
pub async fn leave(
    tx: &Transaction,
    places: Vec<(Uuid, Uuid)>,
    rules: Option<&Book>,
    reasons: &mut Reasons,
) -> anyhow::Result<()> {
    let sql = |moved: &str| {
        format!(
            "delete from segment_membership where (segment_id, customer_id) in (select segment_id, customer_id {moved})"
        )
    };
    change(tx, &places, rules, sql, None).await.context("could not remove members from segments")?;
    for (segment, customer) in places {
        let decided_by = reasons.remove(&(segment, customer)).unwrap_or_default();
        tx.emit(Event::SegmentLeft { customer, segment, decided_by });
    }
    Ok(())
}

/// The segments that were deleted and have yet to be emptied, each with its version.
///
/// # Errors
/// When the database fails.
pub async fn deleted(db: &impl ConnectionTrait) -> anyhow::Result<BTreeMap<Uuid, i32>> {
    let segments: Vec<(Uuid, i32)> = segment::Entity::find()
        .select_only()
        .columns([segment::Column::Id, segment::Column::Version])
        .filter(segment::Column::DeletedAt.is_not_null())
        .into_tuple()
        .all(db)
        .await
        .context("could not read which segments were deleted")?;
    Ok(segments.into_iter().collect())
}

/// Who is in a segment.
///
/// # Errors
/// When the database fails.
pub async fn members(db: &impl StreamTrait, segment: Uuid) -> anyhow::Result<Vec<Uuid>> {
    let statement = segment_membership::Entity::find()
        .select_only()
        .column(segment_membership::Column::CustomerId)
        .filter(segment_membership::Column::SegmentId.eq(segment))
        .order_by_asc(segment_membership::Column::CustomerId)
        .build(db.get_database_backend());
    let members = read_each(db, statement, |row| row.try_get_by_index(0)).await;
    members.context("could not read the members of a segment")
}

/// Takes those of `customers` who are in a segment that was deleted out of it. Gives how many were.
///
/// # Errors
/// When the database fails.
pub async fn empty(tx: &Transaction, segment: Uuid, customers: &[Uuid]) -> anyhow::Result<usize> {
    let places = held(tx, &Values::Keys(customers.to_vec()), std::iter::once(segment)).await?;
    let count = places.len();
    leave(tx, places.into_iter().collect(), None, &mut Reasons::new()).await?;
    Ok(count)
}

/// Takes the row of a segment away that was deleted, if nobody is in it.
///
/// # Errors
/// When the database fails.
pub async fn forget(db: &impl ConnectionTrait, segment: Uuid) -> anyhow::Result<()> {
    let sql = "delete from segment where id = $1 and deleted_at is not null and not exists (
            select 1 from segment_membership where segment_id = $1
        )";
    execute(db, sql, vec![segment.into()]).await.context("could not take the row of a deleted segment away")?;
    Ok(())
}

/// A customer who enters a segment or leaves it, by this version of its rule.
#[derive(Serialize)]
struct Moved {
    segment_id: Simple,
    customer_id: Simple,
    version: Option<i32>,
}

/// Writes places of customers, in one statement that `sql` makes around those that move.
///
/// Who moves by a rule does so if the segment still has it, and until the transaction ends no edit gives it another.
async fn change(
    tx: &Transaction,
    places: &[(Uuid, Uuid)],
    rules: Option<&Book>,
    sql: impl Fn(&str) -> String,
    parameter: Option<Value>,
) -> anyhow::Result<()> {
    if places.is_empty() {
        return Ok(());
    }
    let dialect = tx.dialect();
    let versions: HashMap<Uuid, i32> =
        rules.into_iter().flat_map(Book::entries).map(|entry| (entry.key, entry.version)).collect();
    let moved = places.iter().map(|(segment, customer)| Moved {
        segment_id: segment.simple(),
        customer_id: customer.simple(),
        version: versions.get(segment).copied(),
    });
    let moved_by_now = format!(
        "from {} moved join segment on segment.id = moved.segment_id and segment.version = coalesce(moved.version, segment.version) {}",
        dialect
            .table_of_records(1, &[("segment_id", Kind::Key), ("customer_id", Kind::Key), ("version", Kind::Integer)]),
        // SQLite has one writer.
        if dialect == Dialect::Postgres { "for key share of segment" } else { "" },
    );
    let parameters = std::iter::once(Dialect::records(moved)?).chain(parameter).collect();
    let count = execute(&*tx.db, &sql(&moved_by_now), parameters).await?;
    ensure!(rules.is_none() || count == places.len() as u64, Overtaken);
    Ok(())
}

/// The places that customers have in `segments`.
async fn held(tx: &Transaction, customers: &Values, segments: impl Iterator<Item = Uuid>) -> anyhow::Result<Places> {
    let (segment, customer) = (segment_membership::Column::SegmentId, segment_membership::Column::CustomerId);
    let rows = segment_membership::Entity::find()
        .select_only()
        .columns([segment, customer])
        .filter(tx.dialect().among(Expr::col(customer), customers))
        .filter(tx.dialect().among(Expr::col(segment), &Values::Keys(segments.collect())))
        .into_tuple()
        .all(&*tx.db)
        .await
        .context("could not read the segments of customers")?;
    Ok(rows.into_iter().collect())
}

/// The places that customers are due in these segments, by the rules of `book`.
async fn due(tx: &Transaction, book: &Book, customers: &Values, segments: &[&Entry]) -> anyhow::Result<Places> {
    let (dialect, reading) = (tx.dialect(), tx.reading());
    let make = || question(&reading, dialect, customers, segments);
    let question = book.question(segments, customers.are_one(), make)?;
    let rows = tx.db.query_all_raw(question.about(customers, &reading)).await;
    let mut places = Places::new();
    for row in rows.context("could not tell the segments of customers")? {
        let customer = row.try_get_by_index(0)?;
        for (index, segment) in segments.iter().enumerate() {
            if row.try_get_by_index::<i32>(index + 1)? == 1 {
                places.insert((segment.key, customer));
            }
        }
    }
    Ok(places)
}

/// Whether customers belong to segments by their rules: each customer's key, and a verdict about each segment.
fn question(reading: &Reading, dialect: Dialect, customers: &Values, segments: &[&Entry]) -> anyhow::Result<Question> {
    let reading = Reading { is_open: true, ..*reading };
    let scope = Scope { asked: Asked::Joined, ..rules::scope(&reading, dialect) };
    let key = Expr::col((entity::customer::Entity, entity::customer::Column::Id));
    let mut statement = computation::live();
    statement.expr(key.clone()).and_where(dialect.among(key, customers));
    join_one(CustomerWhere::SUBJECT, &mut statement);
    for segment in segments {
        statement.expr(ours(scope.verdict(CustomerWhere::SUBJECT, &segment.rule))?);
    }
    Ok(Question::new(dialect, &statement))
}

#[cfg(test)]
mod tests {
    use entity::{rfm_score::RfmSegment, term::Term};

    use super::*;
    use crate::{
        customer::metrics,
        filter::{Literal, Quantifier, Rule, Test},
        given::{self, ago},
        rfm::computation,
        segment::{editing, input::SegmentCreateInput},
        store::insert_all,
    };

    #[tokio::test]
    async fn conditions_on_what_is_not_there_do_not_hold_and_so_hold_turned_around() -> anyhow::Result<()> {
        given::each_store(async |app| {
            let tx = app.database.begin().await?;
            let (scored, unscored) = (given::customer(&tx, "Jane").await?, given::customer(&tx, "John").await?);
            computation::keep(&tx, &[(scored, Some([1, 1, 1]))]).await?;
            tx.commit().await?;
            let is = |segment: RfmSegment| Rule::Compare {
                field: "segment".to_owned(),
                test: Test::Eq(Literal::Text(segment.description().name.to_owned())),
            };
            let rfm =
                |rule| Rule::Related { edge: "rfm".to_owned(), quantifier: Quantifier::Some, rule: Box::new(rule) };
            let not = |rule| Rule::Not(Box::new(rule));
            let (lost, champion) = (RfmSegment::Lost, RfmSegment::Champions);
            let cases = [
                (rfm(is(lost)), vec![scored]),
                (rfm(is(champion)), vec![]),
                (rfm(not(is(champion))), vec![scored]),
                (not(rfm(is(champion))), vec![scored, unscored]),
                (not(rfm(not(is(champion)))), vec![unscored]),
                (Rule::Any(vec![rfm(is(champion)), not(rfm(is(lost)))]), vec![unscored]),
            ];

            let tx = Transaction::begin(&app, &given::origin()).await?;
            for (rule, expected) in cases {
                let name = serde_json::to_string(&rule)?;
                let input = &SegmentCreateInput { name: name.clone(), handle: None, description: None, filter: None };
                let segment = editing::create(&tx, input, Some(rule)).await.expect("a segment");
                let book = rules::read(&*tx.db, &tx.reading()).await?;

                reconsider(&tx, &book, &[scored, unscored], &Changed::Everything).await?;

                let customers = Values::Keys(vec![scored, unscored]);
                let members = held(&tx, &customers, std::iter::once(segment)).await?;
                let expected = expected.into_iter().map(|customer| (segment, customer)).collect();
                assert_eq!(members, expected, "{name}");
            }
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn rules_that_were_asked_before_are_asked_of_the_present() -> anyhow::Result<()> {
        given::each_store(async |app| {
            let tx = app.database.begin().await?;
            let mut customers = Vec::new();
            for name in ["Jane", "John", "Joan"] {
                let customer = given::customer(&tx, name).await?;
                insert_all(&tx, vec![given::purchase(customer, ago(90), 100)]).await?;
                customers.push(customer);
            }
            metrics::rebuild(&tx, ago(90), None).await?;
            tx.commit().await?;
            let days = |days: i64| Literal::Ago(format!("P{days}D"));
            let compare = |field: &str, test| Rule::Compare { field: field.to_owned(), test };
            let is = |field: &str, name: &str| compare(field, Test::Eq(Literal::Text(name.to_owned())));
            let bought = |test| compare("lastPurchaseDate", test);
            // For how many days since the purchase each holds.
            let cases = [
                (bought(Test::Gte(days(10))), [true, true, false, false]),
                (bought(Test::In(vec![days(1), days(60)])), [false, false, true, false]),
                (bought(Test::Gte(Literal::Ago("P2M".to_owned()))), [true, true, true, false]),
                (is("engagement", "ACTIVE"), [true, true, false, false]),
                (is("churnRisk", "HIGH"), [false, false, false, true]),
            ];
            let mut tx = Transaction::begin(&app, &given::origin()).await?;
            let mut segments = Vec::new();
            for (rule, expected) in cases {
                let name = serde_json::to_string(&rule)?;
                let input = &SegmentCreateInput { name: name.clone(), handle: None, description: None, filter: None };
                segments.push((editing::create(&tx, input, Some(rule)).await.expect("a segment"), name, expected));
            }
            let book = rules::read(&*tx.db, &tx.reading()).await?;

            // Of one, of two, and of three as of two.
            for (index, (idle, count)) in [(0, 1), (10, 2), (60, 3), (62, 1)].into_iter().enumerate() {
                tx.now = ago(90 - idle);
                let asked = &customers[..count];
                reconsider(&tx, &book, asked, &Changed::Everything).await?;

                for (segment, name, expected) in &segments {
                    let members = held(&tx, &Values::Keys(asked.to_vec()), std::iter::once(*segment)).await?;
                    let count = if expected[index] { count } else { 0 };
                    assert_eq!(members.len(), count, "{name} after {idle} days");
                }
            }
            Ok(())
        })
        .await
    }
}
