//! Seeded stores: repeatable, complete and consistent.

use std::collections::{BTreeSet, HashMap};

use chrono::TimeDelta;
use entity::{
    address, communication, consent, contact_point, customer, customer_tag, event, loyalty_membership, order,
    order_item, product, refund, segment_membership,
};
use sea_orm::{
    ConnectionTrait, EntityTrait, Iterable, PaginatorTrait, QuerySelect,
    sea_query::{Expr, Func},
};

use super::run;
use crate::{
    app::App, clock::Clock, config::SeedOptions, customer::metrics, given, given::now, loyalty::standing,
    progress::Progress,
};

const OPTIONS: SeedOptions = SeedOptions { customers: 600, orders_per_customer: 4, random_seed: 7 };

async fn seeded(app: &App) -> anyhow::Result<super::Report> {
    run(app, &OPTIONS, &Progress::silent()).await
}

/// The rows of a table as sorted text.
async fn rows<E: EntityTrait>(app: &App) -> anyhow::Result<BTreeSet<String>> {
    let rows = E::find().all(app.database.reader()).await?;
    Ok(rows.iter().map(|row| format!("{row:?}")).collect())
}

/// All that is seeded. Segments and tiers have other keys in each store.
async fn contents(app: &App) -> anyhow::Result<Vec<BTreeSet<String>>> {
    let reader = app.database.reader();
    let memberships = loyalty_membership::Entity::find().all(reader).await?;
    let memberships =
        memberships.iter().map(|row| format!("{} {} {:?} {:?}", row.id, row.customer_id, row.since, row.tier_since));
    let segments = segment_membership::Entity::find().all(reader).await?;
    let segments = segments.iter().map(|row| format!("{} {:?}", row.customer_id, row.since));
    Ok(vec![
        rows::<customer::Entity>(app).await?,
        rows::<customer_tag::Entity>(app).await?,
        rows::<address::Entity>(app).await?,
        rows::<contact_point::Entity>(app).await?,
        rows::<product::Entity>(app).await?,
        rows::<order::Entity>(app).await?,
        rows::<order_item::Entity>(app).await?,
        rows::<refund::Entity>(app).await?,
        rows::<communication::Entity>(app).await?,
        rows::<consent::Entity>(app).await?,
        memberships.collect(),
        segments.collect(),
    ])
}

/// The columns of a table that are null in every row.
async fn unused<E: EntityTrait>(app: &App) -> anyhow::Result<Vec<String>> {
    let mut unused = Vec::new();
    for column in E::Column::iter() {
        let count = Func::count(Expr::col(column));
        let used: Option<i64> = E::find().select_only().expr(count).into_tuple().one(app.database.reader()).await?;
        if used == Some(0) {
            unused.push(format!("{column:?}"));
        }
    }
    Ok(unused)
}

#[tokio::test]
async fn the_same_seed_makes_the_same_rows_on_every_database() -> anyhow::Result<()> {
    let directories = (tempfile::tempdir()?, tempfile::tempdir()?);
    let first = given::app(&given::sqlite(&directories.0)).await?;
    seeded(&first).await?;
    let expected = contents(&first).await?;
    let mut others = vec![given::sqlite(&directories.1)];
    others.extend(given::postgres().await?);

    for url in others {
        let other = given::app(&url).await?;
        seeded(&other).await?;

        assert!(contents(&other).await? == expected, "rows differ");
    }
    Ok(())
}

