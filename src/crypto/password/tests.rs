//! Right and wrong passwords, what they cost, the limits.

use super::*;
use crate::crypto::keys::tests::{ring, rotated};
use crate::sys::SystemEntropy;

const CHEAP: Cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };

fn cheap(ring: &KeyRing) -> Passwords {
    Passwords::new(ring, CHEAP, 2, 8).unwrap()
}
fn secret(s: &str) -> SecretString {
    SecretString::from(s)
}
async fn hash(p: &Passwords, s: &str) -> PasswordHash {
    p.hash(&secret(s), &SystemEntropy).await.unwrap()
}

#[tokio::test]
async fn the_right_password_verifies_and_no_other() {
    let p = cheap(&ring());
    let stored = hash(&p, "correct horse battery").await;
    assert!(stored.phc.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{}", stored.phc);
    let yes = p.verify(Some(&stored), &secret("correct horse battery")).await.unwrap();
    assert_eq!(yes, Verified::Yes { rehash: false });
    for wrong in ["", "correct horse batterY", "correct horse battery ", "correct horse battery\0"] {
        assert_eq!(p.verify(Some(&stored), &secret(wrong)).await.unwrap(), Verified::No, "{wrong:?}");
    }
    assert_ne!(stored.phc, hash(&p, "correct horse battery").await.phc);
}

#[test]
fn the_default_cost_is_19_mib_twice() {
    let Cost { memory_kib, iterations, parallelism } = Cost::default();
    assert_eq!((memory_kib, iterations, parallelism), (19 * 1024, 2, 1));
}

#[tokio::test]
async fn composed_and_decomposed_letters_are_one_password() {
    let p = cheap(&ring());
    let stored = hash(&p, "caf\u{e9} au lait, s'il vous pla\u{ee}t").await;
    let typed = secret("cafe\u{301} au lait, s'il vous plai\u{302}t");
    assert_eq!(p.verify(Some(&stored), &typed).await.unwrap(), Verified::Yes { rehash: false });
}

#[tokio::test]
async fn an_unknown_user_costs_one_hash_like_a_known_one() {
    let p = cheap(&ring());
    let stored = hash(&p, "correct horse battery").await;
    let gone = PasswordHash { pepper_key: "gone".into(), ..stored.clone() };
    let broken = PasswordHash { phc: "$argon2id$v=19$broken".into(), ..stored.clone() };
    for target in [Some(&stored), None, Some(&gone), Some(&broken)] {
        let before = p.worked();
        assert_eq!(p.verify(target, &secret("wrong")).await.unwrap(), Verified::No);
        assert_eq!(p.worked() - before, 1);
    }
    assert_eq!(p.verify(Some(&gone), &secret("correct horse battery")).await.unwrap(), Verified::No);
}

#[tokio::test]
async fn another_algorithm_never_verifies() {
    let p = cheap(&ring());
    let stored = hash(&p, "correct horse battery").await;
    for (from, to) in [("$argon2id$", "$argon2i$"), ("$v=19$", "$v=16$"), ("$v=19$", "$")] {
        let other = PasswordHash { phc: stored.phc.replacen(from, to, 1), ..stored.clone() };
        let said = p.verify(Some(&other), &secret("correct horse battery")).await.unwrap();
        assert_eq!(said, Verified::No, "{}", other.phc);
    }
}

#[tokio::test]
async fn a_password_too_long_is_refused_without_work() {
    let p = cheap(&ring());
    let longest = "x".repeat(LONGEST);
    let stored = hash(&p, &longest).await;
    let before = p.worked();
    let long = secret(&"x".repeat(LONGEST + 1));
    assert!(matches!(p.hash(&long, &SystemEntropy).await, Err(PasswordError::TooLong)));
    for target in [Some(&stored), None] {
        assert_eq!(p.verify(target, &long).await.unwrap(), Verified::No);
    }
    assert_eq!(p.worked(), before);
    assert_eq!(p.verify(Some(&stored), &secret(&longest)).await.unwrap(), Verified::Yes { rehash: false });
}

#[tokio::test]
async fn a_changed_cost_or_pepper_asks_for_a_new_hash() {
    let old = ring();
    let stored = hash(&cheap(&old), "correct horse battery").await;
    let typed = secret("correct horse battery");
    let dearer = Passwords::new(&old, Cost { iterations: 2, ..CHEAP }, 2, 8).unwrap();
    for p in [dearer, cheap(&rotated(&old))] {
        assert_eq!(p.verify(Some(&stored), &typed).await.unwrap(), Verified::Yes { rehash: true });
    }
}

#[tokio::test]
async fn without_the_pepper_the_hash_alone_is_not_the_password() {
    let p = cheap(&ring());
    let stored = hash(&p, "correct horse battery").await;
    let (ours, tag) = Ours::parse(&stored.phc).unwrap();
    assert_ne!(*ours.run("correct horse battery", &mut Vec::new()).unwrap(), tag);
}

#[tokio::test]
async fn a_full_queue_is_busy_and_drains() {
    let p = Arc::new(Passwords::new(&ring(), CHEAP, 1, 1).unwrap());
    let hold = p.workers.clone().acquire_owned().await.unwrap();
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let p = p.clone();
            tokio::spawn(async move { p.verify(None, &secret("x")).await })
        })
        .collect();
    while p.places.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(p.verify(None, &secret("x")).await, Err(PasswordError::Busy)));
    drop(hold);
    for one in waiting {
        assert_eq!(one.await.unwrap().unwrap(), Verified::No);
    }
    assert_eq!(p.verify(None, &secret("x")).await.unwrap(), Verified::No);
}

