//! Jobs that are killed half-way.

use std::sync::{Mutex, PoisonError};

use entity::{
    ChronoUnixTimestampMillis, churn_state,
    job_run::{JobName, JobState},
    segment::{self, SegmentKind},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Value};

use super::{begin, carry_out, wish};
use crate::{
    app::App,
    filter::Rule,
    given::{self, ago, now, origin},
    job::settling::settle_new,
    loyalty::standing,
    progress::Progress,
    reactions::transact_as,
    segment::{editing, operations},
    store::{Dialect, execute, insert_all, query},
};

/// More than the first batch of a job.
const CUSTOMERS: i64 = 300;

/// The jobs, each after those whose results it reads, and what the first batch of each does.
const JOBS: [(JobName, &str); 6] = [
    (JobName::Metrics, "update on customer"),
    (JobName::Rfm, "insert on rfm_score"),
    (JobName::Ltv, "insert on lifetime_value_prediction"),
    (JobName::Churn, "update on churn_state"),
    (JobName::Loyalty, "update on loyalty_membership"),
    (JobName::Segmentation, "insert on segment_membership"),
];

/// What jobs write, by names instead of keys.
const ROWS: [&str; 9] = [
    "select 'figures ' || name || ' ' || total_orders || ' ' || delivered_orders || ' ' || total_spent || ' ' ||
        coalesce(first_order_date, 0) || ' ' || coalesce(last_purchase_date, 0) from customer",
    "select 'scores ' || name || ' ' || recency || ' ' || frequency || ' ' || monetary || ' ' || segment
    from rfm_score score join customer on customer.id = score.id",
    "select 'predictions ' || name || ' ' || repeats || ' ' || recency_days || ' ' || age_days || ' ' || repeat_spent
        || ' ' || cast(p_alive * 1000000000 as bigint) || ' ' || coalesce(predicted_lifetime_value, -1)
    from lifetime_value_prediction prediction join customer on customer.id = prediction.customer_id",
    "select 'churn ' || name || ' ' || case when is_churned then 1 else 0 end || ' ' || since
    from churn_state state join customer on customer.id = state.id",
    "select 'tier ' || customer.name || ' ' || tier.name || ' ' || tier_since
    from loyalty_membership membership join customer on customer.id = membership.customer_id
    join loyalty_tier tier on tier.id = membership.tier_id",
    "select 'held ' || customer.name || ' ' || held.tier_name || ' ' || held.since || ' ' || held.until
    from loyalty_tier_interval held join loyalty_membership membership on membership.id = held.membership_id
    join customer on customer.id = membership.customer_id",
    "select 'member ' || customer.name || ' ' || segment.handle || ' ' || membership.since
    from segment_membership membership join customer on customer.id = membership.customer_id
    join segment on segment.id = membership.segment_id",
    "select 'event ' || customer.name || ' ' || event.kind || ' ' || coalesce(segment.handle, tier.name, '') || ' ' ||
        event.occurred_at
    from event join customer on customer.id = event.customer_id
    left join segment on segment.id = event.segment_id left join loyalty_tier tier on tier.id = event.tier_id",
    "select 'runs ' || (select count(*) from rfm_run) || ' ' || (select count(*) from lifetime_value_run)",
];

