//! The event of the schedule that invokes the function once a minute.

use serde::Deserialize;
use serde_json::Value;

/// What a schedule calls itself, and its events:
/// <https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-schedule.html>.
const SCHEDULE: &str = "aws.events";
const TICK: &str = "Scheduled Event";

/// Whether an event with this source and this type is the schedule's.
pub fn is_of(source: Option<&Value>, detail_type: Option<&Value>) -> bool {
    let is = |value: Option<&Value>, text| value.is_some_and(|value| value == text);
    is(source, SCHEDULE) && is(detail_type, TICK)
}

/// Whether an event, as JSON, is the schedule's.
pub fn is(event: &str) -> bool {
    #[derive(Deserialize)]
    struct Markers {
        source: Value,
        #[serde(rename = "detail-type")]
        detail_type: Value,
    }
    let markers = serde_json::from_str(event);
    markers.is_ok_and(|Markers { source, detail_type }| is_of(Some(&source), Some(&detail_type)))
}
