//! What a challenge is for: the page to come back to, and the request that asked for it.
//!
//! Both come from the browser again and again (address, form), and decide nothing but what is offered and where the person
//! goes on: every request is judged by itself.

use crate::types::ReturnTo;
use http::Method;

/// Why somebody is at a challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// Where the person goes on.
    pub to: ReturnTo,
    /// The refused request, where it was no GET of that page: a script's, or a form's.
    pub request: Option<(Method, ReturnTo)>,
}

impl Errand {
    /// `for_request` is `METHOD:/path`; what is not is as if it were not said.
    pub fn parse(to: ReturnTo, for_request: &str, own_prefix: &str) -> Self {
        let request = for_request.split_once(':').and_then(|(method, path)| {
            let sound = !method.is_empty() && method.len() <= LONGEST_METHOD && path.starts_with('/');
            let method = Method::from_bytes(method.as_bytes()).ok().filter(|_| sound)?;
            Some((method, ReturnTo::parse(path, own_prefix)))
        });
        Errand { to, request }
    }
    /// As `parse` reads it; empty where there is none.
    pub fn for_request(&self) -> String {
        self.request.as_ref().map_or(String::new(), |(method, path)| format!("{method}:{}", path.path()))
    }
    /// What rules are asked about.
    pub fn method(&self) -> Method {
        self.request.as_ref().map_or_else(|| self.to.method(), |(method, _)| method.clone())
    }
    pub fn path(&self) -> &str {
        self.request.as_ref().map_or(self.to.path(), |(_, path)| path.path())
    }
}

impl From<&ReturnTo> for Errand {
    fn from(to: &ReturnTo) -> Self {
        Errand { to: to.clone(), request: None }
    }
}

const LONGEST_METHOD: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_comes_back_as_it_was_told_and_rubbish_is_none() {
        let own = "/.portcullis/";
        let errand = |told: &str| Errand::parse(ReturnTo::parse("/page?q=1", own), told, own);
        for told in ["POST:/api/transfer", "GET:/", "PROPFIND:/dav/a:b"] {
            assert_eq!(errand(told).for_request(), told);
        }
        let posted = errand("POST:/api/transfer?x=1");
        assert_eq!((posted.method(), posted.path(), posted.to.as_str()), (Method::POST, "/api/transfer", "/page?q=1"));
        assert_eq!(errand("POST:/.portcullis/sign-out").path(), "/", "never an own page");
        for rubbish in ["", "POST", ":/x", "POST:x", "PO ST:/x", "POST://evil.example\r\n", &"A".repeat(40)] {
            let read = errand(rubbish);
            assert!(read.path() == "/page" || read.path() == "/", "{rubbish:?}: {read:?}");
        }
        assert_eq!((errand("").method(), errand("").for_request()), (Method::GET, String::new()));
    }
}
