//! Strangers send ten times as many posts as the API admits: what that costs, and what becomes of orders.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use order_alerts_fakes::Webhook;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

use crate::invariants::{Figures, check_invariants};
use crate::senders::{Event, Responses, cancellations, send};
use crate::world::World;

/// On average: a thousand a second, which is ten times `ThrottleRate`.
const EACH_MILLISECOND: u64 = 1;
const ALONE: Duration = Duration::from_mins(1);
const WITH_ORDERS: Duration = Duration::from_mins(1);
const ORDERS: u32 = 30;
/// When each order has been tried often enough, also after the flood.
const LIMIT: Duration = Duration::from_mins(20);

/// What the strangers get, and what their posts cost.
struct Flood {
    statuses: BTreeMap<i64, u32>,
    sandboxes: usize,
    secret_reads: usize,
    orders: Figures,
    /// How many orders are shown before it ends.
    shown_meanwhile: usize,
}

/// Floods a deployment with this post, alone at first and then with orders in its midst.
fn flood(name: &str, post: impl Fn(&World) -> Webhook) -> Flood {
    let began = Instant::now();
    fastrand::seed(1);
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build();
    let flood = runtime.expect("a runtime can be built").block_on(async {
        let world = World::throttled().await;
        let event: Arc<str> = post(&world).event().to_string().into();
        let _feeding = world.feed();
        let mut statuses = BTreeMap::new();
        pour(&world, &event, milliseconds(ALONE), &mut statuses).await;
        let outside = &world.network.outside;
        let calls = (outside.sqs.calls().len(), outside.table.calls().len());
        assert_eq!((calls, outside.slack.all_requests()), ((0, 0), 0), "{name}");

        let later =
            |event: Event| Event { at: event.at + ALONE, happened: event.at + ALONE, ..event };
        let orders: Vec<_> = cancellations(ORDERS, WITH_ORDERS).into_iter().map(later).collect();
        let responses = Arc::new(Responses::default());
        tokio::join!(
            pour(&world, &event, milliseconds(WITH_ORDERS), &mut statuses),
            send(&world, &orders, &responses)
        );
        while !world.is_at_rest() {
            assert!(world.network.began.elapsed() < LIMIT, "{name}: the orders are not shown");
            sleep(Duration::from_secs(1)).await;
        }
        let (sandboxes, secret_reads) = (world.sandboxes(), outside.secrets.reads());
        world.end().await;
        let orders = check_invariants(&world, &orders, &responses, None);
        let orders = orders.unwrap_or_else(|violation| panic!("{name}: {violation:?}"));
        let times = orders.shown.values().filter_map(|times| times.iter().min());
        let shown_meanwhile = times.filter(|at| **at < ALONE + WITH_ORDERS).count();
        Flood { statuses, sandboxes, secret_reads, orders, shown_meanwhile }
    });
    print_line(name, &flood, began);
    flood
}

fn milliseconds(time: Duration) -> u64 {
    time.as_millis().try_into().expect("it is a short time")
}

/// Sends the post again and again, without a wait for the answers, and counts them.
async fn pour(
    world: &Arc<World>,
    event: &Arc<str>,
    milliseconds: u64,
    statuses: &mut BTreeMap<i64, u32>,
) {
    let began = tokio::time::Instant::now();
    let mut posts = JoinSet::new();
    for millisecond in 0..milliseconds {
        sleep_until(began + Duration::from_millis(millisecond)).await;
        for _ in 0..fastrand::u64(..=2 * EACH_MILLISECOND) {
            let (world, event) = (Arc::clone(world), Arc::clone(event));
            posts.spawn(async move { world.answer(&event).await["statusCode"].as_i64() });
        }
    }
    for status in posts.join_all().await {
        *statuses.entry(status.expect("an answer has a status")).or_default() += 1;
    }
}

#[expect(clippy::print_stdout, reason = "a run with --nocapture shows the table")]
fn print_line(name: &str, flood: &Flood, began: Instant) {
    let Flood { statuses, sandboxes, secret_reads, orders, shown_meanwhile } = flood;
    println!(
        "| 1,000 {name} posts a second for 2 min | answers {statuses:?} | sandboxes {sandboxes} | reads of the secret \
         {secret_reads} | calls of the ledger, the queue and Slack for them 0 | orders {} | refused tries of them {} \
         | orders shown {}, before its end {shown_meanwhile} | lost 0 | repeated {} | simulated in {:.1} s |",
        orders.answered,
        orders.refused,
        orders.shown.len(),
        orders.repeated(),
        began.elapsed().as_secs_f64(),
    );
}

/// The API admits what its throttle allows, and nothing that is admitted is taken for genuine.
#[track_caller]
fn assert_withstood(flood: &Flood) {
    let seconds = u32::try_from((ALONE + WITH_ORDERS).as_secs()).expect("it is a short time");
    let statuses: Vec<_> = flood.statuses.keys().copied().collect();
    assert_eq!(statuses, [401, 429]);
    let sent = flood.statuses.values().sum::<u32>();
    assert!((seconds * 990..seconds * 1_010).contains(&sent), "{sent} posts");
    let admitted = seconds * 100..=seconds * 100 + 500;
    // An order is admitted in place of one of them.
    let answered = flood.statuses[&401];
    assert!(admitted.contains(&answered) || admitted.contains(&(answered + ORDERS)), "{answered}");
    assert!(flood.shown_meanwhile > 0, "no order is shown before the flood ends");
    assert_eq!(flood.orders.shown.len(), ORDERS as usize);
    assert_eq!((flood.orders.repeated(), flood.orders.dead, flood.orders.queued), (0, 0, 0));
}

#[test]
fn a_flood_of_unsigned_posts_costs_no_call_and_orders_in_its_midst_are_shown() {
    let unsigned = flood("unsigned", |_| Webhook::post("/webhook").body("{}"));
    assert_withstood(&unsigned);
    assert_eq!(unsigned.secret_reads, unsigned.sandboxes, "one at the start of each sandbox");
}

#[test]
fn a_flood_of_made_up_signatures_costs_a_read_of_the_secret_a_minute_and_no_other_call() {
    let forged = flood("forged", |world| {
        let webhook = Webhook::post("/webhook").body("{}");
        webhook.signed_standard("a key of a stranger", "made-up", world.now().as_second())
    });
    assert_withstood(&forged);
    let (sandboxes, minutes) = (forged.sandboxes, 3);
    assert!(forged.secret_reads <= sandboxes * (1 + minutes), "{} reads", forged.secret_reads);
}
