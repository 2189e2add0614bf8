//! All wording, in every language.

use jiff::SignedDuration;

use crate::config::Language;
use crate::message::Remarks;
use crate::order::money::Money;
use crate::order::one_line::OneLine;
use crate::order::{Change, Item, Kind, OrderEvent};

mod alarm;
mod own_alarm;

/// The words of one language.
pub(super) struct Words {
    language: Language,
    pub(super) hello: &'static str,
    pub(super) stack: &'static str,
    pub(super) open: &'static str,
    /// The label of the link to an alarm, and when its state began.
    pub(super) console: &'static str,
    pub(super) since: &'static str,
    pub(super) test: &'static str,
    /// For an order that has neither a number nor a key.
    pub(super) nameless: &'static str,
    reason: &'static str,
    status: &'static str,
    customer: &'static str,
    shop: &'static str,
    /// Before the new orders with the largest amounts.
    pub(super) biggest: &'static str,
    repeat: &'static str,
    changed_payload: &'static str,
    /// The same, of some orders among many, and on the line of each.
    some_changed_payload: &'static str,
    pub(super) changed_payload_here: &'static str,
}

const ENGLISH: Words = Words {
    language: Language::English,
    hello: "👋 order-alerts is connected to this channel",
    stack: "Stack",
    open: "Open the order",
    console: "Open in CloudWatch",
    since: "Since",
    test: "🧪 TEST",
    nameless: "without a number",
    reason: "Reason",
    status: "Status",
    customer: "Customer",
    shop: "Shop",
    biggest: "Biggest",
    repeat: "This may be a repeat",
    changed_payload: "Sent before with other content",
    some_changed_payload: "Some were sent before with other content",
    changed_payload_here: "sent before with other content",
};

const KOREAN: Words = Words {
    language: Language::Korean,
    hello: "👋 order-alerts가 이 채널에 연결되었습니다",
    stack: "스택",
    open: "주문 열기",
    console: "CloudWatch에서 열기",
    since: "시각",
    test: "🧪 테스트",
    nameless: "번호 없음",
    reason: "사유",
    status: "상태",
    customer: "고객",
    shop: "매장",
    biggest: "큰 주문",
    repeat: "중복 알림일 수 있습니다",
    changed_payload: "이전과 다른 내용으로 다시 수신되었습니다",
    some_changed_payload: "일부는 이전과 다른 내용으로 다시 수신되었습니다",
    changed_payload_here: "이전과 다른 내용",
};

/// A headline stays one line on a phone.
const MAX_NAME_CHARS: usize = 60;
/// A few items say what the order is; the rest is a count.
const SHOWN_ITEMS: usize = 5;
const MAX_TITLE_CHARS: usize = 80;
/// On a line of a digest.
const MAX_REASON_CHARS: usize = 80;

