//! The records of SPEC §12 that exist so far. Each carries a version; an older version's data opens.

use crate::types::{
    Assurance, DeviceId, Email, FactorId, GroupName, Origin, PasswordHash, Proofs, ReturnTo, SecondFactor, Seq,
    SessionId, SetId, Timestamp, TokenHash, UserId, UserName,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A user's account and factors: one record, so that a lost part never looks like *not enrolled* or *not disabled*.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: UserId,
    pub name: UserName,
    pub email: Option<Email>,
    pub groups: BTreeSet<GroupName>,
    /// BCP 47 tag; `None`: by the browser.
    pub locale: Option<String>,
    pub disabled: bool,
    /// `None`: nobody can sign in with a password yet.
    pub password: Option<PasswordHash>,
    pub factors: Vec<Factor>,
    /// The backup codes, which lie beside the record: reads fill it in, writes of the account leave them alone.
    #[serde(skip)]
    pub backup: Option<BackupStock>,
    /// Enrolling the first factor takes it, where the caller of `confirm_enrolment` asks for it.
    #[serde(default)]
    pub enrolment_code: Option<EnrolmentCode>,
    pub created: Timestamp,
    /// Set by what opens a session, without a new version.
    pub last_sign_in: Option<Timestamp>,
    /// The person's second factors in whichever session, noted by what opens or lifts one, without a new version.
    #[serde(default)]
    pub proofs: Proofs,
    /// Raised by every write; a write of an older one is refused.
    pub version: u64,
}

impl Account {
    pub fn has_second_factor(&self) -> bool {
        !self.factors.is_empty()
    }
    pub fn factor(&self, id: FactorId) -> Option<&Factor> {
        self.factors.iter().find(|f| f.id == id)
    }
    /// The code that this digest is of may be used now.
    pub(super) fn takes_enrolment_code(&self, digest: &[u8; 32], now: Timestamp) -> bool {
        self.enrolment_code.as_ref().is_some_and(|c| c.digest == *digest && now < c.ends)
    }
    /// A write by somebody who read earlier never takes a spent step or a later sign-in back.
    pub(super) fn keep_steps(&mut self, stored: &Account) {
        self.last_sign_in = self.last_sign_in.max(stored.last_sign_in);
        self.proofs.join(&stored.proofs);
        for f in &mut self.factors {
            if let Some(s) = stored.factor(f.id) {
                f.last_step = f.last_step.max(s.last_step);
                f.last_used = f.last_used.max(s.last_used);
            }
        }
    }
}

/// One confirmed second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    pub id: FactorId,
    pub kind: SecondFactor,
    /// What the person calls it.
    pub name: String,
    /// Sealed by `crypto::seal`; for TOTP the secret and its parameters.
    #[serde(with = "bytes_b64")]
    pub sealed: Vec<u8>,
    pub created: Timestamp,
    pub last_used: Option<Timestamp>,
    /// TOTP: the last accepted step; none lower or equal is ever accepted again.
    pub last_step: Option<u64>,
    /// Where the log stood when its set-up began: one from before an order to enrol anew is good only for being replaced.
    #[serde(default)]
    pub enrolled: Seq,
}

/// What is left of a set of backup codes. The codes' digests never leave the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupStock {
    pub set: SetId,
    /// One for the whole set, so that trying a code costs one hash.
    pub salt: Vec<u8>,
    /// Codes not used yet.
    pub left: u32,
    /// The person said that the codes are saved.
    pub saved: bool,
    pub made: Timestamp,
}

/// A set of backup codes that takes the place of the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBackup {
    pub set: SetId,
    pub salt: Vec<u8>,
    pub digests: Vec<[u8; 32]>,
    pub made: Timestamp,
}

/// A one-time code that lets its holder enrol the first factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentCode {
    /// A keyed MAC of the code.
    #[serde(with = "bytes_b64")]
    pub digest: [u8; 32],
    pub ends: Timestamp,
}

/// An account that does not exist yet.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub account: Account,
}

/// What a pending sign-in is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "purpose")]
pub enum Purpose {
    /// After the password, before a session.
    SignIn,
    /// A live session of one factor is asked the second.
    StepUp { session: SessionId },
    /// A live session enrols its first factor.
    Enrol { session: SessionId },
    /// A live session puts another authenticator in the place of the one it has.
    Replace { session: SessionId },
    /// A live session looks at its new backup codes.
    Codes { session: SessionId },
}

impl Purpose {
    /// The live session it belongs to, for all but a sign-in.
    pub fn session(self) -> Option<SessionId> {
        match self {
            Purpose::SignIn => None,
            Purpose::StepUp { session }
            | Purpose::Enrol { session }
            | Purpose::Replace { session }
            | Purpose::Codes { session } => Some(session),
        }
    }
}

/// A password was right, no more; reaches nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub token: TokenHash,
    pub user: UserId,
    #[serde(with = "text")]
    pub origin: Origin,
    #[serde(flatten)]
    pub purpose: Purpose,
    /// Kept as text; checked again when used.
    pub return_to: String,
    /// The log's counter when the first factor was given.
    pub began: Seq,
    pub first_at: Timestamp,
    /// When the password was last typed in this browser (set-up asks it again after ten minutes).
    pub password_at: Option<Timestamp>,
    pub ends: Timestamp,
    pub failures: u32,
    /// Sealed secret of an enrolment under way.
    pub unconfirmed: Option<Unconfirmed>,
    /// Backup codes that the person has not said to have saved.
    #[serde(default)]
    pub codes: Option<ShownCodes>,
    /// Digest of the enrolment code that was given.
    #[serde(default, with = "bytes_b64::optional")]
    pub admitted: Option<[u8; 32]>,
    /// The last wrong code, where it was right for another step: a clock that is off.
    #[serde(default)]
    pub drift: Option<Drift>,
}

