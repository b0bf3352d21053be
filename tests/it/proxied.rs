//! Behind other proxies: the visitor's address as trusted hops tell it, and nobody else.

use crate::support::raw::{react, read_head};
use crate::support::{Ask, Gateway, PASSWORD, PUBLIC, Plan, Store, on_both_stores, within};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

on_both_stores! {
    a_trusted_hop_names_the_client_by_the_proxy_protocol,
    a_trusted_hop_has_to_speak_the_proxy_protocol_where_it_is_on,
    who_is_not_trusted_gets_no_connection_where_the_proxy_protocol_is_on,
    of_a_chain_the_part_that_trusted_hops_wrote_counts,
    what_a_stranger_says_of_addresses_is_not_read,
    a_network_rule_counts_the_address_behind_a_trusted_hop,
    a_limit_counts_the_client_behind_a_trusted_hop,
    a_trusted_hop_may_end_tls,
}

/// Believes these networks.
fn behind(store: Store, trusted: &str) -> Plan {
    Plan::on(store).policy(PUBLIC).top(&format!("trusted_proxies: [{trusted}]"))
}

/// A version 2 header for a TCP connection between these addresses and ports.
fn version_2(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
    let length = u16::try_from(addresses.len()).unwrap().to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n".as_slice(), &[0x20 | command, family], &length, addresses].concat()
}

/// Sends a request after this header; the address that the upstream is told, or nothing where it hears nothing.
async fn told(gateway: &Gateway, header: &[u8]) -> Option<String> {
    gateway.upstream.forget();
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", gateway.authority());
    let reaction = react(gateway.address, &[header, request.as_bytes()].concat()).await;
    assert!(reaction.closed, "{}", reaction.text());
    let seen = gateway.upstream.requests().pop();
    assert_eq!(reaction.statuses() == [200], seen.is_some(), "{}", reaction.text());
    seen.map(|s| s.header("x-forwarded-for").unwrap().to_string())
}

async fn a_trusted_hop_names_the_client_by_the_proxy_protocol(store: Store) {
    let gateway = behind(store, "127.0.0.1/32").public("proxy_protocol: true").start().await;
    let v4 = version_2(1, 0x11, &[192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x34, 1, 187]);
    let v6 = [&[0x20, 1, 0x0d, 0xb8], &[0; 11][..], &[9], &[0; 16], &[0x12, 0x34, 1, 187]].concat();
    let with_tlv = version_2(1, 0x11, &[192, 0, 2, 8, 10, 0, 0, 1, 0x12, 0x34, 1, 187, 4, 0, 1, 9]);
    for (header, client) in [
        (b"PROXY TCP4 192.0.2.1 10.0.0.1 5000 443\r\n".to_vec(), "192.0.2.1"),
        (b"PROXY TCP6 2001:db8::1 ::1 5000 443\r\n".to_vec(), "2001:db8::1"),
        (b"PROXY UNKNOWN\r\n".to_vec(), "127.0.0.1"),
        (v4, "192.0.2.7"),
        (with_tlv, "192.0.2.8"),
        (version_2(1, 0x21, &v6), "2001:db8::9"),
        (version_2(0, 0x00, &[]), "127.0.0.1"), // LOCAL: the hop's own health check
    ] {
        assert_eq!(told(&gateway, &header).await.as_deref(), Some(client), "{}", header.escape_ascii());
    }
    let forged = "X-Forwarded-For: 203.0.113.5\r\nConnection: close\r\n\r\n";
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n{forged}", gateway.authority());
    react(gateway.address, format!("PROXY TCP4 192.0.2.1 10.0.0.1 5000 443\r\n{request}").as_bytes()).await;
    assert_eq!(
        gateway.upstream.last().header("x-forwarded-for"),
        Some("192.0.2.1"),
        "the client behind is not trusted"
    );
}

async fn a_trusted_hop_has_to_speak_the_proxy_protocol_where_it_is_on(store: Store) {
    let gateway = behind(store, "127.0.0.1/32").public("proxy_protocol: true").start().await;
    for header in [&b""[..], b"PROXY TCP4 192.0.2.1\r\n", b"PROXY UDP4 192.0.2.1 10.0.0.1 1 2\r\n", b"PROXY\r\n"] {
        assert_eq!(told(&gateway, header).await, None, "{}", header.escape_ascii());
    }
}

async fn who_is_not_trusted_gets_no_connection_where_the_proxy_protocol_is_on(store: Store) {
    let gateway = behind(store, "192.0.2.0/24").public("proxy_protocol: true").start().await;
    for header in [&b""[..], b"PROXY TCP4 192.0.2.1 10.0.0.1 5000 443\r\n"] {
        assert_eq!(told(&gateway, header).await, None, "{}", header.escape_ascii());
    }
    let plain = behind(store, "127.0.0.1/32").start().await;
    assert_eq!(
        told(&plain, b"PROXY TCP4 192.0.2.1 10.0.0.1 5000 443\r\n").await,
        None,
        "nor is it read unless it is on"
    );
}

/// The address that the upstream is told, with these header lines.
async fn attributed(gateway: &Gateway, fields: &[(&str, &str)]) -> String {
    let ask = fields.iter().fold(Ask::program("/"), |ask, (name, value)| ask.header(name, value));
    assert_eq!(gateway.visitor().send(ask).await.status, 200);
    let seen = gateway.upstream.last();
    let client = seen.header("x-forwarded-for").unwrap();
    let forwarded = seen.header("forwarded").unwrap();
    let first = if client.contains(':') { format!("for=\"[{client}]\";") } else { format!("for={client};") };
    assert!(forwarded.starts_with(&first), "{forwarded}");
    client.to_string()
}

