//! Where a command gets a password from: the terminal, twice and unseen, or a file. Never from an argument.

use super::failure::Failure;
use secrecy::{ExposeSecret, SecretString};
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

#[derive(Debug, clap::Args)]
pub struct From {
    /// Read the password from the first line of this file; `-` is the standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl From {
    pub fn read(&self) -> Result<SecretString, Failure> {
        match &self.password_file {
            None => ask(),
            Some(p) if p.as_os_str() == "-" => first_line("the standard input", std::io::stdin().lock()),
            Some(p) => {
                let file = std::fs::File::open(p).map_err(|e| unreadable(p, &e))?;
                first_line(&p.display().to_string(), file)
            }
        }
    }
}

fn ask() -> Result<SecretString, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "no terminal to ask for the password: give it with --password-file FILE, or - for the standard input"
                .into(),
        ));
    }
    let once = prompt("Password: ")?;
    let again = prompt("The same again: ")?;
    if once.expose_secret() != again.expose_secret() {
        return Err(Failure::refused("the two passwords differ; nothing was changed, try again"));
    }
    Ok(once)
}

fn prompt(text: &str) -> Result<SecretString, Failure> {
    rpassword::prompt_password(text)
        .map(SecretString::from)
        .map_err(|e| Failure::refused(format!("the terminal did not give a password: {e}")))
}

/// A line's end is the editor's, not the password's; anything else is the password's, spaces too.
fn first_line(name: &str, from: impl Read) -> Result<SecretString, Failure> {
    let mut text = Zeroizing::new(String::new());
    from.take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(|e| Failure::refused(format!("{name}: cannot read the password: {e}; it must be UTF-8 text")))?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > LONGEST {
        return Err(Failure::refused(format!("{name}: too long for a password; give a file with the password alone")));
    }
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(SecretString::from(line)),
        _ => Err(Failure::refused(format!("{name}: the first line is empty; write the password there"))),
    }
}

fn unreadable(path: &Path, e: &std::io::Error) -> Failure {
    Failure::refused(format!("{}: cannot read the password file: {e}", path.display()))
}

/// Bytes of a password file.
const LONGEST: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_password() {
        for (file, password) in [("a b \n", "a b "), ("é\r\nrest", "é"), ("x", "x")] {
            assert_eq!(first_line("f", file.as_bytes()).map(|s| s.expose_secret().to_owned()), Ok(password.into()));
        }
        for bad in [&b""[..], b"\nx", b"\xff", &[b'x'; 5000]] {
            assert!(first_line("f", bad).is_err());
        }
    }
}
