//! Browsers that have completed a sign-in: known, and where the person ticked it, trusted for some days.
//!
//! Known: strangers who guess passwords cannot lock its owner out. Trusted: it stands for the second factor where the rule
//! lets it. Its token is another after each sign-in; an old one that comes back was copied.

use super::flow::SetCookies;
use super::service::Gate;
use super::verdict::Fault;
use crate::audit;
use crate::session::Effect;
use crate::store::{Device, DeviceLimits, Session, Used};
use crate::sys::random;
use crate::types::{DeviceId, DeviceRef, Inbound, Timestamp, UserId};
use std::time::Duration;

/// A browser not used for so long is a stranger again. Browsers keep no cookie longer (RFC 6265bis §5.5).
const KNOWN_FOR: Duration = Duration::from_secs(400 * 86_400);
/// Known browsers of one user.
const KNOWN: u32 = 30;

/// What the browser is to a user whose password was right.
#[derive(Default)]
pub(super) struct Recognised {
    pub device: Option<Device>,
    /// Its next token.
    pub cookies: SetCookies,
}

impl Recognised {
    /// Trust that an order ended is none.
    pub fn under(self, effect: &Effect) -> Self {
        let trusted = |d: &Device| effect.trusts(d.trusted_since);
        let device = self.device.map(|d| match trusted(&d) {
            true => d,
            false => Device { trusted_until: None, ..d },
        });
        Recognised { device, ..self }
    }

    /// Until when it stands for the second factor.
    pub fn trusted_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.device.as_ref().filter(|d| d.trusts(now)).and_then(|d| d.trusted_until)
    }
}

impl Gate {
    /// Whether this user has signed in here before. Another user's device is none.
    pub(super) async fn known_browser(&self, inbound: &Inbound, user: UserId) -> Result<Option<Device>, Fault> {
        let Some(at) = self.device_ref(inbound).filter(|at| at.user == user) else { return Ok(None) };
        Ok(self.parts.store.device(at, self.parts.clock.now()).await?)
    }

    /// Uses the device's token, once the password was right.
    pub(super) async fn recognise(&self, inbound: &Inbound, user: UserId) -> Result<Recognised, Fault> {
        let Some(at) = self.device_ref(inbound).filter(|at| at.user == user) else { return Ok(Recognised::default()) };
        let entropy = self.parts.entropy.as_ref();
        let (value, next) = self.tokens.mint_device(&inbound.origin, (user, at.device), entropy);
        match self.parts.store.use_device(at, next, self.parts.clock.now()).await? {
            Used::Rotated(device) => {
                let cookie = self.names(inbound).and_then(|n| n.set_for(&n.device, &value, KNOWN_FOR));
                Ok(Recognised { device: Some(device), cookies: cookie.into_iter().collect() })
            }
            Used::Previous(device) => Ok(Recognised { device: Some(device), cookies: SetCookies::new() }),
            Used::Stale(device) => {
                self.stolen(inbound, &device).await?;
                Ok(Recognised::default())
            }
            Used::Unknown => Ok(Recognised::default()),
        }
    }

    /// A token that was used up came back: the browser that holds it and the one that used it are not the same. Which one is
    /// the thief's cannot be told, so the device ends, and all that was begun with it.
    async fn stolen(&self, inbound: &Inbound, device: &Device) -> Result<(), Fault> {
        if self.parts.store.end_device(device.user, device.id).await? {
            tracing::warn!(user = %device.user, device = %device.id, "a copied device token was used; the device is ended");
            self.record_device(inbound, device.user, device.id, audit::Device::Theft);
        }
        Ok(())
    }

    /// The device that a session being opened here belongs to: the known one, or a new one.
    pub(super) fn device_for(&self, known: Option<&Device>) -> DeviceId {
        known.map_or_else(|| DeviceId::from_bytes(random(self.parts.entropy.as_ref())), |d| d.id)
    }

    /// What a completed sign-in leaves in its browser. `trust`: the person ticked it. A failure costs the person a code at
    /// the next sign-in and nothing else, so it fails nothing.
    pub(super) async fn leave_device(
        &self,
        inbound: &Inbound,
        session: &Session,
        known: Option<Device>,
        trust: bool,
    ) -> SetCookies {
        let Some(id) = session.device else { return SetCookies::new() };
        let now = self.parts.clock.now();
        let policy = self.parts.policy.load_full();
        let remember = policy.trusted_devices().filter(|_| trust).map(|t| now.plus(t.remember));
        let (value, token) = self.tokens.mint_device(&inbound.origin, (session.user, id), self.parts.entropy.as_ref());
        let is_new = known.is_none();
        let device = Device {
            id,
            token: known.as_ref().map_or(token, |d| d.token),
            previous: None,
            user: session.user,
            origin: (*inbound.origin).clone(),
            trusted_until: remember.or(known.as_ref().and_then(|d| d.trusted_until)),
            trusted_since: match (&known, remember) {
                (Some(d), None) => d.trusted_since,
                (None, _) | (_, Some(_)) => session.proofs.last().unwrap_or(session.began),
            },
            browser: inbound.user_agent.clone(),
            address: inbound.client.to_string(),
            created: known.as_ref().map_or(now, |d| d.created),
            last_used: now,
            ends: now.plus(KNOWN_FOR),
        };
        let limits = DeviceLimits { trusted: policy.trusted_devices().map_or(0, |t| t.per_user), known: KNOWN };
        match self.parts.store.put_device(&device, session.id, limits).await {
            Ok(true) => {}
            Ok(false) => return SetCookies::new(),
            Err(e) => {
                tracing::warn!(error = %e, "a sign-in left no device");
                return SetCookies::new();
            }
        }
        if remember.is_some() {
            self.record_left_device(inbound, session, id, audit::Device::Trusted);
        }
        if !is_new {
            return SetCookies::new();
        }
        self.record_left_device(inbound, session, id, audit::Device::Added);
        self.replace_other(inbound, session.user).await;
        self.names(inbound).and_then(|n| n.set_for(&n.device, &value, KNOWN_FOR)).into_iter().collect()
    }

    /// A browser holds one device of one user; what it held of another ends.
    async fn replace_other(&self, inbound: &Inbound, user: UserId) {
        let Some(at) = self.device_ref(inbound).filter(|at| at.user != user) else { return };
        let now = self.parts.clock.now();
        let ended = match self.parts.store.device(at, now).await {
            Ok(Some(_)) => self.parts.store.end_device(at.user, at.device).await,
            Ok(None) => return,
            Err(e) => Err(e),
        };
        match ended {
            Ok(true) => self.record_device(inbound, at.user, at.device, audit::Device::Removed),
            Ok(false) => {}
            Err(e) => tracing::warn!(error = %e, "the device of the browser's earlier user could not be ended"),
        }
    }

    fn device_ref(&self, inbound: &Inbound) -> Option<DeviceRef> {
        self.tokens.check_device(&inbound.origin, self.jar(inbound).device?)
    }
}
