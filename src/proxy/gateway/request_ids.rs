//! Ids of requests: never twice, and telling nothing of how many there were. Not a secret, so the system is asked for
//! randomness once and not for every request.

use crate::sys::{Entropy, random};
use crate::types::RequestId;
use std::hash::{DefaultHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

/// One a worker.
pub struct RequestIds {
    key: [u8; 32],
    made: AtomicU64,
}

impl RequestIds {
    pub fn new(entropy: &dyn Entropy) -> Self {
        RequestIds { key: random(entropy), made: AtomicU64::new(0) }
    }

    pub fn next(&self) -> RequestId {
        let n = self.made.fetch_add(1, Ordering::Relaxed);
        let half = |which: u8| {
            let mut hash = DefaultHasher::new();
            hash.write(&self.key);
            hash.write_u64(n);
            hash.write_u8(which);
            u128::from(hash.finish())
        };
        RequestId::from_bytes((half(0) << 64 | half(1)).to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::SystemEntropy;
    use std::collections::HashSet;

    #[test]
    fn ids_never_repeat_within_a_process_or_between_two() {
        let (one, two) = (RequestIds::new(&SystemEntropy), RequestIds::new(&SystemEntropy));
        let ids: HashSet<_> = (0..10_000).flat_map(|_| [one.next(), two.next()]).collect();
        assert_eq!(ids.len(), 20_000);
    }
}
