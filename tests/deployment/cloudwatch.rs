//! An alarm as the emulator has it, and the event that CloudWatch would make of its change.
//!
//! The emulator looks at its alarms whenever a metric gets a value, and never at other times. It adds
//! up all values of an alarm's whole time, whatever their dimensions and minutes. It gives no
//! `StateReasonData`, and calls no function: the test sends the event instead.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::world::{STACK, World};

const LIMIT: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How long a failure still counts; it is dated back so that the test need not wait for its end.
const REMEMBERED: Duration = Duration::from_secs(10);

/// The alarm about a ledger out of reach, at one moment. It watches a single metric, to which a test
/// can give values.
#[derive(Debug)]
pub(crate) struct Alarm(Value);

impl Alarm {
    pub(crate) async fn now(world: &World) -> Self {
        let name = json!({"AlarmNames": [format!("{STACK}-ledger")]});
        let answer = world.tools.aws("cloudwatch", "describe_alarms", &name).await;
        let [alarm] = &answer["MetricAlarms"].as_array().unwrap()[..] else { panic!("{answer}") };
        Self(alarm.clone())
    }

    /// The alarm in another state, which this value of its metric brings about.
    pub(crate) async fn turned(&self, world: &World, state: &str, failures: u32) -> Self {
        let start = Instant::now();
        loop {
            self.measures(world, failures).await;
            let now = Self::now(world).await;
            if now.state() == state {
                return now;
            }
            assert!(start.elapsed() < LIMIT, "not {state} after {LIMIT:?}: {now:?}");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn measures(&self, world: &World, failures: u32) {
        let now = SystemTime::now();
        let at = if failures == 0 { now } else { now - self.looks_back() + REMEMBERED };
        let value = json!({
            "MetricName": self.0["MetricName"],
            "Dimensions": self.0["Dimensions"],
            "Timestamp": at.duration_since(UNIX_EPOCH).unwrap().as_secs(),
            "Value": failures,
        });
        let data = json!({"Namespace": self.0["Namespace"], "MetricData": [value]});
        world.tools.aws("cloudwatch", "put_metric_data", &data).await;
    }

    fn looks_back(&self) -> Duration {
        let [period, periods] =
            ["Period", "EvaluationPeriods"].map(|name| self.0[name].as_u64().unwrap());
        Duration::from_secs(period * periods)
    }

    pub(crate) fn arn(&self) -> &str {
        self.text("AlarmArn")
    }

    pub(crate) fn state(&self) -> &str {
        self.text("StateValue")
    }

    pub(crate) fn since(&self) -> Timestamp {
        self.text("StateUpdatedTimestamp").parse().unwrap()
    }

    /// Whom it calls when it is raised, and when it ends.
    pub(crate) fn actions(&self) -> [&Value; 2] {
        [&self.0["AlarmActions"], &self.0["OKActions"]]
    }

    /// What a function is given of the change from `before`.
    ///
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html>
    pub(crate) fn event_after(&self, before: &Self) -> Value {
        let (region, account) = home(self.arn());
        let dimension = &self.0["Dimensions"][0];
        json!({
            "source": "aws.cloudwatch",
            "alarmArn": self.arn(),
            "accountId": account,
            "time": self.time(),
            "region": region,
            "alarmData": {
                "alarmName": self.0["AlarmName"],
                "state": self.state_in_event(),
                "previousState": before.state_in_event(),
                "configuration": {
                    "description": self.0["AlarmDescription"],
                    "metrics": [{
                        "id": "0f1a4d6e-7c38-4a52-9d0b-5c6f1e2a3b4d",
                        "metricStat": {
                            "metric": {
                                "namespace": self.0["Namespace"],
                                "name": self.0["MetricName"],
                                "dimensions": {dimension["Name"].as_str().unwrap(): dimension["Value"]},
                            },
                            "period": self.0["Period"],
                            "stat": self.0["Statistic"],
                        },
                        "returnData": true,
                    }],
                },
            },
        })
    }

    fn state_in_event(&self) -> Value {
        json!({"value": self.state(), "reason": self.text("StateReason"), "timestamp": self.time()})
    }

    /// As CloudWatch writes it in its events.
    fn time(&self) -> String {
        self.text("StateUpdatedTimestamp").replace("+00:00", "+0000")
    }

    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap()
    }
}

/// The region and the account that an ARN names.
pub(crate) fn home(arn: &str) -> (&str, &str) {
    let mut parts = arn.split(':').skip(3);
    (parts.next().unwrap(), parts.next().unwrap())
}