async fn of_a_chain_the_part_that_trusted_hops_wrote_counts(store: Store) {
    let gateway = behind(store, "127.0.0.1/32, 10.0.0.0/8").start().await;
    for (fields, client) in [
        (&[("X-Forwarded-For", "192.0.2.9")][..], "192.0.2.9"),
        (&[("X-Forwarded-For", "203.0.113.5, 192.0.2.9, 10.0.0.7")], "192.0.2.9"),
        (&[("X-Forwarded-For", "203.0.113.5"), ("X-Forwarded-For", "192.0.2.9")], "192.0.2.9"),
        (&[("X-Forwarded-For", "203.0.113.5, unknown, 10.0.0.7")], "10.0.0.7"),
        (&[("X-Forwarded-For", "2001:db8::1")], "2001:db8::1"),
        (&[("Forwarded", "for=203.0.113.5, for=192.0.2.9;proto=https")], "192.0.2.9"),
        (&[("Forwarded", "for=203.0.113.5"), ("X-Forwarded-For", "192.0.2.9")], "192.0.2.9"),
        (&[("X-Real-IP", "203.0.113.5")], "127.0.0.1"),
        (&[], "127.0.0.1"),
    ] {
        assert_eq!(attributed(&gateway, fields).await, client, "{fields:?}");
    }
}

async fn what_a_stranger_says_of_addresses_is_not_read(store: Store) {
    for plan in [Plan::on(store).policy(PUBLIC), behind(store, "192.0.2.0/24")] {
        let gateway = plan.start().await;
        let fields =
            [("X-Forwarded-For", "203.0.113.5"), ("Forwarded", "for=203.0.113.5"), ("X-Real-IP", "203.0.113.5")];
        assert_eq!(attributed(&gateway, &fields).await, "127.0.0.1");
        assert!(!gateway.upstream.last().head.contains("203.0.113.5"), "{}", gateway.upstream.last().head);
        assert!(gateway.log().contains("trusted_proxies"), "an operator is told why all visitors count as one");
    }
}

async fn a_network_rule_counts_the_address_behind_a_trusted_hop(store: Store) {
    let policy = "version: 1
lists: { office: [192.0.2.0/24] }
rules:
  - { name: office, match: { path: /, networks: [office] }, allow: public }
";
    let gateway = behind(store, "127.0.0.1/32").policy(policy).start().await;
    for (chain, status) in [("192.0.2.9", 200), ("203.0.113.5, 192.0.2.9", 200), ("192.0.2.9, 203.0.113.5", 401)] {
        let ask = Ask::program("/").header("X-Forwarded-For", chain);
        assert_eq!(gateway.visitor().send(ask).await.status, status, "{chain}");
    }
    assert_eq!(gateway.visitor().send(Ask::program("/")).await.status, 401);
}

/// Opens a stream for this client and holds it; `None` where it is not let in.
async fn held(gateway: &Gateway, client: &str) -> Option<TcpStream> {
    let mut tcp = TcpStream::connect(gateway.address).await.unwrap();
    let head = gateway.visitor().head(&Ask::program("/events"));
    let header =
        if client.is_empty() { "PROXY UNKNOWN\r\n" } else { &format!("PROXY TCP4 {client} 10.0.0.1 5000 443\r\n") };
    let _ = tcp.write_all(format!("{header}{head}").as_bytes()).await;
    let head = within("the head of a stream", read_head(&mut tcp)).await?;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    Some(tcp)
}

async fn a_limit_counts_the_client_behind_a_trusted_hop(store: Store) {
    let plan = behind(store, "127.0.0.1/32").public("proxy_protocol: true");
    let gateway = plan.top("limits: { connections_per_address: 2 }").start().await;
    let mut open = Vec::new();
    for (client, let_in) in [
        ("192.0.2.1", true),
        ("192.0.2.1", true),
        ("192.0.2.1", false),
        ("192.0.2.2", true),
        ("", true), // the hop stands for many where it names nobody
        ("", true),
        ("", true),
    ] {
        let stream = held(&gateway, client).await;
        assert_eq!(stream.is_some(), let_in, "{client}");
        open.extend(stream);
    }
}

async fn a_trusted_hop_may_end_tls(store: Store) {
    let gateway = behind(store, "127.0.0.1/32").policy("version: 1\n").origin("https://app.test").start().await;
    gateway.add_user("alice", &["staff"]);
    let mut alice = gateway.visitor();
    let answer = alice.give_password("alice", PASSWORD, "/").await;
    let set = answer.all("set-cookie").into_iter().find(|c| c.starts_with("__Host-portcullis=")).expect("the session");
    assert!(set.contains("; Secure"), "{set}");
    let forged = Ask::navigate("/").header("X-Forwarded-Proto", "http").header("X-Forwarded-Host", "evil.example");
    assert_eq!(alice.send(forged).await.status, 200);
    let seen = gateway.upstream.last();
    assert_eq!(seen.all("x-forwarded-proto"), ["https"]);
    assert_eq!(seen.all("x-forwarded-host"), ["app.test"]);
}
