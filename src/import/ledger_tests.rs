//! Whole imports of long files, on each database.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::PathBuf,
};

use chrono::{DateTime, NaiveDate, Utc};
use entity::{address, customer, event, event::EventType, loyalty_membership, order, order_item, product, refund};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    Report,
    run::{Manner, import},
    source::Source,
    tests::{all, contents},
};
use crate::{
    app::App,
    config::{Format, OnError},
    customer::drift,
    given::{each_store, each_store_in, now},
    progress::Progress,
};

const NINE_DAYS: &[u8] = include_bytes!("../../data/online_retail_2010-12-01_09.csv.gz");
const CDNOW: &[u8] = include_bytes!("../../data/cdnow_sample.csv.gz");
const RETAIL: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

async fn load(app: &App, format: Format, bytes: &'static [u8], manner: &Manner) -> anyhow::Result<Report> {
    let sources = [Source::embedded("shop.csv", bytes)];
    import(app, format, &sources, manner, &Progress::silent()).await
}

fn retail(rows: &str) -> &'static [u8] {
    format!("{RETAIL}{rows}").into_bytes().leak()
}

async fn customers(app: &App) -> anyhow::Result<BTreeMap<String, customer::Model>> {
    let customers = all::<customer::Entity>(app.database.reader()).await?;
    Ok(customers.into_iter().map(|customer| (customer.external_id.clone().unwrap_or_default(), customer)).collect())
}

