//! The message about a notice, whatever it is.

use crate::config::Language;
use crate::message::{Remarks, alarm, store, summary};
use crate::notice::Notice;
use crate::slack::block_kit::Message;

/// The message about a notice.
pub fn about(notice: &Notice, language: Language, remarks: Remarks) -> Message {
    match notice {
        Notice::Alarm(alarm) => alarm::about(alarm, language, remarks),
        Notice::Store(event) => store::about(event, language, remarks),
        Notice::Summary(summary) => summary::about(summary, language, remarks),
    }
}
