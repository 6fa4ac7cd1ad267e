//! Stores for the tests of this crate: an SQLite file each, and a PostgreSQL database each where
//! `TEST_DATABASE_URL` names a server.

use std::{collections::BTreeSet, future::Future, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    ChronoUnixTimestampMillis,
    customer::{self, CustomerKind},
    event::EventCause,
    loyalty_membership, loyalty_tier, order, refund,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use tokio::{pin, select, time::sleep};
use uuid::Uuid;

use crate::{
    app::App,
    clock::Clock,
    customer::{metrics, row},
    event::{Bell, Feed, log::Origin},
    filter::Shelf,
    job::settling::settle_new,
    loyalty::standing,
    money::Currency,
    post::{Post, Templates},
    schedule::Schedules,
    segment::{computation, rules},
    semantics::Base,
    settings,
    store::{Database, Dialect, Reading, insert_all, query},
    transaction::Transaction,
    valuation::Valuation,
};

/// The instant at which every test takes place.
pub fn now() -> DateTime<Utc> {
    "2026-11-22T09:30:00Z".parse().expect("an instant")
}

/// `days` before [`now`].
pub fn ago(days: i64) -> DateTime<Utc> {
    now() - TimeDelta::days(days)
}

/// Runs a test on an empty store of each database there is.
pub async fn each_store<F: Future<Output = anyhow::Result<()>>>(test: impl Fn(App) -> F) -> anyhow::Result<()> {
    each_store_in("USD", test).await
}

/// As [`each_store`], in another currency.
pub async fn each_store_in<F: Future<Output = anyhow::Result<()>>>(
    currency: &str,
    test: impl Fn(App) -> F,
) -> anyhow::Result<()> {
    let currency: Currency = currency.parse().map_err(anyhow::Error::msg)?;
    let directory = tempfile::tempdir()?;
    test(app_in(&sqlite(&directory), currency).await?).await?;
    if let Some(url) = postgres().await? {
        test(app_in(&url, currency).await?).await?;
    }
    Ok(())
}

/// The URL of a database that does not exist yet.
pub fn sqlite(directory: &tempfile::TempDir) -> String {
    format!("sqlite://{}/store.db?mode=rwc", directory.path().display())
}

/// The URL of a new database, where there is a server.
pub async fn postgres() -> anyhow::Result<Option<String>> {
    #[expect(clippy::disallowed_methods, reason = "tests have no configuration")]
    let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
        return Ok(None);
    };
    let name = format!("given_{}", Clock::System.key().simple());
    let connection = sea_orm::Database::connect(&server).await?;
    connection.execute_unprepared(&format!("create database {name}")).await?;
    let (base, _) = server.rsplit_once('/').expect("a URL has a path");
    Ok(Some(format!("{base}/{name}")))
}

/// A store in dollars, set up.
pub async fn app(url: &str) -> anyhow::Result<App> {
    app_in(url, "USD".parse().map_err(anyhow::Error::msg)?).await
}

async fn app_in(url: &str, currency: Currency) -> anyhow::Result<App> {
    let database = Database::connect(url).await?;
    database.migrate().await?;
    let clock = Clock::Fixed(now());
    let currency = settings::prepare(&database, clock, Some(currency)).await?;
    let base = Base::new("http://localhost:8000", &[]).map_err(anyhow::Error::msg)?;
    let post = Post::new(Templates::load(None)?);
    Ok(App {
        database,
        clock,
        base: Arc::new(base),
        currency,
        valuation: Valuation::default(),
        bell: Bell::default(),
        feed: Feed::default(),
        rules: Shelf::default(),
        unsettled: Bell::default(),
        schedules: Schedules::default(),
        post,
    })
}

