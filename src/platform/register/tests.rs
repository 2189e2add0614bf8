use crate::platform::Platform;
use crate::platform::register::Text;

const FILE: &str = r#"name = "Kitchen"
event_type = "/type"

[setup]
webhook = "Settings."
key = "Settings."
events = ["new"]

[auth]
scheme = "hmac-sha256"
header = "x-signature"
encoding = "hex"

[[event]]
kind = "created"
type = "new"

[register]
shop = { is = "a name", in = "{shop}.kitchen.example" }
version = { default = "2", first = "1" }
api = "https://{shop}.kitchen.example/{version}/hooks"
headers = { authorization = "Bearer {token}" }
ask = [{ variable = "KITCHEN_ID", what = "The id" }]
token = { at = "/token", variable = "KITCHEN_TOKEN", advice = "Ask.", exchange = { url = "{api}/token", form = { id = "{KITCHEN_ID}" } } }
create = { body = '{"to": "{url}", "for": "{event}"}' }
list = { url = "{api}?after={cursor}&page={page}" }
listed = { at = "/hooks", id = "/id", address = "/to", events = "/for", next = "/next", pages = "/pages" }
update = { body = '{"on": true}' }
in_query = { when = "refused", parameters = { id = "{KITCHEN_ID}" } }
"#;

#[track_caller]
fn refusal(old: &str, new: &str) -> String {
    assert!(FILE.contains(old), "{old}");
    Platform::parse("kitchen", &FILE.replace(old, new)).unwrap_err().to_string()
}

#[test]
fn a_table_is_readable() {
    Platform::parse("kitchen", FILE).unwrap();
}

#[test]
fn a_contradiction_is_named_with_the_file_and_the_line() {
    for (old, new, sentence) in [
        ("events = [\"new\"]", "", "line 18: `register` needs `events` in `[setup]`"),
        (
            "{KITCHEN_ID}\" } } }\ncreate",
            "{KITCHEN}\" } } }\ncreate",
            "line 24: nothing stands for `{KITCHEN}`",
        ),
        ("{version}/hooks", "2/hooks", "line 20: no request has `{version}`"),
        ("Bearer {token}", "Bearer", "line 24: no request has `{token}`"),
        (
            "what = \"The id\" }",
            "what = \"The id\" }, { variable = \"KITCHEN_KEY\", what = \"The key\" }",
            "line 23: no request has `{KITCHEN_KEY}`",
        ),
        (
            "form = {",
            "body = \"1\", form = {",
            "line 24: a request has a `body` or a `form`, and not both",
        ),
        (
            "update = {",
            "update = { method = \"OPTIONS\",",
            "line 28: a `method` is `GET`, `POST`, `PUT`, `PATCH` or `DELETE`",
        ),
        (
            "\"for\": \"{event}\"",
            "\"for\": \"{events}\", \"name\": \"{event}\"",
            "line 25: `create` must have `{url}`, and one of `{event}` and `{events}`",
        ),
        (
            "\"to\": \"{url}\", ",
            "",
            "line 25: `create` must have `{url}`, and one of `{event}` and `{events}`",
        ),
        (
            "after={cursor}&",
            "",
            "line 26: `{cursor}` in `list` needs `next` in `listed`, and `next` needs it",
        ),
        (
            "at = \"/hooks\", ",
            "",
            "line 27: `listed` needs `at` and `address`, and an `id` unless there is `only_one`",
        ),
        ("&page={page}", "", "line 26: `pages` in `listed` needs `{page}` in `list`"),
        (
            "id = \"/id\", ",
            "",
            "line 27: `listed` needs `at` and `address`, and an `id` unless there is `only_one`",
        ),
        (
            "in = \"{shop}.kitchen.example\"",
            "in = \"kitchen.example\"",
            "line 19: `shop` has either `in` or `site_before`, or neither, and `{shop}` is in each `in`",
        ),
        (
            "api = \"https://",
            "api = \"http://",
            "line 21: the address must begin with `https://`, or be that of a shop",
        ),
        (
            "{api}/token",
            "{shop}/token",
            "line 24: the address must begin with `https://`, or be that of a shop",
        ),
    ] {
        let refusal = refusal(old, new);
        assert!(
            refusal.starts_with("src/platform/kitchen.toml: ") && refusal.contains(sentence),
            "{refusal}"
        );
    }
    let error = refusal("{\"on\": true}", "{on: true}");
    assert!(error.contains("line 28") && error.contains("key must be a string"), "{error}");
}

#[test]
fn every_word_of_the_table_is_explained() {
    let page = include_str!("../README.md");
    let (_, page) = page.split_once("| `[register]` | |").unwrap();
    for (old, new) in [
        ("[register]\n", "[register]\nno_word = 1\n"),
        ("is = ", "no_word = 1, is = "),
        ("default = ", "no_word = 1, default = "),
        ("what = ", "no_word = 1, what = "),
        ("token = { at = ", "token = { no_word = 1, at = "),
        ("create = { ", "create = { no_word = 1, "),
        ("at = \"/hooks\"", "no_word = 1, at = \"/hooks\""),
        ("when = ", "no_word = 1, when = "),
    ] {
        let refusal = refusal(old, new);
        let (_, words) = refusal.split_once("expected ").unwrap();
        for word in words.split('`').skip(1).step_by(2) {
            assert!(page.contains(&format!("`{word}")), "{word} is not in src/platform/README.md");
        }
    }
}

#[test]
fn braces_around_anything_but_a_name_are_text() {
    let text = Text("{ nodes { id } } {id}{a b} {}{".to_owned());
    let filled = text.filled(|name| (name == "id").then(|| "7".to_owned()));
    assert_eq!(filled.unwrap(), "{ nodes { id } } 7{a b} {}{");
    assert_eq!(Text("{a}{b}".to_owned()).filled(|name| (name == "a").then(String::new)), None);
}
