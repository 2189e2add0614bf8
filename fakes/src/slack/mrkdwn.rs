//! What Slack makes of a text: what a reader sees, whom it mentions and where it links.

/// Where Slack looks for links and names without markup.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Parsing {
    Verbatim,
    Links,
    LinksAndNames,
}

/// Everything found in the texts of one message.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) mentions: Vec<String>,
    pub(super) links: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Reading {
    /// Notes what `text` would set off, and returns it as a reader sees it.
    pub(super) fn read(&mut self, text: &str, parsing: Parsing, place: &str) -> String {
        let mut seen = Vec::new();
        for line in text.split('\n') {
            let quoted = line.trim_start_matches('>');
            let mut shown = String::new();
            for piece in pieces(quoted) {
                match piece {
                    Piece::Literal(literal) => {
                        self.read_literal(literal, parsing, place);
                        shown += literal;
                    }
                    Piece::Control(control) => shown += &self.read_control(control, place),
                }
            }
            seen.push(shown);
        }
        decode(&seen.join("\n"))
    }

    fn read_literal(&mut self, literal: &str, parsing: Parsing, place: &str) {
        if literal.contains(['<', '>']) || has_raw_ampersand(literal) {
            self.warnings.push(format!("{place}: unescaped &, < or >"));
        }
        let mut links: Vec<_> = bare_links(literal).map(str::to_owned).collect();
        let mut mentions: Vec<_> = bare_names(literal).map(str::to_owned).collect();
        if parsing != Parsing::Verbatim {
            for link in &links {
                self.warnings.push(format!("{place}: {link} becomes a link by itself"));
            }
            self.links.append(&mut links);
        }
        if parsing == Parsing::LinksAndNames {
            for mention in &mentions {
                self.warnings.push(format!("{place}: {mention} becomes a mention by itself"));
            }
            self.mentions.append(&mut mentions);
        }
    }

    /// Reads what stands between `<` and `>`, and returns its label.
    fn read_control(&mut self, control: &str, place: &str) -> String {
        if has_raw_ampersand(control) {
            self.warnings.push(format!("{place}: unescaped & in <{control}>"));
        }
        let (target, label) = match control.split_once('|') {
            Some((target, label)) => (target, Some(label)),
            None => (control, None),
        };
        if target.starts_with("!date^") {
            if label.is_none_or(str::is_empty) || !is_date(target) {
                self.warnings.push(format!("{place}: bad or fallback-less date <{control}>"));
            }
            return label.unwrap_or(target).to_owned();
        }
        if target.starts_with(['@', '!', '#']) {
            self.mentions.push(format!("<{control}>"));
            let name = target.trim_start_matches('!');
            return label
                .map_or_else(|| format!("@{}", name.trim_start_matches('@')), str::to_owned);
        }
        if ["http://", "https://", "mailto:", "tel:"]
            .iter()
            .any(|scheme| target.starts_with(scheme))
        {
            self.links.push(target.to_owned());
        } else {
            self.warnings.push(format!("{place}: <{control}> is neither link nor mention"));
        }
        label.unwrap_or(target).to_owned()
    }
}

