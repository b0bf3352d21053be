//! What the policy promises: tables by example, properties against a naive reading of the same file.

mod evaluation;
mod mistakes;
mod property;

use super::{Policy, Subject};
use crate::types::path::PathReading;
use crate::types::{
    AppName, CanonicalPath, ClientIp, Cookies, FetchMetadata, GroupName, Inbound, Kind, Origin, RequestId, UserName,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A policy that has no mistake.
fn policy(text: &str) -> Policy {
    let joined = |p: Vec<super::Problem>| p.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    Policy::parse("policy.yaml", text).map_err(joined).unwrap()
}

/// A GET of app `intranet` at `https://app.example.com`, from 192.0.2.1.
fn get(target: &str) -> Inbound {
    let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q.to_string())));
    Inbound {
        app: AppName(Arc::from("intranet")),
        origin: Arc::new("https://app.example.com".parse::<Origin>().unwrap()),
        method: http::Method::GET,
        path: CanonicalPath::parse(path, PathReading::default()).unwrap(),
        query,
        client: ClientIp::new("192.0.2.1".parse().unwrap()),
        cookies: Cookies::default(),
        kind: Kind::Navigation,
        fetch: FetchMetadata::default(),
        origin_header: None,
        user_agent: String::new(),
        languages: String::new(),
        request_id: RequestId::from_bytes([0; 16]),
    }
}

/// Somebody, owned.
#[derive(Clone, Debug)]
struct Person {
    name: UserName,
    groups: BTreeSet<GroupName>,
    enrolled: bool,
}
impl Person {
    fn new(name: &str, groups: &[&str], enrolled: bool) -> Self {
        Person {
            name: UserName::parse(name).unwrap(),
            groups: groups.iter().map(|g| GroupName::parse(g).unwrap()).collect(),
            enrolled,
        }
    }
    fn subject(&self) -> Subject<'_> {
        Subject { name: &self.name, groups: &self.groups, enrolled: self.enrolled }
    }
}
