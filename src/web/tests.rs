//! Pages, refusals and headers, without a gate: sample data in, text out.

use super::brand::{Brand, Colour, Logo, LogoKind};
use super::frame::Frame;
use super::page::{challenge, change, codes, index, message, set_up, sign_in, sign_out};
use super::site::Site;
use super::{fault, front, locale, refusal, status};
use crate::gate::flow::change::{AskChange, Change, Overview, ProofAsked, WhyNot};
use crate::gate::flow::{Asked, Held, Method as By, SetUpKey};
use crate::gate::{Denial, Fault, Refusal};
use crate::types::inbound::{FetchMetadata, Kind, Mode};
use crate::types::path::PathReading;
use crate::types::{AppName, CanonicalPath, ClientIp, Cookies, Inbound, RequestId, ReturnTo, UserName};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

mod form;
mod front_door;
mod look;
mod pages;
mod refusals;

const PREFIX: &str = "/.portcullis/";

/// A site and a visitor, for tests.
pub(super) struct Sample {
    pub(super) site: Arc<Site>,
    pub(super) inbound: Inbound,
    name: UserName,
    to: ReturnTo,
    key: SetUpKey,
}

impl Sample {
    pub(super) fn new(languages: &str) -> Self {
        let brand = Brand {
            name: "Example & Sons".into(),
            logo: Some(Logo { bytes: (&b"<svg/>"[..]).into(), kind: LogoKind::Svg }),
            colour: "#0a5".parse().unwrap(),
            support: Some("Call the desk: 4711".into()),
        };
        Sample {
            site: Arc::new(Site::new(PREFIX, brand)),
            inbound: Inbound {
                app: AppName("intranet".into()),
                origin: Arc::new("https://app.example.com".parse().unwrap()),
                method: Method::GET,
                path: CanonicalPath::parse("/", PathReading::default()).unwrap(),
                query: None,
                client: ClientIp::new("192.0.2.1".parse().unwrap()),
                cookies: Cookies::default(),
                kind: Kind::Navigation,
                fetch: FetchMetadata::default(),
                origin_header: None,
                user_agent: String::new(),
                languages: languages.into(),
                request_id: RequestId::from_bytes([7; 16]),
            },
            name: UserName::parse("alice").unwrap(),
            to: ReturnTo::parse("/reports?q=a&b=\u{27}c", PREFIX),
            key: SetUpKey {
                uri: "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example&\
                      algorithm=SHA1&digits=6&period=30"
                    .into(),
                base32: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".into(),
            },
        }
    }
    pub(super) fn asks(kind: Kind) -> Self {
        let mut s = Sample::new("en");
        s.inbound.kind = kind;
        s
    }
    pub(super) fn frame(&self) -> Frame<'_> {
        Frame::new(&self.site, &self.inbound)
    }
    pub(super) fn key_view<T>(
        &self,
        frame: &Frame<'_>,
        error: Option<String>,
        see: impl FnOnce(&set_up::KeyView<'_>) -> T,
    ) -> T {
        let (to, name, key) = (&self.to, &self.name, &self.key);
        let form_token = "tok";
        let (action, replaces) = ("set-up", false);
        see(&set_up::KeyView { frame, to, name, key, digits: 6, action, replaces, form_token, error })
    }

    /// Every page there is, by name.
    fn pages(&self) -> Vec<(&'static str, Response)> {
        let mut all = self.forms();
        all.extend(self.own_forms());
        all.extend(self.messages());
        all.extend(self.form_pages());
        all
    }

    fn forms(&self) -> Vec<(&'static str, Response)> {
        let f = &self.frame();
        let (to, name, form_token) = (&self.to, &self.name, "tok");
        let wrong = || Some(f.with("code-wrong", "left", 4));
        let ok = StatusCode::OK;
        let bad = StatusCode::UNPROCESSABLE_ENTITY;
        let sign_in = |login, error: Option<String>| {
            f.page(if error.is_some() { bad } else { ok }, &sign_in::View { frame: f, to, login, error })
        };
        let challenge = |asked: Asked, for_request, error: Option<String>| {
            let (status, name) = (if error.is_some() { bad } else { ok }, name.as_str());
            f.page(status, &challenge::View { frame: f, to, for_request, name, asked: &asked, form_token, error })
        };
        let ask = |method, error| challenge(self.asked(method), "", error);
        let bare = Asked { step_up: true, backup: false, backup_at_door: true, remember: None, ..self.asked(By::Totp) };
        let password = |error| f.page(ok, &set_up::PasswordView { frame: f, to, name, form_token, error });
        let code = |error| f.page(ok, &set_up::CodeView { frame: f, to, name, form_token, error });
        let out = |session| f.page(ok, &sign_out::View { frame: f, name, session, form_token });
        vec![
            ("sign_in", sign_in("", None)),
            ("sign_in_wrong", sign_in("<alice>", Some(f.text("sign-in-wrong")))),
            ("challenge", ask(By::Totp, None)),
            ("challenge_wrong", ask(By::Totp, wrong())),
            ("challenge_step_up", challenge(bare, "POST:/orders", None)),
            ("challenge_backup", ask(By::BackupCode, None)),
            ("challenge_backup_wrong", ask(By::BackupCode, wrong())),
            ("set_up_code", code(None)),
            ("set_up_code_wrong", code(Some(f.text("enrol-code-wrong")))),
            ("set_up_password", password(None)),
            ("set_up_password_wrong", password(Some(f.text("set-up-password-wrong")))),
            ("set_up", self.key_view(f, None, |v| f.page(ok, v))),
            ("set_up_wrong", self.key_view(f, wrong(), |v| f.page(bad, v))),
            ("sign_out", out(true)),
            ("sign_out_pending", out(false)),
        ]
    }

    fn asked(&self, method: By) -> Asked {
        let (name, form_token) = (self.name.clone(), "tok".to_string());
        Asked {
            name,
            method,
            step_up: false,
            totp: true,
            backup: true,
            backup_at_door: false,
            digits: 6,
            remember: Some(30),
            form_token,
            cookies: Vec::new(),
        }
    }

    /// What a signed-in person sees of their own.
    fn own_forms(&self) -> Vec<(&'static str, Response)> {
        let f = &self.frame();
        let (to, name, form_token) = (&self.to, self.name.as_str(), "tok");
        let (ok, bad) = (StatusCode::OK, StatusCode::UNPROCESSABLE_ENTITY);
        let status = |error: &Option<String>| if error.is_some() { bad } else { ok };
        let mut off = Overview {
            name: self.name.clone(),
            form_token: form_token.into(),
            enrolled: false,
            may_enrol: true,
            left: 0,
            by_backup_code: false,
            may_replace: false,
            may_disable: false,
            form: None,
        };
        let own = |it: &Overview| f.page(ok, &index::View { frame: f, name, it, to, form_token });
        let index = own(&off);
        (off.enrolled, off.may_enrol, off.left) = (true, false, 9);
        let enrolled = own(&off);
        (off.left, off.by_backup_code, off.may_replace, off.may_disable) = (3, true, true, true);
        let by_code = own(&off);
        off.form = Some(form::waiting());
        let with_form = own(&off);
        let codes = |error: Option<String>| {
            let codes = ["abcd-2345", "efgh-6789"].map(String::from).to_vec();
            f.page(status(&error), &codes::View { frame: f, name, codes, to, form_token, error })
        };
        let change = |what, by, error: Option<String>| {
            let asked = AskChange { name: self.name.clone(), by, left: 2, form_token: form_token.into() };
            f.page(status(&error), &change::View { frame: f, what, name, asked: &asked, form_token, error })
        };
        let by_a_code = ProofAsked::Code { digits: 6 };
        let refused = ProofAsked::Nothing(WhyNot::CodesByBackupCode);
        vec![
            ("index", index),
            ("index_enrolled", enrolled),
            ("index_by_backup_code", by_code),
            ("index_form_waits", with_form),
            ("codes", codes(None)),
            ("codes_wrong", codes(Some(f.text("codes-not-ticked")))),
            ("new_codes", change(Change::Codes, by_a_code, None)),
            ("new_codes_wrong", change(Change::Codes, by_a_code, Some(f.text("change-code-wrong")))),
            ("new_codes_refused", change(Change::Codes, refused, None)),
            ("replace", change(Change::Replace, by_a_code, None)),
            ("replace_by_password", change(Change::Replace, ProofAsked::Password, None)),
            ("disable", change(Change::Disable, by_a_code, None)),
            ("disable_by_password", change(Change::Disable, ProofAsked::Password, None)),
            ("disable_refused", change(Change::Disable, ProofAsked::Nothing(WhyNot::NotByBackupCode), None)),
        ]
    }

    fn messages(&self) -> Vec<(&'static str, Response)> {
        let f = &self.frame();
        let denied = |rule: Option<&str>, why| {
            let refusal = Refusal::Denied { rule: rule.map(Arc::from), why };
            refusal::answer(&self.site, &self.inbound, (&HeaderMap::new(), None), &refusal)
        };
        let bare = |code: u16| status::answer(&self.site, &self.inbound, StatusCode::from_u16(code).unwrap());
        vec![
            ("not_kept", message::not_kept(f, &self.to)),
            ("gone", message::gone(f, &self.to)),
            ("ended", message::ended(f, &self.to)),
            ("held", message::held(f, Held::For(Duration::from_millis(29_001)), "/again")),
            ("held_long", message::held(f, Held::For(Duration::from_secs(3600)), "/again")),
            ("locked", message::held(f, Held::Disabled, "/again")),
            ("not_on", message::not_on(f)),
            ("refused", message::refused(f, WhyNot::TooLate)),
            ("codes_over", message::codes_over(f)),
            ("already_on", message::already_on(f, &self.to)),
            ("not_offered", message::not_offered(f, &self.to)),
            ("signed_out", message::signed_out(f)),
            ("denied_by_rule", denied(Some("admin area"), Denial::Rule)),
            ("denied_by_default", denied(None, Denial::Rule)),
            ("denied_exempt", denied(Some("admin area"), Denial::Exempt)),
            ("denied_no_method", denied(Some("admin area"), Denial::NoMethod)),
            ("no_method", message::no_method(f)),
            ("denied_origin", denied(None, Denial::Origin)),
            ("fault", fault::answer(&self.site, &self.inbound, &Fault::NoLease)),
            ("status_400", bare(400)),
            ("status_403", bare(403)),
            ("status_404", bare(404)),
            ("status_405", bare(405)),
            ("status_413", bare(413)),
            ("status_415", bare(415)),
            ("status_502", bare(502)),
            ("status_504", bare(504)),
        ]
    }
}

async fn text(r: Response) -> String {
    String::from_utf8(r.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// Status line and headers, one a line, in order of name.
fn head(r: &Response) -> String {
    let mut lines: Vec<String> = r.headers().iter().map(|(k, v)| format!("{k}: {}", v.to_str().unwrap())).collect();
    lines.sort();
    format!("{}\n{}\n", r.status(), lines.join("\n"))
}
