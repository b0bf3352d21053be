//! What the demo says once it is up: what to open and try, or one line of JSON.
//!
//! The one place that shows secrets: they are thrown away with the demo.

use crate::cli::out::Out;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::path::PathBuf;

/// A running demo.
pub struct Ready {
    pub url: String,
    pub admin_url: Option<String>,
    pub admin_token: SecretString,
    pub accounts: Vec<Person>,
    pub config: PathBuf,
}

/// One of the demo's accounts.
pub struct Person {
    pub user: &'static str,
    pub password: SecretString,
    pub admin: bool,
    /// What enrolling asks for besides the password; `None`: nothing.
    pub enrol_code: Option<SecretString>,
    /// For an authenticator app; `None`: none is set up.
    pub otpauth: Option<SecretString>,
}

pub fn ready(ready: &Ready, out: &Out) {
    out.result(&for_people(ready), &for_scripts(ready));
}

fn for_scripts(r: &Ready) -> Value {
    let account = |p: &Person| {
        let mut fields = Map::new();
        fields.insert("user".into(), p.user.into());
        fields.insert("password".into(), p.password.expose_secret().into());
        fields.insert("admin".into(), p.admin.into());
        if let Some(code) = &p.enrol_code {
            fields.insert("enrol_code".into(), code.expose_secret().into());
        }
        if let Some(uri) = &p.otpauth {
            fields.insert("otpauth".into(), uri.expose_secret().into());
        }
        Value::Object(fields)
    };
    json!({
        "url": r.url,
        "admin_url": r.admin_url,
        "admin_token": r.admin_token.expose_secret(),
        "accounts": r.accounts.iter().map(account).collect::<Vec<_>>(),
        "config": r.config,
    })
}

fn for_people(r: &Ready) -> String {
    let mut text = format!("The gateway is up: {}\n\nSign in as\n", r.url);
    for p in &r.accounts {
        let role = if p.admin { "admin" } else { "member" };
        // writing to a String cannot fail
        let _ = writeln!(text, "  {:<5} {}   ({role})", p.user, p.password.expose_secret());
        if let Some(code) = &p.enrol_code {
            let _ = writeln!(text, "        enrolment code {}", code.expose_secret());
        }
        if let Some(uri) = &p.otpauth {
            let _ = writeln!(text, "        {}", uri.expose_secret());
        }
    }
    let _ = write!(
        text,
        "
Try
  {url}/               who the app behind is told you are, and a WebSocket
  {url}/form           a form of that app
  {url}/events         a stream of events
  {url}/download       a long download
  {url}/public/        open to all, without signing in
  {url}/admin/         for admins with a second factor; without one it leads to the set-up

Accounts, on another terminal
  portcullis --config {config} user list
",
        url = r.url,
        config = r.config.display(),
    );
    if let Some(admin) = &r.admin_url {
        let _ = write!(
            text,
            "\nAdmin API\n  curl -H 'Authorization: Bearer {}' {admin}/api/v1/users\n  {admin}/readyz  {admin}/metrics\n",
            r.admin_token.expose_secret()
        );
    }
    text.push_str("\nCtrl-C ends it and removes everything.");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Ready {
        Ready {
            url: "http://localhost:8080".into(),
            admin_url: Some("http://127.0.0.1:9090".into()),
            admin_token: "token".to_owned().into(),
            accounts: vec![
                Person {
                    user: "mia",
                    password: "m".to_owned().into(),
                    admin: false,
                    enrol_code: Some("abcd-efgh".to_owned().into()),
                    otpauth: None,
                },
                Person {
                    user: "ada",
                    password: "a".to_owned().into(),
                    admin: true,
                    enrol_code: None,
                    otpauth: Some("otpauth://totp/x".to_owned().into()),
                },
            ],
            config: "/tmp/demo/portcullis.yaml".into(),
        }
    }

    #[test]
    fn scripts_get_exactly_the_promised_fields() {
        let promised = json!({
            "url": "http://localhost:8080", "admin_url": "http://127.0.0.1:9090", "admin_token": "token",
            "accounts": [
                { "user": "mia", "password": "m", "admin": false, "enrol_code": "abcd-efgh" },
                { "user": "ada", "password": "a", "admin": true, "otpauth": "otpauth://totp/x" },
            ],
            "config": "/tmp/demo/portcullis.yaml",
        });
        assert_eq!(for_scripts(&sample()), promised);
    }

    #[test]
    fn people_are_told_what_to_try() {
        insta::assert_snapshot!(for_people(&sample()));
    }
}
