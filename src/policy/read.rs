//! Walks a tree and turns it into values, noting every mistake with its place instead of stopping at the first.
//!
//! Which keys exist is one table of dotted paths (`a.b`, `list[].c`, `free.*`), handed in; it drives the check for unknown
//! keys, so a key that is not in the table cannot be read by accident.

use super::problem::{At, Problem, nearest};
use super::raw::{Node, Value};
use std::cell::RefCell;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// Collects what is wrong in one file.
pub struct Reader {
    pub file: Arc<str>,
    keys: &'static [&'static str],
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
}

/// A map whose keys are known.
#[derive(Clone, Copy)]
pub struct Section<'r> {
    pub at: At,
    reader: &'r Reader,
    path: &'static str,
    entries: &'r [(super::raw::Key, Node)],
}

/// One value, not yet read.
#[derive(Clone, Copy)]
pub struct Field<'r> {
    pub at: At,
    reader: &'r Reader,
    node: &'r Node,
    path: &'static str,
}

impl Reader {
    pub fn new(file: &str, keys: &'static [&'static str]) -> Self {
        Reader { file: Arc::from(file), keys, problems: RefCell::default(), warnings: RefCell::default() }
    }
    pub fn root<'r>(&'r self, node: &'r Node) -> Section<'r> {
        Field { at: node.at, reader: self, node, path: "" }.section()
    }
    pub fn problem(&self, at: At, message: impl Into<String>, remedy: impl Into<String>) {
        self.problems.borrow_mut().push(Problem::new(&self.file, at, message, remedy));
    }
    pub fn warn(&self, at: At, message: impl Into<String>, remedy: impl Into<String>) {
        self.warnings.borrow_mut().push(Problem::new(&self.file, at, message, remedy));
    }
    /// Problems and warnings, each in file order.
    pub fn finish(self) -> (Vec<Problem>, Vec<Problem>) {
        let sorted = |list: RefCell<Vec<Problem>>| {
            let mut list = list.into_inner();
            list.sort_by_key(|p| (p.line, p.column));
            list
        };
        (sorted(self.problems), sorted(self.warnings))
    }

    /// The table's path of `name` under `path`; `None`: there is no such key.
    fn child(&self, path: &'static str, name: &str) -> Option<&'static str> {
        self.keys.iter().find_map(|key| {
            let rest = below(key, path)?;
            let tail = rest.strip_prefix(name).or_else(|| rest.strip_prefix('*'))?;
            let whole = tail.is_empty() || tail.starts_with('.') || tail.starts_with("[]");
            if whole { key.get(..key.len().checked_sub(tail.len())?) } else { None }
        })
    }
    /// The table's path of the items of the list at `path`; `None`: its items have no keys.
    fn item(&self, path: &'static str) -> Option<&'static str> {
        self.keys.iter().find_map(|key| {
            let tail = key.strip_prefix(path)?.strip_prefix("[]")?;
            key.get(..key.len().checked_sub(tail.len())?)
        })
    }
    /// The keys that may stand right under `path`, in the table's order.
    fn children(&self, path: &'static str) -> Vec<&'static str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.keys.iter().filter_map(|k| below(k, path)).filter_map(|r| r.split(['.', '[']).next()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// What stands in `key` below `path`.
fn below(key: &'static str, path: &str) -> Option<&'static str> {
    if path.is_empty() { Some(key) } else { key.strip_prefix(path)?.strip_prefix('.') }
}

impl<'r> Section<'r> {
    /// `None`: the key is not there. One that is there without a value counts.
    pub fn field(&self, name: &str) -> Option<Field<'r>> {
        let path = self.reader.child(self.path, name);
        debug_assert!(path.is_some(), "{name} is missing in the table of keys under {:?}", self.path);
        let (_, node) = self.entries.iter().find(|(k, _)| k.name == name)?;
        Some(Field { at: node.at, reader: self.reader, node, path: path? })
    }
    /// The section of that name; an empty one where it is not there.
    pub fn section(&self, name: &str) -> Section<'r> {
        let path = self.reader.child(self.path, name).unwrap_or(self.path);
        self.field(name).map_or(Section { entries: &[], path, ..*self }, |f| f.section())
    }
    /// Like `field`, and a problem where it is missing.
    pub fn required(&self, name: &str, remedy: &str) -> Option<Field<'r>> {
        let field = self.field(name);
        if field.is_none() {
            self.reader.problem(self.at, format!("`{name}` is missing"), remedy);
        }
        field
    }
    /// Every entry: name, place of the name, value.
    pub fn all(&self) -> impl Iterator<Item = (&'r str, At, Field<'r>)> + use<'r> {
        let Section { reader, path, .. } = *self;
        self.entries.iter().map(move |(k, node)| {
            let path = reader.child(path, &k.name).unwrap_or(path);
            (k.name.as_str(), k.at, Field { at: node.at, reader, node, path })
        })
    }

    fn check_keys(&self) {
        for (n, (key, _)) in self.entries.iter().enumerate() {
            if self.entries.iter().take(n).any(|(k, _)| k.name == key.name) {
                let message = format!("`{}` stands here for the second time", key.name);
                self.reader.problem(key.at, message, "Keep one of the two.");
            } else if self.reader.child(self.path, &key.name).is_none() {
                let known = self.reader.children(self.path);
                let remedy = match nearest(&key.name, known.iter().copied()) {
                    Some(meant) => format!("Did you mean `{meant}`?"),
                    None => format!("Known here: {}.", known.join(", ")),
                };
                let place = if self.path.is_empty() { String::new() } else { format!(" under `{}`", self.path) };
                self.reader.problem(key.at, format!("unknown key `{}`{place}", key.name), remedy);
            }
        }
    }
}

impl<'r> Field<'r> {
    pub fn problem(&self, message: impl Into<String>, remedy: impl Into<String>) {
        self.reader.problem(self.at, message, remedy);
    }
    pub fn warn(&self, message: impl Into<String>, remedy: impl Into<String>) {
        self.reader.warn(self.at, message, remedy);
    }
    pub fn is_text(&self) -> bool {
        matches!(self.node.value, Value::Text(_))
    }
    /// A map; nothing counts as an empty one. Anything else is a problem, and an empty map.
    pub fn section(&self) -> Section<'r> {
        let entries: &[_] = match &self.node.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            Value::Text(_) | Value::List(_) => {
                let known = self.reader.children(self.path);
                self.wrong_type("a map of keys", &format!("Keys known here: {}.", known.join(", ")));
                &[]
            }
        };
        let section = Section { at: self.at, reader: self.reader, path: self.path, entries };
        section.check_keys();
        section
    }
    /// The items of a list; a single value counts as a list of one, nothing as an empty one.
    pub fn list(&self) -> Vec<Field<'r>> {
        let path = self.reader.item(self.path).unwrap_or(self.path);
        let field = |node: &'r Node| Field { at: node.at, reader: self.reader, node, path };
        match &self.node.value {
            Value::List(items) => items.iter().map(field).collect(),
            Value::Null => Vec::new(),
            Value::Text(_) | Value::Map(_) => vec![field(self.node)],
        }
    }
    pub fn text(&self) -> Option<&'r str> {
        match &self.node.value {
            Value::Text(t) => Some(t),
            Value::Null | Value::List(_) | Value::Map(_) => {
                self.wrong_type("one value", "Write it on the same line, after the colon.");
                None
            }
        }
    }
    /// A text that `parse` takes; its error is the message, `remedy` what to do.
    pub fn parse<T, E: Display>(&self, parse: impl FnOnce(&str) -> Result<T, E>, remedy: &str) -> Option<T> {
        let text = self.text()?;
        match parse(text) {
            Ok(v) => Some(v),
            Err(e) => {
                self.problem(format!("`{}`: {e}", shown(text)), remedy);
                None
            }
        }
    }
    /// Every item of a list by `parse`; the good ones are returned, the bad ones are problems.
    pub fn parse_all<T, E: Display>(&self, parse: impl Fn(&str) -> Result<T, E>, remedy: &str) -> Vec<T> {
        self.list().iter().filter_map(|i| i.parse(&parse, remedy)).collect()
    }
    /// One of several words.
    pub fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let hit = words.iter().find(|(w, _)| *w == text).map(|(_, v)| *v);
        if hit.is_none() {
            let all: Vec<String> = words.iter().map(|(w, _)| format!("`{w}`")).collect();
            let remedy = match nearest(text, words.iter().map(|(w, _)| *w)) {
                Some(meant) => format!("Did you mean `{meant}`?"),
                None => format!("Write {}.", all.join(" or ")),
            };
            self.problem(format!("`{}` is not one of the values of `{}`", shown(text), self.name()), remedy);
        }
        hit
    }
    /// `true` and `false`, in every spelling that people use.
    pub fn switch(&self) -> Option<bool> {
        let text = self.text()?;
        match text.to_ascii_lowercase().as_str() {
            "true" | "on" | "yes" => Some(true),
            "false" | "off" | "no" => Some(false),
            _ => {
                let message = format!("`{}` is neither true nor false", shown(text));
                self.problem(message, "Write `true` or `false`.");
                None
            }
        }
    }
    /// A whole number within `range`.
    pub fn whole(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let text = self.text()?;
        let n = text.parse().ok().filter(|n| range.contains(n));
        if n.is_none() {
            let (from, to) = (range.start(), range.end());
            let remedy = match from == to {
                true => format!("Write `{from}`."),
                false => format!("Write a whole number from {from} to {to}."),
            };
            self.problem(format!("`{}` is not a number that `{}` can have", shown(text), self.name()), remedy);
        }
        n
    }
    /// A number and its unit, such as `30s`.
    pub fn duration(&self, range: RangeInclusive<Duration>) -> Option<Duration> {
        let text = self.text()?;
        let (from, to) = (in_words(*range.start()), in_words(*range.end()));
        let remedy = format!("Write a number and its unit (ms, s, m, h, d), from {from} to {to}.");
        match duration(text) {
            Some(d) if range.contains(&d) => Some(d),
            Some(_) => {
                self.problem(format!("`{}` is out of range for `{}`", shown(text), self.name()), remedy);
                None
            }
            None => {
                self.problem(format!("`{}` is not a length of time", shown(text)), remedy);
                None
            }
        }
    }
    /// Bytes: a number, perhaps with KiB, MiB or GiB.
    pub fn size(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let text = self.text()?;
        let n = size(text).filter(|n| range.contains(n));
        if n.is_none() {
            let remedy = format!(
                "Write a number of bytes, KiB, MiB or GiB, such as `64KiB`, from {} to {} bytes.",
                range.start(),
                range.end()
            );
            self.problem(format!("`{}` is not a size that `{}` can have", shown(text), self.name()), remedy);
        }
        n
    }
    /// The last key of the path.
    fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or_default()
    }
    fn wrong_type(&self, wanted: &str, remedy: &str) {
        let found = match &self.node.value {
            Value::Null => "nothing",
            Value::Text(_) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        };
        let what = match (self.name(), self.name().strip_suffix("[]")) {
            ("", _) => "the file".to_string(),
            (_, Some(list)) => format!("an entry of `{list}`"),
            (name, None) => format!("`{name}`"),
        };
        self.problem(format!("{what} needs {wanted}, and {found} stands here"), remedy);
    }
}

