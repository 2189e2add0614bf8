//! What Slack answers to an order from the queue, and what becomes of the order then.

use std::ops::RangeInclusive;
use std::time::Duration;

use futures_util::future::join_all;
use order_alerts_fakes::{
    AwsFault, EVERY_OPERATION, FakeSlack, Fault, QueuedMessage, Reply, SecretsFault, Server,
};
use serde_json::json;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::queue::consume::{
    GAP, OUT_OF_SIGHT, assert_comes_back, cancel, consume_by, failures, receive_in_vain, waits,
};
use crate::support::world::{Way, World, generic, key, secret, shopify};
use crate::webhook::privacy::private_order;

pub(crate) const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// A world with the cancellation of `N001` in the queue.
pub(crate) async fn with_an_order(faults: impl IntoIterator<Item = Fault>) -> World {
    let world = World::queued(&[]).await;
    world.slack.script(faults);
    cancel(&world, 1..=1).await;
    world
}

#[track_caller]
pub(crate) fn the_waiting(world: &World) -> QueuedMessage {
    let mut messages = world.sqs.messages();
    assert_eq!(messages.len(), 1, "{messages:#?}");
    messages.remove(0)
}

/// The channel shows the order once, and nothing of it is left in the queue.
#[track_caller]
pub(crate) fn assert_told(world: &World, repeat: bool) {
    let shown = world.the_message();
    assert!(shown.contains("Order N001 cancelled"), "{shown}");
    assert_eq!(shown.contains("This may be a repeat"), repeat, "{shown}");
    assert_eq!((world.sqs.messages(), world.sqs.dead_letters()), (vec![], vec![]));
}

#[tokio::test]
async fn a_short_rate_limit_is_waited_out_in_the_invocation() {
    let limited = async |seconds: &'static str| {
        let world = with_an_order([Fault::RateLimited(Some(seconds))]).await;
        world.consume().await;
        assert_told(&world, false);
        let arrivals = world.slack.arrivals();
        arrivals[1] - arrivals[0]
    };
    let (one, three) = tokio::join!(limited("1"), limited("3"));
    assert!(one >= GAP, "{one:?}");
    assert!(three >= Duration::from_secs(3), "{three:?}");
}

#[tokio::test]
async fn a_long_rate_limit_keeps_all_messages_out_of_sight_for_as_long() {
    let limited = async |(retry_after, seconds): (&'static str, u64)| {
        let world = World::queued(&[]).await;
        world.slack.script([Fault::RateLimited(Some(retry_after))]);
        cancel(&world, 1..=10).await;
        for number in [11, 12] {
            let created = json!({"event_type": "order_created", "order_id": number});
            assert_eq!(world.send(&generic(created.to_string())).await.status, 200);
        }
        let handed_over: Vec<_> =
            world.sqs.messages().into_iter().take(10).map(|message| message.id).collect();
        world.sqs.advance(Duration::from_secs(62));

        assert_eq!(failures(&world.consume().await), handed_over, "{retry_after}");
        assert_eq!(waits(&world.sqs), [seconds; 12], "{retry_after}");
        for message in world.sqs.messages() {
            assert_comes_back(&message, seconds..=seconds);
        }
        assert_eq!(world.slack.all_requests(), 1, "nothing else is posted meanwhile");
    };
    join_all([("120", 120), ("120.1", 121), ("1000000000000", 900)].map(limited)).await;
}

#[tokio::test]
async fn a_rate_limit_without_a_readable_time_is_the_back_off() {
    let limited = async |retry_after: Option<&'static str>| {
        let world = with_an_order([Fault::RateLimited(retry_after)]).await;
        let invocation = world.consume().await;
        assert_eq!(failures(&invocation), [the_waiting(&world).id], "{retry_after:?}");
        assert_comes_back(&the_waiting(&world), 12..=15);
        assert!((12..=15).contains(&waits(&world.sqs)[0]), "{retry_after:?}");
        assert_eq!(world.slack.all_requests(), 1, "{retry_after:?}");
    };
    let date = "Wed, 21 Oct 2026 07:28:00 GMT";
    join_all([Some("abc"), Some("-5"), Some(date), None].map(limited)).await;
}

