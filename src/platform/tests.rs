use super::*;

const MINIMAL: &str = r#"
name = "In-house"
event_type = "/type"

[setup]
webhook = "Settings."
key = "Settings."

[auth]
scheme = "hmac-sha256"
header = "x-signature"
encoding = "hex"

[[event]]
kind = "created"
type = "new"
"#;

#[track_caller]
fn refusal(old: &str, new: &str) -> String {
    assert!(MINIMAL.contains(old));
    Platform::parse("in-house", &MINIMAL.replace(old, new)).unwrap_err().to_string()
}

#[test]
fn every_built_in_file_is_readable() {
    Platform::check_all().unwrap_or_else(|error| panic!("{error}"));
    for (name, text) in TEXTS {
        let built_in = Platform::find(name).unwrap();
        let written = Platform::parse(name, text).unwrap();
        assert_eq!(format!("{built_in:?}"), format!("{written:?}"));
    }
}

#[test]
fn the_events_of_register_have_rules() {
    for platform in Platform::names().filter_map(Platform::find) {
        for event in &platform.setup.events {
            // Where the file makes the types of its events, they are none of the API's.
            let is_made = platform.event_type.0.iter().any(|Template(parts)| parts.len() > 1);
            let has_rule = platform.rules.iter().any(|rule| rule.is_for(event));
            assert!(has_rule || is_made, "{}: {event}", platform.id);
        }
    }
}

#[test]
fn a_name_without_a_file_is_no_platform() {
    for name in ["", "toast", "Shopify", "../shopify", "shopify.toml"] {
        assert!(Platform::find(name).is_none(), "{name}");
    }
}

#[test]
fn a_small_file_is_enough() {
    let platform = Platform::parse("in-house", MINIMAL).unwrap();
    assert_eq!(platform.name, "In-house");
}

#[test]
fn every_word_of_the_files_is_explained() {
    let page = include_str!("README.md");
    let wrong = "\"new\"\nno_word = 1";
    let tables = [
        refusal("name = \"In-house\"", "name = \"In-house\"\nno_word = 1"),
        refusal("[setup]", "[setup]\nno_word = 1"),
        refusal("\"new\"", wrong),
        refusal("\"hex\"", "\"hex\"\nno_word = 1"),
        refusal("\"new\"", "\"new\"\n[reply]\nno_word = 1"),
        refusal("\"new\"", "\"new\"\n[ping]\nno_word = 1"),
        refusal("\"new\"", "\"new\"\n[fields]\nno_word = 1"),
        refusal("\"new\"", "\"new\"\n[fields]\ntotal.no_word = 1"),
        refusal("\"new\"", "\"new\"\n[fields]\nitems.no_word = 1"),
        refusal("\"new\"", "\"new\"\n[fields]\nlink.no_word = 1"),
        refusal("\"new\"", "\"new\"\n[fields]\npaid.no_word = 1"),
        refusal("\"new\"", "\"new\"\n[words]\na = { no_word = 1 }"),
        refusal("\"new\"", "\"new\"\nchange = \"no word\""),
        refusal("\"new\"", "\"new\"\nstore = \"no word\""),
    ];
    for refusal in tables {
        let (_, words) = refusal.split_once("expected ").unwrap();
        let words: Vec<_> = words.split('`').skip(1).step_by(2).collect();
        assert!(!words.is_empty(), "{refusal}");
        for word in words {
            let forms = [format!("`{word}"), format!("[{word}]")];
            let is_explained = forms.iter().any(|form| page.contains(form))
                // No file has it: the ledger knows whether an order is reopened.
                || word == "reopened";
            assert!(is_explained, "{word} is not in src/platform/README.md");
        }
    }
}

#[test]
fn a_code_has_one_word_in_each_language() {
    let words = "[words]\nAt_Store = { en = \"at the store\", ko = \"매장 도착\" }\n";
    let platform = Platform::parse("in-house", &format!("{MINIMAL}{words}")).unwrap();
    for code in ["At_Store", "AT_STORE", "at_store"] {
        let word = platform.words.get(code).unwrap();
        assert_eq!((word.en.as_str(), word.ko.as_str()), ("at the store", "매장 도착"), "{code}");
    }
    for other in ["", "at store", "at_store_2"] {
        assert!(platform.words.get(other).is_none(), "{other}");
    }
}