/// Customers of whom each job has something to say: they bought up to four times, long ago, are not known to be lost,
/// hold a tier that they lose when their year is over, and are in no segment.
async fn furnish(app: &App) -> anyhow::Result<()> {
    let tx = app.database.begin().await?;
    let (mut orders, mut states) = (Vec::new(), Vec::new());
    for number in 0..CUSTOMERS {
        let customer = given::customer(&tx, &number.to_string()).await?;
        for purchase in 0..=number % 4 {
            let days = 280 - number % 60 - purchase * (7 + number % 23);
            orders.push(given::purchase(customer, ago(days), 10_000 + number * 37 % 900 + purchase * 1_000));
        }
        states.push(churn_state::Model { id: customer, is_churned: false, since: ChronoUnixTimestampMillis(ago(290)) });
    }
    insert_all(&tx, orders).await?;
    insert_all(&tx, states).await?;
    execute(&tx, "update loyalty_program set evaluation = 'ROLLING'", Vec::new()).await?;
    standing::enroll(&tx, now(), None).await?;
    let gold = "update loyalty_membership
        set tier_id = (select id from loyalty_tier where name = 'Gold'), since = $1, tier_since = $1";
    execute(&tx, gold, vec![ago(400).timestamp_millis().into()]).await?;
    let instant = ChronoUnixTimestampMillis(now());
    let everyone = segment::Model {
        id: app.clock.key(),
        handle: "everyone".to_owned(),
        name: "Everyone".to_owned(),
        description: None,
        kind: SegmentKind::Dynamic,
        is_built_in: false,
        rule: Some(serde_json::to_value(Rule::All(Vec::new()))?),
        computed_at: None,
        deleted_at: None,
        version: 1,
        created_at: instant,
        updated_at: instant,
    };
    insert_all(&tx, vec![everyone]).await?;
    tx.commit().await?;
    Ok(())
}

/// Whoever does this loses the lease: the batch goes through, and none comes after it.
async fn lose_lease_at(app: &App, deed: &str) -> anyhow::Result<()> {
    let sql = match app.database.dialect() {
        Dialect::Sqlite => format!("create trigger end_of_job after {deed} begin delete from job_lease; end"),
        Dialect::Postgres => format!(
            "create or replace function end_job() returns trigger language plpgsql as
                'begin delete from job_lease; return null; end';
            create trigger end_of_job after {deed} execute function end_job()"
        ),
    };
    app.database.writer().execute_unprepared(&sql).await?;
    Ok(())
}

async fn keep_lease_at(app: &App, deed: &str) -> anyhow::Result<()> {
    let (_, table) = deed.split_once(" on ").expect("a table");
    let sql = match app.database.dialect() {
        Dialect::Sqlite => "drop trigger end_of_job".to_owned(),
        Dialect::Postgres => format!("drop trigger end_of_job on {table}"),
    };
    app.database.writer().execute_unprepared(&sql).await?;
    Ok(())
}

/// Runs all jobs, each killed after its first batch and run again if `are_killed`.
async fn run_all(app: App, are_killed: bool) -> anyhow::Result<App> {
    furnish(&app).await?;
    for (job, deed) in JOBS {
        if are_killed {
            lose_lease_at(&app, deed).await?;
            let killed = begin(&app, &wish(job)).await.expect("a run");
            let killed = carry_out(&app, killed, &Progress::silent()).await?;
            keep_lease_at(&app, deed).await?;
            let half = (killed.state, killed.error.as_deref(), killed.changed);
            assert_eq!(half, (JobState::Failed, Some("another process has taken the job over"), 250), "{job:?}");
        }
        let run = begin(&app, &wish(job)).await.expect("a run");
        let ended = carry_out(&app, run, &Progress::silent()).await?;
        let rest = if are_killed { CUSTOMERS - 250 } else { CUSTOMERS };
        assert_eq!((ended.state, ended.error, ended.changed), (JobState::Succeeded, None, rest), "{job:?}");
    }
    Ok(app)
}

/// Edits the tiers of the program and settles its members, killed after the first batch and settled again if `are_killed`.
async fn edit_tiers(app: App, are_killed: bool) -> anyhow::Result<App> {
    furnish(&app).await?;
    let number = |sql| {
        let app = &app;
        async move {
            let rows = query(app.database.reader(), sql, Vec::<Value>::new()).await?;
            anyhow::Ok(rows[0].try_get_by_index::<i64>(0)?)
        }
    };
    super::settling::edit(&app, &[("Base", 0), ("Top", 250)]).await?;
    let held = "select count(*) from loyalty_membership
        where tier_id in (select id from loyalty_tier where retired_at is not null)";
    assert_eq!(number(held).await?, CUSTOMERS, "nobody has moved");
    if are_killed {
        lose_lease_at(&app, "update on loyalty_membership").await?;
        settle_new(&app).await?;
        keep_lease_at(&app, "update on loyalty_membership").await?;
        assert_eq!(number(held).await?, CUSTOMERS - 250);
        assert_eq!(number("select count(*) from loyalty_program where not is_settled").await?, 1);
    }
    settle_new(&app).await?;
    assert_eq!(number(held).await?, 0);
    assert_eq!(number("select count(*) from loyalty_program where not is_settled").await?, 0);
    Ok(app)
}

