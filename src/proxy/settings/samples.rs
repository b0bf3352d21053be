//! Settings for tests of this module.

use super::*;

pub fn limits() -> Limits {
    Limits { header_bytes: 64 << 10, headers: 100, connections_per_address: 200 }
}

pub fn app(name: &str, origins: &[&str], upstream: &str) -> App {
    let up: Origin = upstream.parse().unwrap();
    App {
        name: AppName(name.into()),
        origins: origins.iter().map(|o| Arc::new(o.parse().unwrap())).collect(),
        upstreams: vec![Upstream { https: up.https, host: up.host, port: up.port, http2: false }],
        upstream_tls: None,
        identity_headers: IdentityHeaders {
            user: Some(HeaderName::from_static("x-auth-user")),
            groups: Some(HeaderName::from_static("x-auth-groups")),
            email: Some(HeaderName::from_static("x-auth-email")),
            assertion: Some(HeaderName::from_static("x-auth-assertion")),
        },
        host: HostToUpstream::Origin,
        timeouts: Timeouts {
            connect: Duration::from_secs(5),
            head: Duration::from_secs(60),
            idle: Duration::from_secs(300),
        },
        body_limit: 64 << 20,
        sign_out: vec![],
        pass_headers: vec![],
        reading: PathReading::default(),
        service_worker: false,
        health_path: None,
    }
}
