//! Narrow values that every layer speaks: parsed once at the edge, wrong values cannot be built.
//!
//! No IO and no clock here; nothing in this module imports another module of the crate.

pub mod assurance;
pub mod causes;
pub mod email;
pub mod hook_path;
pub mod host;
pub mod id;
pub mod inbound;
pub mod methods;
pub mod name;
pub mod net;
pub mod object;
pub mod password;
pub mod path;
pub mod return_to;
pub mod scope;
pub mod time;
pub mod token;

pub use assurance::{Acr, Assurance, Proofs, SecondFactor};
pub use causes::with_causes;
pub use email::Email;
pub use hook_path::{is_hook_name, shown_path};
pub use host::{Host, Origin};
pub use id::{
    ApiTokenId, ByRandomBits, DeviceId, FactorId, FormId, NodeId, OrderId, RequestId, Seq, SessionId, SetId, UserId,
};
pub use inbound::{AppName, Cookies, FetchMetadata, Inbound, Kind, Mode};
pub use methods::Methods;
pub use name::{GroupName, Login, UserName};
pub use net::{ClientIp, ClientNetwork};
pub use object::Object;
pub use password::PasswordHash;
pub use path::CanonicalPath;
pub use return_to::ReturnTo;
pub use scope::{Scope, Scopes};
pub use time::Timestamp;
pub use token::{ApiTokenRef, DeviceRef, TokenHash, TokenName, TokenRef};
