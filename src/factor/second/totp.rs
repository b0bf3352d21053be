//! Time-based one-time passwords (RFC 6238 over RFC 4226): which step a typed code belongs to.
//!
//! Says only *which* step matches. That a step is accepted once is the store's atomic verb (`accept_totp_step`,
//! RFC 6238 §5.2); without it a match means nothing.

pub mod sealed;
mod uri;

pub use sealed::{Totp, open_factor, reseal_factor, seal_factor, seal_new};

use crate::sys::Entropy;
use crate::types::Timestamp;
use data_encoding::BASE32_NOPAD;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

/// The hash below the HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    #[serde(rename = "SHA1")]
    Sha1,
    #[serde(rename = "SHA256")]
    Sha256,
    #[serde(rename = "SHA512")]
    Sha512,
}

impl Algorithm {
    /// As the key URI names it.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha256 => "SHA256",
            Algorithm::Sha512 => "SHA512",
        }
    }
    /// Bytes of a new secret: as many as the hash has (RFC 6238 §5.1).
    pub fn secret_bytes(self) -> usize {
        match self {
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
            Algorithm::Sha512 => 64,
        }
    }
    fn engine(self) -> totp_rs::Algorithm {
        match self {
            Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
            Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
            Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
        }
    }
}

/// What authenticator and verifier agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TotpParameters {
    pub algorithm: Algorithm,
    /// 6, 7 or 8.
    pub digits: u32,
    /// Seconds a step lasts: 1 to 120 (NIST SP 800-63B: a new one at least every two minutes).
    pub period: u64,
    /// Steps before and after the present one whose codes are still taken (RFC 6238 §5.2).
    pub skew: u64,
}

impl Default for TotpParameters {
    /// What every authenticator app can do.
    fn default() -> Self {
        TotpParameters { algorithm: Algorithm::Sha1, digits: 6, period: 30, skew: 1 }
    }
}

impl TotpParameters {
    pub fn valid(&self) -> bool {
        (6..=8).contains(&self.digits) && (1..=120).contains(&self.period) && self.skew <= 10
    }
    /// The step that holds `now`; `None` for a period of nothing.
    pub fn step_at(&self, now: Timestamp) -> Option<u64> {
        now.as_secs().checked_div(self.period)
    }
}

/// The shared secret: at least 128 bits (RFC 4226 §4, R6), so that an empty one cannot be.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

const SHORTEST: usize = 16;
const LONGEST: usize = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    #[error("not base32: letters A-Z and digits 2-7 expected")]
    NotBase32,
    #[error("a secret has at least {} bits", SHORTEST * 8)]
    TooShort,
    #[error("a secret has at most {LONGEST} bytes")]
    TooLong,
}

impl Secret {
    /// A new one, as long as the algorithm's hash.
    pub fn generate(algorithm: Algorithm, entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new(vec![0; algorithm.secret_bytes()]);
        entropy.fill(&mut bytes);
        Secret(bytes)
    }
    pub fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Result<Self, BadSecret> {
        match bytes.len() {
            0..SHORTEST => Err(BadSecret::TooShort),
            SHORTEST..=LONGEST => Ok(Secret(bytes)),
            _ => Err(BadSecret::TooLong),
        }
    }
    #[cfg_attr(not(test), expect(dead_code, reason = "imported secrets are parsed with it"))]
    /// Reads base32 as people have it: any case, spaces and dashes, with or without padding.
    pub fn parse(text: &str) -> Result<Self, BadSecret> {
        // longer than the longest with a space after every letter
        if text.len() > 4 * LONGEST {
            return Err(BadSecret::TooLong);
        }
        let mut letters = Zeroizing::new(String::with_capacity(text.len()));
        letters.extend(text.chars().filter(|c| !is_filler(*c)).map(|c| c.to_ascii_uppercase()));
        let decoded = BASE32_NOPAD.decode(letters.trim_end_matches('=').as_bytes());
        Self::from_bytes(Zeroizing::new(decoded.map_err(|_| BadSecret::NotBase32)?))
    }
    /// Upper case, no padding: what authenticator apps take.
    pub fn base32(&self) -> SecretString {
        SecretString::from(BASE32_NOPAD.encode(&self.0))
    }

    /// The code of one step, leading zeros kept.
    pub fn code(&self, p: &TotpParameters, step: u64) -> String {
        // RFC 4226 §5.3; the engine would take what it must not
        let digits = u8::try_from(p.digits).unwrap_or(u8::MAX).clamp(6, 8);
        // a step of one second makes the engine's time our counter, so nothing is multiplied and nothing can overflow
        let engine = totp_rs::Builder::new()
            .with_algorithm(p.algorithm.engine())
            .with_digits(digits)
            .with_step_duration(1)
            .with_secret(self.0.as_slice())
            .build_noncompliant();
        engine.generate(step).to_string()
    }

    /// The step in the window around `now` whose code was typed. Every step of the window is computed and compared in
    /// constant time, so the time taken tells neither whether nor which one matched (ASVS 11.2.4).
    pub fn matching_step(&self, p: &TotpParameters, typed: &str, now: Timestamp) -> Option<u64> {
        self.step_near(p, typed, now, p.skew)
    }

    /// The same in a window of another width: by how much a clock is off. What it finds is never accepted.
    pub fn step_near(&self, p: &TotpParameters, typed: &str, now: Timestamp, reach: u64) -> Option<u64> {
        if !p.valid() {
            return None;
        }
        let typed = canonical(typed, p.digits)?;
        let present = p.step_at(now)?;
        let (mut found, mut matched) = (Choice::from(0), 0);
        for step in present.saturating_sub(reach)..=present.saturating_add(reach) {
            let code = Zeroizing::new(self.code(p, step));
            let same = code.as_bytes().ct_eq(typed.as_bytes());
            matched.conditional_assign(&step, same);
            found |= same;
        }
        bool::from(found).then_some(matched)
    }

    /// The key URI for the QR code, always in one order and with every parameter.
    pub fn uri(&self, p: &TotpParameters, issuer: &str, account: &str) -> SecretString {
        uri::uri(self, p, issuer, account)
    }
}
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The one spelling of a typed code, so that neither replay nor counting sees two: spaces (also those that paste brings
/// along) and dashes go, then exactly `digits` ASCII digits must be left. Digits of other scripts are no digits.
pub fn canonical(typed: &str, digits: u32) -> Option<Zeroizing<String>> {
    let digits = usize::try_from(digits).ok()?;
    let mut code = Zeroizing::new(String::with_capacity(digits));
    for c in typed.chars().filter(|c| !is_filler(*c)) {
        if !c.is_ascii_digit() || code.len() == digits {
            return None;
        }
        code.push(c);
    }
    (code.len() == digits).then_some(code)
}

fn is_filler(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\u{a0}' || c == '-'
}

#[cfg(test)]
mod tests;
