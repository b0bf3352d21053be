//! Which rules can match a request at all, in the file's order, without looking at the others.
//!
//! Each rule lies in one kind of bucket: by its paths, else its apps, else its hosts, else with the rest. Nothing is
//! allocated for a decision.

use super::condition::PathTest;
use super::rule::Rule;
use crate::types::{AppName, Host, Inbound};
use std::collections::HashMap;

/// Buckets of positions in the list of rules, each in ascending order.
#[derive(Debug, Default)]
pub struct Index {
    plain: HashMap<String, Vec<u32>>,
    /// The same for apps whose upstream folds case.
    folded: HashMap<String, Vec<u32>>,
    by_app: HashMap<AppName, Vec<u32>>,
    by_host: HashMap<Host, Vec<u32>>,
    rest: Vec<u32>,
    /// The most slashes in an indexed path; deeper prefixes of a request are not looked up.
    depth: usize,
}

/// Paths with more segments lie with the rest, so that a decision's lists fit in a fixed array.
const DEEPEST: usize = 16;
/// Prefixes by depth, the whole path, app, host, rest.
const LISTS: usize = DEEPEST + 5;

impl Index {
    pub fn new(rules: &[Rule]) -> Self {
        let mut index = Index::default();
        for (n, rule) in (0u32..).zip(rules) {
            index.add(n, rule);
        }
        index
    }
    /// Positions of the rules that may match, ascending, each once.
    pub fn candidates<'i>(&'i self, r: &Inbound) -> Candidates<'i> {
        let map = if r.path.is_folded() { &self.folded } else { &self.plain };
        let path = r.path.judged();
        let prefixes = path.match_indices('/').map(|(i, _)| i).take(self.depth + 1).filter_map(|i| path.get(..i));
        let by_path = prefixes.chain([path]).filter_map(|p| map.get(p));
        let others = [self.by_app.get(&r.app), self.by_host.get(&r.origin.host), Some(&self.rest)];
        let mut lists: [&[u32]; LISTS] = [&[]; LISTS];
        for (slot, list) in lists.iter_mut().zip(by_path.chain(others.into_iter().flatten())) {
            *slot = list;
        }
        Candidates { lists }
    }

    fn add(&mut self, n: u32, rule: &Rule) {
        let c = &rule.condition;
        let keys: Option<Vec<(&str, &str)>> = c.paths.iter().map(key).collect();
        match keys {
            Some(keys) if !keys.is_empty() => {
                for (plain, folded) in keys {
                    self.depth = self.depth.max(slashes(plain));
                    push(self.plain.entry(plain.to_string()).or_default(), n);
                    push(self.folded.entry(folded.to_string()).or_default(), n);
                }
            }
            _ if !c.apps.is_empty() => {
                c.apps.iter().for_each(|a| push(self.by_app.entry(a.clone()).or_default(), n));
            }
            _ if !c.hosts.is_empty() => {
                c.hosts.iter().for_each(|h| push(self.by_host.entry(h.clone()).or_default(), n));
            }
            _ => self.rest.push(n),
        }
    }
}

fn key(test: &PathTest) -> Option<(&str, &str)> {
    match test {
        PathTest::Under { plain, folded } | PathTest::Exact { plain, folded } if slashes(plain) <= DEEPEST => {
            Some((plain, folded))
        }
        PathTest::Under { .. } | PathTest::Exact { .. } | PathTest::Matching { .. } => None,
    }
}

fn slashes(path: &str) -> usize {
    path.matches('/').count()
}

/// Two paths of one rule may fold to one key.
fn push(list: &mut Vec<u32>, n: u32) {
    if list.last() != Some(&n) {
        list.push(n);
    }
}

/// Merges the buckets in ascending order.
#[derive(Debug)]
pub struct Candidates<'i> {
    lists: [&'i [u32]; LISTS],
}

impl Iterator for Candidates<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let least = self.lists.iter().filter_map(|l| l.first()).min().copied()?;
        for list in &mut self.lists {
            if let Some((first, tail)) = list.split_first()
                && *first == least
            {
                *list = tail;
            }
        }
        usize::try_from(least).ok()
    }
}
