//! The client's failures in the store's terms.

use crate::store::StoreError;
use redis::{ErrorKind, RedisError, ServerErrorKind};

pub(super) fn failed(doing: &'static str, e: RedisError) -> StoreError {
    match e.kind() {
        // it answered, but something else lies under our key
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType | ErrorKind::Server(ServerErrorKind::ResponseError) => {
            StoreError::corrupt(doing, e)
        }
        ErrorKind::Extension if e.code() == Some("WRONGTYPE") => StoreError::corrupt(doing, e),
        // refused, timed out, loading, read-only, out of memory, too few replicas …
        _ => StoreError::unavailable(doing, e),
    }
}

/// The connection is of no further use, or at least not to be trusted.
pub(super) fn breaks_connection(e: &RedisError) -> bool {
    e.is_io_error()
        || e.is_timeout()
        || e.is_connection_dropped()
        || e.is_unrecoverable_error()
        || matches!(e.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown))
}