impl Pending {
    pub fn return_to(&self, own_prefix: &str) -> ReturnTo {
        ReturnTo::parse(&self.return_to, own_prefix)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unconfirmed {
    pub factor: FactorId,
    #[serde(with = "bytes_b64")]
    pub sealed: Vec<u8>,
}

/// Backup codes as they are shown, until the person says that they are saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownCodes {
    /// The account may have a newer set by now: then these are no codes any more.
    pub set: SetId,
    #[serde(with = "bytes_b64")]
    pub sealed: Vec<u8>,
}

/// How far a wrong code was off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// In steps; negative where the person's clock is behind.
    pub offset: i64,
    /// The step that the code was right for.
    pub step: u64,
}

/// A signed-in browser on one origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub token: TokenHash,
    pub old: Option<OldToken>,
    pub user: UserId,
    #[serde(with = "text")]
    pub origin: Origin,
    /// The log's counter at the first factor: what ends sessions compares with it.
    pub began: Seq,
    pub assurance: Assurance,
    pub idle_end: Timestamp,
    pub absolute_end: Timestamp,
    /// Where it was opened from.
    pub address: String,
    /// The browser's `User-Agent`, cut.
    pub browser: String,
    /// The device it was begun with: ends with it where that was stolen.
    #[serde(default)]
    pub device: Option<DeviceId>,
    /// The second factors given in it.
    #[serde(default)]
    pub proofs: Proofs,
    /// Where the log stood when the device's trust was given, where the session relies on it.
    #[serde(default)]
    pub trusted_since: Option<Seq>,
}

impl Session {
    /// Neither idle for too long nor at its absolute end.
    pub fn lives(&self, now: Timestamp) -> bool {
        now < self.idle_end && now < self.absolute_end
    }
}

/// The token before the last rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldToken {
    pub token: TokenHash,
    pub until: Timestamp,
    /// What the session had proved when this token was the one.
    pub assurance: Assurance,
}

/// A session and its user's account, read together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub session: Session,
    pub account: Account,
}

/// Serde as the value's text form.
pub(super) mod text {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::fmt::Display;
    use std::str::FromStr;

    pub fn serialize<T: Display, S: Serializer>(v: &T, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(v)
    }
    pub fn deserialize<'de, T, D>(d: D) -> Result<T, D::Error>
    where
        T: FromStr,
        T::Err: Display,
        D: Deserializer<'de>,
    {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Serde of bytes as base64 text, so that a record is readable JSON.
pub(super) mod bytes_b64 {
    use data_encoding::BASE64_NOPAD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(v: &impl AsRef<[u8]>, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&BASE64_NOPAD.encode(v.as_ref()))
    }
    pub fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
        read(&String::deserialize(d)?)
    }
    fn read<T: TryFrom<Vec<u8>>, E: Error>(text: &str) -> Result<T, E> {
        let bytes = BASE64_NOPAD.decode(text.as_bytes()).map_err(E::custom)?;
        T::try_from(bytes).map_err(|_| E::custom("so many bytes were not expected"))
    }

    /// The same of bytes that may be missing.
    pub mod optional {
        use super::*;

        pub fn serialize<S: Serializer>(v: &Option<impl AsRef<[u8]>>, s: S) -> Result<S::Ok, S::Error> {
            match v {
                Some(v) => super::serialize(v, s),
                None => s.serialize_none(),
            }
        }
        pub fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(d: D) -> Result<Option<T>, D::Error> {
            Option::<String>::deserialize(d)?.map(|text| read(&text)).transpose()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::codec::decode;

    #[test]
    fn what_an_older_release_wrote_opens() {
        let user = "a".repeat(26);
        let hash = "0".repeat(64);
        let account = format!(
            r#"{{"v":1,"r":{{"id":"{user}","name":"alice","email":null,"groups":[],"locale":null,"disabled":false,
            "password":null,"factors":[],"created":1,"last_sign_in":null,"version":3}}}}"#
        );
        let a: Account = decode("account", &account).unwrap();
        assert_eq!((a.backup, a.enrolment_code, a.version), (None, None, 3));
        let pending = format!(
            r#"{{"v":1,"r":{{"token":"{hash}","user":"{user}","origin":"https://a.example","purpose":"sign_in",
            "return_to":"/","began":1,"first_at":1,"password_at":null,"ends":2,"failures":0,"unconfirmed":null}}}}"#
        );
        let p: Pending = decode("pending sign-in", &pending).unwrap();
        assert_eq!((p.codes, p.admitted, p.drift), (None, None, None));
        let session = format!(
            r#"{{"v":1,"r":{{"id":"{user}","token":"{hash}","old":null,"user":"{user}","origin":"https://a.example",
            "began":1,"assurance":{{"first_at":1,"second":null}},"idle_end":2,"absolute_end":3,"address":"","browser":""}}}}"#
        );
        let s: Session = decode("session", &session).unwrap();
        assert_eq!((s.device, s.assurance.trusted_until), (None, None));
    }
}