#[test]
fn a_header_that_is_not_signed_is_no_delivery_id() {
    let standard = MINIMAL
        .replace("header = \"x-signature\"\nencoding = \"hex\"", "")
        .replace("hmac-sha256", "standard");
    let is_taken = |places: &str| {
        let text = format!("{standard}\n[fields]\ndelivery_id = {places}\n");
        Platform::parse("in-house", &text).is_ok()
    };
    assert!(is_taken(r#""header:webhook-id""#));
    assert!(is_taken(r#"["header:webhook-id", "header:svix-id"]"#));
    for places in [
        r#""header:svix-id""#,
        r#"["header:svix-id", "header:webhook-id"]"#,
        r#"["/id", "header:svix-id"]"#,
        r#""{header:webhook-id} {header:svix-id}""#,
        r#""header:webhook-timestamp""#,
    ] {
        assert!(!is_taken(places), "{places}");
    }
}

#[test]
fn an_error_names_the_file_the_line_and_the_key() {
    let refusals = [
        refusal("event_type", "event_typ"),
        refusal("hex", "hex32"),
        refusal("\"new\"", "\"new\"\nkeys = 1"),
        refusal("\"created\"", "\"canceled\""),
        refusal("\"/type\"", "\"type\""),
        refusal("\"/type\"", "\"/a~2\""),
        refusal("\"/type\"", "\"header:X-Type\""),
        refusal("\"/type\"", "\"{/type\""),
        refusal("hmac-sha256", "standard"),
        refusal("header = \"x-signature\"", ""),
        refusal("hmac-sha256", "hmac-md5"),
        refusal("\"hex\"", "\"hex\"\nsigned = \"{timestamp}.{body}\""),
        refusal("\"hex\"", "\"hex\"\nsigned = \"{url}\""),
        refusal("\"hex\"", "\"hex\"\nsigned = [\"{t}.{body}\", \"{body}\"]"),
        refusal("name = \"In-house\"", ""),
        refusal("\"hex\"", "\"hex\"\nkey = \"raw\""),
        refusal("\"hex\"", "\"hex\"\nquery = \"key\""),
        refusal("\"hex\"", "[]"),
        refusal("\"hex\"", "\"hex\"\nseparator = \"; \""),
        refusal("\"hex\"", "\"hex\"\ntime_prefix = \"ts=\""),
        refusal("\"hex\"", "\"hex\"\nmin_key_bytes = 7"),
        refusal("\"hmac-sha256\"", "\"rsa-sha256\"\nkey = \"base64\""),
        refusal("\"hmac-sha256\"", "\"ed25519\"\nmin_key_bytes = 8"),
        refusal("header = \"x-signature\"\nencoding = \"hex\"", "key = \"hex\"")
            .replace("hmac-sha256", "standard"),
        refusal("[[event]]", "[reply]\nempty = true\nbody = \"{}\"\n\n[[event]]"),
        refusal("[[event]]", "[reply]\nbody = \"OK\"\n\n[[event]]"),
        refusal("[setup]", "each = \"orders\"\n\n[setup]"),
        refusal("\"hex\"", "\"hex\"\ntime = \"x-time\""),
        refusal("hmac-sha256", "token"),
        refusal("[[event]]", "[reply]\nunauthorized = 404\n\n[[event]]"),
        refusal("\"new\"", "\"new\"\nchange = \"paid\""),
        refusal("\"new\"", "\"new\"\nstore = \"offline\""),
        refusal("\"created\"", "\"store\""),
        refusal("\"created\"", "\"store\"\nstore = \"closed\""),
        refusal("\"new\"", "\"n*\"\n\n[[event]]\nkind = \"cancelled\"\ntype = [\"new\", \"next\"]"),
        refusal("\"new\"", "\"new\"\n\n[fields]\ndelivery_id = \"header:x-id\""),
        refusal("\"new\"", "\"new\"\n\n[fields]\npaid = { at = \"/paid\", yes = \"true\" }"),
        refusal(
            "\"new\"",
            "\"new\"\n\n[fields]\npaid = { at = \"paid\", yes = \"T\", no = \"F\" }",
        ),
        refusal(
            "\"new\"",
            "\"new\"\n\n[fields]\npaid = { at = \"/paid\", yes = \"\", no = \"F\" }",
        ),
        refusal(
            "\"new\"",
            "\"new\"\n\n[fields]\nid = \"/id\"\npaid = { at = \"/paid\", yes = [\"t\", \"f\"], no = \"F\" }",
        ),
        refusal("[[event]]\nkind = \"created\"\ntype = \"new\"", "event = []"),
        refusal("\"new\"", "\"new\"\n\n[words]\nunpaid = { en = \"unpaid\", fr = \"?\" }"),
        refusal("\"new\"", "\"new\"\n\n[words]\nunpaid = { en = \"unpaid\" }"),
        refusal("\"new\"", "\"new\"\n\n[words]\nunpaid = \"unpaid\""),
        refusal(
            "\"new\"",
            "\"new\"\n\n[words]\nunpaid_too = { en = \"a\", ko = \"b\" }\nunpaid = { en = \"\", ko = \"b\" }",
        ),
        refusal(
            "\"new\"",
            "\"new\"\n\n[words]\na = { en = \"a\", ko = \"a\" }\nA = { en = \"b\", ko = \"b\" }",
        ),
        refusal("\"In-house\"", "\"In-house\"\nshown_as = \"Kitchen\""),
    ];
    insta::assert_snapshot!(refusals.join("\n"));
}
