//! To which address the function posts, and to which never.

use futures_util::future::join_all;
use order_alerts_fakes::{FakeSlack, Fault, Reply, Server};

use crate::support::queue::{
    LONGEST_WAIT, assert_no_failures, assert_retried_after, consume, failures, receive_in_vain,
};
use crate::support::webhooks::{cancellation, shopify_cancellation};
use crate::support::world::{Way, World, secret};

#[tokio::test]
async fn a_new_address_is_found_at_the_first_failure_and_kept() {
    let check = async |way: Way, (status, word): (u16, &str)| {
        let world = World::by(way, &[]).await;
        world.slack.disable(&world.slack.hook_url(), status, word);
        world.secrets.set(&secret(&world.slack.other_hook_url()));
        assert_eq!(world.deliver(way).await, None, "{way:?} {word}");
        world.assert_posted_once(false);
        assert_eq!(world.slack.messages()[0].hook, world.slack.other_hook_url());
        assert_eq!(world.slack.all_requests(), 2, "{way:?} {word}");
        // From then on the new address is used at once.
        world.accept([cancellation(2)]).await;
        if way == Way::Queue {
            assert_no_failures(&world.consume().await);
        }
        assert_eq!(world.slack.all_requests(), 3, "{way:?} {word}");
    };
    let answers = [
        (403, "action_prohibited"),
        (403, "invalid_token"),
        (404, "channel_not_found"),
        (404, "no_service"),
        (410, "channel_is_archived"),
        (400, "user_not_found"),
    ];
    join_all(Way::each(&answers).map(|(way, answer)| check(way, answer))).await;
}

#[tokio::test]
async fn a_dead_address_is_not_hammered_and_loses_nothing() {
    let removed = "the webhook was removed or its URL is wrong; store a new one in the secret";
    let gone = "the channel is gone; create a webhook for another one";
    let forbidden = "the workspace does not allow this webhook to post; ask its administrator";
    let check = async |way: Way, (status, word, advice): (u16, &str, &str)| {
        let world = World::by(way, &[]).await;
        if way == Way::Queue {
            world.accept([cancellation(1)]).await;
            receive_in_vain(&world.sqs, 18);
        }
        world.slack.disable(&world.slack.hook_url(), status, word);
        for _ in 0..2 {
            let wait = world.deliver(way).await.unwrap();
            let expected = if way == Way::Queue { 720..=900 } else { 15..=15 };
            assert!(expected.contains(&wait), "{way:?} {word}: {wait}");
        }
        if way == Way::Queue {
            assert_eq!((world.the_waiting().receives, world.sqs.dead_letters().len()), (20, 0));
        }
        assert_eq!(world.slack.all_requests(), 2, "{way:?} {word}");
        assert_eq!(world.secrets.reads(), 2, "the one at the start, and one refresh in a minute");
        world.assert_logged(advice);
    };
    let answers = [
        (403, "action_prohibited", forbidden),
        (403, "invalid_token", removed),
        (404, "channel_not_found", gone),
        (404, "no_active_hooks", removed),
        (404, "no_service", removed),
        (410, "channel_is_archived", gone),
    ];
    join_all(Way::each(&answers).map(|(way, answer)| check(way, answer))).await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let world = World::start().await;
    let elsewhere = Server::start(|_| async { Reply::new(200, &[], "ok") }).await;
    world.slack.script([Fault::Redirect(elsewhere.origin())]);
    assert_eq!(world.send(&shopify_cancellation()).await.status, 503);
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
async fn an_address_that_is_not_slacks_is_never_called() {
    let stranger = Server::start(|_| async { Reply::new(200, &[], "ok") }).await;
    let not_slack = "it is not an address like https://hooks.slack.com/services/";
    for (address, reason) in [
        ("", "no channel is connected yet"),
        ("no address", not_slack),
        ("STRANGER/PATH", "it is an address of another service than Slack"),
        ("<STRANGER/PATH>", "it is an address of another service than Slack"),
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
        assert_eq!(world.deliver(Way::Direct).await, Some(15), "{address}");
        assert_eq!(world.slack.all_requests(), 0, "{address}");
        world.assert_logged(reason);
    }
    assert_eq!(stranger.connections(), 0);
}

#[tokio::test]
async fn an_address_may_be_stored_as_it_was_copied() {
    for wrapped in ["<HOOK>", "\u{201C}HOOK\u{201D}", "HOOK%20", "curl -d '{\"text\":\"a\"}' HOOK"]
    {
        let slack = FakeSlack::start().await;
        let copied = secret(&wrapped.replace("HOOK", &slack.hook_url()));
        let world = World::from_parts(Way::Direct, slack, &copied, &[]).await;
        assert_eq!(world.deliver(Way::Direct).await, None, "{wrapped}");
        assert_eq!(world.slack.messages()[0].hook, world.slack.hook_url(), "{wrapped}");
    }
}

#[tokio::test]
async fn an_address_in_plain_http_is_never_called_where_slack_speaks_tls() {
    let slack = FakeSlack::start().await;
    let (plain, tls) = (secret(&slack.hook_url()), slack.origin().replace("http", "https"));
    let world = World::from_parts(Way::Direct, slack, &plain, &[("SLACK_ORIGIN", &tls)]).await;
    assert_eq!(world.deliver(Way::Direct).await, Some(15));
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
async fn orders_wait_until_a_channel_is_connected() {
    let slack = FakeSlack::start().await;
    let world = World::from_parts(Way::Queue, slack, &secret(""), &[]).await;
    world.accept([cancellation(1)]).await;
    receive_in_vain(&world.sqs, 18);
    for _ in 0..2 {
        assert_eq!(failures(&world.consume().await), [world.the_waiting().id]);
        assert_retried_after(&world.the_waiting(), 720..=900);
        world.sqs.advance(LONGEST_WAIT);
    }
    assert_eq!((world.the_waiting().receives, world.sqs.dead_letters().len()), (20, 0));
    assert_eq!((world.slack.all_requests(), world.secrets.reads()), (0, 2));
    world.function.logged("no channel is connected yet (`connect slack` stores one)").await;

    world.secrets.set(&secret(&world.slack.hook_url()));
    let (lambda, _function) = world.another(Way::Queue, &[]).await;
    assert_no_failures(&consume(&world.sqs, &lambda).await.unwrap());
    world.assert_posted_once(false);
    world.assert_queues_are_empty();
}

#[tokio::test]
async fn the_first_message_finds_its_connection_open() {
    let world = World::start().await;
    assert_eq!((world.slack.server().connections(), world.slack.all_requests()), (1, 0));
    world.accept([shopify_cancellation(), shopify_cancellation()]).await;
    assert_eq!(world.slack.server().connections(), 1, "one connection serves them all");
}
