//! What the channel reads: all wording, in every language.

use jiff::Timestamp;

use crate::blocks::{Block, Markup, Message};
use crate::config::{Language, Mention, MentionRule};
use crate::line::Line;
use crate::money::Money;
use crate::order::{Change, Item, Kind, OrderEvent};

/// How the channel wants to be told.
#[derive(Clone, Debug)]
pub struct Style {
    pub language: Language,
    pub mention: Option<MentionRule>,
}

/// Whether the channel may have this message already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    First,
    /// Slack did not say whether it took the message before.
    Again,
}

/// The message about one order event.
pub fn about(event: &OrderEvent, style: &Style, telling: Telling) -> Message {
    let words = Words::of(style.language);
    let headline = words.headline(event);
    let facts = words.facts(event);
    let items = words.items(event);
    let when = utc(event.time());

    let repeat = (telling == Telling::Again).then_some(words.again);
    let inline_items = (!items.is_empty()).then(|| items.join(", "));
    let text = [headline.clone()]
        .into_iter()
        .chain(facts.iter().cloned())
        .chain(inline_items)
        .chain([when.clone(), event.platform_name.clone()])
        .chain(repeat.map(str::to_owned));
    let text: Vec<_> = text.collect();

    let mut blocks = vec![Block::header(&headline)];
    blocks.extend((!facts.is_empty()).then(|| Block::section(&facts.join("\n"))));
    blocks.extend((!items.is_empty()).then(|| Block::section(&items.join("\n"))));
    blocks.push(Block::context(words.footer(event, &when, repeat)));
    let message = Message::new(&text.join(" · "), blocks);
    match mention(event, style) {
        Some(mention) => message.mentioning(mention),
        None => message,
    }
}

/// The first message to a channel, from the stack that will speak there.
pub fn hello(stack: &str, language: Language) -> Message {
    let news = Words::of(language).choose(
        "👋 order-alerts is connected to this channel",
        "👋 order-alerts가 이 채널에 연결되었습니다",
    );
    let stack = format!("{}: {stack}", Words::of(language).choose("Stack", "스택"));
    Message::new(&format!("{news} · {stack}"), [Block::header(news), Block::section(&stack)])
}

/// A cancellation notifies people, if it is large enough and real.
fn mention<'a>(event: &OrderEvent, style: &'a Style) -> Option<&'a Mention> {
    let rule = style.mention.as_ref()?;
    let is_large = match (&rule.above, &event.total) {
        (None, _) => true,
        (Some(floor), Some(total)) => total.reaches(floor),
        (Some(_), None) => false,
    };
    let is_due = event.kind == Kind::Cancelled && is_large && !event.is_test;
    is_due.then_some(&rule.mention)
}

/// The words of one language.
struct Words {
    language: Language,
    test: &'static str,
    reason: &'static str,
    status: &'static str,
    customer: &'static str,
    shop: &'static str,
    open: &'static str,
    again: &'static str,
}

const ENGLISH: Words = Words {
    language: Language::English,
    test: "🧪 TEST",
    reason: "Reason",
    status: "Status",
    customer: "Customer",
    shop: "Shop",
    open: "Open the order",
    again: "This may be a repeat",
};

const KOREAN: Words = Words {
    language: Language::Korean,
    test: "🧪 테스트",
    reason: "사유",
    status: "상태",
    customer: "고객",
    shop: "매장",
    open: "주문 열기",
    again: "중복 알림일 수 있습니다",
};

/// A headline stays one line on a phone.
const MAX_NAME_CHARS: usize = 60;
/// A few items say what the order is; the rest is a count.
const SHOWN_ITEMS: usize = 5;
const MAX_TITLE_CHARS: usize = 80;

