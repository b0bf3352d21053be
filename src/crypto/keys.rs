//! Root keys: the newest seals, all open; every purpose gets a key of its own by HKDF label.
//!
//! A key may be made ahead of its time: until `seals` it opens only, so that every node and every app that checks
//! assertions knows it before anything lies under it. Reads and writes the key file's *text*; opening the file and judging its mode is not its business. No error and no
//! `Debug` shows key bytes, nor a piece of the text, which might be some.

mod ring;

pub(super) use ring::Derived;
pub use ring::KeyRing;

use super::mac::keyed;
use crate::sys::{Entropy, random};
use crate::types::Timestamp;
use data_encoding::BASE64;
use hkdf::Hkdf;
use hmac::Mac;
use secrecy::SecretString;
use serde::Deserialize;
use sha2::Sha256;
use std::fmt::Write;
use zeroize::Zeroizing;

/// What a derived key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// Secrets at rest.
    Seal,
    /// The keyed check in session and pending tokens.
    Token,
    /// Form tokens.
    Form,
    /// What goes over a password's hash.
    Pepper,
    /// Digests of enrolment codes and of names nobody has.
    Code,
    /// The seed of the P-256 key that signs assertions.
    Assertion,
    /// The seed of the P-256 key that signs checkpoints of the audit chain.
    Audit,
    /// Names of nobody, as the audit keeps them.
    AuditName,
    /// Proves at start that a key is still the one it was.
    Canary,
}

impl Label {
    #[cfg(test)]
    pub const ALL: [Label; 9] = [
        Label::Seal,
        Label::Token,
        Label::Form,
        Label::Pepper,
        Label::Code,
        Label::Assertion,
        Label::Audit,
        Label::AuditName,
        Label::Canary,
    ];

    /// HKDF's `info`. Fixed for ever: another text is another key.
    fn info(self) -> &'static [u8] {
        match self {
            Label::Seal => b"portcullis/v1/seal",
            Label::Token => b"portcullis/v1/token",
            Label::Form => b"portcullis/v1/form",
            Label::Pepper => b"portcullis/v1/pepper",
            Label::Code => b"portcullis/v1/code",
            Label::Assertion => b"portcullis/v1/assertion",
            Label::Audit => b"portcullis/v1/audit",
            Label::AuditName => b"portcullis/v1/audit-name",
            Label::Canary => b"portcullis/v1/canary",
        }
    }
}

/// One root key.
#[derive(Clone)]
pub struct RootKey {
    id: String,
    created: Timestamp,
    /// From when it seals; until then it opens only.
    seals: Timestamp,
    root: Zeroizing<[u8; 32]>,
}

impl RootKey {
    /// A new random one.
    pub fn generate(entropy: &dyn Entropy, now: Timestamp, seals: Timestamp) -> Self {
        let id = data_encoding::BASE32_NOPAD.encode(&random::<5>(entropy)).to_ascii_lowercase();
        let whole = |t: Timestamp| Timestamp::from_secs(t.as_secs());
        RootKey { id, created: whole(now), seals: whole(seals), root: Zeroizing::new(random(entropy)) }
    }
    /// Random, 4 to 16 bytes; no part of the key.
    pub fn id(&self) -> &str {
        &self.id
    }
    pub fn created(&self) -> Timestamp {
        self.created
    }
    pub fn seals(&self) -> Timestamp {
        self.seals
    }
    #[expect(clippy::expect_used, reason = "32 bytes are less than HKDF's limit of 255 × 32 (RFC 5869 §2.3)")]
    pub fn derive(&self, label: Label) -> Zeroizing<[u8; 32]> {
        let mut out = Zeroizing::new([0; 32]);
        let hkdf = Hkdf::<Sha256>::new(None, self.root.as_slice());
        hkdf.expand(label.info(), out.as_mut_slice()).expect("short enough");
        out
    }
    /// A constant under this key, to be kept in the store and checked at start: a key file with a right id and wrong
    /// bytes is found before anything is sealed or opened with it.
    pub fn canary(&self) -> Vec<u8> {
        let mut mac = keyed(&self.derive(Label::Canary));
        mac.update(self.id.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}
impl std::fmt::Debug for RootKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RootKey({})", self.id)
    }
}

