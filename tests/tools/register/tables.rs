//! `register`, with each platform whose API is a table of its file.

use order_alerts::platform::Platform;
use order_alerts_fakes::FakeSecretsManager;
use serde_json::Value;

use crate::fake_proxy::FakeProxy;
use crate::leaks::Private;
use crate::register::apis::APIS;
use crate::register::fake_api::{FakeApi, Shapes};
use crate::register::{SIGNING_KEY, at};
use crate::{run, tool};

const ELSEWHERE: &str = "https://elsewhere.example/hook?key=of-another";

/// A platform, behind a proxy that answers for its host, and the secret of a stack.
struct Setting {
    shapes: &'static Shapes,
    api: FakeApi,
    proxy: FakeProxy,
    secrets: FakeSecretsManager,
}

impl Setting {
    async fn of(shapes: &'static Shapes) -> Self {
        let api = FakeApi::start(shapes).await;
        let proxy = FakeProxy::before(shapes.host, api.server.clone()).await;
        Self { shapes, api, proxy, secrets: FakeSecretsManager::start("{}").await }
    }

    /// What it prints, or what it complains of: neither has a credential or a key.
    async fn register(&self, more: &[&str]) -> Result<String, String> {
        let output = self.register_with(self.shapes.environment, more).await;
        let printed = output.as_ref().unwrap_or_else(|error| error);
        for hook in self.api.hooks() {
            assert_eq!(Private::new("the key", &hook.key).find(printed), None, "{printed}");
        }
        output
    }

    async fn register_with(
        &self,
        environment: &[(&str, &str)],
        more: &[&str],
    ) -> Result<String, String> {
        let mut arguments = vec!["register", self.shapes.platform];
        arguments.extend(self.shapes.shop.iter().flat_map(|shop| ["--shop", shop]));
        if !more.contains(&"--url") {
            arguments.extend(["--secret", self.secrets.secret_arn()]);
        }
        let mut command = tool(&[&arguments, more].concat());
        command
            .env("AWS_ENDPOINT_URL", self.secrets.origin())
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "fake")
            .env("AWS_SECRET_ACCESS_KEY", "fake")
            .env("HTTPS_PROXY", &self.proxy.address)
            .env("SSL_CERT_FILE", &self.proxy.certificate);
        let (succeeded, output, errors) = run(command.envs(environment.iter().copied()), "").await;
        for (name, credential) in self.shapes.environment {
            let printed = format!("{output}{errors}");
            assert_eq!(Private::new(name, credential).find(&printed), None, "{printed}");
        }
        if succeeded { Ok(output) } else { Err(errors.trim_end().to_owned()) }
    }

    /// The keys of the platform in the stack's secret.
    fn stored_keys(&self) -> Vec<String> {
        let secret: Value = serde_json::from_str(&self.secrets.secret_string()).unwrap();
        let keys = secret["signing_keys"][self.shapes.platform].as_array();
        keys.into_iter().flatten().map(|key| key.as_str().unwrap().to_owned()).collect()
    }

    fn makes_keys(&self) -> bool {
        ["square", "stripe", "paddle", "squarespace", "webflow"].contains(&self.shapes.platform)
    }
}

