//! A fault at each of the calls that a few orders take.

use std::time::Duration;

use crate::faults::{Fault, Plan};
use crate::load::Load;
use crate::report::check;
use crate::senders::{Event, cancellations};

const CRASHES: [Fault; 2] = [Fault::CrashBefore, Fault::CrashAfter];

/// Longer than any time-out of the function.
const LONG: Duration = Duration::from_secs(5);

const OTHERS: [Fault; 12] = [
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
    Fault::Rejected,
];

/// Runs the load again and again, each time with the fault at the next call or calls; every order must
/// be shown each time.
fn fault_everywhere(
    name: &str,
    (events, fed_from): (&[Event], Duration),
    faults: &[Fault],
    in_a_row: usize,
) {
    for fault in faults {
        for number in 0.. {
            let name = format!("{name}, {in_a_row} times {fault:?} from call {number} on");
            let plan = Plan::These(number..number + in_a_row, *fault);
            let load = Load::new(&name, events.to_vec(), Duration::from_hours(1));
            let figures = check(&Load { plan, fed_from, ..load });
            assert_eq!(figures.shown.len(), events.len(), "{name}");
            assert_eq!((figures.queued, figures.dead), (0, 0), "{name}");
            assert!(figures.shown.values().all(|times| times.len() <= 1 + in_a_row), "{name}");
            if figures.calls <= number {
                assert!(number >= 7, "a secret, a send, two leases, a post and two delivery marks");
                break;
            }
        }
    }
}

fn one_order(faults: &[Fault], in_a_row: usize) {
    let events = cancellations(1, Duration::ZERO);
    fault_everywhere("one order", (&events, Duration::ZERO), faults, in_a_row);
}

/// All are in the queue before its consumers start.
fn a_digest(faults: &[Fault], in_a_row: usize) {
    let events = cancellations(5, Duration::ZERO);
    fault_everywhere("a digest of 5", (&events, Duration::from_secs(20)), faults, in_a_row);
}

#[test]
fn one_order_survives_a_crash_at_every_call() {
    one_order(&CRASHES, 1);
}

#[test]
fn one_order_survives_every_fault_at_every_call() {
    one_order(&OTHERS, 1);
}

#[test]
fn one_order_survives_every_fault_at_two_calls_in_a_row() {
    one_order(&OTHERS, 2);
}

#[test]
fn a_digest_survives_a_crash_at_every_call() {
    a_digest(&CRASHES, 1);
}

#[test]
#[ignore = "takes minutes: make storm"]
fn a_digest_survives_every_fault_at_every_call() {
    a_digest(&OTHERS, 1);
}

#[test]
#[ignore = "takes minutes: make storm"]
fn a_digest_survives_every_fault_at_some_calls_in_a_row() {
    for in_a_row in [2, 3, 5] {
        a_digest(&OTHERS, in_a_row);
        a_digest(&CRASHES, in_a_row);
    }
}
