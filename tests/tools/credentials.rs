//! Where `connect` finds AWS credentials, and what it says if there are none.

use std::path::{Path, PathBuf};

use order_alerts_fakes::FakeSecretsManager;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use tokio::process::Command;

use crate::{run, tool};

/// A home folder with this `~/.aws/config`.
fn home(name: &str, config: &str) -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("home-{name}"));
    std::fs::create_dir_all(home.join(".aws")).unwrap();
    std::fs::write(home.join(".aws/config"), config).unwrap();
    home
}

async fn connect_from(secrets: &FakeSecretsManager, home: &Path) -> (bool, String, String) {
    run(&mut command(secrets, home), "the signing key of the tests").await
}

fn command(secrets: &FakeSecretsManager, home: &Path) -> Command {
    let mut connect = tool(&["connect", "shopify", "--secret", secrets.secret_arn()]);
    connect
        .env("HOME", home)
        .env("AWS_ENDPOINT_URL", secrets.origin())
        .env("AWS_EC2_METADATA_DISABLED", "true");
    connect
}

/// `aws login` stores a session in a file that is named after it:
/// <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sign-in.html>.
#[tokio::test]
async fn a_session_of_aws_login_is_used() {
    let secrets = FakeSecretsManager::start("{}").await;
    let session = "arn:aws:iam::000000000000:user/tea";
    let home =
        home("login", &format!("[default]\nregion = eu-central-1\nlogin_session = {session}\n"));
    let name = hex::encode(Sha256::digest(session));
    let cache = home.join(".aws/login/cache");
    std::fs::create_dir_all(&cache).unwrap();
    let token = json!({
        "accessToken": {
            "accessKeyId": "fake", "secretAccessKey": "fake", "sessionToken": "fake",
            "accountId": "000000000000", "expiresAt": "2999-01-01T00:00:00Z",
        },
        "tokenType": "aws_sigv4", "refreshToken": "fake", "clientId": "arn:aws:signin:::devtools/same-device",
        "dpopKey": "none is needed before the session expires",
    });
    std::fs::write(cache.join(format!("{name}.json")), token.to_string()).unwrap();
    let (succeeded, output, errors) = connect_from(&secrets, &home).await;
    assert!(succeeded, "{output}{errors}");
    assert!(secrets.secret_string().contains("the signing key of the tests"));
}

/// A session that is there, whose service is out of reach, is no reason to sign in again.
#[tokio::test]
async fn a_service_for_credentials_that_is_out_of_reach_is_named() {
    let secrets = FakeSecretsManager::start("{}").await;
    let home = home(
        "unreachable",
        "[default]\nregion = eu-central-1\nsso_session = tea\nsso_account_id = 000000000000\n\
         sso_role_name = tea\n[sso-session tea]\nsso_region = eu-central-1\n\
         sso_start_url = https://tea.invalid/start\n",
    );
    let cache = home.join(".aws/sso/cache");
    std::fs::create_dir_all(&cache).unwrap();
    let token = json!({"accessToken": "fake", "expiresAt": "2999-01-01T00:00:00Z"});
    // The SHA-1 of the session's name.
    let file = cache.join("75490f32c06a50051804339453d3fe2f0cd5564b.json");
    std::fs::write(file, token.to_string()).unwrap();
    let mut connect = tool(&["connect", "shopify", "--secret", secrets.secret_arn()]);
    connect
        .env("HOME", &home)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("HTTPS_PROXY", "http://127.0.0.1:1");
    let (_, _, errors) = run(&mut connect, "").await;
    assert_eq!(
        errors,
        "error: there are no usable AWS credentials: AWS cannot be reached (HTTPS_PROXY names a proxy)\n"
    );
}

#[tokio::test]
async fn a_profile_without_credentials_is_explained() {
    let secrets = FakeSecretsManager::start("{}").await;
    let region = "region = eu-central-1";
    for (name, config, sentence) in [
        (
            "mfa",
            format!(
                "[default]\n{region}\nrole_arn = arn:aws:iam::000000000000:role/tea\nsource_profile = base\n\
                 mfa_serial = arn:aws:iam::000000000000:mfa/tea\n\
                 [profile base]\naws_access_key_id = fake\naws_secret_access_key = fake\n"
            ),
            "the profile `default` needs an MFA code, for which only the AWS CLI asks: run `aws configure \
             export-credentials --profile default --format env` and set the variables that it prints",
        ),
        (
            "no-session",
            format!("[default]\n{region}\nlogin_session = arn:aws:iam::000000000000:user/tea\n"),
            "sign in again with `aws login --profile default`",
        ),
        (
            "sso",
            format!(
                "[default]\n{region}\nsso_session = tea\nsso_account_id = 000000000000\nsso_role_name = tea\n\
                 [sso-session tea]\nsso_region = eu-central-1\nsso_start_url = https://tea.invalid/start\n"
            ),
            "sign in again with `aws sso login --profile default`",
        ),
        (
            "base-of-a-role",
            format!(
                "[default]\n{region}\nrole_arn = arn:aws:iam::000000000000:role/tea\nsource_profile = base\n\
                 [profile base]\nlogin_session = arn:aws:iam::000000000000:user/tea\n"
            ),
            "sign in again with `aws login --profile base`",
        ),
        (
            "nothing",
            format!("[default]\n{region}\n"),
            "sign in with the AWS CLI, or set AWS_PROFILE",
        ),
    ] {
        let (succeeded, _, errors) = connect_from(&secrets, &home(name, &config)).await;
        assert!(!succeeded);
        assert_eq!(errors, format!("error: there are no usable AWS credentials: {sentence}\n"));
    }
}

#[tokio::test]
async fn a_profile_that_is_not_there_is_named() {
    let secrets = FakeSecretsManager::start("{}").await;
    let mut connect = command(&secrets, &home("without-profiles", ""));
    connect.env("AWS_REGION", "eu-central-1");
    let (_, _, errors) = run(&mut connect, "").await;
    let sentence = "error: there are no usable AWS credentials: ";
    assert_eq!(errors, format!("{sentence}sign in with the AWS CLI, or set AWS_PROFILE\n"));
    let (_, _, errors) = run(connect.env("AWS_PROFILE", "tea"), "").await;
    assert_eq!(errors, format!("{sentence}the AWS CLI has no profile `tea`\n"));
}

/// Such a program may ask for a code, and each code is good once.
#[cfg(unix)]
#[tokio::test]
async fn a_program_for_credentials_is_run_once() {
    let secrets = FakeSecretsManager::start("{}").await;
    let home = home("process", "");
    let runs = home.join("runs");
    std::fs::remove_file(&runs).ok();
    let answer = home.join("answer.json");
    let credentials = json!({"Version": 1, "AccessKeyId": "fake", "SecretAccessKey": "fake"});
    std::fs::write(&answer, credentials.to_string()).unwrap();
    let script = home.join("credentials.sh");
    std::fs::write(&script, format!("echo run >> {}\ncat {}\n", runs.display(), answer.display()))
        .unwrap();
    let config =
        format!("[default]\nregion = eu-central-1\ncredential_process = sh {}\n", script.display());
    std::fs::write(home.join(".aws/config"), config).unwrap();
    let mut connect = command(&secrets, &home);
    connect.env("PATH", std::env::var("PATH").unwrap());
    let (succeeded, output, errors) = run(&mut connect, "the signing key of the tests").await;
    assert!(succeeded, "{output}{errors}");
    assert_eq!(std::fs::read_to_string(&runs).unwrap(), "run\n");
}
