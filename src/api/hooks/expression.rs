//! A value as a hook's mapping writes it: text, a JSONPath (RFC 9535), or text with paths in braces.
//!
//! `$.a.b` is looked for in the whole body, `.a.b` in the part of it that `each` found. Says what a path found in words
//! that name the path and never a value of the body: those are the people's.

use serde_json::Value;
use serde_json_path::JsonPath;
use std::fmt;
use std::str::FromStr;

/// Where in a body a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    from: From,
    path: JsonPath,
    /// As it was written.
    written: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Body,
    Item,
}

/// Text, a place, or text with places in braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(Place),
}

/// The first that finds something counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice(pub Vec<Expression>);

/// What paths are looked for in.
#[derive(Clone, Copy)]
pub(super) struct Scene<'b> {
    pub body: &'b Value,
    pub item: &'b Value,
}

/// Why a place gave no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    #[error("`{0}` found nothing")]
    Nothing(String),
    #[error("`{0}` found {1} where a text or a number is needed")]
    NotText(String, &'static str),
    #[error("`{0}` found {1} values where one is needed")]
    Several(String, usize),
}

impl Place {
    /// All that is there, in the body's order.
    pub(super) fn nodes<'b>(&self, scene: Scene<'b>) -> Vec<&'b Value> {
        let root = match self.from {
            From::Body => scene.body,
            From::Item => scene.item,
        };
        self.path.query(root).all()
    }
    /// Looks in the whole body.
    pub fn is_of_body(&self) -> bool {
        self.from == From::Body
    }
    /// Every text or number; those of a list one by one. Null and blank text are nothing.
    fn texts(&self, scene: Scene<'_>) -> Result<Vec<String>, Trouble> {
        let mut found = Vec::new();
        for node in self.nodes(scene) {
            match node {
                Value::Array(items) => items.iter().try_for_each(|item| self.text(item, &mut found))?,
                one => self.text(one, &mut found)?,
            }
        }
        Ok(found)
    }
    fn text(&self, node: &Value, found: &mut Vec<String>) -> Result<(), Trouble> {
        let kind = match node {
            Value::Null => return Ok(()),
            Value::String(s) => {
                found.extend(Some(s.trim()).filter(|s| !s.is_empty()).map(str::to_owned));
                return Ok(());
            }
            Value::Number(n) => {
                found.push(n.to_string());
                return Ok(());
            }
            Value::Bool(_) => "true or false",
            Value::Array(_) => "a list in a list",
            Value::Object(_) => "an object",
        };
        Err(Trouble::NotText(self.written.clone(), kind))
    }
}

impl Expression {
    /// None: a path found nothing. Several only of a path that stands alone.
    pub(super) fn values(&self, scene: Scene<'_>) -> Result<Vec<String>, Trouble> {
        if let [Piece::Place(place)] = self.0.as_slice() {
            return place.texts(scene);
        }
        let mut whole = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => whole.push_str(text),
                Piece::Place(place) => match place.texts(scene)?.as_slice() {
                    [] => return Ok(Vec::new()),
                    [one] => whole.push_str(one),
                    several => return Err(Trouble::Several(place.written.clone(), several.len())),
                },
            }
        }
        Ok(vec![whole])
    }
    /// `None` as above.
    pub(super) fn value(&self, scene: Scene<'_>) -> Result<Option<String>, Trouble> {
        let mut all = self.values(scene)?;
        match all.len() {
            0 | 1 => Ok(all.pop()),
            n => Err(Trouble::Several(self.to_string(), n)),
        }
    }
}

