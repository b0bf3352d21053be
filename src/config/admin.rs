//! `listen.admin`: the doors of API, health and metrics, and the callers that are known by a certificate.

use super::apps::AppDraft;
use super::files::Files;
use super::listen::address;
use super::{AdminSettings, AdminTls};
use crate::api::Client;
use crate::disconnect::Caller;
use crate::policy::read::{Field, Section};
use crate::types::{AppName, Scope, Scopes, TokenName};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

pub fn admin(s: &Section<'_>, files: &Files<'_>, apps: &[AppDraft<'_>]) -> AdminSettings {
    let address = address(s, SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)));
    let tls = s.field("tls");
    if let (false, None, Some(f)) = (address.ip().is_loopback(), tls, s.field("address")) {
        let remedy = "Write 127.0.0.1 or [::1], or give it a certificate: `tls: { cert: admin.crt, key: admin.key }`.";
        f.problem("the admin listener speaks plain HTTP, so it stays on this machine", remedy);
    }
    let socket = s.field("socket").and_then(|f| {
        let path = files.path(&f)?;
        // sun_path holds 108 bytes with its final zero (unix(7))
        if path.as_os_str().len() > 107 {
            f.problem("the name of a socket has at most 107 bytes", "Name a shorter path.");
        }
        Some(path)
    });
    let tls = tls.and_then(|f| read_tls(&f.section(), files));
    let clients = s.field("clients");
    if let (Some(f), false) = (clients, tls.as_ref().is_some_and(|t| t.client_ca.is_some())) {
        let remedy =
            "Name the authority that signs their certificates: `tls: { cert: …, key: …, client_ca: clients.pem }`.";
        f.problem("callers are known by a certificate, and no certificate is asked for", remedy);
    }
    AdminSettings {
        address,
        socket: socket.unwrap_or_else(|| PathBuf::from("/run/portcullis/admin.sock")),
        tls,
        clients: clients.map(|f| read_clients(&f, apps)).unwrap_or_default(),
    }
}

fn read_tls(s: &Section<'_>, files: &Files<'_>) -> Option<AdminTls> {
    let cert = s.required("cert", "Name a PEM file with the certificate and its chain.");
    let key = s.required("key", "Name a PEM file with the certificate's private key.");
    let client_ca = s.field("client_ca").and_then(|f| files.certificates(&f).and(files.path(&f)));
    let (cert, key) = (cert?, key?);
    files.pair(&cert, &key)?;
    Some(AdminTls { cert: files.path(&cert)?, key: files.path(&key)?, client_ca })
}

fn read_clients(f: &Field<'_>, apps: &[AppDraft<'_>]) -> Vec<Client> {
    let mut clients: Vec<Client> = Vec::new();
    for item in f.list() {
        let Some(client) = read_client(&item.section(), apps) else { continue };
        if clients.iter().any(|c| c.name == client.name || c.certificate == client.certificate) {
            item.problem("another client has this name or this certificate", "Keep one of the two.");
        }
        clients.push(client);
    }
    clients
}

fn read_client(s: &Section<'_>, apps: &[AppDraft<'_>]) -> Option<Client> {
    let name = s.required("name", "Write what orders and the audit shall call it, such as `soc`.");
    let name = name.and_then(|f| f.parse(TokenName::parse, "Write 1 to 64 of a-z, 0-9, `.`, `_` and `-`."));
    let certificate = s.required("certificate", "Write a name in its certificate: common name, DNS, e-mail or URI.");
    let certificate = certificate.and_then(|f| f.text()).filter(|t| !t.is_empty());
    let scopes = s.required("scopes", "Write what it may do, such as `[disconnect, read]`.");
    let scopes: Scopes = scopes
        .map(|f| f.parse_all(str::parse::<Scope>, "Write `read`, `disconnect`, `lift` or `admin`."))
        .unwrap_or_default()
        .into_iter()
        .collect();
    let known = |t: &str| match apps.iter().any(|a| &*a.app.name.0 == t) {
        true => Ok(AppName(t.into())),
        false => Err("there is no app of this name"),
    };
    let apps = s.field("apps").map(|f| f.parse_all(known, "Name one of `apps`.")).unwrap_or_default();
    let most = s.field("users_per_hour").and_then(|f| f.whole(1..=10_000)).and_then(|n| u32::try_from(n).ok());
    let usual = (!scopes.allow(Scope::Admin)).then_some(Caller::USERS_PER_HOUR);
    Some(Client {
        name: name?,
        certificate: certificate?.to_owned(),
        scopes,
        apps: apps.into_iter().collect(),
        users_per_hour: most.or(usual),
    })
}
