//! Where a visitor goes back to after signing in: a path and query on the same origin, checked when used.

use super::FormId;
use super::path::{CanonicalPath, PathReading, under};
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::borrow::Cow;
use std::fmt;

/// The longest return path, in bytes.
pub const LONGEST: usize = 2048;

/// A path and query on this origin; never an own page, so that no sign-in leads into a sign-out or a loop. One own page is
/// the exception: the one that shows a form that waits to be sent, which changes nothing by being looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo {
    text: Cow<'static, str>,
    form: Option<Box<Waiting>>,
}

/// A form that waits, and the path that it will be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Waiting {
    id: FormId,
    at: String,
}

impl ReturnTo {
    /// What cannot be trusted becomes `/`; `own_prefix` is the prefix of our own pages, such as `/.portcullis/`.
    pub fn parse(s: &str, own_prefix: &str) -> Self {
        Self::to_waiting(s, own_prefix).or_else(|| Self::checked(s, own_prefix)).unwrap_or_else(Self::root)
    }
    pub fn root() -> Self {
        Self::plain("/")
    }
    /// To the page of the form that waits to be sent to the path `at`.
    pub fn form_page(own_prefix: &str, id: FormId, at: &str) -> Self {
        // the path only says what will be asked of the person; where it finds no room, less is asked beforehand
        let at = Self::checked(at, own_prefix).map_or("/".to_string(), |to| to.path().to_string());
        let text = |at: &str| format!("{own_prefix}form?f={id}&at={}", utf8_percent_encode(at, QUERY_VALUE));
        let (at, text) = match text(&at) {
            long if long.len() > LONGEST => ("/".to_string(), text("/")),
            text => (at, text),
        };
        ReturnTo { text: text.into(), form: Some(Box::new(Waiting { id, at })) }
    }
    pub fn as_str(&self) -> &str {
        &self.text
    }
    /// The path by which rules say what is asked there.
    pub fn path(&self) -> &str {
        match &self.form {
            Some(waiting) => &waiting.at,
            None => self.text.split('?').next().unwrap_or("/"),
        }
    }
    /// The method with which that path will be asked for.
    pub fn method(&self) -> Method {
        if self.form.is_some() { Method::POST } else { Method::GET }
    }
    /// The form that is to be seen there.
    pub fn form(&self) -> Option<FormId> {
        self.form.as_ref().map(|w| w.id)
    }

    fn plain(text: impl Into<Cow<'static, str>>) -> Self {
        ReturnTo { text: text.into(), form: None }
    }

    fn to_waiting(s: &str, own_prefix: &str) -> Option<Self> {
        let rest = s.strip_prefix(own_prefix)?.strip_prefix("form?f=")?;
        let (id, at) = rest.split_once("&at=")?;
        let at = percent_decode_str(at).decode_utf8().ok()?;
        Some(Self::form_page(own_prefix, id.parse().ok()?, &at))
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
        Some(Self::plain(match query {
            Some(q) => format!("{}?{q}", path.forwarded()),
            None => path.forwarded().to_string(),
        }))
    }
}
impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Everything outside RFC 3986 "unreserved" and `/` is escaped in a query value.
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

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

    #[test]
    fn of_our_own_pages_only_that_of_a_form_that_waits_is_one() {
        let own = "/.portcullis/";
        let id = FormId::from_bytes([7; 16]);
        let to = ReturnTo::form_page(own, id, "/orders/né w?x=1");
        assert_eq!((to.form(), to.path()), (Some(id), "/"), "what is no path says nothing");
        let to = ReturnTo::form_page(own, id, "/orders/a&b=c");
        assert_eq!(to.as_str(), format!("/.portcullis/form?f={id}&at=/orders/a%26b%3Dc"));
        assert_eq!((to.path(), to.method()), ("/orders/a&b=c", Method::POST));
        assert_eq!(ReturnTo::parse(to.as_str(), own), to);
        let long = ReturnTo::form_page(own, id, &format!("/{}", "&".repeat(1000)));
        assert_eq!((long.form(), long.path()), (Some(id), "/"));
        for at in ["/.portcullis/sign-out", "//evil", "https://evil", ""] {
            let to = ReturnTo::parse(&format!("/.portcullis/form?f={id}&at={at}"), own);
            assert!(to.form() == Some(id) && !to.path().starts_with("//") && !to.path().contains(".port"), "{at} {to}");
        }
        for other in [
            "/.portcullis/form".to_string(),
            "/.portcullis/form?f=short&at=/".to_string(),
            format!("/.portcullis/form?at=/&f={id}"),
            format!("/.portcullis/form/?f={id}&at=/"),
            format!("/x/../.portcullis/form?f={id}&at=/"),
            format!("/.portcullis/sign-out?f={id}&at=/"),
        ] {
            assert_eq!(ReturnTo::parse(&other, own), ReturnTo::root(), "{other}");
        }
    }
}
