//! Key files, derivation, canaries.

use super::*;
use crate::sys::SystemEntropy;
use secrecy::ExposeSecret;
use std::collections::HashSet;

/// A ring whose newest key is new and whose older ones are `old`'s.
pub(crate) fn rotated(old: &KeyRing) -> KeyRing {
    let at = Timestamp::from_secs(old.newest.created.as_secs() + 1);
    let new = KeyRing::generate(&SystemEntropy, at);
    KeyRing { newest: new.newest, older: old.iter().cloned().collect() }
}
pub(crate) fn ring() -> KeyRing {
    KeyRing::generate(&SystemEntropy, Timestamp::from_secs(1_700_000_000))
}

const ROOT: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn a_ring_survives_its_text_form() {
    let ring = rotated(&rotated(&ring()));
    let back = KeyRing::parse("keys.yaml", ring.to_yaml().expose_secret()).unwrap();
    assert_eq!(back.ids().collect::<Vec<_>>(), ring.ids().collect::<Vec<_>>());
    for id in ring.ids() {
        assert_eq!(back.derive(id, Label::Seal), ring.derive(id, Label::Seal));
    }
    assert_eq!(back.newest().created(), ring.newest().created());
}

#[test]
fn the_newest_seals_wherever_it_stands() {
    let one = |id: &str, created: u64| format!("  - {{ id: {id}, created: {created}, root: \"{ROOT}\" }}\n");
    let text = format!("keys:\n{}{}{}", one("aaaa", 5), one("bbbb", 9), one("cccc", 7));
    let ring = KeyRing::parse("k", &text).unwrap();
    assert_eq!(ring.ids().collect::<Vec<_>>(), ["bbbb", "cccc", "aaaa"]);
    let tie = format!("keys:\n{}{}", one("aaaa", 5), one("bbbb", 5));
    assert_eq!(KeyRing::parse("k", &tie).unwrap().newest().id(), "bbbb");
}

#[test]
fn every_label_gives_another_key() {
    let ring = ring();
    let infos: HashSet<_> = Label::ALL.iter().map(|l| l.info()).collect();
    let keys: HashSet<_> = Label::ALL.iter().map(|l| *ring.newest().derive(*l)).collect();
    assert_eq!((infos.len(), keys.len()), (Label::ALL.len(), Label::ALL.len()));
    assert_eq!(ring.derive("nobody", Label::Seal), None);
}

#[test]
fn derivation_is_fixed_for_ever() {
    let text = format!("keys: [{{ id: aaaa, created: 1, root: \"{ROOT}\" }}]");
    let ring = KeyRing::parse("k", &text).unwrap();
    // HKDF-SHA-256, no salt, computed with another implementation
    let want = "bf449e4017cccd56d8e16c87d492ef431359a8d25b5def4e71106631d2c6d6b8";
    assert_eq!(data_encoding::HEXLOWER.encode(ring.newest().derive(Label::Seal).as_slice()), want);
}

#[test]
fn what_is_no_key_file() {
    let key = |id: &str, root: &str| format!("keys: [{{ id: \"{id}\", created: 1, root: \"{root}\" }}]");
    let f = || "k".to_string();
    let bad_root = || KeyError::BadRoot { file: f(), id: "aaaa".into() };
    let table = [
        ("keys: []".to_string(), KeyError::Empty { file: f() }),
        (key("abc", ROOT), KeyError::BadId { file: f(), number: 1 }),
        (key("Abcd", ROOT), KeyError::BadId { file: f(), number: 1 }),
        (key("aaaa", "AAAA"), bad_root()),
        (key("aaaa", "not base64"), bad_root()),
        (key("aaaa", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), bad_root()),
    ];
    for (text, want) in table {
        assert_eq!(KeyRing::parse("k", &text).unwrap_err(), want, "{text}");
    }
    let twice =
        format!("keys:\n- {{id: aaaa, created: 1, root: \"{ROOT}\"}}\n- {{id: aaaa, created: 2, root: \"{ROOT}\"}}");
    assert_eq!(KeyRing::parse("k", &twice).unwrap_err(), KeyError::Twice { file: f(), id: "aaaa".into() });
}

#[test]
fn no_error_and_no_debug_shows_key_bytes() {
    for text in
        [format!("keys: \"{ROOT}\""), ROOT.to_string(), format!("keys: [{ROOT}]"), format!("keys:\n  {ROOT}: 1")]
    {
        let e = KeyRing::parse("k", &text).unwrap_err();
        assert!(matches!(e, KeyError::NotKeys { .. }), "{text}: {e}");
        assert!(!format!("{e} {e:?}").contains("AAECAw"), "{e:?}");
    }
    let ring = ring();
    let root = BASE64.encode(ring.newest.root.as_slice());
    assert!(!format!("{ring:?}").contains(&root));
}

#[test]
fn a_canary_dies_with_another_key_under_its_id() {
    let ring = ring();
    let id = ring.newest().id().to_string();
    let canary = ring.canary(&id).unwrap();
    assert_eq!(ring.clone().canary(&id), Some(canary.clone()));
    let text = format!("keys: [{{ id: \"{id}\", created: 1, root: \"{ROOT}\" }}]");
    assert_ne!(KeyRing::parse("k", &text).unwrap().canary(&id), Some(canary));
    assert_eq!(ring.canary("nobody"), None);
}
