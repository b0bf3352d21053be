//! `check`: reads configuration and policy as the gateway does, and says everything that is wrong in one run.

use super::failure::Failure;
use super::out::Out;
use super::settings;
use crate::config::Config;
use crate::policy::Problem;
use serde_json::{Value, json};
use std::path::PathBuf;

pub fn run(config: Option<PathBuf>, out: &Out) -> Result<(), Failure> {
    let file = settings::find(config)?;
    match Config::load(&file) {
        Ok((_, warnings)) => {
            if !out.json() {
                warnings.iter().for_each(|w| out.remark(&format!("warning: {w}")));
            }
            out.result("ok", &report(true, &[], &warnings));
            Ok(())
        }
        Err(problems) if out.json() => {
            out.result("", &report(false, &problems, &[]));
            Err(Failure::refused(count(problems.len())))
        }
        Err(problems) => Err(Failure::refused(format!("{}\n{}", settings::listed(&problems), count(problems.len())))),
    }
}

fn count(problems: usize) -> String {
    if problems == 1 { "1 mistake".into() } else { format!("{problems} mistakes") }
}

fn report(ok: bool, problems: &[Problem], warnings: &[Problem]) -> Value {
    let all = |list: &[Problem]| list.iter().map(described).collect::<Vec<_>>();
    json!({ "ok": ok, "problems": all(problems), "warnings": all(warnings) })
}

fn described(p: &Problem) -> Value {
    json!({ "file": *p.file, "line": p.line, "column": p.column, "message": p.message, "remedy": p.remedy })
}
