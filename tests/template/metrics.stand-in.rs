//! What `src/metrics.rs` names, until it is there.

pub enum Metric {
    EventsAccepted,
    OrdersCreated,
    OrdersModified,
    OrdersCancelled,
    WebhooksRejected,
    WebhooksIgnored,
    WebhooksUnreadable,
    Duplicates,
    PossibleDuplicate,
    PayloadMismatch,
    OldKeyUsed,
    MessagesPosted,
    EventsDigested,
    SlackRefused,
    SlackRateLimited,
    DeadLettered,
    SecondsToSlack,
    LedgerUnavailable,
    SecretUnavailable,
}