/// Waits until a session of PostgreSQL is as `condition` says, over `pg_stat_activity`.
pub async fn session(app: &App, condition: &str) -> anyhow::Result<()> {
    let sql = format!(
        "select 1 from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and {condition}"
    );
    while query(app.database.reader(), &sql, Vec::new()).await?.is_empty() {
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// The condition on a session that it waits for a lock of another: see [`session`].
pub const IS_BLOCKED: &str = "wait_event_type = 'Lock'";

/// The condition on a session that it has looked whether those who write have ended: see [`session`].
const LOOKS_FOR_WRITERS: &str = "query like 'select 1 from pg_stat_activity %backend_xid%'";

/// Who does what tests do.
pub fn origin() -> Origin {
    Origin { actor: "test".to_owned(), cause: EventCause::Job }
}

/// Settles what is committed while `early` goes on, which has to be waited for, and is committed then.
pub async fn settle_beside(app: &App, early: Transaction) -> anyhow::Result<()> {
    let settling = settle_new(app);
    pin!(settling);
    select! {
        settled = &mut settling => anyhow::bail!("it did not wait: {settled:?}"),
        is_looking = session(app, LOOKS_FOR_WRITERS) => is_looking?,
    }
    early.commit().await?;
    settling.await
}

/// Runs a test where transactions go on beside each other, on a store with a member of the default program. SQLite has one
/// writer.
pub async fn side_by_side<F: Future<Output = anyhow::Result<()>>>(test: impl Fn(App, Uuid) -> F) -> anyhow::Result<()> {
    each_store(async |app| {
        if app.database.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        let tx = app.database.begin().await?;
        let jane = customer(&tx, "Jane").await?;
        standing::enroll(&tx, now(), None).await?;
        tx.commit().await?;
        test(app, jane).await
    })
    .await
}

/// A customer who joined 300 days ago and has bought nothing.
pub async fn customer(tx: &DatabaseTransaction, name: &str) -> anyhow::Result<Uuid> {
    let id = Clock::System.key();
    let instant = ChronoUnixTimestampMillis(ago(300));
    let customer = customer::Model::new(id, CustomerKind::Person, name.to_owned(), instant, instant);
    insert_all(tx, vec![row::complete(customer)]).await?;
    Ok(id)
}

/// An order of `total` cents, placed and delivered at once.
pub fn purchase(customer: Uuid, at: DateTime<Utc>, total: i64) -> order::Model {
    let instant = ChronoUnixTimestampMillis(at);
    order::Model::new(Clock::System.key(), customer, "USD".to_owned(), total, instant, instant).delivered(instant)
}

/// `amount` cents given back, for no order.
pub fn refund(customer: Uuid, at: DateTime<Utc>, amount: i64) -> refund::Model {
    let instant = ChronoUnixTimestampMillis(at);
    refund::Model {
        id: Clock::System.key(),
        customer_id: customer,
        order_id: None,
        external_id: None,
        amount,
        currency: "USD".to_owned(),
        store_amount: amount,
        reason: None,
        refunded_at: instant,
        created_at: instant,
    }
}

/// Rebuilds figures and tiers of all.
pub async fn recompute(tx: &DatabaseTransaction, as_of: DateTime<Utc>) -> anyhow::Result<()> {
    metrics::rebuild(tx, as_of, None).await?;
    standing::enroll(tx, as_of, None).await?;
    standing::settle_tiers(tx, as_of, None).await?;
    Ok(())
}

/// Those who are in a dynamic segment where they do not belong, or are not where they do.
pub async fn misplaced(tx: &DatabaseTransaction, reading: &Reading) -> anyhow::Result<BTreeSet<Uuid>> {
    let mut customers = BTreeSet::new();
    for segment in rules::read(tx, reading).await?.entries() {
        customers.extend(computation::misplaced(tx, reading, segment).await?);
    }
    Ok(customers)
}

/// The name of a customer's tier, and since when they hold it.
pub async fn tier(tx: &DatabaseTransaction, customer: Uuid) -> anyhow::Result<(String, DateTime<Utc>)> {
    let membership = loyalty_membership::Entity::find()
        .filter(loyalty_membership::Column::CustomerId.eq(customer))
        .one(tx)
        .await?
        .expect("everyone is enrolled");
    let tier = loyalty_tier::Entity::find_by_id(membership.tier_id).one(tx).await?.expect("a tier");
    Ok((tier.name, membership.tier_since.0))
}
