//! `GET /api/v1/audit/keys`: the public keys of checkpoints, and the last checkpoint of this node. Kept elsewhere they
//! show later whether the chain was cut or written anew.

use crate::api::Desk;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A key set (RFC 7517) and a checkpoint.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditKeySet {
    #[schema(value_type = Vec<Object>)]
    pub keys: Value,
    /// `NODE:NUMBER:HASH`; null: none was signed since the start.
    pub checkpoint: Option<String>,
}

#[utoipa::path(
    get, path = "/keys", operation_id = "list_audit_keys", tag = "audit",
    summary = "Public keys and the last checkpoint of the audit",
    description = "Kept elsewhere they show later whether the chain was cut or written anew.",
    responses((status = 200, description = "A key set and a checkpoint.", body = AuditKeySet))
)]
pub(super) async fn handle(State(desk): State<Desk>) -> Json<AuditKeySet> {
    let keys = desk.audit.jwks().get("keys").cloned().unwrap_or_default();
    Json(AuditKeySet { keys, checkpoint: desk.audit.checkpoint().map(|c| c.to_string()) })
}
