//! What Slack answers, and what becomes of the order then.

use std::time::Duration;

use order_alerts_fakes::{
    FakeDynamoDb, FakeSecretsManager, FakeSlack, FakeSqs, Fault, Reply, RuntimeApi, Server,
};
use serde_json::json;

use crate::support::world::{Answer, Way, World, secret, shopify_cancellation, start_function};

fn answer_of(status: u16, body: &str) -> Fault {
    Fault::Answer { status, body: body.to_owned(), headers: Vec::new() }
}

async fn send_with(world: &World, faults: impl IntoIterator<Item = Fault>) -> Answer {
    world.slack.script(faults);
    world.send(&shopify_cancellation()).await
}

#[track_caller]
fn assert_try_again(answer: &Answer, seconds: &str) {
    assert_eq!((answer.status, &answer.headers["retry-after"]), (503, &json!(seconds)));
    assert!(answer.body.contains("The event cannot be taken now; send it again later."));
}

#[tokio::test]
async fn a_short_rate_limit_is_waited_out() {
    let world = World::start().await;
    let answer = send_with(&world, [Fault::RateLimited(Some("1"))]).await;
    assert_eq!(answer.status, 200);
    let arrivals = world.slack.arrivals();
    assert!(arrivals[1] - arrivals[0] >= Duration::from_secs(1), "{arrivals:?}");
    assert!(!world.the_message().contains("repeat"), "a rate-limited message was not posted");
}

#[tokio::test]
async fn a_long_rate_limit_is_the_senders_to_wait() {
    let world = World::start().await;
    for (retry_after, told) in [
        (Some("120"), "120"),
        (Some("120.1"), "121"),
        (Some("1000000000000"), "900"),
        (Some("abc"), "15"),
        (Some("-5"), "15"),
        (Some("Wed, 21 Oct 2026 07:28:00 GMT"), "15"),
        (None, "15"),
    ] {
        assert_try_again(&send_with(&world, [Fault::RateLimited(retry_after)]).await, told);
    }
    assert_eq!(world.slack.all_requests(), 7);
    assert_eq!(world.slack.messages().len(), 0);
}

#[tokio::test]
async fn one_error_of_slack_is_tried_again_at_once() {
    for status in [500, 502, 503, 504] {
        let world = World::start().await;
        assert_eq!(send_with(&world, [answer_of(status, "<html>oops</html>")]).await.status, 200);
        assert!(world.the_message().contains("This may be a repeat"), "Slack may have posted it");
    }
}

