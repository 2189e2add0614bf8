//! Expressions as text: their words, their placeholders, their signs.

use crate::aws::AwsError;
use crate::dynamodb::attribute::{Attribute, Item, invalid};
use crate::dynamodb::placeholders::Placeholders;
use crate::dynamodb::reserved_words::is_reserved;

/// An expression that is being read, token by token.
#[derive(Debug)]
pub(super) struct Expression<'call> {
    /// The request's name for it, as refusals quote it.
    kind: &'static str,
    tokens: Vec<Token<'call>>,
    at: usize,
    placeholders: &'call Placeholders,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Token<'call> {
    /// An attribute's name, a keyword or a function.
    Word(&'call str),
    /// With its `#`.
    Name(&'call str),
    /// With its `:`.
    Value(&'call str),
    Sign(&'call str),
}

/// An attribute of the item or a value of the request.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Operand {
    Path(String),
    Value(Attribute),
}

impl Operand {
    pub(super) fn of<'item>(&'item self, item: &'item Item) -> Option<&'item Attribute> {
        match self {
            Self::Path(name) => item.get(name),
            Self::Value(value) => Some(value),
        }
    }
}

impl<'call> Expression<'call> {
    pub(super) fn read(
        kind: &'static str,
        text: &'call str,
        placeholders: &'call Placeholders,
    ) -> Result<Self, AwsError> {
        let tokens = tokens(kind, text)?;
        if tokens.is_empty() {
            return Err(invalid(&format!("Invalid {kind}: The expression can not be empty;")));
        }
        Ok(Self { kind, tokens, at: 0, placeholders })
    }

    pub(super) fn peek(&self) -> Option<Token<'call>> {
        self.tokens.get(self.at).copied()
    }

    /// Steps over the sign if it comes next.
    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        let is_next = self.peek() == Some(Token::Sign(sign));
        self.at += usize::from(is_next);
        is_next
    }

    /// Steps over the keyword, in any case, if it comes next.
    pub(super) fn take_keyword(&mut self, keyword: &str) -> bool {
        let is_next =
            matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(is_next);
        is_next
    }

    /// Steps over a function's name and its opening parenthesis.
    pub(super) fn take_function(&mut self) -> Option<&'call str> {
        let [Token::Word(name), Token::Sign("("), ..] = self.tokens[self.at..] else { return None };
        self.at += 2;
        Some(name)
    }

    pub(super) fn expect_sign(&mut self, sign: &str) -> Result<(), AwsError> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.syntax_error()) }
    }

    pub(super) fn expect_end(&self) -> Result<(), AwsError> {
        if self.peek().is_none() { Ok(()) } else { Err(self.syntax_error()) }
    }

    pub(super) fn operand(&mut self) -> Result<Operand, AwsError> {
        let operand = match self.peek() {
            Some(Token::Value(key)) => Operand::Value(self.placeholders.value(key, self.kind)?),
            Some(Token::Name(key)) => Operand::Path(self.placeholders.name(key, self.kind)?),
            Some(Token::Word(word)) if is_reserved(word) => {
                return Err(self.error(&format!(
                    "Attribute name is a reserved keyword; reserved keyword: {word}"
                )));
            }
            Some(Token::Word(word)) => Operand::Path(word.to_owned()),
            Some(Token::Sign(_)) | None => return Err(self.syntax_error()),
        };
        self.at += 1;
        Ok(operand)
    }

    /// An operand that must be an attribute of the item.
    pub(super) fn path(&mut self) -> Result<String, AwsError> {
        match (self.peek(), self.operand()?) {
            (_, Operand::Path(name)) => Ok(name),
            (_, Operand::Value(_)) => {
                self.at -= 1;
                Err(self.syntax_error())
            }
        }
    }

    /// Whether the parenthesis that opens next only surrounds another pair of them.
    pub(super) fn is_redundantly_open(&self) -> bool {
        let open = |at| self.tokens.get(at) == Some(&Token::Sign("("));
        open(self.at)
            && open(self.at + 1)
            && self.closing(self.at).is_some_and(|end| self.closing(self.at + 1) == Some(end - 1))
    }

    pub(super) fn error(&self, message: &str) -> AwsError {
        invalid(&format!("Invalid {}: {message}", self.kind))
    }

    pub(super) fn syntax_error(&self) -> AwsError {
        let token = self.peek().map_or("<EOF>", Token::text);
        let near: Vec<_> = self.tokens[self.at.saturating_sub(1)..]
            .iter()
            .take(3)
            .map(|token| token.text())
            .collect();
        self.error(&format!("Syntax error; token: \"{token}\", near: \"{}\"", near.join(" ")))
    }

    /// Where the parenthesis that opens at `at` closes.
    fn closing(&self, at: usize) -> Option<usize> {
        let mut depth = 0_usize;
        (at..self.tokens.len()).find(|at| {
            match self.tokens[*at] {
                Token::Sign("(") => depth += 1,
                Token::Sign(")") => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        })
    }
}

impl<'call> Token<'call> {
    fn text(self) -> &'call str {
        match self {
            Self::Word(text) | Self::Name(text) | Self::Value(text) | Self::Sign(text) => text,
        }
    }
}

fn tokens<'call>(kind: &str, text: &'call str) -> Result<Vec<Token<'call>>, AwsError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = first.is_ascii_alphabetic() || first == '_';
        let length = match first {
            '#' | ':' => 1 + word_length(&rest[1..]),
            _ if is_word => word_length(rest),
            '<' if rest.starts_with("<>") => 2,
            '<' | '>' if rest[1..].starts_with('=') => 2,
            '(' | ')' | ',' | '=' | '<' | '>' | '+' | '-' => 1,
            '.' | '[' => {
                let message = format!("Invalid {kind}: paths are not modelled by the fake: {rest}");
                return Err(invalid(&message));
            }
            _ => 0,
        };
        let is_bare_sign = matches!(first, '#' | ':') && length == 1;
        if length == 0 || is_bare_sign {
            let message =
                format!("Invalid {kind}: Syntax error; token: \"{first}\", near: \"{rest}\"");
            return Err(invalid(&message));
        }
        let (token, after) = rest.split_at(length);
        tokens.push(match first {
            '#' => Token::Name(token),
            ':' => Token::Value(token),
            _ if is_word => Token::Word(token),
            _ => Token::Sign(token),
        });
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn word_length(text: &str) -> usize {
    let is_inside = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.find(|letter| !is_inside(letter)).unwrap_or(text.len())
}
