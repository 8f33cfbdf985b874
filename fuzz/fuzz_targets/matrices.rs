#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hyla_fuzz::matrices(data));
