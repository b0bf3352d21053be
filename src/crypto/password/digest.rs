//! Slow digests of secrets that share one salt: the ten backup codes of a set. An attempt costs one hash, as a password's.
//!
//! The salt names what it was made with, so that a set outlives a change of the cost and a new key:
//! `<pepper key>$argon2id$v=19$m=…,t=…,p=…$<salt>`.

use super::{OUTPUT, Ours, PasswordError, Passwords, Pepper, SALT};
use crate::sys::{Entropy, random};
use argon2::{Params, Version};
use data_encoding::BASE64_NOPAD;
use secrecy::{ExposeSecret, SecretString};

impl Passwords {
    /// The salt of a new set, under today's cost and pepper.
    pub fn new_salt(&self, entropy: &dyn Entropy) -> Vec<u8> {
        let super::Cost { memory_kib: m, iterations: t, parallelism: p } = self.cost;
        let salt = BASE64_NOPAD.encode(&random::<SALT>(entropy));
        format!("{}$argon2id$v=19$m={m},t={t},p={p}${salt}", self.peppers().newest.id).into_bytes()
    }

    /// One digest for each secret, in one turn at the queue. A salt that cannot be read, or whose pepper is gone, costs
    /// the same and gives digests that nothing has.
    pub async fn digests(&self, salt: &[u8], secrets: Vec<SecretString>) -> Result<Vec<[u8; OUTPUT]>, PasswordError> {
        let peppers = self.peppers();
        let (recipe, pepper) = match parse(salt) {
            Some((id, recipe)) if peppers.find(id).is_some() => (recipe, Some(id.to_string())),
            Some(_) | None => {
                tracing::error!("a set of backup codes was made with a key that is not in the key file, or is broken");
                (Ours { cost: self.cost, salt: random_salt() }, None)
            }
        };
        self.work(move |blocks| {
            let known: Option<&Pepper> = pepper.as_deref().and_then(|id| peppers.find(id));
            let over = |out: &[u8; OUTPUT]| known.map_or([0; OUTPUT], |p| p.over(out));
            secrets.iter().map(|s| Ok(over(&*recipe.run(s.expose_secret(), blocks)?))).collect()
        })
        .await
    }
}

fn random_salt() -> Vec<u8> {
    vec![0; SALT]
}

/// The key whose pepper the digests of this salt carry; it cannot be retired while they are good.
pub fn pepper_key(salt: &[u8]) -> Option<&str> {
    parse(salt).map(|(id, _)| id)
}

fn parse(salt: &[u8]) -> Option<(&str, Ours)> {
    let (id, rest) = std::str::from_utf8(salt).ok()?.split_once('$')?;
    let phc = format!("${rest}");
    let hash = argon2::PasswordHash::new(&phc).ok()?;
    if hash.algorithm != argon2::ARGON2ID_IDENT || hash.version != Some(Version::V0x13.into()) {
        return None;
    }
    let params = Params::try_from(&hash).ok()?;
    let cost = super::Cost { memory_kib: params.m_cost(), iterations: params.t_cost(), parallelism: params.p_cost() };
    Some((id, Ours { cost, salt: hash.salt?.as_ref().to_vec() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::tests::{ring, rotated};
    use crate::crypto::{Cost, KeyRing};
    use crate::sys::SystemEntropy;

    const CHEAP: Cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };

    fn cheap(ring: &KeyRing, cost: Cost) -> Passwords {
        Passwords::new(ring, cost, 2, 8).unwrap()
    }
    async fn one(p: &Passwords, salt: &[u8], s: &str) -> [u8; 32] {
        p.digests(salt, vec![SecretString::from(s)]).await.unwrap()[0]
    }

    #[tokio::test]
    async fn an_attempt_is_one_hash_and_finds_its_code_in_the_set() {
        let p = cheap(&ring(), CHEAP);
        let salt = p.new_salt(&SystemEntropy);
        let set = p.digests(&salt, ["abcd2345", "efgh6789"].map(SecretString::from).to_vec()).await.unwrap();
        let before = p.worked();
        assert_eq!(one(&p, &salt, "efgh6789").await, set[1]);
        assert_eq!(p.worked() - before, 1);
        assert!(!set.contains(&one(&p, &salt, "efgh6788").await));
        assert!(!set.contains(&one(&p, &p.new_salt(&SystemEntropy), "efgh6789").await), "another salt");
    }

    #[tokio::test]
    async fn a_set_outlives_a_new_key_and_another_cost() {
        let old = ring();
        let p = cheap(&old, CHEAP);
        let salt = p.new_salt(&SystemEntropy);
        let digest = one(&p, &salt, "abcd2345").await;
        let now = cheap(&rotated(&old), Cost { iterations: 2, ..CHEAP });
        assert_eq!(one(&now, &salt, "abcd2345").await, digest);
        assert_eq!(pepper_key(&salt), Some(old.newest().id()));
    }

    #[tokio::test]
    async fn without_its_key_a_set_is_lost_and_costs_the_same() {
        let p = cheap(&ring(), CHEAP);
        let salt = p.new_salt(&SystemEntropy);
        let digest = one(&p, &salt, "abcd2345").await;
        let other = cheap(&ring(), CHEAP);
        for salt in [salt.as_slice(), b"", b"x", b"\xff\xfe", b"a$argon2id$v=19$m=64,t=1,p=1"] {
            let before = other.worked();
            assert_ne!(one(&other, salt, "abcd2345").await, digest);
            assert_eq!(other.worked() - before, 1);
        }
    }
}
