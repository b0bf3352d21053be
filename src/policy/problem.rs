//! A mistake in a file that people edit: what is wrong, where, and what to do.
//!
//! Shared by policy and configuration; knows neither.

use std::fmt;
use std::sync::Arc;

/// A place in a file; line and column count from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    pub line: u32,
    pub column: u32,
}

/// One mistake, or one thing worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub file: Arc<str>,
    pub line: u32,
    pub column: u32,
    /// What is wrong, without a final stop.
    pub message: String,
    /// What to do, as sentences.
    pub remedy: String,
}

/// Worth knowing, stops nothing.
pub type Warning = Problem;

impl Problem {
    pub fn new(file: &Arc<str>, at: At, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        let At { line, column } = at;
        Problem { file: Arc::clone(file), line, column, message: message.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { file, line, column, message, remedy } = self;
        write!(f, "{file}:{line}:{column}: {message}. {remedy}")
    }
}

/// The candidate that was probably meant by `word`; `None` where none is close.
pub fn nearest<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let word = word.to_lowercase();
    let far = (word.chars().count() / 3).max(1);
    candidates.map(|c| (distance(&word, &c.to_lowercase()), c)).filter(|(d, _)| *d <= far).min().map(|(_, c)| c)
}

/// Levenshtein distance, a swap of neighbours counted once.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut last_a = None;
    for (i, ca) in a.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut left = i + 1;
        next.push(left);
        for (j, cb) in b.iter().enumerate() {
            let cell = |r: &[usize], j: usize| r.get(j).copied().unwrap_or(usize::MAX - 1);
            let mut d = (cell(&row, j) + usize::from(ca != *cb)).min(cell(&row, j + 1) + 1).min(left + 1);
            let swapped = j.checked_sub(1).is_some_and(|k| b.get(k) == Some(&ca)) && last_a == Some(*cb);
            if let (true, Some(k)) = (swapped, j.checked_sub(1)) {
                d = d.min(cell(&before, k) + 1);
            }
            next.push(d);
            left = d;
        }
        before = std::mem::replace(&mut row, next);
        last_a = Some(ca);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let keys = || ["require", "rules", "name", "networks", "methods"].into_iter();
        for (typed, meant) in [
            ("requre", Some("require")),
            ("Require", Some("require")),
            ("erquire", Some("require")),
            ("nmae", Some("name")),
            ("network", Some("networks")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(nearest(typed, keys()), meant, "{typed}");
        }
    }

    #[test]
    fn distances() {
        for (a, b, d) in [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("ab", "ba", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(a, b), d, "{a} {b}");
        }
    }
}