/// Cut to a length that fits in a line, without control characters.
pub fn shown(s: &str) -> String {
    let clean = s.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c });
    if s.chars().count() > 60 { clean.take(60).chain(['…']).collect() } else { clean.collect() }
}

fn duration(s: &str) -> Option<Duration> {
    let (n, unit) = split_unit(s)?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(n.checked_mul(millis)?))
}

fn size(s: &str) -> Option<u64> {
    let (n, unit) = split_unit(s)?;
    let shift = match unit {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return None,
    };
    n.checked_mul(1 << shift)
}

fn split_unit(s: &str) -> Option<(u64, &str)> {
    let end = s.find(|c: char| !c.is_ascii_digit()).unwrap_or(s.len());
    let (n, unit) = s.split_at_checked(end)?;
    Some((n.parse().ok()?, unit.trim_start()))
}

fn in_words(d: Duration) -> String {
    let ms = d.as_millis();
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)] {
        if ms >= size && ms.is_multiple_of(size) {
            return format!("{}{unit}", ms / size);
        }
    }
    format!("{ms}ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_sizes() {
        for (s, ms) in [("30s", 30_000), ("1h", 3_600_000), ("7d", 604_800_000), ("250ms", 250), ("5 m", 300_000)] {
            assert_eq!(duration(s), Some(Duration::from_millis(ms)), "{s}");
        }
        for s in ["30", "", "s", "-1s", "1.5h", "1h30m", "99999999999999999999s", "999999999999999999d", "1S"] {
            assert_eq!(duration(s), None, "{s}");
        }
        for (s, n) in [("100", 100), ("64KiB", 65_536), ("1 MiB", 1 << 20), ("1GiB", 1 << 30)] {
            assert_eq!(size(s), Some(n), "{s}");
        }
        for s in ["64kb", "", "MiB", "99999999999999999GiB"] {
            assert_eq!(size(s), None, "{s}");
        }
        assert_eq!(in_words(Duration::from_secs(90)), "90s");
        assert_eq!(in_words(Duration::from_secs(86_400)), "1d");
    }

    #[test]
    fn the_table_decides_which_keys_exist() {
        let r = Reader::new("t", &["a.b", "list[].c", "list[].deep.d", "free.*", "plain"]);
        assert_eq!(r.children(""), ["a", "list", "free", "plain"]);
        assert_eq!(r.child("", "a"), Some("a"));
        assert_eq!(r.child("a", "b"), Some("a.b"));
        assert_eq!(r.child("", "list"), Some("list"));
        assert_eq!(r.item("list"), Some("list[]"));
        assert_eq!(r.children("list[]"), ["c", "deep"]);
        assert_eq!(r.child("list[]", "deep"), Some("list[].deep"));
        assert_eq!(r.child("free", "anything"), Some("free.*"));
        assert_eq!(r.child("", "pla"), None);
        assert_eq!(r.child("a", "plain"), None);
        assert_eq!(r.item("plain"), None);
    }
}
