//! An HTTP request becomes order events: routed, verified, parsed. Pure.

pub mod address;
pub mod parse;
pub mod request;
pub mod response;
pub mod route;
#[cfg(feature = "local")]
pub mod sign;
pub mod signature;

mod time;
