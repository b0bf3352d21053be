//! Policy file → `Policy`. Every mistake is noted where it stands; a policy with one is never used.

use super::condition::{BadPattern, Condition, PathTest};
use super::index::Index;
use super::limits::{throttle, trusted_devices};
use super::problem::{At, Problem, nearest};
use super::raw;
use super::read::{Field, Reader, Section, shown};
use super::rule::{Action, Factors, Named, Rule};
use super::terms::{Terms, terms};
use super::{Enrol, MfaRequire, Policy, SessionLifetimes, Totp, TotpAlgorithm};
use crate::types::{AppName, GroupName, Host, UserName};
use http::Method;
use ipnet::IpNet;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Every key there is.
pub const KEYS: &[&str] = &[
    "version",
    "mfa.require",
    "mfa.exempt_groups",
    "mfa.enrol",
    "admins.groups",
    "admins.readers",
    "factors.totp.issuer",
    "factors.totp.algorithm",
    "factors.totp.digits",
    "factors.totp.period",
    "factors.totp.skew",
    "factors.backup_codes.may_disable",
    "trusted_devices.remember",
    "trusted_devices.per_user",
    "sessions.idle",
    "sessions.absolute",
    "passwords.min_length",
    "throttle.passwords.free",
    "throttle.passwords.wait",
    "throttle.passwords.longest",
    "throttle.codes.free",
    "throttle.codes.wait",
    "throttle.codes.longest",
    "throttle.codes.disable",
    "throttle.codes.day",
    "throttle.codes.sign_in",
    "throttle.addresses.failures",
    "throttle.addresses.within",
    "lists.*",
    "rules[].name",
    "rules[].match.app",
    "rules[].match.host",
    "rules[].match.path",
    "rules[].match.path.exact",
    "rules[].match.path.regex",
    "rules[].match.methods",
    "rules[].match.groups",
    "rules[].match.users",
    "rules[].match.networks",
    "rules[].allow",
    "rules[].identify",
    "rules[].deny",
    "rules[].require.factors",
    "rules[].require.trusted_devices",
    "rules[].require.fresh",
    "rules[].require.methods",
    "default.require.factors",
    "default.require.trusted_devices",
    "default.require.fresh",
    "default.require.methods",
    "default.deny",
];

/// The one version of the format that there is.
const VERSION: u64 = 1;

pub(super) fn policy(file_name: &str, text: &str) -> Result<Policy, Vec<Problem>> {
    let (policy, problems) = with_problems(file_name, text).map_err(|p| vec![p])?;
    if problems.is_empty() { Ok(policy) } else { Err(problems) }
}

/// What could be read, and what is wrong with it: for who has checks to add. With a problem it is never in force.
pub fn with_problems(file_name: &str, text: &str) -> Result<(Policy, Vec<Problem>), Problem> {
    let reader = Reader::new(file_name, KEYS);
    let tree = raw::parse(&reader.file, text)?;
    let policy = read(&reader, reader.root(&tree), text);
    let (problems, warnings) = reader.finish();
    Ok((Policy { warnings, ..policy }, problems))
}

fn read(reader: &Reader, root: Section<'_>, text: &str) -> Policy {
    let version = root.field("version").and_then(|f| f.whole(VERSION..=VERSION)).unwrap_or(VERSION);
    let mfa = root.section("mfa");
    let require = mfa.field("require").and_then(|f| mfa_require(&f)).unwrap_or(MfaRequire::Optional);
    let enrol = mfa.field("enrol").and_then(|f| f.choice(&[("password", Enrol::Password), ("code", Enrol::Code)]));
    let exempt_groups = mfa.field("exempt_groups").map(|f| groups(&f)).unwrap_or_default();
    let admins = root.section("admins");
    let or = |f: Option<Field<'_>>, default: &[&str]| match f {
        Some(f) => groups(&f),
        None => default.iter().filter_map(|g| GroupName::parse(g).ok()).collect(),
    };
    let factors = root.section("factors");
    let backup_codes = factors.section("backup_codes");
    let passwords = root.section("passwords");
    let min_password = passwords.field("min_length").and_then(|f| f.whole(8..=64)).unwrap_or(15);
    let lists = root.section("lists");
    let lists: BTreeMap<&str, Vec<IpNet>> =
        lists.all().map(|(name, at, f)| (name, list(reader, name, at, &f))).collect();
    let rules = rules(reader, &root, &Context { reader, lists, exempt: &exempt_groups });
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
    Policy {
        hash: digest.chars().take(16).collect(),
        version: u32::try_from(version).unwrap_or_default(),
        require,
        enrol: enrol.unwrap_or(Enrol::Password),
        admin_groups: or(admins.field("groups"), &["owner", "admin"]),
        reader_groups: or(admins.field("readers"), &["auditor"]),
        totp: totp(&factors.section("totp")),
        backup_may_disable: backup_codes.field("may_disable").and_then(|f| f.switch()).unwrap_or(true),
        trusted_devices: trusted_devices(root.field("trusted_devices")),
        throttle: throttle(&root.section("throttle")),
        sessions: sessions(&root.section("sessions")),
        min_password: usize::try_from(min_password).unwrap_or(usize::MAX),
        index: Index::new(&rules),
        rules,
        default: root.field("default").map_or(ASKED_BY_DEFAULT, |f| default(&f.section())),
        exempt_groups,
        warnings: Vec::new(),
    }
}

