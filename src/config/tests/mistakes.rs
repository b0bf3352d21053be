//! Everything that is refused, told in one run and in file order.

use super::{app, folder, lines, mistakes, pair, parse, put, with};

#[test]
fn a_dozen_mistakes_are_told_in_one_run() {
    let dir = folder();
    pair(dir.path(), "other", &["app.example.com"]);
    put(dir.path(), "open.password", "secret\n", 0o644);
    put(
        dir.path(),
        "policy.yaml",
        "rules:\n  - { name: a, match: { app: intranett }, deny: yes }\n  - { nam: b }\n",
        0o644,
    );
    let text = "\
listen:
  publik: {}
  public: { address: 443, tls: { certificates: [{ cert: tls.crt, key: other.key }] } }
  admin: { address: 0.0.0.0:9090 }
trusted_proxies: [10.0.0.1/8]
apps:
  - name: intranet
    origins: [https://app.example.com, https://app.example.com:8443, http://wiki.example.com]
    upstreams: [127.0.0.1:9000, h2c://127.0.0.1:9001]
    timeouts: { connect: 5, head: soon }
    limits: { body: 64MB }
    sign_out: [logout]
    identity_headers: { user: Cookie }
    pass_headers: [X-Auth-Groups]
    case_insensitive: maybe
  - name: intranet
    origins: [https://app.example.com]
    upstream: [http://127.0.0.1:9000]
    upstream_tls: { ca: missing.crt }
store: { redis: { url: 'redis://:hunter2@127.0.0.1', password_file: open.password } }
policy: { file: policy.yaml }
mail: { smtp: 'smtp://mail.example.com' }
brand: { colour: green }
log: { level: verbose }
limits: { headers: 5 }
";
    insta::assert_snapshot!(mistakes(&dir, text));
}

#[test]
fn a_policy_is_told_beside_the_configuration() {
    let dir = folder();
    put(
        dir.path(),
        "policy.yaml",
        "rules: [{ name: a, match: { app: intranett, host: x.example.com }, deny: true }]",
        0o644,
    );
    let told = mistakes(&dir, &with("policy: { file: policy.yaml }\nlog: { level: loud }"));
    let files: Vec<&str> = told.lines().filter_map(|l| l.split(':').next()).collect();
    assert_eq!(files, ["portcullis.yaml", "policy.yaml", "policy.yaml"], "{told}");
    assert!(told.contains("Did you mean `intranet`?"), "{told}");
}

#[test]
fn missing_keys_name_the_command_that_makes_them() {
    let dir = folder();
    for store in ["", "keys: { file: k.yaml }\n"] {
        let told = mistakes(&dir, &with(&format!("{store}store: {{ redis: {{ url: redis://127.0.0.1 }} }}")));
        assert!(told.contains("`portcullis keys generate`") && told.lines().count() == 1, "{told}");
    }
}

#[test]
fn a_secret_that_others_can_read_is_refused() {
    let dir = folder();
    put(dir.path(), "keys.yaml", "", 0o604);
    put(dir.path(), "password", "x", 0o644);
    let redis = "store: { redis: { url: redis://127.0.0.1, password_file: password } }\nkeys: { file: keys.yaml }";
    let told = mistakes(&dir, &with(redis));
    assert_eq!(told.matches("others can read").count(), 2, "{told}");
    put(dir.path(), "keys.yaml", "", 0o640);
    put(dir.path(), "password", "x", 0o600);
    super::good(&dir, &with(redis));
}

#[test]
fn passwords_are_never_shown() {
    let dir = folder();
    for url in ["redis://:hunter2@127.0.0.1", "hunter2", "redis://127.0.0.1?password=hunter2"] {
        let told = mistakes(&dir, &with(&format!("keys: {{}}\nstore: {{ redis: {{ url: '{url}' }} }}")));
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn somebody_has_to_end_tls() {
    let dir = folder();
    let plain = |origin: &str, more: &str| {
        parse(&dir, &format!("apps: [{{ name: a, origins: ['{origin}'], upstreams: [http://127.0.0.1:1] }}]\n{more}"))
            .map(|_| ())
            .map_err(|p| lines(&dir, &p))
    };
    assert_eq!(plain("http://localhost:8080", ""), Ok(()));
    assert_eq!(plain("https://app.example.com", "trusted_proxies: [10.0.0.1]"), Ok(()));
    assert!(plain("https://app.example.com", "").unwrap_err().contains("nobody ends TLS"));
    assert!(plain("http://app.example.com", "").unwrap_err().contains("plain HTTP"));
    assert!(plain("http://app.example.com", "trusted_proxies: [10.0.0.1]").is_err());
    assert!(plain("https://app.example.com", "trusted_proxies: [0.0.0.0/0]").is_err());
    assert!(mistakes(&dir, &app("origins: [http://localhost]")).contains("speaks TLS"));
}

#[test]
fn an_origin_has_one_app_and_its_host_one_origin() {
    let dir = folder();
    let two = |a: &str, b: &str| {
        let app = |name: &str, origin: &str| {
            format!("{{ name: {name}, origins: [{origin}], upstreams: [http://127.0.0.1:1] }}")
        };
        mistakes(&dir, &format!("{}apps: [{}, {}]\n", super::TLS, app("x", a), app("y", b)))
    };
    assert!(two("https://app.example.com", "https://APP.example.com:443/").contains("belongs to app `x` already"));
    assert!(two("https://app.example.com", "https://app.example.com:8443").contains("differ only"));
    assert!(mistakes(&dir, &app("origins: [https://app.example.com, https://app.example.com]")).contains("twice"));
}

#[test]
fn certificates_must_fit_their_keys_and_should_fit_their_hosts() {
    let dir = folder();
    pair(dir.path(), "other", &["other.example.com"]);
    put(dir.path(), "empty.crt", "", 0o644);
    let told = |cert: &str, key: &str| {
        let text = with("").replace("tls.crt", cert).replace("tls.key", key);
        parse(&dir, &text).map(|(_, w)| lines(&dir, &w)).unwrap_or_else(|p| lines(&dir, &p))
    };
    assert_eq!(told("tls.crt", "tls.key"), "");
    assert!(told("tls.crt", "other.key").contains("does not belong"));
    assert!(told("empty.crt", "tls.key").contains("holds no certificate"));
    assert!(told("tls.crt", "tls.crt").contains("holds no private key"));
    assert!(told("missing.crt", "tls.key").contains("cannot be read"));
    assert!(told("other.crt", "other.key").contains("no certificate is for `app.example.com`"));
}

#[test]
fn nothing_at_all_says_what_is_missing() {
    let dir = folder();
    assert!(mistakes(&dir, "").contains("`apps` is missing"));
    assert!(mistakes(&dir, "apps: []").contains("there is no app"));
    let told = mistakes(&dir, "apps: [{}, text]");
    assert_eq!(told.matches("is missing").count(), 3, "{told}");
    let file = dir.path().join("none.yaml");
    let unread = super::Config::load(&file).map(|_| ()).unwrap_err();
    assert!(lines(&dir, &unread).starts_with("none.yaml:1:1: cannot be read"));
}

#[test]
fn a_mode_of_redis_says_what_it_needs_and_what_does_not_belong_to_it() {
    let dir = folder();
    put(dir.path(), "keys.yaml", "x", 0o600);
    for (redis, told) in [
        ("mode: sentinal", "Did you mean `sentinel`?"),
        ("mode: sentinel", "sentinels: [sentinel-1:26379"),
        ("mode: sentinel, sentinels: [a]", "`sentinel monitor`"),
        ("mode: sentinel, sentinels: ['a/b'], master_name: m", "Write `host:26379`"),
        ("sentinels: [a]", "this counts under `mode: sentinel` alone"),
        ("mode: sentinel, sentinels: [a], master_name: m, seeds: [b]", "this counts under `mode: cluster` alone"),
        ("mode: cluster, seeds: ['gw:secret@a']", "not a server's name"),
        ("mode: sentinel, sentinels: [a], master_name: m, sentinel_ca: tls.crt", "without TLS"),
    ] {
        let said = mistakes(&dir, &with(&format!("store: {{ redis: {{ url: redis://a, {redis} }} }}")));
        assert!(said.contains(told), "{redis}: {told:?} is not in\n{said}");
    }
    let said = mistakes(&dir, &with("store: { redis: { url: redis://a/3, mode: cluster } }"));
    assert!(said.contains("database 0 alone"), "{said}");
}
