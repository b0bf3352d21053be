//! The PROXY protocol, versions 1 and 2 (the haproxy project's `proxy-protocol.txt`), receiving side.
//!
//! [`parse`] is pure. [`read`] takes exactly the header from a stream, never a byte of what follows it. Neither knows
//! who may be believed: only bytes of a trusted peer may come here.

use std::io;
use std::net::{IpAddr, SocketAddr};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// The connection is made for this client.
    Client(SocketAddr),
    /// LOCAL or UNKNOWN: the sender speaks for itself (health checks), or does not say; its own address counts.
    Own,
}

/// How far the bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parsed {
    Complete(Header),
    /// At least this many more bytes belong to the header.
    Missing(usize),
}

/// The bytes are not a header, or one that this listener does not take (UDP, Unix sockets).
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("not a PROXY protocol header")]
pub struct Invalid;

/// Reads `bytes` as a header, which must be all of them.
///
/// # Errors
/// As soon as no further byte can make it a header.
pub fn parse(bytes: &[u8]) -> Result<Parsed, Invalid> {
    if bytes.is_empty() {
        return Ok(Parsed::Missing(V1_MIN)); // of either version, and the shortest line ends there
    }
    let begins = |with: &[u8]| bytes.iter().zip(with).all(|(a, b)| a == b);
    if begins(V2_SIGNATURE) {
        parse_v2(bytes)
    } else if begins(V1_BEGIN) {
        parse_v1(bytes)
    } else {
        Err(Invalid)
    }
}

