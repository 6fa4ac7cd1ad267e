//! All customers scored at once.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{DateTime, Utc};
use entity::{
    rfm_run::{Cell, Cells, CutPoint, CutPoints, Share, Shares},
    term::Term,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, QueryResult, Statement};
use serde::Serialize;
use uuid::{Uuid, fmt::Simple};

use super::segment::segment;
use crate::{
    customer::metrics,
    instant::DAY,
    store::{Dialect, Kind, execute, read_each},
};

/// What the scores of one customer are to be: recency, frequency, monetary value; none where they have none any more.
pub type Change = (Uuid, Option<[i8; 3]>);

/// What scoring all customers found.
#[derive(Clone, Debug, Default)]
pub struct Scoring {
    /// Those who have other scores than are kept. None if that was not asked for.
    pub changes: Vec<Change>,
    /// How many customers have scores.
    pub population: i64,
    /// From which values on the scores were given.
    pub cut_points: CutPoints,
    /// How the customers spread over recency and frequency.
    pub grid: Cells,
    /// How the customers spread over segments.
    pub segments: Shares,
}

/// Which figures are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figures {
    /// Those that are kept of customers, and are to be compared with the scores that are kept.
    Kept,
    /// Those of the ledger as of the instant.
    OfLedger,
}

/// Scores all customers with a purchase as of `as_of`, in one statement.
///
/// A score is 1 for the worst to 5: with `n` customers of whom `w` have a strictly worse value, `1 + 5 w / n`, so that
/// equal values get equal scores. Recency is whole days since the last purchase, frequency the number of purchases,
/// monetary value the net spending.
///
/// # Errors
/// When the database fails.
pub async fn score(db: &DatabaseConnection, as_of: DateTime<Utc>, figures: Figures) -> anyhow::Result<Scoring> {
    let sql = statement(db, figures);
    let parameters = [as_of.timestamp_millis().into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, parameters);
    let (mut changes, mut groups) = (Vec::new(), Vec::new());
    let read = |row: &QueryResult| {
        let recency: Option<i64> = row.try_get_by_index(1)?;
        let scores = match recency {
            Some(recency) => {
                Some([score_of(recency)?, score_of(row.try_get_by_index(2)?)?, score_of(row.try_get_by_index(3)?)?])
            }
            None => None,
        };
        match (row.try_get_by_index::<Option<Uuid>>(0)?, scores) {
            (Some(customer), scores) => changes.push((customer, scores)),
            (None, Some(scores)) => groups.push(Group {
                scores: scores.map(i32::from),
                customers: row.try_get_by_index(4)?,
                most_idle: row.try_get_by_index(5)?,
                fewest: row.try_get_by_index(6)?,
                least: row.try_get_by_index(7)?,
                revenue: row.try_get_by_index(8)?,
            }),
            (None, None) => {}
        }
        Ok(())
    };
    read_each(db, statement, read).await.context("could not score the customers")?;
    // Rows of neighbours stand on the same pages.
    changes.sort_unstable_by_key(|(customer, _)| *customer);
    Ok(Scoring { changes, ..summary(&groups) })
}

/// The customers with the same three scores.
#[derive(Clone, Copy, Debug)]
struct Group {
    scores: [i32; 3],
    customers: i64,
    most_idle: i64,
    fewest: i64,
    least: i64,
    revenue: i64,
}

fn score_of(score: i64) -> Result<i8, DbErr> {
    i8::try_from(score).map_err(|_| DbErr::Type("a score is 1 to 5".to_owned()))
}

/// Rows of two kinds: of groups of customers with equal scores, whose first column is null, and of customers whose
/// scores differ from those that are kept.
fn statement(db: &impl ConnectionTrait, figures: Figures) -> String {
    let source = match figures {
        Figures::Kept => "customer figure".to_owned(),
        Figures::OfLedger => format!("{} figure join customer on customer.id = figure.id", metrics::ledger(db, None)),
    };
    let row = if figures == Figures::Kept { "figure" } else { "customer" };
    let population = format!(
        "select figure.id,
            case when figure.last_purchase_date > $1 then 0 else ($1 - figure.last_purchase_date) / {DAY} end as idle,
            figure.delivered_orders as purchases, figure.total_spent as spent
        from {source}
        where figure.delivered_orders > 0 and {row}.customer_since <= $1
            and ({row}.deleted_at is null or {row}.deleted_at > $1)"
    );
    let score = |value: &str| format!("1 + (5 * (rank() over (order by {value}) - 1)) / count(*) over ()");
    let groups = format!(
        "with scored as materialized (
            select id, idle, purchases, spent, {recency} as recency, {frequency} as frequency, {monetary} as monetary
            from ({population}) population
        )
        select cast(null as uuid) as id, recency, frequency, monetary, count(*) as customers, max(idle), min(purchases),
            min(spent), cast(sum(spent) as bigint)
        from scored group by recency, frequency, monetary",
        recency = score("idle desc"),
        frequency = score("purchases"),
        monetary = score("spent"),
    );
    if figures == Figures::OfLedger {
        return groups;
    }
    let nothing = "cast(null as bigint)";
    format!(
        "{groups}
        union all
        select scored.id, scored.recency, scored.frequency, scored.monetary,
            {nothing}, {nothing}, {nothing}, {nothing}, {nothing}
        from scored left join rfm_score kept on kept.id = scored.id
        where kept.id is null or kept.recency <> scored.recency or kept.frequency <> scored.frequency
            or kept.monetary <> scored.monetary
        union all
        select kept.id, {nothing}, {nothing}, {nothing}, {nothing}, {nothing}, {nothing}, {nothing}, {nothing}
        from rfm_score kept
        where kept.id not in (select id from scored)"
    )
}

