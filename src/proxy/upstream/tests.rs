//! Choosing among upstreams, and their health.

use super::super::settings::samples;
use super::*;
use tokio::net::TcpListener;

async fn listener() -> (TcpListener, String) {
    let l = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", l.local_addr().unwrap());
    (l, url)
}

#[tokio::test]
async fn only_servers_that_are_well_are_chosen() {
    let (up, up_url) = listener().await;
    let (down, down_url) = listener().await;
    drop(down);
    let mut app = samples::app("a", &["https://a.example"], &up_url);
    app.upstreams.extend(samples::app("a", &[], &down_url).upstreams);
    let pool = Pool::new(&app).unwrap();
    assert!(pool.next(None).is_none(), "nothing is known before the start");
    pool.start().await;
    assert!(pool.has_several());
    for _ in 0..6 {
        assert_eq!(pool.next(None).unwrap().tunnel.addr, up.local_addr().unwrap());
    }
    drop(up);
    pool.start().await;
    assert!(pool.next(None).is_none());
}

#[tokio::test]
async fn several_servers_take_turns() {
    let ((one, one_url), (two, two_url)) = (listener().await, listener().await);
    let mut app = samples::app("a", &["https://a.example"], &one_url);
    app.upstreams.extend(samples::app("a", &[], &two_url).upstreams);
    let pool = Pool::new(&app).unwrap();
    pool.start().await;
    let met: BTreeSet<_> = (0..4).map(|_| pool.next(None).unwrap().tunnel.addr).collect();
    assert_eq!(met, [one.local_addr().unwrap(), two.local_addr().unwrap()].into());
}

#[tokio::test]
async fn a_second_try_goes_elsewhere_where_there_is_another() {
    let ((one, one_url), (two, two_url)) = (listener().await, listener().await);
    let mut app = samples::app("a", &["https://a.example"], &one_url);
    let alone = Pool::new(&app).unwrap();
    app.upstreams.extend(samples::app("a", &[], &two_url).upstreams);
    let pool = Pool::new(&app).unwrap();
    pool.start().await;
    alone.start().await;
    let failed = Some(one.local_addr().unwrap());
    for _ in 0..5 {
        assert_eq!(pool.next(failed).unwrap().tunnel.addr, two.local_addr().unwrap());
    }
    assert_eq!(alone.next(failed).map(|t| t.tunnel.addr), failed);
}

#[test]
fn connections_are_shared_by_nobody_with_another_app_or_other_tls() {
    let ca = rcgen::generate_simple_self_signed(["up.example".into()]).unwrap();
    let tls = |ca: Option<Vec<_>>| super::super::settings::UpstreamTls { ca, server_name: None, client: None };
    let group = |name: &str, ca: Option<&rcgen::CertifiedKey<rcgen::KeyPair>>, http2: bool| {
        let mut app = samples::app(name, &["https://a.example"], "https://up.example");
        app.upstream_tls = ca.map(|c| Arc::new(tls(Some(vec![c.cert.der().clone()]))));
        for u in &mut app.upstreams {
            u.http2 = http2;
            u.https = ca.is_some();
        }
        Recipe::new(&app, &app.upstreams[0]).unwrap().group
    };
    let other = rcgen::generate_simple_self_signed(["up.example".into()]).unwrap();
    let all = [
        group("a", None, false),
        group("b", None, false),
        group("a", None, true),
        group("a", Some(&ca), false),
        group("a", Some(&other), false),
    ];
    assert_eq!(BTreeSet::from(all).len(), all.len());
    assert_eq!(group("a", Some(&ca), false), group("a", Some(&ca), false));
    assert!(all.iter().all(|g| g & REPLAY_GROUP == 0));
}

#[test]
fn the_server_name_is_never_empty() {
    for (url, want) in
        [("https://up.example", "up.example"), ("https://127.0.0.1:8443", "127.0.0.1"), ("https://[::1]:8443", "::1")]
    {
        let ca = rcgen::generate_simple_self_signed(["up.example".into()]).unwrap();
        let mut app = samples::app("a", &["https://a.example"], url);
        app.upstream_tls = Some(Arc::new(super::super::settings::UpstreamTls {
            ca: Some(vec![ca.cert.der().clone()]),
            server_name: None,
            client: None,
        }));
        let target = Recipe::new(&app, &app.upstreams[0]).unwrap().target("127.0.0.1:1".parse().unwrap());
        assert_eq!(target.peer.sni, want);
        assert!(target.peer.options.ca.is_some() && target.peer.options.verify_cert);
    }
}

#[test]
fn host_is_what_the_settings_say() {
    let host = |how: HostToUpstream, url: &str| {
        let mut app = samples::app("a", &["https://a.example"], url);
        app.host = how;
        let target = Recipe::new(&app, &app.upstreams[0]).unwrap().target("127.0.0.1:1".parse().unwrap());
        target.host.map(|h| h.to_str().unwrap().to_string())
    };
    assert_eq!(host(HostToUpstream::Origin, "http://up.example:9000"), None);
    assert_eq!(host(HostToUpstream::Upstream, "http://up.example:9000").as_deref(), Some("up.example:9000"));
    assert_eq!(host(HostToUpstream::Upstream, "http://up.example").as_deref(), Some("up.example"));
    let name = HostToUpstream::Name(Host::parse("inner").unwrap());
    assert_eq!(host(name, "http://up.example:9000").as_deref(), Some("inner"));
}
