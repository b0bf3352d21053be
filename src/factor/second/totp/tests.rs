//! Published vectors, the window, and what people type.

use super::*;
use crate::sys::SystemEntropy;
use secrecy::ExposeSecret;
use std::collections::HashSet;

const SEED: &str = "1234567890123456789012345678901234567890123456789012345678901234";
const DEFAULT: TotpParameters = TotpParameters { algorithm: Algorithm::Sha1, digits: 6, period: 30, skew: 1 };

/// The RFC's digits, repeated to the hash's length (its errata; the text prints only the 20-byte one).
fn seed(a: Algorithm) -> Secret {
    Secret::from_bytes(Zeroizing::new(SEED.as_bytes()[..a.secret_bytes()].to_vec())).unwrap()
}
fn at(secs: u64) -> Timestamp {
    Timestamp::from_secs(secs)
}

#[test]
fn the_vectors_of_rfc_4226_appendix_d() {
    let want = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
    for (counter, code) in (0..).zip(want) {
        assert_eq!(seed(Algorithm::Sha1).code(&DEFAULT, counter), code, "{counter}");
    }
}

#[test]
fn the_vectors_of_rfc_6238_appendix_b() {
    let table = [
        (59, "94287082", "46119246", "90693936"),
        (1_111_111_109, "07081804", "68084774", "25091201"),
        (1_111_111_111, "14050471", "67062674", "99943326"),
        (1_234_567_890, "89005924", "91819424", "93441116"),
        (2_000_000_000, "69279037", "90698825", "38618901"),
        (20_000_000_000, "65353130", "77737706", "47863826"),
    ];
    for (time, sha1, sha256, sha512) in table {
        for (algorithm, code) in [(Algorithm::Sha1, sha1), (Algorithm::Sha256, sha256), (Algorithm::Sha512, sha512)] {
            let p = TotpParameters { algorithm, digits: 8, ..DEFAULT };
            let step = p.step_at(at(time)).unwrap();
            assert_eq!(seed(algorithm).code(&p, step), code, "{algorithm:?} at {time}");
            assert_eq!(seed(algorithm).matching_step(&p, code, at(time)), Some(step), "{algorithm:?} at {time}");
            // with six digits it is the last six of the eight
            let six = TotpParameters { algorithm, ..DEFAULT };
            assert_eq!(seed(algorithm).code(&six, step), code.get(2..).unwrap(), "{algorithm:?} at {time}");
        }
    }
}

#[test]
fn leading_zeros_are_kept_and_asked() {
    let s = seed(Algorithm::Sha1);
    assert_eq!(s.code(&DEFAULT, 1_234_567_890 / 30), "005924");
    assert!(s.matching_step(&DEFAULT, "005924", at(1_234_567_890)).is_some());
    assert_eq!(s.matching_step(&DEFAULT, "5924", at(1_234_567_890)), None);
}

#[test]
fn steps_count_in_64_bits() {
    let s = seed(Algorithm::Sha1);
    for step in [u64::from(u32::MAX), u64::from(u32::MAX) + 1, u64::MAX] {
        assert_eq!(s.code(&DEFAULT, step).len(), 6);
    }
    assert_ne!(s.code(&DEFAULT, 1), s.code(&DEFAULT, (1 << 32) + 1));
    let end = Timestamp::from_millis(u64::MAX);
    let step = DEFAULT.step_at(end).unwrap();
    assert_eq!(s.matching_step(&DEFAULT, &s.code(&DEFAULT, step), end), Some(step));
}

#[test]
fn the_window_is_as_wide_as_skew_says() {
    let s = seed(Algorithm::Sha1);
    let present = 1_234_567_890 / 30;
    for (skew, taken) in [(0, 0..=0), (1, -1..=1), (2, -2..=2_i64)] {
        let p = TotpParameters { skew, ..DEFAULT };
        for off in -4..=4_i64 {
            let step = present_plus(present, off);
            let said = s.matching_step(&p, &s.code(&p, step), at(present * 30 + 29));
            assert_eq!(said, taken.contains(&off).then_some(step), "skew {skew}, off by {off}");
        }
    }
}

fn present_plus(present: u64, off: i64) -> u64 {
    present.checked_add_signed(off).unwrap()
}

#[test]
fn the_window_ends_at_the_beginning_of_time() {
    let s = seed(Algorithm::Sha1);
    assert_eq!(s.matching_step(&DEFAULT, "755224", at(0)), Some(0));
    assert_eq!(s.matching_step(&DEFAULT, "287082", at(29)), Some(1));
    assert_eq!(s.matching_step(&DEFAULT, "359152", at(29)), None);
}

