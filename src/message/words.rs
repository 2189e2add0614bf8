//! All wording, in every language: [`Words::choose`] has English and Korean side by side.

use icu_properties::props::BidiClass;
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::config::Language;
use crate::message::Remarks;
use crate::order::money::Money;
use crate::order::one_line::OneLine;
use crate::order::{Change, Item, Kind, OrderEvent};
use crate::platform::Platform;
use crate::slack::block_kit::{END_OF_ISOLATE, ISOLATE};

mod alarm;
mod digest;
mod overdue;
mod stack_alarm;
mod states;
mod store;
mod summary;

/// The words of one language.
#[derive(Clone, Copy)]
pub(super) struct Words {
    language: Language,
}

/// A headline stays one line on a phone.
const MAX_NAME_CHARS: usize = 60;
/// A few items say what the order is; the rest is a count.
const SHOWN_ITEMS: usize = 5;
const MAX_TITLE_CHARS: usize = 80;
const MAX_QUANTITY_CHARS: usize = 12;

/// The words about one order.
impl Words {
    pub(super) fn of(language: Language) -> Self {
        Self { language }
    }

    /// What happened, to which order, for how much.
    pub(super) fn headline(self, event: &OrderEvent) -> String {
        let test = event.is_test.then(|| self.test().to_owned());
        let parts = test
            .into_iter()
            .chain([self.happened(event)])
            .chain(event.total.as_ref().map(|total| self.money(total)));
        parts.collect::<Vec<_>>().join(" · ")
    }

    /// What happened to which order.
    fn happened(self, event: &OrderEvent) -> String {
        let (emoji, before, after) = self.happening(event);
        let name = self.named_orders(event).unwrap_or_default();
        let start: Vec<_> =
            [emoji, before, &name, after].into_iter().filter(|word| !word.is_empty()).collect();
        let start = start.join(" ");
        match &event.overdue {
            None => start,
            Some(overdue) => {
                let colon = if overdue.came.is_some() { self.choose("", ":") } else { ":" };
                format!("{start}{colon} {}", self.overdue(event, overdue))
            }
        }
    }

    /// The order's name, and how many other orders the webhook is about.
    fn named_orders(self, event: &OrderEvent) -> Option<String> {
        let name = order_name(event.name()?);
        Some(match event.more_orders {
            0 => name,
            more => format!("{name} {}", self.and_more(more)),
        })
    }

    /// When the order is to be ready.
    pub(super) fn ready_by(self) -> (&'static str, &'static str) {
        self.choose(("Ready by ", ""), ("", " 준비 예정"))
    }

    /// An emoji, and the words before and after the order's name. Korean has the event first.
    fn happening(self, event: &OrderEvent) -> (&'static str, &'static str, &'static str) {
        match event.kind {
            Kind::Created => ("🛒", self.choose("New order", "신규 주문"), ""),
            Kind::Overdue => {
                let has_come = event.overdue.as_ref().is_some_and(|overdue| overdue.came.is_some());
                (if has_come { "✅" } else { "⏰" }, self.choose("Order", "주문"), "")
            }
            Kind::Cancelled => {
                let cancelled = self.how_cancelled(event.change);
                ("🚫", self.choose("Order", cancelled), self.choose(cancelled, ""))
            }
            Kind::Modified => {
                let (emoji, changed) = self.changed(event.change);
                (emoji, self.choose("Order", changed), self.choose(changed, ""))
            }
        }
    }

