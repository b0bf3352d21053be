//! The visitor's address: the TCP (or PROXY protocol) peer, unless that peer is a trusted proxy that names another.
//!
//! Nobody is trusted by default. Of a chain only the part that trusted hops wrote counts.

use crate::types::ClientIp;
use http::header::{FORWARDED, HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The rightmost hop that is not trusted. `X-Forwarded-For` is read before `Forwarded`: a proxy that writes the first
/// often passes the second on as the client sent it.
pub fn address(peer: IpAddr, trusted: &[IpNet], headers: &HeaderMap) -> ClientIp {
    let peer = peer.to_canonical();
    if !is_trusted(peer, trusted) {
        return ClientIp::new(peer);
    }
    let mut last = peer;
    let chain: &mut dyn Iterator<Item = Option<IpAddr>> = if headers.contains_key(&X_FORWARDED_FOR) {
        &mut elements(headers, &X_FORWARDED_FOR).map(parse)
    } else {
        &mut elements(headers, &FORWARDED).map(|e| forwarded_for(e).and_then(parse))
    };
    for hop in chain {
        // what cannot be read ends the chain: everything left of it is hearsay
        let Some(hop) = hop else { break };
        last = hop.to_canonical();
        if !is_trusted(last, trusted) {
            break;
        }
    }
    ClientIp::new(last)
}

/// A request that names a forwarded address without being trusted to: worth one warning, as the visitor's address is
/// then the proxy's.
pub fn is_ignored_claim(peer: IpAddr, trusted: &[IpNet], headers: &HeaderMap) -> bool {
    let private = match peer.to_canonical() {
        IpAddr::V4(a) => a.is_private() || a.is_loopback(),
        IpAddr::V6(a) => a.is_unique_local() || a.is_loopback(),
    };
    private
        && (headers.contains_key(&X_FORWARDED_FOR) || headers.contains_key(FORWARDED))
        && !is_trusted(peer.to_canonical(), trusted)
}

fn is_trusted(ip: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&ip))
}

/// The elements of a list header from right to left, over all its lines.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    headers.get_all(name).iter().rev().flat_map(|v| v.as_bytes().rsplit(|b| *b == b',')).map(<[u8]>::trim_ascii)
}

/// `for=` of one element of `Forwarded` (RFC 7239 §4).
fn forwarded_for(element: &[u8]) -> Option<&[u8]> {
    element.split(|b| *b == b';').map(<[u8]>::trim_ascii).find_map(|pair| {
        let (name, value) = pair.split_at_checked(4)?;
        name.eq_ignore_ascii_case(b"for=").then_some(value)
    })
}

/// An address, perhaps quoted, in brackets or with a port.
fn parse(raw: &[u8]) -> Option<IpAddr> {
    let s = std::str::from_utf8(raw).ok()?;
    let s = s.strip_prefix('"').and_then(|s| s.strip_suffix('"')).unwrap_or(s);
    let bare = s.strip_prefix('[').and_then(|s| s.strip_suffix(']')).unwrap_or(s);
    bare.parse().ok().or_else(|| s.parse::<SocketAddr>().ok().map(|a| a.ip()))
}

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn seen(peer: &str, fields: &[(&'static str, &'static str)]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut h = HeaderMap::new();
        for (n, v) in fields {
            h.append(*n, HeaderValue::from_static(v));
        }
        address(peer.parse().unwrap(), &trusted, &h).to_string()
    }

    #[test]
    fn nobody_is_believed_unless_trusted() {
        let forged = [("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=1.2.3.4")];
        assert_eq!(seen("192.0.2.1", &forged), "192.0.2.1");
        let mut h = HeaderMap::new();
        h.insert("x-forwarded-for", HeaderValue::from_static("1.2.3.4"));
        assert_eq!(address("10.0.0.1".parse().unwrap(), &[], &h).to_string(), "10.0.0.1");
    }

    #[test]
    fn the_rightmost_untrusted_hop_is_the_visitor() {
        for (field, want) in [
            (("x-forwarded-for", "10.0.0.1, 192.0.2.9"), "192.0.2.9"),
            (("x-forwarded-for", "1.2.3.4, 192.0.2.9, 10.0.0.7"), "192.0.2.9"),
            (("x-forwarded-for", "192.0.2.9,10.0.0.7,10.0.0.8"), "192.0.2.9"),
            (("x-forwarded-for", "192.0.2.9:4711"), "192.0.2.9"),
            (("x-forwarded-for", "[2001:db8::1]:4711"), "2001:db8::1"),
            (("x-forwarded-for", "2001:db8::1"), "2001:db8::1"),
            (("x-forwarded-for", "::ffff:192.0.2.9"), "192.0.2.9"),
            (("x-forwarded-for", "10.0.0.3, 10.0.0.2"), "10.0.0.3"),
            (("x-forwarded-for", "1.2.3.4, unknown, 10.0.0.2"), "10.0.0.2"),
            (("x-forwarded-for", ""), "10.0.0.1"),
            (("forwarded", "for=1.2.3.4, FOR=192.0.2.9;proto=https"), "192.0.2.9"),
            (("forwarded", "proto=https;for=\"[2001:db8::1]:4711\""), "2001:db8::1"),
            (("forwarded", "for=192.0.2.9, for=_hidden"), "10.0.0.1"),
            (("forwarded", "proto=https"), "10.0.0.1"),
        ] {
            assert_eq!(seen("10.0.0.1", &[field]), want, "{field:?}");
        }
        assert_eq!(seen("fd00::1", &[("x-forwarded-for", "192.0.2.9")]), "192.0.2.9");
    }

    #[test]
    fn several_lines_are_one_list_and_a_passed_on_forwarded_does_not_count() {
        let lines = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "192.0.2.9")];
        assert_eq!(seen("10.0.0.1", &lines), "192.0.2.9");
        let both = [("forwarded", "for=1.2.3.4"), ("x-forwarded-for", "192.0.2.9")];
        assert_eq!(seen("10.0.0.1", &both), "192.0.2.9");
    }

    #[test]
    fn an_untrusted_private_proxy_is_noticed() {
        let mut h = HeaderMap::new();
        h.insert("x-forwarded-for", HeaderValue::from_static("1.2.3.4"));
        let noticed = |peer: &str, h: &HeaderMap| is_ignored_claim(peer.parse().unwrap(), &[], h);
        assert!(noticed("10.0.0.1", &h) && noticed("::1", &h) && !noticed("192.0.2.1", &h));
        assert!(!noticed("10.0.0.1", &HeaderMap::new()));
        assert!(!is_ignored_claim("10.0.0.1".parse().unwrap(), &["10.0.0.0/8".parse().unwrap()], &h));
    }
}
