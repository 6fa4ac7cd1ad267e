//! The steps: there and back and there again, and the rows that fit the tables, on each database; the search
//! and the order of lists on `SQLite`. `PostgreSQL` takes part where `TEST_DATABASE_URL` names a server.

use std::env;

use customers_migration::Migrator;
use entity::communication::CommunicationChannel;
use entity::consent::ConsentState;
use entity::customer;
use entity::texts::Texts;
use sea_orm_migration::MigratorTrait;
use sea_orm_migration::sea_orm::prelude::{ChronoUnixTimestampMillis, Date, DateTimeUtc, Json, Uuid};
use sea_orm_migration::sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SqliteQueryBuilder};
use sea_orm_migration::sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, EntityTrait,
    IntoActiveModel, Set, Statement,
};

#[tokio::test]
async fn all_steps_can_be_taken_back_and_made_again() -> Result<(), DbErr> {
    for database in empty().await? {
        Migrator::up(&database, None).await?;
        let first = things(&database).await?;
        Migrator::down(&database, None).await?;
        let between = things(&database).await?;
        Migrator::up(&database, None).await?;
        let second = things(&database).await?;

        assert!(first.len() > 50, "{first:?}");
        assert!(between.is_empty(), "left behind: {between:?}");
        assert_eq!(first, second);
    }
    Ok(())
}

#[tokio::test]
async fn what_was_there_before_the_log_of_consent_is_as_though_it_came_after() -> Result<(), DbErr> {
    for database in empty().await? {
        let steps = Migrator::migrations();
        let before = steps.iter().position(|step| step.name() == "m20261122_000009_consent").expect("the step");
        Migrator::up(&database, u32::try_from(before).ok()).await?;
        let key = match database.get_database_backend() {
            DbBackend::Sqlite => "x'00000000000000000000000000000001'",
            _ => "'00000000-0000-0000-0000-000000000001'",
        };
        let jane = format!(
            "insert into customer
                (id, kind, name, name_key, search_text, email_opt_in, telephone, customer_since, created_at, updated_at)
            values ({key}, 'PERSON', 'Jane', 'jane', 'jane', true, '030 2312550', 0, 0, 1795339800000)"
        );
        let address = format!(
            "insert into address
                (id, customer_id, address_country, is_default_billing, is_default_shipping, created_at, updated_at)
            values ({key}, {key}, 'DE', false, true, 0, 0)"
        );
        let contact = format!(
            "insert into contact_point (id, customer_id, telephone, created_at, updated_at)
            values ({key}, {key}, '+1 650 253 0000', 0, 0)"
        );
        for row in [jane, address, contact] {
            database.execute_unprepared(&row).await?;
        }

        Migrator::up(&database, None).await?;

        let entries = entity::consent::Entity::find().all(&database).await?;
        let [entry] = &entries[..] else { panic!("{entries:?}") };
        assert_eq!((entry.channel, entry.state), (CommunicationChannel::Email, ConsentState::Granted));
        assert_eq!(entry.decided_at.0.timestamp_millis(), 1_795_339_800_000);
        let timestamp = entry.id.get_timestamp().expect("a version 7 UUID").to_unix();
        assert_eq!((entry.id.get_version_num(), timestamp), (7, (1_795_339_800, 0)));
        let jane = customer::Entity::find().one(&database).await?.expect("Jane");
        let contact = entity::contact_point::Entity::find().one(&database).await?.expect("her contact");
        let numbers = [jane.telephone_e164, contact.telephone_e164];
        assert_eq!(numbers, ["+49302312550", "+16502530000"].map(|number| Some(number.to_owned())));
    }
    Ok(())
}

