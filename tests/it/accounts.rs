//! Accounts as an operator keeps them: by command, on a running gateway and a stopped one.

use crate::support::{Gateway, MFA_ON, PASSWORD, Plan, Store, on_both_stores, until};
use serde_json::Value;
use std::process::Output;

on_both_stores! {
    an_import_with_mistakes_tells_all_of_them_and_makes_nobody,
    imported_people_sign_in_with_their_old_passwords,
    an_import_that_broke_off_goes_on_where_it_stopped,
    a_reset_takes_factor_and_sessions_and_leads_to_set_up,
    the_last_administrator_cannot_be_taken_away,
    sessions_are_listed_and_ended_one_by_one,
    a_deleted_account_is_gone_and_its_name_is_free,
    every_change_is_on_record_with_who_and_why,
    commands_end_with_the_code_that_scripts_expect,
}

const BCRYPT: &str = "$2y$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.";
const OF_BCRYPT: &str = "correct horse battery";

fn said(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// The command is refused with this code and says all of this.
fn refused(gateway: &Gateway, words: &[&str], code: i32, told: &[&str]) {
    let out = gateway.cli(words);
    let said = said(&out);
    assert_eq!(out.status.code(), Some(code), "{words:?}: {said}");
    for part in told {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
}

fn json(gateway: &Gateway, words: &[&str]) -> Value {
    let out = gateway.cli(&[words, &["--json"]].concat());
    assert!(out.status.success(), "{words:?}: {}", said(&out));
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}", said(&out)))
}

fn names(gateway: &Gateway) -> Vec<String> {
    let list = json(gateway, &["user", "list"]);
    list["users"].as_array().unwrap().iter().map(|u| u["name"].as_str().unwrap().to_string()).collect()
}

async fn an_import_with_mistakes_tells_all_of_them_and_makes_nobody(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let text = format!(
        "name,email,groups,password_hash\nbob,bob@example.com,staff,{BCRYPT}\nalice,,,\nc d,,,\neve,alice@example.com,,\nbob,,,\nfay,,,$2y$19${}\nx\n",
        BCRYPT.get(7..).unwrap()
    );
    let file = gateway.secret_file("people.csv", &text);
    let file = file.to_str().unwrap();
    let lines = [":3: the name `alice` is taken", ":4: `c d`", ":5: the e-mail", ":6: ", ":7: ", "cost 19", ":8: "];
    for more in [&[][..], &["--dry-run"]] {
        refused(&gateway, &[&["user", "import", file], more].concat(), 1, &lines);
        refused(&gateway, &[&["user", "import", file], more].concat(), 1, &["6 mistakes; nothing was imported"]);
        assert_eq!(names(&gateway), ["alice"]);
    }
    refused(&gateway, &["user", "import", "people.txt"], 2, &["--format"]);
}

async fn imported_people_sign_in_with_their_old_passwords(store: Store) {
    let gateway = Plan::on(store).start().await;
    let htpasswd = format!("bob:{BCRYPT}\ncarl:{{SHA}}mN7MYuzjmaIu0w1JDvMzvn/ec4U=\n");
    let htpasswd = gateway.secret_file(".htpasswd", &htpasswd);
    gateway.succeed(&["user", "import", htpasswd.to_str().unwrap(), "--group", "staff"]);
    let authelia = format!("users:\n  dora:\n    displayname: D\n    password: '{BCRYPT}'\n    email: d@example.com\n");
    let authelia = gateway.secret_file("users.yml", &authelia);
    gateway.succeed(&["user", "import", authelia.to_str().unwrap(), "--format", "authelia"]);
    for name in ["bob", "carl", "d@example.com"] {
        // the second time by a hash of our own
        for _ in 0..2 {
            let wrong = gateway.visitor().give_password(name, "correct horse batterY", "/").await;
            assert_ne!(wrong.status, 303, "{name}");
            let mut visitor = gateway.visitor();
            let answer = visitor.give_password(name, OF_BCRYPT, "/").await;
            assert_eq!(visitor.follow_all(answer).await.status, 200, "{name}");
        }
    }
    assert_eq!(json(&gateway, &["user", "show", "bob"])["groups"], serde_json::json!(["staff"]));
}

async fn an_import_that_broke_off_goes_on_where_it_stopped(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let people: String = (0..120).map(|n| format!("  - {{ name: user{n:03}, groups: [staff] }}\n")).collect();
    let file = gateway.secret_file("people.yaml", &format!("users:\n  - {{ name: alice }}\n{people}"));
    let file = file.to_str().unwrap();
    refused(&gateway, &["user", "import", file], 1, &["people.yaml:2: the name `alice` is taken"]);
    let dry = json(&gateway, &["user", "import", file, "--skip-existing", "--dry-run"]);
    assert_eq!((dry["added"].as_array().unwrap().len(), names(&gateway).len()), (0, 1));
    let done = json(&gateway, &["user", "import", file, "--skip-existing"]);
    assert_eq!((done["added"].as_array().unwrap().len(), &done["skipped"]), (120, &serde_json::json!(["alice"])));
    let again = json(&gateway, &["user", "import", file, "--skip-existing"]);
    assert_eq!((again["added"].as_array().unwrap().len(), names(&gateway).len()), (0, 121));
}

async fn a_reset_takes_factor_and_sessions_and_leads_to_set_up(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut alice = gateway.visitor();
    alice.enrol("alice").await;
    assert!(alice.is_in().await);
    refused(&gateway, &["user", "reset-mfa", "alice"], 2, &["--reason"]);
    refused(&gateway, &["user", "reset-mfa", "alice", "--reason", " "], 1, &["reason"]);
    assert!(alice.is_in().await);
    let reset = json(&gateway, &["user", "reset-mfa", "alice", "--reason", "lost phone", "--code"]);
    assert_eq!(reset["factors"], serde_json::json!([]));
    let code = reset["enrolment_code"]["code"].as_str().unwrap();
    assert!(code.len() == 19 && code.matches('-').count() == 3, "{code}");
    until("the end", || async { !alice.clone().is_in().await }).await;
    let mut again = gateway.visitor();
    let answer = again.give_password("alice", PASSWORD, "/").await;
    assert!(again.target_of(&answer).starts_with("/.portcullis/set-up"), "{}", answer.head);
    let page = again.follow(&answer).await;
    let wrong = again.confirm(&page, "abcd-abcd-abcd-abcd").await;
    let answer = again.confirm(&wrong, code).await;
    let shown = json(&gateway, &["user", "show", "alice"]);
    let page = again.follow(&answer).await;
    again.confirm_set_up(&page).await;
    assert!(shown["enrolment_code_ends"].is_u64() && !shown.to_string().contains(code));
}

async fn the_last_administrator_cannot_be_taken_away(store: Store) {
    let gateway = Plan::on(store).start().await;
    gateway.add_user("ada", &["owner"]);
    let told = ["last administrator", "another administrator first"];
    refused(&gateway, &["user", "disable", "ada"], 1, &told);
    refused(&gateway, &["user", "delete", "ada", "--yes"], 1, &told);
    refused(&gateway, &["user", "set", "ada", "--group", "staff"], 1, &told);
    refused(&gateway, &["user", "set", "ada", "--remove-group", "owner"], 1, &told);
    let added = {
        let password = gateway.secret_file("password", PASSWORD);
        let words = ["user", "add", "bea", "--group", "admin", "--password-file", password.to_str().unwrap()];
        json(&gateway, &words)
    };
    assert!(added["enrolment_code"]["code"].is_string(), "{added}");
    gateway.succeed(&["user", "disable", "ada"]);
    refused(&gateway, &["user", "disable", "bea"], 1, &told);
    gateway.succeed(&["user", "enable", "ada"]);
    gateway.succeed(&["user", "delete", "bea", "--yes"]);
    assert_eq!(names(&gateway), ["ada"]);
}

async fn sessions_are_listed_and_ended_one_by_one(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let (mut one, mut two) = (gateway.alice().await, gateway.alice().await);
    let listed = json(&gateway, &["user", "sessions", "alice"]);
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!((sessions.len(), &sessions[0]["address"]), (2, &serde_json::json!("127.0.0.1")));
    for value in [one.session_cookie().unwrap(), two.session_cookie().unwrap()] {
        assert!(!listed.to_string().contains(value));
    }
    let id = sessions[0]["id"].as_str().unwrap();
    gateway.succeed(&["user", "sign-out", "alice", "--session", id]);
    until("one end", || async { one.clone().is_in().await != two.clone().is_in().await }).await;
    refused(&gateway, &["user", "sign-out", "alice", "--session", id], 1, &["no session"]);
    gateway.succeed(&["user", "sign-out", "alice@example.com"]);
    until("both ends", || async { !one.clone().is_in().await && !two.clone().is_in().await }).await;
    assert_eq!((one.is_in().await, two.is_in().await), (false, false));
}

async fn a_deleted_account_is_gone_and_its_name_is_free(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.alice().await;
    let before = json(&gateway, &["user", "show", "alice"])["id"].clone();
    refused(&gateway, &["user", "delete", "alice"], 2, &["--yes"]);
    assert!(alice.is_in().await);
    gateway.succeed(&["user", "delete", "alice", "--yes"]);
    until("the end", || async { !alice.clone().is_in().await }).await;
    assert_ne!(gateway.visitor().give_password("alice", PASSWORD, "/").await.status, 303);
    refused(&gateway, &["user", "show", "alice"], 1, &["No such user"]);
    gateway.add_user("alice", &[]);
    assert_ne!(json(&gateway, &["user", "show", "alice"])["id"], before);
    assert!(!alice.is_in().await);
}

async fn every_change_is_on_record_with_who_and_why(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    for (words, change) in [
        (&["user", "set", "alice", "--add-group", "sales", "--reason", "moved on"][..], "changed"),
        (&["user", "unlock", "alice", "--reason", "called the desk"], "unlocked"),
        (&["user", "disable", "alice", "--reason", "on leave"], "disabled"),
        (&["user", "enable", "alice", "--reason", "is back"], "enabled"),
        (&["user", "sign-out", "alice", "--reason", "lost laptop"], "sessions_ended"),
        (&["user", "reset-mfa", "alice", "--reason", "lost phone"], "mfa_reset"),
        (&["user", "delete", "alice", "--yes", "--reason", "left us"], "deleted"),
    ] {
        gateway.succeed(words);
        let (why, log) = (words.last().unwrap(), gateway.log());
        let line = log.lines().find(|l| l.contains(why)).unwrap_or_else(|| panic!("{why:?} is not in\n{log}"));
        for part in [change, "account_change", "socket", "alice"] {
            assert!(line.contains(part), "{part:?} is not in {line}");
        }
    }
}

async fn commands_end_with_the_code_that_scripts_expect(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    refused(&gateway, &["user", "set", "alice"], 2, &["nothing to change"]);
    refused(&gateway, &["user", "set", "alice", "--email", "nonsense"], 1, &["name@domain"]);
    refused(&gateway, &["user", "set", "nobody", "--locale", "de"], 1, &["No such user"]);
    refused(&gateway, &["user", "unlock", "nobody", "--json"], 1, &["\"code\":1"]);
    let set = json(&gateway, &["user", "set", "alice", "--name", "alicia", "--email", "", "--locale", "pt-br"]);
    assert_eq!((&set["name"], &set["email"], &set["locale"]), (&"alicia".into(), &Value::Null, &"pt-BR".into()));
    gateway.kill();
    refused(&gateway, &["user", "disable", "alicia"], 3, &["--offline"]);
    if store == Store::Embedded {
        let disabled = json(&gateway, &["user", "disable", "alicia", "--offline"]);
        assert_eq!(disabled["disabled"], true);
    }
}