#[tokio::test]
async fn one_error_of_slack_is_tried_again_and_said_to_be_a_possible_repeat() {
    let erring = async |fault: Fault| {
        let world = with_an_order([fault]).await;
        assert_eq!(failures(&world.consume().await), Vec::<String>::new());
        assert_told(&world, true);
        assert_eq!(world.slack.all_requests(), 2);
    };
    let error = |status| Fault::answer(status, "<html>oops</html>");
    join_all([error(500), error(502), error(503), error(504), Fault::Reset].map(erring)).await;
}

#[tokio::test]
async fn what_slack_took_without_a_word_is_shown_once_more_and_said_to_be_a_possible_repeat() {
    let losing = async |fault: Fault| {
        let world = with_an_order([fault.clone().posted_then()]).await;
        assert_eq!(failures(&world.consume().await), Vec::<String>::new(), "{fault:?}");
        let messages = world.slack.messages().into_iter();
        let are_repeats = messages.map(|posted| posted.rendered().contains("This may be a repeat"));
        assert_eq!(are_repeats.collect::<Vec<_>>(), [false, true], "{fault:?}");
        assert_eq!(world.sqs.messages(), [], "{fault:?}");
    };
    let late = Fault::Slow(Duration::from_mins(1));
    join_all([Fault::answer(500, "rollup_error"), Fault::Reset, late].map(losing)).await;
}

#[tokio::test]
async fn a_lasting_error_of_slack_is_waited_for_longer_each_time_and_nothing_is_given_up() {
    let world = World::queued(&[]).await;
    // Each order is received in vain together with those that were sent before.
    for (number, times) in [(1, 13), (2, 4), (3, 1), (4, 1), (5, 0)] {
        cancel(&world, number..=number).await;
        receive_in_vain(&world.sqs, times);
    }
    let receives =
        world.sqs.messages().iter().map(|message| message.receives + 1).collect::<Vec<_>>();
    assert_eq!(receives, [20, 7, 3, 2, 1]);
    world.slack.script([Fault::answer(500, "rollup_error"), Fault::answer(500, "rollup_error")]);
    assert_eq!(failures(&world.consume().await).len(), 5);
    assert_eq!(world.slack.all_requests(), 2);
    let expected: [RangeInclusive<u64>; 5] = [720..=900, 720..=900, 48..=60, 24..=30, 12..=15];
    for (message, seconds) in world.sqs.messages().iter().zip(expected) {
        assert_comes_back(message, seconds);
    }

    // Once Slack is well, what it may have shown says so, and all of it is there.
    world.sqs.advance(LONGEST_WAIT);
    assert_eq!(failures(&world.consume().await), Vec::<String>::new());
    let shown = world.the_message();
    assert!(shown.contains("🚫 5 orders cancelled") && shown.contains("This may be a repeat"));
    assert_eq!((world.sqs.messages(), world.sqs.dead_letters()), (vec![], vec![]));
}

/// An address where a connection is never refused and never made, as behind a firewall.
async fn hung() -> (String, Vec<TcpStream>, TcpListener) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    // Nobody accepts them, so that there is no room for more after a few.
    let mut waiting = Vec::new();
    while let Ok(one) = timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        waiting.push(one.unwrap());
    }
    (format!("http://{address}"), waiting, listener)
}

