//! Version 1 of the admin API: resources only; the door is guarded by `auth`.

pub mod users;

use crate::account::Accounts;
use axum::Router;
use std::sync::Arc;

pub(super) fn router() -> Router<Arc<Accounts>> {
    Router::new().nest("/users", users::router())
}
