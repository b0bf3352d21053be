//! What can go wrong with a store; either way the gate closes.

/// A store's failure.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Out of reach, timed out, loading, read-only: repeat later.
    #[error("the store is unavailable while {doing}")]
    Unavailable {
        doing: &'static str,
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It answered, but with something that is not ours.
    #[error("the store holds a broken record ({what})")]
    Corrupt {
        what: &'static str,
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It must not be used as it is configured (start-up refusals; says what to change).
    #[error("the store is not fit for use: {0}")]
    Unfit(String),
}

impl StoreError {
    pub fn unavailable(doing: &'static str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        StoreError::Unavailable { doing, cause: cause.into() }
    }
    pub fn corrupt(what: &'static str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        StoreError::Corrupt { what, cause: cause.into() }
    }
}
