//! The one parse of a request's path: what is judged is what is forwarded.
//!
//! Ambiguity is refused, never repaired by guess: an encoded slash or backslash, NUL, control bytes, invalid or
//! overlong UTF-8, broken percent-encoding, and a dot segment that hides behind a matrix parameter (`..;x`).

/// How an app's upstream reads paths; from its configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathReading {
    /// `%2f` counts as `/` for judging and is forwarded as it came; else it is refused.
    pub encoded_slash: bool,
    /// The upstream folds case (and cuts dots and spaces at a segment's end), so rules do too.
    pub case_insensitive: bool,
}

/// A path in its one canonical form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CanonicalPath {
    forwarded: String,
    /// `None`: the same, as it nearly always is.
    judged: Option<String>,
    folded: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    #[error("the path does not begin with a slash")]
    NotAbsolute,
    #[error("a control byte, space, backslash, # or non-ASCII byte stands in the path")]
    BadByte,
    #[error("a percent sign is not followed by two hex digits")]
    BadEscape,
    #[error("an encoded slash, backslash or control character stands in the path")]
    Ambiguous,
    #[error("the path is not valid UTF-8")]
    NotUtf8,
    #[error("a dot segment carries a parameter")]
    HiddenDots,
    #[error("the path leaves the root")]
    AboveRoot,
}

impl CanonicalPath {
    /// `raw` is the path of the request target, without the query.
    pub fn parse(raw: &str, reading: PathReading) -> Result<Self, BadPath> {
        if !raw.starts_with('/') {
            return Err(BadPath::NotAbsolute);
        }
        if raw.bytes().any(|b| b <= b' ' || b >= 0x7f || b == b'\\' || b == b'#') {
            return Err(BadPath::BadByte);
        }
        if !reading.case_insensitive && is_plain(raw) {
            return Ok(CanonicalPath { forwarded: raw.to_string(), judged: None, folded: false });
        }
        Self::normalised(raw, reading)
    }

    /// Segment by segment; gives the same for a plain path.
    fn normalised(raw: &str, reading: PathReading) -> Result<Self, BadPath> {
        let mut kept: Vec<Segment> = Vec::new();
        let mut slash_at_end = false;
        for piece in raw.split('/').skip(1) {
            let seg = Segment::parse(piece, reading)?;
            slash_at_end = true;
            match seg.decoded.as_str() {
                "" | "." => {} // merged: `//` and `/./` are one slash, as upstreams read them
                ".." => {
                    // climbing above the root is what browsers silently swallow and attackers rely on
                    kept.pop().ok_or(BadPath::AboveRoot)?;
                }
                _ => {
                    kept.push(seg);
                    slash_at_end = false;
                }
            }
        }
        let mut forwarded = String::with_capacity(raw.len());
        let mut judged = String::with_capacity(raw.len());
        for s in &kept {
            forwarded.push('/');
            forwarded.push_str(&s.forwarded);
            judged.push('/');
            judged.push_str(&s.judged);
        }
        if slash_at_end || kept.is_empty() {
            forwarded.push('/');
            judged.push('/');
        }
        let judged = Some(judged).filter(|j| *j != forwarded);
        Ok(CanonicalPath { forwarded, judged, folded: reading.case_insensitive })
    }
    /// What goes upstream, byte for byte.
    pub fn forwarded(&self) -> &str {
        &self.forwarded
    }
    /// What rules see: decoded, matrix parameters cut, folded where the upstream folds.
    pub fn judged(&self) -> &str {
        self.judged.as_ref().unwrap_or(&self.forwarded)
    }
    /// The judged form is folded, so what it is compared with has to be.
    pub fn is_folded(&self) -> bool {
        self.folded
    }
    /// True for `prefix` itself and all below it; `/admin` and `/admin/` mean the same prefix.
    pub fn is_under(&self, prefix: &str) -> bool {
        under(self.judged(), prefix)
    }
}

/// Nothing in it is decoded, cut, merged or climbed: it is canonical as it stands, as nearly all are.
fn is_plain(raw: &str) -> bool {
    let same = |b: &u8| !matches!(b, b'%' | b';');
    let plain = |pair: &[u8]| !matches!(pair, b"//" | b"/.");
    raw.as_bytes().iter().all(same) && raw.as_bytes().windows(2).all(plain)
}

