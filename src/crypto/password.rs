//! Password hashes: Argon2id, then an HMAC-SHA-256 pepper that is not in the store (OWASP Password Storage, RFC 9106).
//!
//! The work runs on threads of its own behind those that serve requests, so many at a time and so many waiting; beyond
//! that it is refused, so that a flood of sign-ins starves nothing. An unknown user costs the same work as a known one and gets the same answer.
//!
//! Hashes of other systems (`foreign`) are checked by their own rules behind the same limits and never cost less than one
//! of ours; where they cost more, every refusal waits as long (`level`). The first right password makes one of ours.

pub mod digest;
mod foreign;
mod level;
mod threads;

pub use foreign::BadHash;

use super::keys::{Derived, KeyRing, Keys, Label, RootKey};
use super::mac::{HmacSha256, keyed};
use crate::sys::{Entropy, random};
use crate::types::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use data_encoding::BASE64_NOPAD;
use foreign::Setting;
use hmac::Mac;
use level::Level;
use secrecy::{ExposeSecret, SecretString};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use subtle::ConstantTimeEq;
use threads::Threads;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinError;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The longest password, in bytes as typed. A limit on work for strangers; far above what NIST SP 800-63B asks (64).
pub const LONGEST: usize = 1024;
/// Bytes of salt and of output (RFC 9106 §4).
const SALT: usize = 16;
const OUTPUT: usize = 32;

/// Argon2id's cost. A stored hash of another cost still verifies and is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub memory_kib: u32,
    pub iterations: u32,
    pub parallelism: u32,
}
impl Default for Cost {
    /// OWASP Password Storage: m = 19 MiB, t = 2, p = 1.
    fn default() -> Self {
        Cost { memory_kib: 19_456, iterations: 2, parallelism: 1 }
    }
}

