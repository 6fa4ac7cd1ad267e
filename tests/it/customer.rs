//! Customers: their figures, and the filters that tell them apart.

use std::collections::BTreeMap;

use customers::progress::Progress;
use serde_json::{Value, json};

use crate::server::Server;

/// The ids of the customers that fulfil a condition, sorted.
async fn ids(server: &Server, filter: Value) -> Vec<String> {
    let query = "query ($where: CustomerWhere) { customers(first: 250, where: $where) { totalCount nodes { id } } }";
    let answer = server.answer(query, json!({ "where": filter })).await;
    let list = &answer["data"]["customers"];
    let nodes = list["nodes"].as_array().unwrap_or_else(|| panic!("{filter}: {answer}"));
    assert_eq!(list["totalCount"], nodes.len(), "{filter}");
    let mut ids: Vec<String> = nodes.iter().map(|node| node["id"].as_str().expect("an id").to_owned()).collect();
    ids.sort();
    ids
}

async fn seeded() -> Server {
    let server = Server::start().await;
    let options = customers::config::SeedOptions { customers: 200, orders_per_customer: 3, random_seed: 3 };
    customers::seed::run(&server.app, &options, &Progress::silent()).await.expect("synthetic customers");
    server
}

#[tokio::test]
async fn spending_is_what_the_shipped_orders_of_the_file_come_to() {
    let server = Server::demo().await;
    let mut expected: BTreeMap<String, (i64, u64)> = BTreeMap::new();
    let mut reader = csv::Reader::from_path("data/northwind_orders.csv").expect("the file");
    for row in reader.deserialize::<BTreeMap<String, String>>() {
        let row = row.expect("a row");
        let (spent, orders) = expected.entry(row["customer_id"].clone()).or_default();
        *orders += 1;
        if !row["shipped_date"].is_empty() {
            *spent += row["order_total"].replace('.', "").parse::<i64>().expect("cents");
        }
    }

    for (key, (cents, orders)) in expected {
        let query = format!(
            "{{ customerBy(key: {{ externalId: \"{key}\" }}) {{ totalSpent lifetimeValue totalOrders orders {{ totalCount }} }} }}"
        );
        let customer = server.query(&query).await["customerBy"].take();

        let spent = format!("{}.{:02}", cents / 100, cents % 100);
        assert_eq!(
            customer,
            json!({ "totalSpent": spent, "lifetimeValue": spent, "totalOrders": orders, "orders": { "totalCount": orders } }),
            "{key}"
        );
    }
}

#[tokio::test]
async fn the_tier_is_the_highest_whose_threshold_is_reached() {
    let server = Server::demo().await;
    let data = server.query("{ customers(first: 250) { nodes { totalSpent loyaltyTier { name minSpend } } } }").await;

    for customer in data["customers"]["nodes"].as_array().expect("nodes") {
        let spent: f64 = customer["totalSpent"].as_str().expect("a decimal").parse().expect("a number");
        let expected = match spent {
            spent if spent >= 5000.0 => "Platinum",
            spent if spent >= 2000.0 => "Gold",
            spent if spent >= 500.0 => "Silver",
            _ => "Bronze",
        };
        assert_eq!(customer["loyaltyTier"]["name"], expected, "{customer}");
    }
}

#[tokio::test]
async fn filters_by_figures_find_those_who_show_them() {
    for server in [Server::demo().await, seeded().await] {
        let query = "{ customers(first: 250) { nodes { id customerSegment engagement churnRisk } } }";
        let data = server.query(query).await;
        let nodes = data["customers"]["nodes"].as_array().expect("nodes");
        let cases = [
            ("customerSegment", ["PREMIUM", "STANDARD", "BASIC"]),
            ("engagement", ["ACTIVE", "AT_RISK", "INACTIVE"]),
            ("churnRisk", ["LOW", "MEDIUM", "HIGH"]),
        ];

        for (field, values) in cases {
            for value in values {
                let mut shown: Vec<&str> = nodes
                    .iter()
                    .filter(|node| node[field] == value)
                    .map(|node| node["id"].as_str().expect("an id"))
                    .collect();
                shown.sort_unstable();

                assert_eq!(ids(&server, json!({ field: { "eq": value } })).await, shown, "{field} {value}");
            }
        }
    }
}

