//! Entering and changing customers.

use serde_json::{Value, json};

use crate::server::{Server, user_errors};

const FACTS: &str = "customer {
  id kind name givenName familyName legalName email telephone telephoneE164 birthDate gender emailOptIn smsOptIn
  communicationPreferences preferredLanguage timezone tags customFields externalId customerSince version updatedAt
}";

/// The customer that a mutation wrote.
pub async fn written(server: &Server, field: &str, input: Value) -> Value {
    let mut payload = server.mutate(field, input, FACTS).await;
    assert_eq!(payload["userErrors"], json!([]), "{field}");
    payload["customer"].take()
}

/// The codes and paths of what a mutation was refused for, which wrote nothing.
pub async fn refused(server: &Server, field: &str, input: Value) -> Vec<(String, String)> {
    let payload = server.mutate(field, input, "customer { id }").await;
    assert_eq!(payload["customer"], Value::Null, "{field}");
    user_errors(&payload)
}

pub fn told(code: &str, path: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), path.to_owned())]
}

pub async fn jane(server: &Server) -> Value {
    written(server, "customerCreate", json!({ "name": "Jane", "email": "jane@example.org" })).await
}

#[tokio::test]
async fn a_customer_is_what_was_said_of_them() {
    let server = Server::start().await;

    let customer = written(
        &server,
        "customerCreate",
        json!({
            "givenName": " Jane ", "familyName": "Doe", "email": "Jane.Doe@Example.org", "telephone": "+49 (0)30 2312550",
            "birthDate": "1990-05-17", "gender": "FEMALE", "emailOptIn": true,
            "communicationPreferences": ["SMS", "EMAIL", "SMS"], "preferredLanguage": "PT-br",
            "timezone": "America/Sao_Paulo", "tags": ["vip", "VIP", "vip"], "customFields": { "shoe": 38 },
            "externalId": "crm-1", "customerSince": "2020-01-01T00:00:00Z",
        }),
    )
    .await;

    let expected = json!({
        "id": customer["id"], "kind": "PERSON", "name": "Jane Doe", "givenName": "Jane", "familyName": "Doe",
        "legalName": null, "email": "Jane.Doe@Example.org", "telephone": "+49 (0)30 2312550",
        "telephoneE164": "+49302312550", "birthDate": "1990-05-17", "gender": "FEMALE", "emailOptIn": true,
        "smsOptIn": false, "communicationPreferences": ["SMS", "EMAIL"], "preferredLanguage": "pt-BR",
        "timezone": "America/Sao_Paulo", "tags": ["vip", "VIP"], "customFields": { "shoe": 38 },
        "externalId": "crm-1", "customerSince": "2020-01-01T00:00:00Z", "version": 1, "updatedAt": customer["updatedAt"],
    });
    assert_eq!(customer, expected);
    for filter in [
        json!({ "email": { "eq": "JANE.DOE@example.org" } }),
        json!({ "telephoneE164": { "eq": "+49302312550" } }),
        json!({ "tags": { "hasAll": ["vip", "VIP"] } }),
        json!({ "consents": { "some": { "channel": { "eq": "EMAIL" } } } }),
    ] {
        assert_eq!(server.found(&filter).await, [customer["id"].clone()], "{filter}");
    }
    let found = server.query("{ customers(search: \"jane doe\") { nodes { loyaltyTier { name } } } }").await;
    assert_eq!(found["customers"]["nodes"], json!([{ "loyaltyTier": { "name": "Bronze" } }]));
}

