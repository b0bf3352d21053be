//! What a sound configuration becomes.

use super::super::StoreSettings;
use super::{app, folder, good, pair, put, with};
use crate::proxy::settings::HostToUpstream;
use crate::store::redis::RedisMode;
use secrecy::ExposeSecret;
use std::time::Duration;

#[test]
fn an_app_and_certificates_are_enough() {
    let dir = folder();
    let c = good(&dir, &with(""));
    assert_eq!(c.proxy.public.address.to_string(), "0.0.0.0:443");
    assert_eq!(c.proxy.public.tls.unwrap().certificates[0].cert, dir.path().join("tls.crt"));
    assert_eq!(c.proxy.own_prefix, "/.portcullis/");
    assert_eq!((c.admin.address.to_string(), c.policy), ("127.0.0.1:9090".to_string(), None));
    assert!(matches!(&c.store, StoreSettings::Embedded { path } if *path == dir.path().join("data/portcullis.db")));
    assert_eq!((c.keys.path, c.keys.may_create), (dir.path().join("keys.yaml"), true));
    assert_eq!(c.audit.file.unwrap().path, dir.path().join("data/audit.jsonl"));
    let a = &c.proxy.apps[0];
    assert_eq!(a.identity_headers.user.as_ref().unwrap(), "x-auth-user");
    assert_eq!((a.body_limit, a.timeouts.idle), (64 << 20, Duration::from_secs(300)));
}