/// What one order has to say.
impl Words {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Korean => &KOREAN,
        }
    }

    /// What happened, to which order, for how much.
    pub(super) fn headline(&self, event: &OrderEvent) -> String {
        let (emoji, before, after) = self.happening(event);
        let name = event.name().map(named);
        let words = [before, name.as_deref().unwrap_or_default(), after];
        let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
        let test = event.is_test.then(|| self.test.to_owned());
        let parts = test
            .into_iter()
            .chain([format!("{emoji} {}", words.join(" "))])
            .chain(event.total.as_ref().map(|total| self.money(total)));
        parts.collect::<Vec<_>>().join(" · ")
    }

    /// An emoji, and the words before and after the order's name.
    fn happening(&self, event: &OrderEvent) -> (&'static str, &'static str, &'static str) {
        let order = self.choose("Order", "주문");
        match event.kind {
            Kind::Created => ("🛒", self.choose("New order", "새 주문"), ""),
            Kind::Cancelled => ("🚫", order, self.choose("cancelled", "취소")),
            Kind::Modified => {
                let (emoji, changed) = self.changed(event.change);
                (emoji, order, changed)
            }
        }
    }

    /// An emoji and the word for what a modification was.
    fn changed(&self, change: Option<Change>) -> (&'static str, &'static str) {
        let (emoji, english, korean) = match change {
            None => ("✏️", "changed", "변경"),
            Some(Change::Paid) => ("💳", "paid", "결제 완료"),
            Some(Change::Edited) => ("✏️", "edited", "수정"),
            Some(Change::Fulfilled) => ("📦", "fulfilled", "발송 완료"),
            Some(Change::PartiallyFulfilled) => ("📦", "partly fulfilled", "일부 발송"),
            Some(Change::Returned) => ("↩️", "returned", "반품"),
            Some(Change::Exchanged) => ("🔁", "exchanged", "교환"),
            Some(Change::Refunded) => ("💸", "refunded", "환불"),
            Some(Change::Restored) => ("♻️", "restored", "복원"),
            Some(Change::Reopened) => ("♻️", "reopened", "취소 철회"),
            Some(Change::Deleted) => ("🗑️", "deleted", "삭제"),
        };
        (emoji, self.choose(english, korean))
    }

    /// What else is known, most telling first.
    pub(super) fn facts(&self, event: &OrderEvent) -> Vec<String> {
        let reason = event.reason.as_ref().map(|reason| self.reason(reason.as_str()));
        // A cancelled order's status says "cancelled" once more.
        let status = event.status.as_ref().filter(|_| event.kind != Kind::Cancelled);
        let status = status.map(|status| self.status(status.as_str()));
        let facts = [
            (self.reason, reason),
            (self.status, status),
            (self.customer, event.customer.as_ref().map(OneLine::as_str)),
            (self.shop, event.shop.as_ref().map(OneLine::as_str)),
        ];
        let known = facts.into_iter().filter_map(|(label, fact)| Some((label, fact?)));
        known.map(|(label, fact)| format!("{label}: {fact}")).collect()
    }

    /// The reasons that Shopify knows, in words; any other as it came.
    /// <https://shopify.dev/docs/api/admin-graphql/latest/enums/OrderCancelReason>
    fn reason<'a>(&self, reason: &'a str) -> &'a str {
        let (english, korean) = match reason {
            "customer" => ("customer changed or cancelled the order", "고객 요청"),
            "declined" => ("payment declined", "결제 거절"),
            "fraud" => ("fraudulent order", "부정 주문"),
            "inventory" => ("items unavailable", "재고 부족"),
            "staff" => ("staff error", "직원 실수"),
            "other" => ("other", "기타"),
            reason => (reason, reason),
        };
        self.choose(english, korean)
    }

    /// The statuses that WooCommerce knows, in words; any other as it came.
    /// <https://woocommerce.com/document/managing-orders/order-statuses/>
    fn status<'a>(&self, status: &'a str) -> &'a str {
        let (english, korean) = match status {
            "pending" => ("payment pending", "결제 대기"),
            "processing" => ("processing", "처리 중"),
            "on-hold" => ("on hold", "보류"),
            "completed" => ("completed", "완료"),
            "cancelled" => ("cancelled", "취소"),
            "refunded" => ("refunded", "환불"),
            "failed" => ("failed", "실패"),
            status => (status, status),
        };
        self.choose(english, korean)
    }

    pub(super) fn items(&self, event: &OrderEvent) -> Vec<String> {
        let mut lines: Vec<_> = event.items.iter().take(SHOWN_ITEMS).map(item).collect();
        let more = event.items.len() - lines.len() + event.more_items;
        if more > 0 {
            lines.push(match (self.language, lines.is_empty()) {
                (_, false) => self.and_more(more),
                (Language::English, true) if more == 1 => "1 item".to_owned(),
                (Language::English, true) => format!("{more} items"),
                (Language::Korean, true) => format!("상품 {more}건"),
            });
        }
        lines
    }

    pub(super) fn remarks(&self, remarks: Remarks) -> Vec<String> {
        let delay = remarks.delay.map(|delay| match self.language {
            Language::English => format!("Delayed by {}", self.rounded(delay)),
            Language::Korean => format!("{} 지연", self.rounded(delay)),
        });
        self.all_remarks(remarks, self.changed_payload, delay)
    }
}

/// What many orders have to say together.
impl Words {
    /// How many orders of which kind.
    pub(super) fn counts(&self, counts: &[(Kind, usize)]) -> String {
        if let [(kind, count)] = counts {
            return match (self.language, kind) {
                (Language::English, Kind::Cancelled) => format!("🚫 {count} orders cancelled"),
                (Language::English, Kind::Created) => format!("🛒 {count} new orders"),
                (Language::English, Kind::Modified) => format!("✏️ {count} orders changed"),
                (Language::Korean, Kind::Cancelled) => format!("🚫 주문 {count}건 취소"),
                (Language::Korean, Kind::Created) => format!("🛒 새 주문 {count}건"),
                (Language::Korean, Kind::Modified) => format!("✏️ 주문 {count}건 변경"),
            };
        }
        let counts = counts.iter().map(|(kind, count)| match (self.language, kind) {
            (Language::English, Kind::Cancelled) => format!("🚫 {count} cancelled"),
            (Language::English, Kind::Created) => format!("🛒 {count} new"),
            (Language::English, Kind::Modified) => format!("✏️ {count} changed"),
            (Language::Korean, Kind::Cancelled) => format!("🚫 취소 {count}"),
            (Language::Korean, Kind::Created) => format!("🛒 신규 {count}"),
            (Language::Korean, Kind::Modified) => format!("✏️ 변경 {count}"),
        });
        counts.collect::<Vec<_>>().join(" · ")
    }

