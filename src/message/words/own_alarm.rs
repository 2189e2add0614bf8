//! The words about the alarms of the stack itself.

use jiff::SignedDuration;

use crate::alarm::{Alarm, Datapoint, StackAlarm};
use crate::config::Language;
use crate::message::words::Words;

impl Words {
    /// What the alarm is about, whatever its state.
    pub(super) fn topic(&self, own: StackAlarm) -> &'static str {
        let (english, korean) = match own {
            StackAlarm::NoOrders => ("Flow of orders", "주문 수신"),
            StackAlarm::Cancellations => ("Cancellation rate", "주문 취소율"),
            StackAlarm::RejectedWebhooks => ("Intake of webhooks", "웹훅 수신"),
            StackAlarm::SlackRefuses => ("Delivery to Slack", "Slack 전송"),
            StackAlarm::QueueAge => ("Waiting time of orders", "주문 알림 대기 시간"),
            StackAlarm::DeadLetters => ("Dead-letter queue", "배달 못한 편지 대기열(DLQ)"),
            StackAlarm::Errors => ("Work of the function", "함수 작동"),
            StackAlarm::Throttles => ("Capacity of the function", "함수 동시 실행"),
        };
        self.choose(english, korean)
    }

    /// What is wrong, for a headline.
    pub(super) fn trouble(&self, own: StackAlarm, alarm: &Alarm) -> String {
        let (english, korean) = match (own, silence(alarm), self.measured(own, alarm)) {
            (StackAlarm::NoOrders, Some(silence), _) => {
                let span = self.lasting(silence);
                return match self.language {
                    Language::English => format!("No orders for {span}"),
                    Language::Korean => format!("{span} 동안 주문 없음"),
                };
            }
            (StackAlarm::Cancellations, _, Some(rate)) => {
                return format!("{} {rate}", self.choose("Cancellation rate at", "주문 취소율"));
            }
            (StackAlarm::QueueAge, _, Some(age)) => {
                return match self.language {
                    Language::English => format!("Orders have waited {age} in the queue"),
                    Language::Korean => format!("주문 알림이 {age}째 대기 중"),
                };
            }
            (StackAlarm::NoOrders, ..) => ("No orders", "주문 없음"),
            (StackAlarm::Cancellations, ..) => ("Many cancellations", "주문 취소 급증"),
            (StackAlarm::RejectedWebhooks, ..) => ("Webhooks are turned away", "웹훅 거부 발생"),
            (StackAlarm::SlackRefuses, ..) => ("Slack refuses messages", "Slack이 메시지를 거부함"),
            (StackAlarm::QueueAge, ..) => ("Orders wait in the queue", "주문 알림 처리 지연"),
            (StackAlarm::DeadLetters, ..) => {
                ("Orders or notices could not be shown", "표시하지 못한 주문이나 알림 있음")
            }
            (StackAlarm::Errors, ..) => ("The function ends with errors", "함수 오류 발생"),
            (StackAlarm::Throttles, ..) => ("The function is throttled", "함수 실행 제한 발생"),
        };
        self.choose(english, korean).to_owned()
    }

    /// What is well again, for a headline.
    pub(super) fn relief(&self, own: StackAlarm, alarm: &Alarm) -> &'static str {
        let (english, korean) = match own {
            StackAlarm::NoOrders if is_closed(alarm) => {
                ("the shop is closed now", "영업 시간이 끝남")
            }
            StackAlarm::NoOrders => ("orders are coming in again", "주문이 다시 들어오고 있음"),
            StackAlarm::Cancellations => ("the cancellation rate is normal", "주문 취소율 정상"),
            StackAlarm::RejectedWebhooks => {
                ("no more webhooks are turned away", "더 이상 거부된 웹훅 없음")
            }
            StackAlarm::SlackRefuses => ("no more refusals by Slack", "더 이상 Slack의 거부 없음"),
            StackAlarm::QueueAge => {
                ("orders are taken out of the queue again", "주문이 다시 처리되고 있음")
            }
            StackAlarm::DeadLetters => {
                ("the dead-letter queue is empty again", "DLQ가 다시 비어 있음")
            }
            StackAlarm::Errors => ("no more errors", "함수 정상 작동"),
            StackAlarm::Throttles => {
                ("the function is not throttled any more", "함수 실행 제한 해제")
            }
        };
        self.choose(english, korean)
    }

    /// What is wrong, in a sentence.
    pub(super) fn happened(&self, own: StackAlarm, alarm: &Alarm) -> String {
        let (english, korean) = match own {
            StackAlarm::NoOrders => (
                "No order event has come in from any shop or delivery service.",
                "어떤 매장이나 배달 서비스에서도 주문 이벤트가 들어오지 않았습니다.",
            ),
            StackAlarm::Cancellations => return self.cancelled(alarm),
            StackAlarm::RejectedWebhooks => (
                "Webhooks come in that cannot be proven genuine, cannot be read, or cannot be taken now, and \
                 what they say is not shown.",
                "진위를 확인할 수 없거나, 읽을 수 없거나, 지금 받을 수 없는 웹훅이 들어오고 있으며, 그 내용은 \
                 표시되지 않습니다.",
            ),
            StackAlarm::SlackRefuses => (
                "Slack does not take the messages about orders. The orders wait in the queue.",
                "Slack이 주문 메시지를 받지 않습니다. 주문은 대기열에 보관되어 있습니다.",
            ),
            StackAlarm::QueueAge => (
                "The function does not take orders out of the queue. They wait there and are not lost.",
                "함수가 대기열에서 주문을 꺼내지 못하고 있습니다. 주문은 대기열에 보관되어 있습니다.",
            ),
            StackAlarm::DeadLetters => (
                "Some orders, or notices of alarms, could not be shown in Slack. They lie in the dead-letter \
                 queue.",
                "Slack에 표시하지 못한 주문이나 경보 알림이 있습니다. 배달 못한 편지 대기열(DLQ)에 보관되어 \
                 있습니다.",
            ),
            StackAlarm::Errors => (
                "Invocations of the function end with an error. Senders and the queue try again.",
                "함수 호출이 오류로 끝나고 있습니다. 발신자와 대기열이 다시 시도합니다.",
            ),
            StackAlarm::Throttles => (
                "AWS does not run as many copies of the function as are needed. Senders get an error and \
                 should try again.",
                "AWS가 필요한 만큼 함수를 실행하지 못하고 있습니다. 발신자는 오류를 받고 다시 시도하게 \
                 됩니다.",
            ),
        };
        self.choose(english, korean).to_owned()
    }

    fn cancelled(&self, alarm: &Alarm) -> String {
        /// The alarm's own, should the event not say it.
        const SPAN: SignedDuration = SignedDuration::from_mins(15);
        let span = self.span(alarm).unwrap_or_else(|| self.lasting(SPAN));
        match (self.language, self.measured(StackAlarm::Cancellations, alarm)) {
            (Language::English, Some(rate)) => {
                format!("The cancellation rate of the last {span} is {rate}.")
            }
            (Language::English, None) => format!("Many orders were cancelled in the last {span}."),
            (Language::Korean, Some(rate)) => {
                format!("최근 {span} 동안의 주문 취소율은 {rate}입니다.")
            }
            (Language::Korean, None) => format!("최근 {span} 동안 많은 주문이 취소되었습니다."),
        }
    }

    pub(super) fn look_at(&self, own: StackAlarm) -> &'static str {
        let (english, korean) = match own {
            StackAlarm::NoOrders => (
                "Is the shop open, and can people order and pay? Is the platform's webhook still switched on, \
                 with the right URL?",
                "매장이 영업 중이고 주문과 결제가 되는지, 플랫폼의 웹훅이 켜져 있고 URL이 맞는지 확인하세요.",
            ),
            StackAlarm::Cancellations => (
                "The reasons of the last cancellations; stock, payment, prices and delivery times.",
                "최근 취소 사유와 재고, 결제, 가격, 배달 시간을 확인하세요.",
            ),
            StackAlarm::RejectedWebhooks => (
                "The function's log, which names the platform and the cause of each: a new signing key that \
                 the secret does not hold, a changed webhook, the secret or the queue out of reach. If it is \
                 none of your platforms, a stranger sends them, and nothing is missing.",
                "함수 로그에서 각 웹훅의 플랫폼과 원인을 확인하세요. 시크릿에 없는 새 서명 키, 바뀐 웹훅 설정, \
                 접근할 수 없는 시크릿이나 대기열이 원인일 수 있습니다. 사용 중인 플랫폼이 아니라면 외부에서 보낸 \
                 것이며 누락된 주문은 없습니다.",
            ),
            StackAlarm::SlackRefuses => (
                "Was the Slack app removed, its webhook URL revoked, or the channel archived? Store a new URL \
                 in the secret; the waiting orders then follow.",
                "Slack 앱이 제거되었거나 웹훅 URL이 폐기되었거나 채널이 보관되었는지 확인하세요. 새 URL을 \
                 시크릿에 저장하면 대기 중인 주문이 전송됩니다.",
            ),
            StackAlarm::QueueAge => (
                "The alarms about throttles and errors, and in the Lambda console whether the function's trigger \
                 is enabled.",
                "제한과 오류 경보, 그리고 Lambda 콘솔에서 함수의 트리거가 활성화되어 있는지 확인하세요.",
            ),
            StackAlarm::DeadLetters => (
                "The reason beside a message in the dead-letter queue, if the function itself put it there, \
                 and else the function's log. Redrive them when it is mended, before SQS deletes them.",
                "함수가 직접 DLQ에 넣은 메시지에는 사유가 적혀 있습니다. 그 밖에는 함수 로그를 확인하세요. 원인을 \
                 해결한 뒤 SQS가 삭제하기 전에 재처리(redrive)하세요.",
            ),
            StackAlarm::Errors => (
                "The function's log at the time of the alarm.",
                "경보가 발생한 시각의 함수 로그를 확인하세요.",
            ),
            StackAlarm::Throttles => (
                "The account's limit of concurrent executions, the stack's reserved concurrency, and whether \
                 more webhooks come in than usual.",
                "계정의 동시 실행 한도와 스택의 예약된 동시성, 웹훅이 평소보다 많이 들어오는지 확인하세요.",
            ),
        };
        self.choose(english, korean)
    }

    /// A value or a threshold, in the unit that the alarm measures.
    pub(super) fn quantity(&self, own: Option<StackAlarm>, reading: Datapoint) -> String {
        match (own, self.language) {
            (Some(StackAlarm::Cancellations), Language::English) => format!("{reading} %"),
            (Some(StackAlarm::Cancellations), Language::Korean) => format!("{reading}%"),
            (Some(StackAlarm::QueueAge), _) => {
                match SignedDuration::try_from_secs_f64(reading.value()) {
                    Ok(age) if age.as_secs() > 0 => self.lasting(age),
                    _ => reading.to_string(),
                }
            }
            _ => reading.to_string(),
        }
    }

    fn measured(&self, own: StackAlarm, alarm: &Alarm) -> Option<String> {
        Some(self.quantity(Some(own), alarm.last()?))
    }

    /// How long a time one value stands for.
    fn span(&self, alarm: &Alarm) -> Option<String> {
        let seconds = alarm.period.filter(|seconds| *seconds > 0)?;
        Some(self.lasting(SignedDuration::from_secs(seconds.into())))
    }
}

/// How long no order came, as the alarm's description says it: its event holds no number of periods.
fn silence(alarm: &Alarm) -> Option<SignedDuration> {
    let mut words = alarm.description.as_ref()?.as_str().split_whitespace();
    let minutes = words.find_map(|word| word.parse().ok())?;
    Some(SignedDuration::from_mins(minutes))
}

/// While the shop is closed the template's expression has half an order a minute.
fn is_closed(alarm: &Alarm) -> bool {
    alarm.last().is_some_and(|last| last.to_string() == "0.5")
}