#[tokio::test]
async fn a_lasting_error_of_slack_is_the_senders_to_wait() {
    let world = World::start().await;
    let errors = [answer_of(500, "rollup_error"), answer_of(500, "rollup_error")];
    assert_try_again(&send_with(&world, errors).await, "15");
    assert_eq!(world.slack.all_requests(), 2);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_repeated_and_says_so() {
    let world = World::start().await;
    let answer = send_with(&world, [Fault::PostedThen(Box::new(Fault::Reset))]).await;
    assert_eq!(answer.status, 200);
    let messages = world.slack.messages();
    assert_eq!(messages.len(), 2);
    assert!(!messages[0].rendered().contains("repeat"));
    assert!(messages[1].rendered().contains("This may be a repeat"));
}

#[tokio::test]
async fn a_taken_message_is_never_posted_again_whatever_slack_says() {
    let odd = [answer_of(200, "<html>maintenance</html>"), answer_of(204, "")];
    for fault in odd {
        let world = World::start().await;
        let answer = send_with(&world, [Fault::PostedThen(Box::new(fault))]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(world.slack.all_requests(), 1);
    }
}

#[tokio::test]
async fn a_silent_slack_is_given_up_in_time() {
    // Senders wait five seconds; a Lambda with a shorter time-out ends the invocation before.
    for time_out in [6, 2] {
        let slack = FakeSlack::start().await;
        let secrets = FakeSecretsManager::start(&secret(&slack.hook_url())).await;
        let lambda = RuntimeApi::with_timeout(Duration::from_secs(time_out)).await;
        let (sqs, ledger) = (FakeSqs::start().await, FakeDynamoDb::start().await);
        let function = start_function(Way::Direct, &slack, &secrets, &sqs, &ledger, &lambda, &[]);
        let world = World { slack, secrets, sqs, ledger, lambda, function };
        world.lambda.ready().await;
        assert_try_again(&send_with(&world, [Fault::Hang]).await, "15");
        assert_eq!(world.slack.all_requests(), 1, "no time is left for another");
    }
}

#[tokio::test]
async fn a_slack_that_cannot_be_reached_is_the_senders_to_wait() {
    let nobody = {
        let gone = Server::start(|_| async { Reply::Reset }).await;
        gone.origin()
    };
    let slack = FakeSlack::start().await;
    let text = secret(&slack.hook_url()).replace(&slack.origin(), &nobody);
    let world = World::from_parts(Way::Direct, slack, &text, &[("SLACK_ORIGIN", &nobody)]).await;
    assert_try_again(&world.send(&shopify_cancellation()).await, "15");
}

#[tokio::test]
async fn a_refused_payload_is_posted_as_plain_text() {
    for (status, word) in [
        (400, "invalid_blocks"),
        (400, "invalid_payload"),
        (400, "msg_blocks_too_long"),
        (400, "msg_too_long"),
        (413, ""),
    ] {
        let world = World::start().await;
        assert_eq!(send_with(&world, [answer_of(status, word)]).await.status, 200, "{word}");
        let shown = world.the_message();
        assert!(shown.contains("Order #1001 cancelled · USD 254.98"), "{shown}");
        assert!(world.slack.messages()[0].payload.get("blocks").is_none());
    }
}

#[tokio::test]
async fn a_payload_that_is_refused_as_plain_text_too_is_not_tried_for_ever() {
    let world = World::start().await;
    let refusals = [answer_of(400, "invalid_blocks"), answer_of(400, "invalid_payload")];
    assert_eq!(send_with(&world, refusals).await.status, 503);
    assert_eq!(world.slack.all_requests(), 2);
}

#[tokio::test]
async fn a_new_address_heals_at_the_first_failure() {
    for (status, word) in [
        (403, "invalid_token"),
        (403, "action_prohibited"),
        (404, "no_service"),
        (404, "channel_not_found"),
        (410, "channel_is_archived"),
        (400, "user_not_found"),
    ] {
        let world = World::start().await;
        world.slack.disable(&world.slack.hook_url(), status, word);
        world.secrets.set(&secret(&world.slack.other_hook_url()));
        assert_eq!(world.send(&shopify_cancellation()).await.status, 200, "{word}");
        assert_eq!(world.slack.messages()[0].hook, world.slack.other_hook_url());
        assert_eq!(world.slack.all_requests(), 2);
        // From then on the new address is used at once.
        assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
        assert_eq!(world.slack.all_requests(), 3);
    }
}

#[tokio::test]
async fn a_dead_address_is_not_hammered() {
    let world = World::start().await;
    world.slack.disable(&world.slack.hook_url(), 404, "no_active_hooks");
    assert_try_again(&world.send(&shopify_cancellation()).await, "15");
    assert_try_again(&world.send(&shopify_cancellation()).await, "15");
    assert_eq!(world.slack.all_requests(), 2);
    assert_eq!(world.secrets.reads(), 2, "the one before the first event, and one refresh");
    let logs = world.function.logs();
    assert!(logs.iter().any(|line| line.contains("put a new one into the secret")), "{logs:#?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let world = World::start().await;
    let elsewhere = Server::start(|_| async { Reply::new(200, &[], "ok") }).await;
    let answer = send_with(&world, [Fault::Redirect(elsewhere.origin())]).await;
    assert_eq!(answer.status, 503);
    assert_eq!(elsewhere.requests(), 0);
}

#[tokio::test]
async fn a_proxy_in_the_environment_is_not_used() {
    let proxy = Server::start(|_| async { Reply::new(502, &[], "") }).await;
    let origin = proxy.origin();
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"];
    let world = World::with(&names.map(|name| (name, origin.as_str()))).await;
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
async fn an_address_that_is_none_of_slacks_is_never_called() {
    let stranger = Server::start(|_| async { Reply::new(200, &[], "ok") }).await;
    let not_slack = "it is not an address like https://hooks.slack.com/services/";
    for (address, reason) in [
        ("", "no channel is connected yet"),
        ("no address", not_slack),
        ("STRANGER/PATH", not_slack),
        ("http://HOST/triggers/T0/1/x", "it is a workflow's address"),
        ("http://user@HOST/PATH", not_slack),
        ("http://HOST/PATH?x=1", not_slack),
    ] {
        let slack = FakeSlack::start().await;
        let hook = slack.hook_url();
        let (host, path) = hook.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let address = address.replace("STRANGER", &stranger.origin());
        let address = address.replace("HOST", host).replace("PATH", path);
        let world = World::from_parts(Way::Direct, slack, &secret(&address), &[]).await;
        assert_try_again(&world.send(&shopify_cancellation()).await, "15");
        assert_eq!(world.slack.all_requests(), 0, "{address}");
        let logs = world.function.logs();
        assert!(logs.iter().any(|line| line.contains(reason)), "{reason}: {logs:#?}");
    }
    assert_eq!(stranger.connections(), 0);
}

#[tokio::test]
async fn an_address_in_plain_http_is_never_called_where_slack_speaks_tls() {
    let slack = FakeSlack::start().await;
    let (plain, tls) = (secret(&slack.hook_url()), slack.origin().replace("http", "https"));
    let world = World::from_parts(Way::Direct, slack, &plain, &[("SLACK_ORIGIN", &tls)]).await;
    assert_try_again(&world.send(&shopify_cancellation()).await, "15");
    assert_eq!(world.slack.all_requests(), 0);
}

#[tokio::test]
async fn a_channel_that_is_connected_later_is_found_at_once() {
    let slack = FakeSlack::start().await;
    let world = World::from_parts(Way::Direct, slack, &secret(""), &[]).await;
    world.lambda.ready().await;
    world.secrets.set(&secret(&world.slack.hook_url()));
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
}

#[tokio::test]
async fn the_first_message_finds_its_connection_open() {
    let world = World::start().await;
    assert_eq!((world.slack.server().connections(), world.slack.all_requests()), (1, 0));
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    assert_eq!(world.slack.server().connections(), 1, "one connection serves them all");
}
