//! Version 1 of the admin API: resources only; the door is guarded by `auth`.

pub mod audit;
mod author;
pub mod disconnects;
pub mod imports;
pub mod keys;
pub mod sessions;
pub mod tokens;
pub mod users;

use super::Desk;
use utoipa_axum::router::OpenApiRouter;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::default()
        .nest("/audit", audit::router())
        .nest("/disconnects", disconnects::router())
        .nest("/sessions", sessions::router())
        .nest("/tokens", tokens::router())
        .nest("/users", users::router())
        .nest("/imports", imports::router())
        .nest("/keys", keys::router())
}
