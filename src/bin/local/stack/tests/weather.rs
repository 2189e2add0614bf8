//! Nothing is lost in any weather, and every number is right.

use super::*;

const HOUR: Duration = Duration::from_hours(1);

/// A storm in this weather, and then good weather, until everything is shown.
async fn weather_out(weather: Value, count: u64, lasting: Duration) -> Arc<Stack> {
    let stack = start();
    stack.weather(&weather);
    stack.storm(count);
    let end = Instant::now() + lasting;
    while Instant::now() < end {
        sleep(Duration::from_millis(250)).await;
        stack.check_sum();
    }
    stack.weather(&json!({"slack": "well", "twice": false}));
    let is_over =
        |stack: &Stack| stack.number("waiting") == 0 && stack.network.outside.sqs.count() == 0;
    stack.until(HOUR, is_over).await;
    stack.check_messages();
    assert_eq!(
        stack.network.outside.slack.refused().iter().filter(|post| post.status != 429).count(),
        0
    );
    stack
}

#[tokio::test(start_paused = true)]
async fn a_storm_becomes_few_messages_with_every_order() {
    let stack = weather_out(json!({}), 300, Duration::from_secs(1)).await;
    assert_eq!((stack.number("accepted"), stack.number("shown")), (300, 300));
    assert!(stack.messages().len() < 30, "{:#?}", stack.messages().len());
    assert_eq!(stack.number("repeats"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_limited_slack_loses_nothing() {
    let stack = weather_out(json!({"slack": "limited"}), 40, Duration::from_mins(1)).await;
    assert_eq!((stack.number("shown"), stack.number("repeats")), (40, 0));
    assert!(stack.number("rate_limited") > 2);
}

#[tokio::test(start_paused = true)]
async fn a_limited_slack_takes_a_message_now_and_then_and_each_wait_is_named() {
    let stack = start();
    stack.weather(&json!({"slack": "limited"}));
    let id = stack.cancel("A-1").await;
    stack.until(Duration::from_secs(10), |stack| stack.number("shown") == 1).await;
    assert_eq!(stack.number("rate_limited"), 1);
    assert_eq!(stack.steps(id), ["received", "queued", "leased", "limited", "posted", "marked"]);
    assert_eq!(stack.details(id)[3], json!(["wait", 429, 8]));
    // The next message has its own wait.
    let id = stack.cancel("A-2").await;
    stack.until(Duration::from_secs(30), |stack| stack.number("shown") == 2).await;
    assert!(stack.steps(id).contains(&"limited".to_owned()), "{:?}", stack.steps(id));
}

#[tokio::test(start_paused = true)]
async fn a_slow_slack_loses_nothing() {
    let stack = weather_out(json!({"slack": "slow"}), 40, Duration::from_mins(1)).await;
    assert_eq!(stack.number("shown"), 40);
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_slack_does_not_take_waits_and_is_shown_later() {
    for slack in ["down", "gone"] {
        let stack = start();
        stack.weather(&json!({ "slack": slack }));
        let id = stack.cancel("A-1").await;
        sleep(Duration::from_secs(90)).await;
        assert_eq!((stack.number("waiting"), stack.number("posts")), (1, 0), "{slack}");
        for step in ["refused", "retry"] {
            assert!(stack.steps(id).contains(&step.to_owned()), "{:?}", stack.steps(id));
        }
        stack.weather(&json!({"slack": "well"}));
        stack.until(HOUR, |stack| stack.number("shown") == 1).await;

        let stack = weather_out(json!({ "slack": slack }), 40, Duration::from_mins(2)).await;
        assert_eq!((stack.number("shown"), stack.number("repeats")), (40, 0), "{slack}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_twice_is_shown_once() {
    let stack = weather_out(json!({"twice": true}), 40, Duration::from_secs(10)).await;
    assert_eq!((stack.number("accepted"), stack.number("shown")), (80, 40));
    assert_eq!((stack.number("left_out"), stack.number("repeats")), (40, 0));
}

/// It is killed at any moment of a storm, also while a post is on its way.
#[tokio::test(start_paused = true)]
async fn a_killed_function_loses_nothing() {
    for (after, slack) in [(300, "well"), (2_300, "well"), (2_000, "slow"), (5_000, "slow")] {
        let stack = start();
        stack.weather(&json!({ "slack": slack }));
        stack.storm(80);
        sleep(Duration::from_millis(after)).await;
        stack.kill();
        stack.weather(&json!({"slack": "well"}));
        // A webhook that was not answered is sent again. Then it may be in the queue twice.
        let is_over = |stack: &Stack| {
            let is_done = stack.number("waiting") == 0 && stack.network.outside.sqs.count() == 0;
            is_done && stack.number("shown") == 80
        };
        stack.until(HOUR, is_over).await;
        assert_eq!(stack.number("accepted"), 80 + stack.number("left_out"), "{after} {slack}");
        stack.check_messages();
        let all: Vec<_> = stack.messages().into_iter().flat_map(|(_, events)| events).collect();
        let distinct: BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len() as u64, stack.number("shown"));
        assert_eq!((all.len() - distinct.len()) as u64, stack.number("repeats"));
    }
}

/// The post was taken and could not be marked: it is shown, and shown once more.
#[tokio::test(start_paused = true)]
async fn a_message_whose_function_is_killed_counts_as_shown() {
    let stack = start();
    stack.weather(&json!({"slack": "slow"}));
    let id = stack.cancel("A-1").await;
    sleep(Duration::from_secs(2)).await;
    stack.kill();
    assert_eq!(stack.number("waiting"), 1);
    stack.until(Duration::from_secs(5), |stack| stack.number("shown") == 1).await;
    assert_eq!((stack.number("repeats"), stack.messages()[0].1.clone()), (0, vec![id]));
    stack.weather(&json!({"slack": "well"}));
    stack.until(Duration::from_mins(3), |stack| stack.number("repeats") == 1).await;
    assert_eq!((stack.number("shown"), stack.number("posts")), (1, 2));
    assert!(stack.messages()[1].0.contains("This may be a repeat"), "{:?}", stack.messages());
}
