//! The function starts with every value that the template accepts.

use order_alerts::config::Config;
use proptest::prelude::*;
use proptest::string::string_regex;

use crate::check;

const TEMPLATE: &str = include_str!("../../template.yaml");

/// A parameter of the template that becomes a variable of the function.
struct Parameter {
    variable: &'static str,
    /// Its lines in the template.
    text: &'static str,
}

impl Parameter {
    fn all() -> Vec<Self> {
        let (_, variables) = TEMPLATE.split_once("\n        Variables:\n").unwrap();
        let variables = variables.lines().take_while(|line| line.starts_with("          "));
        let pairs = variables.filter_map(|line| line.trim().split_once(": !Ref "));
        let parameters = pairs.filter_map(|(variable, name)| {
            let (parameters, _) = TEMPLATE.split_once("\nResources:\n")?;
            let (_, text) = parameters.split_once(&format!("\n  {name}:\n"))?;
            // The next parameter, or the next section, has a smaller indentation.
            let lines = text.split_inclusive('\n').take_while(|line| line.starts_with("    "));
            let end = lines.map(str::len).sum::<usize>();
            Some(Self { variable, text: &text[..end] })
        });
        parameters.collect()
    }

    fn property(&self, name: &str) -> Option<&'static str> {
        let (prefix, lines) = (format!("    {name}: "), self.text.lines());
        lines.into_iter().find_map(|line| line.strip_prefix(&prefix))
    }

    /// Every text that is allowed, if they are few.
    fn values(&self) -> Option<Vec<String>> {
        if let Some(values) = self.property("AllowedValues") {
            let values = values.trim_matches(['[', ']']).split(", ");
            return Some(values.map(|value| value.trim_matches('"').to_owned()).collect());
        }
        let bound = |name| self.property(name).map(|number| number.parse::<i64>().unwrap());
        Some((bound("MinValue")?..=bound("MaxValue")?).map(|number| number.to_string()).collect())
    }

    /// The pattern of the texts that are allowed, without its anchors.
    fn pattern(&self) -> Option<&'static str> {
        self.property("AllowedPattern")?.strip_prefix('^')?.strip_suffix('$')
    }
}

/// The function's settings with these variables, and otherwise as the template leaves them.
#[track_caller]
fn config(variables: &[(&str, &str)]) -> Config {
    let required = [
        ("SECRET_ID", "order-alerts"),
        ("QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/orders"),
        ("DEAD_LETTER_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/dead"),
        ("EXPECT_TABLE", "order-alerts-expect"),
    ];
    let config = Config::from_env(|name| {
        let mut all = variables.iter().chain(&required);
        all.find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    });
    config.unwrap_or_else(|error| panic!("{variables:?}: {error}"))
}

#[test]
fn every_value_of_a_list_and_every_whole_number_of_a_range_is_read() {
    for parameter in Parameter::all() {
        for value in parameter.values().into_iter().flatten() {
            let config = config(&[(parameter.variable, &value)]);
            assert_eq!(config.unreadable, [], "{value}");
        }
    }
}

#[test]
fn the_function_starts_with_every_text_of_a_pattern_of_the_template() {
    for parameter in Parameter::all() {
        let Some(pattern) = parameter.pattern() else { continue };
        check(string_regex(pattern).unwrap(), |text| {
            config(&[(parameter.variable, &text)]);
            let config = config(&[(parameter.variable, &text), ("MENTION", "here")]);
            let unreadable = config.unreadable.iter().map(|setting| setting.name);
            // No pattern says which currencies and time zones there are, or what a URL is.
            let may_be = ["MENTION_ABOVE", "SUMMARY_TIME_ZONE", "PUBLIC_URL"];
            let may_be = may_be.contains(&parameter.variable);
            let expected = may_be && !config.unreadable.is_empty();
            let expected = expected.then_some(parameter.variable);
            prop_assert_eq!(unreadable.collect::<Vec<_>>(), Vec::from_iter(expected));
            Ok(())
        });
    }
}

#[test]
fn every_parameter_that_is_a_setting_is_found() {
    let found = |is: fn(&Parameter) -> bool| -> Vec<_> {
        Parameter::all().iter().filter(|parameter| is(parameter)).map(|p| p.variable).collect()
    };
    let listed = [
        "SHOW_CANCELLED",
        "SHOW_CREATED",
        "SHOW_MODIFIED",
        "DIGEST_SECONDS",
        "LANGUAGE",
        "CUSTOMER",
        "SUMMARY_HOUR",
        "LOG_LEVEL",
    ];
    assert_eq!(found(|parameter| parameter.values().is_some()), listed);
    assert_eq!(
        found(|parameter| parameter.pattern().is_some()),
        ["MENTION", "MENTION_ABOVE", "SUMMARY_TIME_ZONE", "PUBLIC_URL"]
    );
}
