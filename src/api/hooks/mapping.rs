//! From the body that a tool sends to the orders that it means.
//!
//! Never wider than what was written: a selection whose path finds nothing is no order, instead of an order without it.

use super::expression::{Choice, Expression, Place, Scene, Trouble};
use crate::disconnect::AskSelect;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// How bodies are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// What in a body means an order; nothing found: none. `None`: the whole body does.
    pub each: Option<Place>,
    /// Whom it meets: all of them have to fit, as in an order.
    pub select: BTreeMap<Selector, Choice>,
    pub reason: Option<Choice>,
    pub case: Option<Choice>,
    /// What together names the event, so that a second delivery of it orders nothing.
    pub idempotency: Vec<Expression>,
}

/// A key of an order's selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selector {
    User,
    Session,
    Device,
    Ip,
    Network,
    Group,
    App,
}

/// What a body means.
#[derive(Clone, Debug, Default)]
pub struct Meaning {
    pub orders: Vec<Meant>,
    /// What could not be read, each in a sentence.
    pub troubles: Vec<String>,
}

/// One order.
#[derive(Clone, Debug)]
pub struct Meant {
    pub select: AskSelect,
    pub reason: Option<String>,
    pub case: Option<String>,
    /// The same for every delivery of the same event.
    pub key: String,
}

impl Selector {
    pub const ALL: [Selector; 7] = [
        Selector::User,
        Selector::Session,
        Selector::Device,
        Selector::Ip,
        Selector::Network,
        Selector::Group,
        Selector::App,
    ];
    pub fn name(self) -> &'static str {
        match self {
            Selector::User => "user",
            Selector::Session => "session",
            Selector::Device => "device",
            Selector::Ip => "ip",
            Selector::Network => "network",
            Selector::Group => "group",
            Selector::App => "app",
        }
    }
    fn put(self, select: &mut AskSelect, value: String) {
        let field = match self {
            Selector::User => &mut select.user,
            Selector::Session => &mut select.session,
            Selector::Device => &mut select.device,
            Selector::Ip => &mut select.ip,
            Selector::Network => &mut select.network,
            Selector::Group => &mut select.group,
            Selector::App => &mut select.app,
        };
        *field = Some(value);
    }
}

impl Mapping {
    /// `raw`: the bytes that `body` was read from; they name the event where nothing else does.
    pub fn read(&self, body: &Value, raw: &[u8]) -> Meaning {
        let whole = Scene { body, item: body };
        let items = self.each.as_ref().map_or_else(|| vec![body], |each| each.nodes(whole));
        let mut meaning = Meaning::default();
        for item in items {
            match self.item(Scene { body, item }, raw) {
                Ok(orders) => orders.into_iter().for_each(|order| meaning.add(order)),
                Err(trouble) => meaning.trouble(trouble),
            }
            if meaning.orders.len() > MOST {
                let trouble = format!("The body means more than {MOST} orders, so none of them was carried out.");
                return Meaning { orders: Vec::new(), troubles: vec![trouble] };
            }
        }
        meaning
    }

    /// Every combination of what the selections found.
    fn item(&self, scene: Scene<'_>, raw: &[u8]) -> Result<Vec<Meant>, String> {
        let mut selects = vec![AskSelect::default()];
        for (selector, choice) in &self.select {
            let told = |t: Trouble| format!("`select.{}`: {t}.", selector.name());
            let values = choice.values(scene).map_err(told)?;
            let with = |select: &AskSelect, value: &String| {
                let mut select = select.clone();
                selector.put(&mut select, value.clone());
                select
            };
            selects = selects.iter().flat_map(|s| values.iter().map(move |v| with(s, v))).take(MOST + 1).collect();
        }
        let text = |name: &str, choice: &Option<Choice>| {
            let value = choice.as_ref().map(|c| c.value(scene)).transpose();
            value.map(Option::flatten).map_err(|t| format!("`{name}`: {t}."))
        };
        let (reason, case) = (text("reason", &self.reason)?, text("case", &self.case)?);
        let event = self.event(scene, raw)?;
        let order = |select: AskSelect| {
            let key = key(&event, &select);
            Meant { select, reason: reason.clone().map(cut), case: case.clone().map(cut), key }
        };
        Ok(selects.into_iter().map(order).collect())
    }

    /// What names the event.
    fn event(&self, scene: Scene<'_>, raw: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let mut parts = Vec::new();
        for expression in &self.idempotency {
            match expression.value(scene).map_err(|t| format!("`idempotency`: {t}."))? {
                Some(value) => parts.push(value.into_bytes()),
                None => return Ok(vec![raw.to_vec()]),
            }
        }
        Ok(if parts.is_empty() { vec![raw.to_vec()] } else { parts })
    }
}

impl Meaning {
    /// Somebody may be named twice in a body.
    fn add(&mut self, order: Meant) {
        if !self.orders.iter().any(|o| o.select == order.select) {
            self.orders.push(order);
        }
    }
    fn trouble(&mut self, trouble: String) {
        if self.troubles.len() < TOLD && !self.troubles.contains(&trouble) {
            self.troubles.push(trouble);
        }
    }
}