/// What the groups come to together.
fn summary(groups: &[Group]) -> Scoring {
    let mut cells = BTreeMap::new();
    let mut shares = BTreeMap::new();
    let mut cut_points: [CutPoint; 5] = Default::default();
    for (score, cut_point) in (1..).zip(&mut cut_points) {
        let having = |place: usize| groups.iter().filter(move |group| group.scores[place] == score);
        *cut_point = CutPoint {
            score,
            recency: having(0).map(|group| group.most_idle).max(),
            frequency: having(1).map(|group| group.fewest).min(),
            monetary: having(2).map(|group| group.least).min(),
        };
    }
    for group in groups {
        let [recency, frequency, monetary] = group.scores;
        let cell = cells.entry((recency, frequency)).or_insert((0, 0));
        *cell = (cell.0 + group.customers, cell.1 + group.revenue);
        let segment = segment(recency, frequency, monetary);
        let (_, customers, revenue) = shares.entry(segment as usize).or_insert((segment, 0, 0));
        (*customers, *revenue) = (*customers + group.customers, *revenue + group.revenue);
    }
    let cells = cells.into_iter().map(|((recency, frequency), (customers, revenue))| Cell {
        recency,
        frequency,
        customers,
        revenue,
    });
    let shares = shares.into_values().map(|(segment, customers, revenue)| Share { segment, customers, revenue });
    Scoring {
        changes: Vec::new(),
        population: groups.iter().map(|group| group.customers).sum(),
        cut_points: CutPoints(cut_points.to_vec()),
        grid: Cells(cells.collect()),
        segments: Shares(shares.collect()),
    }
}

/// What [`keep`] writes.
#[derive(Serialize)]
struct Scored {
    id: Simple,
    recency: i32,
    frequency: i32,
    monetary: i32,
    segment: &'static str,
}