#[tokio::test]
async fn segments_have_the_members_that_their_rules_find() {
    let server = Server::demo().await;
    let data = server.query("{ segments { nodes { handle customers(first: 250) { nodes { id } } } } }").await;
    let segments = data["segments"]["nodes"].as_array().expect("nodes");
    let cases = [
        ("spend-premium", json!({ "customerSegment": { "eq": "PREMIUM" } })),
        ("spend-basic", json!({ "customerSegment": { "eq": "BASIC" } })),
        ("engagement-active", json!({ "engagement": { "eq": "ACTIVE" } })),
        ("engagement-inactive", json!({ "engagement": { "eq": "INACTIVE" } })),
    ];

    for (handle, rule) in cases {
        let segment = segments.iter().find(|segment| segment["handle"] == handle).expect("a built-in segment");
        let members = segment["customers"]["nodes"].as_array().expect("nodes");
        let mut members: Vec<&str> = members.iter().map(|node| node["id"].as_str().expect("an id")).collect();
        members.sort_unstable();

        assert_eq!(ids(&server, rule).await, members, "{handle}");
        let by_membership = json!({ "segments": { "some": { "handle": { "eq": handle } } } });
        assert_eq!(ids(&server, by_membership).await, members, "{handle}");
    }
}

#[tokio::test]
async fn a_condition_and_its_complement_share_everyone() {
    let server = seeded().await;
    let everyone = ids(&server, json!({})).await;
    let conditions = [
        json!({ "email": { "contains": "example" } }),
        json!({ "gender": { "eq": "FEMALE" } }),
        json!({ "birthDate": { "lt": "1980-01-01" } }),
        json!({ "lastPurchaseDate": { "gte": { "ago": "P90D" } } }),
        json!({ "totalSpent": { "between": { "from": 100, "to": "900.50" } } }),
        json!({ "orders": { "some": { "status": { "in": ["CANCELLED", "PROCESSING"] } } } }),
        json!({ "orders": { "every": { "total": { "gt": 50 } } } }),
        json!({ "addresses": { "none": { "addressCountry": { "eq": "DE" } } } }),
        json!({ "or": [{ "kind": { "eq": "PERSON" } }, { "totalOrders": { "gte": 4 } }] }),
        json!({ "or": [] }),
    ];

    for condition in conditions {
        let mut both = ids(&server, condition.clone()).await;
        both.extend(ids(&server, json!({ "not": condition })).await);
        both.sort();

        assert_eq!(both, everyone, "{condition}");
    }
}

#[tokio::test]
async fn every_operator_means_what_it_says() {
    let server = Server::demo().await;
    let alfreds = ids(&server, json!({ "externalId": { "eq": "ALFKI" } })).await;
    assert_eq!(alfreds.len(), 1);
    let same = [
        json!({ "name": { "eq": "alfreds FUTTERKISTE" } }),
        json!({ "name": { "startsWith": "Álfreds" } }),
        json!({ "name": { "contains": "futterk" } }),
        json!({ "externalId": { "in": ["ALFKI", "nobody"] } }),
        json!({ "externalId": { "startsWith": "ALFK" }, "totalOrders": { "in": [6] }, "totalSpent": { "in": ["4273.00"] } }),
        json!({ "externalId": { "contains": "LFK" } }),
        json!({ "and": [{ "kind": { "eq": "ORGANIZATION" } }, { "addresses": { "some": { "addressLocality": { "eq": "BERLIN" } } } }] }),
        json!({ "orders": { "some": { "externalId": { "eq": "10643" } } } }),
        json!({ "name": { "ne": "x" }, "externalId": { "notIn": [], "eq": "ALFKI" } }),
    ];
    let nobody = [
        json!({ "externalId": { "eq": "alfki" } }),
        json!({ "externalId": { "in": [] } }),
        json!({ "externalId": { "contains": "%" } }),
        json!({ "name": { "startsWith": "%" } }),
        json!({ "tags": { "has": "nothing" } }),
        json!({ "customerSince": { "gt": { "at": "2999-01-01" } } }),
    ];

    for condition in same {
        assert_eq!(ids(&server, condition.clone()).await, alfreds, "{condition}");
    }
    for condition in nobody {
        assert_eq!(ids(&server, condition.clone()).await, Vec::<String>::new(), "{condition}");
    }
    let people = ids(&server, json!({ "kind": { "eq": "PERSON" } })).await;
    assert_eq!(ids(&server, json!({ "email": { "isNull": false } })).await, people, "only Chinook's have an address");
    assert_eq!(ids(&server, json!({ "kind": { "ne": "ORGANIZATION" } })).await, people);
}

