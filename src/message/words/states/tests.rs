use super::*;
use crate::config::Language;
use crate::message::tests::event;
use crate::order::one_line::OneLine;
use crate::platform::OneOrMany;

fn on(platform: &str, status: &str) -> [String; 2] {
    let event = OrderEvent {
        platform: platform.to_owned(),
        status: OneLine::parse(status),
        reason: None,
        ..event()
    };
    [Language::English, Language::Korean]
        .map(|language| Words::of(language).status(&event).unwrap())
}

fn because(platform: &str, reason: &str) -> [String; 2] {
    let event =
        OrderEvent { platform: platform.to_owned(), reason: OneLine::parse(reason), ..event() };
    [Language::English, Language::Korean]
        .map(|language| Words::of(language).reason(&event).unwrap())
}

#[test]
fn a_common_state_has_its_word_in_whatever_case() {
    for status in ["paid", "PAID", "Paid"] {
        assert_eq!(on("generic", status), ["paid", "결제 완료"]);
    }
    assert_eq!(on("square", "OPEN"), ["open", "진행 중"]);
    assert_eq!(on("generic", "on_hold"), ["on hold", "보류 중"]);
    assert_eq!(on("a platform without a file", "ready"), ["ready", "준비 완료"]);
}

#[test]
fn the_platforms_own_word_comes_first() {
    assert_eq!(on("generic", "pending"), ["waiting", "대기 중"]);
    assert_eq!(on("woocommerce", "pending"), ["awaiting payment", "결제 대기 중"]);
    assert_eq!(on("generic", "failed"), ["failed", "실패"]);
    assert_eq!(on("woocommerce", "failed"), ["payment failed", "결제 실패"]);
    assert_eq!(on("generic", "placed"), ["placed", "주문 생성"]);
    assert_eq!(on("deliveroo", "placed"), ["placed", "접수 대기"]);
    assert_eq!(on("generic", "preparing"), ["being prepared", "준비 중"]);
    assert_eq!(on("deliveroo", "preparing"), ["being prepared", "조리 중"]);
    assert_eq!(on("deliveroo", "DELIVERED"), ["delivered", "배달 완료"]);
    assert_eq!(on("doordash", "DASHER_CONFIRMED"), ["courier assigned", "라이더 배차 완료"]);
    assert_eq!(on("doordash", "dasher_picked_up"), ["picked up", "픽업 완료"]);
    assert_eq!(on("cafe24", "cancel_order_request"), ["cancellation requested", "취소 신청"]);
    assert_eq!(on("cafe24", "shipping_standby"), ["ready to ship", "배송대기"]);
    assert_eq!(because("ubereats", "PAUSED_BY_UBER"), ["paused by Uber", "Uber가 일시 중지"]);
}

#[test]
fn an_unknown_code_is_spelt_out_in_english_and_left_alone_in_korean() {
    assert_eq!(on("doordash", "DASHER_AT_STORE"), ["dasher at store", "DASHER_AT_STORE"]);
    assert_eq!(on("woocommerce", "partially-paid"), ["partially paid", "partially-paid"]);
    assert_eq!(on("generic", "QUEUED"), ["queued", "QUEUED"]);
    assert_eq!(because("generic", "OUT_OF_STOCK_2"), ["out of stock 2", "OUT_OF_STOCK_2"]);
}

#[test]
fn what_a_person_wrote_is_shown_as_it_was_written() {
    for text in
        ["조리 중", "Sold out", "rider_at Gate 3", "Out-of-stock", "waiting", "42-7", "재고_없음"]
    {
        assert_eq!(on("generic", text), [text, text]);
        assert_eq!(because("generic", text), [text, text]);
    }
}

#[test]
fn a_reason_has_its_word() {
    assert_eq!(because("shopify", "customer"), ["customer request", "고객 요청"]);
    assert_eq!(because("shopify", "DECLINED"), ["payment declined", "결제 승인 거절"]);
    assert_eq!(because("shopify", "fraud"), ["fraudulent order", "부정 거래 의심"]);
    assert_eq!(because("shopify", "inventory"), ["items unavailable", "재고 부족"]);
    assert_eq!(because("shopify", "staff"), ["staff error", "직원 실수"]);
    assert_eq!(because("shopify", "other"), ["other", "기타"]);
    let automatic = ["cancelled automatically", "주문 자동 취소"];
    assert_eq!(because("cafe24", "auto_order_cancel"), automatic);
    let unpaid = ["cancelled before payment", "입금 전 주문 취소"];
    assert_eq!(because("cafe24", "cancel_unpaid_order"), unpaid);
}

#[test]
fn every_state_that_an_order_can_live_in_has_a_word() {
    for platform in Platform::names().filter_map(Platform::find) {
        let conditions = platform.rules.iter().filter(|rule| rule.reopens);
        for state in conditions
            .flat_map(|rule| rule.when.as_slice())
            .flat_map(|table| table.values())
            .flat_map(OneOrMany::as_slice)
        {
            let is_known = platform.words.get(state).is_some()
                || super::state(&state.to_ascii_lowercase()).is_some();
            assert!(is_known, "{state} of {}", platform.id);
        }
    }
}
