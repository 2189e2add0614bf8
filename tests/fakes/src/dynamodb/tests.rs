use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::EVERY_OPERATION;
use crate::aws::tests::call;

async fn ask(table: &FakeDynamoDb, operation: &str, members: Value) -> (u16, Value) {
    let mut request = members;
    if request.get("TableName").is_none() {
        request["TableName"] = json!(table.table_name());
    }
    call(&table.origin(), &format!("DynamoDB_20120810.{operation}"), &request).await
}

/// Updates the item `a`, giving `:one` as 1 and `#state` as `state`.
async fn update(table: &FakeDynamoDb, update: &str, condition: &str) -> (u16, Value) {
    let mut request = json!({
        "Key": {"pk": {"S": "a"}},
        "UpdateExpression": update,
        "ReturnValues": "ALL_NEW",
    });
    if !condition.is_empty() {
        request["ConditionExpression"] = json!(condition);
    }
    let expressions = format!("{update} {condition}");
    if expressions.contains(":one") {
        request["ExpressionAttributeValues"] = json!({":one": {"N": "1"}});
    }
    if expressions.contains("#state") {
        request["ExpressionAttributeNames"] = json!({"#state": "state"});
    }
    ask(table, "UpdateItem", request).await
}

#[track_caller]
fn assert_invalid((status, body): (u16, Value), message: &str) {
    let kind = "com.amazonaws.dynamodb.v20120810#ValidationException";
    assert_eq!((status, &body["__type"], &body["message"]), (400, &json!(kind), &json!(message)));
}

#[tokio::test]
async fn an_item_is_read_as_it_was_put() {
    let table = FakeDynamoDb::start().await;
    let item = json!({
        "pk": {"S": "a"}, "big": {"N": "12345678901234567890123456789012345678"},
        "list": {"L": [{"M": {"x": {"BOOL": true}}}, {"NULL": true}]},
    });
    assert_eq!(ask(&table, "PutItem", json!({"Item": item})).await, (200, json!({})));
    let read = json!({"Key": {"pk": {"S": "a"}}, "ConsistentRead": true});
    assert_eq!(ask(&table, "GetItem", read).await, (200, json!({"Item": item})));
    let absent = json!({"Key": {"pk": {"S": "b"}}});
    assert_eq!(ask(&table, "GetItem", absent).await, (200, json!({})));
    let plain =
        json!({"big": "12345678901234567890123456789012345678", "list": [{"x": true}, null]});
    assert_eq!(table.item("a"), Some(plain));
}

#[tokio::test]
async fn plain_items_come_back_as_they_went_in() {
    let table = FakeDynamoDb::start().await;
    table.put("a", &json!({"count": 3, "state": "open"}));
    assert_eq!(
        table.items(),
        BTreeMap::from([("a".to_owned(), json!({"count": 3, "state": "open"}))])
    );
    let (_, answer) = ask(&table, "GetItem", json!({"Key": {"pk": {"S": "a"}}})).await;
    let wire = json!({"pk": {"S": "a"}, "count": {"N": "3"}, "state": {"S": "open"}});
    assert_eq!(answer["Item"], wire);
}

#[tokio::test]
async fn a_put_on_condition_happens_once() {
    let table = FakeDynamoDb::start().await;
    let put = async |attempt: &str| {
        let request = json!({
            "Item": {"pk": {"S": "a"}, "attempt": {"S": attempt}},
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        });
        ask(&table, "PutItem", request).await
    };
    assert_eq!(put("first").await.0, 200);
    let (status, refusal) = put("second").await;
    let expected = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
        "Item": {"pk": {"S": "a"}, "attempt": {"S": "first"}},
    });
    assert_eq!((status, refusal), (400, expected));
    assert_eq!(table.item("a"), Some(json!({"attempt": "first"})));
}

#[tokio::test]
async fn an_update_takes_every_value_from_before() {
    let table = FakeDynamoDb::start().await;
    let counted = "SET n = if_not_exists(n, :one) + :one, was = if_not_exists(n, :one)";
    update(&table, counted, "").await;
    assert_eq!(table.item("a"), Some(json!({"n": 2, "was": 1})));
    let (_, answer) = update(&table, "set m = n remove n, absent", "").await;
    let after = json!({"pk": {"S": "a"}, "m": {"N": "2"}, "was": {"N": "1"}});
    assert_eq!(answer, json!({"Attributes": after}));
}

#[tokio::test]
async fn conditions_decide_as_those_of_dynamodb() {
    let table = FakeDynamoDb::start().await;
    for (condition, holds) in [
        ("n = :one", false),
        ("n > :one", true),
        ("n <= :one", false),
        (":one < n", true),
        ("label > :one", false),
        ("label <> :one", true),
        ("absent < :one", false),
        ("absent = :one", false),
        ("absent <> :one", true),
        ("absent = missing", false),
        ("NOT absent < :one", true),
        ("attribute_exists(n) AND NOT attribute_exists(absent)", true),
        ("n = :one AND n = :one OR n > :one", true),
        ("n = :one AND (n = :one OR n > :one)", false),
        ("NOT n = :one AND n = :one", false),
        ("#state = label or attribute_not_exists(absent)", true),
    ] {
        table.put("a", &json!({"n": 10, "label": "1"}));
        let (status, body) = update(&table, "SET seen = n", condition).await;
        assert_eq!(status == 200, holds, "{condition}: {body}");
        assert_eq!(table.item("a").unwrap().get("seen").is_some(), holds, "{condition}");
    }
}

