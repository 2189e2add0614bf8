//! Finds contradictions in a `[register]` table whose values are all valid.

use super::{Register, Request, Text};

/// Values of the table that contradict each other.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::platform) enum RegisterMistake {
    #[error("nothing stands for `{{{0}}}`")]
    Unknown(String),
    #[error("no request has `{{{0}}}`")]
    Unused(String),
    #[error("`create` must have `{{url}}`, and one of `{{event}}` and `{{events}}`")]
    Create,
    #[error("a request has a `body` or a `form`, and not both")]
    BodyAndForm,
    #[error("a `method` is `GET`, `POST`, `PUT`, `PATCH` or `DELETE`")]
    Method,
    #[error("`{{cursor}}` in `list` needs `next` in `listed`, and `next` needs it")]
    Cursor,
    #[error("`pages` in `listed` needs `{{page}}` in `list`")]
    Pages,
    #[error("`listed` needs `at` and `address`, and an `id` unless there is `only_one`")]
    Listed,
    #[error("`shop` has either `in` or `site_before`, or neither, and `{{shop}}` is in each `in`")]
    Shop,
    #[error("the address must begin with `https://`, or be that of a shop")]
    Address,
    #[error("`register` needs `events` in `[setup]`")]
    NoEvents,
}

/// What stands for something in every table.
const NAMES: [&str; 7] = ["api", "url", "event", "events", "id", "cursor", "page"];

impl Register {
    /// The first contradiction, and the text in the file near which it is.
    pub(in crate::platform) fn mistake(
        &self,
        events: &[String],
    ) -> Option<(String, RegisterMistake)> {
        let found = |near: &str, mistake| Some((near.to_owned(), mistake));
        if events.is_empty() {
            return found("[register]", RegisterMistake::NoEvents);
        }
        let known = self.known();
        let used = self.used();
        let is_known = |name: &String| known.contains(name) || NAMES.contains(&name.as_str());
        if let Some(name) = used.iter().find(|name| !is_known(name)) {
            return found(&format!("{{{name}}}"), RegisterMistake::Unknown(name.clone()));
        }
        if let Some(name) = known.into_iter().find(|name| !used.contains(name)) {
            return found(&name, RegisterMistake::Unused(name.clone()));
        }
        let requests = self.requests();
        if requests.iter().any(|request| request.body.is_some() && request.form.is_some()) {
            return found("form", RegisterMistake::BodyAndForm);
        }
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
        let mut given = requests.iter().filter_map(|request| request.method.as_deref());
        if let Some(method) = given.find(|method| !methods.contains(method)) {
            return found(&format!("method = \"{method}\""), RegisterMistake::Method);
        }
        if self.create.has("event") == self.create.has("events") || !self.create.has("url") {
            return found("create", RegisterMistake::Create);
        }
        if self.list.has("cursor") != self.listed.next.is_some() {
            return found("list", RegisterMistake::Cursor);
        }
        if self.listed.pages.is_some() && !self.list.has("page") {
            return found("list", RegisterMistake::Pages);
        }
        let listed = &self.listed;
        let is_placed = listed.at.is_some() && listed.address.is_some();
        if !is_placed || listed.id.is_none() != self.only_one {
            return found("listed", RegisterMistake::Listed);
        }
        if let Some(shop) = &self.shop {
            let mut addresses = shop.addresses.as_slice().iter();
            let is_both = addresses.len() > 0 && !shop.site_before.is_empty();
            if is_both || addresses.any(|address| !address.contains("{shop}")) {
                return found("shop", RegisterMistake::Shop);
            }
        }
        let is_site = self.shop.as_ref().is_some_and(|shop| !shop.site_before.is_empty());
        let is_safe = |url: &Text| {
            let start = if is_site { "{shop}/" } else { "https://" };
            url.0.starts_with(start) || url.0.starts_with("{api}")
        };
        let urls = requests.iter().filter_map(|request| request.url.as_ref());
        if let Some(url) = urls.chain([&self.api]).find(|url| !is_safe(url)) {
            return found(&url.0, RegisterMistake::Address);
        }
        None
    }

    /// What stands for something in this table alone.
    fn known(&self) -> Vec<String> {
        let names = [
            ("shop", self.shop.is_some()),
            ("version", self.version.is_some()),
            ("token", self.token.is_some()),
        ];
        let names = names.into_iter().filter(|(_, is_there)| *is_there);
        let asked = self.ask.iter().map(|question| question.variable.clone());
        names.map(|(name, _)| name.to_owned()).chain(asked).collect()
    }

    fn used(&self) -> Vec<String> {
        let in_query = self.in_query.iter().flat_map(|in_query| in_query.parameters.values());
        let texts = [&self.api].into_iter().chain(self.headers.values()).chain(in_query);
        let mut names: Vec<_> = texts.flat_map(Text::names).collect();
        names.extend(self.requests().iter().flat_map(|request| request.names()));
        names
    }

    fn requests(&self) -> Vec<&Request> {
        let always = [&self.create, &self.list, &self.remove];
        let exchange = self.token.as_ref().map(|token| &token.exchange);
        always.into_iter().chain(&self.update).chain(exchange).collect()
    }
}