/// Whether the password was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// `rehash`: cost or pepper key have changed since it was stored, or another system made it.
    Yes {
        rehash: bool,
    },
    No,
}

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("too many passwords are being checked")]
    Busy,
    #[error("a password has at most {LONGEST} bytes")]
    TooLong,
    #[error("a password could not be hashed")]
    Argon2(#[source] argon2::Error),
    #[error("a password hash of another system could not be computed")]
    Foreign,
    #[error("the thread that hashed a password ended early")]
    Lost(#[source] JoinError),
}

/// Hashes and verifies; one per process, for it holds the limits.
pub struct Passwords {
    cost: Cost,
    peppers: Derived<Arc<Peppers>>,
    /// Those at work and those waiting.
    places: Arc<Semaphore>,
    capacity: usize,
    workers: Arc<Semaphore>,
    worked: AtomicU64,
    threads: Threads,
    level: Arc<Level>,
}

impl Passwords {
    /// At most `parallel` hashes at once, at most `queue` more waiting.
    pub fn new(ring: &KeyRing, cost: Cost, parallel: usize, queue: usize) -> io::Result<Self> {
        let parallel = parallel.clamp(1, Semaphore::MAX_PERMITS / 2);
        let places = parallel + queue.min(Semaphore::MAX_PERMITS / 2);
        Ok(Passwords {
            cost,
            peppers: Derived::new(ring, |keys| Arc::new(Peppers::new(keys))),
            places: Arc::new(Semaphore::new(places)),
            capacity: places,
            workers: Arc::new(Semaphore::new(parallel)),
            worked: AtomicU64::new(0),
            threads: Threads::new(parallel)?,
            level: Arc::default(),
        })
    }

    /// Hashes with the present cost and the newest pepper.
    pub async fn hash(&self, password: &SecretString, entropy: &dyn Entropy) -> Result<PasswordHash, PasswordError> {
        let typed = normalised(password).ok_or(PasswordError::TooLong)?;
        let recipe = Ours { cost: self.cost, salt: random::<SALT>(entropy).to_vec() };
        let peppers = self.peppers();
        self.work(move |blocks| {
            let tag = peppers.newest.over(recipe.run(&typed, blocks)?.as_slice());
            Ok(PasswordHash { phc: recipe.phc(&tag), pepper_key: peppers.newest.id.clone() })
        })
        .await
    }

    /// Takes over a hash that another system made, under the newest pepper. Judges its form and what it costs.
    pub fn adopt(&self, hash: &str) -> Result<PasswordHash, BadHash> {
        let (setting, text, output) = Setting::of_hash(hash)?;
        let peppers = self.peppers();
        let tag = BASE64_NOPAD.encode(&peppers.newest.over(output.as_bytes()));
        let phc = format!("{FOREIGN}{text}{SEAM}{}{SEAM}{tag}", setting.output_bytes());
        Ok(PasswordHash { phc, pepper_key: peppers.newest.id.clone() })
    }

    /// `None`, a record that cannot be read and one whose pepper is gone cost what a good one costs, and are `No`.
    pub async fn verify(&self, stored: Option<&PasswordHash>, typed: &SecretString) -> Result<Verified, PasswordError> {
        // nobody can have it (see `hash`), known user or not
        let Some(normal) = normalised(typed) else { return Ok(Verified::No) };
        let peppers = self.peppers();
        let target = stored.and_then(|s| target(&peppers, s)).unwrap_or_else(|| self.nobody());
        let (typed, nobody, level) = (typed.clone(), self.nobody().recipe, self.level.clone());
        let present = self.cost;
        let (verified, begun) = self
            .work(move |blocks| {
                let begun = tokio::time::Instant::now();
                let pepper = target.pepper.as_deref().and_then(|id| peppers.find(id));
                let over = pepper.unwrap_or(&peppers.newest);
                let (tag, changed) = match &target.recipe {
                    Recipe::Ours(ours) => (over.over(ours.run(&normal, blocks)?.as_slice()), ours.cost != present),
                    Recipe::Foreign(setting) => {
                        // never cheaper than an unknown user
                        nobody.work_as_ours(&normal, blocks)?;
                        let output = setting.run(typed.expose_secret().as_bytes()).ok_or(PasswordError::Foreign)?;
                        level.took(begun.elapsed());
                        (over.over(output.as_bytes()), true)
                    }
                };
                let right = bool::from(tag.ct_eq(&target.tag)) && pepper.is_some();
                let rehash = changed || target.pepper.as_deref() != Some(&peppers.newest.id);
                Ok((if right { Verified::Yes { rehash } } else { Verified::No }, begun))
            })
            .await?;
        if verified == Verified::No {
            // holds no place meanwhile
            tokio::time::sleep_until(begun + self.level.of_refusals()).await;
        }
        Ok(verified)
    }

    /// Checks that wait or run.
    pub fn under_way(&self) -> usize {
        self.capacity.saturating_sub(self.places.available_permits())
    }

    #[cfg_attr(not(test), expect(dead_code, reason = "equal work is proved by it"))]
    /// Hashes computed since the start.
    pub fn worked(&self) -> u64 {
        self.worked.load(Ordering::Relaxed)
    }

    /// Runs `job` within the limits. Its places go with it: who hangs up early frees nothing while the work still runs.
    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Vec<Block>) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        // never closed, so it only fails by waiting
        let worker = self.workers.clone().acquire_owned().await.map_err(|_| PasswordError::Busy)?;
        self.worked.fetch_add(1, Ordering::Relaxed);
        let held: [OwnedSemaphorePermit; 2] = [worker, place];
        let done = self.threads.run(move |blocks| {
            let done = job(blocks);
            drop(held);
            done
        });
        done.await.map_err(PasswordError::Lost)?
    }

    fn peppers(&self) -> Arc<Peppers> {
        self.peppers.with(Arc::clone)
    }
    /// What an unknown user's password is compared with.
    fn nobody(&self) -> Target {
        let recipe = Recipe::Ours(Ours { cost: self.cost, salt: vec![0; SALT] });
        Target { recipe, tag: [0; OUTPUT], pepper: None }
    }
}
impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Passwords({:?})", self.cost)
    }
}

/// What a typed password is compared with.
struct Target {
    recipe: Recipe,
    tag: [u8; OUTPUT],
    /// `None`: never right.
    pepper: Option<String>,
}

fn target(peppers: &Peppers, stored: &PasswordHash) -> Option<Target> {
    let Some((recipe, tag)) = Recipe::parse(&stored.phc) else {
        tracing::error!("a stored password hash is broken; its user cannot sign in until a new password is set");
        return None;
    };
    if peppers.find(&stored.pepper_key).is_none() {
        tracing::error!(key = stored.pepper_key, "the pepper of a stored password is not in the key file");
        return None;
    }
    Some(Target { recipe, tag, pepper: Some(stored.pepper_key.clone()) })
}

enum Recipe {
    Ours(Ours),
    Foreign(Setting),
}

