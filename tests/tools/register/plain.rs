//! `register` with a plain JSON API.

use order_alerts_fakes::{Reply, Server};
use serde_json::json;

use crate::register::fake_plain_api::{FakePlainApi, Sort, TOKEN};
use crate::register::{HOST, at, header, host, register, register_with};

#[tokio::test]
async fn a_plain_api_is_registered_once_listed_and_removed() {
    let api = FakePlainApi::start(Sort::Listing).await;
    let (endpoint, url) = (api.url(), format!("{HOST}/webhook"));
    let common = ["generic", "--api", &endpoint, "--url", &url];

    let output = register(&common, &[]).await.unwrap();
    assert!(
        output.contains("  order_created, order_modified, order_cancelled: registered\n"),
        "{output}"
    );
    let next = "give your order system the signing key\nWhere the key is  The stack has made one";
    assert!(output.contains(&format!("Next              {next}")), "{output}");
    let whole =
        json!({"url": url, "events": ["order_created", "order_modified", "order_cancelled"]});
    assert_eq!(api.hooks(), std::slice::from_ref(&whole));

    let output = register(&common, &[]).await.unwrap();
    assert!(output.contains("order_cancelled: kept\n"), "{output}");
    assert_eq!(api.hooks(), std::slice::from_ref(&whole));
    register(&common, &["--event", "order_created", "--event", "refund"]).await.unwrap();
    assert_eq!(api.hooks(), [whole, json!({"url": url, "events": ["refund"]})]);

    let listed = register(&common, &["--list"]).await.unwrap();
    assert!(listed.contains(&format!("has 2 webhooks, 2 at {url}\n")), "{listed}");
    assert!(listed.contains(&format!("  own    refund                   {url}\n")), "{listed}");
    let removed = register(&common, &["--remove"]).await.unwrap();
    assert!(removed.ends_with("  refund: removed\n"), "{removed}");
    assert!(api.hooks().is_empty());
}

/// An event and an address, under names of its own.
const ONE_BY_ONE: &str = r#"{"scope":"{event}","destination":"{url}"}"#;

#[tokio::test]
async fn an_api_that_accepts_one_event_gets_a_request_for_each() {
    let api = FakePlainApi::start(Sort::OneByOne).await;
    let (endpoint, url) = (api.url(), at("bigcommerce"));
    let common = ["bigcommerce", "--api", &endpoint, "--url", &url, "--body", ONE_BY_ONE];
    let wanted = ["--event", "store/order/created", "--event", "store/order/updated"];
    let hook = |scope: &str| json!({"scope": scope, "destination": url});

    let output = register(&common, &wanted).await.unwrap();
    let made = "  store/order/created: registered\n  store/order/updated: registered\n";
    assert!(output.contains(made), "{output}");
    let both = ["store/order/created", "store/order/updated"].map(hook);
    assert_eq!(api.hooks(), both);

    let output = register(&common, &wanted).await.unwrap();
    let kept = "  store/order/created: kept\n  store/order/updated: kept\n";
    assert!(output.contains(kept), "{output}");
    assert_eq!(api.hooks(), both);

    // One that no file knows serves no other event.
    register(&common, &["--event", "store/cart/created"]).await.unwrap();
    register(&common, &["--event", "store/order/archived"]).await.unwrap();
    assert_eq!(api.hooks().len(), 4);
    let listed = register(&common, &["--list"]).await.unwrap();
    assert!(listed.contains("  own    store/cart/created "), "{listed}");
}