fn mfa_require(f: &Field<'_>) -> Option<MfaRequire> {
    use MfaRequire::{Off, On, Optional};
    f.choice(&[
        ("off", Off),
        ("optional", Optional),
        ("on", On),
        ("On", On),
        ("true", On),
        ("required", On),
        ("Off", Off),
        ("false", Off),
    ])
}

fn groups(f: &Field<'_>) -> BTreeSet<GroupName> {
    f.parse_all(GroupName::parse, "Write the group's name as `user add --group` takes it.").into_iter().collect()
}

fn totp(s: &Section<'_>) -> Totp {
    use TotpAlgorithm::{Sha1, Sha256, Sha512};
    let algorithms = [("SHA1", Sha1), ("SHA256", Sha256), ("SHA512", Sha512)];
    // NIST SP 800-63B §3.1.4: a code changes at least every two minutes
    let period = s.field("period").and_then(|f| {
        let d = f.duration(Duration::from_secs(1)..=Duration::from_secs(120))?;
        if d.subsec_nanos() != 0 {
            f.problem("a period has whole seconds", "Write `30s`.");
        }
        Some(d)
    });
    let narrow = |n: Option<u64>, default: u8| n.and_then(|n| u8::try_from(n).ok()).unwrap_or(default);
    Totp {
        issuer: s.field("issuer").and_then(|f| issuer(&f)),
        algorithm: s.field("algorithm").and_then(|f| f.choice(&algorithms)).unwrap_or(Sha1),
        digits: narrow(s.field("digits").and_then(|f| f.whole(6..=8)), 6),
        period: period.unwrap_or(Duration::from_secs(30)),
        skew: narrow(s.field("skew").and_then(|f| f.whole(0..=1)), 1),
    }
}

fn issuer(f: &Field<'_>) -> Option<String> {
    let issuer = f.text()?;
    if issuer.is_empty() || issuer.chars().count() > 64 || issuer.contains(':') || issuer.chars().any(char::is_control)
    {
        let remedy = "Write 1 to 64 characters without a colon, which parts issuer and account in the key's URI.";
        f.problem(format!("`{}` cannot be an issuer", shown(issuer)), remedy);
    }
    if issuer.contains(char::is_whitespace) {
        let remedy = "Leave the spaces out, or leave the key out: then the host name is the issuer.";
        f.warn("some authenticator apps refuse an issuer with spaces", remedy);
    }
    Some(issuer.to_string())
}

fn sessions(s: &Section<'_>) -> SessionLifetimes {
    let range = || Duration::from_secs(1)..=Duration::from_secs(90 * 86_400);
    let absolute = s.field("absolute").and_then(|f| f.duration(range())).unwrap_or(Duration::from_secs(86_400));
    let idle = s.field("idle").and_then(|f| {
        let idle = f.duration(range())?;
        if idle > absolute {
            f.problem("`idle` is longer than `absolute`, so it never ends a session", "Write a shorter one.");
        }
        Some(idle)
    });
    // a short absolute end that is given alone ends the session first, which is what it says
    SessionLifetimes { idle: idle.unwrap_or(Duration::from_secs(3600).min(absolute)), absolute }
}

fn list(reader: &Reader, name: &str, at: At, f: &Field<'_>) -> Vec<IpNet> {
    let sound = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if !sound {
        reader.problem(at, format!("`{}` cannot name a list", shown(name)), "Write letters, digits, `-` and `_`.");
    }
    f.parse_all(network, NETWORK)
}

const NETWORK: &str = "Write an address or a network such as `10.0.0.0/8` or `2001:db8::/32`.";