/// Keeps the scores of customers, whose rows are locked.
///
/// # Errors
/// When the database fails.
pub async fn keep(tx: &impl ConnectionTrait, changes: &[Change]) -> anyhow::Result<()> {
    let dialect = Dialect::from(tx.get_database_backend());
    let (scored, gone): (Vec<Change>, Vec<Change>) = changes.iter().partition(|(_, scores)| scores.is_some());
    let records = scored.into_iter().filter_map(|(customer, scores)| {
        let [recency, frequency, monetary] = scores.map(|scores| scores.map(i32::from))?;
        let segment = segment(recency, frequency, monetary).description().name;
        Some(Scored { id: customer.simple(), recency, frequency, monetary, segment })
    });
    let columns = [
        ("id", Kind::Key),
        ("recency", Kind::Integer),
        ("frequency", Kind::Integer),
        ("monetary", Kind::Integer),
        ("segment", Kind::Text),
    ];
    // A customer may have been erased since they were scored.
    let sql = format!(
        "insert into rfm_score (id, recency, frequency, monetary, segment)
        select scored.id, scored.recency, scored.frequency, scored.monetary, scored.segment from {} scored
        where exists (select 1 from customer where customer.id = scored.id)
        on conflict (id) do update set recency = excluded.recency, frequency = excluded.frequency,
            monetary = excluded.monetary, segment = excluded.segment",
        dialect.table_of_records(1, &columns),
    );
    let kept = execute(tx, &sql, vec![Dialect::records(records)?]).await;
    kept.context("could not keep the scores of customers")?;
    if !gone.is_empty() {
        let gone: Vec<Uuid> = gone.into_iter().map(|(customer, _)| customer).collect();
        let sql = format!("delete from rfm_score where {}", dialect.is_among("id", 1));
        let dropped = execute(tx, &sql, vec![dialect.parameter(&gone)]).await;
        dropped.context("could not drop the scores of customers")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use entity::rfm_score;
    use sea_orm::EntityTrait;

    use super::*;
    use crate::{
        customer::metrics,
        given::{ago, customer, each_store, now, purchase, refund},
        store::insert_all,
    };

    /// The scores of customers, in the order of `customers`.
    fn scores(scoring: &Scoring, customers: &[Uuid]) -> Vec<Option<[i8; 3]>> {
        let of = |customer: &Uuid| {
            scoring.changes.iter().find(|(other, _)| other == customer).and_then(|(_, scores)| *scores)
        };
        customers.iter().map(of).collect()
    }

    #[tokio::test]
    async fn equal_values_get_equal_scores() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            // The example of METRICS, section 5. The last purchases are the same day, hours apart; the amounts are
            // equal.
            let purchases = [1, 1, 1, 1, 1, 2, 2, 3, 5, 9];
            let mut customers = Vec::new();
            for count in purchases {
                let id = customer(&tx, "Jane").await?;
                let at = |_| purchase(id, ago(3) - chrono::TimeDelta::hours(count), 900 / count);
                insert_all(&tx, (0..count).map(at).collect()).await?;
                customers.push(id);
            }
            let idle = customer(&tx, "Idle").await?;
            metrics::rebuild(&tx, now(), None).await?;
            tx.commit().await?;

            let scoring = score(app.database.patient_reader(), now(), Figures::Kept).await?;

            let frequencies = [1, 1, 1, 1, 1, 3, 3, 4, 5, 5];
            let expected: Vec<_> = frequencies.iter().map(|&frequency| Some([1, frequency, 1])).collect();
            assert_eq!(scores(&scoring, &customers), expected);
            assert_eq!(scores(&scoring, &[idle]), [None]);
            assert_eq!((scoring.population, scoring.changes.len()), (10, 10));
            let cell = Cell { recency: 1, frequency: 5, customers: 2, revenue: 1800 };
            assert!(scoring.grid.0.contains(&cell), "{:?}", scoring.grid);
            let empty = CutPoint { score: 2, ..CutPoint::default() };
            let fifth = CutPoint { score: 5, recency: None, frequency: Some(5), monetary: None };
            assert_eq!((scoring.cut_points.0[1], scoring.cut_points.0[4]), (empty, fifth));
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn only_what_has_happened_by_the_instant_counts() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let (debtor, later, gone) =
                (customer(&tx, "Debtor").await?, customer(&tx, "Later").await?, customer(&tx, "Gone").await?);
            let orders = vec![
                purchase(debtor, ago(20), 100),
                purchase(later, ago(10), 1),
                purchase(gone, ago(30), 1),
                purchase(debtor, now() + chrono::TimeDelta::days(1), 100_000),
            ];
            insert_all(&tx, orders).await?;
            insert_all(&tx, vec![refund(debtor, ago(5), 5000)]).await?;
            let deletion = "update customer set deleted_at = $2 where id = $1";
            execute(&tx, deletion, vec![gone.into(), ago(15).timestamp_millis().into()]).await?;
            metrics::rebuild(&tx, now(), None).await?;
            tx.commit().await?;
            let reader = app.database.patient_reader();

            // Of two, the worse is 1 and the better 1 + 5 / 2.
            let scoring = score(reader, now(), Figures::Kept).await?;
            assert_eq!(scores(&scoring, &[debtor, later, gone]), [Some([1, 1, 1]), Some([3, 1, 3]), None]);
            // A moment before the second bought, one was alone: the other was deleted already.
            let populations = [(0, 2), (10, 2), (11, 1), (15, 1), (16, 2), (20, 2), (21, 1), (30, 1), (31, 0)];
            for (days, population) in populations {
                let scoring = score(reader, ago(days), Figures::OfLedger).await?;
                assert_eq!((scoring.population, scoring.changes.len()), (population, 0), "{days} days ago");
            }
            let before = score(reader, ago(5) - chrono::TimeDelta::milliseconds(1), Figures::OfLedger).await?;
            assert_eq!(before.cut_points.0[0].monetary, Some(1));
            let scoring = score(reader, ago(5), Figures::OfLedger).await?;
            assert_eq!(scoring.cut_points.0[0].monetary, Some(-4900));
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn what_is_kept_differs_no_more() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let (jane, john) = (customer(&tx, "Jane").await?, customer(&tx, "John").await?);
            insert_all(&tx, vec![purchase(jane, ago(1), 1), purchase(john, ago(2), 2)]).await?;
            metrics::rebuild(&tx, now(), None).await?;
            tx.commit().await?;
            let reader = app.database.patient_reader();

            let scoring = score(reader, now(), Figures::Kept).await?;
            keep(app.database.writer(), &scoring.changes).await?;

            assert_eq!(score(reader, now(), Figures::Kept).await?.changes, []);
            let deletion = "update customer set deleted_at = $2 where id = $1";
            execute(app.database.writer(), deletion, vec![john.into(), now().timestamp_millis().into()]).await?;
            let scoring = score(reader, now(), Figures::Kept).await?;
            let alone: Change = (jane, Some([1, 1, 1]));
            assert_eq!(scoring.changes.len(), 2, "{scoring:?}");
            assert!(scoring.changes.contains(&alone) && scoring.changes.contains(&(john, None)), "{scoring:?}");
            keep(app.database.writer(), &scoring.changes).await?;
            let kept = rfm_score::Entity::find().all(reader).await?;
            assert_eq!(kept.iter().map(|score| score.id).collect::<Vec<_>>(), [jane]);
            Ok(())
        })
        .await
    }
}
