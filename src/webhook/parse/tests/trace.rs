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
