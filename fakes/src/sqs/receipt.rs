//! Receipt handles: opaque to receivers, and new with each receive.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::sqs::queues::Queue;

/// The receive of a message that a receipt handle is of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Receipt {
    pub(crate) message: String,
    pub(crate) receive: u64,
}

impl Receipt {
    pub(crate) fn handle(&self, queue: Queue) -> String {
        BASE64_STANDARD.encode(format!("{} {} {}", queue.name(), self.message, self.receive))
    }

    /// `None` if it is no handle of this queue.
    pub(crate) fn parse(queue: Queue, handle: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64_STANDARD.decode(handle).ok()?).ok()?;
        let (message, receive) =
            text.strip_prefix(queue.name())?.strip_prefix(' ')?.split_once(' ')?;
        Some(Self { message: message.to_owned(), receive: receive.parse().ok()? })
    }
}
