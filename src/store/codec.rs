//! Records as versioned JSON: `{"v": 1, "r": {…}}`. Both stores write this form and no other.

use super::{Result, StoreError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Raised when a record's shape changes; `decode` then brings older ones up to date.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Out<'a, T> {
    v: u32,
    r: &'a T,
}

#[derive(Deserialize)]
struct In<T> {
    r: T,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

pub(super) fn encode<T: Serialize>(what: &'static str, record: &T) -> Result<String> {
    serde_json::to_string(&Out { v: VERSION, r: record }).map_err(|e| StoreError::corrupt(what, e))
}

/// Refuses what a newer release wrote: half-understood, it could look like *not enrolled*.
pub(super) fn decode<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    let Version { v } = serde_json::from_str(text).map_err(|e| StoreError::corrupt(what, e))?;
    if v != VERSION {
        return Err(StoreError::corrupt(what, format!("version {v} of the record is not known to this release")));
    }
    serde_json::from_str::<In<T>>(text).map(|i| i.r).map_err(|e| StoreError::corrupt(what, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_a_newer_release_is_refused_and_not_misread() {
        let text = encode("number", &7u32).unwrap();
        assert_eq!(text, r#"{"v":1,"r":7}"#);
        assert_eq!(decode::<u32>("number", &text).unwrap(), 7);
        for bad in [r#"{"v":2,"r":7}"#, r#"{"r":7}"#, r#"{"v":1,"r":"x"}"#, ""] {
            assert!(matches!(decode::<u32>("number", bad), Err(StoreError::Corrupt { .. })), "{bad}");
        }
    }
}