#[tokio::test]
async fn what_never_reached_slack_is_no_repeat_when_it_is_shown_later() {
    let trying = async |origin: &str| {
        let slack = FakeSlack::start().await;
        // What speaks no TLS fails a handshake.
        let origin = origin.replace("TLS", &slack.origin().replace("http", "https"));
        let real = secret(&slack.hook_url());
        let unreachable = real.replace(&slack.origin(), &origin);
        let settings = [("SLACK_ORIGIN", origin.as_str())];
        let world = World::from_parts(Way::Queue, slack, &unreachable, &settings).await;
        cancel(&world, 1..=1).await;
        assert_eq!(failures(&world.consume().await), [the_waiting(&world).id], "{origin}");
        assert_comes_back(&the_waiting(&world), 12..=15);
        world.function.logged("Slack cannot be reached").await;

        world.secrets.set(&real);
        world.sqs.advance(LONGEST_WAIT);
        let world = world.restarted(Way::Queue, &[]).await;
        assert_eq!(failures(&world.consume().await), Vec::<String>::new(), "{origin}");
        assert_told(&world, false);
    };
    let refusing = Server::start(|_| async { Reply::Reset }).await.origin();
    let (hung, _waiting, _listener) = hung().await;
    join_all([&refusing, &hung, "http://slack.invalid", "TLS"].map(trying)).await;
}

#[tokio::test]
async fn a_new_address_heals_at_the_first_failure() {
    let refusing = async |(status, word): (u16, &'static str)| {
        let world = with_an_order([]).await;
        world.slack.disable(&world.slack.hook_url(), status, word);
        world.secrets.set(&secret(&world.slack.other_hook_url()));
        assert_eq!(failures(&world.consume().await), Vec::<String>::new(), "{word}");
        assert_told(&world, false);
        assert_eq!(world.slack.messages()[0].hook, world.slack.other_hook_url());
        assert_eq!(world.slack.all_requests(), 2);
    };
    let words = [
        (403, "action_prohibited"),
        (403, "invalid_token"),
        (404, "channel_not_found"),
        (404, "no_service"),
        (410, "channel_is_archived"),
    ];
    join_all(words.map(refusing)).await;
}

#[tokio::test]
async fn a_dead_address_keeps_everything_and_the_secret_is_not_read_all_the_time() {
    let refusing = async |(status, word, advice): (u16, &'static str, &'static str)| {
        let world = with_an_order([]).await;
        receive_in_vain(&world.sqs, 18);
        world.slack.disable(&world.slack.hook_url(), status, word);
        for _ in 0..2 {
            assert_eq!(failures(&world.consume().await), [the_waiting(&world).id], "{word}");
            assert_comes_back(&the_waiting(&world), 720..=900);
            world.sqs.advance(LONGEST_WAIT);
        }
        assert_eq!((the_waiting(&world).receives, world.sqs.dead_letters().len()), (20, 0));
        assert_eq!(world.slack.all_requests(), 2, "{word}");
        assert_eq!(world.secrets.reads(), 2, "the one at the start, and one refresh in a minute");
        let logs = world.function.logs();
        assert!(logs.iter().any(|line| line.contains(advice)), "{advice}: {logs:#?}");
    };
    let removed = "the webhook was removed or its address is wrong; put a new one into the secret";
    let gone = "the channel is gone; create a webhook for another one";
    let forbidden = "the workspace does not allow this webhook to post; ask its administrator";
    join_all([
        refusing((403, "action_prohibited", forbidden)),
        refusing((403, "invalid_token", removed)),
        refusing((404, "channel_not_found", gone)),
        refusing((404, "no_service", removed)),
        refusing((410, "channel_is_archived", gone)),
    ])
    .await;
}