const BCRYPT: &str = "$2y$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.";
const OF_OTHERS: [&str; 4] = [
    BCRYPT,
    "{SHA}mN7MYuzjmaIu0w1JDvMzvn/ec4U=",
    "$5$rounds=1400$anotherlongsalts$TXI28J0NocwA0EsOjoW5fgAYe9X/jBa.gCNZdy5UDN3",
    "$pbkdf2-sha256$1000$MDEyMzQ1Njc4OWFiY2RlZg$BVALGMmC/K/8ELErc5VgJxyPFApArIZRCQsqjEgZWJ4",
];

#[tokio::test]
async fn a_hash_of_another_system_signs_in_and_asks_for_one_of_ours() {
    let old = ring();
    let p = cheap(&old);
    for hash in OF_OTHERS {
        let stored = p.adopt(hash).unwrap();
        let output = hash.rsplit(['$', '}']).next().unwrap();
        assert!(
            !stored.phc.contains(output.get(output.len() - 20..).unwrap()),
            "what is stored is not what was given: {stored:?}"
        );
        for p in [&p, &cheap(&rotated(&old))] {
            let before = p.worked();
            let right = p.verify(Some(&stored), &secret("correct horse battery")).await.unwrap();
            assert_eq!(right, Verified::Yes { rehash: true }, "{hash}");
            for wrong in ["correct horse batterY", ""] {
                assert_eq!(p.verify(Some(&stored), &secret(wrong)).await.unwrap(), Verified::No, "{hash}");
            }
            assert_eq!(p.worked() - before, 3);
        }
        let other = cheap(&ring());
        assert_eq!(other.verify(Some(&stored), &secret("correct horse battery")).await.unwrap(), Verified::No);
    }
}

#[tokio::test]
async fn a_hash_put_into_the_store_without_the_key_file_opens_nothing() {
    let p = cheap(&ring());
    let good = p.adopt(BCRYPT).unwrap();
    let (setting, output) = BCRYPT.split_at(29);
    let planted = [
        BCRYPT.to_string(),
        format!("$foreign{BCRYPT}"),
        format!("$foreign{setting}|0|{}", BASE64_NOPAD.encode(&[0; 32])),
        format!("$foreign{setting}|0|{output}"),
        good.phc.replace("$05$", "$15$"),
        format!("{}|x", good.phc),
    ];
    for phc in planted {
        let stored = PasswordHash { phc, ..good.clone() };
        let said = p.verify(Some(&stored), &secret("correct horse battery")).await.unwrap();
        assert_eq!(said, Verified::No, "{}", stored.phc);
    }
}

#[tokio::test]
async fn an_unknown_user_takes_as_long_as_one_with_a_costly_hash_of_another_system() {
    let p = cheap(&ring());
    let stored = p.adopt(&BCRYPT.replace("$05$", "$09$")).unwrap();
    assert_eq!(p.level.of_refusals(), std::time::Duration::ZERO);
    assert_eq!(p.verify(Some(&stored), &secret("wrong")).await.unwrap(), Verified::No);
    let level = p.level.of_refusals();
    assert!(level > std::time::Duration::ZERO);
    let begun = tokio::time::Instant::now();
    assert_eq!(p.verify(None, &secret("wrong")).await.unwrap(), Verified::No);
    assert!(begun.elapsed() >= level);
}
