//! What is stored of a TOTP factor: secret and parameters as they were at enrolment, sealed for their owner.
//!
//! The window is not among them: how late a code may come is today's policy, what the app computes is the enrolment's.

use super::{Algorithm, Secret, TotpParameters};
use crate::crypto::{Aad, KeyRing, SealError, open, reseal, seal};
use crate::sys::Entropy;
use crate::types::{FactorId, UserId};
use data_encoding::BASE32_NOPAD;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use zeroize::Zeroizing;

const PURPOSE: &str = "totp";

/// An opened factor.
#[derive(Clone, Debug)]
pub struct Totp {
    pub secret: Secret,
    pub parameters: TotpParameters,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("a sealed TOTP secret does not open")]
    Seal(#[from] SealError),
    #[error("what was sealed as a TOTP secret is none")]
    NotTotp,
}

#[derive(Serialize, Deserialize)]
struct Record<'a> {
    version: u32,
    #[serde(borrow)]
    secret: Cow<'a, str>,
    algorithm: Algorithm,
    digits: u32,
    period: u64,
}

/// Seals a factor, unconfirmed or active, for this user and this factor id.
pub fn seal_factor(ring: &KeyRing, entropy: &dyn Entropy, user: UserId, factor: FactorId, totp: &Totp) -> Vec<u8> {
    let TotpParameters { algorithm, digits, period, skew: _ } = totp.parameters;
    let secret = totp.secret.base32();
    // base32 and numbers: nothing to escape, and one buffer that is wiped
    let plain = Zeroizing::new(format!(
        r#"{{"version":1,"secret":"{}","algorithm":"{}","digits":{digits},"period":{period}}}"#,
        secret.expose_secret(),
        algorithm.name(),
    ));
    let item = factor.to_string();
    seal(ring, entropy, &Aad { purpose: PURPOSE, user, item: &item }, plain.as_bytes())
}

/// Seals a factor with a new secret, for an enrolment.
pub fn seal_new(
    ring: &KeyRing,
    entropy: &dyn Entropy,
    user: UserId,
    factor: FactorId,
    parameters: &TotpParameters,
) -> Vec<u8> {
    let secret = Secret::generate(parameters.algorithm, entropy);
    seal_factor(ring, entropy, user, factor, &Totp { secret, parameters: *parameters })
}

/// The same factor under the newest key; `None` where it lies under it already.
pub fn reseal_factor(
    ring: &KeyRing,
    entropy: &dyn Entropy,
    user: UserId,
    factor: FactorId,
    sealed: &[u8],
) -> Result<Option<Vec<u8>>, SealError> {
    let item = factor.to_string();
    reseal(ring, entropy, &Aad { purpose: PURPOSE, user, item: &item }, sealed)
}

/// Opens a factor; `skew` is what the policy says now.
pub fn open_factor(
    ring: &KeyRing,
    user: UserId,
    factor: FactorId,
    sealed: &[u8],
    skew: u64,
) -> Result<Totp, OpenError> {
    let item = factor.to_string();
    let plain = open(ring, &Aad { purpose: PURPOSE, user, item: &item }, sealed)?;
    let record: Record<'_> = serde_json::from_slice(&plain).map_err(|_| OpenError::NotTotp)?;
    let bytes = Zeroizing::new(BASE32_NOPAD.decode(record.secret.as_bytes()).map_err(|_| OpenError::NotTotp)?);
    let secret = Secret::from_bytes(bytes).map_err(|_| OpenError::NotTotp)?;
    let Record { algorithm, digits, period, .. } = record;
    let parameters = TotpParameters { algorithm, digits, period, skew };
    if record.version != 1 || !parameters.valid() {
        return Err(OpenError::NotTotp);
    }
    Ok(Totp { secret, parameters })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::tests::ring;
    use crate::sys::SystemEntropy;

    const ALICE: UserId = UserId::from_bytes([1; 16]);
    const BOB: UserId = UserId::from_bytes([2; 16]);
    const ONE: FactorId = FactorId::from_bytes([3; 16]);
    const TWO: FactorId = FactorId::from_bytes([4; 16]);

    fn totp() -> Totp {
        let parameters = TotpParameters { algorithm: Algorithm::Sha256, digits: 8, period: 60, skew: 1 };
        Totp { secret: Secret::generate(parameters.algorithm, &SystemEntropy), parameters }
    }

    #[test]
    fn a_factor_opens_as_it_was_enrolled_with_the_window_of_today() {
        let (ring, totp) = (ring(), totp());
        let sealed = seal_factor(&ring, &SystemEntropy, ALICE, ONE, &totp);
        let back = open_factor(&ring, ALICE, ONE, &sealed, 0).unwrap();
        assert_eq!(back.parameters, TotpParameters { skew: 0, ..totp.parameters });
        assert_eq!(back.secret.base32().expose_secret(), totp.secret.base32().expose_secret());
    }

    #[test]
    fn two_enrolments_never_share_a_secret() {
        let ring = ring();
        let secrets: Vec<_> = (0..2)
            .map(|_| {
                let sealed = seal_new(&ring, &SystemEntropy, ALICE, ONE, &TotpParameters::default());
                let opened = open_factor(&ring, ALICE, ONE, &sealed, 1).unwrap();
                assert_eq!(opened.parameters, TotpParameters::default());
                opened.secret.base32().expose_secret().to_string()
            })
            .collect();
        assert_eq!(secrets[0].len(), 32);
        assert_ne!(secrets[0], secrets[1]);
    }

    #[test]
    fn a_factor_moved_to_another_user_or_factor_does_not_open() {
        let (ring, totp) = (ring(), totp());
        let sealed = seal_factor(&ring, &SystemEntropy, ALICE, ONE, &totp);
        for (user, factor) in [(BOB, ONE), (ALICE, TWO)] {
            let e = open_factor(&ring, user, factor, &sealed, 1).unwrap_err();
            assert!(matches!(e, OpenError::Seal(SealError::Forged)), "{e}");
        }
    }

    #[test]
    fn an_empty_or_broken_record_is_no_factor() {
        let ring = ring();
        let item = ONE.to_string();
        let aad = Aad { purpose: PURPOSE, user: ALICE, item: &item };
        let record = |secret: &str, digits: u32, period: u64| {
            format!(r#"{{"version":1,"secret":"{secret}","algorithm":"SHA1","digits":{digits},"period":{period}}}"#)
        };
        let good = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let plain = seal(&ring, &SystemEntropy, &aad, record(good, 6, 30).as_bytes());
        assert!(open_factor(&ring, ALICE, ONE, &plain, 1).is_ok());
        for bad in [
            String::new(),
            "{}".into(),
            record("", 6, 30),
            record(good, 0, 30),
            record(good, 10, 30),
            record(good, 6, 0),
        ] {
            let sealed = seal(&ring, &SystemEntropy, &aad, bad.as_bytes());
            assert!(matches!(open_factor(&ring, ALICE, ONE, &sealed, 1), Err(OpenError::NotTotp)), "{bad}");
        }
        assert!(open_factor(&ring, ALICE, ONE, b"", 1).is_err());
    }

    #[test]
    fn no_debug_shows_the_secret() {
        let totp = totp();
        assert!(!format!("{totp:?}").contains(totp.secret.base32().expose_secret()));
        assert!(!format!("{totp:?}").contains(&format!("{:?}", totp.secret.0.as_slice())));
    }
}