#[tokio::test]
async fn orders_are_taken_and_wait_until_the_secret_can_be_read() {
    let denied = async |error: &'static str| {
        let world = World::queued(&[]).await;
        world.secrets.fail_with(SecretsFault::Error(error));
        cancel(&world, 1..=1).await;
        let world = world.restarted(Way::Queue, &[]).await;
        assert_eq!(failures(&world.consume().await), [the_waiting(&world).id], "{error}");
        assert_comes_back(&the_waiting(&world), 12..=15);
        assert_eq!(world.slack.all_requests(), 0, "{error}");

        world.secrets.recover();
        world.sqs.advance(LONGEST_WAIT);
        assert_eq!(failures(&world.consume().await), Vec::<String>::new(), "{error}");
        assert_told(&world, false);
    };
    // The last is the word for a key that KMS does not give.
    let errors = ["ResourceNotFoundException", "AccessDeniedException", "DecryptionFailure"];
    join_all(errors.map(denied)).await;
}

#[tokio::test]
async fn orders_wait_until_a_channel_is_connected() {
    let slack = FakeSlack::start().await;
    let world = World::from_parts(Way::Queue, slack, &secret(""), &[]).await;
    cancel(&world, 1..=1).await;
    receive_in_vain(&world.sqs, 18);
    for _ in 0..2 {
        assert_eq!(failures(&world.consume().await), [the_waiting(&world).id]);
        assert_comes_back(&the_waiting(&world), 720..=900);
        world.sqs.advance(LONGEST_WAIT);
    }
    assert_eq!((the_waiting(&world).receives, world.sqs.dead_letters().len()), (20, 0));
    assert_eq!((world.slack.all_requests(), world.secrets.reads()), (0, 2));
    world.function.logged("no channel is connected yet (`connect slack` stores one)").await;

    world.secrets.set(&secret(&world.slack.hook_url()));
    let (lambda, _function) = world.another(Way::Queue, &[]).await;
    assert_eq!(failures(&consume_by(&lambda, &world.sqs).await), Vec::<String>::new());
    assert_told(&world, false);
}

#[tokio::test]
async fn no_failure_on_the_way_from_the_queue_writes_down_what_is_private() {
    let world = World::queued(&[]).await;
    let signed = shopify("orders/cancelled", &private_order().to_string());
    // The way into the queue.
    world.sqs.script("SendMessage", [AwsFault::Reset, AwsFault::Reset]);
    assert_eq!(world.send(&signed).await.status, 503);
    assert_eq!(world.send(&signed).await.status, 200);
    // Messages that cannot be read, and cannot be set aside.
    world.sqs.send("canary@example.com, 1 Canary Street");
    world.sqs.send(r#"{"version":3,"canary":"canary"}"#);
    receive_in_vain(&world.sqs, 2);
    world.sqs.script("SendMessage", [AwsFault::error("InternalError", 500), AwsFault::Reset]);
    // An edge in Slack's place, and a connection that breaks.
    world.slack.script([Fault::answer(500, "canary page"), Fault::Reset]);
    world.consume().await;
    // A ledger that is down, a refusal of every form, a dead address, and no secret.
    world.ledger.fail_with(EVERY_OPERATION, AwsFault::error("InternalServerError", 500));
    world.slack.script([Fault::answer(400, "canary page"), Fault::answer(403, "canary page")]);
    world.secrets.fail_with(SecretsFault::Garbage);
    world.sqs.advance(OUT_OF_SIGHT);
    world.consume().await;
    world.function.stop().await;

    let hook = world.slack.hook_url();
    let token = hook.rsplit('/').next().unwrap();
    let shopify_key = key("shopify");
    let logs = world.function.logs();
    for told in [
        "queue unavailable",
        "dead-letter queue unavailable",
        "undecodable",
        "not posted",
        "ledger unavailable",
    ] {
        assert!(logs.iter().any(|line| line.contains(told)), "{told} is not in {logs:#?}");
    }
    for line in &logs {
        for secret in [token, shopify_key.as_str(), "fake-secret-access-key"] {
            assert!(!line.contains(secret), "{line}");
        }
        assert!(!line.to_lowercase().contains("canary"), "{line}");
    }
    let ledger = format!("{:?}", world.ledger.items()).to_lowercase();
    assert!(!ledger.contains("canary"), "{ledger}");
}
