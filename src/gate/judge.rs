//! Whether a typed code is right, and by how much a wrong one is off. Burns and spends nothing.

use super::flow::Hint;
use super::service::Gate;
use super::verdict::Fault;
use crate::crypto::code;
use crate::factor::second::totp::{self, Algorithm, Totp, TotpParameters};
use crate::policy::{Policy, TotpAlgorithm};
use crate::store::{Account, Burn, Drift, Factor, Proof};
use crate::types::{FactorId, Timestamp};
use std::time::Duration;

/// How far off a clock may be and its owner still be told.
const DRIFT: Duration = Duration::from_secs(600);

impl Gate {
    /// The step of this factor that the code fits.
    pub(super) fn matching(
        &self,
        account: &Account,
        factor: &Factor,
        code: &str,
        now: Timestamp,
    ) -> Result<Option<Burn>, Fault> {
        let opened = self.open_totp(account, factor.id, &factor.sealed)?;
        let step = opened.secret.matching_step(&opened.parameters, code, now);
        Ok(step.map(|step| Burn { factor: factor.id, step }))
    }

    /// The step outside the window that a wrong code fits.
    pub(super) fn drift(&self, account: &Account, code: &str, now: Timestamp) -> Result<Option<Drift>, Fault> {
        for factor in &account.factors {
            let opened = self.open_totp(account, factor.id, &factor.sealed)?;
            if let Some(drift) = drift_of(&opened, code, now) {
                return Ok(Some(drift));
            }
        }
        Ok(None)
    }

    /// What is to be spent; `None`: cannot be a backup code, or there are none.
    pub(super) async fn backup_proof(&self, account: &Account, typed: &str) -> Result<Option<Proof>, Fault> {
        let Some(stock) = &account.backup else { return Ok(None) };
        let Some(code) = code::canonical(typed, code::BACKUP) else { return Ok(None) };
        let digests = self.parts.passwords.digests(&stock.salt, vec![code]).await?;
        Ok(digests.first().map(|digest| Proof::Backup { set: stock.set, digest: *digest }))
    }

    /// The digits that the person's app shows.
    pub(super) fn digits(&self, account: &Account) -> u32 {
        let enrolled = account.factors.first().and_then(|f| self.open_totp(account, f.id, &f.sealed).ok());
        enrolled.map_or_else(|| parameters(&self.parts.policy.load()).digits, |t| t.parameters.digits)
    }

    /// A sealed secret of this account that does not open (wrong key file, tampered store) closes the gate.
    pub(super) fn open_totp(&self, account: &Account, factor: FactorId, sealed: &[u8]) -> Result<Totp, Fault> {
        let skew = parameters(&self.parts.policy.load()).skew;
        totp::open_factor(&self.parts.keys, account.id, factor, sealed, skew).map_err(|e| {
            tracing::error!(user = %account.id, %factor, error = %e, "a second factor cannot be opened");
            Fault::Seal("second factor")
        })
    }
}

/// By how many steps a code that is wrong now is off.
pub(super) fn drift_of(totp: &Totp, code: &str, now: Timestamp) -> Option<Drift> {
    let p = &totp.parameters;
    let reach = DRIFT.as_secs().checked_div(p.period)?;
    let step = totp.secret.step_near(p, code, now, reach)?;
    let offset = i64::try_from(step).ok()?.checked_sub(i64::try_from(p.step_at(now)?).ok()?)?;
    Some(Drift { offset, step })
}

/// Two codes in a row, not the same one, off by the same amount: a clock. One alone is not told, for it would say which
/// codes are good in ten minutes. A step more or less is the same: the person takes time to type.
pub(super) fn drifted(before: Option<Drift>, now: Option<Drift>, period: u64) -> Option<Hint> {
    let (before, now) = (before?, now?);
    let same = before.offset.abs_diff(now.offset) <= 1 && before.step != now.step;
    let seconds = now.offset.checked_mul(i64::try_from(period).ok()?)?;
    same.then_some(Hint::Clock { seconds })
}

/// What the policy says of new authenticators, in the factor's terms.
pub(super) fn parameters(policy: &Policy) -> TotpParameters {
    let t = policy.totp();
    let algorithm = match t.algorithm {
        TotpAlgorithm::Sha1 => Algorithm::Sha1,
        TotpAlgorithm::Sha256 => Algorithm::Sha256,
        TotpAlgorithm::Sha512 => Algorithm::Sha512,
    };
    TotpParameters { algorithm, digits: t.digits.into(), period: t.period.as_secs(), skew: t.skew.into() }
}
