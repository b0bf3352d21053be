//! What a rule matches. Every key that is given must hold; of a key's several values, one.

use super::Subject;
use crate::types::path::under;
use crate::types::{AppName, GroupName, Host, Inbound, UserName};
use http::Method;
use ipnet::IpNet;
use regex::{Regex, RegexBuilder};

/// An empty list of values: the key is not given.
#[derive(Clone, Debug, Default)]
pub struct Condition {
    pub apps: Vec<AppName>,
    pub hosts: Vec<Host>,
    pub paths: Vec<PathTest>,
    pub methods: Vec<Method>,
    /// `None`: not given. A list may be empty, and then matches nobody.
    pub networks: Option<Vec<IpNet>>,
    pub groups: Vec<GroupName>,
    pub users: Vec<UserName>,
}

/// One value of `path`; in a second, folded form for upstreams that fold case.
#[derive(Clone, Debug)]
pub enum PathTest {
    /// The segment and all below it; kept without the final slash.
    Under {
        plain: String,
        folded: String,
    },
    Exact {
        plain: String,
        folded: String,
    },
    Matching {
        plain: Box<Regex>,
        folded: Box<Regex>,
    },
}

impl Condition {
    /// Holds as far as it can be judged without knowing who asks.
    pub fn holds_for_request(&self, r: &Inbound) -> bool {
        (self.apps.is_empty() || self.apps.contains(&r.app))
            && (self.hosts.is_empty() || self.hosts.contains(&r.origin.host))
            && (self.methods.is_empty() || self.methods.contains(&r.method))
            && (self.paths.is_empty() || self.paths.iter().any(|p| p.holds(r.path.judged(), r.path.is_folded())))
            && self.networks.as_ref().is_none_or(|n| n.iter().any(|net| net.contains(&r.client.0)))
    }
    /// Cannot be judged before somebody has signed in.
    pub fn names_people(&self) -> bool {
        !self.groups.is_empty() || !self.users.is_empty()
    }
    pub fn holds_for_person(&self, who: &Subject<'_>) -> bool {
        (self.groups.is_empty() || self.groups.iter().any(|g| who.groups.contains(g)))
            && (self.users.is_empty() || self.users.contains(who.name))
    }
    /// Holds for every request of everybody.
    pub fn is_always(&self) -> bool {
        let everywhere = |p: &PathTest| matches!(p, PathTest::Under { plain, .. } if plain.is_empty());
        !self.names_people()
            && self.apps.is_empty()
            && self.hosts.is_empty()
            && self.methods.is_empty()
            && self.networks.is_none()
            && (self.paths.is_empty() || self.paths.iter().any(everywhere))
    }
}

impl PathTest {
    pub fn under(path: &str) -> Result<Self, BadPattern> {
        let plain = checked(path)?.strip_suffix('/').unwrap_or(path).to_string();
        Ok(PathTest::Under { folded: fold(&plain), plain })
    }
    pub fn exact(path: &str) -> Result<Self, BadPattern> {
        let plain = checked(path)?.to_string();
        Ok(PathTest::Exact { folded: fold(&plain), plain })
    }
    pub fn matching(pattern: &str) -> Result<Self, BadPattern> {
        // alone first: `a)|(b` must not become valid inside our brackets
        build(pattern, false)?;
        let anchored = format!(r"\A(?:{pattern})\z");
        let [plain, folded] = [false, true].map(|fold| build(&anchored, fold).map(Box::new));
        Ok(PathTest::Matching { plain: plain?, folded: folded? })
    }
    /// `judged` is a canonical path as rules see it; `is_folded` where its upstream folds case.
    pub fn holds(&self, judged: &str, is_folded: bool) -> bool {
        match self {
            PathTest::Under { plain, folded } => under(judged, if is_folded { folded } else { plain }),
            PathTest::Exact { plain, folded } => judged == if is_folded { folded } else { plain },
            PathTest::Matching { plain, folded } => if is_folded { folded } else { plain }.is_match(judged),
        }
    }
}

/// Why a `path` can never match, or is no pattern.
#[derive(Debug, thiserror::Error)]
pub enum BadPattern {
    #[error("a path begins with a slash")]
    NotAbsolute,
    #[error("the query never takes part in matching")]
    Query,
    #[error("rules see paths decoded: no percent escapes")]
    Escape,
    #[error("rules see paths without empty or dot segments and without `;` parameters, so this never matches")]
    NotCanonical,
    #[error("`*` has no meaning in a path; a path matches its segment and all below it")]
    Star,
    #[error("not a regular expression: {0}")]
    Regex(String),
}

