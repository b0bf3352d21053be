//! Comma-separated values (RFC 4180): a first line with column names, then one user a line.

use super::{Mistake, Read, Row};
use csv::{ReaderBuilder, StringRecord};
use secrecy::SecretString;

const COLUMNS: [&str; 7] = ["name", "email", "groups", "locale", "disabled", "password", "password_hash"];

pub(super) fn read(text: &str) -> Read {
    let mut read = Read::default();
    // ragged lines are told by us, with the number of their columns
    let mut reader = ReaderBuilder::new().flexible(true).trim(csv::Trim::Headers).from_reader(text.as_bytes());
    let columns = match reader.headers() {
        Ok(head) => columns(head, &mut read.mistakes),
        Err(e) => return Read { mistakes: vec![Mistake::new(1, format!("not readable as CSV: {e}."))], ..read },
    };
    for record in reader.records() {
        match record {
            Ok(record) => row(&record, &columns, &mut read),
            Err(e) => {
                let at = e.position().map_or(1, line_of);
                read.mistakes.push(Mistake::new(at, "not readable as CSV. The file must be UTF-8 text."));
            }
        }
    }
    read
}

/// The name of each column; `None`: not known.
fn columns(head: &StringRecord, mistakes: &mut Vec<Mistake>) -> Vec<Option<&'static str>> {
    let known = |c: &str| COLUMNS.iter().find(|k| k.eq_ignore_ascii_case(c)).copied();
    let columns: Vec<_> = head.iter().map(known).collect();
    for (n, (text, column)) in head.iter().zip(&columns).enumerate() {
        let told = match column {
            None => {
                format!("unknown column `{}`. Known here: {}.", crate::policy::read::shown(text), COLUMNS.join(", "))
            }
            Some(c) if columns.iter().take(n).any(|before| before == column) => {
                format!("the column `{c}` stands here twice. Keep one of the two.")
            }
            Some(_) => continue,
        };
        mistakes.push(Mistake::new(1, told));
    }
    if !columns.contains(&Some("name")) {
        mistakes
            .push(Mistake::new(1, "no column `name`. The first line names the columns, such as `name,email,groups`."));
    }
    columns
}

fn row(record: &StringRecord, columns: &[Option<&'static str>], read: &mut Read) {
    let line = record.position().map_or(0, line_of);
    if record.len() != columns.len() {
        let told =
            format!("{} columns, and the first line has {}. Quote values with commas.", record.len(), columns.len());
        return read.mistakes.push(Mistake::new(line, told));
    }
    let mut row = Row { line, ..Row::default() };
    for (value, column) in record.iter().zip(columns) {
        let text = value.trim();
        let filled = || Some(text.to_string()).filter(|t| !t.is_empty());
        match *column {
            Some("name") => row.name = text.into(),
            Some("email") => row.email = filled(),
            Some("groups") => {
                row.groups = text.split([';', ',', ' ']).filter(|g| !g.is_empty()).map(Into::into).collect()
            }
            Some("locale") => row.locale = filled(),
            Some("disabled") => match text.to_ascii_lowercase().as_str() {
                "" | "false" | "no" | "0" => {}
                "true" | "yes" | "1" => row.disabled = true,
                _ => read.mistakes.push(Mistake::new(line, "`disabled` is neither true nor false.")),
            },
            // as it stands: blanks may belong to it
            Some("password") => row.password = Some(value).filter(|v| !v.is_empty()).map(SecretString::from),
            Some("password_hash") => row.password_hash = filled().map(SecretString::from),
            Some(_) | None => {}
        }
    }
    read.rows.push(row);
}

fn line_of(p: &csv::Position) -> u32 {
    u32::try_from(p.line()).unwrap_or(u32::MAX)
}
