//! What the gate puts on record.

use super::service::Gate;
use super::verdict::Fault;
use crate::audit::{BackupCodes, Challenge, Device, Enrolment, Event, Limit, Mfa, Reporter, SignIn, Source};
use crate::store::Session;
use crate::types::{DeviceId, Inbound, SecondFactor, SessionId, Timestamp, UserId};
use std::sync::Arc;

impl Gate {
    /// Name and password; the visitor gets one answer for every failure, the difference is here only.
    pub(super) fn record_password(&self, inbound: &Inbound, login: &str, user: Option<UserId>, outcome: SignIn) {
        self.record(Event::SignIn { source: source(inbound, None), user, login: login.to_string(), outcome });
    }
    /// A right password: where it led, and by which rule.
    pub(super) fn record_signed_in(
        &self,
        inbound: &Inbound,
        (user, login): (UserId, &str),
        (session, rule): (Option<SessionId>, Option<Arc<str>>),
        outcome: SignIn,
    ) {
        let source = Source { rule, ..source(inbound, session) };
        self.record(Event::SignIn { source, user: Some(user), login: login.to_string(), outcome });
    }
    pub(super) fn record_challenge(
        &self,
        inbound: &Inbound,
        (user, session): (UserId, Option<SessionId>),
        factor: SecondFactor,
        outcome: Challenge,
    ) {
        self.record(Event::Challenge { source: source(inbound, session), user, factor, outcome });
    }
    pub(super) fn record_enrolment(&self, inbound: &Inbound, user: UserId, outcome: Enrolment) {
        let factor = SecondFactor::Totp;
        self.record(Event::Enrolment { source: source(inbound, None), user, factor, outcome });
    }
    pub(super) fn record_enrolled(&self, inbound: &Inbound, (user, session): (UserId, SessionId)) {
        let (source, factor) = (source(inbound, Some(session)), SecondFactor::Totp);
        self.record(Event::Enrolment { source, user, factor, outcome: Enrolment::Confirmed });
    }
    pub(super) fn record_codes(&self, inbound: &Inbound, user: UserId, change: BackupCodes) {
        self.record(Event::BackupCodes { source: source(inbound, None), user, change });
    }
    pub(super) fn record_device(&self, inbound: &Inbound, user: UserId, device: DeviceId, change: Device) {
        self.record(Event::Device { source: source(inbound, None), user, device: device.to_string(), change });
    }
    /// What a sign-in left.
    pub(super) fn record_left_device(&self, inbound: &Inbound, session: &Session, device: DeviceId, change: Device) {
        let (source, user) = (source(inbound, Some(session.id)), session.user);
        self.record(Event::Device { source, user, device: device.to_string(), change });
    }
    pub(super) fn record_mfa(&self, inbound: &Inbound, (user, session): (UserId, SessionId), change: Mfa) {
        self.record(Event::Mfa { source: source(inbound, Some(session)), user, change });
    }
    pub(super) fn record_throttle(
        &self,
        inbound: &Inbound,
        user: Option<UserId>,
        limit: Limit,
        until: Option<Timestamp>,
    ) {
        self.record(Event::Throttle { source: source(inbound, None), user, limit, until });
    }
    pub(super) fn record_sign_out(&self, inbound: &Inbound, (user, session): (UserId, SessionId), everywhere: bool) {
        let source = source(inbound, Some(session));
        self.record(Event::SignOut { source, user, everywhere, by: Reporter::Person });
    }
    pub(super) fn record_sign_out_by_app(&self, inbound: &Inbound, user: UserId, session: SessionId) {
        let source = source(inbound, Some(session));
        self.record(Event::SignOut { source, user, everywhere: false, by: Reporter::App });
    }
    pub(super) fn record_odd_cookie(&self, inbound: &Inbound, name: &str) {
        let count = inbound.cookies.0.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).count();
        self.record(Event::DuplicateCookie { source: source(inbound, None), cookie: name.to_string(), count });
    }

    /// Nobody signs in, answers a challenge, enrols or changes a factor while it could not be recorded. Who is in stays in.
    pub(super) fn recordable(&self) -> Result<(), Fault> {
        if self.parts.audit.is_writable() { Ok(()) } else { Err(Fault::NoRecord) }
    }

    fn record(&self, event: Event) {
        self.parts.audit.record(&event, self.parts.clock.now());
    }
}

fn source(inbound: &Inbound, session: Option<SessionId>) -> Source {
    let (from, app, request) = (Some(inbound.client), Some(inbound.app.clone()), Some(inbound.request_id));
    Source { from, app, session, request, rule: None }
}
