//! Whole imports of the example shops, on each database.

use std::collections::HashMap;

use chrono::TimeDelta;
use entity::{
    ChronoUnixTimestampMillis, address, contact_point, customer, event,
    event::{EventCause, EventType},
    loyalty_membership, loyalty_tier, order,
    order::OrderStatus,
    order_item, product, refund, segment, segment_membership,
};
use rust_decimal::Decimal;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Iterable, PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect,
};

use super::{
    demo,
    demo::embedded,
    run::{Manner, import},
    source::Source,
};
use crate::{
    app::App,
    config::{Format, OnError},
    customer::metrics,
    given::{self, each_store, now},
    loyalty::standing,
    progress::Progress,
    store::execute,
};

async fn import_both(app: &App) -> anyhow::Result<[super::Report; 2]> {
    let manner = Manner::default();
    let load = async |format| import(app, format, &embedded(format), &manner, &Progress::silent()).await;
    Ok([load(Format::Northwind).await?, load(Format::Chinook).await?])
}

/// All rows of a table, in the order of their keys.
pub(super) async fn all<E: EntityTrait>(connection: &impl ConnectionTrait) -> anyhow::Result<Vec<E::Model>> {
    let keys = <E::PrimaryKey as Iterable>::iter().map(PrimaryKeyToColumn::into_column);
    let sorted = keys.fold(E::find(), QueryOrder::order_by_asc);
    Ok(sorted.all(connection).await?)
}

/// All rows that an import may touch, as text.
pub(super) async fn contents(app: &App) -> anyhow::Result<Vec<String>> {
    let reader = app.database.reader();
    Ok(vec![
        format!("{:?}", all::<customer::Entity>(reader).await?),
        format!("{:?}", all::<address::Entity>(reader).await?),
        format!("{:?}", all::<contact_point::Entity>(reader).await?),
        format!("{:?}", all::<product::Entity>(reader).await?),
        format!("{:?}", all::<order::Entity>(reader).await?),
        format!("{:?}", all::<order_item::Entity>(reader).await?),
        format!("{:?}", all::<loyalty_membership::Entity>(reader).await?),
        format!("{:?}", all::<segment::Entity>(reader).await?),
        format!("{:?}", all::<segment_membership::Entity>(reader).await?),
        format!("{:?}", all::<refund::Entity>(reader).await?),
        format!("{:?}", all::<event::Entity>(reader).await?),
    ])
}

/// What each Northwind customer spent by the file alone, in cents: the totals of the orders that were shipped.
fn spent_by_the_file() -> HashMap<String, i64> {
    let mut reader = csv::Reader::from_reader(&include_bytes!("../../data/northwind_orders.csv")[..]);
    let mut spent = HashMap::new();
    for record in reader.deserialize::<HashMap<String, String>>() {
        let record = record.expect("a record");
        let total: Decimal = record["order_total"].parse().expect("a decimal");
        let shipped = if record["shipped_date"].is_empty() { Decimal::ZERO } else { total };
        let cents: i64 = (shipped * Decimal::from(100)).try_into().expect("cents");
        *spent.entry(record["customer_id"].clone()).or_default() += cents;
    }
    spent
}

