//! TLS: certificates by name, HTTP/2 by ALPN, reload without dropping anybody, cookies as browsers want them.

use crate::support::certificate::Authority;
use crate::support::{Ask, Gateway, PASSWORD, Plan, Store, Visitor, on_both_stores, until};
use regex::Regex;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConnection;
use tokio_rustls::rustls::pki_types::ServerName;

on_both_stores! {
    cookies_on_https_carry_the_host_prefix_and_every_attribute,
    alpn_gives_h2_and_http_1_1,
    a_name_without_a_certificate_gets_no_handshake,
    a_new_certificate_is_taken_without_dropping_a_connection,
    each_app_is_served_on_its_own_origin_only,
    an_upstream_whose_certificate_is_not_trusted_is_not_asked,
    early_data_is_not_offered,
    plain_http_leads_to_https,
}

async fn secure(store: Store, authority: &Authority) -> (Gateway, Visitor) {
    let certificate = authority.issue(&["app.test"]);
    let gateway = Plan::on(store).origin("https://app.test").certificate(certificate).start().await;
    gateway.add_user("alice", &["staff"]);
    let visitor = gateway.visitor().over_tls(authority.client(&["http/1.1"]));
    (gateway, visitor)
}

async fn cookies_on_https_carry_the_host_prefix_and_every_attribute(store: Store) {
    let authority = Authority::new();
    let (gateway, mut alice) = secure(store, &authority).await;
    let answer = alice.give_password("alice", PASSWORD, "/").await;
    let exact = Regex::new(
        r"^__Host-portcullis=[A-Za-z0-9_.~-]{43,}; (Path=/|Secure|HttpOnly|SameSite=Lax)(; (Path=/|Secure|HttpOnly|SameSite=Lax)){3}$",
    );
    let set = answer.all("set-cookie").into_iter().find(|c| c.starts_with("__Host-portcullis=")).expect("the session");
    assert!(exact.unwrap().is_match(set), "{set}");
    assert!(
        set.len() <= 4096 + 64 && !set.contains("Domain") && !set.contains("Max-Age") && !set.contains("Partitioned")
    );
    for part in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(set.contains(part), "{part}");
    }
    let page = alice.follow_all(answer).await;
    assert_eq!(page.status, 200);
    assert_eq!(gateway.upstream.last().header("x-forwarded-proto"), Some("https"));
    let sign_in = alice.clone().get("/.portcullis/sign-out").await;
    let hsts = sign_in.header("strict-transport-security").expect("HSTS on our own pages");
    assert!(hsts.contains("max-age=31536000"), "{hsts}");
}

async fn alpn_gives_h2_and_http_1_1(store: Store) {
    let authority = Authority::new();
    let (gateway, _) = secure(store, &authority).await;
    for (offered, agreed) in [(vec!["h2", "http/1.1"], "h2"), (vec!["http/1.1"], "http/1.1")] {
        let tcp = TcpStream::connect(gateway.address).await.unwrap();
        let name = ServerName::try_from("app.test").unwrap();
        let tls = TlsConnector::from(authority.client(&offered)).connect(name, tcp).await.unwrap();
        assert_eq!(tls.get_ref().1.alpn_protocol(), Some(agreed.as_bytes()));
    }
}

async fn a_name_without_a_certificate_gets_no_handshake(store: Store) {
    let authority = Authority::new();
    let (gateway, _) = secure(store, &authority).await;
    let tcp = TcpStream::connect(gateway.address).await.unwrap();
    let name = ServerName::try_from("other.test").unwrap();
    assert!(TlsConnector::from(authority.client(&["http/1.1"])).connect(name, tcp).await.is_err());
    let plain = gateway.react("GET / HTTP/1.1\r\nHost: app.test\r\n\r\n").await;
    assert!(plain.closed && plain.statuses() != [200]);
}

