//! Sessions of browsers: cookies, lifetimes, and the node's cache of them that answers without the store.

pub mod cache;
pub mod cookie;
pub mod identity;
pub mod lookup;
pub mod marks;
pub mod told;

pub use cookie::{CookieNames, Jar};
pub use identity::{Cached, Identity};
pub use lookup::Sessions;
pub use marks::{Effect, Place};
pub use told::Told;
