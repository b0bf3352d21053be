//! Return paths from a URL: a path of this origin, whatever came in.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis::fuzzing::return_to(data));
