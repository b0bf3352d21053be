//! An event as text: named fields, cleaned, and the one line that they become in the chain.

use super::clean;
use super::event::Event;
use crate::crypto::AuditKeys;
use crate::store::audit::AuditRow;
use crate::types::{Login, NodeId, Timestamp};
use serde_json::{Map, Value};

/// An event's fields. Nothing that a visitor typed is in them unescaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Without keys, names of nobody are left out.
    pub(super) fn of(event: &Event, keys: Option<&AuditKeys>) -> Self {
        let mut fields = match serde_json::to_value(event) {
            Ok(Value::Object(fields)) => fields,
            // An event is plain data with text keys; were this wrong, the line below would show it as an empty one.
            Ok(_) | Err(_) => Map::new(),
        };
        if let Event::SignIn { user: None, login, .. } = event {
            fields.insert("login".into(), of_nobody(login, keys).into());
        }
        Fields(fields.into_iter().map(|(k, v)| (k, cleaned(v))).collect())
    }

    /// As the log shows it.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(s) => Some(s.clone()),
            other => Some(other.to_string()),
        }
    }
    #[cfg(test)]
    pub(super) fn all(&self) -> &Map<String, Value> {
        &self.0
    }
}

/// A typed name that nobody has may be a password that landed in the wrong field.
fn of_nobody(login: &str, keys: Option<&AuditKeys>) -> String {
    let folded = Login::parse(login).map_or_else(|| login.trim().to_owned(), |l| l.key().to_owned());
    keys.map_or_else(|| "hmac:".into(), |k| format!("hmac:{}", k.name(&folded)))
}

fn cleaned(v: Value) -> Value {
    match v {
        Value::String(s) => Value::String(clean::text(&s).into_owned()),
        Value::Bool(_) | Value::Number(_) | Value::Null | Value::Array(_) | Value::Object(_) => v,
    }
}

/// Which policy was in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyStamp {
    /// `Policy::hash`.
    pub hash: String,
    /// Of the file's format.
    pub version: u32,
}

/// Where a line stands in the chain.
pub(super) struct Link<'a> {
    pub(super) node: NodeId,
    pub(super) seq: u64,
    /// SHA-256 of the line before, in hex.
    pub(super) prev: &'a str,
}

/// One line, without its end. `prev` comes last, so that a signature can follow it.
pub(super) fn compose(at: Timestamp, link: &Link<'_>, fields: &Fields, policy: Option<&PolicyStamp>) -> String {
    let Link { node, seq, prev } = link;
    let body = Value::Object(fields.0.clone()).to_string();
    let body = body.strip_prefix('{').and_then(|b| b.strip_suffix('}')).unwrap_or_default();
    let comma = if body.is_empty() { "" } else { "," };
    let mut line = format!(r#"{{"seq":{seq},"at":"{at}","node":"{node}"{comma}{body}"#);
    if let Some(PolicyStamp { hash, version }) = policy.filter(|p| !p.hash.is_empty()) {
        line.push_str(&format!(r#","policy":"{hash}","policy_version":{version}"#));
    }
    line.push_str(&format!(r#","prev":"{prev}"}}"#));
    line
}

/// What a line says of itself.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub(super) struct Said {
    pub(super) seq: u64,
    #[serde(deserialize_with = "time")]
    pub(super) at: Timestamp,
    pub(super) node: NodeId,
    pub(super) event: String,
    pub(super) prev: String,
    #[serde(default)]
    user: Option<crate::types::UserId>,
    #[serde(default)]
    by: Option<String>,
}

impl Said {
    pub(super) fn by(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }
    /// The line as the store keeps it.
    pub(super) fn row(self, line: String) -> AuditRow {
        let Said { seq, at, node, event: kind, user, by, .. } = self;
        let actor =
            by.unwrap_or_else(|| if OF_THE_GATEWAY.contains(&&*kind) { "gateway" } else { "person" }.to_owned());
        AuditRow { node, seq, at, kind, user, actor, line }
    }
}

fn time<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Timestamp, D::Error> {
    let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(d)?;
    text.parse().map_err(serde::de::Error::custom)
}

/// Nobody's doing but our own.
const OF_THE_GATEWAY: [&str; 7] = ["checkpoint", "failures", "lost", "repaired", "trimmed", "node", "throttle"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::outcome::SignIn;
    use crate::audit::{Source, outcome};
    use crate::crypto::keys::tests::ring;

    fn typed(login: &str, user: bool) -> Event {
        let user = user.then(|| crate::types::UserId::from_bytes([1; 16]));
        Event::SignIn { source: Source::default(), user, login: login.into(), outcome: SignIn::UnknownUser }
    }

    #[test]
    fn a_name_that_nobody_has_is_kept_as_a_keyed_hash() {
        let keys = AuditKeys::new(&ring());
        let login = |l: &str| Fields::of(&typed(l, false), Some(&keys)).text("login").unwrap();
        let hash = login("hunter2");
        assert!(hash.starts_with("hmac:") && hash.len() == 37 && !hash.contains("hunter2"), "{hash}");
        assert_eq!(login(" Hunter2 "), hash);
        assert_ne!(login("hunter3"), hash);
        assert_eq!(login(&"\u{202e}x".repeat(100_000)).len(), 37);
        assert_eq!(Fields::of(&typed("mia", true), Some(&keys)).text("login").unwrap(), "mia");
    }

    #[test]
    fn a_line_says_where_it_stands_and_which_policy_was_in_force() {
        let fields = Fields::of(&Event::Node { change: outcome::Node::Started }, None);
        let node = NodeId::from_bytes([2; 16]);
        let link = Link { node, seq: 7, prev: "00ff" };
        let policy = PolicyStamp { hash: "abc".into(), version: 1 };
        let line = compose(Timestamp::from_millis(1_709_251_199_007), &link, &fields, Some(&policy));
        insta::assert_snapshot!(line, @r#"{"seq":7,"at":"2024-02-29T23:59:59.007Z","node":"aibaeaqcaibaeaqcaibaeaqcai","change":"started","event":"node","policy":"abc","policy_version":1,"prev":"00ff"}"#);
        let said = Said::by(line.as_bytes()).unwrap();
        assert_eq!((said.seq, said.at.as_millis(), said.node), (7, 1_709_251_199_007, node));
        let row = said.row(line.clone());
        assert_eq!((row.kind.as_str(), row.actor.as_str(), row.user), ("node", "gateway", None));
        assert!(Said::by(b"{\"seq\":7}").is_none() && Said::by(&line.as_bytes()[1..]).is_none());
    }
}