#[tokio::test]
async fn a_new_customer_is_told_of_with_all_that_follows() {
    let server = Server::start().await;

    let plain = jane(&server).await;
    let tagged = written(&server, "customerCreate", json!({ "name": "John", "tags": ["vip"] })).await;

    assert_eq!(server.events_of(&plain["id"]).await[..2], ["CUSTOMER_CREATED", "CUSTOMER_ENROLLED"]);
    assert_eq!(
        server.events_of(&tagged["id"]).await[..3],
        ["CUSTOMER_CREATED", "CUSTOMER_TAGGED tags", "CUSTOMER_ENROLLED"]
    );
    assert!(server.events_of(&plain["id"]).await.contains(&"SEGMENT_ENTERED".to_owned()));
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let server = Server::start().await;
    jane(&server).await;
    let tomorrow = (chrono::Utc::now() + chrono::TimeDelta::days(1)).format("%Y-%m-%dT%H:%M:%SZ").to_string();

    let errors = refused(
        &server,
        "customerCreate",
        json!({
            "name": "x".repeat(501), "email": "JANE@example.org", "telephone": "+49", "birthDate": &tomorrow[..10],
            "preferredLanguage": "en_US", "timezone": "Mars/Olympus", "tags": ["ok", " ", "y".repeat(101)],
            "customFields": [1], "externalId": "z".repeat(201), "customerSince": tomorrow, "legalName": "Jane Ltd.",
        }),
    )
    .await;

    let mut paths: Vec<_> = errors.iter().map(|(code, path)| (code.as_str(), path.as_str())).collect();
    paths.sort_unstable();
    let mut expected = [
        ("INVALID", "input.name"),
        ("TAKEN", "input.email"),
        ("INVALID", "input.telephone"),
        ("INVALID", "input.birthDate"),
        ("INVALID", "input.preferredLanguage"),
        ("INVALID", "input.timezone"),
        ("REQUIRED", "input.tags.1"),
        ("INVALID", "input.tags.2"),
        ("INVALID", "input.customFields"),
        ("INVALID", "input.externalId"),
        ("INVALID", "input.customerSince"),
        ("INVALID", "input.legalName"),
    ];
    expected.sort_unstable();
    assert_eq!(paths, expected);
    assert_eq!(server.found(&json!({})).await.len(), 1);
}

#[tokio::test]
async fn texts_end_at_their_bounds() {
    let server = Server::start().await;
    let fits = json!({
        "name": "x".repeat(500), "givenName": "x".repeat(200), "familyName": "x".repeat(200),
        "externalId": "z".repeat(200), "tags": (0..250).map(|n| format!("{n:0>100}")).collect::<Vec<_>>(),
    });
    let customer = written(&server, "customerCreate", fits).await;
    let id = &customer["id"];

    for (field, length, path) in
        [("name", 501, "input.name"), ("givenName", 201, "input.givenName"), ("familyName", 201, "input.familyName")]
    {
        let errors = refused(&server, "customerUpdate", json!({ "id": id, field: "x".repeat(length) })).await;
        assert_eq!(errors, told("INVALID", path));
    }
    let many: Vec<_> = (0..251).map(|number| number.to_string()).collect();
    let errors = refused(&server, "customerUpdate", json!({ "id": id, "tags": many })).await;
    assert_eq!(errors, told("INVALID", "input.tags"));
    let errors = refused(&server, "customerTagsAdd", json!({ "id": id, "tags": ["one more"] })).await;
    assert_eq!(errors, told("INVALID", "input.tags"));
}

#[tokio::test]
async fn a_birth_date_is_a_day_that_is_over() {
    let server = Server::start().await;
    let day = |days| (chrono::Utc::now() + chrono::TimeDelta::days(days)).format("%Y-%m-%d").to_string();

    let errors = refused(&server, "customerCreate", json!({ "name": "Jane", "birthDate": day(0) })).await;
    let customer = written(&server, "customerCreate", json!({ "name": "Jane", "birthDate": day(-1) })).await;

    assert_eq!(errors, told("INVALID", "input.birthDate"));
    assert_eq!(customer["birthDate"], day(-1));
}

#[tokio::test]
async fn a_customer_has_a_name() {
    let server = Server::start().await;
    let cases = [
        (json!({}), None),
        (json!({ "name": null, "email": "a@example.org" }), None),
        (json!({ "kind": "ORGANIZATION" }), None),
        (json!({ "familyName": "Doe" }), Some("Doe")),
        (json!({ "name": "Dr. Jane Doe", "givenName": "Jane", "familyName": "Doe" }), Some("Dr. Jane Doe")),
        (json!({ "kind": "ORGANIZATION", "legalName": "Doe Ltd." }), Some("Doe Ltd.")),
    ];

    for (input, name) in cases {
        match name {
            Some(name) => assert_eq!(written(&server, "customerCreate", input).await["name"], name),
            None => assert_eq!(
                refused(&server, "customerCreate", input.clone()).await,
                told("REQUIRED", "input.name"),
                "{input}"
            ),
        }
    }
}

