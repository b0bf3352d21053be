//! PROXY protocol headers, version 1 and 2, from a hop that may be anybody.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis::fuzzing::proxy_header(data));
