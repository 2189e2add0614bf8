//! The doors of the function, for the fuzzer.

#[path = "../../tests/properties/doors/mod.rs"]
mod doors;

/// Sends bytes through the door of this name.
pub fn enter(door: &str, bytes: &[u8]) {
    doors::enter(door, bytes);
}
