//! Second factors of a user: confirmed, replaced, taken away; their backup codes; the account's end.
//!
//! The new account is computed here and written only if nobody else wrote meanwhile. What ends with it is logged before it is
//! written: should the write then be refused, sessions end that need not have, never the other way round.

use super::Redis;
use super::account::{change_args, step_text};
use super::call::Call;
use super::script::of_user;
use super::session::{Entrance, WRITE_ATTEMPTS, millis};
use crate::store::codec::encode;
use crate::store::throttle::{CodeKind, code};
use crate::store::{
    Account, Burn, Confirmation, EnrolmentCode, Fact, NewBackup, Opened, Pending, Purpose, Replaced, Result, StoreError,
};
use crate::types::{Seq, SessionId, Timestamp, TokenRef, UserId};

/// Which factors of whom go, and what stays.
pub(super) struct Stripping {
    pub(super) user: UserId,
    pub(super) burn: Option<Burn>,
    pub(super) except: Option<SessionId>,
    pub(super) code: Option<EnrolmentCode>,
    /// Of the throttles: `mfa`, those of the factors; `all`.
    pub(super) wipe: &'static str,
}

/// What became of it.
pub(super) enum Stripped {
    Yes,
    Gone,
    Replayed,
    NotEnrolled,
}

impl Redis {
    pub(super) async fn confirm(&self, e: Entrance<'_>, c: &Confirmation) -> Result<Opened> {
        let user = e.session.user;
        let purpose = self.read_pending(e.from, e.now).await?.map_or(Purpose::SignIn, |p| p.purpose);
        let mut ending = Seq(0);
        for _ in 0..WRITE_ATTEMPTS {
            let Some(stored) = self.read_account(user).await? else { return Ok(Opened::Ended) };
            let next = c.applied_to(&stored, purpose, e.now);
            if let (Purpose::Replace { session }, Some(_), Seq(0)) = (purpose, &next, ending) {
                ending = self.append_facts(&[Fact::UserEnded { user, except: Some(session) }]).await?;
            }
            let mut call = self.entering(&self.scripts.confirm, e)?;
            call.arg(c.factor.id.to_string()).arg(step_text(&c.factor));
            call.arg(c.factor.last_used.map_or(0, |t| t.as_millis()));
            call.arg(next.as_ref().map(|a| encode("account", a)).transpose()?.unwrap_or_default());
            call.arg(stored.version + 1).arg(stored.version).arg(ending.0);
            if let Some((codes, shown)) = &c.codes {
                backup_args(&mut call, codes, shown)?;
            }
            let said: String = self.link.run("confirming an enrolment", &call).await?;
            if said != "again" {
                if said == "opened" || said == "rotated" {
                    // a new authenticator begins with a clean counter
                    self.spent.forget_count(&(Some(user), code(CodeKind::Totp).to_owned()));
                }
                return self.entered(e, &said, &[Fact::UserChanged { user }]).await;
            }
        }
        Err(contended("confirming an enrolment"))
    }

    pub(super) async fn new_backup(
        &self,
        burn: Option<Burn>,
        (codes, shown): (&NewBackup, &Pending),
        now: Timestamp,
    ) -> Result<Replaced> {
        let mut call = of_user(&self.scripts.replace_backup, &self.keys, shown.user);
        call.arg(burn.map(|b| b.factor.to_string()).unwrap_or_default()).arg(burn.map_or(0, |b| b.step));
        call.arg(now.as_millis());
        backup_args(&mut call, codes, shown)?;
        Ok(match self.link.run::<i8>("replacing backup codes", &call).await? {
            1 => {
                if let Some(burn) = burn {
                    self.remember_step(shown.user, burn, now);
                }
                // nodes know what somebody can give
                self.append_facts(&[Fact::UserChanged { user: shown.user }]).await?;
                Replaced::Yes
            }
            0 => Replaced::Replayed,
            _ => Replaced::NotEnrolled,
        })
    }

    pub(super) async fn note_codes_saved(&self, at: TokenRef, now: Timestamp) -> Result<bool> {
        let call = self.on_pending(&self.scripts.codes_saved, at, now);
        self.link.run("noting that backup codes are saved", &call).await
    }

    pub(super) async fn strip(&self, s: &Stripping) -> Result<Stripped> {
        let user = s.user;
        let mut ending = Seq(0);
        for _ in 0..WRITE_ATTEMPTS {
            let Some(stored) = self.read_account(user).await? else { return Ok(Stripped::Gone) };
            if s.wipe == "mfa" && !stored.has_second_factor() {
                return Ok(Stripped::NotEnrolled);
            }
            // looked at before anything ends; the script decides
            if let Some(burn) = s.burn {
                match stored.factor(burn.factor) {
                    None => return Ok(Stripped::NotEnrolled),
                    Some(f) if f.last_step.is_some_and(|last| burn.step <= last) => return Ok(Stripped::Replayed),
                    Some(_) => {}
                }
            }
            if ending == Seq(0) {
                ending = self.append_facts(&[Fact::UserEnded { user, except: s.except }]).await?;
            }
            let next = Account { factors: Vec::new(), enrolment_code: s.code.clone(), ..stored };
            let mut call = of_user(&self.scripts.account_change, &self.keys, user);
            change_args(&mut call, &next, (ending, s.except))?;
            call.arg(s.wipe).arg(s.burn.map(|b| b.factor.to_string()).unwrap_or_default());
            call.arg(s.burn.map_or(0, |b| b.step));
            let said: String = self.link.run("taking second factors away", &call).await?;
            return Ok(match said.as_str() {
                "yes" => {
                    self.spent.forget_counts(user, |name| s.wipe == "all" || name.starts_with("code:"));
                    self.append_facts(&[Fact::UserChanged { user }]).await?;
                    Stripped::Yes
                }
                "outdated" => continue,
                "gone" => Stripped::Gone,
                "replayed" => Stripped::Replayed,
                "unknown" => Stripped::NotEnrolled,
                _ => return Err(StoreError::corrupt("answer to a change", said)),
            });
        }
        Err(contended("taking second factors away"))
    }

    /// The names are given up last: should this process end before, they can be taken over like any stale reservation.
    pub(super) async fn delete(&self, user: UserId) -> Result<bool> {
        let Some(stored) = self.read_account(user).await? else { return Ok(false) };
        let ending = self.append_facts(&[Fact::UserEnded { user, except: None }]).await?;
        let mut call = of_user(&self.scripts.account_delete, &self.keys, user);
        call.arg(ending.0);
        let deleted: bool = self.link.run("deleting an account", &call).await?;
        self.spent.forget_counts(user, |_| true);
        self.strike(user, stored.name.as_str()).await?;
        for key in [Some(stored.name.as_str()), stored.email.as_ref().map(|e| e.as_str())].into_iter().flatten() {
            self.release(key, &user.to_string()).await?;
        }
        self.append_facts(&[Fact::UserChanged { user }]).await?;
        Ok(deleted)
    }
}

fn backup_args(call: &mut Call<'_>, codes: &NewBackup, shown: &Pending) -> Result<()> {
    use data_encoding::HEXLOWER;
    call.arg(codes.set.to_string()).arg(HEXLOWER.encode(&codes.salt)).arg(codes.made.as_millis());
    call.arg(shown.token.hex()).arg(encode("pending sign-in", shown)?);
    call.arg(millis(super::pending::sweep_after(shown)));
    for digest in &codes.digests {
        call.arg(HEXLOWER.encode(digest));
    }
    Ok(())
}

fn contended(doing: &'static str) -> StoreError {
    StoreError::unavailable(doing, "the account is being changed by others all the time")
}
