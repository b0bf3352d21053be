//! Files of every form: what is read of them, what is wrong with them, and what they become.

use super::*;
use crate::account::tests::{NOW, PASSWORD, accounts, secret};
use crate::crypto::Verified;
use secrecy::ExposeSecret;

const BCRYPT: &str = "$2y$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.";

fn shown(read: &Read) -> Vec<String> {
    let secret = |s: &Option<SecretString>| s.as_ref().map_or("-".into(), |s| s.expose_secret().to_string());
    let row = |r: &Row| {
        let (email, locale) = (r.email.as_deref().unwrap_or("-"), r.locale.as_deref().unwrap_or("-"));
        let groups = r.groups.join("+");
        let (password, hash) = (secret(&r.password), secret(&r.password_hash));
        format!("{} {} {email} {groups} {locale} {} {password} {hash}", r.line, r.name, r.disabled)
    };
    read.rows.iter().map(row).collect()
}
fn wrong(read: &Read) -> Vec<String> {
    read.mistakes.iter().map(|m| format!("{}: {}", m.line, m.what)).collect()
}

#[test]
fn our_own_yaml_is_read_with_its_lines() {
    let text = "# people\nusers:\n  - name: alice\n    email: alice@example.com\n    groups: [owner, staff]\n    locale: de\n  - { name: bob, groups: staff, disabled: true, password_hash: \"$2y$05$x\" }\n";
    let read = read(Format::Yaml, text);
    assert_eq!(shown(&read), ["3 alice alice@example.com owner+staff de false - -", "7 bob - staff - true - $2y$05$x"]);
    assert_eq!(wrong(&read), [] as [&str; 0]);
}

#[test]
fn every_mistake_in_a_yaml_file_is_told_with_its_line() {
    let text = "users:\n  - name: alice\n    mail: alice@example.com\n  - email: bob@example.com\n  - { name: carol, disabled: perhaps }\nother: 1\n";
    let told = wrong(&read(Format::Yaml, text));
    assert_eq!(told.iter().map(|m| m.split(':').next().unwrap()).collect::<Vec<_>>(), ["3", "4", "5", "6"], "{told:?}");
    assert!(told[0].contains("email") && told[1].contains("`name` is missing"), "{told:?}");
    assert!(wrong(&read(Format::Yaml, "users: [\n"))[0].contains("not readable"));
    assert!(wrong(&read(Format::Yaml, "users:\n  alice: {}\n"))[0].contains("authelia"));
}

#[test]
fn csv_is_read_by_its_column_names() {
    let text = "\u{feff}Name,groups,EMAIL,password,disabled\nalice,\"staff, owner\",alice@example.com,\" two words \",\nbob,staff;sales,,,yes\n\"car\nol\",,,,\ndave,,,x,\n";
    let read = read(Format::Csv, text);
    assert_eq!(
        shown(&read),
        [
            "2 alice alice@example.com staff+owner - false  two words  -",
            "3 bob - staff+sales - true - -",
            "4 car\nol -  - false - -",
            "6 dave -  - false x -"
        ]
    );
}

#[test]
fn every_mistake_in_a_csv_file_is_told_with_its_line() {
    let text = "name,mail,name\nalice\nbob,b,c,d\ncarol,,\n";
    let told = wrong(&read(Format::Csv, text));
    assert_eq!(told.iter().map(|m| m.split(':').next().unwrap()).collect::<Vec<_>>(), ["1", "1", "2", "3"], "{told:?}");
    assert!(
        wrong(&read(Format::Csv, "user\nalice\n"))[0].contains("no column `name`")
            || wrong(&read(Format::Csv, "user\nalice\n"))[1].contains("no column `name`")
    );
    assert!(wrong(&read(Format::Csv, "name,disabled\nalice,maybe\n"))[0].starts_with("2: "));
}

#[test]
fn htpasswd_is_names_and_hashes() {
    let text =
        format!("# made by hand\n\nalice:{BCRYPT}\r\nbob:{{SHA}}mN7MYuzjmaIu0w1JDvMzvn/ec4U=:comment\nno colon\n");
    let read = read(Format::Htpasswd, &text);
    let want =
        [format!("3 alice -  - false - {BCRYPT}"), "4 bob -  - false - {SHA}mN7MYuzjmaIu0w1JDvMzvn/ec4U=".into()];
    assert_eq!(shown(&read), want);
    assert_eq!(wrong(&read), ["5: no colon. Each line is a name, a colon and a password hash."]);
}

#[test]
fn autelias_users_database_is_read_and_what_it_knows_besides_is_passed_over() {
    let text = "---\nusers:\n  john:\n    disabled: false\n    displayname: 'John Doe'\n    password: '$6$x'\n    email: john.doe@example.com\n    groups:\n      - admins\n      - dev\n    address: { street: x }\n  james:\n    disabled: true\n    password: '$6$y'\n  harry: {}\n  none:\n";
    let read = read(Format::Authelia, text);
    let want = [
        "3 john john.doe@example.com admins+dev - false - $6$x",
        "12 james -  - true - $6$y",
        "15 harry -  - false - -",
    ];
    assert_eq!(shown(&read), want);
    assert_eq!(wrong(&read), ["15: `harry` has no password.", "16: `none` has no values below it."]);
    assert!(wrong(&self::read(Format::Authelia, "users: []\n"))[0].contains("not Authelia's"));
}

