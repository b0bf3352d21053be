//! Where a visitor goes back to after signing in: a path and query on the same origin, checked when used.

use super::path::{CanonicalPath, PathReading, under};
use std::fmt;

/// The longest return path, in bytes.
pub const LONGEST: usize = 2048;

/// A path and query on this origin; never an own page, so that no sign-in leads into a sign-out or a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// What cannot be trusted becomes `/`; `own_prefix` is the prefix of our own pages, such as `/.portcullis/`.
    pub fn parse(s: &str, own_prefix: &str) -> Self {
        Self::checked(s, own_prefix).unwrap_or_else(Self::root)
    }
    pub fn root() -> Self {
        ReturnTo("/".to_string())
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn path(&self) -> &str {
        self.0.split('?').next().unwrap_or("/")
    }

    fn checked(s: &str, own_prefix: &str) -> Option<Self> {
        // `//host`, `/\host` and `/<tab>/host` are other hosts to a browser; control bytes split headers
        let odd = |b: u8| b <= b' ' || b >= 0x7f || matches!(b, b'\\' | b'#' | b'"' | b'<' | b'>');
        if s.len() > LONGEST || s.bytes().any(odd) {
            return None;
        }
        let (path, query) = s.split_once('?').map_or((s, None), |(p, q)| (p, Some(q)));
        let reading = PathReading { encoded_slash: true, case_insensitive: false };
        let path = CanonicalPath::parse(path, reading).ok()?;
        if under(&path.judged().to_lowercase(), own_prefix) {
            return None;
        }
        Some(ReturnTo(match query {
            Some(q) => format!("{}?{q}", path.forwarded()),
            None => path.forwarded().to_string(),
        }))
    }
}
impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_origin_is_kept() {
        let own = "/.portcullis/";
        for (s, want) in [
            ("/reports/2026?q=a&b=c", "/reports/2026?q=a&b=c"),
            ("//evil.example", "/evil.example"), // a path of ours once its slashes are merged
            ("/\\evil", "/"),
            ("/%09/evil", "/"),
            ("/%0d%0aSet-Cookie:x", "/"),
            ("/\t/evil", "/"),
            ("https://evil", "/"),
            ("https:evil", "/"),
            ("javascript:alert(1)", "/"),
            ("\\\\evil", "/"),
            ("/..//evil", "/"),
            ("/./%2e/x", "/x"),
            ("/。。/evil", "/"),
            ("/.portcullis/sign-out", "/"),
            ("/x/../.portcullis/sign-out", "/"),
            ("/.PORTCULLIS/", "/"),
            ("", "/"),
        ] {
            assert_eq!(ReturnTo::parse(s, own).as_str(), want, "{s:?}");
        }
        assert_eq!(ReturnTo::parse(&format!("/{}", "a".repeat(20_000)), own).as_str(), "/");
    }
}