impl Words {
    fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Korean => &KOREAN,
        }
    }

    /// What happened, to which order, for how much.
    fn headline(&self, event: &OrderEvent) -> String {
        let (emoji, before, after) = self.happening(event);
        let name = event.name().map(|name| shortened(name.as_str(), MAX_NAME_CHARS));
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
        let korean = self.language == Language::Korean;
        let order = if korean { "주문" } else { "Order" };
        let (emoji, english, in_korean) = match (event.kind, event.change) {
            (Kind::Created, _) => {
                return ("🛒", if korean { "새 주문" } else { "New order" }, "");
            }
            (Kind::Cancelled, _) => ("🚫", "cancelled", "취소"),
            (Kind::Modified, None) => ("✏️", "changed", "변경"),
            (Kind::Modified, Some(change)) => match change {
                Change::Paid => ("💳", "paid", "결제 완료"),
                Change::Edited => ("✏️", "edited", "수정"),
                Change::Fulfilled => ("📦", "fulfilled", "발송 완료"),
                Change::PartiallyFulfilled => ("📦", "partly fulfilled", "일부 발송"),
                Change::Restored => ("♻️", "restored", "복원"),
                Change::Reopened => ("♻️", "reopened", "취소 철회"),
                Change::Deleted => ("🗑️", "deleted", "삭제"),
            },
        };
        (emoji, order, if korean { in_korean } else { english })
    }

    /// What else is known, most telling first.
    fn facts(&self, event: &OrderEvent) -> Vec<String> {
        let reason = event.reason.as_ref().map(|reason| self.reason(reason.as_str()));
        // A cancelled order's status says "cancelled" once more.
        let status = event.status.as_ref().filter(|_| event.kind != Kind::Cancelled);
        let status = status.map(|status| self.status(status.as_str()));
        let facts = [
            (self.reason, reason),
            (self.status, status),
            (self.customer, event.customer.as_ref().map(Line::as_str)),
            (self.shop, event.shop.as_ref().map(Line::as_str)),
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

    fn choose<'a>(&self, english: &'a str, korean: &'a str) -> &'a str {
        match self.language {
            Language::English => english,
            Language::Korean => korean,
        }
    }

    fn money(&self, money: &Money) -> String {
        match (self.language, money.currency()) {
            (Language::Korean, Some("KRW")) => format!("{}원", money.digits()),
            _ => shortened(&money.to_string(), MAX_NAME_CHARS),
        }
    }

    fn items(&self, event: &OrderEvent) -> Vec<String> {
        let mut lines: Vec<_> = event.items.iter().take(SHOWN_ITEMS).map(item).collect();
        let more = event.items.len() - lines.len() + event.more_items;
        if more > 0 {
            lines.push(match (self.language, lines.is_empty()) {
                (Language::English, false) => format!("and {more} more"),
                (Language::English, true) if more == 1 => "1 item".to_owned(),
                (Language::English, true) => format!("{more} items"),
                (Language::Korean, false) => format!("외 {more}건"),
                (Language::Korean, true) => format!("상품 {more}건"),
            });
        }
        lines
    }

    fn footer(&self, event: &OrderEvent, when: &str, repeat: Option<&str>) -> Markup {
        let time = event.time();
        let mut footer = Markup::default();
        if let Some(repeat) = repeat {
            footer = footer.text(repeat).text(" · ");
        }
        footer = footer.time(time, when).text(" · ").text(&event.platform_name);
        match &event.link {
            Some(link) => footer.text(" · ").link(link, self.open),
            None => footer,
        }
    }
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

/// The time for those whose own zone is not known: in notifications and old clients.
fn utc(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Unit;

    fn line(text: &str) -> Option<Line> {
        Line::parse(text)
    }

    fn event() -> OrderEvent {
        let item = |quantity: &str, title: &str| Item {
            title: Line::parse(title).unwrap(),
            quantity: line(quantity),
        };
        OrderEvent {
            platform: "shopify".to_owned(),
            platform_name: "Shopify".to_owned(),
            kind: Kind::Cancelled,
            change: None,
            id: line("820982911946154508"),
            number: line("#1001"),
            shop: line("tea-house.myshopify.com"),
            total: Money::parse("1250000", Some("KRW"), Unit::Major),
            reason: line("customer"),
            status: None,
            customer: line("M. K."),
            items: vec![item("2", "Jasmine tea, 100 g"), item("1", "Teapot <small> & cup")],
            more_items: 0,
            link: "https://tea-house.myshopify.com/admin/orders/820982911946154508".parse().ok(),
            occurred_at: "2026-01-01T09:12:00+09:00".parse().ok(),
            received_at: "2026-01-01T00:12:05Z".parse().unwrap(),
            is_test: false,
            reopens: false,
            delivery_id: None,
            body_hash: String::new(),
        }
    }

    fn told(event: &OrderEvent, language: Language) -> Message {
        about(event, &Style { language, mention: None }, Telling::First)
    }

    fn texts(message: &Message) -> String {
        let blocks: Vec<_> = message.blocks().iter().map(Block::text).collect();
        format!("{}\n---\n{}", message.text(), blocks.join("\n-\n"))
    }

    #[test]
    fn a_cancellation_in_english() {
        insta::assert_snapshot!(texts(&told(&event(), Language::English)));
    }

    #[test]
    fn a_cancellation_in_korean() {
        insta::assert_snapshot!(texts(&told(&event(), Language::Korean)));
    }

    #[test]
    fn a_cancellation_over_the_wire() {
        insta::assert_json_snapshot!(told(&event(), Language::English));
    }

    #[test]
    fn a_hello_names_its_stack() {
        let hellos =
            [Language::English, Language::Korean].map(|language| texts(&hello("a<b", language)));
        insta::assert_snapshot!(hellos.join("\n\n"));
    }

    #[test]
    fn every_kind_and_change_has_its_headline() {
        let mut headlines = String::new();
        let changes = [
            (Kind::Created, None),
            (Kind::Cancelled, None),
            (Kind::Modified, None),
            (Kind::Modified, Some(Change::Paid)),
            (Kind::Modified, Some(Change::Edited)),
            (Kind::Modified, Some(Change::Fulfilled)),
            (Kind::Modified, Some(Change::PartiallyFulfilled)),
            (Kind::Modified, Some(Change::Restored)),
            (Kind::Modified, Some(Change::Reopened)),
            (Kind::Modified, Some(Change::Deleted)),
        ];
        for (kind, change) in changes {
            let event = OrderEvent { kind, change, total: None, ..event() };
            for language in [Language::English, Language::Korean] {
                headlines += Words::of(language).headline(&event).as_str();
                headlines += "\n";
            }
        }
        insta::assert_snapshot!(headlines);
    }

    #[test]
    fn an_order_of_which_nothing_is_known_is_still_news() {
        let bare = OrderEvent {
            id: None,
            number: None,
            shop: None,
            total: None,
            reason: None,
            customer: None,
            items: Vec::new(),
            link: None,
            occurred_at: None,
            ..event()
        };
        insta::assert_snapshot!(texts(&told(&bare, Language::English)));
    }

    #[test]
    fn many_items_are_named_in_part_and_counted() {
        let long = Item { title: Line::parse(&"티".repeat(200)).unwrap(), quantity: line("1") };
        let items = vec![long; 8];
        let event = OrderEvent { items, more_items: 6, ..event() };
        let english = Words::of(Language::English).items(&event);
        assert_eq!(english.len(), 6);
        assert_eq!(english[0], format!("1 × {}…", "티".repeat(80)));
        assert_eq!(english[5], "and 9 more");
        assert_eq!(Words::of(Language::Korean).items(&event)[5], "외 9건");
        let unnamed = OrderEvent { items: Vec::new(), more_items: 1, ..event };
        assert_eq!(Words::of(Language::English).items(&unnamed), ["1 item"]);
    }

    #[test]
    fn a_test_notification_says_so_and_a_repeat_too() {
        let event = OrderEvent { is_test: true, ..event() };
        let style = Style { language: Language::English, mention: None };
        let message = about(&event, &style, Telling::Again);
        assert!(message.text().starts_with("🧪 TEST · 🚫 Order #1001 cancelled"));
        assert!(message.text().ends_with("This may be a repeat"));
        let footer = message.blocks().last().unwrap().text();
        assert!(footer.starts_with("This may be a repeat · <!date^"), "{footer}");
    }

    #[test]
    fn only_a_large_real_cancellation_mentions_people() {
        let mention = Mention::User("U012AB3CD".to_owned());
        let above = Some("KRW 1250000".parse().unwrap());
        let style =
            Style { language: Language::English, mention: Some(MentionRule { mention, above }) };
        let mentions = |event: &OrderEvent| {
            let message = about(event, &style, Telling::First);
            message.blocks().iter().any(|block| block.text() == "<@U012AB3CD>")
        };
        let total = |digits| Money::parse(digits, Some("KRW"), Unit::Major);
        assert!(mentions(&event()));
        assert!(!mentions(&OrderEvent { total: total("1249999"), ..event() }));
        assert!(!mentions(&OrderEvent { total: None, ..event() }));
        assert!(!mentions(&OrderEvent { is_test: true, ..event() }));
        assert!(!mentions(&OrderEvent { kind: Kind::Created, ..event() }));
    }
}
