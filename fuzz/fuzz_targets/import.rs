//! Files of users: any text is users or a list of mistakes with lines.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis::fuzzing::import(data));
