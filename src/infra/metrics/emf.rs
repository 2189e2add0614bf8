//! Counts become EMF documents: one JSON object for a line of the log.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Key, Metric};

/// The metrics' namespace in CloudWatch.
const NAMESPACE: &str = "OrderAlerts";
/// The specification's limit for one metric of one document.
const MAX_VALUES: usize = 100;

/// The counts of a platform, or of the function itself: what one line of the log says.
#[derive(Clone)]
pub(super) struct Document<'a> {
    function: &'a str,
    platform: Option<&'a str>,
    now: Timestamp,
    counts: Vec<(Metric, &'a [f64])>,
}

/// The documents with all counts of a function: one for each platform and one for the function itself,
/// and more if a metric has many values.
pub(super) fn documents<'a>(
    function: &'a str,
    counts: &'a BTreeMap<Key, Vec<f64>>,
    now: Timestamp,
) -> Vec<Document<'a>> {
    let mut documents = Vec::<Document<'_>>::new();
    for ((platform, metric), values) in counts {
        let platform = platform.as_deref();
        for chunk in values.chunks(MAX_VALUES) {
            let has_room = |document: &&mut Document<'_>| {
                document.platform == platform
                    && document.counts.last().is_some_and(|(last, _)| last != metric)
            };
            match documents.last_mut().filter(has_room) {
                Some(document) => document.counts.push((*metric, chunk)),
                None => documents.push(Document {
                    function,
                    platform,
                    now,
                    counts: vec![(*metric, chunk)],
                }),
            }
        }
    }
    documents
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("_aws", &Metadata::of(self))?;
        map.serialize_entry("Function", self.function)?;
        if let Some(platform) = self.platform {
            map.serialize_entry("Platform", platform)?;
        }
        for (metric, values) in &self.counts {
            match values {
                [value] => map.serialize_entry(metric, value)?,
                values => map.serialize_entry(metric, values)?,
            }
        }
        map.end()
    }
}

/// By this CloudWatch knows which members of the document are metrics.
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    timestamp: i64,
    cloud_watch_metrics: [Directive; 1],
}

#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: &'static str,
    dimensions: &'static [&'static [&'static str]],
    metrics: Vec<Definition>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: Metric,
    unit: &'static str,
}

impl Metadata {
    fn of(document: &Document<'_>) -> Self {
        // CloudWatch does not add up over a dimension, so the sums have a set of dimensions of their own.
        let dimensions: &[&[&str]] = match document.platform {
            Some(_) => &[&["Function"], &["Function", "Platform"]],
            None => &[&["Function"]],
        };
        let define = |(metric, _): &(Metric, _)| Definition { name: *metric, unit: metric.unit() };
        let metrics = document.counts.iter().map(define).collect();
        Self {
            timestamp: document.now.as_millisecond(),
            cloud_watch_metrics: [Directive { namespace: NAMESPACE, dimensions, metrics }],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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
        insta::assert_json_snapshot!(json!(documents("order-alerts", &counts, now())));
    }

    #[test]
    fn a_document_holds_a_hundred_values_of_a_metric_at_most() {
        let values: Vec<_> = (0..250).map(f64::from).collect();
        let counts = BTreeMap::from([
            ((None, Metric::SecondsToSlack), values.clone()),
            ((None, Metric::MessagesPosted), vec![1.0]),
        ]);
        let documents = json!(documents("order-alerts", &counts, now()));
        let documents = documents.as_array().unwrap();
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
        assert!(documents("order-alerts", &BTreeMap::new(), now()).is_empty());
    }
}
