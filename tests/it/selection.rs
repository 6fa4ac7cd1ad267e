//! Only what is selected is read, in whatever way it is selected.

use customers::{
    schema::node::KINDS,
    semantics::{Kind, Range},
};
use serde_json::Value;

use crate::server::Server;

fn kind(is_wanted: impl Fn(&&Kind) -> bool) -> &'static Kind {
    KINDS.iter().find(is_wanted).expect("a type of node")
}

/// Selects each fact of the kind alone, below the list that `list` makes of a selection.
async fn check_facts(server: &Server, kind: &Kind, list: impl Fn(&str) -> String) {
    for fact in kind.description.facts {
        let below = match fact.range {
            Range::Thing(_, _, parts) => format!("{{ {} }}", parts[0].name),
            _ => String::new(),
        };
        let selection = format!("nodes {{ {} {below} }}", fact.name);

        server.query(&list(&selection)).await;
    }
}

#[tokio::test]
async fn every_fact_can_be_selected_alone() {
    let server = Server::demo().await;
    let customer = kind(|kind| kind.description.name == "Customer");

    check_facts(&server, customer, |nodes| format!("{{ customers(first: 9) {{ {nodes} }} }}")).await;
    for edge in customer.edges.iter().filter(|edge| edge.has_pages) {
        let target = kind(|kind| kind.description.class == edge.target);
        let list =
            |nodes: &str| format!("{{ customers(first: 9) {{ nodes {{ {}(first: 2) {{ {nodes} }} }} }} }}", edge.name);
        check_facts(&server, target, list).await;
    }
    let item = kind(|kind| kind.description.name == "OrderItem");
    let list = |nodes: &str| format!("{{ orders(first: 9) {{ nodes {{ items(first: 2) {{ {nodes} }} }} }} }}");
    check_facts(&server, item, list).await;
}

#[tokio::test]
async fn what_fragments_and_aliases_select_is_read_too() {
    let server = Server::demo().await;
    let fields = "name totalSpent averageOrderValue engagement churnRisk";
    let plain = server.query(&format!("{{ customers(first: 5) {{ nodes {{ {fields} }} }} }}")).await;
    let nodes = &plain["customers"]["nodes"];
    let ways = [
        format!("{{ customers(first: 5) {{ nodes {{ ... on Customer {{ {fields} }} }} }} }}"),
        format!("{{ customers(first: 5) {{ ... {{ nodes {{ {fields} }} }} }} }}"),
        format!(
            "{{ customers(first: 5) {{ ...page }} }} fragment page on CustomerConnection {{ nodes {{ ...facts }} }}
                 fragment facts on Customer {{ {fields} }}"
        ),
        "{ customers(first: 5) { nodes { name totalSpent } nodes { averageOrderValue engagement churnRisk } } }"
            .to_owned(),
        format!("{{ customers: customers(first: 5) {{ nodes: nodes {{ {fields} }} edges {{ cursor }} }} }}"),
    ];

    for way in ways {
        assert_eq!(&server.query(&way).await["customers"]["nodes"], nodes, "{way}");
    }
    let edges =
        server.query(&format!("{{ customers(first: 5) {{ edges {{ node {{ {fields} }} }} nodes {{ id }} }} }}")).await;
    let edges = edges["customers"]["edges"].as_array().expect("edges");
    let by_edges: Vec<&Value> = edges.iter().map(|edge| &edge["node"]).collect();
    assert_eq!(by_edges, nodes.as_array().expect("nodes").iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_document_within_a_selection_is_whole() {
    let server = Server::demo().await;
    let data = server.query("{ customers(first: 3) { nodes { id jsonLd } } }").await;

    for node in data["customers"]["nodes"].as_array().expect("nodes") {
        let iri = node["id"].as_str().expect("an id");
        assert_eq!(node["jsonLd"], server.get_json(iri, "application/ld+json").await);
    }
}
