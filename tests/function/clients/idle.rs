//! Services that close idle connections, and a sandbox that is frozen meanwhile.

use futures_util::future::join_all;
use order_alerts_fakes::Server;

use crate::support::queue::assert_no_failures;
use crate::support::webhooks::cancellation;
use crate::support::world::{Way, World};

impl World {
    /// Every service closes its connections.
    async fn hang_up(&self) {
        let Self { slack, secrets, sqs, ledger, .. } = self;
        let servers = [slack.server(), secrets.server(), sqs.server(), ledger.server()];
        join_all(servers.map(Server::hang_up)).await;
    }

    async fn show(&self, way: Way, number: u32) {
        self.accept([cancellation(number)]).await;
        if way == Way::Queue {
            assert_no_failures(&self.consume().await);
        }
    }
}

/// Shows an order over connections that were closed since the last one.
async fn check(way: Way, is_frozen: bool) {
    let world = World::by(way, &[]).await;
    world.show(way, 1).await;
    let before = world.slack.server().connections();
    if is_frozen {
        world.function.freeze().await;
    }
    world.hang_up().await;
    if is_frozen {
        world.function.thaw();
    }
    world.show(way, 2).await;

    let case = format!("{way:?}, frozen: {is_frozen}");
    assert_eq!(world.repeats(), [false, false], "{case}");
    assert_eq!(world.slack.all_requests(), 2, "{case}");
    assert_eq!(world.slack.server().connections(), before + 1, "{case}");
    let sent = world.sqs.calls().into_iter().filter(|(name, _)| name == "SendMessage").count();
    assert_eq!(sent, if way == Way::Queue { 2 } else { 0 }, "{case}");
    let logs = world.function.logs();
    let is_trouble = |line: &&String| line.contains("WARN") || line.contains("ERROR");
    let trouble: Vec<_> = logs.iter().filter(is_trouble).collect();
    // The test's own Slack is warned of at the start.
    assert!(!trouble.is_empty(), "{case}");
    assert!(trouble.iter().all(|line| line.contains("SLACK_ORIGIN")), "{case}: {trouble:#?}");
}

#[tokio::test]
async fn connections_that_services_closed_cost_neither_an_error_nor_a_second_message() {
    let ways = [Way::Direct, Way::DirectWithLedger, Way::Queue];
    let cases = ways.into_iter().flat_map(|way| [(way, false), (way, true)]);
    join_all(cases.map(|(way, is_frozen)| check(way, is_frozen))).await;
}
