//! The Lambda event source mapping between the queue and the function.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>

mod batch;
mod mapping;
mod response;

pub use batch::Batch;
pub use mapping::{EventSourceMapping, Invoked, Invoking, Target};
