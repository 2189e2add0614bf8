//! What goes wrong, decided by a seed and the number of the call alone.
//!
//! So a part of a plan goes wrong in the same way when the rest of it is left out.

use std::ops::Range;
use std::time::Duration;

use fastrand::Rng;

use crate::senders::name;

/// A service that the function calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Sqs,
    DynamoDb,
    SecretsManager,
    Slack,
}

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There is no connection.
    Refused,
    /// An error with this status; the call is not performed.
    Status(u16),
    /// The same, though the call was performed.
    DoneThenStatus(u16),
    /// The call is performed, and the connection breaks before the answer.
    Lost,
    /// The call is performed, and the answer breaks off in the middle.
    Truncated,
    /// The call is performed later, whether or not the caller still waits.
    Slow(Duration),
    /// The call is performed, and the answer comes later.
    Late(Duration),
    /// The call is not performed, and no answer comes.
    Hang,
    /// 429 with this `Retry-After`; nothing is posted.
    RateLimited(u64),
    /// 400 for a payload that Slack rejects; nothing is posted.
    Rejected,
    /// 400 for whatever has blocks; plain text is accepted.
    NoBlocks,
    /// The sandbox is killed before the call has left it.
    CrashBefore,
    /// The call is performed, and the sandbox is killed before the answer.
    CrashAfter,
}

/// Which calls of a world get which fault.
#[derive(Clone, Debug, Default)]
pub(crate) enum Plan {
    #[default]
    Nothing,
    /// These calls alone, counted from 0.
    These(Range<usize>, Fault),
    /// This post alone, counted from 0.
    Post(usize, Fault),
    /// All calls about the items of the ledger with this in their keys.
    Item(String, Fault),
    /// All posts that name this order.
    Order(u32, Fault),
    Random(Random),
    /// Periods of time.
    Phases(Vec<Phase>),
    /// The first that has a fault for the call.
    Any(Vec<Plan>),
}

/// All calls to a service get this for a while.
#[derive(Clone, Debug)]
pub(crate) struct Phase {
    pub(crate) service: Service,
    pub(crate) during: Range<Duration>,
    pub(crate) fault: Fault,
}

/// Random faults.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    pub(crate) seed: u64,
    /// So many of a hundred calls get one.
    pub(crate) percent: u8,
    /// Only these calls, so that a plan can be cut down.
    pub(crate) calls: Range<usize>,
    /// Faults stop then, counted from the start of the world.
    pub(crate) until: Duration,
}

impl Plan {
    /// Of this call, which is the post of this number if it is one, or about the ledger's item of
    /// this key.
    pub(crate) fn fault(
        &self,
        number: usize,
        at: Duration,
        service: Service,
        post: Option<usize>,
        key: &str,
        message: &str,
    ) -> Option<Fault> {
        match self {
            Self::Order(order, fault) => {
                (post.is_some() && message.contains(&name(*order))).then_some(*fault)
            }
            Self::Post(this, fault) => (post == Some(*this)).then_some(*fault),
            Self::Item(part, fault) => key.contains(part).then_some(*fault),
            Self::Nothing => None,
            Self::These(these, fault) => these.contains(&number).then_some(*fault),
            Self::Random(faults) => faults.fault(number, at, service),
            Self::Phases(phases) => {
                let is_now =
                    |phase: &&Phase| phase.service == service && phase.during.contains(&at);
                phases.iter().find(is_now).map(|phase| phase.fault)
            }
            Self::Any(plans) => {
                plans.iter().find_map(|plan| plan.fault(number, at, service, post, key, message))
            }
        }
    }
}

impl Random {
    fn fault(&self, number: usize, at: Duration, service: Service) -> Option<Fault> {
        if at >= self.until || !self.calls.contains(&number) {
            return None;
        }
        let number = u64::try_from(number).expect("a run has fewer calls");
        let mut random = Rng::with_seed(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number);
        (random.u8(..100) < self.percent).then(|| any(service, &mut random))
    }
}

/// One of the faults that a call to `service` can get, each as likely as the others.
fn any(service: Service, random: &mut Rng) -> Fault {
    let slow = Duration::from_millis(random.u64(50..6_000));
    let mut faults = vec![
        Fault::Refused,
        Fault::Status(500),
        Fault::DoneThenStatus(503),
        Fault::Lost,
        Fault::Slow(slow),
        Fault::Late(slow),
        Fault::Hang,
        Fault::CrashBefore,
        Fault::CrashAfter,
    ];
    match service {
        Service::Slack => faults.extend([
            Fault::RateLimited(random.u64(1..5)),
            Fault::RateLimited(random.u64(5..60)),
            Fault::Status(404),
            Fault::Truncated,
            Fault::Rejected,
        ]),
        // Throttled, in the words of each service.
        Service::DynamoDb | Service::Sqs | Service::SecretsManager => {
            faults.push(Fault::Status(400));
        }
    }
    faults[random.usize(..faults.len())]
}
