//! The words about steps that did not come in time.

use jiff::SignedDuration;

use crate::message::words::Words;
use crate::order::overdue::Overdue;
use crate::order::{Kind, OrderEvent};
use crate::rules::expectation::Step;

impl Words {
    /// What the order waits for and how long, or after what time the step came.
    pub(super) fn overdue(self, event: &OrderEvent, overdue: &Overdue) -> String {
        let step = self.steps(event, overdue);
        let time = self.spelt_time(overdue.waited);
        match overdue.came {
            None => self.choose(
                format!("{} for {time}", not(&step)),
                format!("{time}째 {}", not_in_korean(&step)),
            ),
            Some(_) => self
                .choose(format!("{} after {time}", quoted(&step)), format!("{time} 만에 {step}")),
        }
    }

    /// What stands before and after the time since which the order waits.
    pub(in crate::message) fn waiting_since(self) -> (&'static str, &'static str) {
        self.choose(("Since ", ""), ("", " 부터"))
    }

    fn steps(self, event: &OrderEvent, overdue: &Overdue) -> String {
        let steps = overdue.steps.iter().filter_map(|step| Step::read(step));
        let steps: Vec<_> = steps.map(|step| self.step(event, &step)).collect();
        steps.join(self.choose(" or ", " 또는 "))
    }

    fn step(self, event: &OrderEvent, step: &Step) -> String {
        match step {
            Step::Kind(Kind::Created) => self.choose("placed", "신규 주문").to_owned(),
            Step::Kind(Kind::Cancelled) => self.choose("cancelled", "주문 취소").to_owned(),
            Step::Kind(Kind::Modified | Kind::Overdue) => self.changed(None).1.to_owned(),
            Step::Change(change) => self.changed(Some(*change)).1.to_owned(),
            Step::Status(status) => self.state_of(event, status),
        }
    }

    /// A length of time in its largest unit, rounded down.
    fn spelt_time(self, time: SignedDuration) -> String {
        let (minutes, hours) = (time.as_mins(), time.as_hours());
        let (count, english, korean) = match (minutes, hours) {
            (..120, _) => (minutes.max(1), "minute", "분"),
            (_, ..48) => (hours, "hour", "시간"),
            _ => (hours / 24, "day", "일"),
        };
        let plural = if count == 1 { "" } else { "s" };
        self.choose(format!("{count} {english}{plural}"), format!("{count}{korean}"))
    }
}

/// `not accepted`, but `no “courier assigned”`.
fn not(step: &str) -> String {
    if says_how_it_is(step) { format!("not {step}") } else { format!("no “{step}”") }
}

fn quoted(step: &str) -> String {
    if says_how_it_is(step) { step.to_owned() } else { format!("“{step}”") }
}

/// Whether the English words can stand behind "the order is".
fn says_how_it_is(step: &str) -> bool {
    const OTHERS: [&str; 8] = ["paid", "ready", "open", "on", "in", "out", "sent", "done"];
    let first = step.split(' ').next().unwrap_or_default();
    first.ends_with("ed") || first.ends_with("ing") || OTHERS.contains(&first)
}

fn not_in_korean(step: &str) -> String {
    let is_verb = ["완료", "확인", "취소", "수정", "변경", "발송", "접수"]
        .iter()
        .any(|end| step.ends_with(end));
    if is_verb { format!("{step}되지 않음") } else { format!("‘{step}’ 소식 없음") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_denied_as_people_say_it() {
        assert_eq!(not("accepted"), "not accepted");
        assert_eq!(not("picked up"), "not picked up");
        assert_eq!(not("being prepared"), "not being prepared");
        assert_eq!(not("courier assigned"), "no “courier assigned”");
        assert_eq!(quoted("courier assigned"), "“courier assigned”");
        assert_eq!(not_in_korean("접수 완료"), "접수 완료되지 않음");
        assert_eq!(not_in_korean("조리 중"), "‘조리 중’ 소식 없음");
    }
}
