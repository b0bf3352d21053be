//! Our own cookies, cut out of `Cookie` byte for byte and recognised in `Set-Cookie`.
//!
//! Knows names only; values are never looked at.

use http::header::{COOKIE, HeaderMap, HeaderValue};

/// What becomes of `Cookie`.
#[derive(Debug, PartialEq, Eq)]
pub enum Cookie {
    /// As it came.
    Unchanged,
    Gone,
    Is(HeaderValue),
}

/// Cookies of ours removed, all others byte for byte as they came. HTTP/2 may split the field; it leaves as one (RFC
/// 9113 §8.2.3), as upstreams on HTTP/1 read only the first.
pub fn without_ours(headers: &HeaderMap) -> Cookie {
    let mut fields = headers.get_all(COOKIE).iter();
    let Some(first) = fields.next() else { return Cookie::Unchanged };
    let mut rest = fields.peekable();
    if rest.peek().is_none() && !pieces(first.as_bytes()).any(is_ours) {
        return Cookie::Unchanged;
    }
    let mut kept: Vec<u8> = Vec::with_capacity(first.len());
    for field in std::iter::once(first).chain(rest) {
        let mut joined = kept.is_empty();
        for piece in pieces(field.as_bytes()).filter(|p| !is_ours(p)) {
            match (kept.is_empty(), std::mem::replace(&mut joined, true)) {
                (true, _) => kept.extend_from_slice(piece.trim_ascii_start()),
                (false, true) => {
                    kept.push(b';');
                    kept.extend_from_slice(piece);
                }
                (false, false) => {
                    kept.extend_from_slice(b"; ");
                    kept.extend_from_slice(piece.trim_ascii_start());
                }
            }
        }
    }
    if kept.trim_ascii().is_empty() {
        return Cookie::Gone;
    }
    // the bytes stood in a header value before, so they make one again; if ever not, no cookie is the safe side
    HeaderValue::from_bytes(&kept).map_or(Cookie::Gone, Cookie::Is)
}

/// Whether a `name=value` pair, or a nameless value, is or could pass for a cookie of ours. In any case of letters:
/// browsers match the `__Host-` prefix that way, and servers behind us may fold.
pub fn is_ours(pair: &[u8]) -> bool {
    // browsers send a nameless cookie `=__Host-x=1` back as `__Host-x=1`
    let start = pair.iter().position(|b| !b.is_ascii_whitespace() && *b != b'=' && *b != b'\x0b');
    let Some((_, name)) = start.and_then(|n| pair.split_at_checked(n)) else { return false };
    let name = match name.strip_prefix("\u{a0}".as_bytes()) {
        Some(rest) => rest, // a reader that trims Unicode spaces
        None => name,
    };
    if begins(name, b"__host-portcullis") {
        return true;
    }
    begins(name, b"portcullis-") && name.get(b"portcullis-".len()).is_some_and(u8::is_ascii_digit)
}

fn begins(name: &[u8], prefix: &[u8]) -> bool {
    name.get(..prefix.len()).is_some_and(|n| n.eq_ignore_ascii_case(prefix))
}

fn pieces(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    field.split(|b| *b == b';')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn strip(fields: &[&str]) -> Option<String> {
        let mut h = HeaderMap::new();
        for f in fields {
            h.append(COOKIE, HeaderValue::from_str(f).unwrap());
        }
        match without_ours(&h) {
            Cookie::Unchanged => Some(fields.join("|")),
            Cookie::Gone => None,
            Cookie::Is(v) => Some(v.to_str().unwrap().to_string()),
        }
    }

    #[test]
    fn ours_go_and_the_others_stay_as_they_are() {
        for (field, want) in [
            ("a=1; b=2", Some("a=1; b=2")),
            ("__Host-portcullis=t", None),
            (" __Host-portcullis=t ; ", None),
            ("__Host-portcullis=t; a=1", Some("a=1")),
            ("a=1; __Host-portcullis=t", Some("a=1")),
            ("a=1;__host-PORTCULLIS-pending=t;b=2", Some("a=1;b=2")),
            ("a=1;  b=\"x\";\tportcullis-8080-pending=t; c= 3 ", Some("a=1;  b=\"x\"; c= 3 ")),
            ("portcullis-8080=t; portcullis-theme=dark", Some("portcullis-theme=dark")),
            ("a=\"b;c\"; __Host-portcullis=t", Some("a=\"b;c\"")),
            ("junk; =x; __Host-portcullis; ==__Host-portcullis=t", Some("junk; =x")),
            ("a=__Host-portcullis=1", Some("a=__Host-portcullis=1")),
            ("__Host-other=1", Some("__Host-other=1")),
        ] {
            assert_eq!(strip(&[field]).as_deref(), want, "{field}");
        }
    }

    #[test]
    fn split_fields_become_one() {
        assert_eq!(strip(&["a=1", "b=2; c=3"]).as_deref(), Some("a=1; b=2; c=3"));
        assert_eq!(strip(&["__Host-portcullis=t", "b=2"]).as_deref(), Some("b=2"));
        assert_eq!(strip(&["a=1", "__Host-portcullis=t"]).as_deref(), Some("a=1"));
        assert_eq!(strip(&["__Host-portcullis=t", "portcullis-1=x"]), None);
    }

    proptest! {
        /// Of any mix of pairs exactly the foreign ones are left, in order, each byte for byte.
        #[test]
        fn exactly_the_foreign_pairs_are_left(
            pairs in prop::collection::vec(
                prop_oneof![
                    "[a-z_]{1,8}=[ -:<-~]{0,12}",
                    "(__Host-portcullis|__HOST-Portcullis-x|portcullis-443)=[a-z0-9]{0,8}",
                ],
                1..8,
            ),
            split in 0usize..8,
        ) {
            let (one, two) = pairs.split_at(split.min(pairs.len()));
            let fields: Vec<String> = [one, two].iter().filter(|f| !f.is_empty()).map(|f| f.join("; ")).collect();
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            let foreign: Vec<String> = pairs.iter().filter(|p| !is_ours(p.as_bytes())).cloned().collect();
            let want = if foreign.is_empty() { None } else { Some(foreign.join("; ")) };
            prop_assert_eq!(strip(&fields).map(|s| s.replace('|', "; ")), want.map(|s| s.replace('|', "; ")));
        }
    }
}
