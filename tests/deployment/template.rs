//! The template that `sam build` made, with what only this test needs.

/// Gives the function its variable for tests, which the template has no parameter for.
pub(crate) fn with_slack_at(origin: &str, template: &str) -> String {
    with_lines_below("Variables:", &[format!("SLACK_ORIGIN: {origin}")], template)
}

/// Lets the function acknowledge messages in batches.
pub(crate) fn with_batch_actions(template: &str) -> String {
    // The emulator asks for these, which AWS does not know.
    let actions = ["- sqs:DeleteMessageBatch", "- sqs:ChangeMessageVisibilityBatch"];
    with_lines_below("- sqs:DeleteMessage", &actions.map(str::to_owned), template)
}

/// Adds lines below the only one that reads `place`, as deep as what follows there.
#[track_caller]
fn with_lines_below(place: &str, additions: &[String], template: &str) -> String {
    let lines: Vec<_> = template.lines().collect();
    let places: Vec<_> = (0..lines.len()).filter(|at| lines[*at].trim() == place).collect();
    let [found] = places[..] else { panic!("{place:?} at {places:?} in\n{template}") };
    let (before, after) = lines.split_at(found + 1);
    let indent: String = after[0].chars().take_while(|c| *c == ' ').collect();
    let added = additions.iter().map(|line| format!("{indent}{line}"));
    let lines = before.iter().map(ToString::to_string).chain(added);
    lines.chain(after.iter().map(ToString::to_string)).map(|line| line + "\n").collect()
}
