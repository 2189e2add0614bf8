//! A fault at any moment of a few orders: at each of the calls that they take.

use std::time::Duration;

use crate::faults::{Fault, Plan};
use crate::load::Load;
use crate::report::check;
use crate::shop::{Event, cancellations};

const CRASHES: [Fault; 2] = [Fault::CrashBefore, Fault::CrashAfter];

/// Longer than anybody waits.
const LONG: Duration = Duration::from_secs(5);

const OTHERS: [Fault; 11] = [
    Fault::Refused,
    Fault::Status(400),
    Fault::Status(404),
    Fault::Status(500),
    Fault::DoneThenStatus(503),
    Fault::Lost,
    Fault::Truncated,
    Fault::Slow(LONG),
    Fault::Late(LONG),
    Fault::Hang,
    Fault::RateLimited(3),
];

/// Has the fault befall each call of the load until none is left; each time every order must come
/// through.
fn befall_everywhere(name: &str, events: &[Event], fed_from: Duration, faults: &[Fault]) {
    for fault in faults {
        for number in 0.. {
            let name = format!("{name}, {fault:?} at call {number}");
            let plan = Plan::One(number, *fault);
            let load = Load::new(&name, events.to_vec(), Duration::from_mins(60));
            let figures = check(&Load { plan, fed_from, ..load });
            assert_eq!(figures.shown.len(), events.len(), "{name}");
            assert_eq!((figures.queued, figures.dead), (0, 0), "{name}");
            assert!(figures.shown.values().all(|times| times.len() <= 2), "{name}");
            if figures.calls <= number {
                assert!(number >= 7, "a secret, a send, two leases, a post and two marks");
                break;
            }
        }
    }
}

fn one_order() -> Vec<Event> {
    cancellations(1, Duration::ZERO)
}

/// All wait in the queue before the function takes them from there.
fn a_digest(faults: &[Fault]) {
    let events = cancellations(5, Duration::ZERO);
    befall_everywhere("a digest of 5", &events, Duration::from_secs(20), faults);
}

#[test]
fn one_order_survives_a_crash_at_every_call() {
    befall_everywhere("one order", &one_order(), Duration::ZERO, &CRASHES);
}

#[test]
fn one_order_survives_every_fault_at_every_call() {
    befall_everywhere("one order", &one_order(), Duration::ZERO, &OTHERS);
}

#[test]
fn a_digest_survives_a_crash_at_every_call() {
    a_digest(&CRASHES);
}

#[test]
#[ignore = "takes minutes: make storm"]
fn a_digest_survives_every_fault_at_every_call() {
    a_digest(&OTHERS);
}
