//! A line of the audit as an event of the Open Cybersecurity Schema Framework, version 1.8.
//!
//! Sign-ins, sign-outs and challenges are *Authentication* (3002), changes of accounts and factors *Account Change* (3001),
//! calls of the API *API Activity* (6003), everything else a *Base Event*. What has no place there is under `unmapped`.

use crate::types::Timestamp;
use serde_json::{Map, Value, json};

/// Class, activity and how it ended.
struct Kind {
    class: u32,
    category: u32,
    activity: u32,
    /// 1 success, 2 failure, 0 unknown.
    status: u32,
    /// 1 informational, 2 low, 3 medium, 4 high.
    severity: u32,
}

pub(super) fn event(line: &Value) -> Value {
    let text = |name| line.get(name).and_then(Value::as_str);
    let kind = kind(text("event").unwrap_or_default(), text("outcome"), text("change"), line);
    let at = text("at").and_then(|t| t.parse::<Timestamp>().ok()).unwrap_or_default();
    let mut out = json!({
        "class_uid": kind.class,
        "category_uid": kind.category,
        "activity_id": kind.activity,
        "type_uid": kind.class * 100 + kind.activity,
        "severity_id": kind.severity,
        "status_id": kind.status,
        "time": at.as_millis(),
        "message": text("event"),
        "metadata": {
            "version": "1.8.0",
            "product": { "name": "Portcullis", "vendor_name": "Portcullis" },
            "uid": format!("{}:{}", text("node").unwrap_or_default(), line.get("seq").unwrap_or(&Value::Null)),
            "correlation_uid": text("request"),
        },
        "status_detail": text("outcome").or_else(|| text("change")),
        "unmapped": unmapped(line),
    });
    if let Value::Object(out) = &mut out {
        match kind.class {
            AUTHENTICATION => authentication(out, &text),
            ACCOUNT_CHANGE => {
                out.insert("user".into(), user(&text));
                out.insert("actor".into(), json!({ "app_name": text("by").unwrap_or("person") }));
            }
            API_ACTIVITY => {
                let operation = format!("{} {}", text("method").unwrap_or_default(), text("path").unwrap_or_default());
                out.insert("api".into(), json!({ "operation": operation, "response": { "code": line.get("status") } }));
                out.insert("actor".into(), json!({ "app_name": text("by") }));
            }
            _ => {}
        }
        if kind.class != BASE {
            out.insert("src_endpoint".into(), json!({ "ip": text("from").unwrap_or("0.0.0.0") }));
        }
    }
    without_nulls(out)
}

fn authentication<'a>(out: &mut Map<String, Value>, text: &impl Fn(&'static str) -> Option<&'a str>) {
    out.insert("user".into(), user(text));
    out.insert("service".into(), json!({ "name": text("app").unwrap_or("portcullis") }));
    out.insert("is_remote".into(), true.into());
    if let Some(session) = text("session") {
        out.insert("session".into(), json!({ "uid": session }));
    }
    let factor = match text("factor") {
        None => 11, // password
        Some("totp") => 7,
        Some(_) => 99,
    };
    out.insert("is_mfa".into(), (factor != 11).into());
    out.insert("auth_factors".into(), json!([{ "factor_type_id": factor, "factor_type": text("factor") }]));
}

fn user<'a>(text: &impl Fn(&'static str) -> Option<&'a str>) -> Value {
    json!({ "uid": text("user"), "name": text("name").or_else(|| text("login")) })
}

