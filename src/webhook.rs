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

/// One platform for each shape of webhooks. Tests write their events and their formulas out here once
/// more; the formulas of all platforms are in `tests/project/formulas.py`.
#[cfg(test)]
const WRITTEN_OUT: [&str; 10] = [
    "bigcommerce",
    "cafe24",
    "deliveroo",
    "doordash",
    "generic",
    "shopify",
    "square",
    "standard",
    "ubereats",
    "woocommerce",
];