/// The numbers are those of
///
/// ```python
/// import csv, gzip, collections as c; from decimal import *
/// sums, of, codes = c.Counter(), {}, set()
/// for r in csv.DictReader(gzip.open("data/online_retail_2010-12-01_09.csv.gz", "rt", newline="")):
///     if r["CustomerID"]:
///         i = r["InvoiceNo"]; of[i] = r["CustomerID"]; sums[i] += Decimal(r["Quantity"]) * Decimal(r["UnitPrice"])
///         if i[0] != "C": codes.add(r["StockCode"])
/// cents = {i: (s * 100 if i[0] != "C" else -s * 100).quantize(1, ROUND_HALF_UP) for i, s in sums.items()}
/// net = c.Counter()
/// for i, s in cents.items(): net[of[i]] += s if i[0] != "C" else -s
/// print(len(net), sum(s for i, s in cents.items() if i[0] != "C"), sum(s for i, s in cents.items() if i[0] == "C"))
/// print(sum(s >= 50000 for s in net.values()), len({of[i] for i in cents if i[0] != "C"}))
/// print(len(codes), [code for code in codes if not code[0].isdigit()])
/// ```
///
/// which prints `622 31187800 725465`, `131 573`, and `2000` codes with `BANK CHARGES`, `C2`, `M` and `POST`, which are
/// no products; and of the description of the data: 22,523 lines.
#[tokio::test]
async fn nine_days_of_online_retail_add_up_to_what_the_file_says() -> anyhow::Result<()> {
    each_store_in("GBP", async |app| {
        let report = load(&app, Format::OnlineRetail, NINE_DAYS, &Manner::default()).await?;

        assert_eq!((report.customers, report.orders, report.refunds, report.products), (622, 776, 125, 1996));
        assert_eq!((report.accepted_rows, report.recognized), (14_803, 0));
        assert_eq!(report.rejected_rows, [("no CustomerID".to_owned(), 22_523 - 14_803)].into());
        let reader = app.database.reader();
        let orders = all::<order::Entity>(reader).await?;
        assert_eq!(orders.iter().map(|order| order.total).sum::<i64>(), 31_187_800);
        assert!(orders.iter().all(|order| order.currency == "GBP" && order.delivered_at == Some(order.order_date)));
        let refunds = all::<refund::Entity>(reader).await?;
        assert_eq!(refunds.iter().map(|refund| refund.amount).sum::<i64>(), 725_465);
        assert_eq!(all::<order_item::Entity>(reader).await?.len(), 14_505);
        let spent: i64 = customers(&app).await?.values().map(|customer| customer.total_spent).sum();
        assert_eq!(spent, 31_187_800 - 725_465);
        assert_eq!(drift::verify(reader, now(), 1).await?.0, 0);
        let events = all::<event::Entity>(reader).await?;
        let mut kinds = HashMap::new();
        for event in &events {
            *kinds.entry(event.kind).or_insert(0) += 1;
        }
        let expected = [
            (EventType::CustomerCreated, 622),
            (EventType::CustomerEnrolled, 622),
            (EventType::OrderCreated, 776),
            (EventType::OrderDelivered, 776),
            (EventType::CustomerPurchased, 776),
            (EventType::CustomerRefunded, 125),
            (EventType::CustomerUpgraded, 131),
            (EventType::SegmentEntered, 622 + 573),
        ];
        assert_eq!(kinds, expected.into());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_long_file_imported_again_changes_nothing() -> anyhow::Result<()> {
    each_store_in("GBP", async |app| {
        let first = load(&app, Format::OnlineRetail, NINE_DAYS, &Manner::default()).await?;
        let before = contents(&app).await?;

        let again = load(&app, Format::OnlineRetail, NINE_DAYS, &Manner::default()).await?;

        let expected =
            Report { customers: 0, orders: 0, refunds: 0, products: 0, recognized: 622 + 776 + 125 + 1996, ..first };
        assert_eq!(again, expected);
        assert!(contents(&app).await? == before, "rows have changed");
        Ok(())
    })
    .await
}

/// An import that ends in the middle leaves whole batches: here it is dropped wherever it is when the first is seen.
#[tokio::test]
async fn an_import_that_was_interrupted_is_completed_by_another() -> anyhow::Result<()> {
    each_store_in("GBP", async |app| {
        let some_orders = async {
            loop {
                let orders = all::<order::Entity>(app.database.reader()).await?.len();
                if orders > 0 {
                    return anyhow::Ok(orders);
                }
                tokio::task::yield_now().await;
            }
        };
        let manner = Manner::default();
        let orders = tokio::select! {
            report = load(&app, Format::OnlineRetail, NINE_DAYS, &manner) => {
                anyhow::bail!("not interrupted: {report:?}")
            }
            orders = some_orders => orders?,
        };
        assert!(orders < 776, "{orders}");
        assert_eq!(drift::verify(app.database.reader(), now(), 1).await?.0, 0, "figures are right in between");

        let report = load(&app, Format::OnlineRetail, NINE_DAYS, &Manner::default()).await?;

        assert_eq!(report.orders + report.refunds + report.recognized + report.customers + report.products, 3519);
        assert_eq!(drift::verify(app.database.reader(), now(), 1).await?.0, 0);
        let events = all::<event::Entity>(app.database.reader()).await?;
        let told: BTreeSet<_> = events
            .iter()
            .map(|event| {
                let kind = format!("{:?}", event.kind);
                (event.customer_id, kind, event.order_id, event.refund_id, event.segment_id, event.tier_id)
            })
            .collect();
        assert_eq!((events.len(), told.len()), (5023, 5023), "each is told once");
        Ok(())
    })
    .await
}

/// 946 and 2,457 are published: see the field notes of the sample in Fader, Hardie & Lee (2005), Marketing Science
/// 24(2), as is 1,882, the number of days on which somebody bought after the calibration. The sum is that of `zcat
/// data/cdnow_sample.csv.gz | awk -F, 'NR > 1 { sum += $5 } END { printf "%.2f\n", sum }'`.
#[tokio::test]
async fn the_sample_of_cdnow_is_what_is_published_of_it() -> anyhow::Result<()> {
    each_store(async |app| {
        let report = load(&app, Format::Cdnow, CDNOW, &Manner::default()).await?;
        let again = load(&app, Format::Cdnow, CDNOW, &Manner::default()).await?;

        assert_eq!((report.customers, report.orders, report.refunds, report.products), (2357, 6919, 0, 0));
        assert_eq!((report.accepted_rows, report.rejected_rows.len()), (6919, 0));
        assert_eq!((again.customers, again.orders, again.recognized), (0, 0, 2357 + 6919));
        let orders = all::<order::Entity>(app.database.reader()).await?;
        assert_eq!(orders.iter().map(|order| order.total).sum::<i64>(), 24_409_194);
        assert_eq!(orders.iter().filter(|order| order.total == 0).count(), 8);
        let mut days: HashMap<_, BTreeSet<NaiveDate>> = HashMap::new();
        for order in &orders {
            days.entry(order.customer_id).or_default().insert(order.order_date.0.date_naive());
        }
        let end: NaiveDate = "1997-09-30".parse()?;
        let calibration = days.values().map(|days| days.iter().filter(|day| **day <= end).count());
        assert_eq!(calibration.clone().filter(|days| *days > 1).count(), 946);
        assert_eq!(calibration.map(|days| days - 1).sum::<usize>(), 2457);
        assert_eq!(days.values().flatten().filter(|day| **day > end).count(), 1882);
        let customers = customers(&app).await?;
        let first = &customers["00004"];
        assert_eq!(first.custom_fields, Some(serde_json::json!({ "sampleId": "0001" })));
        assert!(customers.values().all(|customer| Some(customer.customer_since) == customer.first_order_date));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn equal_rows_are_several_orders_and_the_sample_is_a_part_of_the_whole() -> anyhow::Result<()> {
    const SAMPLE: &[u8] = b"customer_id,sample_id,date,quantity,amount\n\
        00002,0001,1997-01-12,3,10.00\n00002,0001,1997-01-12,3,10.00\n";
    const MASTER: &[u8] = b"customer_id,date,quantity,amount\n\
        00001,1997-01-01,1,11.77\n00002,1997-01-12,3,10.00\n00002,1997-01-12,3,10.00\n00003,1997-01-02,2,0.00\n";
    each_store(async |app| {
        load(&app, Format::Cdnow, SAMPLE, &Manner::default()).await?;

        let report = load(&app, Format::Cdnow, MASTER, &Manner::default()).await?;

        assert_eq!((report.customers, report.orders, report.recognized), (2, 2, 1 + 2));
        let orders = all::<order::Entity>(app.database.reader()).await?;
        let ids: BTreeSet<_> = orders.iter().filter_map(|order| order.external_id.as_deref()).collect();
        assert_eq!(ids, ["cdnow-00001-1", "cdnow-00002-1", "cdnow-00002-2", "cdnow-00003-1"].into());
        let both = &customers(&app).await?["00002"];
        assert_eq!((both.total_orders, both.total_spent), (2, 2000));
        let items = all::<order_item::Entity>(app.database.reader()).await?;
        let item = items.iter().find(|item| item.customer_id == both.id).expect("an item");
        assert_eq!((item.quantity, item.unit_price), (3, 3_333_333), "the price of one is rounded, the total is not");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_row_that_is_corrected_later_leaves_the_others_the_orders_that_they_are() -> anyhow::Result<()> {
    const WRONG: &[u8] = b"customer_id,date,quantity,amount\n\
        00004,1997-01-01,1,11.77\n00004,1997-01-02,0,12.00\n00004,1997-01-03,x,13.00\n00004,1997-01-04,1,14.00\n";
    const RIGHT: &[u8] = b"customer_id,date,quantity,amount\n\
        00004,1997-01-01,1,11.77\n00004,1997-01-02,1,12.00\n00004,1997-01-03,1,13.00\n00004,1997-01-04,1,14.00\n";
    each_store(async |app| {
        let skip = Manner { on_error: OnError::Skip, ..Manner::default() };
        let first = load(&app, Format::Cdnow, WRONG, &skip).await?;
        assert_eq!((first.orders, first.rejected_rows.values().sum::<u64>()), (2, 2));

        let second = load(&app, Format::Cdnow, RIGHT, &Manner::default()).await?;

        assert_eq!((second.orders, second.recognized), (2, 1 + 2));
        let orders = all::<order::Entity>(app.database.reader()).await?;
        let totals: BTreeMap<_, _> =
            orders.iter().map(|order| (order.external_id.as_deref().unwrap_or(""), order.total)).collect();
        let expected =
            [("cdnow-00004-1", 1177), ("cdnow-00004-2", 1200), ("cdnow-00004-3", 1300), ("cdnow-00004-4", 1400)];
        assert_eq!(totals, expected.into());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn invoices_are_put_together_by_the_rules_of_the_data() -> anyhow::Result<()> {
    let rows = "\
        500001,85123A,\"LAMP, \"\"WHITE\"\" \",3,2011-01-05 10:01:00,2.55,13001,EIRE\n\
        500001,POST,POSTAGE,1,2011-01-05 10:00:00,18,13001,EIRE\n\
        500002,22139,,1,2011-01-06 09:00:00,0,13002,Unspecified\n\
        500001,85123A,\"LAMP, \"\"WHITE\"\" \",3,2011-01-05 10:01:00,2.55,13001,EIRE\n\
        C500005,M,Manual,-2,2011-01-08 08:00:00,0.0025,13001,Germany\n\
        500003,PADS,PADS TO MATCH,5,2011-01-07 09:00:00,0.001,13001,EIRE\n\
        C500004,85123A,LAMP,-1,2011-01-02 08:00:00,2.55,13003,RSA\n\
        500006,85123A,LAMP,many,2011-01-09 08:00:00,2.55,,United Kingdom\n\
        A500007,B,Adjust bad debt,1,2011-01-09 08:00:00,-11062.06,,United Kingdom\n";
    each_store_in("GBP", async |app| {
        let report = load(&app, Format::OnlineRetail, retail(rows), &Manner::default()).await?;

        assert_eq!((report.customers, report.orders, report.refunds, report.products), (3, 3, 2, 3));
        assert_eq!((report.accepted_rows, report.rejected_rows.values().sum::<u64>()), (7, 2));
        let reader = app.database.reader();
        let instant = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        let orders = all::<order::Entity>(reader).await?;
        let of = |id: &str| orders.iter().find(|order| order.external_id.as_deref() == Some(id)).expect("an order");
        // 3 × 2.55 twice and 18.00; 5 × 0.001, rounded half up.
        assert_eq!((of("500001").total, of("500002").total, of("500003").total), (33_30, 0, 1));
        assert_eq!(of("500001").delivered_at.map(|at| at.0), Some(instant("2011-01-05T10:00:00Z")));
        let mut items = all::<order_item::Entity>(reader).await?;
        items.retain(|item| item.order_id == of("500001").id);
        items.sort_by_key(|item| item.position);
        let items: Vec<_> = items.iter().map(|item| (item.name.as_str(), item.product_id.is_some())).collect();
        assert_eq!(items, [("LAMP, \"WHITE\"", true), ("POSTAGE", false), ("LAMP, \"WHITE\"", true)]);
        let products = all::<product::Entity>(reader).await?;
        let products: BTreeMap<_, _> = products
            .iter()
            .map(|product| (product.external_id.as_deref().unwrap_or(""), (product.name.as_str(), product.unit_price)))
            .collect();
        assert_eq!(products["22139"], ("22139", Some(0)));
        assert_eq!(products["PADS"], ("PADS TO MATCH", Some(1_000)));
        let customers = customers(&app).await?;
        let figures = |id: &str| (customers[id].total_orders, customers[id].total_spent, customers[id].name.as_str());
        // 33.30 and 0.01, less 2 × 0.0025, rounded half up.
        assert_eq!(figures("13001"), (2, 33_30, "Customer 13001"));
        assert_eq!(figures("13003"), (0, -2_55, "Customer 13003"));
        assert_eq!(customers["13003"].customer_since.0, instant("2011-01-02T08:00:00Z"));
        let countries = all::<address::Entity>(reader).await?;
        let country = |id: &str| {
            let own = countries.iter().find(|address| address.customer_id == customers[id].id);
            own.and_then(|address| address.address_country.as_deref())
        };
        assert_eq!([country("13001"), country("13002"), country("13003")], [Some("DE"), None, Some("ZA")]);
        Ok(())
    })
    .await
}

/// An invoice with a wrong line, lines of an invoice of two customers, the future, and a refund that takes.
const WRONG: &str = "\
    600001,1,A,1,2011-01-05 10:00:00,1,1,France\n\
    600001,1,A,x,2011-01-05 10:00:00,1,1,France\n\
    600001,1,A,1,2011-01-05 10:00:00,1,1,France\n\
    600002,1,A,1,2011-01-05 10:00:00,1,1,France\n\
    600002,1,A,1,2011-01-05 10:00:00,1,,France\n\
    600003,1,A,1,2030-01-05 10:00:00,1,1,France\n\
    600004,1,A,1,2011-01-05 10:00:00,1,1,France\n\
    600004,1,A,1,2011-01-05 10:00:00,1,2,France\n\
    C600005,1,A,1,2011-01-05 10:00:00,1,3,France\n";

#[tokio::test]
async fn a_wrong_row_stops_an_import_before_anything_is_written() -> anyhow::Result<()> {
    each_store_in("GBP", async |app| {
        let before = contents(&app).await?;
        let row = |row: usize| retail(WRONG.lines().nth(row).expect("a row"));
        let both = "600002,1,A,1,2011-01-05 10:00:00,1,1,France\n600002,1,A,1,2011-01-05 10:00:00,1,2,France\n";
        let cases = [
            (retail(WRONG), "shop.csv, line 3, column Quantity: \"x\" is not a whole number"),
            (row(5), "shop.csv, line 2, column InvoiceDate: 2030-01-05 10:00:00 UTC is in the future"),
            (
                retail(both),
                "shop.csv, line 3, column CustomerID: is another customer than \"1\", whose invoice this is",
            ),
            (
                retail("600006,1,A\u{0},1,2011-01-05 10:00:00,1,1,France\n"),
                "shop.csv, line 2, column Description: has a control character",
            ),
            (row(8), "invoice C600005 comes to an amount that it cannot have"),
        ];

        for (bytes, expected) in cases {
            let refused = load(&app, Format::OnlineRetail, bytes, &Manner::default()).await;
            assert_eq!(refused.expect_err("a wrong row").to_string(), expected);
        }

        assert!(contents(&app).await? == before, "rows have changed");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_invoice_with_a_wrong_line_is_skipped_as_a_whole() -> anyhow::Result<()> {
    each_store_in("GBP", async |app| {
        let directory = tempfile::tempdir()?;
        let path: PathBuf = directory.path().join("rejected.csv");
        let manner = Manner { on_error: OnError::Skip, rejected: Some(path.clone()), ..Manner::default() };

        let report = load(&app, Format::OnlineRetail, retail(WRONG), &manner).await?;

        assert_eq!((report.customers, report.orders, report.refunds, report.accepted_rows), (1, 1, 0, 1));
        let counts = [
            ("no CustomerID", 1),
            ("wrong CustomerID", 1),
            ("wrong InvoiceDate", 1),
            ("wrong Quantity", 1),
            ("wrong as a whole", 4),
        ];
        assert_eq!(report.rejected_rows, counts.map(|(reason, count)| (reason.to_owned(), count)).into());
        let mut reader = csv::Reader::from_path(path)?;
        let rejected = reader.records().map(|record| {
            let record = record?;
            anyhow::Ok((record[1].to_owned(), record[2].to_owned(), record[3].to_owned()))
        });
        let rejected = rejected.collect::<anyhow::Result<Vec<_>>>()?;
        let rejected: Vec<_> = rejected.iter().map(|(line, reason, id)| (&**line, &**reason, &**id)).collect();
        let expected = [
            ("2", "invoice 600001 is not taken: line 3 is wrong", "600001"),
            ("3", "column Quantity: \"x\" is not a whole number", "600001"),
            ("4", "invoice 600001 is not taken: line 3 is wrong", "600001"),
            ("6", "column CustomerID: is empty, and so the row is left out", "600002"),
            ("7", "column InvoiceDate: 2030-01-05 10:00:00 UTC is in the future", "600003"),
            ("8", "invoice 600004 is not taken: line 9 is wrong", "600004"),
            ("9", "column CustomerID: is another customer than \"1\", whose invoice this is", "600004"),
            ("10", "invoice C600005 is not taken: it comes to an amount that it cannot have", "C600005"),
        ];
        assert_eq!(rejected, expected);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_dry_run_tells_what_would_be_imported_and_imports_nothing() -> anyhow::Result<()> {
    each_store_in("GBP", async |app| {
        let before = contents(&app).await?;
        let manner = Manner { is_rehearsal: true, ..Manner::default() };

        let rehearsal = load(&app, Format::OnlineRetail, NINE_DAYS, &manner).await?;

        assert!(contents(&app).await? == before, "rows have changed");
        let report = load(&app, Format::OnlineRetail, NINE_DAYS, &Manner::default()).await?;
        assert_eq!(rehearsal, Report { is_rehearsal: true, ..report });
        Ok(())
    })
    .await
}

#[tokio::test]
async fn files_in_another_currency_than_the_store_are_refused() -> anyhow::Result<()> {
    each_store(async |app| {
        let refused = load(&app, Format::OnlineRetail, NINE_DAYS, &Manner::default()).await;

        let expected = "the amounts of online-retail are in GBP, and the currency of this store is USD";
        assert_eq!(refused.expect_err("pounds").to_string(), expected);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_import_does_not_bring_back_those_who_left_the_program() -> anyhow::Result<()> {
    let first = retail("700001,1,A,1,2011-01-05 10:00:00,1,1,France\n");
    let second = retail("700002,1,A,1,2011-01-06 10:00:00,1,1,France\n");
    each_store_in("GBP", async |app| {
        load(&app, Format::OnlineRetail, first, &Manner::default()).await?;
        loyalty_membership::Entity::delete_many().exec(app.database.writer()).await?;

        load(&app, Format::OnlineRetail, second, &Manner::default()).await?;

        assert_eq!(all::<loyalty_membership::Entity>(app.database.reader()).await?, []);
        let purchased = event::Entity::find().filter(event::Column::Kind.eq(EventType::CustomerPurchased));
        assert_eq!(purchased.all(app.database.reader()).await?.len(), 2);
        Ok(())
    })
    .await
}
