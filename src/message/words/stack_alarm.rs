//! The words about the alarms of the stack itself.
//!
//! Headline and description are for staff, in the shop's words. Only the advice has the words of
//! AWS's console.

use jiff::SignedDuration;

use crate::alarm::{Alarm, Datapoint, StackAlarm};
use crate::message::words::{Words, counted};

impl Words {
    /// What the alarm is about, whatever its state.
    pub(super) fn subject(self, own: StackAlarm) -> &'static str {
        match own {
            StackAlarm::NoOrders => self.choose("Incoming orders", "주문 수신"),
            StackAlarm::Cancellations => self.choose("Cancellation rate", "주문 취소율"),
            StackAlarm::RejectedWebhooks => self.choose("Incoming webhooks", "웹훅 수신"),
            StackAlarm::TooManyRequests => self.choose("Number of requests", "요청량"),
            StackAlarm::SlackRefuses => self.choose("Posting to Slack", "Slack 알림 전송"),
            StackAlarm::QueueAge => self.choose("Delay of alerts", "주문 알림 대기 시간"),
            StackAlarm::DeadLetters => self.choose("Dead-letter queue", "전송 실패 보관함(DLQ)"),
            StackAlarm::Ledger => self.choose("Duplicate check", "중복 알림 방지"),
            StackAlarm::Errors => self.choose("Alert service", "알림 서비스 작동"),
            StackAlarm::Throttles => {
                self.choose("Capacity of the alert service", "알림 서비스 동시 실행")
            }
            StackAlarm::UnreadableRules => self.choose("Rules of the alerts", "알림 규칙"),
        }
    }

    /// What is wrong, for a headline.
    pub(super) fn problem(self, own: StackAlarm, alarm: &Alarm) -> String {
        let problem = match (own, silence(alarm), self.measured(own, alarm)) {
            (StackAlarm::NoOrders, Some(silence), _) => {
                let span = self.lasting(silence);
                return self.choose(format!("No orders for {span}"), format!("{span}째 주문 없음"));
            }
            (StackAlarm::Cancellations, _, Some(rate)) => {
                return format!("{} {rate}", self.choose("Cancellation rate at", "주문 취소율"));
            }
            (StackAlarm::QueueAge, _, Some(age)) => {
                return self.choose(
                    format!("Order alerts are {age} late"),
                    format!("주문 알림 {age} 지연"),
                );
            }
            (StackAlarm::NoOrders, ..) => self.choose("No orders", "주문 없음"),
            (StackAlarm::Cancellations, ..) => self.choose("Many cancellations", "주문 취소 급증"),
            (StackAlarm::RejectedWebhooks, ..) => {
                self.choose("Webhooks are being rejected", "거부된 웹훅 있음")
            }
            (StackAlarm::TooManyRequests, ..) => self.choose(
                "Too many requests: webhooks are being refused",
                "요청이 너무 많아 웹훅을 받지 못하고 있음",
            ),
            (StackAlarm::SlackRefuses, ..) => {
                self.choose("Slack is not accepting messages", "Slack이 알림을 받지 않음")
            }
            (StackAlarm::QueueAge, ..) => {
                self.choose("Order alerts are delayed", "주문 알림 전송 지연")
            }
            (StackAlarm::DeadLetters, ..) => self.choose(
                "Some alerts could not be posted to Slack",
                "Slack에 보내지 못한 알림 있음",
            ),
            (StackAlarm::Ledger, ..) => {
                self.choose("Orders may be shown twice", "같은 주문 알림이 중복될 수 있음")
            }
            (StackAlarm::Errors, ..) => {
                self.choose("The alert service is failing", "알림 서비스 오류 발생")
            }
            (StackAlarm::Throttles, ..) => {
                self.choose("The alert service is over its limit", "알림 서비스 실행 한도 초과")
            }
            (StackAlarm::UnreadableRules, ..) => {
                self.choose("Some rules cannot be read", "읽을 수 없는 알림 규칙 있음")
            }
        };
        problem.to_owned()
    }

    /// Why the alarm is over, for a headline.
    pub(super) fn recovery(self, own: StackAlarm, alarm: &Alarm) -> &'static str {
        match own {
            StackAlarm::NoOrders if is_closed(alarm) => {
                self.choose("the shop is closed now", "영업 종료")
            }
            StackAlarm::NoOrders => {
                self.choose("orders are coming in again", "주문이 다시 들어오고 있음")
            }
            StackAlarm::Cancellations => {
                self.choose("the cancellation rate is normal", "주문 취소율 정상")
            }
            StackAlarm::RejectedWebhooks => {
                self.choose("no more rejected webhooks", "거부되는 웹훅 없음")
            }
            StackAlarm::TooManyRequests => {
                self.choose("requests are within the limit again", "요청량이 한도 이내로 돌아옴")
            }
            StackAlarm::SlackRefuses => {
                self.choose("no more refusals by Slack", "Slack이 더는 거부하지 않음")
            }
            StackAlarm::QueueAge => {
                self.choose("order alerts are being sent again", "주문 알림이 다시 전송되고 있음")
            }
            StackAlarm::DeadLetters => self
                .choose("the dead-letter queue is empty again", "전송 실패 보관함(DLQ)이 비었음"),
            StackAlarm::Ledger => {
                self.choose("duplicates are recognized again", "중복 알림 방지 정상 작동")
            }
            StackAlarm::Errors => self.choose("no more errors", "알림 서비스 정상 작동"),
            StackAlarm::Throttles => {
                self.choose("the alert service is within its limit again", "실행 한도 초과 해소")
            }
            StackAlarm::UnreadableRules => {
                self.choose("no more unreadable rules found", "읽을 수 없는 알림 규칙이 더는 없음")
            }
        }
    }

    /// What is wrong, in sentences, and what staff can do until it is over.
    pub(super) fn description(self, own: StackAlarm, alarm: &Alarm) -> String {
        let description = match own {
            StackAlarm::NoOrders => self.choose(
                "No order has come in from any connected shop or delivery service.",
                "연결된 쇼핑몰과 배달 서비스 어디에서도 주문이 들어오지 않았습니다.",
            ),
            StackAlarm::Cancellations => return self.cancelled(alarm),
            StackAlarm::RejectedWebhooks => self.choose(
                "Some webhooks were rejected: wrong signature, wrong address, unreadable content, or no way \
                 to take them now. Their orders are not shown here.",
                "서명이나 주소(URL)가 맞지 않거나, 형식이 잘못되었거나, 지금 처리할 수 없는 웹훅을 \
                 거부했습니다. 그 안의 주문은 이 채널에 표시되지 않습니다.",
            ),
            StackAlarm::TooManyRequests => self.choose(
                "More requests come in than the webhook address takes, so it also refuses webhooks of shops \
                 and delivery services. Most platforms send them again. WooCommerce does not, so some of \
                 its orders may never be shown here.",
                "웹훅 주소에 한도보다 많은 요청이 들어와 쇼핑몰과 배달 서비스의 웹훅도 거부되고 있습니다. \
                 대부분의 플랫폼은 다시 보내지만 우커머스(WooCommerce)는 다시 보내지 않으므로, 일부 주문이 \
                 이 채널에 표시되지 않을 수 있습니다.",
            ),
            StackAlarm::SlackRefuses => self.choose(
                "Slack is not accepting order alerts. The orders are safe in the queue and will be posted \
                 later.",
                "Slack이 주문 알림을 받지 않고 있습니다. 주문은 대기열에 보관되며, 해결되면 전송됩니다.",
            ),
            StackAlarm::QueueAge => self.choose(
                "Order alerts are not going out. No order is lost: they wait in the queue.",
                "주문 알림을 제때 보내지 못하고 있습니다. 주문은 사라지지 않고 대기열에 보관되어 있습니다.",
            ),
            StackAlarm::DeadLetters => self.choose(
                "Some order or alarm messages could not be posted to Slack. They are kept in the \
                 dead-letter queue (DLQ) for up to 14 days.",
                "Slack에 보내지 못한 주문 알림이나 경보 알림이 있습니다. 전송 실패 보관함(DLQ)에 최대 14일 \
                 동안 보관됩니다.",
            ),
            StackAlarm::Ledger => self.choose(
                "Order alerts still come, but an order may be shown twice: the record of what was posted \
                 cannot be reached. Before you act on an order, check whether its number was here before.",
                "주문 알림은 계속 오지만, 이미 보낸 알림의 기록을 확인할 수 없어 같은 주문이 두 번 표시될 수 \
                 있습니다. 주문을 처리하기 전에 같은 주문번호의 알림이 먼저 왔는지 확인하세요.",
            ),
            StackAlarm::Errors => self.choose(
                "The alert service (a Lambda function) keeps ending with errors. The queue and most \
                 platforms try again.",
                "알림 서비스(Lambda 함수)가 계속 오류로 끝나고 있습니다. 대기열과 대부분의 플랫폼은 자동으로 \
                 다시 시도합니다.",
            ),
            StackAlarm::Throttles => self.choose(
                "AWS runs fewer copies of the alert service than are needed. Platforms get an error; most \
                 of them try again.",
                "동시 실행 한도에 걸려 알림 서비스(Lambda 함수)가 요청을 다 받지 못하고 있습니다. 오류를 받은 \
                 플랫폼은 대부분 다시 보냅니다.",
            ),
            StackAlarm::UnreadableRules => self.choose(
                "Order alerts still come, but some rules are not followed because they cannot be read. An \
                 order may be in another channel than they say, in a digest, or without a mention.",
                "주문 알림은 계속 오지만, 읽을 수 없는 알림 규칙은 적용되지 않습니다. 주문이 규칙과 다른 채널에 \
                 오거나, 모아서 오거나, 멘션 없이 올 수 있습니다.",
            ),
        };
        match self.meanwhile(own) {
            Some(meanwhile) => format!("{description} {meanwhile}"),
            None => description.to_owned(),
        }
    }

    /// What staff can do while orders are not shown in time.
    fn meanwhile(self, own: StackAlarm) -> Option<&'static str> {
        match own {
            StackAlarm::RejectedWebhooks
            | StackAlarm::TooManyRequests
            | StackAlarm::SlackRefuses
            | StackAlarm::QueueAge
            | StackAlarm::Errors
            | StackAlarm::Throttles => Some(self.choose(
                "Until then, check orders in the shop's admin or the delivery app.",
                "그동안 주문은 쇼핑몰 관리자나 배달앱 접수 화면에서 확인하세요.",
            )),
            StackAlarm::NoOrders
            | StackAlarm::Cancellations
            | StackAlarm::DeadLetters
            | StackAlarm::Ledger
            | StackAlarm::UnreadableRules => None,
        }
    }

    fn cancelled(self, alarm: &Alarm) -> String {
        /// The alarm's own, should the event not say it.
        const SPAN: SignedDuration = SignedDuration::from_mins(15);
        let span = self.span(alarm).unwrap_or_else(|| self.lasting(SPAN));
        match self.measured(StackAlarm::Cancellations, alarm) {
            Some(rate) => self.choose(
                format!("The cancellation rate of the last {span} is {rate}."),
                format!("최근 {span} 동안 주문 취소율이 {rate}입니다."),
            ),
            None => self.choose(
                format!("Many orders were cancelled in the last {span}."),
                format!("최근 {span} 동안 취소된 주문이 많습니다."),
            ),
        }
    }

    /// What to check, for the operator of the AWS account.
    pub(super) fn advice(self, own: StackAlarm) -> &'static str {
        match own {
            StackAlarm::NoOrders => self.choose(
                "Is the shop open, and can people order and pay? Is the platform's webhook still switched on, \
                 with the right URL?",
                "영업 중 상태인지(임시중지·준비중이 아닌지), 주문과 결제가 되는지, 플랫폼의 웹훅이 켜져 있고 \
                 주소(URL)가 맞는지 확인하세요.",
            ),
            StackAlarm::Cancellations => self.choose(
                "The reasons for the latest cancellations; stock, payment, prices and delivery times.",
                "최근 취소 사유와 품절, 결제 오류, 가격 오류, 배송·배달 지연 여부를 확인하세요.",
            ),
            StackAlarm::RejectedWebhooks => self.choose(
                "The function's log names the platform and cause of each: a changed signing key or webhook \
                 setting, or the secret or queue out of reach. If you use that platform, its orders are \
                 probably missing. If not, a stranger may have sent them.",
                "함수 로그에서 거부된 웹훅의 플랫폼과 원인을 확인하세요. 서명 키나 웹훅 설정이 바뀌었거나, \
                 Secrets Manager의 보안 암호나 대기열에 접근하지 못하는 경우일 수 있습니다. 쓰는 \
                 플랫폼이면 빠진 주문이 있을 수 있고, 쓰지 않는 플랫폼이면 외부인의 요청일 수 있습니다.",
            ),
            StackAlarm::TooManyRequests => self.choose(
                "The requests on the stack's dashboard. If your shops send so many, \
                 raise ThrottleRate and ThrottleBurst. If a stranger sends them, a higher ThrottleRate lets \
                 more genuine webhooks pass and costs more.",
                "스택의 대시보드에서 요청량을 확인하세요. 쇼핑몰의 웹훅이 많은 것이라면 ThrottleRate와 \
                 ThrottleBurst를 높이세요. 외부인의 요청이라면 ThrottleRate를 높여야 정상 웹훅이 더 많이 \
                 들어오지만 비용이 늘어납니다.",
            ),
            StackAlarm::SlackRefuses => self.choose(
                "Was the Slack app or its webhook removed, or the channel archived? Then run connect slack \
                 with a new URL. If Slack is down, just wait.",
                "Slack 앱이나 수신 웹훅이 삭제되었는지, 채널이 보관되었는지 확인하세요. 삭제되었다면 새 주소를 \
                 connect slack으로 등록하세요. Slack 장애라면 기다리면 됩니다.",
            ),
            StackAlarm::QueueAge => self.choose(
                "Did the alarms for errors or limits ring too? Is the function's trigger enabled in the \
                 Lambda console?",
                "실행 한도·오류 경보가 함께 울렸는지, Lambda 콘솔에서 함수의 트리거가 활성화되어 있는지 \
                 확인하세요.",
            ),
            StackAlarm::DeadLetters => self.choose(
                "The reason stored with each message in the DLQ, or else the function's log. Fix the cause, \
                 then start a DLQ redrive in the SQS console.",
                "DLQ 메시지에 적힌 사유를 확인하고, 사유가 없으면 함수 로그를 확인하세요. 원인을 해결한 뒤 SQS \
                 콘솔에서 리드라이브하면 다시 전송됩니다.",
            ),
            StackAlarm::Ledger => self.choose(
                "Does the stack's DynamoDB table exist, and may the function's role read and write it? The \
                 function's log has the error. If DynamoDB is down, just wait.",
                "스택의 DynamoDB 테이블이 있는지, 함수의 역할에 읽기·쓰기 권한이 있는지 확인하세요. 오류 내용은 \
                 함수 로그에 있습니다. DynamoDB 장애라면 기다리면 됩니다.",
            ),
            StackAlarm::Errors => self.choose(
                "The function's log at the time of the alarm.",
                "경보가 발생한 시각의 함수 로그를 확인하세요.",
            ),
            StackAlarm::Throttles => self.choose(
                "The account's limit of concurrent executions, the stack's reserved concurrency, and whether \
                 more webhooks come in than usual.",
                "계정의 동시성 한도와 함수의 예약된 동시성을 확인하고, 웹훅이 평소보다 많이 들어오는지 \
                 살펴보세요.",
            ),
            StackAlarm::UnreadableRules => self.choose(
                "The function's log has the number of each rule, the word that does not fit, and what may \
                 stand there. Correct the parameter Rules and deploy again.",
                "함수 로그에서 규칙의 줄 번호와 잘못된 단어, 쓸 수 있는 단어를 확인하세요. 매개변수 Rules를 고쳐 \
                 다시 배포하세요.",
            ),
        }
    }

    /// A value or a threshold with its unit; `None` where the number would say nothing.
    pub(super) fn quantity(self, own: Option<StackAlarm>, value: Datapoint) -> Option<String> {
        let count = |noun| self.choose(counted(&value.to_string(), noun), format!("{value}건"));
        match own {
            None => Some(value.to_string()),
            Some(StackAlarm::Cancellations) => Some(format!("{value}%")),
            Some(StackAlarm::RejectedWebhooks) => Some(count("webhook")),
            Some(StackAlarm::DeadLetters) => Some(count("message")),
            Some(StackAlarm::QueueAge) => {
                let age = SignedDuration::try_from_secs_f64(value.value()).ok();
                let age = age.filter(|age| age.as_secs() > 0).map(|age| self.lasting(age));
                age.or_else(|| Some(self.choose(format!("{value} s"), format!("{value}초"))))
            }
            Some(
                StackAlarm::NoOrders
                | StackAlarm::TooManyRequests
                | StackAlarm::SlackRefuses
                | StackAlarm::Ledger
                | StackAlarm::Errors
                | StackAlarm::Throttles
                | StackAlarm::UnreadableRules,
            ) => None,
        }
    }

    fn measured(self, own: StackAlarm, alarm: &Alarm) -> Option<String> {
        self.quantity(Some(own), alarm.last()?)
    }

    /// How long a time one value stands for.
    fn span(self, alarm: &Alarm) -> Option<String> {
        let seconds = alarm.period.filter(|seconds| *seconds > 0)?;
        Some(self.lasting(SignedDuration::from_secs(seconds.into())))
    }
}

/// How long no order came, as the alarm's description says it: its event has no number of periods.
fn silence(alarm: &Alarm) -> Option<SignedDuration> {
    let mut words = alarm.description.as_ref()?.as_str().split_whitespace();
    let minutes = words.find_map(|word| word.parse().ok())?;
    SignedDuration::try_from_mins(minutes).filter(SignedDuration::is_positive)
}

/// The value of a minute outside the opening hours: no count of orders is a half.
const CLOSED: f64 = 0.5;

fn is_closed(alarm: &Alarm) -> bool {
    alarm.last().is_some_and(|last| (last.value() - CLOSED).abs() < f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_has_the_same_value_for_a_closed_shop() {
        let template = include_str!("../../../template.yaml");
        assert!(template.contains(&format!("Expression: IF(open, events, {CLOSED})")));
    }
}
