//! An order as it is asked for: read once, all mistakes told at once.

use super::error::OrderError;
use crate::store::{Action, NoMethod, Select};
use crate::types::{AppName, GroupName, Login, SecondFactor, Timestamp};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;
use utoipa::ToSchema;

/// An order: whom it means, and what happens to them.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Order)]
pub struct Ask {
    #[serde(deserialize_with = "crate::types::object::object")]
    pub select: AskSelect,
    pub action: AskAction,
    /// Of a step-up: which second factors will do; empty or absent: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<SecondFactor>,
    /// Of a step-up: in how long it has to be done, such as `15m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^0{0,8}[1-9][0-9]{0,8}(s|m|min|h|d)$", example = "15m")]
    pub within: Option<String>,
    /// Of a step-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_no_method: Option<NoMethod>,
    /// Of a block: a time such as `2030-01-31T12:00:00Z`, or a length of time such as `8h`. Absent: until it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        pattern = "^([0-9]{1,9}(s|m|min|h|d)|(19[7-9][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}([Tt][0-9:.]+[Zz])?)$",
        example = "8h"
    )]
    pub until: Option<String>,
    /// Stands in the record.
    #[schema(pattern = "[^\\s\\x00-\\x1f\\x7f-\\x9f]", max_length = 1000, example = "laptop stolen")]
    pub reason: String,
    /// Your own number for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000, example = "INC-1")]
    pub case: Option<String>,
    /// The people it meets are told.
    #[serde(default)]
    pub notify: bool,
    /// Orders nothing; says whom it would meet.
    #[serde(default)]
    pub dry_run: bool,
    /// False: answers 202 at once, before nodes have acknowledged.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub wait: bool,
}

fn yes() -> bool {
    true
}

