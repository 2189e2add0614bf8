//! An invocation whose time is mostly over while it still claims events.

use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::{sleep, sleep_until};

use crate::faults::{Fault, Phase, Plan, Service};
use crate::invariants::check_invariants;
use crate::message::Kind;
use crate::senders::{Event, Responses, cancellations, send};
use crate::world::{Stage, World};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The orders of a digest, all sent at this time.
fn created(at: Duration) -> Vec<Event> {
    let event = |event: Event| Event { kind: Kind::Created, at, ..event };
    cancellations(250, Duration::ZERO).into_iter().map(event).collect()
}

/// Has one invocation deliver all that is in the queue; returns how many messages are left.
async fn deliver(world: &World) -> usize {
    let sqs = &world.network.outside.sqs;
    let batch = sqs.batch(10).expect("something is visible");
    let invocation = world.invoke(&batch.event().to_string()).await;
    batch.acknowledge(&invocation.outcome);
    sqs.count()
}

#[test]
fn what_is_not_claimed_in_time_waits_for_the_next_invocation() {
    fastrand::seed(1);
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime can be built").block_on(async {
        // Slack takes a cancellation so slowly that the claims of the digest come late.
        let phase = |service, end, late| {
            let during = seconds(183)..seconds(end);
            Phase { service, during, fault: Fault::Late(late) }
        };
        let slow_slack = phase(Service::Slack, 190, seconds(13));
        let slow_ledger = phase(Service::DynamoDb, 210, Duration::from_millis(300));
        let plan = Plan::Phases(vec![slow_slack, slow_ledger]);
        let world = World::start(Stage::Simulated, &[], plan, Duration::ZERO, true).await;
        let responses = Responses::default().into();
        let at = |second| sleep_until(world.network.began + seconds(second));

        let first = created(Duration::ZERO);
        send(&world, &first, &responses).await;
        at(63).await;
        assert_eq!(deliver(&world).await, 0, "all are shown");

        let cancelled = Event { id: 250, order: 250, kind: Kind::Cancelled, ..first[0] };
        let again = [created(seconds(120)), vec![Event { at: seconds(183), ..cancelled }]].concat();
        send(&world, &again, &responses).await;
        let left = deliver(&world).await;

        let _feeding = world.feed();
        while !world.is_at_rest() {
            sleep(seconds(1)).await;
        }
        let events = [first, again].concat();
        let figures =
            check_invariants(&world, &events, &responses, None).unwrap_or_else(|violation| {
                panic!("{:?} {}\n{}", violation.order, violation.what, violation.history)
            });
        assert_eq!((figures.shown.len(), figures.repeated(), figures.dead), (251, 0, 0));
        assert!((1..250).contains(&left), "the time was over before or after all claims: {left}");
    });
}
