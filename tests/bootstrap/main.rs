//! The real bootstrap binary, driven as Lambda drives it, in a world of fakes.

mod bodies;
mod channel;
mod keys;
mod privacy;
mod requests;
mod samples;
mod settings;
mod signatures;
mod world;