#[tokio::test]
async fn a_name_follows_the_parts_that_it_is_made_of() {
    let server = Server::start().await;
    let made = written(&server, "customerCreate", json!({ "givenName": "Jane", "familyName": "Doe" })).await;
    let input = json!({ "name": "Janie", "givenName": "Jane", "familyName": "Doe" });
    let given = written(&server, "customerCreate", input).await;
    let marry = |customer: &Value| json!({ "id": customer["id"], "familyName": "Roe" });

    let followed = written(&server, "customerUpdate", marry(&made)).await;
    let stayed = written(&server, "customerUpdate", marry(&given)).await;
    let remade = written(&server, "customerUpdate", json!({ "id": given["id"], "name": null })).await;

    let names = [followed, stayed, remade].map(|customer| customer["name"].clone());
    assert_eq!(names, ["Jane Roe", "Janie", "Jane Roe"]);
    assert_eq!(server.events_of(&made["id"]).await.last().expect("an event"), "CUSTOMER_UPDATED name familyName");
}

#[tokio::test]
async fn persons_and_organizations_have_names_of_their_own() {
    let server = Server::start().await;
    let organization = json!({
        "kind": "ORGANIZATION", "name": "Doe", "givenName": "Jane", "birthDate": "1990-05-17", "gender": "OTHER",
    });
    let expected: Vec<_> =
        ["givenName", "birthDate", "gender"].map(|field| ("INVALID".to_owned(), format!("input.{field}"))).to_vec();

    let of_organization = refused(&server, "customerCreate", organization).await;
    let person = json!({ "name": "Jane", "givenName": "Jane", "birthDate": "1990-05-17", "gender": "OTHER" });
    let person = written(&server, "customerCreate", person).await;
    let of_change = refused(&server, "customerUpdate", json!({ "id": person["id"], "kind": "ORGANIZATION" })).await;
    let cleared = json!({
        "id": person["id"], "kind": "ORGANIZATION", "givenName": null, "birthDate": null, "gender": null,
        "legalName": "Jane Ltd.",
    });
    let changed = written(&server, "customerUpdate", cleared).await;

    assert_eq!(of_organization, expected);
    assert_eq!(of_change, expected);
    assert_eq!((&changed["kind"], &changed["legalName"]), (&json!("ORGANIZATION"), &json!("Jane Ltd.")));
}

#[tokio::test]
async fn null_clears_and_what_is_absent_stays() {
    let server = Server::start().await;
    let input = json!({
        "name": "Jane", "email": "jane@example.org", "telephone": "+49 30 2312550", "timezone": "UTC",
        "tags": ["a"], "customFields": { "a": 1 }, "communicationPreferences": ["EMAIL"],
    });
    let before = written(&server, "customerCreate", input).await;
    let input = json!({
        "id": before["id"], "email": null, "telephone": null, "customFields": {}, "tags": null,
        "communicationPreferences": null,
    });

    let after = written(&server, "customerUpdate", input).await;

    let mut expected = before.clone();
    for field in ["email", "telephone", "telephoneE164", "customFields"] {
        expected[field] = Value::Null;
    }
    (expected["tags"], expected["communicationPreferences"]) = (json!([]), json!([]));
    (expected["version"], expected["updatedAt"]) = (json!(2), after["updatedAt"].clone());
    assert_eq!(after, expected);
    let events = server.events_of(&before["id"]).await;
    assert!(
        events.contains(
            &"CUSTOMER_UPDATED email telephone telephoneE164 communicationPreferences customFields".to_owned()
        ),
        "{events:?}"
    );
    assert!(events.ends_with(&["CUSTOMER_TAGGED tags".to_owned()]), "{events:?}");
}