#[tokio::test]
async fn events_that_the_body_does_not_name_are_not_registered() {
    let api = FakePlainApi::start(Sort::OneByOne).await;
    let (endpoint, url) = (api.url(), at("bigcommerce"));
    let common = ["bigcommerce", "--api", &endpoint, "--url", &url, "--body"];
    let body = r#"{"scope":"store/order/created","destination":"{url}"}"#;
    let error = register(&common, &[body]).await.unwrap_err();
    let sentence = "error: --body must say where the events go: {events} for all of them, or {event} for one \
                    request per event (without either, give exactly one --event)";
    assert_eq!(error, sentence);
    let error = register(&common, &[r#"{"u":"{url}","a":"{events}","b":"{event}"}"#]).await;
    assert_eq!(error.unwrap_err(), "error: --body must have one of {events} and {event}, not both");
    assert_eq!(api.server.requests(), 0);

    register(&common, &[body, "--event", "store/order/created"]).await.unwrap();
    assert_eq!(api.hooks(), [json!({"scope": "store/order/created", "destination": url})]);
}

#[tokio::test]
async fn a_plain_api_may_have_another_method_body_status_and_header() {
    let api = Server::start(|request| async move {
        let is_right = request.method() == "PUT"
            && header(&request, "x-api-key") == TOKEN
            && request.body()
                == format!(r#"{{"hook":{{"for":["a"],"to":"{HOST}/webhook/standard"}}}}"#)
                    .as_bytes();
        match request.method().as_str() {
            "GET" => Reply::new(404, &[], ""),
            _ => Reply::new(if is_right { 202 } else { 400 }, &[], "<html>"),
        }
    })
    .await;
    let (origin, url) = (api.origin(), at("standard"));
    let body = r#"{"hook":{"to":"{url}","for":"{events}"}}"#;
    let common = [
        &["standard", "--api", &origin, "--url", &url, "--event", "a", "--method", "PUT"][..],
        &["--body", body, "--credential", "X-Api-Key: {token}"],
    ]
    .concat();
    let output = register(&common, &["--expect", "202"]).await.unwrap();
    let seen = "  What is already registered is not known: a GET there is answered with 404.\n";
    assert!(output.contains(&format!("{seen}  a: registered\n")), "{output}");
    let error = register(&common, &[]).await.unwrap_err();
    assert!(
        error.ends_with(
            "answered 202 (201 was expected: if 202 also means success, give --expect 202)"
        ),
        "{error}"
    );
    assert!(
        register(&["standard", "--api", &origin, "--url", &url], &[])
            .await
            .unwrap_err()
            .ends_with("answered 400")
    );
}

#[tokio::test]
async fn an_api_without_a_list_reports_what_is_already_registered() {
    let api = FakePlainApi::start(Sort::WriteOnly).await;
    let (endpoint, url) = (api.url(), format!("{HOST}/webhook"));
    let common = ["generic", "--api", &endpoint, "--url", &url];
    register(&common, &[]).await.unwrap();
    let output = register(&common, &[]).await.unwrap();
    assert!(
        output.contains("already has this address, and does not say for which events\n"),
        "{output}"
    );
    assert_eq!(api.hooks().len(), 1);
    for option in ["--list", "--remove"] {
        let error = register(&common, &[option]).await.unwrap_err();
        assert!(
            error.ends_with("does not list what is registered: a GET there is answered with 405"),
            "{error}"
        );
    }

    let api = FakePlainApi::start(Sort::Unique).await;
    let endpoint = api.url();
    let common = ["generic", "--api", &endpoint, "--url", &url, "--event"];
    register(&common, &["order_created"]).await.unwrap();
    let once = "has this address for other events and takes it only once: use --remove first";
    let error = register(&common, &["order_cancelled"]).await.unwrap_err();
    assert!(error.contains(once), "{error}");

    let api = FakePlainApi::start(Sort::Unique).await;
    let endpoint = api.url();
    let body = r#"{"url":"{url}","events":["{event}"]}"#;
    let common = ["generic", "--api", &endpoint, "--url", &url, "--body", body];
    let error = register(&common, &[]).await.unwrap_err();
    assert!(error.contains(once), "the first one registered the address: {error}");
    assert_eq!(api.hooks().len(), 1);
}

#[tokio::test]
async fn an_id_that_names_more_than_one_webhook_removes_nothing() {
    let url = format!("{HOST}/webhook");
    let listed = json!([{"id": "..", "url": url, "events": ["order_created"]}]).to_string();
    let api = host(Reply::new(200, &[], listed)).await;
    let common = ["generic", "--api", &api.origin(), "--url", &url];
    let error = register(&common, &["--remove"]).await.unwrap_err();
    assert!(error.ends_with("does not name its id: remove it there"), "{error}");
    assert_eq!(api.requests(), 1);
}

#[tokio::test]
async fn a_refusal_of_a_plain_api_is_printed() {
    let api = FakePlainApi::start(Sort::Listing).await;
    let (endpoint, url) = (api.url(), format!("{HOST}/webhook"));
    let common = ["generic", "--api", &endpoint, "--url", &url];
    let error = register_with(&[], &common, &[]).await.unwrap_err();
    let sentence =
        "answered 401: The token is unknown. (API_TOKEN is not set: the request had no credential)";
    assert!(error.ends_with(sentence), "{error}");
    let error = register_with(&[("API_TOKEN", "another")], &common, &[]).await.unwrap_err();
    assert!(error.ends_with("(is API_TOKEN right, and the header of --credential?)"), "{error}");
    let body = r#"{"callback":"{url}","for":"{events}"}"#;
    let error = register(&common, &["--body", body]).await.unwrap_err();
    assert!(error.ends_with("answered 422: events: are needed; url: must be https"), "{error}");
    for (option, value, sentence) in [
        ("--body", "{url}", "error: --body is not JSON"),
        ("--body", "{}", "error: --body must say where the address goes: {url}"),
        ("--credential", "X-Api-Key: abc", "error: --credential must be a header such as"),
        ("--expect", "no", "error: invalid value 'no' for '--expect <STATUS>'"),
    ] {
        let error = register(&common, &[option, value]).await.unwrap_err();
        assert!(error.starts_with(sentence), "{error}");
    }
    assert!(api.hooks().is_empty());
}
