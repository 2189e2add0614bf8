//! A sandbox that is gone at any moment: before and after each of its calls.

use std::time::Duration;

use crate::faults::{Fault, Plan};
use crate::load::Load;
use crate::report::check;
use crate::shop::{Event, cancellations};

/// Crashes at every call of the load until none is left; each time every order must come through.
fn crash_everywhere(name: &str, events: &[Event], fed_from: Duration) {
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        let mut number = 0;
        loop {
            let name = format!("{name}, {fault:?} call {number}");
            let plan = Plan::One(number, fault);
            let load = Load::new(&name, events.to_vec(), Duration::from_mins(60));
            let figures = check(&Load { plan, fed_from, ..load });
            assert_eq!(figures.shown.len(), events.len(), "{name}");
            assert_eq!((figures.queued, figures.dead), (0, 0), "{name}");
            assert!(figures.shown.values().all(|times| times.len() <= 2), "{name}");
            if figures.killed == 0 {
                break;
            }
            number += 1;
        }
        assert!(number >= 7, "a secret, a send, two leases, a post, two marks, and not {number}");
    }
}

#[test]
fn one_order_survives_a_crash_at_every_call() {
    crash_everywhere("one order", &cancellations(1, Duration::ZERO), Duration::ZERO);
}

/// All wait in the queue before the function takes them from there.
#[test]
fn a_digest_survives_a_crash_at_every_call() {
    let events = cancellations(5, Duration::ZERO);
    crash_everywhere("a digest of 5", &events, Duration::from_secs(20));
}