#[tokio::test]
async fn every_platform_is_registered_once_listed_and_removed() {
    for shapes in APIS {
        let setting = Setting::of(shapes).await;
        let name = shapes.platform;
        let (url, others) = (at(name), if shapes.none.is_some() { 0 } else { 3 });
        for _ in 0..others {
            setting.api.add(ELSEWHERE, "another.event");
        }
        let ours =
            || setting.api.hooks().into_iter().filter(|hook| hook.url == url).collect::<Vec<_>>();

        let output = setting.register(&[]).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(output.contains(": registered\n"), "{name}: {output}");
        let made = ours();
        let events: Vec<_> = made.iter().flat_map(|hook| hook.events.clone()).collect();
        let wanted = &Platform::find(name).unwrap().setup.events;
        if name == "hubrise" {
            assert_eq!(events, ["create", "update"]);
        } else {
            assert_eq!(events, *wanted, "{name}");
        }
        let made_keys: Vec<_> = made.iter().map(|hook| hook.key.clone()).collect();
        if setting.makes_keys() {
            assert_eq!(setting.stored_keys(), made_keys, "{name}");
            assert!(!output.contains("cargo run -- connect"), "{name}: {output}");
        } else {
            assert!(setting.stored_keys().is_empty(), "{name}");
            assert!(output.contains(&format!("cargo run -- connect {name}\n")), "{name}: {output}");
        }
        // Square signs the address, so the function must know it.
        assert_eq!(output.contains(&format!("PublicUrl: {url}\n")), name == "square", "{output}");
        if shapes.given_key.is_some() {
            assert!(made_keys.iter().all(|key| key == SIGNING_KEY), "{name}");
        }

        let output = setting.register(&[]).await.unwrap();
        assert!(output.contains(": kept"), "{name}: {output}");
        assert!(!output.contains(": registered"), "{name}: {output}");
        assert_eq!(ours(), made, "{name}");

        let listed = setting.register(&["--list"]).await.unwrap();
        let count = format!(", {} at {url}\n", made.len());
        assert!(listed.contains(&count) && listed.contains("  own  "), "{name}: {listed}");
        assert_eq!(listed.matches("  other  ").count(), others, "{name}: {listed}");
        assert!(!listed.contains("of-another"), "{name}: {listed}");

        let removed = setting.register(&["--remove"]).await.unwrap();
        assert!(removed.ends_with(": removed\n"), "{name}: {removed}");
        assert!(ours().is_empty(), "{name}: {removed}");
        assert_eq!(setting.api.hooks().len(), others, "{name}");
        assert_eq!(setting.proxy.asked(), [format!("{}:443", shapes.host)]);
    }
}

#[tokio::test]
async fn a_webhook_that_a_platform_switched_off_is_active_again() {
    let with_states = APIS.iter().filter(|shapes| shapes.activates.is_some());
    for shapes in with_states.filter(|shapes| shapes.given_key.is_none()) {
        let setting = Setting::of(shapes).await;
        let url = at(shapes.platform);
        setting.register(&[]).await.unwrap();
        setting.api.switch_off(&url);
        let listed = setting.register(&["--list"]).await.unwrap();
        let state = if shapes.platform == "stripe" { "disabled" } else { "inactive" };
        assert!(listed.contains(&format!(" ({state})\n")), "{}: {listed}", shapes.platform);
        let output = setting.register(&[]).await.unwrap();
        let active = format!(": was {state}, is active again\n");
        assert!(output.contains(&active), "{}: {output}", shapes.platform);
        assert!(setting.api.hooks().iter().all(|hook| hook.is_active), "{}", shapes.platform);
    }
}

#[tokio::test]
async fn wrong_credentials_are_explained() {
    for shapes in APIS {
        let setting = Setting::of(shapes).await;
        let wrong: Vec<_> = shapes
            .environment
            .iter()
            .map(|(name, value)| match *name {
                "SIGNING_KEY" => (*name, *value),
                _ => (*name, "another-credential"),
            })
            .collect();
        let error = setting.register_with(&wrong, &[]).await.unwrap_err();
        let table = Platform::find(shapes.platform).unwrap().register.as_ref().unwrap();
        let advice = format!(" ({})", table.advice["401"]);
        assert!(error.contains(" answered 401: ") && error.ends_with(&advice), "{error}");
        assert!(!error.contains("another-credential"), "{error}");
        assert!(setting.api.hooks().is_empty());
    }
}

#[tokio::test]
async fn a_key_is_printed_once_where_no_stack_stores_it() {
    for shapes in APIS {
        let setting = Setting::of(shapes).await;
        if !setting.makes_keys() {
            continue;
        }
        let url = at(shapes.platform);
        let more = ["--url", url.as_str()];
        let output = setting.register_with(shapes.environment, &more).await.unwrap();
        for hook in setting.api.hooks() {
            assert_eq!(output.matches(&hook.key).count(), 1, "{output}");
        }
        assert!(setting.stored_keys().is_empty());
        let output = setting.register(&more).await.unwrap();
        assert!(output.contains("Where the key is  "), "{output}");
    }
}

