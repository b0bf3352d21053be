//! `listen` and `trusted_proxies`: addresses, certificates, hops.

use super::apps::AppDraft;
use super::files::{Files, Pair};
use crate::policy::parse::network;
use crate::policy::read::{Field, Section};
use crate::proxy::settings::{CertificateFiles, Listen, Redirect, Tls};
use crate::types::Host;
use ipnet::IpNet;
use rustls::server::ResolvesServerCertUsingSni;
use rustls::sign::CertifiedKey;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// `listen.public`, and the certificates for a closer look.
pub struct Public<'r> {
    pub listen: Listen,
    pub proxy_protocol: bool,
    certified: Vec<(Field<'r>, CertifiedKey)>,
}

pub fn public<'r>(s: &Section<'r>, files: &Files<'_>, trusted: &[IpNet]) -> Public<'r> {
    let mut public = Public {
        listen: Listen { address: address(s, SocketAddr::from((Ipv4Addr::UNSPECIFIED, 443))), tls: None },
        proxy_protocol: s.field("proxy_protocol").and_then(|f| f.switch()).unwrap_or(false),
        certified: Vec::new(),
    };
    if let (true, true, Some(f)) = (public.proxy_protocol, trusted.is_empty(), s.field("proxy_protocol")) {
        let remedy = "Name the hop that speaks it in `trusted_proxies`.";
        f.problem("the PROXY protocol is believed of trusted hops only, and there are none", remedy);
    }
    if let Some(tls) = s.field("tls") {
        let certificates =
            tls.section().required("certificates", "Write `certificates: [{ cert: tls.crt, key: tls.key }]`.");
        let pairs = certificates.map(|f| f.list()).unwrap_or_default();
        if let (true, Some(f)) = (pairs.is_empty(), certificates) {
            f.problem("there is no certificate", "Name at least one.");
        }
        let read = pairs.iter().filter_map(|f| certificate(&f.section(), files, &mut public.certified));
        let certificates = read.collect();
        public.listen.tls = Some(Tls { certificates });
    }
    public
}

fn certificate<'r>(
    s: &Section<'r>,
    files: &Files<'_>,
    certified: &mut Vec<(Field<'r>, CertifiedKey)>,
) -> Option<CertificateFiles> {
    let cert = s.required("cert", "Name a PEM file with the certificate and its chain.");
    let key = s.required("key", "Name a PEM file with the certificate's private key.");
    let (cert, key) = (cert?, key?);
    let Pair { certified: pair, .. } = files.pair(&cert, &key)?;
    certified.push((cert, pair));
    Some(CertificateFiles { cert: files.path(&cert)?, key: files.path(&key)? })
}

impl Public<'_> {
    /// Browsers refuse a host that no certificate names; certificates can be changed while we run, so it is a warning.
    pub fn warn_of_uncovered(&self, apps: &[AppDraft<'_>]) {
        if self.certified.is_empty() {
            return;
        }
        for (field, origin) in apps.iter().flat_map(|a| &a.origins) {
            if !self.certified.iter().any(|(_, pair)| covers(pair, &origin.host)) {
                let message = format!("no certificate is for `{}`", origin.host);
                field.warn(message, "Browsers will refuse it; add a certificate for this host.");
            }
        }
    }
}

fn covers(pair: &CertifiedKey, host: &Host) -> bool {
    // an address is never sent as SNI, so nothing can be said about it
    let is_address = host.as_str().starts_with('[') || host.as_str().parse::<IpAddr>().is_ok();
    is_address || ResolvesServerCertUsingSni::new().add(host.as_str(), pair.clone()).is_ok()
}

pub fn redirect(s: &Section<'_>, files: &Files<'_>) -> Redirect {
    Redirect {
        address: address(s, SocketAddr::from((Ipv4Addr::UNSPECIFIED, 80))),
        acme: s.field("acme").and_then(|f| files.folder(&f)),
    }
}

pub fn trusted(f: &Field<'_>) -> Vec<IpNet> {
    let remedy = "Write the address or network of the hop before us, such as `10.0.0.5` or `10.0.0.0/24`.";
    let nets = f.parse_all(network, remedy);
    if nets.iter().any(|n| n.prefix_len() == 0) {
        f.problem("this trusts everybody to say who they are", remedy);
    }
    nets
}

pub fn address(s: &Section<'_>, default: SocketAddr) -> SocketAddr {
    let remedy = "Write an address and a port, such as `0.0.0.0:443` or `[::]:443`.";
    let read =
        s.field("address").and_then(|f| f.parse(|t| t.parse().map_err(|_| "not an address with a port"), remedy));
    read.unwrap_or(default)
}