impl Choice {
    pub(super) fn values(&self, scene: Scene<'_>) -> Result<Vec<String>, Trouble> {
        for expression in &self.0 {
            let found = expression.values(scene)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Err(Trouble::Nothing(self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("`, `")))
    }
    pub(super) fn value(&self, scene: Scene<'_>) -> Result<Option<String>, Trouble> {
        for expression in &self.0 {
            if let Some(found) = expression.value(scene)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(written: &str) -> Result<Self, String> {
        let (from, path) = match written.chars().next() {
            Some('$') => (From::Body, written.to_owned()),
            Some('.') if written == "." => (From::Item, "$".to_owned()),
            Some('.') => (From::Item, format!("${written}")),
            Some(_) | None => {
                return Err("a path begins with `$` (the body) or `.` (what `each` found)".into());
            }
        };
        let path = JsonPath::parse(&path).map_err(|e| format!("not a JSONPath: {e}"))?;
        Ok(Place { from, path, written: written.to_owned() })
    }
}

impl FromStr for Expression {
    type Err = String;

    fn from_str(written: &str) -> Result<Self, String> {
        if written.starts_with(['$', '.']) {
            return Ok(Expression(vec![Piece::Place(written.parse()?)]));
        }
        let mut pieces = Vec::new();
        let mut rest = written;
        while let Some((text, after)) = rest.split_once('{') {
            if !text.is_empty() {
                pieces.push(Piece::Text(text.to_owned()));
            }
            let (path, after) = braced(after).ok_or("a brace is opened and not closed")?;
            pieces.push(Piece::Place(path.parse()?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        if pieces.is_empty() { Err("empty".into()) } else { Ok(Expression(pieces)) }
    }
}

/// Up to the closing brace that is not inside quotes, and what follows it.
fn braced(text: &str) -> Option<(&str, &str)> {
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), c) if q == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '}') => return Some((text.get(..at)?, text.get(at + 1..)?)),
            (Some(_) | None, _) => {}
        }
    }
    None
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alone = self.0.len() == 1;
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Place(place) if alone => write!(f, "{place}"),
            Piece::Place(place) => write!(f, "{{{place}}}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn values(written: &str) -> Result<Vec<String>, String> {
        let body = json!({ "name": " alice ", "n": 7, "none": null, "blank": " ", "yes": true,
            "all": ["a", "b", 3], "deep": [["x"]], "o": { "k": "v" }, "items": [{ "id": "one" }, { "id": "two" }] });
        let scene = Scene { body: &body, item: &body["items"][1] };
        written.parse::<Expression>()?.values(scene).map_err(|t| t.to_string())
    }

    #[test]
    fn a_path_gives_every_text_and_number_it_finds() {
        let good = |written: &str, want: &[&str]| {
            assert_eq!(values(written), Ok(want.iter().map(ToString::to_string).collect()), "{written}");
        };
        good("$.name", &["alice"]);
        good("$.n", &["7"]);
        good("$.all", &["a", "b", "3"]);
        good("$.items[*].id", &["one", "two"]);
        good(".id", &["two"]);
        good("$.items[?@.id == 'one'].id", &["one"]);
        good("$.items[?(@.id == \"one\")].id", &["one"]);
        good("everybody", &["everybody"]);
        good("{.id}@{$.name}.example", &["two@alice.example"]);
        good("{$.items[?@.id == '}'].id}x", &[]);
        for nothing in ["$.none", "$.blank", "$.missing", ".missing", "a {$.missing}"] {
            good(nothing, &[]);
        }
    }

    #[test]
    fn what_is_no_text_is_told_by_its_path_and_not_by_its_value() {
        let told = |written: &str| values(written).unwrap_err();
        assert_eq!(told("$.o"), "`$.o` found an object where a text or a number is needed");
        assert_eq!(told("$.deep"), "`$.deep` found a list in a list where a text or a number is needed");
        assert_eq!(told("$.yes"), "`$.yes` found true or false where a text or a number is needed");
        assert_eq!(told("x{$.all}"), "`$.all` found 3 values where one is needed");
    }

    #[test]
    fn what_is_no_path_is_refused_when_it_is_read() {
        for bad in ["$.", "$[", "x {$.a", "x {a}", "", "$.a[?@.b =]", "..["] {
            assert!(bad.parse::<Expression>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_first_that_finds_something_counts() {
        let body = json!({ "name": "alice" });
        let scene = Scene { body: &body, item: &body };
        let choice = |all: &[&str]| Choice(all.iter().map(|w| w.parse().unwrap()).collect());
        assert_eq!(choice(&["{$.name}@{$.host}", "$.name"]).values(scene), Ok(vec!["alice".to_string()]));
        assert_eq!(choice(&["$.a", "x{$.b}"]).values(scene).unwrap_err().to_string(), "`$.a`, `x{$.b}` found nothing");
        assert_eq!(choice(&["$.a"]).value(scene), Ok(None));
    }
}