    /// The words for a cancellation.
    fn how_cancelled(self, change: Option<Change>) -> &'static str {
        match change {
            Some(Change::Unpaid) => self.choose("cancelled, never paid", "미결제 주문 취소"),
            Some(Change::Fulfillment) => self.choose("fulfillment cancelled", "주문 처리 취소"),
            _ => self.choose("cancelled", "주문 취소"),
        }
    }

    /// An emoji and the word for what a modification was.
    fn changed(self, change: Option<Change>) -> (&'static str, &'static str) {
        match change {
            None => ("✏️", self.choose("changed", "주문 변경")),
            Some(Change::Paid) => ("💳", self.choose("paid", "결제 완료")),
            Some(Change::Edited) => ("✏️", self.choose("edited", "주문 수정")),
            Some(Change::Fulfilled) => ("📦", self.choose("fulfilled", "발송 완료")),
            Some(Change::PartiallyFulfilled) => {
                ("📦", self.choose("partially fulfilled", "부분 발송"))
            }
            Some(Change::Returned) => ("↩️", self.choose("returned", "반품")),
            Some(Change::Exchanged) => ("🔁", self.choose("exchanged", "교환")),
            Some(Change::Refunded) => ("💸", self.choose("refunded", "환불 완료")),
            Some(Change::PartiallyRefunded) => {
                ("💸", self.choose("partially refunded", "부분 환불"))
            }
            Some(Change::RefundFailed) => ("⚠️", self.choose("refund failed", "환불 실패")),
            Some(Change::Restored) => ("♻️", self.choose("restored", "주문 복원")),
            Some(Change::Reopened) => ("♻️", self.choose("reopened", "취소 철회")),
            Some(Change::Deleted) => ("🗑️", self.choose("deleted", "주문 삭제")),
            Some(Change::CancellationRequested) => {
                ("🙋", self.choose("cancellation requested", "취소 신청"))
            }
            Some(Change::ReturnRequested) => ("🙋", self.choose("return requested", "반품 신청")),
            Some(Change::ExchangeRequested) => {
                ("🙋", self.choose("exchange requested", "교환 신청"))
            }
            Some(Change::PartlyCancelled) => ("✂️", self.choose("partly cancelled", "부분 취소")),
            Some(Change::FulfillmentFailed) => {
                ("⚠️", self.choose("fulfillment failed", "주문 처리 실패"))
            }
            Some(Change::Disputed) => ("⚠️", self.choose("disputed", "결제 분쟁 발생")),
            Some(Change::DisputeWon) => ("✅", self.choose("dispute won", "결제 분쟁 승소")),
            Some(Change::DisputeLost) => ("❌", self.choose("dispute lost", "결제 분쟁 패소")),
            // These are of cancellations.
            Some(Change::Unpaid | Change::Fulfillment) => ("🚫", self.how_cancelled(change)),
        }
    }

    /// What else is known, most important first.
    pub(super) fn facts(self, event: &OrderEvent) -> Vec<String> {
        // There the headline says the order's state, and the status only repeats or blurs it.
        let has_state = matches!(event.kind, Kind::Cancelled | Kind::Overdue)
            || matches!(
                event.change,
                Some(
                    Change::Deleted
                        | Change::Returned
                        | Change::PartlyCancelled
                        | Change::FulfillmentFailed
                        | Change::PartiallyRefunded
                        | Change::RefundFailed
                        | Change::Disputed
                        | Change::DisputeWon
                        | Change::DisputeLost
                )
            );
        let status = self.status(event).filter(|_| !has_state);
        let facts = [
            (self.reason_label(), self.reason(event)),
            (self.choose("Status", "상태"), status),
            (self.choose("Customer", "고객"), event.customer.as_ref().map(OneLine::to_string)),
            (self.shop_label(), event.shop.as_ref().map(OneLine::to_string)),
        ];
        let known = facts.into_iter().filter_map(|(label, fact)| Some((label, fact?)));
        known.map(|(label, fact)| format!("{label}: {}", isolated(&fact))).collect()
    }

    pub(super) fn items(self, event: &OrderEvent) -> Vec<String> {
        let shown = event.items.iter().take(SHOWN_ITEMS);
        let mut lines: Vec<_> = shown.map(|item| self.item(item)).collect();
        let more = event.items.len() - lines.len() + event.more_items;
        if more > 0 {
            lines.push(if lines.is_empty() {
                self.choose(counted(&more.to_string(), "item"), format!("상품 {more}건"))
            } else {
                self.and_more(more)
            });
        }
        lines
    }

    /// Korean receipts and packing lists have the quantity last.
    fn item(self, item: &Item) -> String {
        let title = shortened(item.title.as_str(), MAX_TITLE_CHARS);
        match &item.quantity {
            Some(quantity) => {
                let quantity = shortened(quantity.as_str(), MAX_QUANTITY_CHARS);
                self.choose(format!("{quantity} × {title}"), format!("{title} × {quantity}"))
            }
            None => title,
        }
    }

    pub(super) fn remarks(self, remarks: Remarks) -> Vec<String> {
        let changed =
            self.choose("Resent with different content", "같은 웹훅이 다른 내용으로 다시 옴");
        let delay = remarks
            .delay
            .map(|delay| self.rounded(delay))
            .map(|delay| self.choose(format!("Alert {delay} late"), format!("알림 {delay} 지연")));
        self.all_remarks(remarks, changed, delay)
    }

    /// What the channel calls the platform; empty for one whose name says nothing there.
    pub(super) fn platform(self, event: &OrderEvent) -> &str {
        self.platform_named(&event.platform, &event.platform_name)
    }

    /// The first words to a channel, and the label of the stack that says them.
    pub(super) fn hello(self) -> (&'static str, &'static str) {
        let hello = self.choose(
            "👋 order-alerts is connected to this channel",
            "👋 order-alerts가 이 채널에 연결되었습니다",
        );
        (hello, self.choose("Stack", "스택"))
    }

    /// The label of the link to the order's page.
    pub(super) fn view_order(self) -> &'static str {
        self.choose("View order", "주문 보기")
    }
}