#[test]
fn every_spelling_of_a_code_is_one_code() {
    let s = seed(Algorithm::Sha1);
    for typed in ["287082", "287 082", " 287082\n", "287-082", "287\u{a0}082", "2 8 7 0 8 2", "\t287082\r\n"] {
        assert_eq!(canonical(typed, 6).as_deref().map(String::as_str), Some("287082"), "{typed:?}");
        assert_eq!(s.matching_step(&DEFAULT, typed, at(59)), Some(1), "{typed:?}");
    }
}

#[test]
fn what_is_no_code() {
    let s = seed(Algorithm::Sha1);
    let table = [
        "",
        " ",
        "28708",
        "2870820",
        "0287082",
        "+87082",
        "28708x",
        "287.082",
        "287_082",
        "2.87082e5",
        "٢٨٧٠٨٢",
        "２８７０８２",
        "287\u{200b}082",
        "287082\0",
        "287\u{2009}082",
        "\u{feff}287082",
    ];
    for typed in table {
        assert_eq!(canonical(typed, 6), None, "{typed:?}");
        assert_eq!(s.matching_step(&DEFAULT, typed, at(59)), None, "{typed:?}");
    }
    assert_eq!(s.matching_step(&DEFAULT, &" ".repeat(1 << 20), at(59)), None);
}

#[test]
fn parameters_out_of_range_match_nothing_and_break_nothing() {
    let s = seed(Algorithm::Sha1);
    let table = [
        TotpParameters { digits: 0, ..DEFAULT },
        TotpParameters { digits: 5, ..DEFAULT },
        TotpParameters { digits: 9, ..DEFAULT },
        TotpParameters { digits: u32::MAX, ..DEFAULT },
        TotpParameters { period: 0, ..DEFAULT },
        TotpParameters { period: 121, ..DEFAULT },
        TotpParameters { skew: 11, ..DEFAULT },
    ];
    for p in table {
        assert!(!p.valid(), "{p:?}");
        assert!((6..=8).contains(&s.code(&p, 1).len()), "{p:?}");
        for typed in ["", "287082", "94287082", "094287082"] {
            assert_eq!(s.matching_step(&p, typed, at(59)), None, "{p:?}");
        }
    }
    assert!(DEFAULT.valid());
}

#[test]
fn a_new_secret_is_as_long_as_its_hash_and_never_twice() {
    for (a, letters) in [(Algorithm::Sha1, 32), (Algorithm::Sha256, 52), (Algorithm::Sha512, 103)] {
        let text = Secret::generate(a, &SystemEntropy).base32();
        assert_eq!(text.expose_secret().len(), letters);
        assert!(text.expose_secret().bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b)));
    }
    let many = 100_000;
    let all: HashSet<_> = (0..many).map(|_| Secret::generate(Algorithm::Sha1, &SystemEntropy).0.to_vec()).collect();
    assert_eq!(all.len(), many);
}

#[test]
fn a_secret_is_read_in_every_usual_spelling() {
    let plain = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA";
    assert_eq!(seed(Algorithm::Sha256).base32().expose_secret(), plain);
    let grouped: Vec<_> = plain.as_bytes().chunks(4).map(|c| std::str::from_utf8(c).unwrap()).collect();
    for text in [plain.into(), format!("{plain}===="), plain.to_lowercase(), grouped.join(" "), grouped.join("-")] {
        let back = Secret::parse(&text).unwrap();
        assert_eq!(back.base32().expose_secret(), plain, "{text}");
    }
}

#[test]
fn a_short_or_empty_secret_cannot_be() {
    for text in ["", "====", " ", "JBSWY3DPEHPK3PXP", "AAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(Secret::parse(text).unwrap_err(), BadSecret::TooShort, "{text:?}");
    }
    assert_eq!(Secret::from_bytes(Zeroizing::new(Vec::new())).unwrap_err(), BadSecret::TooShort);
    assert_eq!(Secret::parse("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQ0J1").unwrap_err(), BadSecret::NotBase32);
    assert_eq!(Secret::parse(&"A".repeat(1000)).unwrap_err(), BadSecret::TooLong);
}

#[test]
fn an_80_bit_secret_of_another_system_computes_as_it_did_there() {
    // `JBSWY3DPEHPK3PXP`, the usual sample; too short to be taken in, good to check the arithmetic with
    let s = Secret(Zeroizing::new(BASE32_NOPAD.decode(b"JBSWY3DPEHPK3PXP").unwrap()));
    for (time, code) in [(0, "282760"), (30, "996554"), (59, "996554"), (1_700_000_000, "324550")] {
        assert_eq!(s.code(&DEFAULT, time / 30), code, "{time}");
    }
}
