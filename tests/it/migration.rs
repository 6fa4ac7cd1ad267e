//! What migrations make of the rows that are there.

use customers::store::{
    Database, Dialect, Kind,
    Kind::{Integer, Key, Text},
    execute, query,
};
use migration::Migrator;
use sea_orm_migration::MigratorTrait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::fresh_database;

/// The key of the loyalty program.
const PROGRAM: u128 = 1;

/// An empty database, by the schema that is before this migration.
async fn before(name: &str, directory: &tempfile::TempDir) -> Database {
    let database = Database::connect(&fresh_database(directory).await).await.expect("a database");
    let place = Migrator::migrations().iter().position(|migration| migration.name().ends_with(name));
    let steps = place.and_then(|place| u32::try_from(place).ok()).expect("a migration");
    Migrator::up(database.writer(), Some(steps)).await.expect("the schema");
    database
}

/// Writes rows, each a list of what is in `columns`.
async fn insert<const N: usize>(database: &Database, table: &str, columns: [(&str, Kind); N], rows: &[[Value; N]]) {
    let names = columns.map(|(name, _)| name);
    let row = |row: &[Value; N]| names.iter().map(|name| (*name).to_owned()).zip(row.clone()).collect::<Value>();
    let records = Dialect::records(rows.iter().map(row)).expect("records");
    let (names, source) = (names.join(", "), database.dialect().table_of_records(1, &columns));
    let sql = format!("insert into {table} ({names}) select {names} from {source} record");
    execute(database.writer(), &sql, vec![records]).await.expect("rows");
}

fn key(number: u128) -> Value {
    json!(Uuid::from_u128(number).simple().to_string())
}

/// A loyalty program with tiers, the lowest first, and customers.
async fn set_up(database: &Database, [bronze, silver, gold]: [&Value; 3], customers: [&Value; 4]) {
    let sql = "insert into loyalty_program (id, handle, name, is_default, evaluation, created_at, updated_at)
        values ($1, 'default', 'Default', true, 'LIFETIME', 0, 0)";
    execute(database.writer(), sql, vec![Uuid::from_u128(PROGRAM).into()]).await.expect("a program");
    let columns = [
        ("id", Key),
        ("program_id", Key),
        ("name", Text),
        ("rank", Integer),
        ("min_spend", Integer),
        ("discount_percent", Integer),
        ("created_at", Integer),
        ("updated_at", Integer),
    ];
    let tiers = [(bronze, "Bronze", 1), (silver, "Silver", 2), (gold, "Gold", 3)].map(|(id, name, rank)| {
        [id.clone(), key(PROGRAM), json!(name), json!(rank), json!(rank), json!(0), json!(0), json!(0)]
    });
    insert(database, "loyalty_tier", columns, &tiers).await;
    let columns = [
        ("id", Key),
        ("kind", Text),
        ("name", Text),
        ("name_key", Text),
        ("search_text", Text),
        ("customer_since", Integer),
        ("created_at", Integer),
        ("updated_at", Integer),
    ];
    let rows = customers
        .map(|id| [id.clone(), json!("PERSON"), json!("A"), json!("a"), json!("a"), json!(0), json!(0), json!(0)]);
    insert(database, "customer", columns, &rows).await;
}

