#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| order_alerts_fuzz::enter("webhook", bytes));