/// What a stored text begins with whose setting is another system's.
const FOREIGN: &str = "$foreign";
/// Between the setting's text, the bytes of its output and the peppered tag.
const SEAM: char = '|';

impl Recipe {
    fn parse(phc: &str) -> Option<(Self, [u8; OUTPUT])> {
        let Some(foreign) = phc.strip_prefix(FOREIGN) else {
            return Ours::parse(phc).map(|(ours, tag)| (Recipe::Ours(ours), tag));
        };
        // from the end: a salt may hold any letter
        let mut parts = foreign.rsplitn(3, SEAM);
        let (tag, output, text) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        let tag = BASE64_NOPAD.decode(tag.as_bytes()).ok()?.try_into().ok()?;
        let setting = Setting::parse(text, output).ok()?;
        Some((Recipe::Foreign(setting), tag))
    }
    /// The work alone.
    fn work_as_ours(&self, password: &str, blocks: &mut Vec<Block>) -> Result<(), PasswordError> {
        match self {
            Recipe::Ours(ours) => ours.run(password, blocks).map(drop),
            Recipe::Foreign(_) => Ok(()),
        }
    }
}

/// Cost and salt of an Argon2id hash of our own.
struct Ours {
    cost: Cost,
    salt: Vec<u8>,
}

impl Ours {
    fn run(&self, password: &str, blocks: &mut Vec<Block>) -> Result<Zeroizing<[u8; OUTPUT]>, PasswordError> {
        let Cost { memory_kib, iterations, parallelism } = self.cost;
        let params = Params::new(memory_kib, iterations, parallelism, Some(OUTPUT)).map_err(PasswordError::Argon2)?;
        blocks.resize(params.block_count(), Block::default());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut out = Zeroizing::new([0; OUTPUT]);
        argon2
            .hash_password_into_with_memory(password.as_bytes(), &self.salt, out.as_mut_slice(), &mut *blocks)
            .map_err(PasswordError::Argon2)?;
        Ok(out)
    }
    fn phc(&self, tag: &[u8; OUTPUT]) -> String {
        let Cost { memory_kib: m, iterations: t, parallelism: p } = self.cost;
        format!("$argon2id$v=19$m={m},t={t},p={p}${}${}", BASE64_NOPAD.encode(&self.salt), BASE64_NOPAD.encode(tag))
    }
    fn parse(phc: &str) -> Option<(Self, [u8; OUTPUT])> {
        let hash = argon2::PasswordHash::new(phc).ok()?;
        if hash.algorithm != argon2::ARGON2ID_IDENT || hash.version != Some(Version::V0x13.into()) {
            return None;
        }
        let params = Params::try_from(&hash).ok()?;
        let cost = Cost { memory_kib: params.m_cost(), iterations: params.t_cost(), parallelism: params.p_cost() };
        let tag = hash.hash?.as_bytes().try_into().ok()?;
        Some((Ours { cost, salt: hash.salt?.as_ref().to_vec() }, tag))
    }
}

struct Peppers {
    newest: Pepper,
    others: Vec<Pepper>,
}
struct Pepper {
    id: String,
    mac: HmacSha256,
}
impl Peppers {
    fn new(keys: &Keys) -> Self {
        let pepper = |k: &RootKey| Pepper { id: k.id().into(), mac: keyed(&k.derive(Label::Pepper)) };
        Peppers { newest: pepper(keys.newest()), others: keys.others().map(pepper).collect() }
    }
    fn find(&self, id: &str) -> Option<&Pepper> {
        std::iter::once(&self.newest).chain(&self.others).find(|p| p.id == id)
    }
}
impl Pepper {
    fn over(&self, output: &[u8]) -> [u8; OUTPUT] {
        let mut mac = self.mac.clone();
        mac.update(output);
        mac.finalize().into_bytes().into()
    }
}

/// In NFC, so that two keyboards type one password (NIST SP 800-63B §3.1.1.2). `None`: too long.
fn normalised(password: &SecretString) -> Option<Zeroizing<String>> {
    let typed = password.expose_secret();
    if typed.len() > LONGEST {
        return None;
    }
    // room enough from the start (UAX #15: NFC grows UTF-8 by at most 3), so that growing leaves no copy behind
    let mut out = Zeroizing::new(String::with_capacity(3 * typed.len()));
    out.extend(typed.nfc());
    Some(out)
}

#[cfg(test)]
mod tests;