#[tokio::test]
async fn every_row_can_be_read_from_its_table() -> Result<(), DbErr> {
    for database in empty().await? {
        Migrator::up(&database, None).await?;

        entity::store::Entity::find().all(&database).await?;
        entity::customer::Entity::find().all(&database).await?;
        entity::customer_tag::Entity::find().all(&database).await?;
        entity::address::Entity::find().all(&database).await?;
        entity::contact_point::Entity::find().all(&database).await?;
        entity::product::Entity::find().all(&database).await?;
        entity::order::Entity::find().all(&database).await?;
        entity::order_item::Entity::find().all(&database).await?;
        entity::refund::Entity::find().all(&database).await?;
        entity::segment::Entity::find().all(&database).await?;
        entity::segment_membership::Entity::find().all(&database).await?;
        entity::loyalty_program::Entity::find().all(&database).await?;
        entity::loyalty_tier::Entity::find().all(&database).await?;
        entity::loyalty_membership::Entity::find().all(&database).await?;
        entity::loyalty_tier_interval::Entity::find().all(&database).await?;
        entity::communication::Entity::find().all(&database).await?;
        entity::communication_attempt::Entity::find().all(&database).await?;
        entity::consent::Entity::find().all(&database).await?;
        entity::event::Entity::find().all(&database).await?;
        entity::idempotency::Entity::find().all(&database).await?;
        entity::rfm_run::Entity::find().all(&database).await?;
        entity::rfm_score::Entity::find().all(&database).await?;
        entity::churn_state::Entity::find().all(&database).await?;
        entity::job_run::Entity::find().all(&database).await?;
        entity::job_lease::Entity::find().all(&database).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_customer_is_read_as_written() -> Result<(), DbErr> {
    for database in empty().await? {
        Migrator::up(&database, None).await?;
        let row = jane();

        customer::Entity::insert(row.clone().into_active_model()).exec_without_returning(&database).await?;

        assert_eq!(customer::Entity::find_by_id(row.id).one(&database).await?, Some(row));
    }
    Ok(())
}

#[tokio::test]
async fn search_finds_parts_of_the_text_of_live_customers() -> Result<(), DbErr> {
    let database = migrated().await?;
    let row = jane();
    row.clone().into_active_model().insert(&database).await?;
    assert_eq!(found(&database, "ane do").await?, 1);

    let mut renamed = row.clone().into_active_model();
    renamed.search_text = Set("jane smith".to_owned());
    renamed.update(&database).await?;
    assert_eq!((found(&database, "ane do").await?, found(&database, "smith").await?), (0, 1));

    let mut deleted = row.clone().into_active_model();
    deleted.deleted_at = Set(Some(row.created_at));
    deleted.update(&database).await?;
    assert_eq!(found(&database, "jane").await?, 0);

    let mut restored = row.clone().into_active_model();
    restored.deleted_at = Set(None);
    restored.search_text = Set("jane doe".to_owned());
    restored.update(&database).await?;
    assert_eq!(found(&database, "jane doe").await?, 1);

    customer::Entity::delete_by_id(row.id).exec(&database).await?;
    assert_eq!(found(&database, "jane").await?, 0);
    let check = "insert into customer_search_index (customer_search_index, rank) values ('integrity-check', 1)";
    database.execute_unprepared(check).await?;
    Ok(())
}

#[tokio::test]
async fn a_page_sorted_by_a_nullable_instant_is_read_from_its_index() -> Result<(), DbErr> {
    let database = migrated().await?;
    let page = Query::select()
        .column(customer::Column::Id)
        .from(customer::Entity)
        .and_where(customer::Column::DeletedAt.is_null())
        .and_where(
            Expr::tuple([Expr::col(customer::SortKey::LastPurchaseDate), Expr::col(customer::Column::Id)])
                .lt(Expr::tuple([Expr::val(entity::INSTANT_BEFORE_ALL), Expr::val(Uuid::max())])),
        )
        .order_by(customer::SortKey::LastPurchaseDate, Order::Desc)
        .order_by(customer::Column::Id, Order::Desc)
        .limit(51)
        .to_string(SqliteQueryBuilder);

    let plan = texts(&database, &format!("explain query plan {page}")).await?;

    let search = "SEARCH customer USING INDEX customer_by_last_purchase_date ((last_purchase_date_sort,id)<(?,?))";
    assert_eq!(plan, [search]);
    Ok(())
}

#[tokio::test]
async fn every_list_is_read_in_order_from_an_index() -> Result<(), DbErr> {
    let database = migrated().await?;
    let live = "deleted_at is null";
    // The condition that a list always has, and the columns that it can be sorted by.
    let lists: [(&str, &str, &[&str]); 20] = [
        (
            "customer",
            live,
            &[
                "name_key",
                "email_sort",
                "customer_since",
                "total_orders",
                "total_spent",
                "first_order_date_sort",
                "last_order_date_sort",
                "last_purchase_date_sort",
                "created_at",
                "updated_at",
            ],
        ),
        ("orders", "true", &["order_date", "delivered_at_sort", "total", "created_at"]),
        ("product", live, &["name_key", "sku_sort", "created_at"]),
        ("segment", "true", &["name", "created_at"]),
        ("loyalty_program", "true", &["created_at"]),
        ("address", "customer_id = x'01'", &["created_at"]),
        ("contact_point", "customer_id = x'01'", &["created_at"]),
        ("communication", "customer_id = x'01'", &["created_at"]),
        ("orders", "customer_id = x'01'", &["order_date", "delivered_at_sort", "total", "created_at"]),
        ("order_item", "order_id = x'01'", &["position"]),
        ("order_item", "product_id = x'01'", &["position"]),
        ("refund", "customer_id = x'01'", &["refunded_at"]),
        ("refund", "order_id = x'01'", &["refunded_at"]),
        ("loyalty_membership", "customer_id = x'01'", &["since"]),
        ("loyalty_membership", "program_id = x'01'", &["since"]),
        ("loyalty_membership", "tier_id = x'01'", &["since"]),
        ("loyalty_tier", "program_id = x'01' and retired_at is null", &["rank"]),
        ("job_run", "true", &["started_at"]),
        ("rfm_run", "true", &["as_of"]),
        ("job_run", "job = 'METRICS'", &["started_at"]),
    ];

    for (table, condition, keys) in lists {
        for key in keys {
            for direction in ["asc", "desc"] {
                let page = format!(
                    "select * from {table} where {condition} order by {key} {direction}, id {direction} limit 51"
                );
                let plan = texts(&database, &format!("explain query plan {page}")).await?;
                let is_read_in_order = plan.len() == 1 && plan[0].contains("USING INDEX");
                assert!(is_read_in_order, "{page}: {plan:?}");
            }
        }
    }
    Ok(())
}

/// A new database of each kind that there is.
async fn empty() -> Result<Vec<DatabaseConnection>, DbErr> {
    let mut databases = vec![Database::connect("sqlite::memory:").await?];
    #[expect(clippy::disallowed_methods, reason = "tests have no configuration")]
    let server = env::var("TEST_DATABASE_URL");
    if let Ok(server) = server {
        let connection = Database::connect(&server).await?;
        let name = texts(&connection, "select 'steps_' || replace(cast(gen_random_uuid() as text), '-', '')").await?;
        connection.execute_unprepared(&format!("create database {}", name[0])).await?;
        let (base, _) = server.rsplit_once('/').expect("a URL has a path");
        databases.push(Database::connect(format!("{base}/{}", name[0])).await?);
    }
    Ok(databases)
}

/// What the steps have made, with its definition; the list of the steps taken is left out.
async fn things(database: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let sql = match database.get_database_backend() {
        DbBackend::Sqlite => {
            "select name || ' ' || sql from sqlite_schema
             where sql is not null and name not like 'seaql%' and name not like 'sqlite%' order by 1"
        }
        _ => {
            "select indexdef from pg_indexes where schemaname = 'public' and tablename not like 'seaql%'
             union all
             select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
             where connamespace = 'public'::regnamespace and conrelid::regclass::text not like 'seaql%'
             union all
             select concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default,
                 collation_name, generation_expression)
             from information_schema.columns where table_schema = 'public' and table_name not like 'seaql%'
             order by 1"
        }
    };
    texts(database, sql).await
}

async fn migrated() -> Result<DatabaseConnection, DbErr> {
    let database = Database::connect("sqlite::memory:").await?;
    Migrator::up(&database, None).await?;
    Ok(database)
}

fn jane() -> customer::Model {
    let now = ChronoUnixTimestampMillis(DateTimeUtc::UNIX_EPOCH);
    customer::Model {
        name_key: "jane doe".to_owned(),
        given_name: Some("Jane".to_owned()),
        birth_date: Date::from_ymd_opt(1990, 2, 28),
        gender: Some(customer::Gender::Female),
        email_opt_in: true,
        communication_channels: Texts(vec!["EMAIL".to_owned()]),
        custom_fields: Some(Json::from([1])),
        search_text: "jane doe".to_owned(),
        ..customer::Model::new(Uuid::from_u128(1), customer::CustomerKind::Person, "Jane Doe".to_owned(), now, now)
    }
}

async fn found(database: &DatabaseConnection, text: &str) -> Result<usize, DbErr> {
    let statement = Statement::from_sql_and_values(
        database.get_database_backend(),
        "select id from customer where id in (select s.customer_id from customer_search_index i
             join customer_search s on s.row = i.rowid where i.search_text match ?)",
        [format!("\"{text}\"").into()],
    );
    Ok(database.query_all_raw(statement).await?.len())
}

/// The last column of each row.
async fn texts(database: &DatabaseConnection, sql: &str) -> Result<Vec<String>, DbErr> {
    let statement = Statement::from_string(database.get_database_backend(), sql);
    let rows = database.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get_by_index(row.column_names().len() - 1)).collect()
}