async fn a_new_certificate_is_taken_without_dropping_a_connection(store: Store) {
    let authority = Authority::new();
    let (gateway, mut visitor) = secure(store, &authority).await;
    let mut open = visitor.connect().await;
    assert_eq!(visitor.send_over(&mut open, Ask::program("/1")).await.status, 401);
    let other = Authority::new();
    other.issue(&["app.test"]).write(&gateway.dir().join("0.crt"), &gateway.dir().join("0.key"));
    until("the new certificate", || async {
        let tcp = TcpStream::connect(gateway.address).await.unwrap();
        let name = ServerName::try_from("app.test").unwrap();
        TlsConnector::from(other.client(&["http/1.1"])).connect(name, tcp).await.is_ok()
    })
    .await;
    assert_eq!(visitor.send_over(&mut open, Ask::program("/2")).await.status, 401, "the old connection goes on");
}

async fn each_app_is_served_on_its_own_origin_only(store: Store) {
    let authority = Authority::new();
    let second = "  - { name: second, origins: [https://two.test], upstreams: [http://127.0.0.1:9] }";
    let policy = "version: 1\nrules:\n  - { name: first is open, match: { app: app }, allow: public }\n";
    let both = authority.issue(&["app.test", "two.test"]);
    let plan = Plan::on(store).origin("https://app.test").certificate(both).policy(policy).another_app(second);
    let gateway = plan.start().await;
    let mut visitor = gateway.visitor().over_tls(authority.client(&["http/1.1"]));
    let mut connection = visitor.connect().await;
    assert_eq!(visitor.send_over(&mut connection, Ask::program("/")).await.status, 200);
    // the certificate is good for both, so a browser may send the second app's requests here (RFC 9113 section 9.1.1)
    visitor.origin = "https://two.test".into();
    let answer = visitor.send_over(&mut connection, Ask::program("/")).await;
    assert!(matches!(answer.status, 401 | 421), "{}", answer.head);
    assert_eq!(gateway.upstream.count(), 1);
}

async fn an_upstream_whose_certificate_is_not_trusted_is_not_asked(store: Store) {
    let (trusted, other) = (Authority::new(), Authority::new());
    for (issuer, expected) in [(&trusted, 200), (&other, 502)] {
        let app = crate::support::certificate::https_app(&issuer.issue(&["localhost"])).await;
        let ca = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(ca.path(), trusted.pem()).unwrap();
        let policy = "version: 1\nrules:\n  - { name: all, match: { path: / }, allow: public }\n";
        let plan = Plan::on(store).policy(policy).upstream(&format!("https://localhost:{}", app.port()));
        let gateway = plan.app(&format!("upstream_tls: {{ ca: {} }}", ca.path().display())).start().await;
        assert_eq!(gateway.visitor().send(Ask::program("/")).await.status, expected);
    }
}

async fn early_data_is_not_offered(store: Store) {
    let authority = Authority::new();
    let (gateway, _) = secure(store, &authority).await;
    let mut config = (*authority.client(&["http/1.1"])).clone();
    config.enable_early_data = true;
    let config = Arc::new(config);
    let mut visitor = gateway.visitor().over_tls(config.clone());
    assert_eq!(visitor.send(Ask::program("/")).await.status, 401);
    // a client that has been here before would send a request with its first packet, were it allowed to: a replay of that
    // could not be told apart (RFC 8470)
    let mut again = ClientConnection::new(config, ServerName::try_from("app.test").unwrap()).unwrap();
    assert!(again.early_data().is_none());
}

async fn plain_http_leads_to_https(store: Store) {
    let authority = Authority::new();
    let port = crate::support::process::free_port();
    let plan = Plan::on(store).origin("https://app.test").certificate(authority.issue(&["app.test"]));
    let _gateway = plan.listen(&format!("redirect: {{ address: 127.0.0.1:{port} }}")).start().await;
    let address = crate::support::process::local(port);
    let ask = b"GET /x?y=z HTTP/1.1\r\nHost: app.test\r\n\r\n";
    let led = crate::support::raw::react(address, ask).await;
    assert!(
        led.text().contains("\r\nlocation: https://app.test/x?y=z\r\n")
            || led.text().contains("Location: https://app.test/x?y=z\r\n"),
        "{}",
        led.text()
    );
    let other = crate::support::raw::react(address, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").await;
    assert!(
        !other.text().contains("evil.example") && other.statuses() != [301] && other.statuses() != [308],
        "{}",
        other.text()
    );
}
