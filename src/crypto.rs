//! Sealing with key ids, tokens, form tokens, password hashes, assertion signing.
//!
//! All of it hangs on the root keys of a [`KeyRing`]; each purpose has its own key, derived by a label of its own
//! (NIST SP 800-108, RFC 5869). No IO here: who has the key file's text gives it in.

pub mod api_token;
pub mod assertion;
pub mod audit;
pub mod code;
pub mod form;
pub mod keys;
mod mac;
mod p256_key;
pub mod parked;
pub mod password;
pub mod seal;
pub mod token;

pub use api_token::ApiTokens;
pub use assertion::Signer;
pub use audit::{AuditKeys, AuditVerifier};
pub use code::Codes;
pub use form::Forms;
pub use keys::KeyRing;
pub use parked::{FormKey, FormKeys};
pub use password::{Cost, PasswordError, Passwords, Verified};
pub use seal::{Aad, SealError, open, reseal, seal};
pub use token::Tokens;