#[tokio::test]
async fn what_must_be_there_cannot_be_null() {
    let server = Server::start().await;
    let id = jane(&server).await["id"].take();

    for field in ["kind", "name", "emailOptIn", "smsOptIn", "customerSince"] {
        let errors = refused(&server, "customerUpdate", json!({ "id": id, field: null })).await;
        assert_eq!(errors, told("REQUIRED", &format!("input.{field}")));
    }
}

#[tokio::test]
async fn what_changes_nothing_is_no_edit() {
    let server = Server::start().await;
    let input = json!({
        "name": "Jane", "email": "jane@example.org", "tags": ["a", "b"], "emailOptIn": true,
        "customFields": { "a": 1.5, "b": [] }, "telephone": "+49 30 2312550",
    });
    let before = written(&server, "customerCreate", input).await;
    let events = server.events_of(&before["id"]).await;

    let same = json!({
        "id": before["id"], "name": " Jane", "email": "jane@example.org", "tags": ["b", "a"], "emailOptIn": true,
        "customFields": { "b": [], "a": 1.5 }, "telephone": "+49 30 2312550", "legalName": null,
    });
    let after = written(&server, "customerUpdate", same).await;
    let added = written(&server, "customerTagsAdd", json!({ "id": before["id"], "tags": ["a"] })).await;
    let removed = written(&server, "customerTagsRemove", json!({ "id": before["id"], "tags": ["A"] })).await;

    assert_eq!([&after, &added, &removed], [&before; 3]);
    assert_eq!(server.events_of(&before["id"]).await, events);
}

#[tokio::test]
async fn a_failed_edit_leaves_no_trace() {
    let server = Server::start().await;
    let before = jane(&server).await;
    let events = server.events_of(&before["id"]).await;

    let input = json!({ "id": before["id"], "name": "Joan", "tags": ["a"], "timezone": "nowhere" });
    refused(&server, "customerUpdate", input).await;

    assert_eq!(written(&server, "customerUpdate", json!({ "id": before["id"] })).await, before);
    assert_eq!(server.events_of(&before["id"]).await, events);
}

#[tokio::test]
async fn an_edit_of_another_version_is_a_conflict() {
    let server = Server::start().await;
    let id = jane(&server).await["id"].take();

    let edit = |name: &str| json!({ "id": id, "name": name, "expectedVersion": 1 });
    let first = written(&server, "customerUpdate", edit("Joan")).await;
    let second = refused(&server, "customerUpdate", edit("June")).await;
    let tags = json!({ "id": id, "tags": ["a"], "expectedVersion": 1 });
    let third = refused(&server, "customerTagsAdd", tags.clone()).await;
    let fourth = refused(&server, "customerTagsRemove", tags).await;
    let payload = server.mutate("customerDelete", json!({ "id": id, "expectedVersion": 1 }), "deletedId").await;

    assert_eq!(first["version"], 2);
    for errors in [second, third, fourth, user_errors(&payload)] {
        assert_eq!(errors, told("CONFLICT", "input.expectedVersion"));
    }
}

#[tokio::test]
async fn an_address_has_one_customer_whatever_its_case() {
    let server = Server::start().await;
    let jane = jane(&server).await;
    let john = written(&server, "customerCreate", json!({ "name": "John", "externalId": "j" })).await;

    let created = refused(&server, "customerCreate", json!({ "name": "J", "email": "JANE@EXAMPLE.ORG" })).await;
    let input = json!({ "id": john["id"], "email": "Jane@example.org" });
    let updated = refused(&server, "customerUpdate", input).await;
    let external = refused(&server, "customerUpdate", json!({ "id": jane["id"], "externalId": "j" })).await;
    let respelled = written(&server, "customerUpdate", json!({ "id": jane["id"], "email": "JANE@example.org" })).await;

    assert_eq!(created, told("TAKEN", "input.email"));
    assert_eq!(updated, told("TAKEN", "input.email"));
    assert_eq!(external, told("TAKEN", "input.externalId"));
    assert_eq!(respelled["email"], "JANE@example.org");
}

