//! Hosts and origins in one canonical form: lower case, no final dot, the port kept apart.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A host name or address as a URL carries it (an IPv6 address in brackets).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Host(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a host: letters, digits, '-' and '.' expected, or an IP address")]
pub struct BadHost;

impl Host {
    pub fn parse(s: &str) -> Result<Self, BadHost> {
        if let Some(v6) = s.strip_prefix('[') {
            let a: Ipv6Addr = v6.strip_suffix(']').and_then(|a| a.parse().ok()).ok_or(BadHost)?;
            return Ok(Host(format!("[{a}]")));
        }
        let name = s.strip_suffix('.').unwrap_or(s);
        let label = |l: &str| {
            !l.is_empty()
                && l.len() <= 63
                && !l.starts_with('-')
                && !l.ends_with('-')
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if name.len() > 253 || !name.split('.').all(label) {
            return Err(BadHost);
        }
        // WHATWG: a last label of digits makes it an IPv4 address, which then has to be a plain one
        let last_is_number = name.rsplit('.').next().is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()));
        if last_is_number && name.parse::<Ipv4Addr>().is_err() {
            return Err(BadHost);
        }
        Ok(Host(name.to_ascii_lowercase()))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// `localhost` and names below it: never leaves the machine (RFC 6761 §6.3).
    pub fn is_localhost(&self) -> bool {
        self.0 == "localhost" || self.0.ends_with(".localhost") || self.0 == "127.0.0.1" || self.0 == "[::1]"
    }
}
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `Host:` or `:authority`: a host and perhaps a port, nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authority {
    pub host: Host,
    pub port: Option<u16>,
}
impl FromStr for Authority {
    type Err = BadHost;
    fn from_str(s: &str) -> Result<Self, BadHost> {
        let (host, port) = match s.rfind(':') {
            Some(i) if !s.ends_with(']') => {
                let (h, p) = s.split_at(i);
                let p = p.trim_start_matches(':');
                if p.is_empty() || p.len() > 5 || !p.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(BadHost);
                }
                (h, Some(p.parse().map_err(|_| BadHost)?))
            }
            _ => (s, None),
        };
        Ok(Authority { host: Host::parse(host)?, port })
    }
}

/// An origin: scheme, host, port (RFC 6454). Comes from the configuration, never from a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    pub https: bool,
    pub host: Host,
    pub port: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an origin: https://host or https://host:port expected, without a path")]
pub struct BadOrigin;

impl Origin {
    pub fn default_port(https: bool) -> u16 {
        if https { 443 } else { 80 }
    }
    /// Host with the port where it is not the scheme's own.
    pub fn authority(&self) -> String {
        if self.port == Self::default_port(self.https) {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
    pub fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }
}
impl FromStr for Origin {
    type Err = BadOrigin;
    fn from_str(s: &str) -> Result<Self, BadOrigin> {
        let (https, rest) = match s.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            _ => return Err(BadOrigin),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let a: Authority = rest.parse().map_err(|_| BadOrigin)?;
        Ok(Origin { https, port: a.port.unwrap_or(Self::default_port(https)), host: a.host })
    }
}
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_for_every_spelling() {
        assert_eq!(Host::parse("APP.Example.COM."), Host::parse("app.example.com"));
        assert_eq!(
            "https://App.Example.com:443/".parse::<Origin>().map(|o| o.to_string()),
            Ok("https://app.example.com".into())
        );
        assert_eq!("http://localhost:8080".parse::<Origin>().map(|o| o.authority()), Ok("localhost:8080".into()));
        assert_eq!(
            "[::1]:8080".parse::<Authority>().map(|a| (a.host.to_string(), a.port)),
            Ok(("[::1]".into(), Some(8080)))
        );
    }

    #[test]
    fn what_is_no_host() {
        for s in [
            "",
            ".",
            "a..b",
            "a b",
            "a/b",
            "a,b",
            "app:443@evil",
            "a@b",
            "a:b:c",
            "a:",
            "a:+1",
            "a:65536",
            "-a.b",
            "0x7f.1",
            "1.2.3",
            "é.fr",
            "[::1",
            "a\0b",
        ] {
            assert_eq!(s.parse::<Authority>(), Err(BadHost), "{s:?}");
        }
        for s in ["app.example.com", "ftp://a", "https://a/b", "https://u@a", "//a"] {
            assert_eq!(s.parse::<Origin>(), Err(BadOrigin), "{s:?}");
        }
    }
}
