//! Whether a key file belongs to a store: a constant under each key lies in the store and is compared at start.
//!
//! Compares only; how a canary comes from its key is not its business.

use super::{Result, StoreError};

/// The constant under one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    pub key: String,
    pub value: Vec<u8>,
}

/// The keys that a process works with. The default holds none and fits an unused store alone.
#[derive(Clone, Debug, Default)]
pub struct KeyFile {
    /// For the error's words.
    pub file: String,
    pub canaries: Vec<Canary>,
}

impl KeyFile {
    /// Refuses where a canary of the store is not one of this file's. A key that the file does not know counts as well:
    /// what is sealed with it would be lost.
    pub fn opens(&self, kept: &[Canary]) -> Result<()> {
        let Some(strange) = kept.iter().find(|c| !self.canaries.contains(c)) else { return Ok(()) };
        let how =
            if self.canaries.iter().any(|c| c.key == strange.key) { "is another one there" } else { "is not in it" };
        Err(StoreError::Unfit(format!(
            "the key file {} does not belong to this store: key `{}`, under which the store's passwords and second \
             factors lie, {how}. With this file no password could be checked and no second factor opened. Bring back \
             the key file of this store from your copy, or name the store of this file; where the key is lost for \
             good, so are they: begin with an empty store",
            self.file, strange.key
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canary(key: &str, value: &[u8]) -> Canary {
        Canary { key: key.into(), value: value.into() }
    }

    #[test]
    fn a_file_opens_what_lies_under_its_own_keys_alone() {
        let file = KeyFile { file: "keys.yaml".into(), canaries: vec![canary("aaaa", b"1"), canary("bbbb", b"2")] };
        for kept in [vec![], vec![canary("aaaa", b"1")], vec![canary("bbbb", b"2"), canary("aaaa", b"1")]] {
            assert!(file.opens(&kept).is_ok(), "{kept:?}");
        }
        for (kept, why) in [(canary("aaaa", b"2"), "is another one there"), (canary("cccc", b"1"), "is not in it")] {
            let told = file.opens(&[canary("bbbb", b"2"), kept.clone()]).unwrap_err().to_string();
            for part in ["keys.yaml", &kept.key, why, "passwords and second factors", "Bring back"] {
                assert!(told.contains(part), "{part:?} is not in {told}");
            }
        }
        assert!(KeyFile::default().opens(&[canary("aaaa", b"1")]).is_err());
    }
}