#[tokio::test]
async fn of_many_who_take_an_address_at_once_one_has_it() {
    let server = Server::start().await;
    for (field, value) in [("email", "jane@example.org"), ("externalId", "crm-1")] {
        let create = async |name: usize| {
            let input = json!({ "name": name.to_string(), field: value });
            let payload = server.mutate("customerCreate", input, "customer { id }").await;
            user_errors(&payload)
        };

        let answers = futures_util::future::join_all((0..8).map(create)).await;

        let refused: Vec<_> = answers.into_iter().filter(|errors| !errors.is_empty()).collect();
        assert_eq!(refused, vec![told("TAKEN", &format!("input.{field}")); 7]);
    }
    assert_eq!(server.found(&json!({})).await.len(), 2);
}

#[tokio::test]
async fn tags_are_told_of_when_the_set_changes() {
    let server = Server::start().await;
    let jane = written(&server, "customerCreate", json!({ "name": "Jane", "tags": ["b"] })).await;
    let id = &jane["id"];
    let before = server.events_of(id).await.len();

    let added = written(&server, "customerTagsAdd", json!({ "id": id, "tags": [" a ", "b", "B", "a"] })).await;
    let removed = written(&server, "customerTagsRemove", json!({ "id": id, "tags": ["b", "c"] })).await;
    let replaced = written(&server, "customerUpdate", json!({ "id": id, "tags": ["c", "a"], "name": "Joan" })).await;

    assert_eq!(added["tags"], json!(["b", "a", "B"]));
    assert_eq!(removed["tags"], json!(["a", "B"]));
    assert_eq!(replaced["tags"], json!(["c", "a"]));
    assert_eq!(replaced["version"], 4);
    for (tag, is_there) in [("a", true), ("b", false), ("B", false), ("c", true)] {
        let found = server.found(&json!({ "tags": { "has": tag } })).await;
        assert_eq!(!found.is_empty(), is_there, "{tag}");
    }
    let events = server.events_of(id).await[before..].to_vec();
    assert_eq!(
        events,
        ["CUSTOMER_TAGGED tags", "CUSTOMER_TAGGED tags", "CUSTOMER_UPDATED name", "CUSTOMER_TAGGED tags"]
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = Server::start().await;
    let id = server.url(&format!("/customers/{}", uuid::Uuid::nil()));

    for field in ["customerUpdate", "customerRestore"] {
        assert_eq!(refused(&server, field, json!({ "id": id })).await, told("NOT_FOUND", "input.id"), "{field}");
    }
    let answer =
        server.answer("mutation { customerUpdate(input: { id: \"jane\" }) { customer { id } } }", json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}

#[tokio::test]
async fn who_is_not_said_to_have_joined_did_so_with_their_earliest_order_or_refund() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let input = json!({ "name": "John", "customerSince": "2024-06-01T00:00:00Z" });
    let john = server.mutate("customerCreate", input, "customer { id }").await["customer"]["id"].take();
    // What becomes known one after the other, and since when Jane is there by then.
    let entries = [
        ("orderDate", "2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        ("orderDate", "2025-03-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        ("refundedAt", "2023-01-01T00:00:00Z", "2023-01-01T00:00:00Z"),
        ("orderDate", "2022-01-01T00:00:00Z", "2022-01-01T00:00:00Z"),
    ];

    for (field, instant, since) in entries {
        for customer in [&jane, &john] {
            let (mutation, mut input) = if field == "orderDate" {
                let items = json!([{ "name": "Kettle", "unitPrice": "10" }]);
                ("orderCreate", json!({ "customer": customer, "items": items }))
            } else {
                ("refundCreate", json!({ "customer": customer, "amount": "1" }))
            };
            input[field] = json!(instant);
            assert_eq!(server.mutate(mutation, input, "userErrors { code }").await["userErrors"], json!([]));
        }

        assert_eq!(server.customer_fields(&jane, "customerSince").await["customerSince"], since);
        let told = server.customer_fields(&john, "customerSince").await;
        assert_eq!(told["customerSince"], "2024-06-01T00:00:00Z", "it was said when he joined");
    }
    let figures = server.customer_fields(&jane, "metrics(asOf: \"2022-06-01T00:00:00Z\") { totalOrders }").await;
    assert_eq!(figures["metrics"]["totalOrders"], 1);
}