#[tokio::test]
async fn northwind_adds_up_to_what_its_files_say() -> anyhow::Result<()> {
    each_store(async |app| {
        let [northwind, chinook] = import_both(&app).await?;
        let reader = app.database.reader();

        assert_eq!((northwind.customers, northwind.orders, northwind.products), (91, 830, 77));
        assert_eq!((chinook.customers, chinook.orders, chinook.products), (59, 412, 0));
        let customers = customer::Entity::find()
            .filter(customer::Column::Kind.eq(customer::CustomerKind::Organization))
            .all(reader)
            .await?;
        let buyers: Vec<_> = customers.iter().map(|customer| customer.id).collect();
        let orders = order::Entity::find().filter(order::Column::CustomerId.is_in(buyers)).all(reader).await?;
        let open = orders.iter().filter(|order| order.status == OrderStatus::Processing).count();
        assert_eq!(orders.iter().map(|order| order.total).sum::<i64>(), 126_579_322);
        assert_eq!(open, 21);
        assert_eq!(all::<order_item::Entity>(reader).await?.len(), 2155 + 412);
        let expected = spent_by_the_file();
        for customer in customers {
            let id = customer.external_id.clone().unwrap_or_default();
            assert_eq!(customer.total_spent, expected.get(&id).copied().unwrap_or(0), "{id}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn every_field_of_the_files_has_its_place() -> anyhow::Result<()> {
    each_store(async |app| {
        import_both(&app).await?;
        let reader = app.database.reader();
        let known = async |id: &str| {
            let found = customer::Entity::find().filter(customer::Column::ExternalId.eq(id)).one(reader);
            anyhow::Ok(found.await?.expect("imported"))
        };

        let horn = known("AROUT").await?;
        assert_eq!(horn.legal_name.as_deref(), Some("Around the Horn"));
        assert_eq!(horn.search_text, "around the horn (171) 555-7788 1715557788 arout");
        assert_eq!(horn.customer_since.0.to_rfc3339(), "1996-11-15T00:00:00+00:00");
        let contact = contact_point::Entity::find().filter(contact_point::Column::CustomerId.eq(horn.id)).one(reader);
        let contact = contact.await?.expect("a contact");
        assert_eq!(contact.name.as_deref(), Some("Thomas Hardy"));
        assert_eq!(contact.contact_type.as_deref(), Some("Sales Representative"));
        assert_eq!(contact.fax_number.as_deref(), Some("(171) 555-6750"));
        let order = order::Entity::find().filter(order::Column::ExternalId.eq("10248")).one(reader).await?;
        let order = order.expect("an order");
        assert_eq!((order.total, order.freight), (44_000, Some(3238)));
        assert_eq!(order.shipped_at, order.delivered_at);
        let address = order.shipping_address.expect("an address");
        assert_eq!(address.address_country.as_deref(), Some("FR"));
        let countries: Vec<Option<String>> = address::Entity::find()
            .select_only()
            .column(address::Column::AddressCountry)
            .distinct()
            .into_tuple()
            .all(reader)
            .await?;
        assert!(countries.iter().flatten().all(|country| country.len() == 2), "{countries:?}");

        let luis = known("1").await?;
        assert_eq!((luis.name.as_str(), luis.name_key.as_str()), ("Luís Gonçalves", "luis goncalves"));
        assert_eq!(luis.email_key.as_deref(), Some("luisg@embraer.com.br"));
        let fields = luis.custom_fields.expect("custom fields");
        assert_eq!(fields["company"], "Embraer - Empresa Brasileira de Aeronáutica S.A.");
        assert_eq!(fields["fax"], "+55 (12) 3923-5566");
        assert_eq!(luis.total_orders, luis.delivered_orders);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn importing_again_changes_nothing() -> anyhow::Result<()> {
    each_store(async |app| {
        import_both(&app).await?;
        let before = contents(&app).await?;

        let [northwind, chinook] = import_both(&app).await?;

        assert_eq!((northwind.customers, northwind.orders, northwind.recognized), (0, 0, 91 + 830 + 77));
        assert_eq!((chinook.customers, chinook.orders, chinook.recognized), (0, 0, 59 + 412));
        assert!(contents(&app).await? == before, "rows have changed");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn figures_tiers_and_segments_can_be_rebuilt_from_the_orders() -> anyhow::Result<()> {
    each_store(async |app| {
        import_both(&app).await?;
        let before = contents(&app).await?;

        let tx = app.database.begin().await?;
        assert_eq!(metrics::rebuild(&tx, now(), None).await?, 0);
        assert_eq!(standing::settle_tiers(&tx, now(), None).await?, []);
        assert!(given::misplaced(&tx, &app.reading()).await?.is_empty());
        let spoil = "update customer set total_orders = 7, total_spent = -1, last_order_date = null";
        execute(&tx, spoil, Vec::new()).await?;
        let spoil = "update customer set first_order_date = 5, last_purchase_date = null";
        execute(&tx, spoil, Vec::new()).await?;
        assert_eq!(metrics::rebuild(&tx, now(), None).await?, 150);
        tx.commit().await?;

        assert!(contents(&app).await? == before, "rows have changed");
        let members = all::<segment_membership::Entity>(app.database.reader()).await?.len();
        let buyers = customer::Entity::find().filter(customer::Column::DeliveredOrders.gt(0));
        let buyers = buyers.all(app.database.reader()).await?.len();
        assert_eq!(members, 150 + buyers);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_demo_ends_yesterday_and_knows_no_future() -> anyhow::Result<()> {
    each_store(async |app| {
        let [northwind, chinook] = demo(&app).await?;

        assert_eq!((northwind.shift_in_days, chinook.shift_in_days), (10_426, 334));
        let yesterday = (now() - TimeDelta::days(1)).date_naive();
        let orders = all::<order::Entity>(app.database.reader()).await?;
        let newest = orders.iter().map(|order| order.order_date.0.date_naive()).max();
        assert_eq!(newest, Some(yesterday));
        assert!(orders.iter().filter_map(|order| order.delivered_at).all(|instant| instant.0 <= now()));
        assert!(orders.iter().any(|order| order.required_date.is_some_and(|instant| instant.0 > now())));
        let customers = all::<customer::Entity>(app.database.reader()).await?;
        assert!(customers.iter().all(|customer| customer.customer_since.0 <= now()));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_wrong_row_is_named_and_nothing_is_written() -> anyhow::Result<()> {
    const CUSTOMERS: &str = "customer_id,first_name,last_name,company,street_address,city,region,country,\
        postal_code,phone,fax,email,customer_since\n";
    const INVOICES: &str = "invoice_id,customer_id,invoice_date,total\n";
    each_store(async |app| {
        demo(&app).await?;
        let before = contents(&app).await?;
        let person = |id: &str, email: &str, since: &str| format!("{id},Ada,Byron,,,,,,,,,{email},{since}\n");
        let cases = [
            (
                person("1001", "LuisG@Embraer.com.br", "2026-01-01"),
                "",
                "customers.csv, line 2, column email: another customer has this address",
            ),
            (
                person("1001", "a@example.org", "2026-01-01") + &person("1002", "A@example.org", "2026-01-01"),
                "",
                "customers.csv, line 3, column email: another customer has this address",
            ),
            (
                person("1001", "", "2026-01-01") + &person("1001", "", "2026-01-01"),
                "",
                "customers.csv, line 3, column customer_id: \"1001\" is in the file twice",
            ),
            (
                person("1001", "", "2026-01-01"),
                "5001,1001,2026-01-02,1.50\n5001,1001,2026-01-03,1.50\n",
                "invoices.csv, line 3, column invoice_id: \"5001\" is in the file twice",
            ),
            (
                person("1001", "nobody", "2026-01-01"),
                "",
                "customers.csv, line 2, column email: is not an e-mail address such as jane@example.org",
            ),
            (
                person(&"1".repeat(501), "", "2026-01-01"),
                "",
                "customers.csv, line 2, column customer_id: has 501 characters, and at most 500 are kept",
            ),
            (
                person("1001", "", "2026-12-24"),
                "",
                "customers.csv, line 2, column customer_since: 2026-12-24 is in the future",
            ),
            (
                person("1001", "", "2026-01-01"),
                "5001,1001,2026-01-02,1.50\n5002,1009,2026-01-02,1.50\n",
                "invoices.csv, line 3, column customer_id: there is no customer \"1009\"",
            ),
            (
                person("1001", "", "2026-01-01"),
                "5001,1001,2026-01-02,1.505\n",
                "invoices.csv, line 2, column total: \"1.505\" is not an amount in dollars and cents, such as 12.50",
            ),
        ];

        for (customers, invoices, expected) in cases {
            let sources = [
                Source::embedded("customers.csv", leaked(CUSTOMERS, &customers)),
                Source::embedded("invoices.csv", leaked(INVOICES, invoices)),
            ];
            let refused = import(&app, Format::Chinook, &sources, &Manner::default(), &Progress::silent()).await;
            assert_eq!(refused.expect_err("a wrong row").to_string(), expected);
        }
        assert!(contents(&app).await? == before, "rows have changed");
        Ok(())
    })
    .await
}

fn leaked(header: &str, rows: &str) -> &'static [u8] {
    format!("{header}{rows}").into_bytes().leak()
}

#[tokio::test]
async fn events_tell_of_an_import_once_and_when_things_happened() -> anyhow::Result<()> {
    each_store(async |app| {
        import_both(&app).await?;
        import_both(&app).await?;

        let events = all::<event::Entity>(app.database.reader()).await?;
        let count = |kind| events.iter().filter(|event| event.kind == kind).count();
        assert_eq!(count(EventType::CustomerCreated), 91 + 59);
        assert_eq!(count(EventType::CustomerEnrolled), 91 + 59);
        assert_eq!(count(EventType::OrderCreated), 830 + 412);
        // 21 orders of Northwind have not been shipped.
        assert_eq!(count(EventType::OrderDelivered), 830 - 21 + 412);
        assert_eq!(count(EventType::CustomerPurchased), 830 - 21 + 412);
        assert_eq!(count(EventType::CustomerDowngraded) + count(EventType::SegmentLeft), 0);
        // Everyone is in a segment by spending, and who bought something in one by engagement.
        assert_eq!(count(EventType::SegmentEntered), 150 + 148);
        assert!(events.iter().all(|event| event.cause == EventCause::Import && event.actor == "import"));
        let orders = all::<order::Entity>(app.database.reader()).await?;
        let orders: HashMap<_, _> = orders.into_iter().map(|order| (order.id, order)).collect();
        let memberships = all::<loyalty_membership::Entity>(app.database.reader()).await?;
        let memberships: HashMap<_, _> = memberships.into_iter().map(|row| (row.customer_id, row)).collect();
        let ranks = all::<loyalty_tier::Entity>(app.database.reader()).await?;
        let risen = memberships.values().filter(|row| ranks.iter().any(|tier| tier.id == row.tier_id && tier.rank > 1));
        assert_eq!(count(EventType::CustomerUpgraded), risen.count());
        for event in events {
            let order = event.order_id.map(|key| &orders[&key]);
            let membership = &memberships[&event.customer_id];
            let expected = match event.kind {
                EventType::OrderCreated => order.map(|order| order.order_date),
                EventType::OrderDelivered | EventType::CustomerPurchased => order.and_then(|order| order.delivered_at),
                EventType::CustomerEnrolled => Some(membership.since),
                EventType::CustomerUpgraded => Some(membership.tier_since),
                _ => Some(ChronoUnixTimestampMillis(now())),
            };
            assert_eq!(Some(event.occurred_at), expected, "{event:?}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn wrong_rows_are_skipped_with_all_that_hangs_on_them_where_that_is_asked_for() -> anyhow::Result<()> {
    each_store(async |app| {
        let customers = "customer_id,first_name,last_name,company,street_address,city,region,country,\
            postal_code,phone,fax,email,customer_since\n\
            1,Ada,Byron,,,,,,,,,,2026-01-01\n2,Bob,,,,,,,,,,,2026-01-01\n";
        let invoices = "invoice_id,customer_id,invoice_date,total\n\
            11,1,2026-01-02,1.50\n12,2,2026-01-02,1.50\n13,1,2026-01-03,free\n";
        let sources = [
            Source::embedded("customers.csv", customers.as_bytes()),
            Source::embedded("invoices.csv", invoices.as_bytes()),
        ];
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("rejected.csv");
        let manner = Manner { on_error: OnError::Skip, rejected: Some(path.clone()), ..Manner::default() };

        let report = import(&app, Format::Chinook, &sources, &manner, &Progress::silent()).await?;

        assert_eq!((report.customers, report.orders, report.accepted_rows), (1, 1, 2));
        let expected = "\
            file,line,reason,customer_id,first_name,last_name,company,street_address,city,region,country,\
            postal_code,phone,fax,email,customer_since\n\
            customers.csv,3,column last_name: is empty,2,Bob,,,,,,,,,,,2026-01-01\n\
            file,line,reason,invoice_id,customer_id,invoice_date,total\n\
            invoices.csv,4,\"column total: \"\"free\"\" is not an amount in dollars and cents, such as 12.50\",\
            13,1,2026-01-03,free\n\
            invoices.csv,3,\"column customer_id: there is no customer \"\"2\"\"\",12,2,2026-01-02,1.50\n";
        assert_eq!(std::fs::read_to_string(path)?, expected);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_wrong_line_is_rejected_once_and_its_order_with_the_other_lines() -> anyhow::Result<()> {
    let customers = "customer_id,company_name,contact_name,contact_title,street_address,city,region,postal_code,country,\
        phone,fax,customer_since\nA,Ada Ltd,,,,,,,,,,2026-01-01\n";
    let orders = "order_id,customer_id,order_date,required_date,shipped_date,freight,ship_name,ship_address,ship_city,\
        ship_region,ship_postal_code,ship_country,order_total\n\
        1,A,2026-01-02,,,,,,,,,,5.00\n2,A,2026-01-03,,,,,,,,,,4.00\n";
    let lines = "order_id,product_id,unit_price,quantity,discount\n\
        1,10,1.00,3,0\n1,11,1.00,-2,0\n2,10,1.00,4,0\n3,10,1.00,1,0\n";
    each_store(async |app| {
        let sources = [
            Source::embedded("customers.csv", customers.as_bytes()),
            Source::embedded("orders.csv", orders.as_bytes()),
            Source::embedded("lines.csv", lines.as_bytes()),
        ];
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("rejected.csv");
        let manner = Manner { on_error: OnError::Skip, rejected: Some(path.clone()), ..Manner::default() };

        let report = import(&app, Format::Northwind, &sources, &manner, &Progress::silent()).await?;

        assert_eq!((report.customers, report.orders, report.accepted_rows), (1, 1, 1 + 1 + 1));
        let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_path(path)?;
        let rejected =
            reader.records().map(|record| record.map(|record| record.iter().take(3).collect::<Vec<_>>().join(", ")));
        let rejected = rejected.collect::<Result<Vec<_>, _>>()?;
        let expected = [
            "file, line, reason",
            "lines.csv, 3, column quantity: is less than 1",
            "file, line, reason",
            "orders.csv, 2, column order_total: the lines add up to 3.00",
            "file, line, reason",
            "lines.csv, 2, column order_id: there is no order \"1\", or it is rejected",
            "lines.csv, 5, column order_id: there is no order \"3\", or it is rejected",
        ];
        assert_eq!(rejected, expected);
        Ok(())
    })
    .await
}
