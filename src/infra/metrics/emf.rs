//! Counts become EMF documents: one JSON object for a line of the log.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Key, Metric};

/// The metrics' namespace in CloudWatch.
const NAMESPACE: &str = "OrderAlerts";
/// The specification's limit for one metric of one document.
const MAX_VALUES: usize = 100;

/// The documents with all counts of a function: one for each platform and one for the function itself,
/// and more if a metric has many values.
pub(super) fn documents(
    function: &str,
    counts: &BTreeMap<Key, Vec<f64>>,
    now: Timestamp,
) -> Vec<Value> {
    let mut documents = Vec::new();
    let mut of_one: Vec<(Metric, &[f64])> = Vec::new();
    let mut counts = counts.iter().peekable();
    while let Some(((platform, metric), values)) = counts.next() {
        let mut chunks = values.chunks(MAX_VALUES);
        of_one.extend(chunks.next().map(|chunk| (*metric, chunk)));
        let platform = platform.as_deref();
        documents
            .extend(chunks.map(|chunk| document(function, platform, &[(*metric, chunk)], now)));
        let is_last = counts.peek().is_none_or(|((next, _), _)| next.as_deref() != platform);
        if is_last {
            documents.push(document(function, platform, &of_one, now));
            of_one.clear();
        }
    }
    documents
}

fn document(
    function: &str,
    platform: Option<&str>,
    metrics: &[(Metric, &[f64])],
    now: Timestamp,
) -> Value {
    // CloudWatch does not add up over a dimension, so the sums have a set of dimensions of their own.
    let dimensions = match platform {
        Some(_) => json!([["Function"], ["Function", "Platform"]]),
        None => json!([["Function"]]),
    };
    let definitions: Vec<_> = metrics
        .iter()
        .map(|(metric, _)| json!({"Name": metric.name(), "Unit": metric.unit()}))
        .collect();
    let mut document = Map::new();
    document.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [
                {"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": definitions},
            ],
        }),
    );
    document.insert("Function".to_owned(), function.into());
    if let Some(platform) = platform {
        document.insert("Platform".to_owned(), platform.into());
    }
    for (metric, values) in metrics {
        let value = if let [value] = values { json!(value) } else { json!(values) };
        document.insert(metric.name(), value);
    }
    Value::Object(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_millisecond(1_767_225_600_123).unwrap()
    }

    fn of(platform: &str, metric: Metric) -> Key {
        (Some(platform.to_owned()), metric)
    }

    #[test]
    fn a_platform_and_the_function_have_a_document_each() {
        let counts = BTreeMap::from([
            (of("shopify", Metric::OrdersCancelled), vec![2.0]),
            (of("shopify", Metric::EventsAccepted), vec![3.0]),
            (of("generic", Metric::EventsAccepted), vec![1.0]),
            ((None, Metric::SecondsToSlack), vec![0.25, 1.5]),
            ((None, Metric::MessagesPosted), vec![1.0]),
        ]);
        insta::assert_json_snapshot!(documents("order-alerts", &counts, now()));
    }

    #[test]
    fn a_document_holds_a_hundred_values_of_a_metric_at_most() {
        let values: Vec<_> = (0..250).map(f64::from).collect();
        let counts = BTreeMap::from([
            ((None, Metric::SecondsToSlack), values.clone()),
            ((None, Metric::MessagesPosted), vec![1.0]),
        ]);
        let documents = documents("order-alerts", &counts, now());
        let written = documents.iter().flat_map(|document| match &document["SecondsToSlack"] {
            Value::Array(values) => values.iter().filter_map(Value::as_f64).collect(),
            _ => Vec::new(),
        });
        let mut written: Vec<_> = written.collect();
        written.sort_by(f64::total_cmp);
        assert_eq!(written, values);
        let counted = documents.iter().filter(|document| document["MessagesPosted"] == 1.0);
        assert_eq!((documents.len(), counted.count()), (3, 1));
    }

    #[test]
    fn nothing_counted_is_nothing_written() {
        assert_eq!(documents("order-alerts", &BTreeMap::new(), now()), Vec::<Value>::new());
    }
}