#[tokio::test]
async fn an_expression_that_dynamodb_refuses_is_refused_in_its_words() {
    let table = FakeDynamoDb::start().await;
    for (expression, condition, message) in [
        (
            "SET State = :one",
            "",
            "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: State",
        ),
        (
            "REMOVE ttl",
            "",
            "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: ttl",
        ),
        (
            "SET a = :two",
            "",
            "Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :two",
        ),
        (
            "SET #a = a",
            "",
            "Invalid UpdateExpression: An expression attribute name used in the document path is not defined; attribute name: #a",
        ),
        (
            "SET a = :one, a = b",
            "",
            "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]",
        ),
        (
            "SET a = :one SET b = :one",
            "",
            "Invalid UpdateExpression: The \"SET\" section can only be used once in an update expression;",
        ),
        (
            "SET pk = :one",
            "",
            "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
        ),
        (
            "SET a = b",
            "",
            "The provided expression refers to an attribute that does not exist in the item",
        ),
        (
            "SET a = :one",
            "a = ",
            "Invalid ConditionExpression: Syntax error; token: \"<EOF>\", near: \"=\"",
        ),
        (
            "SET a = :one",
            "((a = :one))",
            "Invalid ConditionExpression: The expression has redundant parentheses;",
        ),
        (
            "SET a = :one",
            "a = a",
            "Invalid ConditionExpression: The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]",
        ),
        (
            "SET a = :one",
            "exists(a)",
            "Invalid ConditionExpression: Invalid function name; function: exists",
        ),
    ] {
        assert_invalid(update(&table, expression, condition).await, message);
    }
    assert_eq!(table.items(), BTreeMap::new());
}

#[tokio::test]
async fn a_placeholder_without_a_use_is_refused() {
    let table = FakeDynamoDb::start().await;
    let put = |names: Value, values: Value| {
        let item = json!({"pk": {"S": "a"}});
        let condition = "attribute_not_exists(#a) OR #a = :a";
        json!({
            "Item": item, "ConditionExpression": condition,
            "ExpressionAttributeNames": names, "ExpressionAttributeValues": values,
        })
    };
    let used = put(json!({"#a": "a"}), json!({":a": {"S": ""}}));
    assert_eq!(ask(&table, "PutItem", used).await.0, 200);
    let name = put(json!({"#a": "a", "#b": "b"}), json!({":a": {"S": ""}}));
    assert_invalid(
        ask(&table, "PutItem", name).await,
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}",
    );
    let value = put(json!({"#a": "a"}), json!({":a": {"S": ""}, ":b": {"S": ""}}));
    assert_invalid(
        ask(&table, "PutItem", value).await,
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}",
    );
}

#[tokio::test]
async fn a_key_has_the_bytes_that_dynamodb_allows() {
    let table = FakeDynamoDb::start().await;
    for (key, status) in [("", 400), (&"k".repeat(2048), 200), (&"k".repeat(2049), 400)] {
        let put = ask(&table, "PutItem", json!({"Item": {"pk": {"S": key}}})).await;
        let get = ask(&table, "GetItem", json!({"Key": {"pk": {"S": key}}})).await;
        assert_eq!((put.0, get.0), (status, status), "{put:?}");
    }
    let large = json!({"Item": {"pk": {"S": "a"}, "x": {"S": "x".repeat(400 * 1024)}}});
    let message = "Item size has exceeded the maximum allowed size";
    assert_invalid(ask(&table, "PutItem", large).await, message);
}

#[tokio::test]
async fn other_tables_and_operations_are_out_of_reach() {
    let table = FakeDynamoDb::start().await;
    let key = json!({"pk": {"S": "a"}});
    for (operation, name, kind) in [
        ("GetItem", "other", "ResourceNotFoundException"),
        ("DeleteItem", "order-alerts-ledger", "AccessDeniedException"),
    ] {
        let request = json!({"Key": key, "TableName": name});
        let (status, body) = ask(&table, operation, request).await;
        let kind = format!("com.amazonaws.dynamodb.v20120810#{kind}");
        assert_eq!((status, &body["__type"]), (400, &json!(kind)));
    }
}

#[tokio::test]
async fn requests_at_the_same_time_are_counted_and_lose_no_update() {
    let table = FakeDynamoDb::start().await;
    let slow = AwsFault::Slow(Duration::from_millis(50));
    table.fail_with(EVERY_OPERATION, slow);
    let count = || update(&table, "SET n = if_not_exists(n, :one) + :one", "");
    tokio::join!(count(), count(), count());
    assert_eq!(table.item("a"), Some(json!({"n": 4})));
    assert_eq!(table.most_at_once(), 3);
    count().await;
    assert_eq!((table.most_at_once(), table.calls().len()), (3, 4));
}

#[tokio::test]
async fn a_lost_answer_leaves_the_item_behind() {
    let table = FakeDynamoDb::start().await;
    table.script("UpdateItem", [AwsFault::Reset.done_then()]);
    assert_eq!(update(&table, "SET a = :one", "").await.0, 0);
    assert_eq!(table.item("a"), Some(json!({"a": 1})));
}
