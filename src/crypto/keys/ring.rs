//! The keys in use, and what is derived from them: one handle for the whole process, so that a changed key file reaches
//! everything that seals, opens, signs or checks without anybody being told.
//!
//! Decides nothing about files: who has read one hands the keys in.

use super::{Keys, Label, RootKey};
use crate::sys::Entropy;
use crate::types::Timestamp;
use arc_swap::ArcSwap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The keys in use. Clones share them.
#[derive(Clone)]
pub struct KeyRing(Arc<ArcSwap<Keys>>);

impl KeyRing {
    pub fn of(keys: Keys) -> Self {
        KeyRing(Arc::new(ArcSwap::from_pointee(keys)))
    }
    /// A ring of one new key.
    pub fn generate(entropy: &dyn Entropy, now: Timestamp) -> Self {
        KeyRing::of(Keys { newest: RootKey::generate(entropy, now, now), others: Vec::new() })
    }

    /// All of them as they are now.
    pub fn keys(&self) -> Arc<Keys> {
        self.0.load_full()
    }
    /// From now on these, everywhere.
    pub fn replace(&self, keys: Keys) {
        self.0.store(Arc::new(keys));
    }
    /// The key that seals.
    pub fn newest(&self) -> RootKey {
        self.0.load().newest().clone()
    }
    pub fn derive(&self, key_id: &str, label: Label) -> Option<Zeroizing<[u8; 32]>> {
        self.0.load().derive(key_id, label)
    }
}
impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyRing({:?})", self.0.load())
    }
}

/// Something made of a ring's keys, kept, and made anew once they have changed.
pub(in crate::crypto) struct Derived<T> {
    ring: KeyRing,
    make: Box<dyn Fn(&Keys) -> T + Send + Sync>,
    made: ArcSwap<Made<T>>,
}

struct Made<T> {
    of: Arc<Keys>,
    value: T,
}

impl<T> Derived<T> {
    pub fn new(ring: &KeyRing, make: impl Fn(&Keys) -> T + Send + Sync + 'static) -> Self {
        let of = ring.keys();
        let made = ArcSwap::from_pointee(Made { value: make(&of), of });
        Derived { ring: ring.clone(), make: Box::new(make), made }
    }

    /// Two atomic loads where nothing has changed.
    pub fn with<R>(&self, work: impl FnOnce(&T) -> R) -> R {
        let made = self.made.load();
        let now = self.ring.0.load();
        if Arc::ptr_eq(&made.of, &now) {
            return work(&made.value);
        }
        let of = Arc::clone(&now);
        let new = Arc::new(Made { value: (self.make)(&of), of });
        self.made.store(Arc::clone(&new));
        work(&new.value)
    }
}
