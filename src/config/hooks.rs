//! `hooks`: tools that order by calling a URL, what their bodies mean and what happens then.

use super::apps::{AppDraft, filled};
use super::files::Files;
use crate::api::hooks::Hook;
use crate::api::hooks::expression::{Choice, Expression};
use crate::api::hooks::mapping::{Mapping, Selector};
use crate::api::hooks::preset::Preset;
use crate::api::hooks::proof::Signature;
use crate::disconnect::{Ask, AskAction, AskSelect, OrderError};
use crate::policy::parse::network;
use crate::policy::read::{Field, Section, shown};
use crate::store::NoMethod;
use crate::types::{AppName, Scope, Scopes, SecondFactor, Timestamp, TokenHash, is_hook_name};
use data_encoding::HEXLOWER;
use http::HeaderName;
use ipnet::IpNet;
use secrecy::SecretString;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub fn hooks(root: &Section<'_>, files: &Files<'_>, apps: &[AppDraft<'_>]) -> Vec<Hook> {
    let items = root.field("hooks").map(|f| f.list()).unwrap_or_default();
    let mut all: Vec<Hook> = Vec::new();
    for item in items {
        let s = item.section();
        if item.is_text() {
            continue; // told as a wrong type
        }
        let hook = hook(&s, files, apps);
        if let (true, Some(f)) = (!hook.name.is_empty() && all.iter().any(|h| h.name == hook.name), s.field("name")) {
            let message = format!("a second hook is named `{}`", shown(&hook.name));
            f.problem(message, "Give each hook a name of its own: it stands in its URL.");
        }
        all.push(hook);
    }
    all
}

fn hook(s: &Section<'_>, files: &Files<'_>, apps: &[AppDraft<'_>]) -> Hook {
    let name = s.required("name", "Name the hook: it stands in its URL and in the record.");
    let remedy = "Write 1 to 64 lower-case letters, digits, `-` or `_`.";
    let name = name.and_then(|f| f.parse(|t| is_hook_name(t).then(|| t.to_owned()).ok_or("not a name"), remedy));
    let preset = s.field("preset").and_then(|f| f.choice(&Preset::ALL));
    let remedy = "Run `portcullis hook create NAME`: it prints the URL, once, and the hash that belongs here.";
    let secret = s.required("secret_sha256", remedy).and_then(|f| hash(&f, remedy));
    Hook {
        name: name.unwrap_or_default(),
        secret: secret.unwrap_or(TokenHash([0; 32])),
        networks: networks(s),
        scopes: scopes(s),
        apps: s.field("apps").map(|f| only(&f, apps)).unwrap_or_default(),
        users_per_hour: s.field("users_per_hour").and_then(|f| f.whole(1..=1_000_000)).map_or(100, narrow),
        signature: signature(s, files, preset),
        challenge: preset.and_then(Preset::challenge).map(HeaderName::from_static),
        mapping: mapping(s, preset),
        ask: ask(s),
    }
}

/// What is written here by mistake may be the secret itself, so it is not shown.
fn hash(f: &Field<'_>, remedy: &str) -> Option<TokenHash> {
    let text = f.text()?.to_ascii_lowercase();
    let bytes = HEXLOWER.decode(text.as_bytes()).ok().and_then(|b| b.try_into().ok());
    if bytes.is_none() {
        f.problem("not a SHA-256 in hex", remedy);
    }
    bytes.map(TokenHash)
}

fn narrow(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn scopes(s: &Section<'_>) -> Scopes {
    let words = [("disconnect", Scope::Disconnect), ("admin", Scope::Admin)];
    let Some(f) = s.field("scopes") else { return [Scope::Disconnect].into_iter().collect() };
    filled(&f, "a hook that may do nothing", "Write `[disconnect]`, or leave it out.")
        .iter()
        .filter_map(|item| item.choice(&words))
        .collect()
}

/// The apps that a hook is confined to.
fn only(f: &Field<'_>, apps: &[AppDraft<'_>]) -> BTreeSet<AppName> {
    let known = |name: &str| {
        let app = apps.iter().find(|a| &*a.app.name.0 == name).map(|a| a.app.name.clone());
        app.ok_or("there is no app of that name")
    };
    f.parse_all(known, "Name apps of this configuration.").into_iter().collect()
}

fn networks(s: &Section<'_>) -> Vec<IpNet> {
    let remedy =
        "Write the addresses or networks that the tool, or the proxy before us, calls from, such as `10.1.2.0/24`.";
    let Some(f) = s.required("networks", remedy) else { return Vec::new() };
    let all: Vec<IpNet> = filled(&f, "a hook that nobody may call", remedy)
        .iter()
        .filter_map(|item| item.parse(network, remedy))
        .collect();
    if all.iter().any(|n| n.prefix_len() == 0) {
        f.problem("this lets everybody call who has seen the URL", remedy);
    }
    all
}

/// A preset whose tool signs has to be given the secret.
fn signature(s: &Section<'_>, files: &Files<'_>, preset: Option<Preset>) -> Option<Signature> {
    let signs = preset.and_then(Preset::signs);
    let field = s.field("hmac");
    if field.is_none() && signs.is_none() {
        return None;
    }
    let remedy = "Write `hmac: { secret_file: NAME }`: the file holds the secret that the tool signs with.";
    let Some(field) = field else {
        s.required("hmac", remedy);
        return None;
    };
    let hmac = field.section();
    let secret = hmac.required("secret_file", remedy).and_then(|f| files.secret(&f));
    let header = match (hmac.field("header"), signs) {
        (Some(f), _) => {
            f.parse(|t| t.parse::<HeaderName>().map_err(|_| "not a header's name"), "Write such as `x-signature`.")
        }
        (None, Some(signs)) => Some(HeaderName::from_static(signs.header)),
        (None, None) => {
            hmac.required("header", "Name the header that the signature comes in.");
            None
        }
    };
    let prefix = hmac.field("prefix").and_then(|f| f.text()).or(signs.map(|s| s.prefix)).unwrap_or_default();
    Some(Signature {
        header: header.unwrap_or(HeaderName::from_static("x-signature")),
        prefix: prefix.to_owned(),
        secret: secret.unwrap_or_else(|| SecretString::from("")),
    })
}

fn mapping(s: &Section<'_>, preset: Option<Preset>) -> Mapping {
    let mut mapping = preset.map(Preset::mapping).unwrap_or_default();
    let map = s.section("map");
    let path = "Write a JSONPath such as `$.result.user`, `.user` for what `each` found, or text with paths in braces.";
    let choice = |f: Field<'_>| Choice(f.parse_all(str::parse::<Expression>, path));
    if let Some(f) = map.field("each") {
        mapping.each = f.parse(str::parse, "Write a JSONPath such as `$.events[?@.type == 'bad']`.");
        if mapping.each.as_ref().is_some_and(|e| !e.is_of_body()) {
            f.problem("`each` is looked for in the whole body", "Begin it with `$`.");
        }
    }
    if let Some(f) = map.field("select") {
        let select = f.section();
        let given = |selector: Selector| Some((selector, choice(select.field(selector.name())?)));
        mapping.select = Selector::ALL.into_iter().filter_map(given).collect::<BTreeMap<_, _>>();
    }
    if let Some(f) = map.field("reason") {
        mapping.reason = Some(choice(f));
    }
    if let Some(f) = map.field("case") {
        mapping.case = Some(choice(f));
    }
    if let Some(f) = map.field("idempotency") {
        mapping.idempotency = f.parse_all(str::parse, path);
    }
    if mapping.select.is_empty() && (preset.is_some() || s.field("preset").is_none()) {
        let place = map.field("select").or_else(|| s.field("map")).or_else(|| s.field("name"));
        if let Some(f) = place {
            let remedy = "Name a `preset`, or write `map: { select: { user: $.path.of.the.name } }`.";
            f.problem("nothing says whom the bodies of this hook are about", remedy);
        }
    }
    mapping
}

/// What happens; the same for every body.
fn ask(s: &Section<'_>) -> Ask {
    let actions = [
        ("sign_out", AskAction::SignOut),
        ("step_up", AskAction::StepUp),
        ("forget_devices", AskAction::ForgetDevices),
        ("re_enroll", AskAction::ReEnroll),
        ("block", AskAction::Block),
    ];
    let action =
        s.required("action", "Write `action: step_up` or `action: sign_out`: what happens to whom a body names.");
    let methods = [("totp", SecondFactor::Totp), ("backup_code", SecondFactor::BackupCode)];
    let no_method = [("sign_out", NoMethod::SignOut), ("block", NoMethod::Block)];
    let span = |key: &str| {
        let length = s.field(key)?.duration(Duration::from_secs(1)..=Duration::from_secs(90 * 86_400))?;
        Some(format!("{}s", length.as_secs()))
    };
    let switch = |key: &str| s.field(key).and_then(|f| f.switch()).unwrap_or(false);
    let listed = |f: Field<'_>| f.list().iter().filter_map(|m| m.choice(&methods)).collect();
    let ask = Ask {
        select: AskSelect { everyone: true, ..AskSelect::default() },
        action: action.and_then(|f| f.choice(&actions)).unwrap_or(AskAction::SignOut),
        methods: s.field("methods").map(listed).unwrap_or_default(),
        within: span("within"),
        if_no_method: s.field("if_no_method").and_then(|f| f.choice(&no_method)),
        until: span("until"),
        reason: "hook".into(),
        case: None,
        notify: switch("notify"),
        dry_run: switch("dry_run"),
        wait: true,
    };
    if let (Err(OrderError::Invalid(wrong)), Some(f)) = (ask.read(Timestamp::default(), |_| true), action) {
        wrong.iter().for_each(|w| f.problem(w.trim_end_matches('.'), "Take the key out, or change the action."));
    }
    ask
}
