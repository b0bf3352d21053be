//! What commands write: results to the standard output, everything else to the standard error.
//!
//! A reader that went away (`| head`) is no error.

use super::failure::Failure;
use serde::Serialize;
use serde_json::json;
use std::io::Write;

/// The terminal, or the script, behind a command.
pub struct Out {
    json: bool,
}

impl Out {
    pub fn new(json: bool) -> Self {
        Out { json }
    }
    /// The caller asked for JSON.
    pub fn json(&self) -> bool {
        self.json
    }
    /// A command's result: `text` for people, `value` in one line for scripts.
    pub fn result(&self, text: &str, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(json) if self.json => line(std::io::stdout().lock(), &json),
            Ok(_) | Err(_) => line(std::io::stdout().lock(), text),
        }
    }
    /// A piece of a long result, as it is. False where the reader went away.
    pub fn piece(&self, text: &str) -> bool {
        let mut to = std::io::stdout().lock();
        to.write_all(text.as_bytes()).and_then(|()| to.flush()).is_ok()
    }
    /// Beside the result: a warning, a hint.
    pub fn remark(&self, text: &str) {
        line(std::io::stderr().lock(), text);
    }
    pub fn failure(&self, failure: &Failure) {
        let text = failure.to_string();
        if self.json {
            self.remark(&json!({ "error": text, "code": failure.code() }).to_string());
        } else if !text.is_empty() {
            self.remark(&text);
        }
    }
}

fn line(mut to: impl Write, text: &str) {
    // the reader went away: nobody is left to tell
    let _ = writeln!(to, "{text}").and_then(|()| to.flush());
}
