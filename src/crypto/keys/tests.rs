//! Key files, derivation, canaries.

use super::*;
use crate::sys::SystemEntropy;
use secrecy::ExposeSecret;
use std::collections::HashSet;
use std::time::Duration;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_100);

/// A ring whose newest key is new and whose older ones are `old`'s.
pub(crate) fn rotated(old: &KeyRing) -> KeyRing {
    let at = Timestamp::from_secs(old.newest().created().as_secs() + 1);
    KeyRing::of(old.keys().with(RootKey::generate(&SystemEntropy, at, at), at))
}
pub(crate) fn ring() -> KeyRing {
    KeyRing::generate(&SystemEntropy, Timestamp::from_secs(1_700_000_000))
}

const ROOT: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn a_ring_survives_its_text_form() {
    let made = rotated(&rotated(&ring()));
    let later = RootKey::generate(&SystemEntropy, NOW, NOW.plus(Duration::from_secs(900)));
    let keys = made.keys().with(later, NOW);
    let back = Keys::parse("keys.yaml", keys.to_yaml().expose_secret(), NOW).unwrap();
    assert_eq!(back.ids().collect::<Vec<_>>(), keys.ids().collect::<Vec<_>>());
    for key in keys.iter() {
        assert_eq!(back.derive(key.id(), Label::Seal), keys.derive(key.id(), Label::Seal));
        let same = back.find(key.id()).unwrap();
        assert_eq!((same.created(), same.seals()), (key.created(), key.seals()));
    }
}

#[test]
fn the_newest_seals_wherever_it_stands() {
    let one = |id: &str, created: u64| format!("  - {{ id: {id}, created: {created}, root: \"{ROOT}\" }}\n");
    let text = format!("keys:\n{}{}{}", one("aaaa", 5), one("bbbb", 9), one("cccc", 7));
    let ring = Keys::parse("k", &text, NOW).unwrap();
    assert_eq!(ring.ids().collect::<Vec<_>>(), ["bbbb", "cccc", "aaaa"]);
    let tie = format!("keys:\n{}{}", one("aaaa", 5), one("bbbb", 5));
    assert_eq!(Keys::parse("k", &tie, NOW).unwrap().newest().id(), "bbbb");
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
    let ring = Keys::parse("k", &text, NOW).unwrap();
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
        assert_eq!(Keys::parse("k", &text, NOW).unwrap_err(), want, "{text}");
    }
    let twice =
        format!("keys:\n- {{id: aaaa, created: 1, root: \"{ROOT}\"}}\n- {{id: aaaa, created: 2, root: \"{ROOT}\"}}");
    assert_eq!(Keys::parse("k", &twice, NOW).unwrap_err(), KeyError::Twice { file: f(), id: "aaaa".into() });
}

#[test]
fn no_error_and_no_debug_shows_key_bytes() {
    for text in
        [format!("keys: \"{ROOT}\""), ROOT.to_string(), format!("keys: [{ROOT}]"), format!("keys:\n  {ROOT}: 1")]
    {
        let e = Keys::parse("k", &text, NOW).unwrap_err();
        assert!(matches!(e, KeyError::NotKeys { .. }), "{text}: {e}");
        assert!(!format!("{e} {e:?}").contains("AAECAw"), "{e:?}");
    }
    let ring = ring();
    let root = BASE64.encode(ring.newest().root.as_slice());
    assert!(!format!("{ring:?}").contains(&root));
}

#[test]
fn a_canary_dies_with_another_key_under_its_id() {
    let key = ring().newest();
    assert_eq!(key.clone().canary(), key.canary());
    let text = format!("keys: [{{ id: \"{}\", created: 1, root: \"{ROOT}\" }}]", key.id());
    let other = Keys::parse("k", &text, NOW).unwrap();
    assert_ne!(other.newest().canary(), key.canary());
    assert!(other.contradict(&KeyRing::of(Keys::parse("k", &text, NOW).unwrap().with(key.clone(), NOW)).keys()));
    assert!(!ring().keys().contradict(&other));
}

#[test]
fn a_key_made_ahead_of_its_time_opens_and_does_not_seal_until_then() {
    let ring = ring();
    let old = ring.newest().id().to_string();
    let then = NOW.plus(Duration::from_secs(900));
    let next = RootKey::generate(&SystemEntropy, NOW, then);
    ring.replace(ring.keys().with(next.clone(), NOW));
    assert_eq!((ring.newest().id(), ring.derive(next.id(), Label::Seal).is_some()), (old.as_str(), true));
    assert!(ring.keys().moved_on(NOW.plus(Duration::from_secs(899))).is_none());
    ring.replace(ring.keys().moved_on(then).unwrap());
    assert!(ring.keys().moved_on(then).is_none());
    assert_eq!((ring.newest().id(), ring.derive(&old, Label::Seal).is_some()), (next.id(), true));
    // a clock that stands before all of them: the first one has to do
    let early = Keys::parse("k", ring.keys().to_yaml().expose_secret(), Timestamp::from_secs(1)).unwrap();
    assert_eq!(early.newest().id(), old);
}

#[test]
fn a_retired_key_is_gone_and_the_one_that_seals_stays() {
    let ring = rotated(&ring());
    let keys = ring.keys();
    let (newest, older) = (keys.newest().id(), keys.ids().nth(1).unwrap());
    assert_eq!(keys.sealed_until(older), Some(keys.newest().seals()));
    assert_eq!(keys.sealed_until(newest), None);
    assert_eq!(keys.without(older).ids().collect::<Vec<_>>(), [newest]);
    assert_eq!(keys.without(newest).ids().count(), 2);
}

#[test]
fn what_is_made_of_a_ring_follows_it() {
    let ring = ring();
    let ids = Derived::new(&ring, |keys: &Keys| keys.ids().map(str::to_string).collect::<Vec<_>>());
    let seen = || ids.with(Vec::len);
    assert_eq!(seen(), 1);
    let next = RootKey::generate(&SystemEntropy, NOW, NOW);
    ring.clone().replace(ring.keys().with(next, NOW));
    assert_eq!((seen(), seen()), (2, 2));
}
