//! Splits a text into lines and a line into words. Inside quotes, nothing is split.

/// One line of the text, readable or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RawLine<'a> {
    /// Counted from 1.
    pub(super) number: usize,
    /// Without the blanks around it.
    pub(super) text: &'a str,
    /// How many bytes of the text there are up to the end of the line.
    pub(super) end: usize,
}

impl RawLine<'_> {
    /// Whether it says nothing: a blank line or a comment.
    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty() || self.text.starts_with('#')
    }
}

/// The lines, which end at a line break or at a `;`. After a `;` at the end, no line begins.
pub(super) fn lines(text: &str) -> Vec<RawLine<'_>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for physical in text.split_inclusive('\n') {
        let mut rest = physical;
        loop {
            let end = if rest.trim_start().starts_with('#') {
                rest.find(';')
            } else {
                unquoted(rest).find(|(_, c)| *c == ';').map(|(at, _)| at)
            };
            let (line, after) = end.map_or((rest, ""), |at| (&rest[..at], &rest[at + 1..]));
            let end = start + physical.len() - rest.len() + line.trim_end().len();
            lines.push(RawLine { number: lines.len() + 1, text: line.trim(), end });
            if after.trim().is_empty() {
                break;
            }
            rest = after;
        }
        start += physical.len();
    }
    lines
}

/// What stands left and right of the first arrow: `->`, `=>` or `→`.
pub(super) fn at_arrow(line: &str) -> Option<(&str, &str)> {
    let arrow_at = |at: usize| {
        ["->", "=>", "→"].into_iter().find(|arrow| line[at..].starts_with(arrow)).map(str::len)
    };
    let (at, length) = unquoted(line).find_map(|(at, _)| Some((at, arrow_at(at)?)))?;
    Some((&line[..at], &line[at + length..]))
}

/// The parts between commas.
pub(super) fn parts(text: &str) -> Vec<&str> {
    split(text, |c| c == ',')
}

/// The words between blanks, each as it is written.
pub(super) fn words(text: &str) -> Vec<&str> {
    let mut words = split(text, char::is_whitespace);
    words.retain(|word| !word.is_empty());
    words
}

/// A word without its quotes; `None` if a quote opens it and does not end it.
pub(super) fn without_quotes(word: &str) -> Option<&str> {
    let Some(close) = word.chars().next().and_then(closing) else { return Some(word) };
    let is_whole = quoted_length(word) == Some(word.len());
    let inside = word.char_indices().nth(1).map(|(at, _)| &word[at..])?;
    inside.strip_suffix(close).filter(|_| is_whole)
}

fn split(text: &str, is_separator: impl Fn(char) -> bool) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, c) in unquoted(text).filter(|(_, c)| is_separator(*c)) {
        parts.push(&text[start..at]);
        start = at + c.len_utf8();
    }
    parts.push(&text[start..]);
    parts
}

/// The characters outside of quotes. A quote opens only at the beginning of a word: `Joe's` has none.
fn unquoted(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut before, mut quoted_until) = (' ', 0);
    text.char_indices().filter(move |&(at, c)| {
        if at < quoted_until {
            return false;
        }
        let is_beginning = before.is_whitespace() || matches!(before, ',' | ';' | '>' | '→');
        before = c;
        match quoted_length(&text[at..]).filter(|_| is_beginning) {
            Some(length) => quoted_until = at + length,
            None => return true,
        }
        false
    })
}

/// The length of the quoted text at the beginning. A quote inside a word, as in `'Joe's Tea'`, does not
/// end it.
fn quoted_length(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().peekable();
    let close = closing(chars.next()?.1)?;
    while let Some((at, c)) = chars.next() {
        let is_inside_word = chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if c == close && !is_inside_word {
            return Some(at + c.len_utf8());
        }
    }
    None
}

fn closing(opening: char) -> Option<char> {
    match opening {
        '"' => Some('"'),
        '\'' => Some('\''),
        '“' => Some('”'),
        '‘' => Some('’'),
        '«' => Some('»'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<(usize, &str)> {
        lines(text).iter().map(|line| (line.number, line.text)).collect()
    }

    #[test]
    fn a_line_ends_at_a_line_break_or_a_semicolon() {
        assert_eq!(texts("a;b\r\n\n c ;"), [(1, "a"), (2, "b"), (3, ""), (4, "c")]);
        assert_eq!(texts(""), []);
    }

    #[test]
    fn a_semicolon_in_quotes_ends_no_line() {
        assert_eq!(texts(r#"shop "a;b" ; 'c;d'"#), [(1, r#"shop "a;b""#), (2, "'c;d'")]);
        assert_eq!(texts("Joe's;Ann's"), [(1, "Joe's"), (2, "Ann's")]);
        assert_eq!(texts("'open;next"), [(1, "'open"), (2, "next")]);
    }

    #[test]
    fn a_comment_ends_where_its_line_ends_whatever_is_quoted_in_it() {
        assert_eq!(texts("# 'a; b'\n#c"), [(1, "# 'a"), (2, "b'"), (3, "#c")]);
        let blank: Vec<_> = lines("#a; # b;c\n\n").iter().map(RawLine::is_blank).collect();
        assert_eq!(blank, [true, true, false, true]);
    }

    #[test]
    fn a_line_knows_where_it_ends() {
        let ends: Vec<_> = lines("ab ; cd\r\n티\n").iter().map(|line| line.end).collect();
        assert_eq!(ends, [2, 7, 12]);
    }

    #[test]
    fn the_first_arrow_outside_of_quotes_counts() {
        assert_eq!(at_arrow("a->b"), Some(("a", "b")));
        assert_eq!(at_arrow("a → b -> c"), Some(("a ", " b -> c")));
        assert_eq!(at_arrow("'a->b' => c"), Some(("'a->b' ", " c")));
        assert_eq!(at_arrow("a - > b"), None);
    }

    #[test]
    fn quoted_words_hold_blanks_commas_and_apostrophes() {
        for quoted in
            ["\"Tea, House\"", "'Tea, House'", "“Tea, House”", "‘Tea, House’", "«Tea, House»"]
        {
            assert_eq!(words(&format!("shop {quoted} test")), ["shop", quoted, "test"]);
            assert_eq!(parts(&format!("a,{quoted}")), ["a", quoted]);
            assert_eq!(without_quotes(quoted), Some("Tea, House"));
        }
        assert_eq!(without_quotes("'Joe's Tea'"), Some("Joe's Tea"));
        assert_eq!(without_quotes("Joe's"), Some("Joe's"));
        assert_eq!(without_quotes("'Joe"), None);
        assert_eq!(without_quotes("'Joe'-s"), None);
        assert_eq!(without_quotes("'"), None);
        assert_eq!(without_quotes("''"), Some(""));
    }
}
