//! Apache's password file: `name:hash` a line; blank lines and those that begin with `#` say nothing.

use super::{Mistake, Read, Row};
use secrecy::SecretString;

pub(super) fn read(text: &str) -> Read {
    let mut read = Read::default();
    for (n, line) in text.lines().enumerate() {
        let at = u32::try_from(n + 1).unwrap_or(u32::MAX);
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.split_once(':') {
            // what stands behind a second colon is a comment of some tools
            Some((name, rest)) => {
                let hash = rest.split(':').next().unwrap_or_default();
                let password_hash = Some(SecretString::from(hash));
                read.rows.push(Row { line: at, name: name.into(), password_hash, ..Row::default() });
            }
            None => read.mistakes.push(Mistake::new(at, "no colon. Each line is a name, a colon and a password hash.")),
        }
    }
    read
}