/// The root keys of one moment; at least one.
#[derive(Clone, Debug)]
pub struct Keys {
    newest: RootKey,
    /// Those before it and those whose time has not come; latest first.
    others: Vec<RootKey>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Without the parser's own words: they may quote the line.
    #[error("{file}:{line}:{column}: not a key file: `keys:` with a list of {{ id, created, root }} expected")]
    NotKeys { file: String, line: u64, column: u64 },
    #[error("{file}: holds no key; `portcullis keys generate` makes a key file")]
    Empty { file: String },
    #[error("{file}: key {number}: its id must be 4 to 16 of a-z, 0-9 and '-'")]
    BadId { file: String, number: usize },
    #[error("{file}: key `{id}`: the id stands twice; remove one of the two")]
    Twice { file: String, id: String },
    #[error("{file}: key `{id}`: root must be 32 random bytes in base64, as `portcullis keys generate` makes them")]
    BadRoot { file: String, id: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRing {
    keys: Vec<RawKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKey {
    id: String,
    /// Seconds since the Unix epoch.
    created: u64,
    /// The same; without it the key seals since it was made.
    #[serde(default)]
    seals: Option<u64>,
    root: String,
}

impl Keys {
    /// Reads a key file's text; `file` is for the error's words only.
    pub fn parse(file: &str, text: &str, now: Timestamp) -> Result<Self, KeyError> {
        let options = serde_yaml::options! { with_snippet: false };
        let raw: RawRing = serde_yaml::from_str_with_options(text, options).map_err(|e| {
            let (line, column) = e.location().map_or((1, 1), |l| (l.line(), l.column()));
            KeyError::NotKeys { file: file.into(), line, column }
        })?;
        let mut keys: Vec<RootKey> = Vec::with_capacity(raw.keys.len());
        for (i, raw) in raw.keys.into_iter().enumerate() {
            let key = root_key(file, i + 1, raw)?;
            if keys.iter().any(|k| k.id == key.id) {
                return Err(KeyError::Twice { file: file.into(), id: key.id });
            }
            keys.push(key);
        }
        Keys::of(keys, now).ok_or_else(|| KeyError::Empty { file: file.into() })
    }

    /// `None` without a key.
    fn of(mut keys: Vec<RootKey>, now: Timestamp) -> Option<Self> {
        // of two of the same second the one further down is the newer
        keys.reverse();
        keys.sort_by_key(|k| std::cmp::Reverse(k.seals));
        // where the clock says that none has come yet, the first one has to do
        let at = keys.iter().position(|k| k.seals <= now).or_else(|| keys.len().checked_sub(1))?;
        let newest = keys.remove(at);
        Some(Keys { newest, others: keys })
    }

    /// The key file's text, oldest first, so that a new key is a new last line.
    pub fn to_yaml(&self) -> SecretString {
        let mut out = Zeroizing::new(String::with_capacity(200 * (self.others.len() + 1)));
        out.push_str("keys:\n");
        for k in self.by_age() {
            let root = Zeroizing::new(BASE64.encode(k.root.as_slice()));
            let (id, created, seals, root) = (&k.id, k.created.as_secs(), k.seals.as_secs(), root.as_str());
            let seals = if seals == created { String::new() } else { format!("seals: {seals}, ") };
            // writing to a String does not fail
            let _ = writeln!(out, "  - {{ id: \"{id}\", created: {created}, {seals}root: \"{root}\" }}");
        }
        SecretString::from(out.as_str())
    }

    /// The key that seals.
    pub fn newest(&self) -> &RootKey {
        &self.newest
    }
    pub(super) fn others(&self) -> impl Iterator<Item = &RootKey> {
        self.others.iter()
    }
    /// Every key, the one that seals first.
    pub fn iter(&self) -> impl Iterator<Item = &RootKey> {
        std::iter::once(&self.newest).chain(&self.others)
    }
    /// Every id, that of the key that seals first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.iter().map(RootKey::id)
    }
    pub fn find(&self, key_id: &str) -> Option<&RootKey> {
        self.iter().find(|k| k.id == key_id)
    }
    pub fn derive(&self, key_id: &str, label: Label) -> Option<Zeroizing<[u8; 32]>> {
        self.find(key_id).map(|k| k.derive(label))
    }

    /// These and one more.
    pub fn with(&self, key: RootKey, now: Timestamp) -> Self {
        let all = self.by_age().cloned().chain([key]).collect();
        Keys::of(all, now).unwrap_or_else(|| self.clone())
    }
    /// These but one, which is not the one that seals.
    pub fn without(&self, key_id: &str) -> Self {
        let others = self.others.iter().filter(|k| k.id != key_id).cloned().collect();
        Keys { newest: self.newest.clone(), others }
    }
    /// The same keys as they stand at `now`, where another one has to seal.
    pub fn moved_on(&self, now: Timestamp) -> Option<Self> {
        let then = Keys::of(self.by_age().cloned().collect(), now)?;
        (then.newest.id != self.newest.id).then_some(then)
    }
    /// When the key after this one took over, or will; `None`: none comes after it.
    pub fn sealed_until(&self, key_id: &str) -> Option<Timestamp> {
        self.by_age().skip_while(|k| k.id != key_id).nth(1).map(|k| k.seals)
    }
    /// Whether a key of both has other bytes in one of them.
    pub fn contradict(&self, other: &Keys) -> bool {
        self.iter().any(|k| other.find(&k.id).is_some_and(|o| *o.root != *k.root))
    }

    fn by_age(&self) -> impl Iterator<Item = &RootKey> {
        let mut all: Vec<&RootKey> = self.iter().collect();
        all.reverse();
        all.sort_by_key(|k| k.seals);
        all.into_iter()
    }
}

fn root_key(file: &str, number: usize, raw: RawKey) -> Result<RootKey, KeyError> {
    let text = Zeroizing::new(raw.root);
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !(4..=16).contains(&raw.id.len()) || !raw.id.bytes().all(letter) {
        return Err(KeyError::BadId { file: file.into(), number });
    }
    let bad = || KeyError::BadRoot { file: file.into(), id: raw.id.clone() };
    let bytes = Zeroizing::new(BASE64.decode(text.as_bytes()).map_err(|_| bad())?);
    let root: Zeroizing<[u8; 32]> = Zeroizing::new(bytes.as_slice().try_into().map_err(|_| bad())?);
    // a placeholder, not a key
    if root.iter().all(|b| Some(b) == root.first()) {
        return Err(bad());
    }
    let seals = Timestamp::from_secs(raw.seals.unwrap_or(raw.created));
    Ok(RootKey { id: raw.id, created: Timestamp::from_secs(raw.created), seals, root })
}

#[cfg(test)]
pub(crate) mod tests;
