//! Text from outside made fit for a line of a log: short, on one line, shown in the order in which it is stored.
//!
//! Escaping is unambiguous: a backslash is escaped too, so nobody can type what looks like our escape.

use std::borrow::Cow;
use std::fmt::Write;

/// The longest value, in bytes, escapes included.
pub const LONGEST: usize = 256;

/// Cut and escaped; what is harmless already is not copied.
pub fn text(s: &str) -> Cow<'_, str> {
    if s.len() <= LONGEST && !s.chars().any(harmful) {
        return Cow::Borrowed(s);
    }
    let mut out = String::with_capacity(LONGEST);
    let mut fits = 0; // as much of `out` as leaves room for the mark
    for c in s.chars() {
        push(&mut out, c);
        if out.len() > LONGEST {
            out.truncate(fits);
            out.push(CUT);
            break;
        }
        if out.len() <= LONGEST - CUT.len_utf8() {
            fits = out.len();
        }
    }
    Cow::Owned(out)
}

/// Stands at the end of what was cut.
const CUT: char = '…';

fn push(out: &mut String, c: char) {
    match c {
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if harmful(c) => {
            // writing to a String cannot fail
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// Ends a line, drives a terminal, or shows text in another order than it is stored in (UTR #36).
fn harmful(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\\' | '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmful_text_is_written_as_escapes() {
        for (raw, clean) in [
            ("mia", "mia"),
            ("a\r\nb\tc", "a\\r\\nb\\tc"),
            ("\x1b[2J", "\\u{1b}[2J"),
            ("\u{202e}nimda\u{2066}", "\\u{202e}nimda\\u{2066}"),
            ("a\0b\u{85}", "a\\u{0}b\\u{85}"),
            ("a\\nb", "a\\\\nb"),
            ("café", "café"),
        ] {
            assert_eq!(text(raw), clean);
        }
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        for raw in ["é".repeat(1000), "\n".repeat(1000), "\u{1f600}".repeat(1000), format!("{}\0", "x".repeat(255))] {
            let out = text(&raw);
            assert!(out.len() <= LONGEST && out.len() > LONGEST - 16 && out.ends_with(CUT), "{} {out}", out.len());
        }
        let whole = "x".repeat(LONGEST);
        assert_eq!(text(&whole), whole);
    }
}