#[test]
fn an_app_says_how_its_upstream_is_spoken_to() {
    let dir = folder();
    pair(dir.path(), "client", &["gateway"]);
    put(dir.path(), "ca.crt", &std::fs::read_to_string(dir.path().join("tls.crt")).unwrap(), 0o644);
    let c = good(
        &dir,
        &format!(
            "{}apps:
  - name: wiki
    origins: [https://wiki.example.com]
    upstreams: ['https://a.internal', {{ url: http://b.internal:8080, http2: true }}]
    upstream_tls: {{ ca: ca.crt, server_name: wiki.internal, client: {{ cert: client.crt, key: client.key }} }}
    host: wiki.internal
    identity_headers: {{ email: off, user: X-Remote-User }}
    encoded_slash: allow
    case_insensitive: true
    sign_out: /LogOut
    health_path: /healthz?full=1
    pass_headers: [X-Real-IP]
",
            super::TLS
        ),
    );
    let a = &c.proxy.apps[0];
    let upstreams: Vec<_> = a.upstreams.iter().map(|u| (u.https, u.host.as_str(), u.port, u.http2)).collect();
    assert_eq!(upstreams, [(true, "a.internal", 443, false), (false, "b.internal", 8080, true)]);
    let tls = a.upstream_tls.as_ref().unwrap();
    assert_eq!(tls.ca.as_ref().map(Vec::len), Some(1));
    assert!(tls.client.is_some() && tls.server_name.is_some());
    assert!(matches!(&a.host, HostToUpstream::Name(h) if h.as_str() == "wiki.internal"));
    assert_eq!(
        (a.identity_headers.email.as_ref(), a.identity_headers.user.as_ref().unwrap().as_str()),
        (None, "x-remote-user")
    );
    assert_eq!(a.sign_out, ["/logout"]);
    assert!(a.reading.encoded_slash && a.reading.case_insensitive && !a.service_worker);
    assert_eq!(a.pass_headers, ["x-real-ip"]);
}

#[test]
fn redis_is_one_server_sentinels_or_a_cluster() {
    let dir = folder();
    put(dir.path(), "keys.yaml", "x", 0o600);
    put(dir.path(), "sentinel.password", "knock\n", 0o600);
    let mode = |redis: &str| match good(&dir, &with(&format!("store: {{ redis: {{ {redis} }} }}"))).store {
        StoreSettings::Redis(r) => r.mode,
        StoreSettings::Embedded { .. } => panic!("not the embedded store"),
    };
    assert!(matches!(mode("url: redis://a"), RedisMode::Single));
    let RedisMode::Cluster { seeds } = mode("url: redis://a, mode: cluster, seeds: ['b:6380', '[::1]']") else {
        panic!()
    };
    assert_eq!(seeds, [("b".to_owned(), 6380), ("::1".to_owned(), 6379)]);
    let sentinels = "sentinels: [s1, 's2:5000'], master_name: main";
    let RedisMode::Sentinel(s) = mode(&format!("url: rediss://any, mode: sentinel, {sentinels}")) else { panic!() };
    assert_eq!((s.hosts, s.master.as_str()), (vec![("s1".to_owned(), 26379), ("s2".to_owned(), 5000)], "main"));
    assert!(s.tls && s.user.is_none() && s.password.is_none() && s.ca_file.is_none());
    let own = "sentinel_user: gw, sentinel_password_file: sentinel.password, sentinel_tls: off";
    let RedisMode::Sentinel(s) = mode(&format!("url: rediss://any, mode: sentinel, {sentinels}, {own}")) else {
        panic!()
    };
    assert_eq!((s.user.as_deref(), s.password.unwrap().expose_secret(), s.tls), (Some("gw"), "knock", false));
}

#[test]
fn the_redis_password_comes_from_its_file() {
    let dir = folder();
    put(dir.path(), "keys.yaml", "", 0o600);
    put(dir.path(), "password", "p@ss/word\n", 0o600);
    let c =
        good(&dir, &with("store: { redis: { url: 'rediss://gw@redis:6380/1', password_file: password, prefix: gw } }"));
    assert!(!format!("{:?}", c.store).contains("word"));
    let StoreSettings::Redis(r) = c.store else { panic!("not Redis") };
    assert_eq!((r.url.expose_secret(), r.prefix.as_str()), ("rediss://gw:p%40ss%2Fword@redis:6380/1", "gw"));
    assert!(!c.keys.may_create);
}

#[test]
fn ipv6_and_localhost_origins_are_fine() {
    let dir = folder();
    let c = good(&dir, &app("origins: ['https://app.example.com:8443']"));
    assert_eq!(c.proxy.apps[0].origins[0].to_string(), "https://app.example.com:8443");
    let plain =
        "apps: [{ name: a, origins: ['http://[::1]:8080', 'http://a.localhost:8080'], upstreams: ['http://[::1]:1'] }]";
    assert_eq!(good(&dir, plain).proxy.apps[0].origins.len(), 2);
}

#[test]
fn the_audit_goes_where_it_is_told() {
    let dir = folder();
    let day = Duration::from_secs(86_400);
    let c = good(&dir, &with("audit: { file: who.jsonl, keep: 90d, store: { keep: 7d, max: 64MiB } }\n")).audit;
    let file = c.file.unwrap();
    assert_eq!((file.path, file.keep), (dir.path().join("who.jsonl"), day * 90));
    assert_eq!((c.store_keep, c.store_max), (day * 7, 64 << 20));
    assert_eq!(good(&dir, &with("audit: { file: off }\n")).audit.file, None);
    let beside = good(&dir, &with("store: { embedded: { path: /srv/gate/p.db } }\n")).audit;
    assert_eq!(beside.file.unwrap().path, std::path::Path::new("/srv/gate/audit.jsonl"));
}

#[test]
fn an_admin_listener_that_speaks_tls_may_be_elsewhere_and_knows_its_clients() {
    let dir = folder();
    super::pair(dir.path(), "clients", &["an-authority"]);
    let admin = |keys: &str| {
        let public = "public: { tls: { certificates: [{ cert: tls.crt, key: tls.key }] } }";
        format!("listen: {{ {public}, admin: {{ address: '0.0.0.0:9090', {keys} }} }}\n{}", super::APP)
    };
    let c = good(
        &dir,
        &admin(
            "tls: { cert: tls.crt, key: tls.key, client_ca: clients.crt }, \
             clients: [{ name: soc, certificate: soc.example.com, scopes: [disconnect, read], apps: [intranet] }, \
             { name: ops, certificate: ops, scopes: [admin] }]",
        ),
    )
    .admin;
    let tls = c.tls.unwrap();
    assert_eq!((tls.cert, tls.client_ca), (dir.path().join("tls.crt"), Some(dir.path().join("clients.crt"))));
    let [soc, ops] = &c.clients[..] else { panic!("{:?}", c.clients) };
    assert_eq!(
        (soc.name.as_str(), soc.certificate.as_str(), soc.users_per_hour),
        ("soc", "soc.example.com", Some(100))
    );
    assert_eq!((soc.scopes.to_string(), soc.apps.len()), ("read, disconnect".into(), 1));
    assert_eq!((ops.users_per_hour, ops.apps.len()), (None, 0));
    let with_ca = "tls: { cert: tls.crt, key: tls.key, client_ca: clients.crt }";
    for (keys, told) in [
        ("socket: a.sock", "plain HTTP"),
        ("tls: { cert: tls.crt }", "`key` is missing"),
        ("tls: { cert: tls.crt, key: clients.key }", "does not belong"),
        ("tls: { cert: tls.crt, key: tls.key, client_ca: missing.crt }", "missing.crt"),
        ("tls: { cert: tls.crt, key: tls.key }, clients: [{ name: a, certificate: a, scopes: [read] }]", "client_ca"),
        (&format!("{with_ca}, clients: [{{ name: A, certificate: a, scopes: [read] }}]"), "a-z"),
        (&format!("{with_ca}, clients: [{{ name: a, certificate: a, scopes: [root] }}]"), "scope"),
        (&format!("{with_ca}, clients: [{{ name: a, certificate: a, scopes: [read], apps: [x] }}]"), "no app"),
        (&format!("{with_ca}, clients: [{{ name: a, scopes: [read] }}]"), "`certificate` is missing"),
    ] {
        let problems = super::mistakes(&dir, &admin(keys));
        assert!(problems.contains(told), "{keys}: {problems}");
    }
    let twice = "clients: [{ name: a, certificate: a, scopes: [read] }, { name: b, certificate: a, scopes: [lift] }]";
    assert!(super::mistakes(&dir, &admin(&format!("{with_ca}, {twice}"))).contains("another client"));
}
