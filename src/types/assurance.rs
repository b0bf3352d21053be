//! Which methods a session has passed and when.

use super::{Methods, Seq, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// A kind of second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    Totp,
    /// The method of a session only: nobody enrols one, it comes with the first factor.
    BackupCode,
}

/// What a session has proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assurance {
    /// When the password was right.
    pub first_at: Timestamp,
    /// The last second factor and when it was given.
    pub second: Option<(SecondFactor, Timestamp)>,
    /// The session began on a trusted device, whose trust ends then. Counts for two where a rule lets it, and proves
    /// nothing: no method of its own, never fresh.
    #[serde(default)]
    pub trusted_until: Option<Timestamp>,
}

/// Where the log stood when the challenge that each second factor last answered began: an order that came later is not met
/// by it. Told by the log's counter, never by a clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Proofs(BTreeMap<SecondFactor, Seq>);

impl Proofs {
    /// Notes a proof; never takes a later one back.
    pub fn note(&mut self, method: SecondFactor, began: Seq) {
        let kept = self.0.entry(method).or_default();
        *kept = (*kept).max(began);
    }
    /// All that the other notes.
    pub fn join(&mut self, other: &Proofs) {
        other.0.iter().for_each(|(method, began)| self.note(*method, *began));
    }
    /// Whether one of these methods (where none is named, any that meets a step-up) was given in a challenge that began at
    /// this entry or later.
    pub fn since(&self, order: Seq, methods: &BTreeSet<SecondFactor>) -> bool {
        let counts = Methods::of_step_up(methods);
        self.0.iter().any(|(method, began)| *began >= order && counts.contains(*method))
    }
    /// The latest of all.
    pub fn last(&self) -> Option<Seq> {
        self.0.values().max().copied()
    }
}

/// Authentication context class, as the assertion to the upstream names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Acr {
    One,
    Two,
}

impl Acr {
    pub fn urn(self) -> &'static str {
        match self {
            Acr::One => "urn:portcullis:one",
            Acr::Two => "urn:portcullis:two",
        }
    }
}

impl Assurance {
    pub fn acr(&self) -> Acr {
        if self.second.is_some() { Acr::Two } else { Acr::One }
    }
    /// Authentication method references (RFC 8176).
    pub fn amr(&self) -> &'static [&'static str] {
        match self.second {
            None => &["pwd"],
            Some((SecondFactor::Totp | SecondFactor::BackupCode, _)) => &["pwd", "otp", "mfa"],
        }
    }
    /// When the person last proved anything (`auth_time` of the assertion).
    pub fn last_at(&self) -> Timestamp {
        self.second.map_or(self.first_at, |(_, at)| at.max(self.first_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trusted_device_proves_nothing_by_itself() {
        let t = Timestamp::from_secs(1);
        let trusted = Assurance { first_at: t, second: None, trusted_until: Some(Timestamp::from_secs(9)) };
        assert_eq!((trusted.acr(), trusted.amr(), trusted.last_at()), (Acr::One, &["pwd"][..], t));
        let backup = Assurance { second: Some((SecondFactor::BackupCode, t)), ..trusted };
        assert_eq!((backup.acr(), backup.amr()), (Acr::Two, &["pwd", "otp", "mfa"][..]));
    }

    #[test]
    fn a_proof_counts_for_orders_before_it_and_is_never_taken_back() {
        let mut p = Proofs::default();
        let (any, totp) = (BTreeSet::new(), BTreeSet::from([SecondFactor::Totp]));
        assert!(!p.since(Seq(0), &any));
        p.note(SecondFactor::BackupCode, Seq(7));
        p.note(SecondFactor::BackupCode, Seq(3));
        let backup = BTreeSet::from([SecondFactor::BackupCode]);
        assert!(p.since(Seq(7), &backup) && !p.since(Seq(8), &backup));
        assert!(!p.since(Seq(1), &totp) && !p.since(Seq(1), &any), "a backup code meets none that does not name it");
        let mut q = Proofs::default();
        q.note(SecondFactor::Totp, Seq(9));
        p.join(&q);
        assert!(p.since(Seq(9), &totp) && p.since(Seq(9), &any) && p.last() == Some(Seq(9)));
        assert_eq!(serde_json::to_string(&p).unwrap(), r#"{"totp":9,"backup_code":7}"#);
    }

    #[test]
    fn what_an_older_release_wrote_of_a_session_was_on_no_trusted_device() {
        let old: Assurance = serde_json::from_str(r#"{"first_at":1,"second":["totp",2]}"#).unwrap();
        assert_eq!((old.second.map(|s| s.0), old.trusted_until), (Some(SecondFactor::Totp), None));
    }
}
