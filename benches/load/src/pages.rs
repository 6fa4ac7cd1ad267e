//! That pages deep in a list are as cheap as the first.

use anyhow::Context;
use serde_json::json;

use crate::{
    Options,
    client::Connection,
    process::{Machine, Server},
    report::{Report, median},
    sample::{graphql, request, text},
    turns::alternate,
};

/// In every order, with and without a condition. The last page of a list has the rows of the first of the same list
/// backwards, so that both answer as much.
pub async fn measure(
    options: &Options,
    (name, machine): (&str, Machine),
    server: &Server,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut connection = Connection::open(server.address).await?;
    // What is compared differs by a few hundredths: more turns, and shorter ones.
    let short =
        Options { milliseconds: options.milliseconds.div_ceil(3), rounds: options.rounds * 3, ..options.clone() };
    for (list, orders) in [("customers", "CustomerOrderField"), ("orders", "OrderOrderField")] {
        let orders = format!("{{ __type(name: \"{orders}\") {{ enumValues {{ name }} }} }}");
        let orders = graphql(&mut connection, &orders, json!({})).await?["data"]["__type"]["enumValues"].take();
        for order in orders.as_array().with_context(|| format!("{list} can be sorted"))? {
            let order = text(&order["name"]);
            let end = format!("{{ {list}(last: 51, orderBy: {{ field: {order} }}) {{ pageInfo {{ startCursor }} }} }}");
            let deep = &graphql(&mut connection, &end, json!({})).await?["data"][list]["pageInfo"]["startCursor"];
            let query = |direction: &str| {
                format!(
                    "query ($after: String) {{ {list}(first: 50, after: $after, \
                     orderBy: {{ field: {order}, direction: {direction} }}) {{ nodes {{ id }} }} }}"
                )
            };
            let first_page = [request(&query("DESC"), &json!({}))];
            let deep_page = [request(&query("ASC"), &json!({ "after": text(deep) }))];
            let sides = [(server, &deep_page[..]), (server, &first_page[..])];
            let [deep, first] = alternate(&short, machine, sides).await?;
            let ratios = deep.iter().zip(&first).map(|(deep, first)| deep.rate / first.rate);
            report.floor(&format!("deep page ÷ first, {list} by {order}"), name, median(ratios), 0.9);
        }
    }
    Ok(())
}