#[tokio::test]
async fn tags_are_found_one_by_one_and_together() {
    let server = seeded().await;
    let data = server.query("{ customers(first: 250) { nodes { id tags } } }").await;
    let nodes = data["customers"]["nodes"].as_array().expect("nodes");
    let tag = nodes.iter().find_map(|node| node["tags"][0].as_str()).expect("someone has a tag");
    let with = |wanted: bool| {
        let mut ids: Vec<&str> = nodes
            .iter()
            .filter(|node| node["tags"].as_array().expect("tags").iter().any(|known| known == tag) == wanted)
            .map(|node| node["id"].as_str().expect("an id"))
            .collect();
        ids.sort_unstable();
        ids
    };

    assert_eq!(ids(&server, json!({ "tags": { "has": tag } })).await, with(true));
    assert_eq!(ids(&server, json!({ "tags": { "hasAny": [tag, "nothing"] } })).await, with(true));
    assert_eq!(ids(&server, json!({ "tags": { "hasAll": [tag] } })).await, with(true));
    assert_eq!(ids(&server, json!({ "tags": { "hasNone": [tag] } })).await, with(false));
}

#[tokio::test]
async fn a_customer_is_known_by_id_address_and_external_id() {
    let server = Server::demo().await;
    let data =
        server.query("{ customerBy(key: { email: \"LUISG@embraer.com.br\" }) { id externalId name kind } }").await;
    let customer = &data["customerBy"];
    assert_eq!(customer["name"], "Luís Gonçalves");
    assert_eq!(customer["kind"], "PERSON");

    for query in [
        format!("{{ found: customer(id: {}) {{ id }} }}", customer["id"]),
        format!("{{ found: customerBy(key: {{ externalId: {} }}) {{ id }} }}", customer["externalId"]),
        format!("{{ found: node(id: {}) {{ id }} }}", customer["id"]),
    ] {
        assert_eq!(server.query(&query).await["found"]["id"], customer["id"], "{query}");
    }
    let key = "{ email: \"a\", externalId: \"b\" }";
    server.error(&format!("{{ customerBy(key: {key}) {{ id }} }}")).await;
}

#[tokio::test]
async fn nodes_of_several_types_come_in_the_order_asked_for() {
    let server = Server::demo().await;
    let data = server.query("{ customers(first: 2) { nodes { id orders(first: 1) { nodes { id } } } } }").await;
    let customers = &data["customers"]["nodes"];
    let nobody = server.url("/customers/00000000-0000-0000-0000-000000000000");
    let wanted = json!([customers[1]["id"], customers[0]["orders"]["nodes"][0]["id"], nobody, customers[0]["id"]]);

    let answer =
        server.answer("query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", json!({ "ids": wanted })).await;

    assert_eq!(
        answer["data"]["nodes"],
        json!([
            { "__typename": "Customer", "id": wanted[0] },
            { "__typename": "Order", "id": wanted[1] },
            null,
            { "__typename": "Customer", "id": wanted[3] },
        ])
    );
}

#[tokio::test]
async fn a_value_that_is_null_does_not_find_everyone() {
    let server = Server::demo().await;

    let filters = [
        json!({ "email": { "eq": null } }),
        json!({ "name": null }),
        json!({ "orders": null }),
        json!({ "orders": { "some": null } }),
        json!({ "orders": { "none": null } }),
        json!({ "orders": { "every": null } }),
        json!({ "orders": { "count": null } }),
        json!({ "orders": { "count": { "where": null, "is": {} } } }),
        json!({ "tags": { "has": null } }),
        json!({ "tags": { "hasAny": null } }),
        json!({ "tags": { "hasAll": null } }),
        json!({ "tags": { "hasNone": null } }),
        json!({ "and": null }),
        json!({ "or": null }),
        json!({ "not": null }),
        json!({ "and": [{ "not": null }] }),
    ];
    for filter in filters {
        let query = "query ($where: CustomerWhere) { customers(where: $where) { totalCount } }";
        let answer = server.answer(query, json!({ "where": filter })).await;

        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{filter}");
    }
}

#[tokio::test]
async fn conditions_that_follow_edges_to_and_fro_stay_cheap() {
    let server = Server::demo().await;
    let mut filter = json!({ "name": { "eq": "nobody" } });
    for _ in 0..5 {
        filter = json!({ "orders": { "some": { "customer": filter } } });
    }
    let everyone = json!({ "segments": { "some": { "customers": { "none": { "orders": { "none": {} } } } } } });

    assert_eq!(ids(&server, filter).await, Vec::<String>::new());
    assert!(!ids(&server, everyone).await.is_empty());
}

#[tokio::test]
async fn dates_of_birth_are_found_one_by_one() {
    let server = seeded().await;
    let data = server
        .query("{ customers(first: 250, where: { birthDate: { isNull: false } }) { nodes { id birthDate } } }")
        .await;
    let someone = &data["customers"]["nodes"][0];

    let found = ids(&server, json!({ "birthDate": { "in": [someone["birthDate"], "1801-01-01"] } })).await;

    assert!(found.contains(&someone["id"].as_str().expect("an id").to_owned()));
    assert!(found.len() < 10, "{found:?}");
}
