//! What Slack answers, and what becomes of the order then, by either way to the channel.

use std::ops::RangeInclusive;
use std::time::Duration;

use futures_util::future::join_all;
use order_alerts_fakes::{ClosedPort, FakeSlack, Fault, SecretsFault};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::queue::{
    GAP, LONGEST_WAIT, assert_no_failures, assert_retried_after, failures, receive_in_vain, waits,
};
use crate::support::webhooks::{cancellation, creation};
use crate::support::world::{Way, World, secret};

/// What must become of an order whose delivery was tried once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Posted,
    PostedAsRepeat,
    /// After so many seconds.
    Retried(u64),
    /// After as long as a first failure costs.
    BackedOff,
}

impl World {
    /// Has the function try to deliver the cancellation of order 1; returns after how many seconds
    /// it must be retried, if it was not delivered. With queue delivery, every further call is a
    /// further receive of the same message.
    pub(crate) async fn deliver(&self, way: Way) -> Option<u64> {
        if way != Way::Queue {
            let answer = self.send(&cancellation(1)).await;
            return (answer.status != 200).then(|| answer.retry_after());
        }
        if self.sqs.messages().is_empty() {
            self.accept([cancellation(1)]).await;
        }
        self.sqs.advance(LONGEST_WAIT);
        let failed = failures(&self.consume().await);
        if failed.is_empty() {
            self.assert_queues_are_empty();
            return None;
        }
        assert_eq!(failed, [self.the_waiting().id]);
        let wait = *waits(&self.sqs).last().expect("the function hides what it must retry");
        assert_retried_after(&self.the_waiting(), wait..=wait);
        Some(wait)
    }

    /// The order is in the channel once, as a possible repeat or not.
    #[track_caller]
    pub(crate) fn assert_posted_once(&self, is_repeat: bool) {
        assert!(self.the_message().contains("Order #1 cancelled"), "{}", self.the_message());
        assert_eq!(self.repeats(), [is_repeat]);
    }
}

/// Tries once by each way, while Slack has these faults for its posts and sees so many of them.
async fn check(faults: &[Fault], posts: usize, expected: Expected) {
    let check_way = async |way: Way| {
        let world = World::by(way, &[]).await;
        world.slack.script(faults.iter().cloned());
        let retried = world.deliver(way).await;
        let case = format!("{way:?} {faults:?}: {retried:?}");
        match expected {
            Expected::Posted => assert_eq!(world.repeats(), [false], "{case}"),
            Expected::PostedAsRepeat => assert_eq!(world.repeats(), [true], "{case}"),
            Expected::Retried(seconds) => assert_eq!(retried, Some(seconds), "{case}"),
            Expected::BackedOff => assert_backed_off(way, retried),
        }
        let is_posted = matches!(expected, Expected::Posted | Expected::PostedAsRepeat);
        assert_eq!(retried.is_none(), is_posted, "{case}");
        assert_eq!(world.slack.all_requests(), posts, "{case}");
    };
    tokio::join!(check_way(Way::Direct), check_way(Way::Queue));
}

/// The wait is that of a first failure: of a sender, or of a queue message and its jitter.
#[track_caller]
fn assert_backed_off(way: Way, seconds: Option<u64>) {
    let expected = if way == Way::Queue { 12..=15 } else { 15..=15 };
    assert!(seconds.is_some_and(|wait| expected.contains(&wait)), "{way:?}: {seconds:?}");
}