    /// What stands above the orders of one kind.
    pub(super) fn heading(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Cancelled => self.choose("🚫 Cancelled", "🚫 취소"),
            Kind::Created => self.choose("🛒 New", "🛒 신규"),
            Kind::Modified => self.choose("✏️ Changed", "✏️ 변경"),
        }
    }

    /// What stands before the sums of one kind; sums of changed orders mean nothing.
    pub(super) fn total(&self, kind: Kind) -> Option<&'static str> {
        match kind {
            Kind::Cancelled => Some(self.choose("Cancelled in total", "취소 합계")),
            Kind::Created => Some(self.choose("New in total", "신규 합계")),
            Kind::Modified => None,
        }
    }

    /// How many cancellations of the same time were told before.
    pub(super) fn cancelled_beside(&self, count: u32) -> String {
        match self.language {
            Language::English => format!("🚫 {count} cancelled in the same time, told before"),
            Language::Korean => format!("🚫 같은 시간 취소 {count}건은 먼저 알림"),
        }
    }

    /// How many orders a sum does not hold.
    pub(super) fn not_in_the_sum(&self, count: usize) -> String {
        match self.language {
            Language::English => format!("{count} not in the sum"),
            Language::Korean => format!("합계 제외 {count}건"),
        }
    }

    /// The order's name, marked if it is only a test.
    pub(super) fn name(&self, event: &OrderEvent) -> String {
        let name = event.name().map_or_else(|| self.nameless.to_owned(), named);
        if event.is_test { format!("🧪 {name}") } else { name }
    }

    /// What is worth a word on the order's line: why it was cancelled, or how it was changed.
    pub(super) fn detail(&self, event: &OrderEvent) -> Option<String> {
        match (event.kind, event.change, &event.status) {
            (Kind::Created, ..) => None,
            (Kind::Cancelled, ..) => {
                let reason = self.reason(event.reason.as_ref()?.as_str());
                Some(shortened(reason, MAX_REASON_CHARS))
            }
            (Kind::Modified, None, Some(status)) => {
                Some(shortened(self.status(status.as_str()), MAX_NAME_CHARS))
            }
            (Kind::Modified, change, _) => Some(self.changed(change).1.to_owned()),
        }
    }

    pub(super) fn shop(&self, shop: &OneLine) -> String {
        format!("{}: {}", self.shop, named(shop))
    }

    /// The remarks on any of the orders, put together.
    pub(super) fn remarks_on_many(&self, remarks: Remarks) -> Vec<String> {
        let delay = remarks.delay.map(|delay| match self.language {
            Language::English => format!("Delayed by up to {}", self.rounded(delay)),
            Language::Korean => format!("최대 {} 지연", self.rounded(delay)),
        });
        self.all_remarks(remarks, self.some_changed_payload, delay)
    }
}

/// What both share.
impl Words {
    pub(super) fn money(&self, money: &Money) -> String {
        let money = match (self.language, money.currency()) {
            (Language::Korean, Some("KRW")) => format!("{}원", money.digits()),
            _ => money.to_string(),
        };
        shortened(&money, MAX_NAME_CHARS)
    }

    pub(super) fn and_more(&self, more: usize) -> String {
        match self.language {
            Language::English => format!("and {more} more"),
            Language::Korean => format!("외 {more}건"),
        }
    }

    fn all_remarks(&self, remarks: Remarks, changed: &str, delay: Option<String>) -> Vec<String> {
        let repeat = remarks.repeat.then(|| self.repeat.to_owned());
        let changed = remarks.changed_payload.then(|| changed.to_owned());
        [repeat, changed, delay].into_iter().flatten().collect()
    }

    /// A length of time in the one unit that tells most of it.
    fn rounded(&self, time: SignedDuration) -> String {
        let (minutes, hours) = (time.as_mins(), time.as_hours());
        let (count, english, korean) = match (minutes, hours) {
            (..120, _) => (minutes.max(1), "min", "분"),
            (_, ..48) => (hours, "h", "시간"),
            _ => (hours / 24, "d", "일"),
        };
        match self.language {
            Language::English => format!("{count} {english}"),
            Language::Korean => format!("{count}{korean}"),
        }
    }

    fn choose<'a>(&self, english: &'a str, korean: &'a str) -> &'a str {
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

fn item(item: &Item) -> String {
    let title = shortened(item.title.as_str(), MAX_TITLE_CHARS);
    match &item.quantity {
        Some(quantity) => format!("{} × {title}", shortened(quantity.as_str(), 12)),
        None => title,
    }
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((cut, _)) => format!("{}…", text[..cut].trim_end()),
        None => text.to_owned(),
    }
}
