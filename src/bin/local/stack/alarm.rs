//! The alarm that no orders come in, as CloudWatch would invoke the function with it.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html>

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::stack::Stack;
use crate::terminal::Failure;

/// How long the shop has been without orders, as the alarm says.
const MINUTES: i64 = 10;

impl Stack {
    /// Invokes the function with the alarm.
    pub(crate) async fn alarm(self: &Arc<Self>) -> Result<(), Failure> {
        let event = alarm((self.clock)()).to_string();
        self.invoke(event, Vec::new()).await?;
        Ok(())
    }
}

fn alarm(now: Timestamp) -> Value {
    let time = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string();
    let minutes = (0..MINUTES).map(|_| 0.0).collect::<Vec<_>>();
    let reason = json!({
        "version": "1.0", "statistic": "Sum", "period": 60,
        "recentDatapoints": minutes, "threshold": 1.0,
    });
    let metric = json!({
        "namespace": "OrderAlerts", "name": "EventsAccepted",
        "dimensions": {"Function": "order-alerts"},
    });
    json!({
        "source": "aws.cloudwatch",
        "alarmArn": "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:order-alerts-no-orders",
        "accountId": "123456789012",
        "region": "eu-central-1",
        "time": time(now),
        "alarmData": {
            "alarmName": "order-alerts-no-orders",
            "state": {
                "value": "ALARM",
                "reason": format!("Threshold Crossed: {MINUTES} datapoints were less than the threshold (1.0)."),
                "reasonData": reason.to_string(),
                "timestamp": time(now),
            },
            "previousState": {
                "value": "OK",
                "timestamp": time(now - SignedDuration::from_hours(8)),
            },
            "configuration": {
                "description": format!("No order webhook has come in for {MINUTES} minutes of the opening hours."),
                "metrics": [{"id": "events", "metricStat": {"metric": metric, "period": 60, "stat": "Sum"}, "returnData": true}],
            },
        },
    })
}
