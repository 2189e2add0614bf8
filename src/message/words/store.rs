//! The words about shops that go offline, are paused or are open again.

use crate::message::words::{MAX_NAME_CHARS, Words, isolated, named};
use crate::order::one_line::OneLine;
use crate::store::{StoreEvent, StoreState};

impl Words {
    /// Which shop is in which state on which platform. Korean has the state first.
    pub(in crate::message) fn store_headline(self, event: &StoreEvent) -> String {
        let (emoji, state) = match event.state {
            StoreState::Offline => ("🔴", self.choose("is offline", "오프라인")),
            StoreState::Paused => ("⏸️", self.choose("is paused", "영업 일시 중지")),
            StoreState::Online => ("🟢", self.choose("is open again", "영업 재개")),
        };
        let unnamed = || self.choose("The shop", "상점").to_owned();
        let shop = event.shop.as_ref().map_or_else(unnamed, named);
        let platform = match self.platform_named(&event.platform, &event.platform_name) {
            "" => String::new(),
            platform => self.choose(format!(" on {platform}"), format!(" ({platform})")),
        };
        let happened =
            self.choose(format!("{shop} {state}{platform}"), format!("{state}: {shop}{platform}"));
        let test = if event.is_test { format!("{} · ", self.test()) } else { String::new() };
        format!("{test}{emoji} {happened}")
    }

    /// What else is known, most important first.
    pub(in crate::message) fn store_facts(self, event: &StoreEvent) -> Vec<String> {
        let is_cut = |shop: &&OneLine| shop.as_str().chars().count() > MAX_NAME_CHARS;
        let facts = [
            (self.reason_label(), self.store_reason(event)),
            (self.shop_label(), event.shop.as_ref().filter(is_cut).map(OneLine::to_string)),
        ];
        let known = facts.into_iter().filter_map(|(label, fact)| Some((label, fact?)));
        known.map(|(label, fact)| format!("{label}: {}", isolated(&fact))).collect()
    }
}