/// An address or a network in CIDR form, without host bits.
pub fn network(s: &str) -> Result<IpNet, String> {
    let net = match (s.parse::<IpNet>(), s.parse::<IpAddr>()) {
        (Ok(net), _) => net,
        (Err(_), Ok(ip)) => IpNet::from(ip),
        (Err(_), Err(_)) => return Err("not a network".to_string()),
    };
    if net.trunc() != net {
        return Err(format!("has bits behind its mask; the network is `{}`", net.trunc()));
    }
    if matches!(net.network(), IpAddr::V6(a) if a.to_ipv4_mapped().is_some()) {
        return Err("an IPv4 address in IPv6 form never matches".to_string());
    }
    Ok(net)
}

fn default(s: &Section<'_>) -> Action {
    match (s.field("deny"), s.field("require")) {
        (Some(deny), require) => {
            if require.is_some() {
                deny.problem("`default` both requires and denies", "Keep one of the two.");
            }
            deny_is_true(&deny);
            Action::Deny
        }
        (None, Some(require)) => required(&require.section()),
        (None, None) => ASKED_BY_DEFAULT,
    }
}

const ASKED_BY_DEFAULT: Action = Action::Require(Factors::Policy, Terms::PLAIN);

fn deny_is_true(f: &Field<'_>) {
    if f.switch() == Some(false) {
        f.problem("`deny: false` says nothing", "Write `deny: true`, or leave it out and say what is required.");
    }
}

/// What stands under `require`.
fn required(require: &Section<'_>) -> Action {
    let words = [("one", Factors::One), ("two", Factors::Two), ("policy", Factors::Policy)];
    let field = require.required("factors", "Write `factors: one`, `two` or `policy`.");
    let factors = field.and_then(|f| f.choice(&words)).unwrap_or(Factors::Two);
    Action::Require(factors, terms(require, factors))
}

/// What rules refer to.
struct Context<'c> {
    reader: &'c Reader,
    lists: BTreeMap<&'c str, Vec<IpNet>>,
    exempt: &'c BTreeSet<GroupName>,
}

fn rules(reader: &Reader, root: &Section<'_>, context: &Context<'_>) -> Vec<Rule> {
    let mut names: HashMap<Arc<str>, At> = HashMap::new();
    let mut rules: Vec<Rule> = Vec::new();
    let mut shadow: Option<Arc<str>> = None;
    for f in root.field("rules").map(|f| f.list()).unwrap_or_default() {
        let section = f.section();
        if f.is_text() {
            continue; // told as a wrong type
        }
        let Some(name) = section.required("name", "Name the rule: the name stands in the audit log.") else {
            rule(&section, Arc::from(""), context); // for its other mistakes
            continue;
        };
        let text = rule_name(&name);
        match names.get(&text) {
            Some(first) => {
                let message =
                    format!("a second rule is named `{}`; the first stands on line {}", shown(&text), first.line);
                name.problem(message, "Give each rule a name of its own.");
            }
            None => {
                names.insert(Arc::clone(&text), name.at);
            }
        }
        let rule = rule(&section, text, context);
        if let Some(shadow) = shadow.take() {
            let message = format!("no rule from here on is ever reached: `{shadow}` matches everything");
            reader.warn(f.at, message, "Put it last, or say what it matches.");
        }
        if rule.condition.is_always() && !rules.iter().any(|r| r.condition.is_always()) {
            shadow = Some(Arc::clone(&rule.name));
        }
        rules.push(rule);
    }
    rules
}

fn rule_name(f: &Field<'_>) -> Arc<str> {
    let name = f.text().unwrap_or_default();
    let sound = !name.trim().is_empty() && name.chars().count() <= 64 && !name.chars().any(char::is_control);
    if f.is_text() && !sound {
        f.problem("a rule's name has 1 to 64 characters, on one line", "Give it a short name.");
    }
    Arc::from(name)
}

fn rule(s: &Section<'_>, name: Arc<str>, context: &Context<'_>) -> Rule {
    let mut named = Vec::new();
    let condition = match s.field("match") {
        Some(f) => condition(&f, context, &mut named),
        None => Condition::default(),
    };
    let action = action(s, &name, context);
    if let (Action::Public { .. }, true, Some(allow)) = (action, condition.names_people(), s.field("allow")) {
        let remedy = "Leave `groups` and `users` out, or write `require: { factors: one }`.";
        allow.problem("on a public rule nobody is anybody, so it cannot name groups or users", remedy);
    }
    let all_exempt = !condition.groups.is_empty() && condition.groups.iter().all(|g| context.exempt.contains(g));
    if let (Action::Require(Factors::Two, _), true, Some(require)) = (action, all_exempt, s.field("require")) {
        let message = format!(
            "`{}` asks two factors of groups that are exempt: it refuses who is in no other group",
            shown(&name)
        );
        require.warn(message, "Ask `policy` or `one`, or take the group out of `mfa.exempt_groups`.");
    }
    Rule { name, condition, action, named }
}

