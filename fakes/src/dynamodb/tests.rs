use serde_json::{Value, json};

use super::*;
use crate::aws::tests::call;
use crate::dynamodb::condition::{CONDITION, NAMES, VALUES};

async fn ask(table: &FakeDynamoDb, operation: &str, request: &Value) -> (u16, Value) {
    call(&table.origin(), &format!("DynamoDB_20120810.{operation}"), request).await
}

fn get(key: &str) -> Value {
    json!({"TableName": LEDGER, "Key": {"pk": {"S": key}}, "ConsistentRead": true})
}

/// Puts an item if there is none.
fn create(key: &str, owner: &str) -> Value {
    json!({
        "TableName": LEDGER,
        "Item": {"pk": {"S": key}, "owner": {"S": owner}},
        "ConditionExpression": "attribute_not_exists(#pk)",
        "ExpressionAttributeNames": {"#pk": "pk"},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    })
}

/// Puts the second version of the item `a` if this is the one that it has.
fn change(version: &Value) -> Value {
    json!({
        "TableName": LEDGER,
        "Item": {"pk": {"S": "a"}, "version": {"N": "2"}},
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":version": version},
    })
}

#[tokio::test]
async fn an_item_is_created_once() {
    let table = FakeDynamoDb::start().await;
    assert_eq!(ask(&table, "GetItem", &get("a")).await, (200, json!({})));
    assert_eq!(ask(&table, "PutItem", &create("a", "first")).await, (200, json!({})));
    let item = json!({"pk": {"S": "a"}, "owner": {"S": "first"}});
    let refusal = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
        "Item": item,
    });
    assert_eq!(ask(&table, "PutItem", &create("a", "second")).await, (400, refusal));
    assert_eq!(ask(&table, "GetItem", &get("a")).await, (200, json!({"Item": item})));
}

#[tokio::test]
async fn an_item_is_changed_from_exactly_the_version_that_was_named() {
    let table = FakeDynamoDb::start().await;
    let named = change(&json!({"N": "9007199254740993"}));
    assert_eq!(ask(&table, "PutItem", &named).await.0, 400);
    table.put("a", &json!({"version": 9_007_199_254_740_993_i64}));
    for other in [json!({"N": "9007199254740992"}), json!({"S": "9007199254740993"})] {
        assert_eq!(ask(&table, "PutItem", &change(&other)).await.0, 400);
    }
    assert_eq!(ask(&table, "PutItem", &named).await.0, 200);
    assert_eq!(table.item("a"), Some(json!({"version": 2})));
}

#[tokio::test]
async fn an_item_is_changed_from_any_version_up_to_the_one_that_was_named() {
    let table = FakeDynamoDb::start().await;
    let mut named = change(&json!({"N": "10"}));
    named[CONDITION] = json!("attribute_not_exists(#version) OR #version <= :version");
    for (version, status) in [(None, 200), (Some(9), 200), (Some(10), 200), (Some(11), 400)] {
        if let Some(version) = version {
            table.put("a", &json!({"version": version}));
        }
        assert_eq!(ask(&table, "PutItem", &named).await.0, status, "{version:?}");
    }
    table.put("a", &json!({"version": "9"}));
    assert_eq!(ask(&table, "PutItem", &named).await.0, 400, "a text is no number");
}

