//! How things ended, what changed, and who ordered it: the words of an event.

use serde::Serialize;

/// How a first factor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    /// A session was opened.
    Passed,
    /// The password was right; a second factor is asked or to be set up.
    FirstFactorPassed,
    /// The password was right and the device is trusted: a session was opened without a code.
    PassedOnTrustedDevice,
    UnknownUser,
    WrongPassword,
    /// The password was right, the account is disabled.
    Disabled,
    /// The password was right, an order keeps the person out.
    Blocked,
    /// Refused unjudged: too many at once.
    Busy,
    /// Refused unjudged: too many failures before.
    Throttled,
}

/// How a challenge ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Challenge {
    Passed,
    Failed,
    /// The last failure that was allowed: the sign-in is over.
    FailedAndEnded,
    /// A right code that had been used before (RFC 6238 §5.2).
    Replayed,
    /// Refused unjudged: too many wrong codes before.
    Throttled,
}

/// How far an enrolment came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Enrolment {
    /// The secret was shown.
    Begun,
    /// The first code was right: the factor is active.
    Confirmed,
    /// The first code was wrong.
    Failed,
    /// Refused unjudged: too many wrong codes before.
    Throttled,
    /// The one-time enrolment code was wrong.
    WrongEnrolmentCode,
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderChange {
    Placed,
    /// Asked for once more under the same key: nothing new was ordered.
    Repeated,
    Lifted,
}

/// What became of a set of backup codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum BackupCodes {
    /// The first set, with the factor.
    Made,
    /// Another set took its place.
    Regenerated,
    /// The person ticked that they are saved.
    Saved,
    /// One was used; so many are left.
    Spent { left: u32 },
}

/// What became of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// A browser signed in for the first time.
    Added,
    /// The person ticked that it is theirs: the code is not asked there for some days.
    Trusted,
    Removed,
    /// An old token of it came back: a copy was used. The sessions begun with it end.
    Theft,
}

/// What a person changed of their second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mfa {
    Disabled,
    /// Another authenticator took the place of the old one.
    Replaced,
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Passwords typed for one account.
    Passwords,
    /// Passwords typed for one account from one known browser.
    PasswordsOnKnownBrowser,
    TotpCodes,
    BackupCodes,
    EnrolmentCodes,
    #[cfg_attr(not(test), expect(dead_code, reason = "the day's limit is told as that of the kind of code"))]
    /// Wrong codes of every kind, in a day.
    CodesOfTheDay,
    /// Failures from one address.
    Address,
}

/// What was changed of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    Added,
    Imported,
    PasswordSet,
    /// Name, e-mail, groups or locale.
    Changed,
    Disabled,
    Enabled,
    Deleted,
    /// Factors, backup codes and devices are gone.
    MfaReset,
    /// Throttles are lifted.
    Unlocked,
    /// One session or all of them were ended.
    SessionsEnded,
    /// A one-time enrolment code was made.
    EnrolmentCodeMade,
}

/// What became of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyChange {
    /// It is in force.
    Loaded,
    /// It is wrong; the last good one stays in force.
    Rejected,
}

/// What became of a root key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Keys {
    /// It was added and seals from now on.
    Rotated,
    /// It is gone.
    Retired,
}

/// What became of a token of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Token {
    Created,
    Revoked,
}

/// Which bound of a caller was reached: somebody should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    /// Its orders would have met more different users in an hour than they may.
    UsersPerHour,
}

/// What became of a gateway process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    Started,
    Stopped,
}

/// Through which door an order came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reporter {
    /// The person, on a page of ours.
    Person,
    /// The protected app, by its own sign-out.
    App,
    /// The admin socket: somebody with a shell on this machine.
    Socket,
    /// The admin API with a token.
    Api,
    /// A command on the store of a stopped gateway.
    Offline,
    /// A file that the gateway watches.
    File,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn words(all: &[impl Serialize]) -> Vec<Value> {
        all.iter().map(|w| serde_json::to_value(w).unwrap()).collect()
    }

    /// Whoever reads the record builds on these words: a changed one is a break.
    #[test]
    fn the_words_of_the_record_stay_the_same() {
        use Challenge as C;
        use SignIn as S;
        let sign_in = [S::Passed, S::FirstFactorPassed, S::PassedOnTrustedDevice, S::UnknownUser, S::WrongPassword];
        let refused = [S::Disabled, S::Busy, S::Throttled];
        assert_eq!(
            words(&[&sign_in[..], &refused].concat()),
            [
                "passed",
                "first_factor_passed",
                "passed_on_trusted_device",
                "unknown_user",
                "wrong_password",
                "disabled",
                "busy",
                "throttled"
            ]
        );
        assert_eq!(
            words(&[C::Passed, C::Failed, C::FailedAndEnded, C::Replayed, C::Throttled]),
            ["passed", "failed", "failed_and_ended", "replayed", "throttled"]
        );
        use Enrolment as E;
        assert_eq!(
            words(&[E::Begun, E::Confirmed, E::Failed, E::Throttled, E::WrongEnrolmentCode]),
            ["begun", "confirmed", "failed", "throttled", "wrong_enrolment_code"]
        );
        use BackupCodes as B;
        assert_eq!(
            words(&[B::Made, B::Regenerated, B::Saved, B::Spent { left: 9 }]),
            [
                json!({ "change": "made" }),
                json!({ "change": "regenerated" }),
                json!({ "change": "saved" }),
                json!({ "change": "spent", "left": 9 })
            ]
        );
    }

    #[test]
    fn the_words_of_changes_stay_the_same() {
        use Device as D;
        assert_eq!(words(&[D::Added, D::Trusted, D::Removed, D::Theft]), ["added", "trusted", "removed", "theft"]);
        assert_eq!(words(&[Mfa::Disabled, Mfa::Replaced]), ["disabled", "replaced"]);
        use Limit as L;
        let limits = [L::Passwords, L::PasswordsOnKnownBrowser, L::TotpCodes, L::BackupCodes, L::EnrolmentCodes];
        let more = [L::CodesOfTheDay, L::Address];
        assert_eq!(
            words(&[&limits[..], &more].concat()),
            [
                "passwords",
                "passwords_on_known_browser",
                "totp_codes",
                "backup_codes",
                "enrolment_codes",
                "codes_of_the_day",
                "address"
            ]
        );
        use Account as A;
        let first = [A::Added, A::Imported, A::PasswordSet, A::Changed, A::Disabled, A::Enabled];
        let second = [A::Deleted, A::MfaReset, A::Unlocked, A::SessionsEnded, A::EnrolmentCodeMade];
        assert_eq!(words(&first), ["added", "imported", "password_set", "changed", "disabled", "enabled"]);
        assert_eq!(words(&second), ["deleted", "mfa_reset", "unlocked", "sessions_ended", "enrolment_code_made"]);
        assert_eq!(words(&[PolicyChange::Loaded, PolicyChange::Rejected]), ["loaded", "rejected"]);
        assert_eq!(words(&[Keys::Rotated, Keys::Retired]), ["rotated", "retired"]);
        assert_eq!(words(&[Node::Started, Node::Stopped]), ["started", "stopped"]);
        assert_eq!(words(&[Token::Created, Token::Revoked]), ["created", "revoked"]);
        assert_eq!(words(&[Alarm::UsersPerHour]), ["users_per_hour"]);
        use Reporter as R;
        assert_eq!(
            words(&[R::Person, R::App, R::Socket, R::Api, R::Offline, R::File]),
            ["person", "app", "socket", "api", "offline", "file"]
        );
    }
}
