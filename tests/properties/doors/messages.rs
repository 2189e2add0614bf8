//! What Slack takes, and what no text from outside may become.

use order_alerts::slack::block_kit::{Block, END_OF_ISOLATE, ISOLATE, Message};

/// It keeps Slack's limits and says something; nothing in it is markup but what begins like `ours`, each
/// once.
#[track_caller]
pub(crate) fn slack_accepts(message: &Message, ours: &[&str]) {
    assert!(message.is_whole(), "{message:?}");
    assert!((1..=4_000).contains(&units(message.text())));
    assert!(message.blocks().len() <= 50);
    // A message without blocks has its mention there.
    let ours_in_text = if message.blocks().is_empty() { ours } else { &[] };
    assert!(is_only_our_markup(message.text(), ours_in_text), "{:?}", message.text());
    assert!(is_plain_to_read(message.text()), "{:?}", message.text());
    let mut all = 0;
    for block in message.blocks() {
        let text = block.text();
        let most = if matches!(block, Block::Header { .. }) { 150 } else { 3_000 };
        assert!((1..=most).contains(&units(text)), "{text:?}");
        assert!(is_only_our_markup(text, ours), "{text:?}");
        assert!(text.split('\n').all(is_plain_to_read), "{text:?}");
        all += units(text);
    }
    assert!(all <= 11_000);
}

/// The length of a text as Slack may count it.
pub(crate) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The times of a footer.
pub(crate) const TIMES: [&str; 2] = ["<!date^", "<!date^"];

/// No other angle brackets are in it, and every ampersand begins an entity.
fn is_only_our_markup(text: &str, ours: &[&str]) -> bool {
    let mut rest = text.to_owned();
    for start in ours {
        if let Some((before, construct)) = rest.split_once(start) {
            let Some((_, after)) = construct.split_once('>') else { return false };
            rest = format!("{before}{after}");
        }
    }
    let entities = ["&amp;", "&lt;", "&gt;"].map(|entity| text.matches(entity).count());
    !rest.contains(['<', '>']) && text.matches('&').count() == entities.iter().sum::<usize>()
}

/// One line, in which nothing is hidden, and what may read from right to left changes nothing around it.
fn is_plain_to_read(line: &str) -> bool {
    let depths = line.chars().scan(0_i32, |depth, c| {
        *depth += i32::from(c == ISOLATE) - i32::from(c == END_OF_ISOLATE);
        Some(*depth)
    });
    let depths: Vec<_> = depths.collect();
    depths.iter().all(|depth| *depth >= 0)
        && depths.last().is_none_or(|depth| *depth == 0)
        && !line.chars().any(is_invisible)
}

/// Control characters, and what hides or reorders text.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{3164}')
        || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}')
        || matches!(c, '\u{2060}'..='\u{2067}' | '\u{206A}'..='\u{206F}' | '\u{FEFF}' | '\u{FFA0}')
        || matches!(c, '\u{E0000}'..='\u{E00FF}')
}