/// Reads one header. `None`: the peer speaks for itself.
///
/// # Errors
/// `InvalidData` for anything but a header, and what reading says.
pub async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Option<SocketAddr>> {
    let mut bytes = Vec::with_capacity(V1_MAX);
    loop {
        match parse(&bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))? {
            Parsed::Complete(Header::Client(client)) => return Ok(Some(client)),
            Parsed::Complete(Header::Own) => return Ok(None),
            Parsed::Missing(n) => {
                let limit = u64::try_from(n).unwrap_or(0);
                let got = (&mut *stream).take(limit).read_to_end(&mut bytes).await?;
                if got < n {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
    }
}

const V1_BEGIN: &[u8] = b"PROXY ";
/// `PROXY UNKNOWN` and the line's end.
const V1_MIN: usize = 15;
/// The longest line a sender may write, its end included.
const V1_MAX: usize = 107;
const V2_SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family, two bytes of length.
const V2_HEAD: usize = 16;
/// The specification asks for room for 536 bytes; TLVs (TLS names, tokens) may take more.
const V2_MAX_BODY: usize = 2048;

fn parse_v1(bytes: &[u8]) -> Result<Parsed, Invalid> {
    let Some(line) = bytes.strip_suffix(b"\r\n") else {
        return match bytes.len() {
            n if n < V1_MIN => Ok(Parsed::Missing(V1_MIN - n)),
            n if n >= V1_MAX => Err(Invalid),
            _ if bytes.contains(&b'\n') => Err(Invalid),
            _ => Ok(Parsed::Missing(if bytes.ends_with(b"\r") { 1 } else { 2 })),
        };
    };
    let line = std::str::from_utf8(line).map_err(|_| Invalid)?;
    if bytes.len() > V1_MAX || line.contains(['\r', '\n']) {
        return Err(Invalid);
    }
    let mut fields = line.split(' ').skip(1);
    let family = fields.next().ok_or(Invalid)?;
    if family == "UNKNOWN" {
        return Ok(Parsed::Complete(Header::Own)); // whatever follows must be ignored
    }
    let (source, destination) = (address(fields.next())?, address(fields.next())?);
    let (port, _) = (port(fields.next())?, port(fields.next())?);
    let fits = match family {
        "TCP4" => source.is_ipv4() && destination.is_ipv4(),
        "TCP6" => source.is_ipv6() && destination.is_ipv6(),
        _ => false,
    };
    if !fits || fields.next().is_some() {
        return Err(Invalid);
    }
    Ok(Parsed::Complete(Header::Client(SocketAddr::new(source, port))))
}

fn address(field: Option<&str>) -> Result<IpAddr, Invalid> {
    field.and_then(|f| f.parse().ok()).ok_or(Invalid)
}

fn port(field: Option<&str>) -> Result<u16, Invalid> {
    field.filter(|f| f.bytes().all(|b| b.is_ascii_digit())).and_then(|f| f.parse().ok()).ok_or(Invalid)
}

fn parse_v2(bytes: &[u8]) -> Result<Parsed, Invalid> {
    let Some((&[.., command, family, high, low], body)) = bytes.split_first_chunk::<V2_HEAD>() else {
        return Ok(Parsed::Missing(V2_HEAD - bytes.len()));
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if command >> 4 != 2 || length > V2_MAX_BODY || body.len() > length {
        return Err(Invalid);
    }
    if body.len() < length {
        return Ok(Parsed::Missing(length - body.len()));
    }
    let header = match (command & 0x0f, family) {
        (LOCAL, _) | (PROXY, UNSPECIFIED) => Header::Own,
        (PROXY, TCP_OVER_IPV4) => Header::Client(source::<4>(body)?),
        (PROXY, TCP_OVER_IPV6) => Header::Client(source::<16>(body)?),
        _ => return Err(Invalid),
    };
    Ok(Parsed::Complete(header))
}

const LOCAL: u8 = 0;
const PROXY: u8 = 1;
const UNSPECIFIED: u8 = 0x00;
const TCP_OVER_IPV4: u8 = 0x11;
const TCP_OVER_IPV6: u8 = 0x21;

/// Source address, destination address, source port, destination port; TLVs after them are not read.
fn source<const N: usize>(body: &[u8]) -> Result<SocketAddr, Invalid>
where
    IpAddr: From<[u8; N]>,
{
    let (source, rest) = body.split_first_chunk::<N>().ok_or(Invalid)?;
    let (_destination, rest) = rest.split_first_chunk::<N>().ok_or(Invalid)?;
    let (ports, _) = rest.split_first_chunk::<4>().ok_or(Invalid)?;
    let [high, low, ..] = *ports;
    Ok(SocketAddr::new(IpAddr::from(*source), u16::from_be_bytes([high, low])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [V2_SIGNATURE.as_slice(), &[command, family], &length, body].concat()
    }

    #[test]
    fn headers_are_read() {
        let client = |text: &str| Ok(Parsed::Complete(Header::Client(text.parse().unwrap())));
        let own = Ok(Parsed::Complete(Header::Own));
        let v4 = [192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x34, 1, 187];
        let v6 = [&Ipv6Addr::LOCALHOST.octets()[..], &[0; 16], &[0, 80, 0, 81, 4, 0, 1, 9]].concat();
        for (bytes, parsed) in [
            (b"PROXY TCP4 192.0.2.1 10.0.0.1 5000 443\r\n".to_vec(), client("192.0.2.1:5000")),
            (b"PROXY TCP6 2001:db8::1 ::1 0 65535\r\n".to_vec(), client("[2001:db8::1]:0")),
            (b"PROXY UNKNOWN\r\n".to_vec(), own),
            (b"PROXY UNKNOWN anything at all\r\n".to_vec(), own),
            (v2(0x21, 0x11, &v4), client("192.0.2.7:4660")),
            (v2(0x21, 0x21, &v6), client("[::1]:80")),
            (v2(0x20, 0x11, &v4), own),
            (v2(0x20, 0x00, &[]), own),
            (v2(0x21, 0x00, &[1, 2]), own),
        ] {
            assert_eq!(parse(&bytes), parsed, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let unix = v2(0x21, 0x31, &[0; 216]);
        let long = [b"PROXY UNKNOWN".as_slice(), &[b'x'; V1_MAX]].concat();
        for bytes in [
            b"GET / HTTP/1.1\r\n".as_slice(),
            b"PROXY TCP4 192.0.2.1 10.0.0.1 5000\r\n",
            b"PROXY TCP4 192.0.2.1 10.0.0.1 5000 443 x\r\n",
            b"PROXY TCP4 192.0.2.1 10.0.0.1 +5000 443\r\n",
            b"PROXY TCP4 192.0.2.1 10.0.0.1 65536 443\r\n",
            b"PROXY TCP4 2001:db8::1 10.0.0.1 5000 443\r\n",
            b"PROXY TCP6 192.0.2.1 10.0.0.1 5000 443\r\n",
            b"PROXY TCP5 192.0.2.1 10.0.0.1 5000 443\r\n",
            b"PROXY  TCP4 192.0.2.1 10.0.0.1 5000 443\r\n",
            b"PROXY UNKNOWN\n rest of the line",
            b"PROXY UNKNOWN\r\nGET / HTTP/1.1\r\n",
            &long,
            &v2(0x11, 0x11, &[0; 12]), // another version
            &v2(0x22, 0x11, &[0; 12]), // another command
            &v2(0x21, 0x12, &[0; 12]), // UDP
            &v2(0x21, 0x11, &[0; 11]), // too short for its family
            &v2(0x21, 0x21, &[0; 35]),
            &v2(0x20, 0x00, &[0; V2_MAX_BODY + 1]),
            &unix,
        ] {
            assert_eq!(parse(bytes), Err(Invalid), "{}", bytes.escape_ascii());
        }
    }

    fn header() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            (any::<Ipv4Addr>(), any::<u16>())
                .prop_map(|(ip, port)| format!("PROXY TCP4 {ip} 127.0.0.1 {port} 443\r\n").into_bytes()),
            (any::<Ipv6Addr>(), any::<u16>())
                .prop_map(|(ip, port)| format!("PROXY TCP6 {ip} ::1 {port} 443\r\n").into_bytes()),
            "( [ -~]{0,91})?".prop_map(|more| format!("PROXY UNKNOWN{more}\r\n").into_bytes()),
            proptest::collection::vec(any::<u8>(), 12..300).prop_map(|body| v2(0x21, 0x11, &body)),
            proptest::collection::vec(any::<u8>(), 0..40).prop_map(|body| v2(0x20, 0x00, &body)),
        ]
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged(bytes in any::<Vec<u8>>(), v1: bool) {
            let _ = parse(&bytes);
            let begin = if v1 { V1_BEGIN } else { V2_SIGNATURE.as_slice() };
            let _ = parse(&[begin, &bytes].concat());
        }

        #[test]
        fn a_part_asks_for_no_more_than_is_missing(header in header(), part: prop::sample::Index) {
            let part = part.index(header.len());
            match parse(&header[..part]) {
                Ok(Parsed::Missing(n)) => prop_assert!(n >= 1 && part + n <= header.len()),
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn not_a_byte_after_the_header_is_taken(header in header(), rest in any::<Vec<u8>>()) {
            let all = [header, rest.clone()].concat();
            let mut stream = all.as_slice();
            let read = futures::executor::block_on(read(&mut stream));
            prop_assert!(read.is_ok());
            prop_assert_eq!(stream, rest.as_slice());
        }
    }
}
