//! The stack, its AWS and its Slack, and what the tools do with them.

use std::fs;
use std::path::{Path, PathBuf};

use order_alerts_fakes::FakeSlack;
use serde_json::Value;

use crate::emulator::{Emulator, role_arn};
use crate::tools::Tools;

pub(crate) const STACK: &str = "order-alerts-test";
/// What the sample is signed with, so that it is right as it is.
pub(crate) const SHOPIFY_KEY: &str = "sample key of the local stack: shopify";
const SAMPLE: &str = "events/shopify-cancelled.json";

pub(crate) struct World {
    pub(crate) slack: FakeSlack,
    pub(crate) emulator: Emulator,
    pub(crate) tools: Tools,
    /// What `sam build` makes.
    built: PathBuf,
}

impl World {
    pub(crate) async fn start() -> Self {
        let folder = fresh_folder();
        let slack = FakeSlack::start().await;
        let emulator = Emulator::start(&folder).await;
        let tools = Tools::new(&emulator.origin, &slack.origin());
        Self { slack, emulator, tools, built: folder.join("build") }
    }

    /// `sam build`, through cargo-lambda, for this machine.
    pub(crate) async fn build(&self) {
        let folder = self.built.to_str().unwrap();
        let build = ["build", "--build-dir", folder, "--parameter-overrides", architecture()];
        self.tools.sam(&build).run().await;
        self.send_to_slack_here();
    }

    /// Gives the function its variable for tests, which the template has no parameter for.
    fn send_to_slack_here(&self) {
        let template = fs::read_to_string(self.template()).unwrap();
        let (before, variables) = template.split_once("Variables:\n").unwrap();
        let indent: String = variables.chars().take_while(|character| *character == ' ').collect();
        let variable = format!("{indent}SLACK_ORIGIN: {}", self.slack.origin());
        let template = format!("{before}Variables:\n{variable}\n{variables}");
        fs::write(self.template(), template).unwrap();
    }

    /// `sam deploy`; gives the output `WebhookUrl`.
    pub(crate) async fn deploy(&self) -> String {
        let deploy = ["deploy", "--stack-name", STACK, "--template-file", &self.template()];
        let answers =
            ["--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"];
        let parameters = ["--parameter-overrides", architecture()];
        self.tools.sam(&deploy).arguments(&answers).arguments(&parameters).run().await;
        let outputs = self.list("stack-outputs", &[]).await;
        entry(&outputs, "OutputKey", "WebhookUrl", "OutputValue")
    }

    pub(crate) async fn role_of_the_stack(&self) -> String {
        let resources = self.list("resources", &["--template-file", &self.template()]).await;
        let name = entry(&resources, "LogicalResourceId", "FunctionRole", "PhysicalResourceId");
        role_arn(&name)
    }

    async fn list(&self, what: &str, options: &[&str]) -> Value {
        let list = self.tools.sam(&["list", what, "--stack-name", STACK, "--output", "json"]);
        serde_json::from_str(&list.arguments(options).run().await).unwrap()
    }

    pub(crate) async fn delete(&self) {
        self.tools.sam(&["delete", "--stack-name", STACK, "--no-prompts"]).run().await;
    }

    /// `cargo lambda deploy` of the binary that `sam build` made, with the stack's secret.
    pub(crate) async fn cargo_lambda_deploy(&self, function: &str, options: &[&str]) {
        let bootstrap = self.built.join("Function/bootstrap");
        let deploy = ["lambda", "deploy", "--binary-path", bootstrap.to_str().unwrap()];
        let secret = format!("SECRET_ID={STACK}/secret");
        let slack = format!("SLACK_ORIGIN={}", self.slack.origin());
        let variables =
            [["--env-var", "DELIVERY=direct"], ["--env-var", &secret], ["--env-var", &slack]];
        let deploy = self.tools.cargo(&deploy).arguments(variables.as_flattened());
        deploy.arguments(options).arguments(&[function]).run().await;
    }

    pub(crate) async fn invoke_with_the_sample(&self, function: &str) -> Value {
        let invoke = ["lambda", "invoke", "--remote", "--data-file", SAMPLE, function];
        serde_json::from_str(&self.tools.cargo(&invoke).run().await).unwrap()
    }

    /// Everything that the message after this many shows, which must be the last.
    #[track_caller]
    pub(crate) fn only_message_after(&self, count: usize) -> String {
        let messages = self.slack.messages();
        assert_eq!(messages.len(), count + 1, "refused: {:#?}", self.slack.refused());
        messages[count].rendered()
    }

    fn template(&self) -> String {
        self.built.join("template.yaml").to_str().unwrap().to_owned()
    }
}

/// Empty at every start, and left behind for whoever wants to look.
fn fresh_folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("deployment");
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// That of this machine, as the emulator runs the function here.
fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "Architecture=arm64" } else { "Architecture=x86_64" }
}

/// The text under `wanted` in that object of a list whose `key` is `value`.
#[track_caller]
fn entry(list: &Value, key: &str, value: &str, wanted: &str) -> String {
    let found = list.as_array().unwrap().iter().find(|entry| entry[key] == value);
    let found = found.unwrap_or_else(|| panic!("no {value} in {list:#}"));
    found[wanted].as_str().unwrap().to_owned()
}
