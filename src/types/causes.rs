//! Errors as one line: what was being done, then why it failed.

use std::error::Error;

/// An error with all its causes.
pub fn with_causes(e: &dyn Error) -> String {
    let mut text = e.to_string();
    let mut next = e.source();
    while let Some(e) = next {
        text.push_str(": ");
        text.push_str(&e.to_string());
        next = e.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the audit cannot be written")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn every_cause_stands_behind_what_it_caused() {
        let e = Outer(std::io::Error::other("no space left"));
        assert_eq!(with_causes(&e), "the audit cannot be written: no space left");
    }
}
