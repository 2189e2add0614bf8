//! The words for an order's state, and for the reason of a cancellation or of a shop's state.
//!
//! A platform's own words are in its file; here are those that many senders share. A sender's own
//! sentence is shown as it was written.

use crate::message::words::Words;
use crate::order::OrderEvent;
use crate::order::one_line::OneLine;
use crate::platform::Platform;
use crate::store::StoreEvent;

/// A word in English and in Korean.
type Translation = (&'static str, &'static str);

impl Words {
    /// The state that the order is in.
    pub(super) fn status(self, event: &OrderEvent) -> Option<String> {
        Some(self.state_of(event, event.status.as_ref()?))
    }

    /// A state that the order can be in.
    pub(super) fn state_of(self, event: &OrderEvent, status: &OneLine) -> String {
        self.word(&event.platform, status.as_str(), state)
    }

    /// Why the order was cancelled.
    pub(super) fn reason(self, event: &OrderEvent) -> Option<String> {
        Some(self.reason_of(&event.platform, event.reason.as_ref()?))
    }

    /// A reason that a platform gave for a cancellation.
    pub(super) fn reason_of(self, platform: &str, text: &OneLine) -> String {
        self.word(platform, text.as_str(), reason)
    }

    /// Why the shop is in its state. Senders share no words for that.
    pub(super) fn store_reason(self, event: &StoreEvent) -> Option<String> {
        Some(self.word(&event.platform, event.reason.as_ref()?.as_str(), |_| None))
    }

    /// The platform's own word for a code, else the common one, else what can be made of the code.
    fn word(self, platform: &str, text: &str, common: fn(&str) -> Option<Translation>) -> String {
        let own = Platform::find(platform).and_then(|platform| platform.words.get(text));
        let known = own.map(|word| (word.en.as_str(), word.ko.as_str()));
        match known.or_else(|| common(&text.to_ascii_lowercase())) {
            Some((english, korean)) => self.choose(english, korean).to_owned(),
            None if is_code(text) => self.choose(spelt_out(text), text.to_owned()),
            None => text.to_owned(),
        }
    }
}

fn state(code: &str) -> Option<Translation> {
    Some(match code {
        "created" | "placed" => ("placed", "주문 생성"),
        "open" | "active" => ("open", "진행 중"),
        "pending" => ("waiting", "대기 중"),
        "on-hold" | "on_hold" => ("on hold", "보류 중"),
        "accepted" => ("accepted", "접수 완료"),
        "confirmed" => ("confirmed", "주문 확인"),
        "rejected" => ("rejected", "접수 거절"),
        "paid" => ("paid", "결제 완료"),
        "processing" => ("processing", "처리 중"),
        "failed" => ("failed", "실패"),
        "preparing" => ("being prepared", "준비 중"),
        "packed" => ("packed", "포장 완료"),
        "ready" => ("ready", "준비 완료"),
        "shipped" => ("shipped", "발송 완료"),
        "fulfilled" => ("fulfilled", "처리 완료"),
        "delivered" => ("delivered", "배송 완료"),
        "completed" => ("completed", "완료"),
        "refunded" => ("refunded", "환불 완료"),
        "cancelled" | "canceled" => ("cancelled", "취소"),
        "reopened" => ("reopened", "취소 철회"),
        "restored" => ("restored", "복원"),
        _ => return None,
    })
}

fn reason(code: &str) -> Option<Translation> {
    Some(match code {
        "customer" => ("customer request", "고객 요청"),
        "declined" => ("payment declined", "결제 승인 거절"),
        "fraud" => ("fraudulent order", "부정 거래 의심"),
        "inventory" => ("items unavailable", "재고 부족"),
        "staff" => ("staff error", "직원 실수"),
        "other" => ("other", "기타"),
        _ => return None,
    })
}

/// Whether a machine wrote the text: `AT_STORE`, `partially-paid`, `READY2`.
fn is_code(text: &str) -> bool {
    let has = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    let is_one_word =
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let is_joined = has(|byte| matches!(byte, b'_' | b'-'));
    match (has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase)) {
        (true, false) => is_one_word,
        (false, true) => is_one_word && is_joined,
        (true, true) | (false, false) => false,
    }
}

/// `AT_STORE` is `at store`.
fn spelt_out(code: &str) -> String {
    let words: Vec<_> = code.split(['_', '-']).filter(|word| !word.is_empty()).collect();
    words.join(" ").to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