#[tokio::test]
async fn an_answer_of_slack_decides_what_becomes_of_the_order() {
    let limited = |retry_after| vec![Fault::RateLimited(retry_after)];
    let error = |status| Fault::answer(status, "<html>oops</html>");
    let date = "Wed, 21 Oct 2026 07:28:00 GMT";
    let cases = [
        // A short rate limit is waited out; after a long one the sender or the queue retries.
        (limited(Some("1")), 2, Expected::Posted),
        (limited(Some("120")), 1, Expected::Retried(120)),
        (limited(Some("120.1")), 1, Expected::Retried(121)),
        (limited(Some("1000000000000")), 1, Expected::Retried(900)),
        (limited(Some("abc")), 1, Expected::BackedOff),
        (limited(Some("-5")), 1, Expected::BackedOff),
        (limited(Some(date)), 1, Expected::BackedOff),
        (limited(None), 1, Expected::BackedOff),
        // One error is retried at once, and Slack may have posted the message before it.
        (vec![error(500)], 2, Expected::PostedAsRepeat),
        (vec![error(502)], 2, Expected::PostedAsRepeat),
        (vec![error(503)], 2, Expected::PostedAsRepeat),
        (vec![error(504)], 2, Expected::PostedAsRepeat),
        (vec![Fault::Reset], 2, Expected::PostedAsRepeat),
        (vec![error(500), error(500)], 2, Expected::BackedOff),
        // A 2xx is a success, unless its body says a word of refusal, or is a proxy's page.
        (vec![Fault::answer(200, r#"{"success":true}"#).posted_then()], 1, Expected::Posted),
        (vec![Fault::answer(204, "").posted_then()], 1, Expected::Posted),
        (vec![Fault::answer(200, "<html>sign in</html>")], 2, Expected::PostedAsRepeat),
        (vec![Fault::answer(200, "channel_is_archived")], 1, Expected::BackedOff),
        (vec![Fault::answer(200, "invalid_blocks")], 2, Expected::Posted),
        // An unknown word may be about the payload: plain text is tried, and then it waits.
        (
            vec![Fault::answer(400, "new_word"), Fault::answer(400, "new_word")],
            2,
            Expected::BackedOff,
        ),
        // A message that Slack rejects as plain text too is not posted a third time.
        (
            vec![Fault::answer(400, "invalid_blocks"), Fault::answer(400, "invalid_payload")],
            2,
            Expected::BackedOff,
        ),
    ];
    // Only a few at once: every case starts two functions.
    for cases in cases.chunks(4) {
        join_all(cases.iter().map(|(faults, posts, end)| check(faults, *posts, *end))).await;
    }
}

#[tokio::test]
async fn a_rejected_payload_is_posted_as_plain_text() {
    let check_answer = async |way: Way, (status, word): (u16, &str)| {
        let world = World::by(way, &[]).await;
        world.slack.script([Fault::answer(status, word)]);
        assert_eq!(world.deliver(way).await, None, "{way:?} {word}");
        world.assert_posted_once(false);
        assert!(world.slack.messages()[0].payload.get("blocks").is_none(), "{way:?} {word}");
    };
    let answers = [
        (400, "invalid_blocks"),
        (400, "invalid_payload"),
        (400, "msg_blocks_too_long"),
        (400, "msg_too_long"),
        (413, ""),
    ];
    join_all(Way::each(&answers).map(|(way, answer)| check_answer(way, answer))).await;
}

#[tokio::test]
async fn a_short_rate_limit_is_waited_out_in_the_invocation() {
    let gap = async |way: Way, seconds: &'static str| {
        let world = World::by(way, &[]).await;
        world.slack.script([Fault::RateLimited(Some(seconds))]);
        assert_eq!(world.deliver(way).await, None, "{way:?}");
        world.assert_posted_once(false);
        let arrivals = world.slack.arrivals();
        arrivals[1] - arrivals[0]
    };
    let (direct, paced, three) =
        tokio::join!(gap(Way::Direct, "1"), gap(Way::Queue, "1"), gap(Way::Queue, "3"));
    assert!(direct >= Duration::from_secs(1), "{direct:?}");
    assert!(paced >= GAP, "{paced:?}");
    assert!(three >= Duration::from_secs(3), "{three:?}");
}

#[tokio::test]
async fn a_long_rate_limit_hides_all_messages_for_as_long() {
    let world = World::queued(&[]).await;
    world.slack.script([Fault::RateLimited(Some("120"))]);
    world.accept((1..=10).map(cancellation)).await;
    world.accept((11..=12).map(creation)).await;
    let batch: Vec<_> = world.sqs.messages().into_iter().take(10).map(|left| left.id).collect();
    world.sqs.advance(Duration::from_secs(62));

    assert_eq!(failures(&world.consume().await), batch);
    assert_eq!(waits(&world.sqs), [120; 12]);
    for message in world.sqs.messages() {
        assert_retried_after(&message, 120..=120);
    }
    assert_eq!(world.slack.all_requests(), 1, "nothing else is posted meanwhile");
}

#[tokio::test]
async fn a_post_whose_response_was_lost_is_reposted_as_a_possible_repeat() {
    let lose = async |way: Way, fault: Fault| {
        let world = World::by(way, &[]).await;
        world.slack.script([fault.clone().posted_then()]);
        assert_eq!(world.deliver(way).await, None, "{way:?} {fault:?}");
        assert_eq!(world.repeats(), [false, true], "{way:?} {fault:?}");
    };
    let error = || Fault::answer(500, "rollup_error");
    join_all([
        lose(Way::Direct, error()),
        lose(Way::Direct, Fault::Reset),
        lose(Way::Queue, error()),
        lose(Way::Queue, Fault::Reset),
    ])
    .await;
}

#[tokio::test]
async fn a_post_without_an_answer_in_time_is_not_repeated_in_the_same_invocation() {
    let world = World::queued(&[]).await;
    world.slack.script([Fault::Slow(Duration::from_mins(1)).posted_then()]);
    assert_backed_off(Way::Queue, world.deliver(Way::Queue).await);
    assert_eq!(world.repeats(), [false]);
}

#[tokio::test]
async fn a_silent_slack_does_not_delay_the_answer_to_the_sender() {
    // Senders wait five seconds; Lambda may end the invocation before.
    for seconds in [6, 2] {
        let world = World::with_timeout(Way::Direct, Duration::from_secs(seconds)).await;
        world.slack.script([Fault::Hang]);
        assert_eq!(world.deliver(Way::Direct).await, Some(15));
        assert_eq!(world.slack.all_requests(), 1, "no time is left for another");
    }
}

#[tokio::test]
async fn a_lasting_error_is_backed_off_from_and_nothing_is_dead_lettered() {
    let world = World::queued(&[]).await;
    // Each order is received in vain together with those that were sent before.
    for (number, times) in [(1, 13), (2, 4), (3, 1), (4, 1), (5, 0)] {
        world.accept([cancellation(number)]).await;
        receive_in_vain(&world.sqs, times);
    }
    let receives: Vec<_> =
        world.sqs.messages().iter().map(|message| message.receives + 1).collect();
    assert_eq!(receives, [20, 7, 3, 2, 1]);
    world.slack.down(Fault::answer(500, "rollup_error"));
    assert_eq!(failures(&world.consume().await).len(), 5);
    assert_eq!(world.slack.all_requests(), 4, "the digest twice, and its halves");
    let expected: [RangeInclusive<u64>; 5] = [720..=900, 720..=900, 48..=60, 24..=30, 12..=15];
    for (message, seconds) in world.sqs.messages().iter().zip(expected) {
        assert_retried_after(message, seconds);
    }

    // Once Slack recovers, everything is posted, and says that it may be a repeat.
    world.slack.up();
    world.sqs.advance(LONGEST_WAIT);
    assert_no_failures(&world.consume().await);
    assert!(world.the_message().contains("🚫 5 orders cancelled"), "{}", world.the_message());
    assert_eq!(world.repeats(), [true]);
    world.assert_queues_are_empty();
}

/// An address where a connection is never refused and never made, as behind a firewall.
async fn hung() -> (String, Vec<TcpStream>, TcpListener) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    // They are never accepted, so that there is no room for more after a few.
    let mut waiting = Vec::new();
    while let Ok(one) = timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        waiting.push(one.unwrap());
    }
    (format!("http://{address}"), waiting, listener)
}