/// The words that several messages share.
impl Words {
    pub(super) fn test(self) -> &'static str {
        self.choose("🧪 TEST", "🧪 테스트")
    }

    fn shop_label(self) -> &'static str {
        self.choose("Shop", "상점")
    }

    fn reason_label(self) -> &'static str {
        self.choose("Reason", "사유")
    }

    /// What the channel calls the platform of this id; `name` is that of its file.
    fn platform_named<'a>(self, id: &str, name: &'a str) -> &'a str {
        match Platform::find(id).and_then(|platform| platform.shown_as.as_ref()) {
            Some(name) => self.choose(&name.en, &name.ko),
            None => name,
        }
    }

    pub(super) fn money(self, money: &Money) -> String {
        let money = match (self.language, money.currency()) {
            (Language::Korean, Some("KRW")) => format!("{}원", money.digits()),
            _ => money.to_string(),
        };
        shortened(&money, MAX_NAME_CHARS)
    }

    pub(super) fn and_more(self, more: usize) -> String {
        self.choose(format!("and {more} more"), format!("외 {more}건"))
    }

    /// The time for readers whose own zone is not known: in notifications and old clients.
    pub(super) fn plain_time(self, time: Timestamp) -> String {
        // Korea has no summer time, so that no database of zones is needed.
        let offset = self.choose(Offset::UTC, Offset::constant(9));
        let format = self.choose("%Y-%m-%d %H:%M UTC", "%Y-%m-%d %H:%M (한국 시간)");
        offset.to_datetime(time).strftime(format).to_string()
    }

    fn all_remarks(self, remarks: Remarks, changed: &str, delay: Option<String>) -> Vec<String> {
        let repeat = self.choose("This may be a repeat", "중복 알림일 수 있음");
        let repeat = (remarks.repeat || remarks.unchecked).then(|| repeat.to_owned());
        let changed = remarks.changed_payload.then(|| changed.to_owned());
        [repeat, changed, delay].into_iter().flatten().collect()
    }

    /// A length of time in its largest unit, rounded down.
    fn rounded(self, time: SignedDuration) -> String {
        let (minutes, hours) = (time.as_mins(), time.as_hours());
        match (minutes, hours) {
            (..120, _) => self.in_unit(minutes.max(1), "min", "분"),
            (_, ..48) => self.in_unit(hours, "h", "시간"),
            _ => self.in_unit(hours / 24, "d", "일"),
        }
    }

    fn in_unit(self, count: i64, english: &str, korean: &str) -> String {
        self.choose(format!("{count} {english}"), format!("{count}{korean}"))
    }

    pub(super) fn choose<T>(self, english: T, korean: T) -> T {
        match self.language {
            Language::English => english,
            Language::Korean => korean,
        }
    }
}

/// A name as short as it is shown everywhere.
pub(super) fn named(name: &OneLine) -> String {
    shortened(name.as_str(), MAX_NAME_CHARS)
}

/// An order's name. Digits alone could be taken for a count, and so they get a `#`.
pub(super) fn order_name(name: &OneLine) -> String {
    let is_digits = name.as_str().bytes().all(|byte| byte.is_ascii_digit());
    let sign = if is_digits { "#" } else { "" };
    format!("{sign}{}", named(name))
}

/// `1 item`, `2 items`.
fn counted(count: &str, noun: &str) -> String {
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Text from outside, at most so many characters of it.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((cut, _)) => isolated(&format!("{}…", text[..cut].trim_end())),
        None => isolated(text),
    }
}

/// Text from outside, so that it cannot change the order of the words around it.
///
/// Text from right to left would draw the counts and brackets beside it to its other side. First
/// strong isolate and pop directional isolate prevent it:
/// <https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates>. Other text stays as it is.
pub(super) fn isolated(text: &str) -> String {
    const CLASSES: CodePointMapDataBorrowed<'static, BidiClass> = CodePointMapData::new();
    let is_from_right = |c| {
        let from_right = [BidiClass::RightToLeft, BidiClass::ArabicLetter, BidiClass::ArabicNumber];
        from_right.contains(&CLASSES.get(c))
    };
    if text.chars().any(is_from_right) {
        format!("{ISOLATE}{text}{END_OF_ISOLATE}")
    } else {
        text.to_owned()
    }
}
