//! `check`.

use order_alerts_fakes::{FakeSecretsManager, FakeSlack};
use serde_json::json;

use crate::{run, tempfolder, tool};

const RULES: &str = "cancelled unpaid -> off
cancelled from KRW 500000 -> each, mention group:S012AB3CD, to managers

# Money goes back.
refunded -> each, to finance
shop kitchen.example -> to kitchen
cancelled paid -> each
modified -> off
edited -> digest
any from USD 9 under USD 5 -> to orders";

async fn check(arguments: &[&str], environment: &[(&str, &str)]) -> (bool, String, String) {
    let arguments = [&["check"], arguments].concat();
    run(tool(&arguments).envs(environment.iter().copied()), "").await
}

/// All that a run prints, and whether it fails.
fn whole((succeeded, output, errors): (bool, String, String)) -> String {
    format!("{output}{errors}{}", if succeeded { "(succeeds)" } else { "(fails)" })
}

#[tokio::test]
async fn rules_are_said_in_words_with_what_is_doubtful_about_them() {
    let readable = RULES.replace("cancelled paid -> each\n", "");
    let settings = [("RULES", readable.as_str()), ("MENTION", "here"), ("MENTION_ABOVE", "KRW:5")];
    insta::assert_snapshot!(whole(check(&[], &settings).await));
}

#[tokio::test]
async fn an_unreadable_rule_fails_and_is_said_with_its_line() {
    insta::assert_snapshot!(whole(check(&["--rules", RULES], &[("RULES", "x")]).await));
}

#[tokio::test]
async fn an_unreadable_setting_fails_and_is_said_with_what_is_used_in_its_place() {
    let settings = [
        ("CUSTOMER", "all"),
        ("MENTION", "here"),
        ("MENTION_ABOVE", "RMB 500"),
        ("DIGEST_SECONDS", "1.5"),
        ("PUBLIC_URL", "/"),
    ];
    insta::assert_snapshot!(whole(check(&[], &settings).await));
}

#[tokio::test]
async fn settings_and_rules_may_both_be_unreadable() {
    let settings = [("SHOW_CREATED", "never"), ("RULES", "refundd -> each; paid each")];
    insta::assert_snapshot!(whole(check(&[], &settings).await));
}

#[tokio::test]
async fn rules_that_the_template_does_not_take_fail() {
    let rules = format!("# {}\nrefunded -> each", "x".repeat(3000));
    let (succeeded, output, errors) = check(&["--rules", &rules], &[]).await;
    assert!(!succeeded, "{output}");
    let sentence = "  RULES has 3019 characters, and the template takes at most 3000\n";
    assert!(output.contains(sentence), "{output}");
    assert_eq!(errors, "error: 1 setting cannot be read\n");
}

#[tokio::test]
async fn the_steps_that_must_follow_are_said_in_words() {
    let expect = "created platform ubereats -> accepted in 4 min, mention here, to kitchen
created platform ubereats -> Accepted in 240 s

paid -> fulfilled in 24 h, to warehouse; paid -> fulfiled in 24 h";
    let rules = "refunded -> each, to finance";
    let arguments = ["--expect", expect, "--rules", rules];
    insta::assert_snapshot!(whole(check(&arguments, &[("EXPECT", "x")]).await));
}

#[tokio::test]
async fn a_setting_a_rule_and_a_step_may_all_be_unreadable() {
    let settings = [("SHOW_CREATED", "never"), ("RULES", "refundd -> each"), ("EXPECT", "created")];
    let (succeeded, output, errors) = check(&[], &settings).await;
    assert!(!succeeded);
    assert!(
        output.contains("\nLines of EXPECT that cannot be read, and are passed over:\n  line 1: ")
    );
    assert_eq!(errors, "error: 1 setting, 1 rule and 1 line of EXPECT cannot be read\n");
}

