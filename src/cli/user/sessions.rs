//! `user sessions`.

use super::path_of;
use crate::api::UserSessions;
use crate::cli::client::Client;
use crate::cli::date;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use http::Method;
use std::fmt::Write;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or e-mail address
    login: String,
}

pub async fn run(args: Args, client: &Client, out: &Out) -> Result<(), Failure> {
    let path = format!("{}/sessions", path_of(&args.login));
    let found: UserSessions = client.call(Method::GET, &path, None).await?;
    out.result(&described(&found), &found);
    Ok(())
}

fn described(found: &UserSessions) -> String {
    let mut text = String::new();
    if found.sessions.is_empty() {
        text.push_str("no session is open\n");
    }
    for s in &found.sessions {
        let factors = match s.second_factor_at {
            Some(at) => format!("two factors, the second at {}", date::text(at)),
            None => "password only".into(),
        };
        // writing to a String cannot fail
        let _ = writeln!(text, "session {}\n  {} from {}, {}", s.id, s.origin, s.address, s.browser);
        let _ = writeln!(text, "  since {}, {factors}, ends by {}", date::text(s.began), date::text(s.absolute_end));
    }
    for d in &found.devices {
        let trust = d.trusted_until.map_or_else(|| "known".into(), |t| format!("trusted until {}", date::text(t)));
        let _ = writeln!(text, "device {}\n  {} from {}, {}", d.id, d.origin, d.address, d.browser);
        let _ = writeln!(text, "  since {}, last used {}, {trust}", date::text(d.created), date::text(d.last_used));
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_and_devices_are_shown_in_lines() {
        let found = serde_json::from_value(serde_json::json!({
            "sessions": [{
                "id": "a".repeat(25) + "q", "origin": "https://app.example.com", "began": 1_700_000_000_000_u64,
                "second_factor": "totp", "second_factor_at": 1_700_000_030_000_u64, "idle_end": 1_700_003_600_000_u64,
                "absolute_end": 1_700_086_400_000_u64, "device": null, "address": "192.0.2.1", "browser": "Firefox",
            }],
            "devices": [{
                "id": "b".repeat(25) + "q", "origin": "https://app.example.com", "trusted_until": null,
                "created": 1_700_000_000_000_u64, "last_used": 1_700_000_000_000_u64, "address": "192.0.2.1",
                "browser": "Firefox",
            }],
        }));
        insta::assert_snapshot!(described(&found.unwrap()));
        assert_eq!(described(&UserSessions { sessions: vec![], devices: vec![] }), "no session is open");
    }
}