/// Deletes a segment with everyone in it, and empties it, killed after the first batch and settled again if `are_killed`.
async fn delete_segment(app: App, are_killed: bool) -> anyhow::Result<App> {
    furnish(&app).await?;
    settle_new(&app).await?;
    let everyone = segment::Entity::find().filter(segment::Column::Handle.eq("everyone"));
    let everyone = everyone.one(app.database.reader()).await?.expect("the segment").id;
    let left = || async { anyhow::Ok(operations::members(app.database.reader(), everyone).await?.len()) };
    let delete = |tx| async move { editing::delete(&tx, everyone, None).await };
    transact_as(&app, &origin(), delete).await.expect("a deletion");
    let all = usize::try_from(CUSTOMERS)?;
    assert_eq!(left().await?, all, "nobody has left");
    if are_killed {
        lose_lease_at(&app, "delete on segment_membership").await?;
        settle_new(&app).await?;
        keep_lease_at(&app, "delete on segment_membership").await?;
        assert_eq!(left().await?, all - 250);
        assert!(segment::Entity::find_by_id(everyone).one(app.database.reader()).await?.is_some());
    }
    settle_new(&app).await?;
    assert_eq!(left().await?, 0);
    assert!(segment::Entity::find_by_id(everyone).one(app.database.reader()).await?.is_none());
    Ok(app)
}

async fn rows(app: &App, statements: &[&str]) -> anyhow::Result<Vec<String>> {
    let mut rows = Vec::new();
    for sql in statements {
        let found = query(app.database.reader(), sql, Vec::<Value>::new()).await?;
        assert!(!found.is_empty(), "{sql}");
        rows.extend(found.iter().map(|row| row.try_get_by_index(0)).collect::<Result<Vec<String>, _>>()?);
    }
    rows.sort_unstable();
    Ok(rows)
}

/// Checks that what is killed half-way leaves the same rows as what is not, and tells everyone of each of `told` once.
async fn check<F: Future<Output = anyhow::Result<App>>>(
    work: impl Fn(App, bool) -> F,
    statements: &[&str],
    told: &[&str],
) -> anyhow::Result<()> {
    let outcomes = Mutex::new(Vec::new());
    let keep = |rows| outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(rows);
    for are_killed in [false, true] {
        given::each_store(async |app| {
            keep(rows(&work(app, are_killed).await?, statements).await?);
            Ok(())
        })
        .await?;
    }

    // By one database after the other: uninterrupted first, killed then.
    let outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (whole, killed) = outcomes.split_at(outcomes.len() / 2);
    for (whole, killed) in whole.iter().zip(killed) {
        let difference = whole.iter().zip(killed).find(|(whole, killed)| whole != killed);
        assert_eq!((difference, whole.len()), (None, killed.len()));
        for kind in told {
            let told = whole.iter().filter(|row| row.starts_with("event ") && row.contains(kind));
            assert_eq!(told.count(), usize::try_from(CUSTOMERS)?, "{kind}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn jobs_that_were_killed_half_way_end_the_same_when_they_run_again() -> anyhow::Result<()> {
    check(run_all, &ROWS, &["CUSTOMER_CHURNED", "CUSTOMER_DOWNGRADED", "everyone"]).await
}

#[tokio::test]
async fn a_program_that_was_half_settled_when_its_server_was_killed_ends_the_same() -> anyhow::Result<()> {
    check(edit_tiers, &ROWS[4..8], &["CUSTOMER_DOWNGRADED", "everyone"]).await
}

#[tokio::test]
async fn a_deleted_segment_that_was_half_emptied_when_its_server_was_killed_ends_the_same() -> anyhow::Result<()> {
    check(delete_segment, &ROWS[7..8], &["SEGMENT_LEFT"]).await
}
