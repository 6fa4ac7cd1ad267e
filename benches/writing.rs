//! What is done for every request beside the database: conditions become SQL, nodes become linked data.

use std::{hint::black_box, sync::Arc};

use criterion::{Criterion, criterion_group, criterion_main};
use customers::{
    app::App,
    clock::Clock,
    config::SeedOptions,
    customer::{Customer, CustomerWhere},
    event::{Bell, Feed},
    filter::{Literal, Quantifier, Rule, Scope, Shelf, Test},
    graphql::comparison::Where,
    post::{Post, Templates},
    progress::Progress,
    schedule::Schedules,
    seed,
    semantics::{Base, Document},
    settings,
    store::{self, Database, Sort, SortKind, Window},
    valuation::Valuation,
};
use sea_orm::sea_query::{Expr, Query, SqliteQueryBuilder};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// A store with a few customers.
async fn store(directory: &tempfile::TempDir) -> anyhow::Result<App> {
    let url = format!("sqlite://{}?mode=rwc", directory.path().join("bench.db").display());
    let database = Database::connect(&url).await?;
    database.migrate().await?;
    let currency = settings::prepare(&database, Clock::System, None).await?;
    let base = Base::new("http://127.0.0.1:8000", &[]).map_err(anyhow::Error::msg)?;
    let (bell, feed, schedules) = (Bell::default(), Feed::default(), Schedules::default());
    let post = Post::new(Templates::load(None)?);
    let (clock, base, rules, valuation) = (Clock::System, Arc::new(base), Shelf::default(), Valuation::default());
    let app = App { database, clock, base, currency, valuation, bell, feed, schedules, post, rules };
    let options = SeedOptions { customers: 100, orders_per_customer: 1, random_seed: 1 };
    seed::run(&app, &options, &Progress::silent()).await?;
    Ok(app)
}

async fn customers(app: &App) -> anyhow::Result<Vec<Customer>> {
    let sort = Sort {
        name: "CREATED_AT".to_owned(),
        expression: Expr::col(("customer", "created_at")),
        kind: SortKind::Integer,
        is_descending: true,
        is_personal: false,
    };
    let window = Window { limit: 100, after: None, before: None, is_backward: false };
    let page = store::page::<Customer>(&app.database, &app.reading(), None, &sort, &window).await;
    let page = page.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
    Ok(page.rows.into_iter().map(|row| row.node).collect())
}

/// Persons who spent much lately, and have a delivered order: five tests, one of them on related rows.
fn rule() -> Rule {
    let compare = |field: &str, test| Rule::Compare { field: field.to_owned(), test };
    let delivered = compare("status", Test::Eq(Literal::Text("DELIVERED".to_owned())));
    Rule::All(vec![
        compare("kind", Test::Eq(Literal::Text("PERSON".to_owned()))),
        compare("totalSpent", Test::Gte(Literal::Decimal("500.00".to_owned()))),
        compare("lastPurchaseDate", Test::Gte(Literal::Ago("P30D".to_owned()))),
        compare("name", Test::Contains("an".to_owned())),
        Rule::Related { edge: "orders".to_owned(), quantifier: Quantifier::Some, rule: Box::new(delivered) },
    ])
}

fn writing(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let directory = tempfile::tempdir().expect("a directory");
    let app = runtime.block_on(store(&directory)).expect("a store");
    let customers = runtime.block_on(customers(&app)).expect("customers");
    let document = |node| Document { node, base: &app.base, shows_personal: true };

    let rule = rule();
    let scope = Scope {
        reading: app.reading(),
        dialect: app.database.dialect(),
        reads_personal: true,
        is_of_all: false,
        states_bounds: false,
    };
    criterion.bench_function("a filter as SQL", |bencher| {
        bencher.iter(|| {
            let condition = scope.condition(CustomerWhere::SUBJECT, black_box(&rule)).expect("a rule that holds");
            Query::select().column("id").from("customer").and_where(condition).build(SqliteQueryBuilder)
        });
    });

    criterion.bench_function("100 customers as JSON-LD", |bencher| {
        bencher.iter(|| {
            let documents = black_box(&customers).iter().map(|node| serde_json::to_vec(&document(node)));
            documents.collect::<Result<Vec<_>, _>>().expect("documents")
        });
    });

    criterion.bench_function("100 customers as N-Quads", |bencher| {
        bencher.iter(|| {
            let documents = black_box(&customers).iter().map(|node| document(node).to_quads());
            documents.collect::<Result<Vec<_>, _>>().expect("documents")
        });
    });

    // The least that writing the same bytes can cost: values that are there already.
    let values: Vec<Value> = customers.iter().map(|node| json!(document(node))).collect();
    criterion.bench_function("the same JSON-LD from values in memory", |bencher| {
        bencher.iter(|| {
            let documents = black_box(&values).iter().map(serde_json::to_vec);
            documents.collect::<Result<Vec<_>, _>>().expect("documents")
        });
    });

    criterion.bench_function("100 customers read", |bencher| {
        bencher.iter(|| runtime.block_on(self::customers(&app)).expect("customers"));
    });
}

criterion_group!(benches, writing);
criterion_main!(benches);