#[tokio::test]
async fn lines_that_leave_too_little_room_for_other_variables_are_warned_of() {
    let rules = format!("# {}\nrefunded -> each", "x".repeat(1_500));
    let expect = |length| format!("# {}\ncreated -> accepted in 4 min", "x".repeat(length));
    let warning = "RULES and EXPECT have 3001 bytes together.";
    for (length, is_warned) in [(1_450, false), (1_451, true)] {
        let expect = expect(length);
        let (succeeded, output, errors) =
            check(&["--rules", &rules, "--expect", &expect], &[]).await;
        assert!(succeeded, "{errors}");
        assert_eq!(output.contains(warning), is_warned, "{output}");
    }
    let (succeeded, output, _) = check(&["--expect", &expect(2_000)], &[]).await;
    assert!(!succeeded);
    let sentence = "  EXPECT has 2031 characters, and the template takes at most 2000\n";
    assert!(output.contains(sentence), "{output}");
}

#[tokio::test]
async fn rules_may_be_in_a_file_or_on_standard_input() {
    let file = tempfolder("rules").join("rules.txt");
    std::fs::write(&file, "\u{feff}\r\nrefunded -> each\r\npaid -> eech\r\n").unwrap();
    let argument = format!("@{}", file.display());
    let (succeeded, output, errors) = check(&["--rules", &argument], &[]).await;
    assert!(!succeeded);
    assert!(output.contains("  line 2: orders with `refunded`: each at once\n"), "{output}");
    assert!(output.contains("  line 3: `eech` is not known"), "{output}");
    assert_eq!(errors, "error: 1 rule cannot be read\n");

    let (succeeded, output, _) =
        run(&mut tool(&["check", "--rules", "@-"]), "-> mention here").await;
    assert!(succeeded);
    assert!(output.contains("  line 1: all events: mention here\n"), "{output}");
    let (succeeded, output, _) = check(&["--rules", "-> mention here"], &[]).await;
    assert!(succeeded, "a rule may begin with its arrow");
    assert!(output.contains("  line 1: all events: mention here\n"), "{output}");

    let (succeeded, _, errors) = check(&["--rules", "@/nowhere.txt"], &[]).await;
    assert!(!succeeded);
    assert!(errors.starts_with("error: /nowhere.txt cannot be read: No such file"), "{errors}");
}

#[tokio::test]
async fn a_stacks_secret_says_which_channels_it_lacks() {
    let slack = FakeSlack::start().await;
    let channels =
        json!({"Finance": slack.named_hook_url("FINANCE"), "kitchen": "https://example.com/x"});
    let secret = json!({"slack_webhook_url": slack.hook_url(), "channels": channels}).to_string();
    let secrets = FakeSecretsManager::start(&secret).await;
    let arn = secrets.secret_arn();
    let expect = "created -> accepted in 4 min, to managers";
    let rules = RULES.replace(", to managers", "");
    let mut check = tool(&["check", "--rules", &rules, "--expect", expect, "--secret", arn]);
    check.envs([
        ("AWS_ENDPOINT_URL", secrets.origin().as_str()),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "fake"),
        ("AWS_SECRET_ACCESS_KEY", "fake"),
        ("SLACK_ORIGIN", slack.origin().as_str()),
    ]);
    let (_, output, _) = run(&mut check, "").await;
    let (_, channels) = output.split_once("\nChannels ").expect(&output);
    assert_eq!(
        channels,
        format!(
            "that the lines name, in the secret {arn}:\n  \
             finance has a URL\n  \
             kitchen has a URL that is refused: it is an address of another service than Slack: \
             create an incoming webhook in Slack; `cargo run -- connect slack --channel kitchen --secret {arn}` stores another\n  \
             managers has no URL, so its messages go to the orders' channel: \
             `cargo run -- connect slack --channel managers --secret {arn}` stores one\n"
        )
    );
    assert_eq!(secrets.secret_string(), secret);
}
