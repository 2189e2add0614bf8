"use strict";

// What the page itself says. The channel's language is a setting of its own.
const WORDS = {
  en: {
    other: "한국어", other_lang: "ko", skip: "Skip to the channel",
    what: "When somebody orders or cancels, the shop sends an HTTP request: a webhook. order-alerts proves that it is genuine and shows the order in a Slack channel. No order gets lost: try to break it.",
    sum_title: "What became of every order",
    sum: "{accepted} accepted = {shown} shown + {left_out} left out + {waiting} waiting + {dead_letters} dead letters",
    redrive: "Redrive the dead letters", redriven: "Dead letters that are back in the queue: {0}.",
    stopped: "The local stack does not answer. Start it again with `cargo run`: this page connects by itself.",
    send_title: "Send an order", try_link: "Or try your own.",
    send_hint: "One click sends a sample, signed as the shop would sign it. Click twice: the order is shown once.",
    sending: "Sending…", sent: "{0}: {1}", sent_again: "The same webhook again: accepted, and not shown again.",
    answers: { 200: "200, accepted", ignored: "200, ignored: a ping, or an event nobody needs to see" },
    kinds: {
      cancelled: "Cancelled", created: "New", modified: "Changed", ping: "Ping", "cancelled-bulk": "Several cancelled",
      health: "Health check",
    },
    log: "Messages", alarms: "alarm", today: "Today", yesterday: "Yesterday",
    all_lines: "Show all {0} lines", fewer_lines: "Show fewer lines", steps: "Show its steps", newest: "New messages: {0} ↓",
    empty: "No message yet. Send an order.",
    real_slack: "SLACK_WEBHOOK_URL is set: the messages are in your Slack channel too.",
    weather_title: "Break something", skies: "How Slack is", events: "What happens",
    weather_hint: "Whatever you choose, the sum above stays true, and what waits is shown later.",
    sky: {
      well: ["Slack works", "Slack takes every message, about one a second."],
      limited: ["Slack limits us", "Slack answers 429, too many messages. order-alerts waits exactly as long as Slack asks."],
      slow: ["Slack is slow", "Slack takes seconds to answer. Orders wait, and come in a digest."],
      down: ["Slack is down", "Slack answers 503 or nothing. Orders wait in the queue, for days if they must."],
      gone: ["Channel gone", "Slack refuses the address: the channel is archived. Orders wait until there is a channel again."],
    },
    twice: ["Webhooks come twice", "Each webhook comes twice. Each order is still shown once."],
    storm: ["300 cancellations", "300 cancellations in 3 seconds: they come as a few digests, and each order is named in one."],
    alarm: ["Orders stop", "No order for a while: the alarm comes as CloudWatch would send it."],
    kill: ["Kill the function", "Killed in the middle of its work. What it held comes back to the queue and is shown."],
    numbers_title: "The last two minutes",
    plots: {
      accepted: "accepted", shown: "shown", waiting: "waiting in the queue", repeats: "possible repeats",
      rate_limited: "429 from Slack", dead_letters: "dead letters",
    },
    life_title: "One order, step by step", life_hint: "Click a message, or send an order, to see what happened to it.",
    of_message: "The orders of message {0}:", of_sent: "The order that you sent:", no_orders: "This message is about no single order.",
    back: "Back to the message", more_orders: "Show {0} more orders", message_number: "message {0}",
    step: {
      received: ["Received", "The webhook came in, and its signature is right."],
      queued: ["Queued", "The queue has stored it. Only then does the shop get its 200."],
      leased: ["Leased", "One invocation of the function takes it, so no other posts it."],
      posted: ["Posted", "Slack has the message."],
      marked: ["Marked", "Remembered as shown. If it comes again, it is left out."],
      "sent again": ["Sent again", "The same webhook was shown before, so this one is left out."],
      superseded: ["Superseded", "The channel already says more than this."],
      "left out": ["Left out", "It adds nothing to what the channel says."],
      "dead letter": ["Dead letter", "It could not be shown. It is kept until somebody redrives it."],
      redriven: ["Redriven", "From the dead letters back to the queue."],
      retry: ["Retry", "Slack did not take it. It waits, and is tried again."],
    },
    settings_title: "Change the settings", settings_hint: "They hold from the next message on.",
    saved: "Saved. Send an order to see it.",
    setting: {
      language: "Language of the channel", customer: "Customer’s name", show_cancelled: "Cancellations", show_created: "New orders",
      show_modified: "Changes", mention: "Who is notified of a cancellation", mention_above: "From which amount on",
      digest_seconds: "A digest’s window",
    },
    value: {
      en: "English", ko: "Korean", hidden: "hidden", initials: "initials", full: "in full", each: "at once", digest: "in a digest",
      off: "not at all", "": "no one", here: "@here", channel: "@channel", everyone: "@everyone", any: "any amount", seconds: "{0} seconds",
    },
    try_title: "Try your own webhook",
    try_hint: "Paste what a shop sends, or drop the file here. It is signed, sent to the function on this machine, and explained.",
    platform: "Platform", headers: "Headers, one a line", body: "Body", file: "Or choose a file", try_send: "Sign and send",
    too_large: "This file is larger than 6 MB, the most that the function takes.",
    outcome: "What became of it", answer: "Answer", event: "Event", rule: "Rule", found: "Found", missing: "Not found", never_read: "Never read",
    hidden_title: "Kept private", no_message: "Why there is no message", slack_message: "In Slack", json: "The JSON for Slack", copy: "Copy",
    copied: "Copied", field: "Field", text: "Text", place: "Where",
  },
  ko: {
    other: "English", other_lang: "en", skip: "채널로 건너뛰기",
    what: "주문이 들어오거나 취소되면 쇼핑몰은 웹훅이라는 HTTP 요청을 보냅니다. order-alerts는 진짜인지 확인하고 Slack 채널에 알립니다. 주문은 하나도 잃어버리지 않습니다. 직접 망가뜨려 보세요.",
    sum_title: "모든 주문의 현재 상태",
    sum: "접수 {accepted} = 표시 {shown} + 제외 {left_out} + 대기 {waiting} + 전송 실패 {dead_letters}",
    redrive: "실패한 알림 다시 보내기", redriven: "대기열로 돌려보낸 알림: {0}건",
    stopped: "로컬 스택이 응답하지 않습니다. `cargo run`으로 다시 시작하면 이 페이지가 알아서 연결합니다.",
    send_title: "주문 보내기", try_link: "직접 만든 웹훅도 보낼 수 있습니다.",
    send_hint: "누르면 쇼핑몰처럼 서명한 예제를 보냅니다. 두 번 눌러도 한 번만 표시됩니다.",
    sending: "보내는 중…", sent: "{0}: {1}", sent_again: "같은 웹훅을 다시 보냈습니다. 접수하지만 다시 표시하지 않습니다.",
    answers: { 200: "200, 접수", ignored: "200, 무시: 연결 확인이거나 알릴 필요가 없는 이벤트" },
    kinds: {
      cancelled: "취소", created: "신규", modified: "변경", ping: "연결 확인", "cancelled-bulk": "여러 건 취소",
      health: "상태 확인",
    },
    log: "메시지", alarms: "경보", today: "오늘", yesterday: "어제",
    all_lines: "{0}줄 모두 보기", fewer_lines: "접기", steps: "처리 과정 보기", newest: "새 메시지 {0}개 ↓",
    empty: "아직 메시지가 없습니다. 주문을 보내 보세요.",
    real_slack: "SLACK_WEBHOOK_URL이 설정되어 있어 실제 Slack 채널에도 보냅니다.",
    weather_title: "망가뜨려 보기", skies: "Slack의 상태", events: "일어날 일",
    weather_hint: "무엇을 골라도 위의 합계는 맞고, 대기하는 주문은 나중에 표시됩니다.",
    sky: {
      well: ["Slack 정상", "Slack이 1초에 한 개꼴로 메시지를 받습니다."],
      limited: ["Slack 전송 제한", "Slack이 429(너무 많은 메시지)로 응답합니다. Slack이 정한 시간만큼 기다립니다."],
      slow: ["Slack 느림", "Slack의 응답이 몇 초씩 걸립니다. 주문은 기다렸다가 묶여서 표시됩니다."],
      down: ["Slack 장애", "Slack이 503으로 응답하거나 응답하지 않습니다. 주문은 며칠이라도 대기열에서 기다립니다."],
      gone: ["채널 없음", "채널이 보관되어 Slack이 거절합니다. 채널이 다시 생길 때까지 주문이 기다립니다."],
    },
    twice: ["웹훅이 두 번씩 옴", "모든 웹훅이 두 번 옵니다. 그래도 주문은 한 번만 표시됩니다."],
    storm: ["취소 300건", "3초 동안 취소 300건: 몇 개의 메시지로 묶이고, 모든 주문번호가 그 안에 있습니다."],
    alarm: ["주문 끊김", "한동안 주문이 없습니다. CloudWatch가 보내는 것과 같은 경보가 옵니다."],
    kill: ["함수 강제 종료", "일하는 도중에 종료했습니다. 처리하던 주문은 대기열로 돌아와 표시됩니다."],
    numbers_title: "최근 2분",
    plots: {
      accepted: "접수", shown: "표시", waiting: "대기열에서 대기", repeats: "중복일 수 있음",
      rate_limited: "Slack의 429", dead_letters: "전송 실패",
    },
    life_title: "주문의 처리 과정", life_hint: "메시지를 누르거나 주문을 보내면 단계마다 보여 줍니다.",
    of_message: "{0}번 메시지의 주문:", of_sent: "보낸 주문:", no_orders: "특정 주문에 관한 메시지가 아닙니다.",
    back: "메시지로 돌아가기", more_orders: "주문 {0}건 더 보기", message_number: "{0}번 메시지",
    step: {
      received: ["수신", "웹훅이 왔고 서명이 맞습니다."],
      queued: ["대기열 저장", "대기열에 저장했습니다. 그다음에야 쇼핑몰에 200으로 응답합니다."],
      leased: ["처리 시작", "함수 하나가 맡아서, 다른 함수가 또 보내지 않습니다."],
      posted: ["전송", "Slack이 메시지를 받았습니다."],
      marked: ["완료 기록", "표시했다고 기록했습니다. 다시 오면 제외합니다."],
      "sent again": ["다시 옴", "같은 웹훅을 이미 표시했으므로 제외합니다."],
      superseded: ["대체됨", "채널에 더 새로운 내용이 있습니다."],
      "left out": ["제외", "채널에 있는 내용에 더할 것이 없습니다."],
      "dead letter": ["전송 실패", "표시하지 못했습니다. 다시 보낼 때까지 보관합니다."],
      redriven: ["다시 보냄", "실패한 알림을 대기열로 돌려보냈습니다."],
      retry: ["재시도", "Slack이 받지 않았습니다. 기다렸다가 다시 보냅니다."],
    },
    settings_title: "설정 바꾸기", settings_hint: "다음 메시지부터 적용됩니다.",
    saved: "저장했습니다. 주문을 보내 확인해 보세요.",
    setting: {
      language: "채널의 언어", customer: "고객 이름", show_cancelled: "주문 취소", show_created: "신규 주문",
      show_modified: "주문 변경", mention: "취소 알림에 멘션할 사람", mention_above: "멘션할 최소 금액",
      digest_seconds: "묶어서 알리는 간격",
    },
    value: {
      en: "영어", ko: "한국어", hidden: "숨김", initials: "머리글자", full: "전체", each: "바로", digest: "묶어서", off: "알리지 않음",
      "": "없음", here: "@here", channel: "@channel", everyone: "@everyone", any: "모든 금액", seconds: "{0}초",
    },
    try_title: "직접 만든 웹훅 보내기",
    try_hint: "쇼핑몰이 보내는 내용을 붙여 넣거나 파일을 끌어다 놓으세요. 서명해서 이 컴퓨터의 함수에 보내고 결과를 설명합니다.",
    platform: "플랫폼", headers: "헤더 (한 줄에 하나)", body: "본문", file: "또는 파일 선택", try_send: "서명해서 보내기",
    too_large: "파일이 함수가 받을 수 있는 6 MB보다 큽니다.",
    outcome: "결과", answer: "응답", event: "이벤트", rule: "규칙", found: "찾은 값", missing: "찾지 못한 값", never_read: "읽지 않은 값",
    hidden_title: "숨긴 개인정보", no_message: "메시지가 없는 이유", slack_message: "Slack에 보이는 모습", json: "Slack에 보내는 JSON",
    copy: "복사", copied: "복사했습니다", field: "항목", text: "값", place: "위치",
  },
};

let language = (navigator.language || "en").startsWith("ko") ? "ko" : "en";

/** How the reader writes times and dates: as their browser says, if it speaks the page's language. */
const locale = () => navigator.languages.find((locale) => locale.startsWith(language)) ?? language;

/** The words of this name, such as `step.queued`, with values in the places of {0}, {1}. */
const say = (name, ...values) => {
  const words = name.split(".").reduce((words, part) => words?.[part], WORDS[language]);
  return typeof words === "string" ? words.replace(/\{(\d)\}/g, (_, position) => values[position]) : words;
};

/** Fills in the words of index.html. */
const sayAll = () => {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
};