/// The names at the top of a body, for who wrote the mapping: no value of it is told.
pub(super) fn outline(body: &Value) -> String {
    match body {
        Value::Object(fields) => {
            let mut names: Vec<String> = fields.keys().take(TOLD).map(|k| k.chars().take(40).collect()).collect();
            if fields.len() > TOLD {
                names.push("…".into());
            }
            format!("The body has: {}.", if names.is_empty() { "nothing".into() } else { names.join(", ") })
        }
        Value::Array(items) => format!("The body is a list of {}.", items.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => "The body is a single value.".into(),
    }
}

fn key(event: &[Vec<u8>], select: &AskSelect) -> String {
    let mut hash = Sha256::new();
    // plain data: it has a JSON form
    let whom = serde_json::to_vec(select).unwrap_or_default();
    for part in event.iter().chain([&whom]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    data_encoding::HEXLOWER.encode(&hash.finalize())
}

/// An order's texts have a limit, and a title of a thousand letters is no reason to let somebody stay.
fn cut(text: String) -> String {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().trim_end().to_owned()
}

/// Orders of one body.
pub const MOST: usize = 100;
/// Bytes.
const LONGEST: usize = 500;
/// Troubles, or names of a body, that are told.
const TOLD: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mapping(select: &[(Selector, &str)]) -> Mapping {
        let choice = |w: &&str| Choice(vec![w.parse().unwrap()]);
        Mapping { select: select.iter().map(|(s, w)| (*s, choice(w))).collect(), ..Mapping::default() }
    }

    fn read(m: &Mapping, body: &Value) -> Meaning {
        m.read(body, body.to_string().as_bytes())
    }

    #[test]
    fn a_list_means_one_order_each_and_selections_are_combined() {
        let m = mapping(&[(Selector::User, "$.users"), (Selector::Ip, "$.from[*]")]);
        let meaning = read(&m, &json!({ "users": ["a", "b", "a"], "from": ["192.0.2.1", "192.0.2.2"] }));
        let of = |o: &Meant| format!("{}@{}", o.select.user.clone().unwrap(), o.select.ip.clone().unwrap());
        let all: Vec<_> = meaning.orders.iter().map(of).collect();
        assert_eq!(all, ["a@192.0.2.1", "a@192.0.2.2", "b@192.0.2.1", "b@192.0.2.2"]);
    }

    #[test]
    fn a_selection_that_finds_nothing_is_no_wider_order() {
        let m = mapping(&[(Selector::User, "$.user"), (Selector::Ip, "$.ip")]);
        let meaning = read(&m, &json!({ "user": "a" }));
        assert!(meaning.orders.is_empty());
        assert_eq!(meaning.troubles, ["`select.ip`: `$.ip` found nothing."]);
    }

    #[test]
    fn what_each_does_not_find_is_ignored_and_what_it_finds_is_read_one_by_one() {
        let each = Some("$.events[?@.type == 'bad']".parse().unwrap());
        let m = Mapping { each, ..mapping(&[(Selector::User, ".who")]) };
        assert!(read(&m, &json!({ "events": [{ "type": "good", "who": "a" }] })).orders.is_empty());
        let mixed =
            json!({ "events": [{ "type": "bad", "who": "a" }, { "type": "bad" }, { "type": "bad", "who": "c" }] });
        let meaning = read(&m, &mixed);
        assert_eq!((meaning.orders.len(), meaning.troubles.len()), (2, 1));
    }

    #[test]
    fn a_hundred_orders_are_the_most() {
        let m = mapping(&[(Selector::User, "$.users")]);
        let body = |n: usize| json!({ "users": (0..n).map(|i| format!("u{i}")).collect::<Vec<_>>() });
        assert_eq!(read(&m, &body(MOST)).orders.len(), MOST);
        let meaning = read(&m, &body(MOST + 1));
        assert!(meaning.orders.is_empty() && meaning.troubles[0].contains("more than 100"), "{:?}", meaning.troubles);
    }

    #[test]
    fn one_event_has_one_key_for_each_person() {
        let m = Mapping { idempotency: vec!["$.id".parse().unwrap()], ..mapping(&[(Selector::User, "$.users")]) };
        let keys = |m: &Mapping, body: Value| read(m, &body).orders.into_iter().map(|o| o.key).collect::<Vec<_>>();
        let first = keys(&m, json!({ "id": 1, "users": ["a", "b"], "try": 1 }));
        assert_ne!(first[0], first[1]);
        assert_eq!(first, keys(&m, json!({ "id": "1", "users": ["a", "b"], "try": 2 })));
        assert_ne!(first, keys(&m, json!({ "id": 2, "users": ["a", "b"] })));
        // without an id the body itself names the event
        assert_ne!(keys(&m, json!({ "users": "a", "try": 1 })), keys(&m, json!({ "users": "a", "try": 2 })));
        assert_eq!(keys(&m, json!({ "users": "a", "try": 1 })), keys(&m, json!({ "users": "a", "try": 1 })));
    }

    #[test]
    fn a_title_without_end_is_cut_between_letters() {
        let m = Mapping { reason: Some(Choice(vec!["$.t".parse().unwrap()])), ..mapping(&[(Selector::User, "$.u")]) };
        let reason = read(&m, &json!({ "u": "a", "t": "é".repeat(900) })).orders[0].reason.clone().unwrap();
        assert!(reason.len() <= LONGEST && reason.ends_with('é'));
    }

    #[test]
    fn the_outline_of_a_body_names_keys_and_no_values() {
        assert_eq!(outline(&json!({ "result": "secret" })), "The body has: result.");
        assert_eq!(outline(&json!([1, 2])), "The body is a list of 2.");
        assert_eq!(outline(&json!("secret")), "The body is a single value.");
        assert!(outline(&Value::Object((0..99).map(|n| (n.to_string(), Value::Null)).collect())).ends_with(", …."));
    }
}
