//! The visitor's address, after trusted hops have been taken off.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The address a request is attributed to. Not the TCP peer where a trusted proxy stands before us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientIp(pub IpAddr);

impl ClientIp {
    /// An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is that IPv4 address.
    pub fn new(ip: IpAddr) -> Self {
        ClientIp(ip.to_canonical())
    }
    /// What limits are counted by: the IPv4 address, or the /64 of an IPv6 one (one subscriber owns all of it).
    pub fn network(&self) -> ClientNetwork {
        ClientNetwork(match self.0 {
            IpAddr::V4(a) => IpAddr::V4(a),
            IpAddr::V6(a) => {
                let [a, b, c, d, ..] = a.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }
}
/// What [`ClientIp::network`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientNetwork(IpAddr);

impl ClientNetwork {
    /// Its first address, which names it.
    pub fn first(&self) -> ClientIp {
        ClientIp(self.0)
    }
}

impl fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl fmt::Display for ClientIp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