#[tokio::test]
async fn what_never_reached_slack_is_no_repeat_when_it_is_posted_later() {
    let check_origin = async |way: Way, origin: &str| {
        let slack = FakeSlack::start().await;
        // What speaks no TLS fails a handshake.
        let origin = origin.replace("TLS", &slack.origin().replace("http", "https"));
        let real = secret(&slack.hook_url());
        let unreachable = real.replace(&slack.origin(), &origin);
        let settings = [("SLACK_ORIGIN", origin.as_str())];
        let world = World::from_parts(way, slack, &unreachable, &settings).await;
        assert_backed_off(way, world.deliver(way).await);
        world.function.logged("Slack: no connection").await;

        world.secrets.set(&real);
        let world = world.restarted(way, &[]).await;
        assert_eq!(world.deliver(way).await, None, "{way:?} {origin}");
        world.assert_posted_once(false);
    };
    let closed = ClosedPort::bind();
    let refusing = closed.origin();
    let (hung, _waiting, _listener) = hung().await;
    let origins = [&refusing, &hung, "http://slack.invalid", "TLS"];
    let direct = origins.map(|origin| check_origin(Way::DirectWithLedger, origin));
    let queued = origins.map(|origin| check_origin(Way::Queue, origin));
    tokio::join!(join_all(direct), join_all(queued));
}

#[tokio::test]
async fn orders_are_accepted_and_wait_until_the_secret_can_be_read() {
    let deny = async |error: &'static str| {
        let world = World::queued(&[]).await;
        world.secrets.fail_with(SecretsFault::Error(error));
        world.accept([cancellation(1)]).await;
        let world = world.restarted(Way::Queue, &[]).await;
        assert_backed_off(Way::Queue, world.deliver(Way::Queue).await);
        assert_eq!(world.slack.all_requests(), 0, "{error}");

        world.secrets.recover();
        assert_eq!(world.deliver(Way::Queue).await, None, "{error}");
        world.assert_posted_once(false);
    };
    // The last is the word for a key that KMS does not give.
    let errors = ["ResourceNotFoundException", "AccessDeniedException", "DecryptionFailure"];
    join_all(errors.map(deny)).await;
}
