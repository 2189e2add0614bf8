//! The stack, its AWS and its Slack, and what the tools do with them.

use std::path::{Path, PathBuf};
use std::{env, fs, thread};

use order_alerts_fakes::FakeSlack;
use serde_json::{Value, json};

use crate::emulator::{Emulator, role_arn};
use crate::queues::Queues;
use crate::shop::Shop;
use crate::template::{with_batch_actions, with_slack_at};
use crate::tools::Tools;

pub(crate) const STACK: &str = "order-alerts-test";
/// Short, so that the test need not wait long for a digest.
pub(crate) const DIGEST_SECONDS: u64 = 2;
/// Mail to it is never read.
pub(crate) const ALARM_EMAIL: &str = "alarms@example.com";
/// Slack's one message a second, and a few more at once.
const SLACK_RATE: (f64, u32) = (1.0, 5);
/// The emulator knows no alarm on metric math.
const WITHOUT_METRIC_MATH: [&str; 4] =
    ["CancellationPercent=0", "RejectedWebhooks=0", "SlackRefusedMinutes=0", "QueueAgeSeconds=0"];
const TEMPLATE: &str = "template.yaml";
const SAMPLE: &str = "events/shopify-cancelled.json";

pub(crate) struct World {
    pub(crate) slack: FakeSlack,
    pub(crate) emulator: Emulator,
    pub(crate) tools: Tools,
    /// The version that is tested.
    pub(crate) release: Release,
    /// Empty at the start.
    folder: PathBuf,
}

/// What is published of a version, unpacked by a user.
pub(crate) struct Release {
    folder: PathBuf,
}

/// What `sam deploy` made.
pub(crate) struct Stack {
    pub(crate) function: String,
    pub(crate) webhook_url: String,
    pub(crate) dashboard_url: String,
    pub(crate) shop: Shop,
    pub(crate) queues: Queues,
}

impl World {
    /// Each test has a folder of its own under this name.
    pub(crate) async fn start(name: &str) -> Self {
        let folder = fresh_folder(name);
        let (per_second, burst) = SLACK_RATE;
        let slack = FakeSlack::with_rate(per_second, burst).await;
        let emulator = Emulator::start(&folder).await;
        let release = downloaded("DIST", &folder.join("order-alerts"), &slack);
        let tools = Tools::new(&emulator.origin, &slack.origin(), &release.folder);
        Self { slack, emulator, tools, release, folder }
    }

    /// The version before the one that is tested.
    pub(crate) fn former_release(&self) -> Release {
        downloaded("FORMER", &self.folder.join("former"), &self.slack)
    }

    /// `sam deploy`, where there is nothing but SAM and what is published.
    pub(crate) async fn deploy(&self, release: &Release, parameters: &[&str]) -> Stack {
        let deploy = ["deploy", "--stack-name", STACK, "--parameter-overrides"];
        let deploy = self.tools.sam_alone(&release.folder, &deploy).arguments(parameters);
        deploy.arguments(&WITHOUT_METRIC_MATH).run().await;

        let outputs = self.list("stack-outputs", &[]).await;
        let output = |name| entry(&outputs, "OutputKey", name, "OutputValue");
        let (orders, dead_letters) = (output("QueueArn"), output("DeadLetterQueueArn"));
        let queues = Queues::find(&self.emulator.origin, &orders, &dead_letters).await;
        let webhook_url = output("WebhookUrl");
        let shop = Shop { api: self.emulator.api(&webhook_url) };
        let (function, dashboard_url) = (output("FunctionName"), output("DashboardUrl"));
        Stack { function, webhook_url, dashboard_url, shop, queues }
    }

    pub(crate) async fn role_of_the_stack(&self) -> String {
        role_arn(&self.name_of("FunctionRole").await)
    }

    /// What AWS calls this resource of the template.
    pub(crate) async fn name_of(&self, resource: &str) -> String {
        let resources = self.list("resources", &["--template-file", &self.template()]).await;
        entry(&resources, "LogicalResourceId", resource, "PhysicalResourceId")
    }

    /// Returns once the function is done with an event that is no webhook.
    pub(crate) async fn invoke(&self, stack: &Stack, event: &str) {
        let call = json!({"FunctionName": stack.function, "Payload": event});
        let answer = self.tools.aws("lambda", "invoke", &call).await;
        assert_eq!([&answer["Payload"], &answer["FunctionError"]], [&json!("null"), &Value::Null]);
    }

    pub(crate) async fn put_item(&self, table: &str, item: &Value) {
        let put = json!({"TableName": table, "Item": item});
        self.tools.aws("dynamodb", "put_item", &put).await;
    }

    async fn list(&self, what: &str, options: &[&str]) -> Value {
        let list = self.tools.sam(&["list", what, "--stack-name", STACK, "--output", "json"]);
        serde_json::from_str(&list.arguments(options).run().await).unwrap()
    }

    pub(crate) async fn delete(&self) {
        self.tools.sam(&["delete", "--stack-name", STACK, "--no-prompts"]).run().await;
    }

    /// `sam build`, through cargo-lambda, for this machine.
    pub(crate) async fn build(&self) {
        let folder = self.built();
        let build = [
            "build",
            "--build-dir",
            folder.to_str().unwrap(),
            "--parameter-overrides",
            architecture(),
        ];
        self.tools.sam(&build).run().await;
    }

    /// The function's binary: the one that is published, and the one that `sam build` made.
    pub(crate) async fn bootstraps(&self) -> [Vec<u8>; 2] {
        let archive = architecture().replace("Architecture=", "order-alerts-") + ".zip";
        let (archive, folder) = (self.release.folder.join(archive), self.folder.join("unpacked"));
        let [archive, unpacked] = [&archive, &folder].map(|path| path.to_str().unwrap());
        self.tools.python(&["-m", "zipfile", "-e", archive, unpacked]).run().await;
        [folder.join("bootstrap"), self.bootstrap()].map(|path| fs::read(path).unwrap())
    }

    /// Where `sam build` puts what it makes.
    fn built(&self) -> PathBuf {
        self.folder.join("build")
    }

    fn bootstrap(&self) -> PathBuf {
        self.built().join("Function/bootstrap")
    }

    /// `cargo lambda deploy` of the binary that `sam build` made, with the stack's secret.
    pub(crate) async fn cargo_lambda_deploy(&self, function: &str, options: &[&str]) {
        let bootstrap = self.bootstrap();
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

    fn template(&self) -> String {
        self.release.folder.join(TEMPLATE).to_str().unwrap().to_owned()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if thread::panicking() {
            // The emulator's own log has nothing of what the function said about webhooks.
            let problems = ["logs", "--stack-name", STACK, "--filter", "level -INFO"];
            self.tools.sam(&problems).show();
        }
    }
}

/// Empty at every start, and kept for a look after a failure.
fn fresh_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("deployment").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A copy of what is published, which this variable names, as a user downloads it; with what only these
/// tests need.
fn downloaded(variable: &str, copy: &Path, slack: &FakeSlack) -> Release {
    let published = env::var_os(variable);
    let published = published.expect("`make deployment` says where what is published is");
    fs::create_dir(copy).unwrap();
    for entry in fs::read_dir(published).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    let template = fs::read_to_string(copy.join(TEMPLATE)).unwrap();
    let template = with_batch_actions(&with_slack_at(&slack.origin(), &template));
    fs::write(copy.join(TEMPLATE), template).unwrap();
    Release { folder: copy.to_owned() }
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
