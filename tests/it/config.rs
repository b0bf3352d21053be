//! Configuration: every mistake in one run, with its place and its remedy; nothing unsafe starts.

use crate::support::gateway::BINARY;
use crate::support::process::free_port;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder with a configuration that is right.
struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        let folder = Folder(TempDir::new().unwrap());
        folder.write("portcullis.yaml", &good());
        folder.write("policy.yaml", "version: 1\n");
        folder
    }
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
    fn run(&self, words: &[&str]) -> (Output, String) {
        let out = Command::new(BINARY).current_dir(self.0.path()).args(words).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        (out, said)
    }
    /// `check` refuses and names all of these.
    fn refuses(&self, told: &[&str]) {
        let (out, said) = self.run(&["check"]);
        assert_eq!(out.status.code(), Some(1), "{said}");
        for part in told {
            assert!(said.contains(part), "{part:?} is not in\n{said}");
        }
    }
}

fn good() -> String {
    let (port, admin) = (free_port(), free_port());
    format!(
        "listen:
  public: {{ address: 127.0.0.1:{port} }}
  admin: {{ address: 127.0.0.1:{admin}, socket: admin.sock }}
apps:
  - name: app
    origins: [http://localhost:{port}]
    upstreams: [http://127.0.0.1:9]
policy: {{ file: policy.yaml }}
"
    )
}

#[test]
fn a_right_configuration_is_said_to_be_right() {
    let (out, said) = Folder::new().run(&["check"]);
    assert_eq!(out.status.code(), Some(0), "{said}");
}

#[test]
fn all_mistakes_of_both_files_are_told_in_one_run() {
    let folder = Folder::new();
    let wrong = good().replace("name: app", "nme: app").replace("http://127.0.0.1:9", "ftp://127.0.0.1:9");
    folder.write("portcullis.yaml", &(wrong + "unheard_of: 1\nlimits: { headers: many }\n"));
    folder.write(
        "policy.yaml",
        "version: 1\nmfa: { require: perhaps }\nrules:\n  - { name: x, match: { pth: / }, deny: true }\n",
    );
    folder.refuses(&["portcullis.yaml:", "nme", "unheard_of", "policy.yaml:2:", "perhaps", "policy.yaml:4:", "pth"]);
    let (out, said) = folder.run(&["serve"]);
    assert_eq!(out.status.code(), Some(1), "{said}");
}

#[test]
fn unsafe_settings_are_refused() {
    let cases: [(&str, &str, &str); 6] = [
        ("http://localhost", "http://app.example.com", "localhost"),
        ("admin: { address: 127.0.0.1", "admin: { address: 0.0.0.0", "admin listener"),
        ("    upstreams:", "    first_factor: none\n    upstreams:", "first_factor"),
        ("    upstreams: [http://127.0.0.1:9]", "    upstreams: []", "no upstream"),
        ("policy: { file: policy.yaml }", "policy: { file: elsewhere.yaml }", "elsewhere.yaml"),
        ("policy: { file", "trusted_proxies: [not-a-network]\npolicy: { file", "not-a-network"),
    ];
    for (from, to, told) in cases {
        let folder = Folder::new();
        let text = good();
        assert!(text.contains(from), "{from}");
        folder.write("portcullis.yaml", &text.replace(from, to));
        folder.refuses(&[told]);
    }
}

#[test]
fn parameters_of_codes_outside_the_standard_are_refused() {
    for (totp, told) in [
        ("period: 121s", "period"),
        ("period: 0s", "period"),
        ("digits: 5", "digits"),
        ("digits: 9", "digits"),
        ("algorithm: MD5", "algorithm"),
        ("skew: 2", "skew"),
        ("issuer: 'a:b'", "issuer"),
    ] {
        let folder = Folder::new();
        folder.write("policy.yaml", &format!("version: 1\nfactors: {{ totp: {{ {totp} }} }}\n"));
        folder.refuses(&["policy.yaml:2:", told]);
    }
}

#[test]
fn keys_of_later_capabilities_are_unknown() {
    for line in [
        "factors: { passkey: { enabled: true } }",
        "factors: { sms: { enabled: true } }",
        "mfa: { grace: 7d }",
        "include: [x]",
    ] {
        let folder = Folder::new();
        folder.write("policy.yaml", &format!("version: 1\n{line}\n"));
        folder.refuses(&["policy.yaml:2:"]);
    }
}

#[test]
fn a_missing_key_file_names_the_command_that_makes_it() {
    let folder = Folder::new();
    let redis = "store: { redis: { url: redis://127.0.0.1:9 } }\nkeys: { file: keys.yaml }\n";
    folder.write("portcullis.yaml", &(good() + redis));
    let (out, said) = folder.run(&["serve"]);
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(said.contains("portcullis keys generate") && said.contains("keys.yaml"), "{said}");
}

#[test]
fn a_key_file_that_others_can_read_is_refused_and_one_that_exists_is_kept() {
    let folder = Folder::new();
    let (out, said) = folder.run(&["keys", "generate", "--out", "keys.yaml"]);
    assert!(out.status.success(), "{said}");
    let path = folder.0.path().join("keys.yaml");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read_to_string(&path).unwrap();
    let (out, said) = folder.run(&["keys", "generate", "--out", "keys.yaml"]);
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    folder.write("portcullis.yaml", &(good() + "keys: { file: keys.yaml }\n"));
    let (out, said) = folder.run(&["serve"]);
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(said.contains("keys.yaml") && said.contains("chmod 600"), "{said}");
}

#[test]
fn usage_mistakes_and_an_unreachable_gateway_have_their_own_exit_codes() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["frobnicate"]).0.status.code(), Some(2));
    assert_eq!(folder.run(&["user", "list"]).0.status.code(), Some(3));
    let (out, said) = folder.run(&["check", "--config", "nowhere.yaml"]);
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(said.contains("nowhere.yaml"), "{said}");
}
