//! The rules of the rooms: which rooms a room may import, and which files touch the outside.
//!
//! They are read from the text of `src/`, without the tools in `src/bin/` and without test code.

use std::fs;
use std::path::Path;

/// The rooms from the ground up. A room imports only rooms before it, so that no two import each
/// other.
const ROOMS: [&str; 20] = [
    "infra", "json", "order", "store", "summary", "alarm", "notice", "platform", "rules", "ledger",
    "queue", "watch", "config", "slack", "message", "secret", "webhook", "app", "delivery",
    "handlers",
];

/// What touches the outside, and the only files that use it. Everything else is data to data.
const OUTSIDE: [(&str, &[&str], &[&str]); 9] = [
    (
        "AWS services",
        &["aws_sdk_dynamodb", "aws_sdk_secretsmanager", "aws_sdk_sqs"],
        &[
            "infra/dynamodb.rs",
            "ledger/dynamodb.rs",
            "queue.rs",
            "secret/cache.rs",
            "summary/table.rs",
            "watch/table.rs",
        ],
    ),
    (
        "the AWS SDK's configuration",
        &["aws_types"],
        &[
            "infra/aws.rs",
            "infra/dynamodb.rs",
            "ledger.rs",
            "ledger/dynamodb.rs",
            "queue.rs",
            "secret/cache.rs",
            "summary/table.rs",
            "watch.rs",
            "watch/table.rs",
        ],
    ),
    (
        "the AWS SDK's runtime",
        &["aws_credential_types", "aws_smithy_runtime_api", "aws_smithy_types"],
        &["infra/aws.rs"],
    ),
    (
        "HTTP",
        &["hyper", "hyper_rustls", "hyper_util", "reqwest"],
        &["infra/http_client.rs", "infra/transport.rs"],
    ),
    (
        "the HTTP client",
        &["HttpClient"],
        &["app.rs", "infra/aws.rs", "infra/http_client.rs", "main.rs", "queue.rs", "slack.rs"],
    ),
    ("environment and processes", &["env::", "process::"], &["main.rs"]),
    (
        "files, network and randomness",
        &["fs::", "net::", "fastrand", "getrandom", "rand"],
        // It is not in the function: a private key is never used without randomness.
        &["infra/transport.rs", "secret/signing_key/sample.rs"],
    ),
    (
        "the wall clock",
        &["SystemTime::now", "Timestamp::now", "Zoned::now"],
        &["infra/http_client.rs", "infra/log.rs", "infra/transport.rs", "main.rs"],
    ),
    (
        "standard input and output",
        &["dbg!", "eprint!", "eprintln!", "print!", "println!", "stderr", "stdin", "stdout"],
        &["infra/log.rs", "infra/metrics.rs"],
    ),
];

/// A line of code: its file under `src/`, its number and its text.
struct Line {
    file: String,
    number: usize,
    text: String,
}

#[test]
fn a_room_imports_only_rooms_below_it() {
    let mut wrong = Vec::new();
    for line in code() {
        let room = line.file.split(['/', '.']).next().unwrap_or_default();
        let Some(floor) = ROOMS.iter().position(|known| *known == room) else {
            continue;
        };
        let imports = line.text.split("crate::").skip(1);
        let imports = imports.map(|rest| rest.split(|c| !is_word(c)).next().unwrap_or_default());
        for import in imports.filter(|import| *import != room) {
            if !ROOMS[..floor].contains(&import) {
                let Line { file, number, .. } = &line;
                wrong.push(format!("src/{file}:{number}: {room} may not import {import:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_has_its_place() {
    let modules = code().into_iter().filter(|line| line.file == "lib.rs");
    let modules = modules.filter_map(|line| {
        line.text
            .strip_prefix("pub mod ")
            .and_then(|name| name.strip_suffix(';'))
            .map(str::to_owned)
    });
    let mut rooms = ROOMS;
    rooms.sort_unstable();
    assert_eq!(modules.collect::<Vec<_>>(), rooms);
}

#[test]
fn only_a_few_files_touch_the_outside() {
    let code = code();
    let mut wrong = Vec::new();
    for (what, words, files) in OUTSIDE {
        let uses = |line: &&Line| words.iter().any(|word| has_word(&line.text, word));
        for Line { file, number, .. } in code.iter().filter(uses) {
            if !files.contains(&file.as_str()) {
                wrong.push(format!("src/{file}:{number}: {what}"));
            }
        }
        let is_used = |file: &&&str| code.iter().filter(uses).any(|line| line.file == **file);
        for file in files.iter().filter(|file| !is_used(file)) {
            wrong.push(format!("src/{file} does not use {what}: take it off the list"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn tests_comments_and_texts_are_not_code() {
    let text = "use a;\n// b\n#[cfg(test)]\nmod tests;\nlet c = \"d\"; // e\n    #[cfg(test)]\n    \
                fn f() {\n        g;\n    }\nh\n#[cfg(test)]\nmod tests {\n    i;\n}\n";
    let code: Vec<_> = code_of("x.rs", text).iter().map(|line| line.text.clone()).collect();
    assert_eq!(code, ["use a;", "let c = ; ", "h"]);
    assert!(has_word("let now = Timestamp::now();", "Timestamp::now"));
    assert!(!has_word("let now = offs::x()", "fs::"));
    assert!(!has_word("let stdout_lines = 1;", "stdout"));
}

/// All lines of code under `src/`.
fn code() -> Vec<Line> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut code) = (vec![src.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let file = path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && file != "bin" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !file.split(['/', '.']).any(|part| part == "tests")
            {
                code.extend(code_of(&file, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    code.sort_by(|a, b| (&a.file, a.number).cmp(&(&b.file, b.number)));
    code
}

/// The lines of a file without its comments, its texts and the items behind `#[cfg(test)]`.
fn code_of(file: &str, text: &str) -> Vec<Line> {
    let mut code = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let indent = &line[..line.len() - line.trim_start().len()];
        if line.trim_start() == "#[cfg(test)]" {
            // rustfmt ends an item at the indentation at which it begins.
            let is_last = |line: &str| {
                line.strip_prefix(indent).is_some_and(|rest| {
                    rest == "}" || !rest.starts_with(' ') && rest.ends_with(';')
                })
            };
            lines.find(|(_, line)| is_last(line));
            continue;
        }
        let text: String = line.split('"').step_by(2).collect();
        let text = text.split("//").next().unwrap_or_default().to_owned();
        if !text.trim().is_empty() {
            code.push(Line { file: file.to_owned(), number: index + 1, text });
        }
    }
    code
}

/// Whether `word` occurs, and not as a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        let goes_on = word.ends_with(is_word) && after.starts_with(is_word);
        !before.ends_with(is_word) && !goes_on
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