#[tokio::test]
async fn the_tiers_that_members_held_are_taken_from_the_log() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = before("000017_time", &directory).await;
    let (program, bronze, silver, gold, gone) = (key(PROGRAM), key(11), key(12), key(13), key(14));
    let [jane, john, ann, paul] = [21, 22, 23, 24].map(key);
    set_up(&database, [&bronze, &silver, &gold], [&jane, &john, &ann, &paul]).await;
    // Each as long as they have been a member, and with the tier that they hold and since when.
    let columns = [
        ("id", Key),
        ("program_id", Key),
        ("customer_id", Key),
        ("since", Integer),
        ("tier_id", Key),
        ("tier_since", Integer),
    ];
    let members = [
        (31, &jane, 100, &gold, 350),
        (32, &john, 500, &silver, 600),
        (33, &ann, 100, &silver, 100),
        (34, &paul, 100, &bronze, 400),
    ];
    let members = members.map(|(id, customer, since, tier, tier_since)| {
        [key(id), program.clone(), customer.clone(), json!(since), tier.clone(), json!(tier_since)]
    });
    insert(&database, "loyalty_membership", columns, &members).await;
    let columns = [
        ("id", Key),
        ("kind", Text),
        ("occurred_at", Integer),
        ("customer_id", Key),
        ("sequence", Integer),
        ("program_id", Key),
        ("tier_id", Key),
        ("actor", Text),
        ("cause", Text),
    ];
    let events = [
        // She rose twice, and reached gold before the log told of it.
        (&jane, "ENROLLED", 100, &bronze),
        (&jane, "UPGRADED", 200, &silver),
        (&jane, "UPGRADED", 400, &gold),
        // He left, and what he held before is over.
        (&john, "ENROLLED", 100, &bronze),
        (&john, "UPGRADED", 200, &gold),
        (&john, "ENROLLED", 500, &bronze),
        (&john, "UPGRADED", 600, &silver),
        // She came to both at once, and holds the second.
        (&ann, "ENROLLED", 100, &bronze),
        (&ann, "UPGRADED", 100, &silver),
        // He fell twice; the tier between is gone.
        (&paul, "ENROLLED", 100, &gold),
        (&paul, "DOWNGRADED", 300, &gone),
        (&paul, "DOWNGRADED", 400, &bronze),
    ];
    let rows: Vec<_> = (0..)
        .zip(events)
        .map(|(number, (customer, kind, at, tier))| {
            let kind = json!(format!("CUSTOMER_{kind}"));
            let (id, sequence) = (key(100 + number), json!(number + 1));
            let (program, tier) = (program.clone(), tier.clone());
            [id, kind, json!(at), customer.clone(), sequence, program, tier, json!("local"), json!("REQUEST")]
        })
        .collect();
    insert(&database, "event", columns, &rows).await;

    database.migrate().await.expect("the schema of now");

    let sql = "select membership_id, since, until, tier_name from loyalty_tier_interval order by membership_id, since";
    let rows = query(database.reader(), sql, Vec::new()).await.expect("intervals");
    let intervals: Vec<(u128, i64, i64, String)> = rows
        .iter()
        .map(|row| {
            let member: Uuid = row.try_get_by_index(0).expect("a key");
            let times = [1, 2].map(|column| row.try_get_by_index(column).expect("an instant"));
            (member.as_u128(), times[0], times[1], row.try_get_by_index(3).expect("a name"))
        })
        .collect();
    let held = |member, since, until, tier: &str| (member, since, until, tier.to_owned());
    let expected = [
        held(31, 100, 200, "Bronze"),
        held(31, 200, 350, "Silver"),
        held(32, 500, 600, "Bronze"),
        held(34, 100, 300, "Gold"),
    ];
    assert_eq!(intervals, expected);
}

#[tokio::test]
async fn predictions_keep_the_parameters_of_the_run_that_they_were_told_by() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = before("prediction_parameters", &directory).await;
    let (jane, john, ann, paul) = (key(21), key(22), key(23), key(24));
    set_up(&database, [&key(11), &key(12), &key(13)], [&jane, &john, &ann, &paul]).await;
    let run = "insert into lifetime_value_run (id, as_of, computed_at, is_historical, customers, repeat_customers,
        r, alpha, a, b, spending_customers, monthly_discount) values ($1, 0, $2, $3, 1, 1, $4, 2, 3, 4, 1, 0.01)";
    // The latest of those that are not of the past is the second.
    for (number, is_historical) in [(1_u8, false), (2, false), (3, true)] {
        let id = Uuid::from_u128(number.into());
        let values = vec![id.into(), i64::from(number).into(), is_historical.into(), f64::from(number).into()];
        execute(database.writer(), run, values).await.expect("a run");
    }
    let columns = [
        ("customer_id", Key),
        ("repeats", Integer),
        ("recency_days", Integer),
        ("age_days", Integer),
        ("repeat_spent", Integer),
        ("p_alive", Kind::Number),
        ("predicted_lifetime_value", Integer),
    ];
    let rows =
        [&jane, &john].map(|id| [id.clone(), json!(2), json!(10), json!(20), json!(500), json!(0.25), json!(1234)]);
    insert(&database, "lifetime_value_prediction", columns, &rows).await;

    database.migrate().await.expect("the schema");

    let kept = "select r, alpha, a, b, p_alive from lifetime_value_prediction
        where repeats = 2 and age_days = 20 and repeat_spent = 500 and predicted_lifetime_value = 1234
            and expected_average_value is null and customer_id = $1";
    for customer in [21, 22] {
        let kept = query(database.reader(), kept, vec![Uuid::from_u128(customer).into()]).await.expect("a row");
        let numbers = (0..5).map(|place| kept[0].try_get_by_index::<f64>(place).expect("a number"));
        assert_eq!(numbers.collect::<Vec<_>>(), [2.0, 2.0, 3.0, 4.0, 0.25]);
    }
}
