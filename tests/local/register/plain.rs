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
    let next =
        "give your order system the key to sign with\nWhere the key is  The stack has made one";
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
    assert!(listed.contains(&format!("  ours   refund                   {url}\n")), "{listed}");
    let removed = register(&common, &["--remove"]).await.unwrap();
    assert!(removed.ends_with("  refund: removed\n"), "{removed}");
    assert!(api.hooks().is_empty());
}

#[tokio::test]
async fn a_plain_api_may_want_another_method_body_status_and_header() {
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
    let seen = "  What is registered already cannot be seen: a GET there is answered with 404.\n";
    assert!(output.contains(&format!("{seen}  a: registered\n")), "{output}");
    let error = register(&common, &[]).await.unwrap_err();
    assert!(
        error.ends_with("answered 202 (201 was expected: if 202 says so too, give --expect 202)"),
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
async fn an_api_that_does_not_list_says_itself_what_is_there() {
    let api = FakePlainApi::start(Sort::WriteOnly).await;
    let (endpoint, url) = (api.url(), format!("{HOST}/webhook"));
    let common = ["generic", "--api", &endpoint, "--url", &url];
    register(&common, &[]).await.unwrap();
    let output = register(&common, &[]).await.unwrap();
    assert!(output.contains("has it already\n"), "{output}");
    assert_eq!(api.hooks().len(), 1);
    for wish in ["--list", "--remove"] {
        let error = register(&common, &[wish]).await.unwrap_err();
        assert!(
            error.ends_with("does not say what is registered: a GET there is answered with 405"),
            "{error}"
        );
    }

    let api = FakePlainApi::start(Sort::Unique).await;
    let endpoint = api.url();
    let common = ["generic", "--api", &endpoint, "--url", &url, "--event"];
    register(&common, &["order_created"]).await.unwrap();
    let error = register(&common, &["order_cancelled"]).await.unwrap_err();
    assert!(
        error.contains("has this address for other events, and takes it once: --remove it first"),
        "{error}"
    );
}

#[tokio::test]
async fn an_id_that_names_more_than_one_webhook_removes_nothing() {
    let url = format!("{HOST}/webhook");
    let listed = json!([{"id": "..", "url": url, "events": ["order_created"]}]).to_string();
    let api = host(Reply::new(200, &[], listed)).await;
    let common = ["generic", "--api", &api.origin(), "--url", &url];
    let error = register(&common, &["--remove"]).await.unwrap_err();
    assert!(error.ends_with("does not say its id: remove it there"), "{error}");
    assert_eq!(api.requests(), 1);
}

#[tokio::test]
async fn what_a_plain_api_refuses_is_said() {
    let api = FakePlainApi::start(Sort::Listing).await;
    let (endpoint, url) = (api.url(), format!("{HOST}/webhook"));
    let common = ["generic", "--api", &endpoint, "--url", &url];
    let error = register_with(&[], &common, &[]).await.unwrap_err();
    let sentence =
        "answered 401: The token is unknown. (API_TOKEN is not set: nothing was said of who asks)";
    assert!(error.ends_with(sentence), "{error}");
    let error = register_with(&[("API_TOKEN", "another")], &common, &[]).await.unwrap_err();
    assert!(error.ends_with("(is API_TOKEN right, and the header of --credential?)"), "{error}");
    let error = register(&common, &["--body", r#"{"callback":"{url}"}"#]).await.unwrap_err();
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
