//! YAML text → a tree of texts, lists and maps, each with its place. The only module that speaks to the YAML library.
//!
//! Nothing is interpreted here: `on`, `1` and `30s` are all text, as written, so that the reader can say what is wrong
//! with each of them at its place, and no mistake hides another one. What is no YAML at all ends at its first fault.

use super::problem::{At, Problem};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_yaml::{Location, Options, Spanned};
use std::fmt;
use std::sync::Arc;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub at: At,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    Text(String),
    List(Vec<Node>),
    /// In the file's order; a key may stand there twice.
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub at: At,
    pub name: String,
}

/// Reads one document; an empty file is `Null`.
pub fn parse(file: &Arc<str>, text: &str) -> Result<Node, Problem> {
    let blank = |l: &str| l.trim().is_empty() || l.trim_start().starts_with('#');
    if text.lines().all(blank) {
        return Ok(Node { at: At { line: 1, column: 1 }, value: Value::Null });
    }
    match serde_yaml::from_str_with_options::<Spanned<Tree>>(text, options()) {
        Ok(tree) => Ok(node(tree, text)),
        Err(e) => {
            let e = e.without_snippet();
            let at = e.location().map_or(At { line: 1, column: 1 }, place);
            let message =
                e.to_string().split(['\n', '\r']).next().unwrap_or_default().trim_end_matches('.').to_string();
            Err(Problem::new(file, at, format!("not readable as YAML: {message}"), "Mend this place first."))
        }
    }
}

/// The tree as the library gives it, before places and plain scalars are settled.
enum Tree {
    Null,
    /// A plain scalar that YAML takes for a boolean or number: its text is read from the source.
    Plain(String),
    Text(String),
    List(Vec<Spanned<Tree>>),
    Map(Vec<(Spanned<String>, Spanned<Tree>)>),
}

fn options() -> Options {
    serde_yaml::options! {
        strict_booleans: true,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        reject_unsupported_tags: true,
        with_snippet: false,
        // room for ten thousand rules; the depth is what protects the stack
        budget: serde_yaml::budget! { max_nodes: 2_000_000, max_events: 4_000_000, max_depth: 32 },
    }
}

fn node(tree: Spanned<Tree>, source: &str) -> Node {
    let value = match tree.value {
        Tree::Null => Value::Null,
        Tree::Plain(read) => Value::Text(written(tree.defined, source).unwrap_or(read)),
        Tree::Text(t) => Value::Text(t),
        Tree::List(items) => Value::List(items.into_iter().map(|i| node(i, source)).collect()),
        Tree::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(k, v)| (Key { at: place(k.referenced), name: k.value }, node(v, source)))
                .collect(),
        ),
    };
    Node { at: place(tree.referenced), value }
}

fn place(l: Location) -> At {
    let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    At { line: narrow(l.line()), column: narrow(l.column()) }
}

/// The scalar as it stands in the source: `007` stays `007`.
fn written(l: Location, source: &str) -> Option<String> {
    let start = usize::try_from(l.span().byte_offset()?).ok()?;
    let len = usize::try_from(l.span().byte_len()?).ok()?;
    let text = source.get(start..start.checked_add(len)?)?.trim();
    (!text.is_empty() && !text.starts_with(['&', '!'])).then(|| text.to_string())
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }
    fn visit_bool<E>(self, v: bool) -> Result<Tree, E> {
        Ok(Tree::Plain(v.to_string()))
    }
    fn visit_i64<E>(self, v: i64) -> Result<Tree, E> {
        Ok(Tree::Plain(v.to_string()))
    }
    fn visit_u64<E>(self, v: u64) -> Result<Tree, E> {
        Ok(Tree::Plain(v.to_string()))
    }
    fn visit_i128<E>(self, v: i128) -> Result<Tree, E> {
        Ok(Tree::Plain(v.to_string()))
    }
    fn visit_u128<E>(self, v: u128) -> Result<Tree, E> {
        Ok(Tree::Plain(v.to_string()))
    }
    fn visit_f64<E>(self, v: f64) -> Result<Tree, E> {
        Ok(Tree::Plain(v.to_string()))
    }
    fn visit_str<E>(self, v: &str) -> Result<Tree, E> {
        Ok(Tree::Text(v.to_string()))
    }
    fn visit_string<E>(self, v: String) -> Result<Tree, E> {
        Ok(Tree::Text(v))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut a: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(i) = a.next_element()? {
            items.push(i);
        }
        Ok(Tree::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut a: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(e) = a.next_entry()? {
            entries.push(e);
        }
        Ok(Tree::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Node {
        parse(&Arc::from("t.yaml"), text).unwrap()
    }
    fn at(line: u32, column: u32) -> At {
        At { line, column }
    }

    #[test]
    fn scalars_stay_as_written() {
        let Value::List(items) = tree("[on, Off, true, 007, 1e3, 30s, 0x1F, 'a', \"b\", 1_000, ~, .5]").value else {
            panic!("no list")
        };
        let text = |s: &str| Value::Text(s.to_string());
        let want = ["on", "Off", "true", "007", "1e3", "30s", "0x1F", "a", "b", "1_000", "~", ".5"];
        for (item, want) in items.into_iter().zip(want) {
            assert_eq!(item.value, if want == "~" { Value::Null } else { text(want) });
        }
    }

    #[test]
    fn everything_has_its_place() {
        let Value::Map(m) = tree("a: 1\nb:\n  - x\n  - { c: y }\na: 2\n").value else { panic!("no map") };
        assert_eq!(
            m.iter().map(|(k, _)| (k.name.as_str(), k.at.line)).collect::<Vec<_>>(),
            [("a", 1), ("b", 2), ("a", 5)]
        );
        assert_eq!((m[0].0.at, m[0].1.at), (at(1, 1), at(1, 4)));
        let Value::List(l) = &m[1].1.value else { panic!("no list") };
        assert_eq!(l[0].at, at(3, 5));
        let Value::Map(inner) = &l[1].value else { panic!("no map") };
        assert_eq!((inner[0].0.at, inner[0].1.at), (at(4, 7), at(4, 10)));
    }

    #[test]
    fn an_alias_is_placed_where_it_is_used() {
        let Value::Map(m) = tree("a: &x 10\nb: *x\n").value else { panic!("no map") };
        assert_eq!(m[1].1, Node { at: at(2, 4), value: Value::Text("10".into()) });
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        let bad = |t: &str| parse(&Arc::from("t.yaml"), t).map_err(|p| p.line);
        assert_eq!(bad("a: 1\nb: [1, 2\nc: 3\n").map(|_| ()), Err(3));
        assert_eq!(bad("a: !include other.yaml\n").map(|_| ()), Err(1));
        assert!(bad("a: 1\n---\nb: 2\n").is_err());
        assert!(bad(&format!("a: {}1{}", "[".repeat(100), "]".repeat(100))).is_err());
        assert_eq!(tree("# nothing\n\n").value, Value::Null);
    }
}
