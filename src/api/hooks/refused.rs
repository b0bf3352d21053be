//! How often addresses were refused in this minute: strangers must not fill the record, and a tool whose secret is right
//! must never wait for them.

use crate::types::{ClientIp, ClientNetwork, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Default)]
pub(super) struct Refused(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    minute: u64,
    count: HashMap<Option<ClientNetwork>, u32>,
}

impl Refused {
    /// Counts one. Whether it was one too many.
    pub(super) fn count(&self, from: Option<ClientIp>, now: Timestamp) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.as_secs() / 60;
        if state.minute != minute {
            *state = Minute { minute, count: HashMap::new() };
        }
        let network = from.map(|ip| ip.network());
        if state.count.len() >= ADDRESSES && !state.count.contains_key(&network) {
            return true;
        }
        let count = state.count.entry(network).or_default();
        *count = count.saturating_add(1);
        *count > A_MINUTE
    }
}

const A_MINUTE: u32 = 30;
/// That are remembered.
const ADDRESSES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn from(n: u32) -> Option<ClientIp> {
        Some(ClientIp(Ipv4Addr::from(n).into()))
    }

    #[test]
    fn thirty_a_minute_of_an_address_are_counted_and_more_are_too_many() {
        let refused = Refused::default();
        let at = |s: u64| Timestamp::from_secs(6_000 + s);
        assert!((0..A_MINUTE).all(|_| !refused.count(from(1), at(0))));
        assert!(refused.count(from(1), at(59)));
        assert!(!refused.count(from(2), at(59)) && !refused.count(None, at(59)));
        assert!(!refused.count(from(1), at(60)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let refused = Refused::default();
        let over = (0..30_000).filter(|n| refused.count(from(*n), Timestamp::from_secs(1))).count();
        assert_eq!(over, 30_000 - ADDRESSES);
    }
}
