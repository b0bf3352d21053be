//! The demo's two people: `mia`, a member, and `ada`, an admin. Their passwords and secrets are made anew each time.

use super::announce::Person;
use crate::account::{EnrolmentCode, NewUser};
use crate::app::Running;
use crate::cli::failure::Failure;
use crate::factor::second;
use crate::factor::second::totp::{Secret, Totp, TotpParameters, seal_factor};
use crate::store::{Account, Changed, Ends, Factor};
use crate::sys::{Clock, SystemClock, SystemEntropy, random};
use crate::types::{Email, FactorId, GroupName, SecondFactor, Seq, UserName};
use secrecy::SecretString;

/// Makes both; `enrolled`: with a confirmed authenticator app each.
pub async fn create(running: &Running, url: &str, enrolled: bool) -> Result<Vec<Person>, Failure> {
    let issuer = url.trim_start_matches("http://");
    let mut people = Vec::new();
    for role in [MEMBER, ADMIN] {
        let password = super::random_words();
        let (account, code) = add(running, &role, password.clone()).await?;
        let otpauth = if enrolled { Some(enrol(running, account, issuer).await?) } else { None };
        let enrol_code = code.filter(|_| !enrolled).map(|c| c.code);
        people.push(Person { user: role.name, password, admin: role.admin, enrol_code, otpauth });
    }
    Ok(people)
}

struct Role {
    name: &'static str,
    group: &'static str,
    admin: bool,
}

const MEMBER: Role = Role { name: "mia", group: "staff", admin: false };
const ADMIN: Role = Role { name: "ada", group: "admin", admin: true };

async fn add(
    running: &Running,
    role: &Role,
    password: SecretString,
) -> Result<(Account, Option<EnrolmentCode>), Failure> {
    let new = NewUser {
        name: UserName::parse(role.name).map_err(anyhow::Error::from)?,
        email: Some(Email::parse(&format!("{}@example.com", role.name)).map_err(anyhow::Error::from)?),
        groups: [GroupName::parse(role.group).map_err(anyhow::Error::from)?].into(),
        locale: None,
        disabled: false,
        password: Some(password),
    };
    running.accounts.load().add(new).await.map_err(|e| {
        let cause = anyhow::Error::from(e);
        Failure::refused(format!(
            "the demo's account {} cannot be made: {cause:#}; the demo needs an empty store",
            role.name
        ))
    })
}

/// Writes an active factor, as if a first code had confirmed it; gives its key URI.
async fn enrol(running: &Running, mut account: Account, issuer: &str) -> Result<SecretString, Failure> {
    let parameters = TotpParameters::default();
    let totp = Totp { secret: Secret::generate(parameters.algorithm, &SystemEntropy), parameters };
    let uri = totp.secret.uri(&parameters, issuer, account.name.as_str());
    let id = FactorId::from_bytes(random(&SystemEntropy));
    account.enrolment_code = None;
    account.factors.push(Factor {
        id,
        kind: SecondFactor::Totp,
        name: second::entry(SecondFactor::Totp).label.into(),
        sealed: seal_factor(&running.keys, &SystemEntropy, account.id, id, &totp),
        created: SystemClock.now(),
        last_used: None,
        last_step: None,
        enrolled: Seq(0),
    });
    match running.store.change_account(&account, Ends::Nothing).await.map_err(anyhow::Error::from)? {
        Changed::Yes => Ok(uri),
        Changed::Gone | Changed::Outdated | Changed::NameTaken | Changed::EmailTaken => Err(Failure::refused(format!(
            "somebody changed the demo's account {} meanwhile; start again",
            account.name
        ))),
    }
}
