//! Two consumers with the same messages, one of which pauses before any call of the other.

use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::gates::Gates;
use crate::invariants::check_invariants;
use crate::senders::{Responses, cancellations, send};
use crate::world::World;

/// Whether both invocations came to their calls.
enum Met {
    /// The first has ended before its call.
    NoFirst,
    /// The second has.
    NoSecond,
    Both,
}

/// Goes through all pairs of calls: before one of its own the first waits until the second is before
/// one of its own, which goes on when the first has ended, in one way or the other.
fn meet_everywhere(orders: u32, first_dies: bool) {
    let mut pairs = 0;
    for first in 0.. {
        for second in 0.. {
            match meet(orders, first, second, first_dies) {
                Met::Both => pairs += 1,
                Met::NoSecond => break,
                Met::NoFirst => {
                    assert!(pairs >= 10, "there are more pairs than {pairs}");
                    return;
                }
            }
        }
    }
}

fn meet(orders: u32, first: usize, second: usize, first_dies: bool) -> Met {
    fastrand::seed(1);
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime can be built").block_on(async {
        // One invocation for each webhook comes before theirs.
        let invocation = |number: u32| format!("invocation-{number}");
        let (first, second) = ((invocation(orders), first), (invocation(orders + 1), second));
        let world = World::with_gates(Gates::new(first, second, first_dies)).await;
        let gates = world.network.gates.clone().expect("there are gates");
        let events = cancellations(orders, Duration::ZERO);
        let responses = Responses::default().into();
        send(&world, &events, &responses).await;

        let sqs = &world.network.outside.sqs;
        let original = sqs.batch(10).expect("all is in the queue");
        original.message_ids().iter().for_each(|id| sqs.deliver_again(id));
        let copy = sqs.batch(10).expect("all is in the queue again");
        let (event, copied) = (original.event().to_string(), copy.event().to_string());
        let one = tokio::spawn({
            let world = world.clone();
            async move { world.invoke(&event).await }
        });
        let met = if gates.first_stands().await { Met::Both } else { Met::NoFirst };
        let other = world.invoke(&copied).await;
        original.acknowledge(&one.await.expect("no invocation panics").outcome);
        copy.acknowledge(&other.outcome);

        let _feeding = world.feed();
        while !world.is_at_rest() {
            sleep(Duration::from_secs(1)).await;
        }
        let figures =
            check_invariants(&world, &events, &responses, None).unwrap_or_else(|violation| {
                let history = violation.history;
                let Gates { first, second, .. } = &*gates;
                panic!("{first:?}, {second:?}: {:?} {}\n{history}", violation.order, violation.what)
            });
        assert_eq!(figures.shown.len(), events.len());
        if matches!(met, Met::Both) && !gates.second_stood() { Met::NoSecond } else { met }
    })
}

#[test]
fn two_copies_of_one_order_are_posted_once_at_every_pair_of_calls() {
    meet_everywhere(1, false);
}

#[test]
fn one_consumer_of_an_order_survives_the_other_at_every_pair_of_calls() {
    meet_everywhere(1, true);
}

#[test]
#[ignore = "takes minutes: make storm"]
fn two_copies_of_a_digest_are_posted_once_at_every_pair_of_calls() {
    meet_everywhere(5, false);
}

#[test]
#[ignore = "takes minutes: make storm"]
fn one_consumer_of_a_digest_survives_the_other_at_every_pair_of_calls() {
    meet_everywhere(5, true);
}