#[test]
fn names_that_are_one_at_sign_in_are_doubles() {
    let row = |line, name: &str, email: Option<&str>| Row {
        line,
        name: name.into(),
        email: email.map(Into::into),
        ..Row::default()
    };
    let rows = [
        row(1, "alice", Some("A@example.com")),
        row(2, "ＡＬＩＣＥ", None),
        row(3, "bob", Some("a@EXAMPLE.com")),
        row(4, "carol", Some("nonsense")),
        row(5, "dave", Some("nonsense")),
    ];
    let told: Vec<_> = doubles(&rows).into_iter().map(|m| (m.line, m.what.contains("line 1 already"))).collect();
    assert_eq!(told, [(2, true), (3, true)]);
}

fn good() -> Vec<Row> {
    let text = format!(
        "name,email,groups,password_hash,password,disabled\nann,ann@example.com,staff,{BCRYPT},,\nbea,,,,{PASSWORD},yes\ncat,,,,,\n"
    );
    read(Format::Csv, &text).rows
}

#[tokio::test]
async fn good_rows_become_accounts_that_sign_in_with_their_old_password() {
    let (store, accounts) = accounts();
    let judged = accounts.judge_import(&good(), false).await.unwrap();
    assert_eq!(judged.mistakes, []);
    let done = accounts.import(judged).await.unwrap();
    assert_eq!((done.added.len(), done.failed.len()), (3, 0));
    for (name, rehash) in [("ann", true), ("bea", false)] {
        let said = accounts.passwords.verify(store.get(name).password.as_ref(), &secret(PASSWORD)).await.unwrap();
        assert_eq!(said, Verified::Yes { rehash }, "{name}");
    }
    assert!(store.get("bea").disabled && store.get("cat").password.is_none());
    assert_eq!(store.get("ann").created, NOW);
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once_and_quotes_no_secret() {
    let (_, accounts) = accounts();
    accounts.add(crate::account::tests::alice()).await.unwrap();
    let text = "name,email,groups,locale,password,password_hash\n\
        a b,x,\"a/b\",!,short,\n\
        alice,,,,,\n\
        dan,alice@example.com,,,,\n\
        eve,,,,,$2y$19$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.\n\
        fay,,,,hunter2,\n\
        gus,,,,long enough for anybody,{SHA}mN7MYuzjmaIu0w1JDvMzvn/ec4U=\n\
        hal,,,,,plain-text-secret\n";
    let rows = read(Format::Csv, text).rows;
    let judged = accounts.judge_import(&rows, false).await.unwrap();
    let lines: Vec<_> = judged.mistakes.iter().map(|m| m.line).collect();
    assert_eq!(lines, [2, 2, 2, 2, 3, 4, 5, 6, 7, 8], "{:?}", judged.mistakes);
    let told = format!("{:?}", judged.mistakes);
    for secret in ["hunter2", "plain-text-secret", "long enough", "D3mHdCr44"] {
        assert!(!told.contains(secret), "{told}");
    }
    assert!(told.contains("cost 19") && told.contains("at most cost 14"), "{told}");
}

#[tokio::test]
async fn names_that_are_there_may_be_passed_over_and_foreign_addresses_may_not() {
    let (store, accounts) = accounts();
    accounts.add(crate::account::tests::alice()).await.unwrap();
    let before = store.get("alice");
    let rows = read(Format::Csv, "name,email\nALICE,other@example.com\nbob,\n").rows;
    let judged = accounts.judge_import(&rows, true).await.unwrap();
    assert_eq!((judged.mistakes.len(), judged.skipped.len()), (0, 1));
    assert_eq!(accounts.import(judged).await.unwrap().added.len(), 1);
    assert_eq!(store.get("alice"), before);
    let rows = read(Format::Csv, "name,email\ncarl,alice@example.com\n").rows;
    assert_eq!(accounts.judge_import(&rows, true).await.unwrap().mistakes.len(), 1);
}

#[tokio::test]
async fn who_was_faster_keeps_the_name_and_the_rest_is_made() {
    let (store, accounts) = accounts();
    let judged = accounts.judge_import(&good(), false).await.unwrap();
    let other = read(Format::Csv, "name\nann\n").rows;
    let faster = accounts.judge_import(&other, false).await.unwrap();
    accounts.import(faster).await.unwrap();
    let done = accounts.import(judged).await.unwrap();
    assert_eq!((done.added.len(), done.failed.iter().map(|m| m.line).collect::<Vec<_>>()), (2, vec![2]));
    assert!(store.get("ann").password.is_none());
}
