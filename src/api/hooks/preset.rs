//! What the bodies of common tools mean. The configuration can override each of it; what happens to the people it says itself.

use super::expression::{Choice, Expression, Place};
use super::mapping::{Mapping, Selector};
use std::str::FromStr;

/// A tool whose body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The alert action *Webhook*.
    Splunk,
    /// The body of the trigger *Microsoft Sentinel incident*, passed on by a Logic App.
    Sentinel,
    /// A webhook connector of Kibana with the body of the recipes.
    Elastic,
    /// Webhook subscriptions, version 3.
    PagerDuty,
    /// Event hooks.
    Okta,
    /// Smart group membership changes: a device joined the group of those that do not comply.
    Jamf,
}

/// How a tool signs what it sends: the header holds one or several signatures, each behind this prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    pub header: &'static str,
    pub prefix: &'static str,
}

impl Preset {
    pub const ALL: [(&'static str, Preset); 6] = [
        ("splunk", Preset::Splunk),
        ("sentinel", Preset::Sentinel),
        ("elastic", Preset::Elastic),
        ("pagerduty", Preset::PagerDuty),
        ("okta", Preset::Okta),
        ("jamf", Preset::Jamf),
    ];

    pub fn mapping(self) -> Mapping {
        let written = self.written();
        let choice = |all: &[&str]| Choice(all.iter().map(|w| sound::<Expression>(w)).collect());
        Mapping {
            each: written.each.map(sound::<Place>),
            select: [(Selector::User, choice(written.user))].into(),
            reason: Some(choice(&[written.reason])),
            case: written.case.map(|w| choice(&[w])),
            idempotency: written.idempotency.iter().map(|w| sound(w)).collect(),
        }
    }
    /// `Some`: what it sends is signed, and a delivery without a right signature is none.
    pub fn signs(self) -> Option<Signs> {
        match self {
            Preset::PagerDuty => Some(Signs { header: "x-pagerduty-signature", prefix: "v1=" }),
            Preset::Splunk | Preset::Sentinel | Preset::Elastic | Preset::Okta | Preset::Jamf => None,
        }
    }
    /// The header of a GET whose value it wants back, once, before it sends anything.
    pub fn challenge(self) -> Option<&'static str> {
        match self {
            Preset::Okta => Some("x-okta-verification-challenge"),
            Preset::Splunk | Preset::Sentinel | Preset::Elastic | Preset::PagerDuty | Preset::Jamf => None,
        }
    }

    fn written(self) -> Written {
        match self {
            Preset::Splunk => Written {
                each: None,
                user: &["$.result.user"],
                reason: "Splunk: {$.search_name}",
                case: Some("$.sid"),
                idempotency: &["$.sid"],
            },
            Preset::Sentinel => Written {
                each: Some("$.object.properties.relatedEntities[?@.kind == 'Account']"),
                user: &["{.properties.accountName}@{.properties.upnSuffix}", ".properties.accountName"],
                reason: "Microsoft Sentinel: {$.object.properties.title}",
                case: Some("$.object.properties.incidentNumber"),
                // an incident that changes is sent again, and means a new order
                idempotency: &["$.object.id", "$.object.properties.lastModifiedTimeUtc"],
            },
            Preset::Elastic => Written {
                each: Some("$.alerts[?@.user && @.user != '']"),
                user: &[".user"],
                reason: "Elastic: {$.rule}",
                case: Some(".id"),
                idempotency: &[".id"],
            },
            Preset::PagerDuty => Written {
                each: Some("$[?@.event_type == 'incident.triggered']"),
                // who sends the event to PagerDuty says by `dedup_key` whom it is about
                user: &[".data.incident_key"],
                reason: "PagerDuty: {.data.title}",
                case: Some(".data.id"),
                idempotency: &[".id"],
            },
            Preset::Okta => Written {
                each: Some("$.data.events[?@.target[?@.type == 'User']]"),
                user: &[".target[?@.type == 'User'].alternateId"],
                reason: "Okta: {.displayMessage}",
                case: Some(".uuid"),
                idempotency: &[".uuid"],
            },
            Preset::Jamf => Written {
                each: Some("$.event.groupAddedDevices[?@.username && @.username != '']"),
                user: &[".username"],
                reason: "Jamf Pro: a device joined the group {$.event.name}",
                case: None,
                idempotency: &["$.webhook.id", "$.webhook.eventTimestamp", "$.event.jssid"],
            },
        }
    }
}

struct Written {
    each: Option<&'static str>,
    /// The first that finds something counts.
    user: &'static [&'static str],
    reason: &'static str,
    case: Option<&'static str>,
    idempotency: &'static [&'static str],
}

#[expect(clippy::expect_used, reason = "every preset is read by a test")]
fn sound<T: FromStr<Err = String>>(written: &str) -> T {
    written.parse().expect("a preset's paths are sound")
}
