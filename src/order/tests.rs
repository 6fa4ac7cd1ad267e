//! How many statements the steps of an order cost: no more for many items than for one.

use async_graphql::{Request, Variables};
use serde_json::{Value, json};

use crate::{app::App, auth::Viewer, given, schema, store::Dialect};

/// Carries out a mutation of one input, and gives the id of the order, with how many statements wrote and how many
/// read.
async fn carried_out(app: &App, field: &str, input: Value) -> (Value, (u64, u64)) {
    let (initial, rest) = field.split_at(1);
    let kind = format!("{}{rest}Input", initial.to_uppercase());
    let mutation = format!(
        "mutation ($input: {kind}!) {{ {field}(input: $input) {{ order {{ id total }} userErrors {{ message }} }} }}"
    );
    let variables = Variables::from_json(json!({ "input": input }));
    let request = Request::new(mutation).variables(variables).data(Viewer::Local).data(app.reading());
    let schema = schema::build(app.clone());
    let (written, read) = (app.database.writing_statements(), app.database.statements());

    let mut answer = json!(schema.execute(request).await);

    let count = (app.database.writing_statements() - written, app.database.statements() - read);
    let payload = &mut answer["data"][field];
    assert_eq!(payload["userErrors"], json!([]), "{field}");
    (payload["order"]["id"].take(), count)
}

#[tokio::test]
async fn an_order_costs_as_many_statements_for_one_item_as_for_many() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let tx = app.database.begin().await?;
        let jane = given::customer(&tx, "Jane").await?;
        given::recompute(&tx, given::now()).await?;
        tx.commit().await?;
        let customer = format!("http://localhost:8000/customers/{jane}");
        let place = async |items: usize| {
            let item = |number| json!({ "name": format!("Tea {number}"), "unitPrice": "0.01" });
            let items: Vec<_> = (1..=items).map(item).collect();
            carried_out(&app, "orderCreate", json!({ "customer": customer, "items": items })).await
        };
        // The first one reads the rules of segments besides, and makes Jane active.
        let (first, _) = place(1).await;
        carried_out(&app, "orderDeliver", json!({ "id": first })).await;

        // PostgreSQL locks the customer of an order that is sent; the figures that the others write lock them.
        let locks = u64::from(app.database.dialect() == Dialect::Postgres);
        for items in [1, 3, 100] {
            let (order, placing) = place(items).await;
            let (_, shipping) = carried_out(&app, "orderShip", json!({ "id": order })).await;
            let (_, delivering) = carried_out(&app, "orderDeliver", json!({ "id": order })).await;

            assert_eq!([placing, shipping, delivering], [(7, 1), (4 + locks, 1), (8, 1)], "{items} items");
        }
        Ok(())
    })
    .await
}