#[tokio::test]
async fn every_field_and_state_is_in_use() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let report = seeded(&app).await?;

        assert_eq!(report.customers, 600);
        assert!((1800..3000).contains(&report.orders), "{report}");
        assert_eq!(unused::<customer::Entity>(&app).await?, ["DeletedAt"]);
        let reader = app.database.reader();
        let none = Vec::<String>::new();
        assert_eq!(unused::<address::Entity>(&app).await?, none);
        assert_eq!(unused::<contact_point::Entity>(&app).await?, none);
        assert_eq!(unused::<product::Entity>(&app).await?, none);
        assert_eq!(unused::<order::Entity>(&app).await?, none);
        assert_eq!(unused::<order_item::Entity>(&app).await?, none);
        assert_eq!(unused::<refund::Entity>(&app).await?, none);
        let of_a_server = ["Body", "EventId", "MailingId", "DueAt", "Lease"];
        assert_eq!(unused::<communication::Entity>(&app).await?, of_a_server);
        assert_eq!(unused::<consent::Entity>(&app).await?, none);
        let distinct = async |sql: &str| {
            let statement = sea_orm::Statement::from_string(reader.get_database_backend(), sql);
            let row = reader.query_one_raw(statement).await?.expect("a count");
            anyhow::Ok(row.try_get_by_index::<i64>(0)?)
        };
        let cases = [
            ("select count(distinct kind) from customer", 2),
            ("select count(distinct gender) from customer", 3),
            ("select count(distinct status) from orders", 4),
            ("select count(distinct currency) from orders", 2),
            ("select count(distinct state) from communication", 4),
            ("select count(distinct channel) from communication", 2),
            ("select count(distinct purpose) from communication", 2),
            ("select count(distinct address_country) from address", 7),
            ("select count(distinct tier_id) from loyalty_membership", 4),
            ("select count(distinct segment_id) from segment_membership", 8),
            ("select count(distinct customer_id) from address where is_default_billing", 600),
            ("select count(distinct customer_id) from address where is_default_shipping", 600),
        ];
        for (sql, expected) in cases {
            assert_eq!(distinct(sql).await?, expected, "{sql}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn seeded_figures_tiers_and_segments_are_what_their_rules_give() -> anyhow::Result<()> {
    given::each_store(async |app| {
        seeded(&app).await?;
        let tx = app.database.begin().await?;

        assert_eq!(metrics::rebuild(&tx, now(), None).await?, 0);
        assert_eq!(standing::enroll(&tx, now(), None).await?, []);
        assert_eq!(standing::settle_tiers(&tx, now(), None).await?, []);
        assert!(given::misplaced(&tx, &app.reading()).await?.is_empty());
        let orders = order::Entity::find().all(&tx).await?;
        let totals: HashMap<_, _> = orders.iter().map(|order| (order.id, order.total)).collect();
        for order in &orders {
            let events = [Some(order.order_date), order.shipped_at, order.delivered_at, order.cancelled_at];
            assert!(events.into_iter().flatten().all(|instant| instant.0 <= now()));
            assert_eq!(order.total, order.subtotal - order.discount + order.shipping + order.tax);
        }
        for refund in refund::Entity::find().all(&tx).await? {
            assert!(refund.refunded_at.0 <= now());
            assert!(refund.order_id.is_none_or(|order| refund.amount <= totals[&order]));
        }
        Ok(())
    })
    .await
}

/// A seeding that ends in the middle leaves whole batches: here it is dropped wherever it is when the first is seen.
async fn interrupted(app: &App) -> anyhow::Result<()> {
    let some_customers = async {
        loop {
            let customers = customer::Entity::find().count(app.database.reader()).await?;
            if customers > 0 {
                return anyhow::Ok(customers);
            }
            tokio::task::yield_now().await;
        }
    };
    let customers = tokio::select! {
        report = seeded(app) => anyhow::bail!("not interrupted: {report:?}"),
        customers = some_customers => customers?,
    };
    assert!(customers < 600, "{customers}");
    Ok(())
}

#[tokio::test]
async fn a_seeding_that_was_interrupted_is_completed_by_running_it_again() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let whole = given::app(&given::sqlite(&directory)).await?;
    let expected_report = seeded(&whole).await?;
    let expected = contents(&whole).await?;
    given::each_store(async |app| {
        interrupted(&app).await?;

        let report = seeded(&app).await?;

        assert_eq!(report.customers + report.recognized, expected_report.customers);
        assert!(report.recognized > 0, "{report}");
        assert!(contents(&app).await? == expected, "rows differ");
        let tx = app.database.begin().await?;
        assert!(given::misplaced(&tx, &app.reading()).await?.is_empty());
        assert_eq!(event::Entity::find().count(&tx).await?, 0, "nobody is told of what is made up");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_seeding_is_completed_as_of_the_day_on_which_it_began() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let whole = given::app(&given::sqlite(&directory)).await?;
    seeded(&whole).await?;
    let expected = contents(&whole).await?;
    given::each_store(async |app| {
        interrupted(&app).await?;

        seeded(&App { clock: Clock::Fixed(now() + TimeDelta::days(3)), ..app.clone() }).await?;

        // All but segments, whose rules are about the moment at which they are applied.
        assert!(contents(&app).await?[..11] == expected[..11], "rows differ");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_seeding_that_is_complete_says_so_and_changes_nothing() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let report = seeded(&app).await?;
        let before = contents(&app).await?;

        let again = seeded(&app).await?;
        let tomorrow = seeded(&App { clock: Clock::Fixed(now() + TimeDelta::days(1)), ..app.clone() }).await?;

        assert_eq!(again, super::Report { recognized: report.customers, ..super::Report::default() });
        assert_eq!(again.to_string(), "nothing new: all 600 customers were there already");
        assert_eq!(tomorrow, again);
        assert!(contents(&app).await? == before, "rows have changed");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_store_is_seeded_with_several_numbers_and_with_more_customers_of_one() -> anyhow::Result<()> {
    given::each_store(async |app| {
        // What SQLite has counted of so few must not mislead it about many.
        let few = SeedOptions { customers: 3, ..OPTIONS };
        run(&app, &few, &Progress::silent()).await?;

        run(&app, &SeedOptions { random_seed: 8, ..few }, &Progress::silent()).await?;
        let more = seeded(&app).await?;

        assert_eq!((more.customers, more.recognized, more.products), (597, 3, 0));
        assert!(more.to_string().ends_with(" seeded; 3 customers were there already"), "{more}");
        assert_eq!(rows::<customer::Entity>(&app).await?.len(), 603);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_number_is_not_seeded_twice_with_different_options() -> anyhow::Result<()> {
    given::each_store(async |app| {
        seeded(&app).await?;
        let before = contents(&app).await?;

        let other = SeedOptions { customers: 900, orders_per_customer: 5, ..OPTIONS };
        let refused = run(&app, &other, &Progress::silent()).await.expect_err("other customers");

        assert_eq!(
            refused.to_string(),
            "this store was seeded with the number 7 by other options, or another release of this program: \
             repeat those to complete it, or choose another --random-seed"
        );
        assert!(contents(&app).await? == before, "rows have changed");
        Ok(())
    })
    .await
}
