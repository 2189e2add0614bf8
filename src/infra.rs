//! The ground of all rooms: HTTP, the AWS SDK, the deadline, the log and the metrics.

pub mod aws;
pub mod concurrent;
pub mod deadline;
pub mod dynamodb;
pub mod http_client;
pub mod log;
pub mod metrics;
pub mod percent;
pub mod tick;
pub mod transport;
