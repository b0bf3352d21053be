//! Lines of the audit in the formats that other tools read.

use super::ocsf;
use serde_json::Value;

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The line itself, as the chain has it.
    Jsonl,
    /// RFC 4180, one column a field.
    Csv,
    /// OCSF 1.8, one event a line.
    Ocsf,
}

impl Format {
    pub const ALL: [(&str, Format); 3] = [("jsonl", Format::Jsonl), ("csv", Format::Csv), ("ocsf", Format::Ocsf)];

    pub fn media_type(self) -> &'static str {
        match self {
            Format::Jsonl | Format::Ocsf => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8",
        }
    }
    /// What stands before the first line.
    pub fn head(self) -> String {
        match self {
            Format::Jsonl | Format::Ocsf => String::new(),
            Format::Csv => COLUMNS.join(",") + "\r\n",
        }
    }
    /// A line with its end.
    pub fn written(self, line: &str) -> String {
        let fields = || serde_json::from_str(line).unwrap_or_default();
        match self {
            Format::Jsonl => format!("{line}\n"),
            Format::Csv => csv(&fields()),
            Format::Ocsf => format!("{}\n", ocsf::event(&fields())),
        }
    }
}

fn csv(fields: &Value) -> String {
    let cells: Vec<_> = COLUMNS.iter().map(|c| fields.get(c).map_or_else(String::new, cell)).collect();
    cells.join(",") + "\r\n"
}

fn cell(v: &Value) -> String {
    let text = v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    // a spreadsheet takes these for a formula (CWE-1236)
    let guarded = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text };
    match guarded.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", guarded.replace('"', "\"\"")),
        false => guarded,
    }
}

const COLUMNS: [&str; 37] = [
    "at",
    "node",
    "seq",
    "event",
    "outcome",
    "change",
    "user",
    "name",
    "login",
    "by",
    "reason",
    "from",
    "app",
    "session",
    "request",
    "rule",
    "policy",
    "policy_version",
    "factor",
    "device",
    "left",
    "limit",
    "until",
    "cookie",
    "everywhere",
    "count",
    "of",
    "key",
    "method",
    "path",
    "status",
    "bytes",
    "through",
    "hash",
    "order",
    "case",
    "caller",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::FIELDS;

    const LINE: &str = r#"{"seq":7,"at":"2024-02-29T23:59:59.007Z","node":"n","event":"sign_in","outcome":"wrong_password","user":"u","login":"=cmd(\"x\"),y","from":"192.0.2.1","app":"intranet","policy":"abc","policy_version":1,"prev":"00"}"#;

    #[test]
    fn every_field_has_a_column() {
        assert!(FIELDS.iter().all(|f| COLUMNS.contains(f)));
    }

    #[test]
    fn a_line_is_exported_in_three_formats() {
        assert_eq!(Format::Jsonl.written(LINE), format!("{LINE}\n"));
        assert_eq!(Format::Csv.head().split(',').count(), COLUMNS.len());
        insta::assert_snapshot!(Format::Csv.written(LINE).trim_end(), @r#"2024-02-29T23:59:59.007Z,n,7,sign_in,wrong_password,,u,,"'=cmd(""x""),y",,,192.0.2.1,intranet,,,,abc,1,,,,,,,,,,,,,,,,,,,"#);
    }
}
