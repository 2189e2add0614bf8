//! What the function's answer says about the messages of its batch.

use serde_json::Value;

use crate::runtime_api::Outcome;

#[derive(Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// The messages with these ids are retried, the others are deleted.
    AllBut(Vec<String>),
    /// The whole batch is retried.
    Failed,
}

/// As with `ReportBatchItemFailures`, where an answer of the wrong shape fails the whole batch.
pub(super) fn verdict(outcome: &Outcome, batch: &[String]) -> Verdict {
    let Outcome::Answered(answer) = outcome else { return Verdict::Failed };
    let failures = match answer {
        Value::Null => return Verdict::AllBut(Vec::new()),
        Value::Object(members) if members.is_empty() => return Verdict::AllBut(Vec::new()),
        Value::Object(members) => members.get("batchItemFailures"),
        _ => None,
    };
    let failures = match failures {
        Some(Value::Null) => return Verdict::AllBut(Vec::new()),
        Some(Value::Array(failures)) => failures,
        _ => return Verdict::Failed,
    };
    let ids: Option<Vec<_>> = failures
        .iter()
        .map(|failure| failure.get("itemIdentifier")?.as_str())
        .map(|id| Some(batch.iter().find(|known| Some(known.as_str()) == id)?.clone()))
        .collect();
    ids.map_or(Verdict::Failed, Verdict::AllBut)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn assert_verdict(answers: &[Value], expected: &Verdict) {
        for answer in answers {
            let batch = ["a".to_owned(), "b".to_owned()];
            let verdict = verdict(&Outcome::Answered(answer.clone()), &batch);
            assert_eq!(&verdict, expected, "{answer}");
        }
    }

    #[test]
    fn an_empty_answer_is_a_success() {
        let answers = [
            json!(null),
            json!({}),
            json!({"batchItemFailures": null}),
            json!({"batchItemFailures": []}),
        ];
        assert_verdict(&answers, &Verdict::AllBut(Vec::new()));
    }

    #[test]
    fn named_messages_fail_alone() {
        let answer = json!({"batchItemFailures": [{"itemIdentifier": "b"}]});
        assert_verdict(&[answer], &Verdict::AllBut(vec!["b".to_owned()]));
    }

    #[test]
    fn any_other_answer_fails_the_whole_batch() {
        let answers = [
            json!("ok"),
            json!([]),
            json!({"statusCode": 200}),
            json!({"batchItemFailures": "a"}),
            json!({"batchItemFailures": ["a"]}),
            json!({"batchItemFailures": [{"itemIdentifier": ""}]}),
            json!({"batchItemFailures": [{"itemIdentifier": null}]}),
            json!({"batchItemFailures": [{"itemIdentifer": "a"}]}),
            json!({"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "c"}]}),
        ];
        assert_verdict(&answers, &Verdict::Failed);
    }
}