/// Whether `path` is `prefix` or lies below it, on segment boundaries.
pub fn under(path: &str, prefix: &str) -> bool {
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

struct Segment {
    /// Percent-decoded, whole.
    decoded: String,
    forwarded: String,
    judged: String,
}

impl Segment {
    fn parse(piece: &str, reading: PathReading) -> Result<Self, BadPath> {
        let mut bytes = Vec::with_capacity(piece.len());
        let mut forwarded = String::with_capacity(piece.len());
        let mut rest = piece.bytes();
        while let Some(b) = rest.next() {
            if b != b'%' {
                bytes.push(b);
                forwarded.push(char::from(b));
                continue;
            }
            let (Some(hi), Some(lo)) = (rest.next().and_then(hex), rest.next().and_then(hex)) else {
                return Err(BadPath::BadEscape);
            };
            let d = hi << 4 | lo;
            match d {
                b'/' if reading.encoded_slash => {}
                b'/' | b'\\' | 0..=0x1f | 0x7f => return Err(BadPath::Ambiguous),
                _ => {}
            }
            bytes.push(d);
            if d.is_ascii_alphanumeric() || b"-._~".contains(&d) {
                forwarded.push(char::from(d)); // RFC 3986 §6.2.2.2: unreserved needs no escape
            } else {
                forwarded.push_str(&format!("%{d:02X}"));
            }
        }
        let decoded = String::from_utf8(bytes).map_err(|_| BadPath::NotUtf8)?;
        if decoded.chars().any(char::is_control) {
            return Err(BadPath::Ambiguous);
        }
        let judged = Self::judged(&decoded, reading)?;
        Ok(Segment { decoded, forwarded, judged })
    }

    fn judged(decoded: &str, reading: PathReading) -> Result<String, BadPath> {
        let mut parts = Vec::new();
        let pieces: Vec<&str> = decoded.split('/').collect(); // more than one only where `%2f` is allowed
        for p in &pieces {
            let bare = p.split(';').next().unwrap_or_default();
            let folded = if reading.case_insensitive {
                bare.trim_end_matches([' ', '.']).to_lowercase()
            } else {
                bare.to_string()
            };
            let dots = |s: &str| s == "." || s == "..";
            let alone = pieces.len() == 1 && bare.len() == p.len();
            if !alone && (dots(bare) || bare.is_empty()) {
                return Err(BadPath::HiddenDots);
            }
            if reading.case_insensitive && !dots(bare) && !bare.is_empty() && folded.is_empty() {
                return Err(BadPath::HiddenDots); // `...` or ` .`: such an upstream may read it as nothing
            }
            parts.push(if dots(bare) { bare.to_string() } else { folded });
        }
        Ok(parts.join("/"))
    }
}

fn hex(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(raw: &str) -> Result<(String, String), BadPath> {
        CanonicalPath::parse(raw, PathReading::default()).map(|p| (p.forwarded.clone(), p.judged().to_string()))
    }

    #[test]
    fn judged_is_forwarded() {
        let same = |s: &str| Ok((s.to_string(), s.to_string()));
        for (raw, want) in [
            ("/", "/"),
            ("//admin", "/admin"),
            ("///admin//x", "/admin/x"),
            ("/./admin", "/admin"),
            ("/admin/.", "/admin/"),
            ("/public/../admin", "/admin"),
            ("/public/%2e%2e/admin", "/admin"),
            ("/public/.%2E/admin/", "/admin/"),
            ("/%61dmin", "/admin"),
            ("/a/..", "/"),
        ] {
            assert_eq!(both(raw), same(want), "{raw}");
        }
        assert_eq!(both("/%2561dmin"), Ok(("/%2561dmin".into(), "/%61dmin".into())));
        assert_eq!(both("/%252e%252e%252fadmin"), Ok(("/%252e%252e%252fadmin".into(), "/%2e%2e%2fadmin".into())));
        assert_eq!(both("/admin;jsessionid=1/x"), Ok(("/admin;jsessionid=1/x".into(), "/admin/x".into())));
        assert_eq!(both("/caf%c3%a9"), Ok(("/caf%C3%A9".into(), "/café".into())));
    }

    #[test]
    fn ambiguity_is_refused() {
        for (raw, why) in [
            ("admin", BadPath::NotAbsolute),
            ("", BadPath::NotAbsolute),
            ("/public/..%2fadmin", BadPath::Ambiguous),
            ("/a%5cb", BadPath::Ambiguous),
            ("/a\\b", BadPath::BadByte),
            ("/a%00", BadPath::Ambiguous),
            ("/a%0d%0ab", BadPath::Ambiguous),
            ("/a%c2%80", BadPath::Ambiguous),
            ("/%zz", BadPath::BadEscape),
            ("/%2", BadPath::BadEscape),
            ("/%c0%ae%c0%ae/", BadPath::NotUtf8),
            ("/%ff", BadPath::NotUtf8),
            ("/é", BadPath::BadByte),
            ("/a#b", BadPath::BadByte),
            ("/public/..;/admin", BadPath::HiddenDots),
            ("/public/;x/admin", BadPath::HiddenDots),
            ("/public/..;x=y/admin", BadPath::HiddenDots),
            ("/..//evil", BadPath::AboveRoot),
            ("/public/x/../../../admin", BadPath::AboveRoot),
        ] {
            assert_eq!(both(raw), Err(why), "{raw}");
        }
    }

    #[test]
    fn an_allowed_encoded_slash_is_judged_as_a_slash() {
        let r = PathReading { encoded_slash: true, ..Default::default() };
        let p = CanonicalPath::parse("/repo/group%2fname", r).map(|p| (p.forwarded.clone(), p.judged().to_string()));
        assert_eq!(p, Ok(("/repo/group%2Fname".into(), "/repo/group/name".into())));
        for raw in ["/public/..%2fadmin", "/a%2f%2fb", "/a%2f", "/a%2f..;x"] {
            assert_eq!(CanonicalPath::parse(raw, r), Err(BadPath::HiddenDots), "{raw}");
        }
    }

    #[test]
    fn a_folding_upstream_is_judged_folded() {
        let r = PathReading { case_insensitive: true, ..Default::default() };
        for raw in ["/ADMIN", "/Admin.", "/admin%20", "/admin%20."] {
            assert_eq!(CanonicalPath::parse(raw, r).map(|p| p.judged().to_string()), Ok("/admin".into()), "{raw}");
        }
        assert_eq!(CanonicalPath::parse("/x/.../y", r), Err(BadPath::HiddenDots));
    }

    proptest::proptest! {
        #[test]
        fn a_plain_path_is_what_the_long_way_makes_of_it(raw in "(/[a-z.;%2e]{0,3}){1,5}") {
            if is_plain(&raw) {
                let r = PathReading::default();
                proptest::prop_assert_eq!(CanonicalPath::parse(&raw, r), CanonicalPath::normalised(&raw, r));
            }
        }
    }

    #[test]
    fn a_prefix_ends_at_a_segment() {
        assert!(under("/app", "/app/") && under("/app/x", "/app") && under("/app/", "/app"));
        assert!(!under("/application", "/app") && !under("/ap", "/app"));
        assert!(under("/anything", "/"));
    }
}