#[tokio::test]
async fn the_one_webhook_of_another_program_is_not_replaced() {
    for shapes in APIS.iter().filter(|shapes| shapes.none.is_some()) {
        let setting = Setting::of(shapes).await;
        setting.api.add(ELSEWHERE, "another.event");
        let error = setting.register(&[]).await.unwrap_err();
        assert!(error.contains("has one webhook alone, which a new one would replace"), "{error}");
        assert!(error.contains("elsewhere.example") && !error.contains("of-another"), "{error}");
        let removed = setting.register(&["--remove"]).await.unwrap();
        assert!(removed.contains("has no webhook at "), "{removed}");
        assert_eq!(setting.api.hooks()[0].url, ELSEWHERE);
    }
}

#[tokio::test]
async fn the_one_webhook_of_this_address_keeps_its_events_and_gets_others() {
    for (platform, event, more) in
        [("vtex", "cancel", "order-created"), ("hubrise", "order.update", "order.create")]
    {
        let setting =
            Setting::of(APIS.iter().find(|shapes| shapes.platform == platform).unwrap()).await;
        setting.register(&["--event", event]).await.unwrap();
        let output = setting.register(&["--event", more]).await.unwrap();
        assert!(output.contains(&format!("  {event}, {more}: registered\n")), "{output}");
        let hooks = setting.api.hooks();
        assert_eq!((hooks.len(), hooks[0].events.len()), (1, 2), "{hooks:?}");
    }
}

#[tokio::test]
async fn nothing_is_registered_where_the_key_could_not_be_stored() {
    let setting =
        Setting::of(APIS.iter().find(|shapes| shapes.platform == "stripe").unwrap()).await;
    setting.secrets.set("no JSON");
    let error = setting.register(&[]).await.unwrap_err();
    assert!(error.contains("is not a JSON object"), "{error}");
    assert!(setting.api.hooks().is_empty());

    // Another user changes the secret while the key is stored.
    setting.secrets.set("{}");
    setting.secrets.change_after(2, r#"{"mine":1}"#);
    let error = setting.register(&[]).await.unwrap_err();
    assert!(error.contains("the signing key of the webhook was not stored: the secret"), "{error}");
    assert!(error.ends_with("Use --remove, and register again"), "{error}");
}

#[tokio::test]
async fn the_credentials_go_to_the_host_of_the_table_alone() {
    for (platform, shop) in [("bigcommerce", "abc123.evil.example"), ("vtex", "evil.example/x")] {
        let arguments = ["register", platform, "--shop", shop, "--url", &at(platform)];
        let (succeeded, _, errors) = run(&mut tool(&arguments), "").await;
        assert!(!succeeded && errors.starts_with("error: --shop must be the "), "{errors}");
    }
    for arguments in [["square", "--shop", "tea-house"], ["stripe", "--api-version", "2026-01"]] {
        let (succeeded, _, errors) =
            run(&mut tool(&[&["register"], &arguments[..]].concat()), "").await;
        assert!(!succeeded && errors.contains(&format!(" needs no {}", arguments[1])), "{errors}");
    }
}

/// The list in `--help` and the page name each platform with a table, and its variables.
#[tokio::test]
async fn the_documentation_names_every_platform_and_its_credentials() {
    let (_, help, _) = run(&mut tool(&["register", "--help"]), "").await;
    let page = include_str!("../../../docs/platforms.md");
    let (_, page) = page.split_once("## Register the URL by a command").unwrap();
    let (page, _) = page.split_once("\n## ").unwrap();
    for platform in Platform::names().filter_map(Platform::find) {
        let Some(table) = &platform.register else { continue };
        assert!(page.contains(&format!("\n| {} |", platform.name)), "{}", platform.name);
        for question in &table.ask {
            let variable = &question.variable;
            assert!(help.contains(&format!("\n  {variable}: ")), "{variable}");
            assert!(page.contains(&format!("`{variable}`")), "{variable}");
        }
    }
}