/// Whom it means: all that is given has to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Selection, min_properties = 1)]
pub struct AskSelect {
    /// Name or e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 320, example = "alice")]
    pub user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[a-z2-7]{25}[aeimquy4]$")]
    pub session: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[a-z2-7]{25}[aeimquy4]$")]
    pub device: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$", example = "203.0.113.7")]
    pub ip: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[^\\x00-,/:-?\\[-^`{-\\x7f]+$", min_length = 1, max_length = 128, example = "staff")]
    pub group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, example = "intranet")]
    pub app: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        pattern = "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)/[0-9]{1,3}$",
        example = "203.0.113.0/24"
    )]
    pub network: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub everyone: bool,
}

/// `sign_out`: sessions that began before it are over. `step_up`: a second factor is asked anew. `forget_devices`: trust
/// given before is none. `re_enroll`: factors set up before are good only for being replaced. `block`: nobody gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Action)]
pub enum AskAction {
    StepUp,
    SignOut,
    ForgetDevices,
    ReEnroll,
    Block,
}

/// The same, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its user has no id yet.
    pub select: Select,
    pub login: Option<Login>,
    pub action: Action,
    pub reason: String,
    pub case: Option<String>,
}

impl Ask {
    /// `apps`: the names there are.
    pub fn read(&self, now: Timestamp, knows_app: impl Fn(&AppName) -> bool) -> Result<Wanted, OrderError> {
        let mut wrong = Vec::new();
        let (select, login) = self.select.read(&mut wrong, knows_app);
        let action = self.action(now, &mut wrong);
        let reason = self.reason.trim_matches(|c: char| c.is_whitespace() || c.is_control());
        if reason.is_empty() || self.reason.chars().count() > LONGEST {
            wrong.push(format!("Give a `reason` of 1 to {LONGEST} characters: it stands in the record."));
        }
        if self.case.as_ref().is_some_and(|c| c.chars().count() > LONGEST) {
            wrong.push(format!("`case` has more than {LONGEST} characters: give a shorter one."));
        }
        if !wrong.is_empty() {
            return Err(OrderError::Invalid(wrong));
        }
        Ok(Wanted { select, login, action, reason: reason.to_owned(), case: self.case.clone() })
    }

    fn action(&self, now: Timestamp, wrong: &mut Vec<String>) -> Action {
        use AskAction::{Block, ForgetDevices, ReEnroll, SignOut, StepUp};
        let step_up = self.action == StepUp;
        if !step_up && (!self.methods.is_empty() || self.within.is_some() || self.if_no_method.is_some()) {
            wrong.push("`methods`, `within` and `if_no_method` belong to the action `step_up`.".into());
        }
        if self.action != Block && self.until.is_some() {
            wrong.push("`until` belongs to the action `block`.".into());
        }
        let within = self.within.as_deref().map(|w| {
            span(w).filter(|d| !d.is_zero()).unwrap_or_else(|| {
                wrong.push("`within` is a number and its unit (s, m, h, d), such as `15m`.".into());
                Duration::ZERO
            })
        });
        let end = self.until.as_deref().map(|u| {
            until(u, now).unwrap_or_else(|| {
                wrong.push(
                    "`until` is a time to come, such as `2030-01-31T12:00:00Z`, or a length such as `8h`.".into(),
                );
                now
            })
        });
        match self.action {
            StepUp => Action::StepUp {
                methods: self.methods.iter().copied().collect::<BTreeSet<_>>(),
                until: within.map(|d| now.plus(d)),
                if_no_method: self.if_no_method.unwrap_or_default(),
            },
            SignOut => Action::SignOut,
            ForgetDevices => Action::ForgetDevices,
            ReEnroll => Action::ReEnroll,
            Block => Action::Block { until: end },
        }
    }
}

impl AskSelect {
    fn read(&self, wrong: &mut Vec<String>, knows_app: impl Fn(&AppName) -> bool) -> (Select, Option<Login>) {
        let login = one(wrong, "user", &self.user, |t| Login::parse(t).ok_or("neither a name nor an e-mail address"));
        let app = self.app.as_ref().map(|a| AppName(a.as_str().into()));
        if let Some(app) = app.as_ref().filter(|a| !knows_app(a)) {
            wrong.push(format!("`select.app`: there is no app {:?} in the configuration.", app.0));
        }
        let select = Select {
            user: login.as_ref().map(|l| crate::store::UserSelect { key: l.key().to_owned(), id: None }),
            session: one(wrong, "session", &self.session, FromStr::from_str),
            device: one(wrong, "device", &self.device, FromStr::from_str),
            ip: one(wrong, "ip", &self.ip, |t| t.parse().map(|ip: std::net::IpAddr| ip.to_canonical())),
            group: one(wrong, "group", &self.group, GroupName::parse),
            app,
            network: one(wrong, "network", &self.network, |t| t.parse::<IpNet>().map(|n| n.trunc())),
            everyone: self.everyone,
            spares: BTreeSet::new(),
        };
        if select == Select::default() && wrong.is_empty() {
            wrong.push(
                "`select` names nobody: give user, session, device, ip, group, app or network, or `everyone: true`."
                    .into(),
            );
        }
        (select, login)
    }
}

fn one<T, E: Display>(
    wrong: &mut Vec<String>,
    name: &str,
    text: &Option<String>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    match parse(text.as_deref()?) {
        Ok(value) => Some(value),
        Err(e) => {
            wrong.push(format!("`select.{name}`: {e}."));
            None
        }
    }
}

/// A time to come, or a length of time from now.
pub fn until(text: &str, now: Timestamp) -> Option<Timestamp> {
    text.parse().ok().or_else(|| span(text).map(|d| now.plus(d))).filter(|at| *at > now)
}

/// A number and its unit.
fn span(s: &str) -> Option<Duration> {
    let digits = s.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match s.strip_prefix(digits)? {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let seconds = digits.parse::<u64>().ok()?.checked_mul(unit)?;
    (digits.bytes().all(|b| b.is_ascii_digit()) && seconds <= LONGEST_SPAN).then(|| Duration::from_secs(seconds))
}

/// Characters of what is typed for the record.
const LONGEST: usize = 1000;
/// Seconds of a hundred years: more is a slip.
const LONGEST_SPAN: u64 = 100 * 366 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    fn read(body: serde_json::Value) -> Result<Wanted, OrderError> {
        serde_json::from_value::<Ask>(body).unwrap().read(NOW, |app| &*app.0 == "wiki")
    }

    #[test]
    fn an_order_is_read_with_all_that_it_says() {
        let w = read(json!({
            "select": { "user": "Alice@Example.com", "network": "10.1.2.3/8", "app": "wiki" },
            "action": "step_up", "methods": ["totp"], "within": "15m", "if_no_method": "block",
            "reason": " alert ", "case": "INC-1"
        }))
        .unwrap();
        assert_eq!(w.select.user.unwrap().key, "alice@example.com");
        assert_eq!(w.select.network.unwrap().to_string(), "10.0.0.0/8");
        let until = Some(NOW.plus(Duration::from_secs(900)));
        let methods = [SecondFactor::Totp].into();
        assert_eq!(w.action, Action::StepUp { methods, until, if_no_method: NoMethod::Block });
        assert_eq!((w.reason.as_str(), w.case.as_deref()), ("alert", Some("INC-1")));
    }

    #[test]
    fn a_block_ends_at_a_time_or_after_one() {
        let until = |u: &str| read(json!({"select": {"everyone": true}, "action": "block", "until": u, "reason": "x"}));
        let want = |at| Action::Block { until: Some(at) };
        assert_eq!(until("8h").unwrap().action, want(NOW.plus(Duration::from_secs(28_800))));
        assert_eq!(until("2030-01-31T12:00:00Z").unwrap().action, want("2030-01-31T12:00:00Z".parse().unwrap()));
        for bad in ["1970-01-01T00:00:00Z", "soon", "0s", "99999999999999999999d", "40000d", "+8h"] {
            assert!(until(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let Err(OrderError::Invalid(wrong)) = read(json!({
            "select": { "user": "a b", "ip": "nowhere", "group": "", "app": "none", "session": "x" },
            "action": "sign_out", "within": "1m", "until": "1h", "reason": " "
        })) else {
            panic!("accepted")
        };
        for part in [
            "select.user",
            "select.ip",
            "select.group",
            "select.app",
            "select.session",
            "`within`",
            "`until`",
            "reason",
        ] {
            assert!(wrong.iter().any(|w| w.contains(part)), "{part} is not in {wrong:?}");
        }
        let Err(OrderError::Invalid(wrong)) = read(json!({"select": {}, "action": "sign_out", "reason": "x"})) else {
            panic!("accepted")
        };
        assert!(wrong[0].contains("names nobody"), "{wrong:?}");
    }
}
