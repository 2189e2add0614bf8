//! The words about many orders together.

use crate::message::Remarks;
use crate::message::words::{MAX_NAME_CHARS, Words, counted, named, shortened};
use crate::order::one_line::OneLine;
use crate::order::{Kind, OrderEvent};

/// On a line of a digest.
const MAX_REASON_CHARS: usize = 80;

impl Words {
    /// How many orders of which kind.
    pub(in crate::message) fn counts(self, counts: &[(Kind, usize)]) -> String {
        if let [(kind, count)] = counts {
            return self.only_count(*kind, *count);
        }
        let counts = counts.iter().map(|(kind, count)| self.count(*kind, *count));
        counts.collect::<Vec<_>>().join(" · ")
    }

    /// The count where all orders are of one kind.
    fn only_count(self, kind: Kind, count: usize) -> String {
        match kind {
            Kind::Cancelled => self
                .choose(format!("🚫 {count} orders cancelled"), format!("🚫 주문 취소 {count}건")),
            Kind::Created => {
                self.choose(format!("🛒 {count} new orders"), format!("🛒 신규 주문 {count}건"))
            }
            Kind::Modified => {
                self.choose(format!("✏️ {count} orders changed"), format!("✏️ 주문 변경 {count}건"))
            }
            Kind::Overdue => self.choose(
                format!("⏰ {count} orders overdue"),
                format!("⏰ 처리 지연 주문 {count}건"),
            ),
        }
    }

    /// The count of one kind among others.
    fn count(self, kind: Kind, count: usize) -> String {
        match kind {
            Kind::Cancelled => {
                self.choose(format!("🚫 {count} cancelled"), format!("🚫 취소 {count}건"))
            }
            Kind::Created => self.choose(format!("🛒 {count} new"), format!("🛒 신규 {count}건")),
            Kind::Modified => {
                self.choose(format!("✏️ {count} changed"), format!("✏️ 변경 {count}건"))
            }
            Kind::Overdue => {
                self.choose(format!("⏰ {count} overdue"), format!("⏰ 처리 지연 {count}건"))
            }
        }
    }

    /// What stands above the orders of one kind.
    pub(in crate::message) fn heading(self, kind: Kind) -> &'static str {
        match kind {
            Kind::Cancelled => self.choose("🚫 Cancelled", "🚫 취소"),
            Kind::Created => self.choose("🛒 New", "🛒 신규"),
            Kind::Modified => self.choose("✏️ Changed", "✏️ 변경"),
            Kind::Overdue => self.choose("⏰ Overdue", "⏰ 처리 지연"),
        }
    }

    /// What stands before the sums of one kind; sums of changed orders mean nothing.
    pub(in crate::message) fn total(self, kind: Kind) -> Option<&'static str> {
        match kind {
            Kind::Cancelled => Some(self.choose("Cancelled total", "취소 금액 합계")),
            Kind::Created => Some(self.choose("New orders total", "신규 주문 금액 합계")),
            Kind::Modified | Kind::Overdue => None,
        }
    }

    /// What stands before the new orders with the largest amounts.
    pub(in crate::message) fn largest(self) -> &'static str {
        self.choose("Largest", "금액 상위")
    }

    /// How many cancellations of the same time have a message of their own.
    pub(in crate::message) fn cancelled_separately(self, count: u32) -> String {
        let more = counted(&count.to_string(), "more cancellation");
        self.choose(
            format!("🚫 {more}, posted separately"),
            format!("🚫 이 밖의 취소 {count}건은 개별 알림으로 먼저 보냄"),
        )
    }

    /// How many orders a sum leaves out.
    pub(in crate::message) fn not_counted(self, count: usize) -> String {
        self.choose(format!("{count} not counted"), format!("합계 제외 {count}건"))
    }

    /// The order's name, marked if it is only a test.
    pub(in crate::message) fn name(self, event: &OrderEvent) -> String {
        let nameless = || self.choose("(no number)", "주문번호 없음").to_owned();
        let name = self.named_orders(event).unwrap_or_else(nameless);
        if event.is_test { format!("🧪 {name}") } else { name }
    }

    /// What else stands on the order's line: why it was cancelled, or how it was changed.
    pub(in crate::message) fn detail(self, event: &OrderEvent) -> Option<String> {
        match (event.kind, event.change) {
            (Kind::Created, _) => None,
            (Kind::Cancelled, change) => {
                let how = change.map(|_| self.how_cancelled(change).to_owned());
                let reason = self.reason(event).map(|reason| shortened(&reason, MAX_REASON_CHARS));
                let parts: Vec<_> = how.into_iter().chain(reason).collect();
                (!parts.is_empty()).then(|| parts.join(" · "))
            }
            (Kind::Modified, None) => {
                let status = self.status(event).map(|status| shortened(&status, MAX_NAME_CHARS));
                status.or_else(|| Some(self.changed(None).1.to_owned()))
            }
            (Kind::Modified, change) => Some(self.changed(change).1.to_owned()),
            (Kind::Overdue, _) => event.overdue.as_ref().map(|overdue| {
                let sign = if overdue.came.is_some() { "✅ " } else { "" };
                format!("{sign}{}", self.overdue(event, overdue))
            }),
        }
    }

    pub(in crate::message) fn shop(self, shop: &OneLine) -> String {
        format!("{}: {}", self.shop_label(), named(shop))
    }

    /// The remarks on any of the orders, put together.
    pub(in crate::message) fn remarks_on_many(self, remarks: Remarks) -> Vec<String> {
        let changed = self.choose(
            "Some were resent with different content",
            "일부는 같은 웹훅이 다른 내용으로 다시 옴",
        );
        let delay = remarks.delay.map(|delay| self.rounded(delay)).map(|delay| {
            self.choose(format!("Alerts up to {delay} late"), format!("알림 최대 {delay} 지연"))
        });
        self.all_remarks(remarks, changed, delay)
    }

    /// The remark on the line of one order among many.
    pub(in crate::message) fn changed_payload(self) -> &'static str {
        self.choose("resent with different content", "다른 내용으로 다시 옴")
    }

    /// What stands between the first and the last time.
    pub(in crate::message) fn until(self) -> &'static str {
        self.choose(" – ", " ~ ")
    }
}
