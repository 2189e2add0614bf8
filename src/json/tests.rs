use super::*;

fn pointer(text: &str) -> Pointer {
    Pointer::parse(text).unwrap()
}

#[track_caller]
fn text_at(body: &str, place: &str) -> Option<String> {
    let body = JsonObject::parse(body.as_bytes()).unwrap();
    let value = body.at(&pointer(place)).unwrap();
    value.and_then(|value| value.text().unwrap())
}

#[test]
fn numbers_keep_every_digit() {
    let body = r#"{"a":9007199254740993,"b":18446744073709551616,"c":0.10,"d":1E2}"#;
    assert_eq!(text_at(body, "/a").unwrap(), "9007199254740993");
    assert_eq!(text_at(body, "/b").unwrap(), "18446744073709551616");
    assert_eq!(text_at(body, "/c").unwrap(), "0.10");
    assert_eq!(text_at(body, "/d").unwrap(), "1E2");
}

#[test]
fn pointers_follow_rfc_6901() {
    let body = r#"{"a/b":{"m~n":[{"x":"yes"}]},"":{"":"empty"}}"#;
    assert_eq!(text_at(body, "/a~1b/m~0n/0/x").unwrap(), "yes");
    assert_eq!(text_at(body, "//").unwrap(), "empty");
    assert_eq!(text_at(body, "/a~1b/m~0n/1/x"), None);
    assert_eq!(text_at(body, "/a~1b/m~0n/-1/x").unwrap(), "yes");
    assert_eq!(pointer("/a~1b/m~0n").to_string(), "/a~1b/m~0n");
    assert_eq!(Pointer::parse("total"), Err(PointerError::NoSlash));
    assert_eq!(Pointer::parse("/a~2"), Err(PointerError::Escape));
}

#[test]
fn null_and_absent_and_containers_have_no_text() {
    let body = r#"{"a":null,"b":{"c":1},"d":[1]}"#;
    for place in ["/a", "/b", "/d", "/b/x", "/a/x", "/e"] {
        assert_eq!(text_at(body, place), None, "{place}");
    }
}

#[test]
fn an_object_lists_its_members_by_name() {
    let body = JsonObject::parse(br#"{"a":{"y":1,"x":"b","y":2},"d":[1],"e":"{}"}"#).unwrap();
    let members = |place| body.at(&pointer(place)).unwrap().unwrap().members().unwrap();
    let named = members("/a").unwrap();
    let named = named.iter().map(|(name, value)| (name.as_str(), value.text().unwrap().unwrap()));
    assert_eq!(named.collect::<Vec<_>>(), [("x", "b".to_owned()), ("y", "2".to_owned())]);
    assert_eq!(text_at(r#"{"a":1,"a":2}"#, "/a").unwrap(), "2");
    assert!(members("/d").is_none() && members("/e").is_none());
}

#[test]
fn half_a_surrogate_pair_leaves_the_text_readable() {
    let text = text_at(r#"{"a":"cut \ud83d"}"#, "/a").unwrap();
    assert!(text.starts_with("cut \u{FFFD}"), "{text:?}");
}

#[test]
fn what_is_not_read_may_be_odd() {
    let body = r#"{"\ud83d":1,"a":{"\ud83d":"\ud83d","x":1e999,"b":"yes"}}"#;
    assert_eq!(text_at(body, "/a/b").unwrap(), "yes");
    assert_eq!(text_at(body, "/a"), None);
}

#[test]
fn brackets_in_strings_have_no_depth() {
    assert_eq!(depth(r#"{"[[[[": ["]]\"[[", {"\\": 1}]}"#), 3);
}

#[test]
fn only_one_well_formed_json_object_is_a_body() {
    let bad: [&[u8]; 14] = [
        b"",
        b"null",
        b"[1]",
        b"\"x\"",
        b"1",
        b"{\"a\":1} x",
        b"{}{}",
        b"{\"a\":1,}",
        b"{/*c*/}",
        b"{\"a\":NaN}",
        b"{'a':1}",
        b"{\"a\":\"\x01\"}",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\xc0\xaf\"}",
    ];
    for body in bad {
        assert!(JsonObject::parse(body).is_err(), "{:?}", String::from_utf8_lossy(body));
    }
}

#[test]
fn depth_matters_only_at_places_that_are_read() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let read = |depth| {
        let body = format!(r#"{{"ignored":{},"id":{}}}"#, nested(100_000), nested(depth));
        let body = JsonObject::parse(body.as_bytes()).unwrap();
        body.at(&pointer("/id")).unwrap().unwrap().text()
    };
    assert!(read(127).unwrap().is_none());
    assert!(read(128).is_err());
    assert!(read(100_000).is_err());
}

#[test]
fn the_depth_of_a_value_is_that_of_its_deepest_part() {
    let wide = |one: &str| format!("[{}1]", format!("{one},").repeat(1_000));
    let text = |json: &str| {
        let body = format!(r#"{{"id":{json}}}"#);
        let body = JsonObject::parse(body.as_bytes()).unwrap();
        body.at(&pointer("/id")).unwrap().unwrap().text()
    };
    // Closed brackets count no longer, and those inside a text never do.
    for one in ["[]", "{}", r#""[[""#, r#""\"[""#, r#""\\""#] {
        assert_eq!(text(&wide(one)).unwrap(), None, "{one}");
    }
    let deep = format!("{}{}", "[[],".repeat(127), "1".to_owned() + &"]".repeat(127));
    assert!(text(&deep).is_err(), "the deepest is 128");
}

#[test]
fn a_pointer_has_steps() {
    assert_eq!(pointer("/a~1b/-1").steps(), ["a/b", "-1"]);
    assert!(pointer("").steps().is_empty());
}

#[test]
fn of_the_objects_that_are_read_a_hundred_are_kept() {
    let objects = vec![r#"{"a":1}"#; 150].join(",");
    let body = format!("[{objects}]");
    let body = format!(r#"{{"list":{body}}}"#);
    let body = JsonObject::parse(body.as_bytes()).unwrap();
    for position in 0..150 {
        let place = pointer(&format!("/list/{position}/a"));
        assert_eq!(body.at(&place).unwrap().unwrap().text().unwrap().as_deref(), Some("1"));
        assert_eq!(body.objects.borrow().len(), (position + 2).min(MAX_KEPT));
    }
}
