//! The words about alarms; those about the stack's own are in `stack_alarm`.

use jiff::SignedDuration;

use crate::alarm::{Alarm, Monitored, State};
use crate::message::words::{MAX_NAME_CHARS, Words, isolated, named};
use crate::order::one_line::OneLine;

impl Words {
    /// What became of which alarm.
    pub(in crate::message) fn alarm_headline(self, alarm: &Alarm) -> String {
        let own = alarm.stack_alarm();
        let subject = || own.map_or_else(|| named(&alarm.name), |own| self.subject(own).to_owned());
        match (&alarm.state, own) {
            (State::Alarm, Some(own)) => format!("🚨 {}", self.problem(own, alarm)),
            (State::Alarm, None) => format!("🚨 {}: {}", self.choose("Alarm", "경보"), subject()),
            (State::Ok, own) if alarm.has_recovered() => {
                let recovery = own.map_or_else(subject, |own| self.recovery(own, alarm).to_owned());
                format!("✅ {}: {recovery}", self.alarm_over(alarm.lasted()))
            }
            (State::Ok, _) => format!("✅ {}: {}", self.choose("OK", "정상"), subject()),
            (State::InsufficientData, _) => {
                format!("❔ {}: {}", self.choose("Not enough data", "데이터 부족"), subject())
            }
            (State::Other(Some(state)), _) => {
                format!("⚠️ {} {}: {}", self.choose("State", "상태"), named(state), subject())
            }
            (State::Other(None), _) => {
                format!("⚠️ {}: {}", self.choose("Unknown state", "알 수 없는 상태"), subject())
            }
        }
    }

    /// Not "recovered": an alarm is over as well when the shop closes or a message expires.
    fn alarm_over(self, lasted: Option<SignedDuration>) -> String {
        match lasted.map(|lasted| self.lasting(lasted)) {
            Some(lasted) => self
                .choose(format!("Alarm over after {lasted}"), format!("{lasted} 만에 경보 해제")),
            None => self.choose("Alarm over", "경보 해제").to_owned(),
        }
    }

    /// What happened and all that is known of it, most important first.
    pub(in crate::message) fn alarm_facts(self, alarm: &Alarm, bars: Option<&str>) -> Vec<String> {
        let own = alarm.stack_alarm();
        // Plain words stand in for CloudWatch's, except for a state that they do not know.
        let own_words = !matches!(alarm.state, State::Other(_)) && own.is_some();
        let unless_own = |line: Option<&OneLine>| {
            line.filter(|_| !own_words).map(|line| isolated(line.as_str()))
        };
        let (watch, watched) = match &alarm.monitored {
            Monitored::Metric(name) => (self.choose("Metric", "지표"), name.as_ref()),
            Monitored::Math(name) => (self.choose("Calculation", "계산식"), name.as_ref()),
            Monitored::Composite(rule) => (self.choose("Rule", "규칙"), Some(rule)),
            Monitored::Unknown => ("", None),
        };
        let is_cut = alarm.name.as_str().chars().count() > MAX_NAME_CHARS;
        let name = (own.is_some() || is_cut).then(|| isolated(alarm.name.as_str()));
        let contributor = alarm.contributor.as_ref();
        let contributor =
            contributor.map(|one| isolated(one.attributes.as_ref().unwrap_or(&one.id).as_str()));
        let threshold = alarm.threshold.and_then(|threshold| self.quantity(own, threshold));
        let (values, value) = self.last_values(alarm, bars);
        let facts = [
            (self.choose("Contributor", "기여자"), contributor),
            (self.choose("Description", "설명"), unless_own(alarm.description.as_ref())),
            (self.choose("Reason", "이유"), unless_own(alarm.reason.as_ref())),
            (values, value),
            (self.choose("Threshold", "기준값"), threshold),
            (watch, unless_own(watched)),
            (self.choose("Alarm", "경보"), name),
        ];
        let known = facts.into_iter().filter_map(|(label, fact)| Some((label, fact?)));
        let facts = known.map(|(label, fact)| format!("{label}: {fact}"));
        self.alarm_description(alarm).into_iter().chain(facts).collect()
    }

    /// What happened, where there are plainer words than CloudWatch's.
    fn alarm_description(self, alarm: &Alarm) -> Option<String> {
        let too_little = || {
            self.choose(
                "CloudWatch does not have enough data yet. This is normal right after a deployment.",
                "CloudWatch가 판단하기에 데이터가 부족합니다. 배포 직후에는 흔히 있는 일입니다.",
            )
        };
        match (&alarm.state, alarm.stack_alarm()) {
            (State::Alarm, Some(own)) => Some(self.description(own, alarm)),
            (State::InsufficientData, _) => Some(too_little().to_owned()),
            _ => None,
        }
    }

    /// The newest value, behind the bars of the last ones if there are several.
    fn last_values(self, alarm: &Alarm, bars: Option<&str>) -> (&'static str, Option<String>) {
        let last = alarm.last().and_then(|last| self.quantity(alarm.stack_alarm(), last));
        match bars.filter(|_| alarm.recent.len() > 1) {
            Some(bars) => {
                (self.choose("Last values", "최근 값"), last.map(|last| format!("{bars} {last}")))
            }
            None => (self.choose("Last value", "최근 값"), last),
        }
    }

    /// What to check, where that is known.
    pub(in crate::message) fn alarm_advice(self, alarm: &Alarm) -> Option<String> {
        let own = alarm.stack_alarm().filter(|_| alarm.state == State::Alarm)?;
        Some(format!("{}: {}", self.choose("What to check", "확인할 사항"), self.advice(own)))
    }

    /// The label of the time at which the alarm's state began.
    pub(in crate::message) fn since(self) -> &'static str {
        self.choose("Since", "상태 변경")
    }

    /// The label of the link to the alarm's page.
    pub(in crate::message) fn view_alarm(self) -> &'static str {
        self.choose("Open in CloudWatch", "CloudWatch에서 보기")
    }

    /// A length of time in its two largest units, rounded down.
    pub(super) fn lasting(self, time: SignedDuration) -> String {
        let (days, hours) = (time.as_hours() / 24, time.as_hours() % 24);
        let (minutes, seconds) = (time.as_mins() % 60, time.as_secs() % 60);
        let day = (days, "d", "일");
        let hour = (hours, "h", "시간");
        let minute = (minutes, "min", "분");
        let units = match (days, hours) {
            (0, 0) => [minute, (seconds, "s", "초")],
            (0, _) => [hour, minute],
            _ => [day, hour],
        };
        let parts = units.into_iter().filter(|(count, ..)| *count != 0);
        let parts = parts.map(|(count, english, korean)| self.in_unit(count, english, korean));
        parts.collect::<Vec<_>>().join(" ")
    }
}