#[tokio::test]
async fn whatever_else_is_asked_is_refused() {
    let table = FakeDynamoDb::start().await;
    table.put("a", &json!({"version": 1}));
    let unsupported = "is not modelled by the fake";
    let either = "#version = :version OR #version = :version";
    let mixed = "attribute_not_exists(#pk) OR #version <= :version";
    let two = json!({"#version": "version", "#b": "b"});
    for (operation, member, value, message) in [
        ("UpdateItem", "UpdateExpression", json!(""), "AccessDeniedException"),
        ("GetItem", "TableName", json!("other"), "ResourceNotFoundException"),
        ("GetItem", "ConsistentRead", json!(false), unsupported),
        ("PutItem", "ReturnValues", json!("ALL_OLD"), unsupported),
        ("PutItem", "Item", json!({"pk": {"S": "a"}, "version": {"N": "1.5"}}), unsupported),
        ("PutItem", CONDITION, Value::Null, unsupported),
        ("PutItem", CONDITION, json!("attribute_exists(#version)"), unsupported),
        ("PutItem", CONDITION, json!("version = :version"), unsupported),
        ("PutItem", CONDITION, json!(either), unsupported),
        ("PutItem", CONDITION, json!(mixed), unsupported),
        ("PutItem", NAMES, json!({}), "is not defined; attribute name: #version"),
        ("PutItem", NAMES, two, "Names unused in expressions: keys: {#b}"),
        ("PutItem", VALUES, json!({}), "is not defined; attribute value: :version"),
        ("PutItem", CONDITION, json!("attribute_not_exists(#version)"), "keys: {:version}"),
    ] {
        let is_put = operation == "PutItem";
        let mut request = if is_put { change(&json!({"N": "1"})) } else { get("a") };
        request[member] = value;
        let (status, body) = ask(&table, operation, &request).await;
        assert!(status == 400 && body.to_string().contains(message), "{request}: {body}");
    }
    assert_eq!(table.item("a"), Some(json!({"version": 1})));
}

#[tokio::test]
async fn a_key_has_the_bytes_that_dynamodb_allows() {
    let table = FakeDynamoDb::start().await;
    for (key, status) in [("", 400), (&"k".repeat(2048), 200), (&"k".repeat(2049), 400)] {
        assert_eq!(ask(&table, "PutItem", &create(key, "owner")).await.0, status);
        assert_eq!(ask(&table, "GetItem", &get(key)).await.0, status);
    }
}

#[tokio::test]
async fn a_full_table_forgets_what_expires_first() {
    let table = FakeDynamoDb::start().await;
    table.remember(5, 10);
    for number in 1..=11 {
        let mut put = create(&format!("key-{number:02}"), "a");
        put["Item"]["expires"] = json!({"N": (100 - number).to_string()});
        assert_eq!(ask(&table, "PutItem", &put).await.0, 200);
    }
    let keys: Vec<_> = table.items().into_keys().collect();
    let first: Vec<_> = (1..=9).map(|number| format!("key-{number:02}")).collect();
    assert_eq!(keys, first, "a tenth of the room is free again");
    assert_eq!(table.calls().len(), 5);
}

fn expect_item(key: &str, sort_key: &str) -> Value {
    json!({"pk": {"S": key}, "sk": {"S": sort_key}})
}

#[tokio::test]
async fn the_table_of_expectations_is_asked_by_its_key() {
    let table = FakeDynamoDb::start().await;
    for number in 10..31 {
        let item = expect_item("due#1", &format!("wait-{number}"));
        let put = json!({"TableName": EXPECT, "Item": item});
        assert_eq!(ask(&table, "PutItem", &put).await.0, 200);
    }
    let put = json!({"TableName": EXPECT, "Item": expect_item("due#10", "other")});
    assert_eq!(ask(&table, "PutItem", &put).await.0, 200);
    let mut query = json!({
        "TableName": EXPECT,
        "ConsistentRead": true,
        "KeyConditionExpression": "#pk = :pk",
        "ExpressionAttributeNames": {"#pk": "pk"},
        "ExpressionAttributeValues": {":pk": {"S": "due#1"}},
    });
    let mut counts = Vec::new();
    loop {
        let (_, mut page) = ask(&table, "Query", &query).await;
        counts.push(page["Count"].as_u64().unwrap());
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"].take();
        if query["ExclusiveStartKey"].is_null() {
            break;
        }
    }
    assert_eq!(counts, [10, 10, 1]);
    let delete = json!({"TableName": EXPECT, "Key": expect_item("due#10", "other")});
    for _ in 0..2 {
        assert_eq!(ask(&table, "DeleteItem", &delete).await, (200, json!({})));
    }
    assert_eq!(table.expected().len(), 21);
    query["TableName"] = json!(LEDGER);
    assert_eq!(ask(&table, "Query", &query).await.0, 400, "the ledger's role has no query");
}
