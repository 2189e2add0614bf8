//! The report of a run: a line of the table, or a broken invariant in its smallest form.

use std::time::{Duration, Instant};

use crate::faults::{Plan, Random};
use crate::invariants::{Figures, Violation};
use crate::load::Load;
use crate::world::Stage;

/// So much time is spent on making a failed run smaller.
const SHRINKING_TIME: Duration = Duration::from_secs(30);

/// Runs a load and prints its line; a broken invariant ends the test.
pub(crate) fn observe(load: &Load) -> Figures {
    let began = Instant::now();
    let figures = check(load);
    print_line(load, &figures, began);
    figures
}

/// Runs a load; a broken invariant ends the test.
pub(crate) fn check(load: &Load) -> Figures {
    load.run().unwrap_or_else(|violation| explain(load, *violation))
}

#[expect(clippy::print_stdout, reason = "a run with --nocapture shows the table")]
fn print_line(load: &Load, figures: &Figures, began: Instant) {
    let Load { name, stage, .. } = load;
    let stage = if *stage == Stage::Simulated { "simulated" } else { "processes" };
    println!(
        "| {name:<44} | answered {:>5} | refused {:>4} | p99 {:>5} ms | orders shown {:>5} | posts {:>4} | 429s {:>3} | peak {:>2}/s \
         | last sent to last shown {:>7.1} s | lost 0 | repeated {:>3} | dead letters {} | queued {} \
         | killed {:>3} | without ledger {:>2} | calls {:>6} | items {:>5} | {stage} {:>7.0} s in {:.1} s |",
        figures.answered,
        figures.refused,
        figures.wait().as_millis(),
        figures.shown.len(),
        figures.posts,
        figures.rate_limited,
        figures.peak(),
        figures.delay().as_secs_f64(),
        figures.repeated(),
        figures.dead,
        figures.queued,
        figures.killed,
        figures.without_ledger,
        figures.calls,
        figures.items.len(),
        figures.ended.as_secs_f64(),
        began.elapsed().as_secs_f64(),
    );
}

/// Ends the test with the smallest history that still breaks an invariant.
fn explain(load: &Load, violation: Violation) -> ! {
    if load.stage == Stage::Processes {
        fail(load, &violation);
    }
    let mut smallest = (load.clone(), violation);
    let began = Instant::now();
    let mut attempt = |candidate: Load, smallest: &mut (Load, Violation)| {
        if began.elapsed() > SHRINKING_TIME {
            return false;
        }
        match candidate.run() {
            Err(violation) => {
                *smallest = (candidate, *violation);
                true
            }
            Ok(_) => false,
        }
    };
    cut_events(&mut smallest, &mut attempt);
    cut_faults(&mut smallest, &mut attempt);
    cut_events(&mut smallest, &mut attempt);
    let load = Load { is_verbose: true, ..smallest.0 };
    let violation = match load.run() {
        Err(violation) => *violation,
        Ok(_) => smallest.1,
    };
    fail(&load, &violation)
}

fn fail(load: &Load, violation: &Violation) -> ! {
    panic!(
        "{}, seed {}: {} {}\nIn a run with {} events and {:?}:\n{}",
        load.name,
        load.seed,
        violation.order.map(crate::senders::name).unwrap_or_default(),
        violation.what,
        load.events.len(),
        load.plan,
        violation.history,
    );
}

type Attempt<'a> = &'a mut dyn FnMut(Load, &mut (Load, Violation)) -> bool;

/// Leaves out smaller and smaller parts of the events, as long as an invariant stays broken.
fn cut_events(smallest: &mut (Load, Violation), attempt: Attempt<'_>) {
    let mut size = smallest.0.events.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < smallest.0.events.len() && smallest.0.events.len() > 1 {
            let mut candidate = smallest.0.clone();
            let end = (at + size).min(candidate.events.len());
            candidate.events.drain(at..end);
            if candidate.events.is_empty() || !attempt(candidate, smallest) {
                at += size;
            }
        }
        size /= 2;
    }
}

/// Limits the faults to fewer calls: none after a last one, then none before a first one.
fn cut_faults(smallest: &mut (Load, Violation), attempt: Attempt<'_>) {
    let Plan::Random(random) = &mut smallest.0.plan else { return };
    random.calls.end = random.calls.end.min(smallest.1.calls);
    for is_end in [true, false] {
        let Plan::Random(Random { calls, .. }) = &smallest.0.plan else { return };
        let (mut fails, mut passes) =
            if is_end { (calls.end, calls.start) } else { (calls.start, calls.end) };
        while fails.abs_diff(passes) > 1 {
            let middle = fails.midpoint(passes);
            let mut candidate = smallest.0.clone();
            if let Plan::Random(Random { calls, .. }) = &mut candidate.plan {
                *(if is_end { &mut calls.end } else { &mut calls.start }) = middle;
            }
            if attempt(candidate, smallest) { fails = middle } else { passes = middle }
        }
    }
}
