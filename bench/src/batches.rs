//! Orders that wait in the queue, delivered by one function.

use tokio::process::Command;

use crate::sample::{cpu_time, milliseconds, path};
use crate::world::{Delivery, Network, World};

/// As many messages as Lambda hands to one invocation.
const BATCH: usize = 10;

pub(crate) const SIZES: [usize; 5] = [1, 10, 100, 500, 2_000];

/// What some orders cost, each.
pub(crate) struct Batches {
    pub(crate) orders: usize,
    pub(crate) messages: u64,
    pub(crate) cpu: f64,
    pub(crate) requests: f64,
    pub(crate) bytes: f64,
}

/// Lets a warm function deliver so many orders.
#[expect(clippy::cast_precision_loss, reason = "these numbers are small")]
pub(crate) async fn batches(orders: usize) -> Batches {
    let world = World::start(Network::Immediate).await;
    let binary = path("BOOTSTRAP");
    let function = world.run(Command::new(&binary), Delivery::Queue).await;
    world.fill_queue(&binary, 1).await;
    function.consume(&world.queue, 1).await;
    world.fill_queue(&binary, orders).await;
    world.take_traffic();
    let start = cpu_time(&function);
    while world.queue.count() > 0 {
        function.consume(&world.queue, BATCH).await;
    }
    let each = |sum: f64| sum / orders as f64;
    let traffic = world.take_traffic();
    Batches {
        orders,
        messages: traffic[0].requests,
        cpu: each(milliseconds(cpu_time(&function).saturating_sub(start))),
        requests: each(traffic.iter().map(|traffic| traffic.requests).sum::<u64>() as f64),
        bytes: each(traffic.iter().map(|traffic| traffic.bytes).sum::<u64>() as f64),
    }
}
