use super::*;

fn places(texts: &[&str]) -> Places {
    let texts = texts.iter().map(|text| (*text).to_owned()).collect();
    OneOrMany::Many(texts).try_into().unwrap()
}

#[test]
fn a_place_is_named_as_people_would_name_it() {
    for (place, named) in [
        ("/order/id", "the body's /order/id"),
        ("last:/address", "the last part of the body's /address"),
        ("whole:/shop", "the whole body's /shop"),
        ("header:x-topic", "the header x-topic"),
        ("path", "the path"),
    ] {
        assert_eq!(places(&[place]).to_string(), named);
    }
    let name = ["{/first_name} {/last_name}", "header:x-name"];
    let named = "the body's /first_name and the body's /last_name or the header x-name";
    assert_eq!(places(&name).to_string(), named);
}

#[test]
fn a_parameter_has_a_name_of_letters_digits_and_hyphens() {
    assert_eq!(parameter_name("Key_id-2").unwrap(), "?Key_id-2");
    for other in ["", "a b", "a=b", "é", "?a"] {
        assert!(matches!(parameter_name(other), Err(PlaceError::Parameter(_))), "{other}");
    }
}
