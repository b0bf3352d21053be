//! `apps`: each protected app and how its upstream is spoken to.

use super::files::Files;
use super::headers;
use super::upstreams;
use crate::policy::problem::nearest;
use crate::policy::read::{Field, Section, shown};
use crate::proxy::settings::{App, HostToUpstream, Timeouts};
use crate::types::path::{CanonicalPath, PathReading, under};
use crate::types::{AppName, Host, Origin};
use std::sync::Arc;
use std::time::Duration;

/// An app and where its origins stand, for checks across apps.
pub struct AppDraft<'r> {
    pub app: App,
    pub origins: Vec<(Field<'r>, Arc<Origin>)>,
}

pub fn apps<'r>(root: &Section<'r>, files: &Files<'_>) -> Vec<AppDraft<'r>> {
    let remedy =
        "Write `apps: [{ name: intranet, origins: [https://app.example.com], upstreams: [http://127.0.0.1:9000] }]`.";
    let Some(all) = root.required("apps", remedy) else { return Vec::new() };
    let items = all.list();
    if items.is_empty() {
        all.problem("there is no app", remedy);
    }
    let mut drafts: Vec<AppDraft<'r>> = Vec::new();
    for item in items {
        let section = item.section();
        if item.is_text() {
            continue; // told as a wrong type
        }
        let draft = app(&section, files);
        if let (true, Some(f)) = (drafts.iter().any(|d| d.app.name == draft.app.name), section.field("name")) {
            let message = format!("a second app is named `{}`", shown(&draft.app.name.0));
            f.problem(message, "Give each app a name of its own.");
        }
        drafts.push(draft);
    }
    drafts
}

fn app<'r>(s: &Section<'r>, files: &Files<'_>) -> AppDraft<'r> {
    let name = s.required("name", "Name the app: rules and the assertion's `aud` refer to it.");
    let origins = s.required("origins", "Write the origins that people type, such as `[https://app.example.com]`.");
    let origins = origins.map(|f| filled(&f, "there is no origin", "Name at least one.")).unwrap_or_default();
    let remedy = "Write scheme and host, such as `https://app.example.com`, without a path.";
    let origin = |f: Field<'r>| f.parse(str::parse::<Origin>, remedy).map(|o| (f, Arc::new(o)));
    let origins: Vec<_> = origins.into_iter().filter_map(origin).collect();
    let allow = |key: &str| s.field(key).and_then(|f| f.choice(ALLOW)).unwrap_or(false);
    let reading = PathReading {
        encoded_slash: allow("encoded_slash"),
        case_insensitive: s.field("case_insensitive").and_then(|f| f.switch()).unwrap_or(false),
    };
    let sign_out = s.field("sign_out").map(|f| f.list()).unwrap_or_default();
    let identity_headers = headers::identity(&s.section("identity_headers"));
    let upstreams = upstreams::upstreams(s);
    let app = App {
        name: AppName(Arc::from(name.and_then(|f| app_name(&f)).unwrap_or_default())),
        origins: origins.iter().map(|(_, o)| Arc::clone(o)).collect(),
        upstream_tls: upstreams::tls(s, files, &upstreams).map(Arc::new),
        upstreams,
        pass_headers: s.field("pass_headers").map(|f| headers::passed(&f, &identity_headers)).unwrap_or_default(),
        identity_headers,
        host: s.field("host").and_then(|f| host(&f)).unwrap_or(HostToUpstream::Origin),
        timeouts: timeouts(&s.section("timeouts")),
        body_limit: s.section("limits").field("body").and_then(|f| f.size(1..=1 << 40)).unwrap_or(64 << 20),
        sign_out: sign_out.iter().filter_map(|f| sign_out_path(f, reading)).collect(),
        reading,
        service_worker: allow("service_worker"),
        health_path: s.field("health_path").and_then(|f| f.parse(health_path, "Write a path such as `/healthz`.")),
    };
    AppDraft { app, origins }
}

const ALLOW: &[(&str, bool)] =
    &[("allow", true), ("refuse", false), ("true", true), ("false", false), ("on", true), ("off", false)];

/// The items of a list that may not be empty.
pub fn filled<'r>(f: &Field<'r>, message: &str, remedy: &str) -> Vec<Field<'r>> {
    let items = f.list();
    if items.is_empty() {
        f.problem(message, remedy);
    }
    items
}

fn app_name<'r>(f: &Field<'r>) -> Option<&'r str> {
    let name = f.text()?;
    let sound = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > 64 || !name.bytes().all(sound) {
        let message = format!("`{}` cannot name an app", shown(name));
        f.problem(message, "Write 1 to 64 letters, digits, `-`, `_` or `.`.");
    }
    Some(name)
}

fn host(f: &Field<'_>) -> Option<HostToUpstream> {
    match f.text()? {
        "origin" => Some(HostToUpstream::Origin),
        "upstream" => Some(HostToUpstream::Upstream),
        name => {
            let words = ["origin", "upstream"].into_iter();
            if let Some(meant) = nearest(name, words) {
                f.problem(
                    format!("`{}` is almost a word that `host` knows", shown(name)),
                    format!("Did you mean `{meant}`?"),
                );
                return None;
            }
            f.parse(Host::parse, "Write `origin`, `upstream` or a host name.").map(HostToUpstream::Name)
        }
    }
}

fn timeouts(s: &Section<'_>) -> Timeouts {
    let read = |key: &str, default: u64, most: u64| {
        let range = Duration::from_millis(100)..=Duration::from_secs(most);
        s.field(key).and_then(|f| f.duration(range)).unwrap_or(Duration::from_secs(default))
    };
    const DAY: u64 = 86_400;
    Timeouts { connect: read("connect", 5, 300), head: read("head", 60, DAY), idle: read("idle", 300, DAY) }
}

fn sign_out_path(f: &Field<'_>, reading: PathReading) -> Option<String> {
    let remedy = "Write the path of the app's own sign-out, such as `/logout`, without a query.";
    let path = f.parse(|t| CanonicalPath::parse(t, reading), remedy)?.judged().to_string();
    if under(&path.to_lowercase(), super::OWN_PREFIX) {
        f.problem("this is a page of ours, never the app's", remedy);
    }
    Some(path)
}

fn health_path(s: &str) -> Result<String, &'static str> {
    let sound = s.starts_with('/') && s.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    if sound { Ok(s.to_string()) } else { Err("not a path") }
}
