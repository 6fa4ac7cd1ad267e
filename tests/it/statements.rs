//! How many statements a question costs: as many as it has levels, whatever it reads.

use crate::server::Server;

async fn check(server: &Server, expected: u64, query: &str) {
    let before = server.app.database.statements();

    server.query(query).await;

    assert_eq!(server.app.database.statements() - before, expected, "{query}");
}

#[tokio::test]
async fn a_question_costs_one_statement_for_each_level() {
    let server = Server::demo().await;
    let data = server.query("{ customers(first: 1) { nodes { id } pageInfo { endCursor } } }").await;
    let (id, cursor) = (&data["customers"]["nodes"][0]["id"], &data["customers"]["pageInfo"]["endCursor"]);

    let cases = [
        (1, format!("{{ customer(id: {id}) {{ id name email totalSpent customerSegment }} }}")),
        (1, format!("{{ customers(first: 50, after: {cursor}) {{ nodes {{ id name }} pageInfo {{ endCursor }} }} }}")),
        (2, "{ customers(where: { totalSpent: { gte: \"100\" } }) { totalCount nodes { id } } }".to_owned()),
        (1, "{ customers { totalCount } }".to_owned()),
        // Customers; tiers, segments, addresses and orders; items.
        (
            6,
            "{ customers(first: 20) { nodes { loyaltyTier { name } segments { nodes { name } } \
             addresses { nodes { addressLocality } } orders(first: 5) { nodes { items { nodes { name } } } } } } }"
                .to_owned(),
        ),
        // Orders; their customers, all at once.
        (2, "{ orders(first: 50) { nodes { customer { name } } } }".to_owned()),
        (1, format!("{{ customer(id: {id}) {{ jsonLd }} }}")),
    ];

    for (expected, query) in cases {
        check(&server, expected, &query).await;
    }
}

#[tokio::test]
async fn the_document_of_a_node_costs_one_statement() {
    let server = Server::demo().await;
    let query = "{
        customers(first: 1) { nodes { id } } orders(first: 1) { nodes { id } } products(first: 1) { nodes { id } }
        segments(first: 1) { nodes { id } }
    }";
    let data = server.query(query).await;

    for list in ["customers", "orders", "products", "segments"] {
        let iri = data[list]["nodes"][0]["id"].as_str().expect("an id");
        for accept in ["application/ld+json", "application/n-quads", "application/n-triples"] {
            let before = server.app.database.statements();

            let response = server.get(iri, accept).await;

            assert_eq!(response.status(), 200, "{iri} as {accept}");
            assert_eq!(server.app.database.statements() - before, 1, "{iri} as {accept}");
        }
    }
}