fn checked(path: &str) -> Result<&str, BadPattern> {
    let rest = path.strip_prefix('/').ok_or(BadPattern::NotAbsolute)?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if path.contains(['?', '#']) {
        return Err(BadPattern::Query);
    }
    if path.contains('*') {
        return Err(BadPattern::Star);
    }
    if path.contains('%') {
        return Err(BadPattern::Escape);
    }
    // a segment of dots and spaces alone would fold to nothing, and `/...` to everything
    let whole = |s: &str| !s.trim_end_matches([' ', '.']).is_empty();
    if path.contains([';', '\\']) || path.chars().any(char::is_control) {
        return Err(BadPattern::NotCanonical);
    }
    if path != "/" && !rest.split('/').all(whole) {
        return Err(BadPattern::NotCanonical);
    }
    Ok(path)
}

/// As `CanonicalPath` folds: lower case, no dots and spaces at a segment's end.
fn fold(path: &str) -> String {
    let segments: Vec<String> = path.split('/').map(|s| s.trim_end_matches([' ', '.']).to_lowercase()).collect();
    segments.join("/")
}

fn build(pattern: &str, fold: bool) -> Result<Regex, BadPattern> {
    // a rule's pattern is compiled once and run on every request: bounded in memory and depth
    let built = RegexBuilder::new(pattern).case_insensitive(fold).size_limit(1 << 20).nest_limit(50).build();
    built.map_err(|e| {
        let text = e.to_string();
        let last = text.lines().last().unwrap_or_default();
        BadPattern::Regex(last.trim_start_matches("error: ").trim_end_matches('.').to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_with_or_without_slash_is_the_segment_and_all_below() {
        for prefix in ["/admin", "/admin/"] {
            let t = PathTest::under(prefix).unwrap();
            for yes in ["/admin", "/admin/", "/admin/x"] {
                assert!(t.holds(yes, false), "{prefix} {yes}");
            }
            for no in ["/administrator", "/", "/Admin", "/x/admin"] {
                assert!(!t.holds(no, false), "{prefix} {no}");
            }
        }
        assert!(PathTest::under("/").unwrap().holds("/anything", false));
        assert!(PathTest::under("/").unwrap().holds("/", false));
    }

    #[test]
    fn exact_is_one_path() {
        let t = PathTest::exact("/a").unwrap();
        assert!(t.holds("/a", false));
        assert!(!t.holds("/a/", false) && !t.holds("/a/b", false));
    }

    #[test]
    fn a_pattern_is_anchored_at_both_ends() {
        let t = PathTest::matching("/a|/b[0-9]+").unwrap();
        assert!(t.holds("/a", false) && t.holds("/b12", false));
        assert!(
            !t.holds("/ax", false) && !t.holds("/x/a", false) && !t.holds("/b1/", false) && !t.holds("/a\n", false)
        );
        assert!(PathTest::matching("/a)|(?:.*").is_err());
        assert!(PathTest::matching(".{1000}{1000}").is_err());
    }

    #[test]
    fn where_the_upstream_folds_case_rules_fold_too() {
        assert!(PathTest::under("/Admin").unwrap().holds("/admin/x", true));
        assert!(PathTest::exact("/Über.").unwrap().holds("/über", true));
        assert!(PathTest::matching("/ADM.*").unwrap().holds("/admin", true));
        assert!(!PathTest::under("/Admin").unwrap().holds("/admin/x", false));
    }

    #[test]
    fn a_path_that_can_never_match_is_refused() {
        for s in [
            "admin",
            "",
            "/a?b",
            "/a#b",
            "/a%20b",
            "/a//b",
            "//",
            "/a/../b",
            "/./",
            "/a;x",
            "/static/*",
            "/a\\b",
            "/...",
            "/a/ ./b",
        ] {
            assert!(PathTest::under(s).is_err(), "{s}");
            assert!(PathTest::exact(s).is_err(), "{s}");
        }
        for s in ["/", "/a", "/a/", "/with space", "/café/x.html", "/.well-known/"] {
            assert!(PathTest::under(s).is_ok(), "{s}");
        }
    }
}
