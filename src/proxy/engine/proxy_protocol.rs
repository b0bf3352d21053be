//! The PROXY protocol, versions 1 and 2 (the haproxy project's `proxy-protocol.txt`), receiving side.
//!
//! [`parse`] is pure. [`read`] takes exactly the header from a stream, never a byte of what follows it. Neither knows who
//! may be believed: only bytes of a trusted peer may come here.

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