fn action(s: &Section<'_>, name: &str, context: &Context<'_>) -> Action {
    let (allow, deny, require) = (s.field("allow"), s.field("deny"), s.field("require"));
    let given = [allow.is_some(), deny.is_some(), require.is_some()].into_iter().filter(|g| *g).count();
    if given != 1 {
        let what = if given == 0 { "says nothing" } else { "says several things" };
        let remedy = "Write one of `allow: public`, `deny: true` and `require: { factors: … }`.";
        let who = if name.is_empty() { "this rule".to_string() } else { format!("rule `{}`", shown(name)) };
        context.reader.problem(s.at, format!("{who} {what}"), remedy);
    }
    let identify = s.field("identify").and_then(|f| {
        if allow.is_none() {
            f.problem("`identify` belongs to `allow: public`", "Elsewhere the upstream is always told who it is.");
        }
        f.switch()
    });
    if let Some(deny) = deny {
        deny_is_true(&deny);
    }
    if let Some(allow) = allow {
        allow.choice(&[("public", ())]);
        return Action::Public { identify: identify.unwrap_or(false) };
    }
    match require {
        Some(require) => required(&require.section()),
        None => Action::Deny,
    }
}

fn condition(f: &Field<'_>, context: &Context<'_>, named: &mut Vec<(At, Named)>) -> Condition {
    let s = f.section();
    let list = |key: &str| {
        let items = s.field(key).map(|f| {
            let items = f.list();
            if items.is_empty() {
                f.problem(format!("`{key}` is empty, so the rule never matches"), "Leave the key out, or fill it.");
            }
            items
        });
        items.unwrap_or_default()
    };
    let mut apps = Vec::new();
    for i in list("app") {
        if let Some(text) = i.text() {
            let app = AppName(Arc::from(text));
            named.push((i.at, Named::App(app.clone())));
            apps.push(app);
        }
    }
    let mut hosts = Vec::new();
    for i in list("host") {
        if let Some(host) = i.parse(Host::parse, "Write the host of one of the app's origins, without a port.") {
            named.push((i.at, Named::Host(host.clone())));
            hosts.push(host);
        }
    }
    let user = "Write the user's name, not the e-mail address.";
    let group = "Write the group's name as `user add --group` takes it.";
    Condition {
        apps,
        hosts,
        paths: list("path").iter().filter_map(path).collect(),
        methods: list("methods")
            .iter()
            .filter_map(|i| i.parse(method, "Write it in capitals, such as `GET`."))
            .collect(),
        groups: list("groups").iter().filter_map(|i| i.parse(GroupName::parse, group)).collect(),
        users: list("users").iter().filter_map(|i| i.parse(UserName::parse, user)).collect(),
        networks: s.field("networks").map(|_| networks(&list("networks"), context)),
    }
}

fn method(s: &str) -> Result<Method, &'static str> {
    let sound = !s.is_empty() && s.bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
    Method::from_bytes(s.as_bytes()).ok().filter(|_| sound).ok_or("not a method")
}

fn path(f: &Field<'_>) -> Option<PathTest> {
    let remedy =
        "Write a path such as `/admin/`, `{ exact: /ping }` or `{ regex: /v[0-9]+/.* }`, as the browser shows it.";
    if f.is_text() {
        return f.parse(PathTest::under, remedy);
    }
    let s = f.section();
    let form =
        |key: &str, make: fn(&str) -> Result<PathTest, BadPattern>| s.field(key).and_then(|f| f.parse(make, remedy));
    let given = [s.field("exact"), s.field("regex")].into_iter().flatten().count();
    let test = form("exact", PathTest::exact).or(form("regex", PathTest::matching));
    if given != 1 {
        f.problem("a path has one form", remedy);
    }
    test
}

fn networks(items: &[Field<'_>], context: &Context<'_>) -> Vec<IpNet> {
    let mut nets = Vec::new();
    for item in items {
        let Some(text) = item.text() else { continue };
        if let Some(list) = context.lists.get(text) {
            nets.extend(list);
        } else if text.contains(['.', ':', '/']) {
            nets.extend(item.parse(network, NETWORK));
        } else {
            let remedy = match nearest(text, context.lists.keys().copied()) {
                Some(meant) => format!("Did you mean `{meant}`?"),
                None => "Write a network, or the name of an entry of `lists`.".to_string(),
            };
            item.problem(format!("there is no list `{}`", shown(text)), remedy);
        }
    }
    nets
}