fn kind(event: &str, outcome: Option<&str>, change: Option<&str>, line: &Value) -> Kind {
    let passed = outcome.is_some_and(|o| o.contains("passed"));
    let authentication = |activity| Kind {
        class: AUTHENTICATION,
        category: 3,
        activity,
        status: if activity == 2 || passed { 1 } else { 2 },
        severity: if activity == 2 || passed { 1 } else { 2 },
    };
    let account = |activity, status| Kind { class: ACCOUNT_CHANGE, category: 3, activity, status, severity: 1 };
    let base = |severity| Kind { class: BASE, category: 0, activity: 99, status: 0, severity };
    match event {
        "sign_in" | "challenge" | "failures" => authentication(1),
        "sign_out" => authentication(2),
        "enrolment" if outcome == Some("confirmed") => account(10, 1),
        "enrolment" => account(99, if outcome == Some("begun") { 1 } else { 2 }),
        "mfa" if change == Some("disabled") => account(11, 1),
        "backup_codes" | "mfa" => account(99, 1),
        "device" if change == Some("theft") => Kind { severity: 4, ..account(99, 1) },
        "device" => account(99, 1),
        "throttle" => Kind { severity: 3, ..account(9, 1) },
        "account_change" => account(account_activity(change), 1),
        "disconnect" => base(3),
        "alarm" => base(4),
        "api_call" => {
            let activity = match line.get("method").and_then(Value::as_str) {
                Some("POST") => 1,
                Some("GET" | "HEAD") => 2,
                Some("PUT" | "PATCH") => 3,
                Some("DELETE") => 4,
                Some(_) | None => 99,
            };
            let good = line.get("status").and_then(Value::as_u64).is_some_and(|s| s < 400);
            let (status, severity) = if good { (1, 1) } else { (2, 2) };
            Kind { class: API_ACTIVITY, category: 6, activity, status, severity }
        }
        "lost" | "trimmed" | "repaired" | "duplicate_cookie" => base(3),
        _ => base(1),
    }
}

fn account_activity(change: Option<&str>) -> u32 {
    match change {
        Some("added" | "imported") => 1,
        Some("enabled") => 2,
        Some("password_set") => 4,
        Some("disabled") => 5,
        Some("deleted") => 6,
        Some("mfa_reset") => 11,
        Some(_) | None => 99,
    }
}

/// What has no place of its own in the schema.
fn unmapped(line: &Value) -> Value {
    const MAPPED: [&str; 14] = [
        "seq", "at", "node", "event", "user", "name", "login", "from", "app", "session", "request", "method", "path",
        "status",
    ];
    let fields = line.as_object().into_iter().flatten().filter(|(k, _)| !MAPPED.contains(&k.as_str()));
    Value::Object(fields.map(|(k, v)| (k.clone(), v.clone())).collect())
}

fn without_nulls(v: Value) -> Value {
    match v {
        Value::Object(fields) => Value::Object(
            fields.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k, without_nulls(v))).collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => v,
    }
}

const BASE: u32 = 0;
const ACCOUNT_CHANGE: u32 = 3001;
const AUTHENTICATION: u32 = 3002;
const API_ACTIVITY: u32 = 6003;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: Value) -> Value {
        event(&line)
    }

    #[test]
    fn a_sign_in_is_an_authentication() {
        let line = json!({
            "seq": 7, "at": "2024-02-29T23:59:59.007Z", "node": "n", "event": "sign_in", "outcome": "wrong_password",
            "user": "u", "login": "mia", "from": "192.0.2.1", "app": "intranet", "request": "r", "policy": "abc", "prev": "00",
        });
        insta::assert_snapshot!(serde_json::to_string_pretty(&of(line)).unwrap());
    }

    #[test]
    fn what_the_schema_requires_is_there_for_every_kind() {
        let kinds = ["sign_in", "sign_out", "challenge", "enrolment", "mfa", "device", "throttle", "account_change"];
        let more = ["api_call", "failures", "policy", "keys", "node", "checkpoint", "lost", "trimmed", "backup_codes"];
        for kind in kinds.iter().chain(&more) {
            let out =
                of(json!({ "seq": 1, "at": "2024-02-29", "node": "n", "event": kind, "method": "PUT", "path": "/" }));
            let number = |name| out[name].as_u64().unwrap_or_else(|| panic!("{kind}: {name}"));
            assert_eq!(number("type_uid"), number("class_uid") * 100 + number("activity_id"), "{kind}");
            assert_eq!(number("class_uid") / 1000, number("category_uid"), "{kind}");
            assert!(number("severity_id") > 0 && number("time") > 0 && out["metadata"]["version"] == "1.8.0");
            let needs: &[&str] = match number("class_uid") {
                3002 => &["user", "service"],
                3001 => &["user"],
                6003 => &["api", "actor", "src_endpoint"],
                _ => &[],
            };
            assert!(needs.iter().all(|n| out.get(n).is_some()), "{kind}: {out}");
        }
    }
}