/// Turns Slack's three entities back into characters.
pub(super) fn decode(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

enum Piece<'text> {
    Literal(&'text str),
    Control(&'text str),
}

fn pieces(mut rest: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    while let Some(open) = rest.find('<') {
        let inside = &rest[open + 1..];
        match inside.find(['<', '>']) {
            Some(close) if inside[close..].starts_with('>') => {
                pieces.push(Piece::Literal(&rest[..open]));
                pieces.push(Piece::Control(&inside[..close]));
                rest = &inside[close + 1..];
            }
            _ => {
                pieces.push(Piece::Literal(&rest[..=open]));
                rest = inside;
            }
        }
    }
    pieces.push(Piece::Literal(rest));
    pieces
}

fn has_raw_ampersand(text: &str) -> bool {
    let entities = ["amp;", "lt;", "gt;"];
    text.split('&').skip(1).any(|after| !entities.iter().any(|entity| after.starts_with(entity)))
}

fn bare_links(literal: &str) -> impl Iterator<Item = &str> {
    literal
        .split(|character: char| character.is_whitespace() || "|`".contains(character))
        .filter_map(|word| {
            let lower = word.to_ascii_lowercase();
            let start =
                ["http://", "https://"].iter().filter_map(|scheme| lower.find(scheme)).min()?;
            Some(&word[start..])
        })
}

fn bare_names(literal: &str) -> impl Iterator<Item = &str> {
    let is_word = |character: char| character.is_alphanumeric() || "_-".contains(character);
    literal.match_indices(['@', '#']).filter_map(move |(start, sign)| {
        let name = &literal[start + 1..];
        let name = &name[..name.find(|next| !is_word(next)).unwrap_or(name.len())];
        let is_name = match sign {
            "@" => ["here", "channel", "everyone"].contains(&name),
            _ => name.len() > 1 && name.starts_with(|first: char| first.is_ascii_lowercase()),
        };
        (is_name && !literal[..start].ends_with(is_word))
            .then(|| &literal[start..=start + name.len()])
    })
}

/// `!date^<Unix seconds>^<format with tokens>[^<link>]`
fn is_date(target: &str) -> bool {
    const TOKENS: [&str; 10] = [
        "date_num",
        "date",
        "date_short",
        "date_long",
        "date_pretty",
        "date_short_pretty",
        "date_long_pretty",
        "time",
        "time_secs",
        "ago",
    ];
    let parts: Vec<_> = target.split('^').collect();
    let (seconds, format) = match parts[..] {
        ["!date", seconds, format] => (seconds, format),
        ["!date", seconds, format, link] if link.starts_with("https://") => (seconds, format),
        _ => return false,
    };
    let mut tokens =
        format.split('{').skip(1).map(|after| after.split_once('}').map(|(token, _)| token));
    seconds.parse::<u64>().is_ok()
        && format.contains('{')
        && tokens.all(|token| token.is_some_and(|token| TOKENS.contains(&token)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reading(text: &str, parsing: Parsing) -> (Reading, String) {
        let mut reading = Reading::default();
        let shown = reading.read(text, parsing, "/text");
        (reading, shown)
    }

    #[test]
    fn escaped_text_sets_nothing_off() {
        let (reading, shown) =
            reading("A &amp; B &lt;!here&gt; &lt;https://evil&gt;", Parsing::Verbatim);
        assert_eq!(shown, "A & B <!here> <https://evil>");
        assert!(
            reading.mentions.is_empty() && reading.links.is_empty() && reading.warnings.is_empty()
        );
    }

    #[test]
    fn markup_mentions_and_links_even_when_verbatim() {
        let (reading, shown) =
            reading("<!here> <@U1> <https://a.b/c|Order> <tel:1>", Parsing::Verbatim);
        assert_eq!(shown, "@here @U1 Order tel:1");
        assert_eq!(reading.mentions, ["<!here>", "<@U1>"]);
        assert_eq!(reading.links, ["https://a.b/c", "tel:1"]);
    }

    #[test]
    fn bare_links_and_names_are_found_without_verbatim() {
        let text = "see(HTTPS://evil.example) @here a@here #general #1001";
        let (found, _) = reading(text, Parsing::LinksAndNames);
        assert_eq!(found.links, ["HTTPS://evil.example)"]);
        assert_eq!(found.mentions, ["@here", "#general"]);
        assert_eq!(found.warnings.len(), 3);
        let (inert, _) = reading(text, Parsing::Verbatim);
        assert!(inert.links.is_empty() && inert.mentions.is_empty() && inert.warnings.is_empty());
    }

    #[test]
    fn raw_characters_are_warned_of() {
        for raw in
            ["a & b", "&nbsp;", "a < b", "a > b", "<<", "<b>bold</b>", "<https://a/?b=1&c=2>"]
        {
            assert!(!reading(raw, Parsing::Verbatim).0.warnings.is_empty(), "{raw}");
        }
        assert!(reading("> quoted\n>>> more", Parsing::Verbatim).0.warnings.is_empty());
    }

    #[test]
    fn a_date_needs_known_tokens_and_a_fallback() {
        let (good, shown) =
            reading("<!date^1700000000^{date_short} {time}|14 Nov>", Parsing::Verbatim);
        assert_eq!((shown.as_str(), good.warnings.len()), ("14 Nov", 0));
        for bad in [
            "!date^1^{date}",
            "!date^1^{date}|",
            "!date^x^{date}|f",
            "!date^1^{day}|f",
            "!date^1^date|f",
        ] {
            assert_eq!(
                reading(&format!("<{bad}>"), Parsing::Verbatim).0.warnings.len(),
                1,
                "{bad}"
            );
        }
    }
}
