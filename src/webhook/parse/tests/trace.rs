use super::*;

const SEVERAL: &str = r#"
name = "Kitchen"
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

[fields]
id = "/ids"
id_separator = ","
link = { url = "https://{/host}/orders/{id}", host = "/host" }
"#;

#[test]
fn the_links_explained_are_those_of_the_events() {
    let platform = Platform::parse("kitchen", SEVERAL).unwrap();
    let headers = Headers::default();
    let body = br#"{"type":"new","ids":"A-1,A-2","host":"kitchen.example"}"#;
    let webhook = Verified::unsigned(&headers, body);
    let parsed = parse(&platform, &webhook, Customer::Hidden, now()).unwrap();
    let Parsed::Events(events) = parsed else { panic!("{parsed:?}") };
    let links: Vec<_> = events.into_iter().filter_map(|event| event.link).collect();
    assert_eq!(links.len(), 2);
    assert_eq!(explain(&platform, &webhook).unwrap().links, links);
}

#[test]
fn the_explanation_says_what_was_looked_up_and_what_is_missing() {
    let fields = r#"status = "/status"
reason = "/reason"
customer = "{/first}, {/last}"
total = { amount = "/total", currency = "/currency", unit = "major" }
items = { list = "/items", title = "/title", quantity = "/quantity" }
"#;
    let platform = Platform::parse("kitchen", &format!("{SEVERAL}{fields}")).unwrap();
    let headers = Headers::default();
    let body = r#"{"type":"new","ids":"A-1","host":"kitchen.example","reason":"late",
        "first":"민수","last":"김","items":[{"title":"Tea"}]}"#;
    let webhook = Verified::unsigned(&headers, body.as_bytes());
    let trace = explain(&platform, &webhook).unwrap();
    let found: Vec<_> = trace.found.iter().map(|found| (found.name, &*found.text)).collect();
    assert_eq!(
        found,
        [("event_type", "new"), ("id", "A-1"), ("reason", "late"), ("customer", "민수, 김"),]
    );
    // What the file has no place for is not missing.
    assert_eq!(trace.missing, ["total.amount", "total.currency", "status"]);
    for place in ["/type", "/ids", "/status", "/total", "/items", "/items/*/title"] {
        assert!(trace.looked_up.contains(place), "{place}: {:?}", trace.looked_up);
    }
    // Only a first and a last name with a blank between them are put together as in Korea.
    let parsed = parse(&platform, &webhook, Customer::Full, now()).unwrap();
    let Parsed::Events(events) = parsed else { panic!("{parsed:?}") };
    assert_eq!(events[0].customer, OneLine::parse("민수, 김"));
}

#[test]
fn the_explanation_names_the_mark_of_a_test_or_else_the_first_that_could_be_one() {
    let text = format!("{SEVERAL}test = {{ \"/a\" = \"1\", \"/b\" = \"1\" }}\n");
    let platform = Platform::parse("kitchen", &text).unwrap();
    let mark = |marks: &str| {
        let headers = Headers::default();
        let body = format!(r#"{{"type":"new","ids":"A-1"{marks}}}"#);
        let trace = explain(&platform, &Verified::unsigned(&headers, body.as_bytes())).unwrap();
        trace.test.map(|test| (test.place.to_string(), test.is_test))
    };
    assert_eq!(mark(r#","a":"0","b":"1""#), Some(("the body's /b".to_owned(), true)));
    assert_eq!(mark(r#","a":"0","b":"0""#), Some(("the body's /a".to_owned(), false)));
    assert_eq!(mark(""), None);
}
