//! The scripts, each one atomic step. All keys are declared; records are never written back by Lua, whose JSON would
//! turn empty lists into objects and long numbers into rounded ones, so what changes by itself is a field of its own.

use super::call::{Call, Script};
use super::keys::Keys;
use crate::types::UserId;

pub(super) struct Scripts {
    pub(super) account_create: Script,
    pub(super) account_change: Script,
    pub(super) account_drop: Script,
    pub(super) account_delete: Script,
    pub(super) accept_step: Script,
    pub(super) login_reserve: Script,
    pub(super) login_release: Script,
    pub(super) pending_begin: Script,
    pub(super) pending_read: Script,
    pub(super) pending_offer: Script,
    pub(super) pending_fail: Script,
    pub(super) pending_take: Script,
    pub(super) enter: Script,
    pub(super) answer_totp: Script,
    pub(super) answer_backup: Script,
    pub(super) confirm: Script,
    pub(super) replace_backup: Script,
    pub(super) codes_saved: Script,
    pub(super) code_spend: Script,
    pub(super) session_read: Script,
    pub(super) touch: Script,
    pub(super) session_end: Script,
    pub(super) user_end: Script,
    pub(super) device_put: Script,
    pub(super) device_use: Script,
    pub(super) device_end: Script,
    pub(super) device_drop: Script,
    pub(super) attempt: Script,
    pub(super) passed: Script,
    pub(super) throttle_restore: Script,
    pub(super) order_place: Script,
    pub(super) order_lift: Script,
    pub(super) order_restore: Script,
    pub(super) token_create: Script,
    pub(super) token_revoke: Script,
    pub(super) token_used: Script,
    pub(super) meet: Script,
    pub(super) form_park: Script,
    pub(super) form_read: Script,
    pub(super) form_take: Script,
    pub(super) form_drop: Script,
    pub(super) append: Script,
    pub(super) head: Script,
    pub(super) beat: Script,
    pub(super) attach: Script,
    pub(super) find: Script,
    pub(super) carry: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        let user = |body: &str| Script::new(&[include_str!("lua/user.lua"), body].concat());
        let entering = |body: &str| user(&[include_str!("lua/enter.lua"), body].concat());
        let backup = include_str!("lua/backup.lua");
        let throttle = |body: &str| Script::new(&[include_str!("lua/throttle.lua"), body].concat());
        let log = |body: &str| Script::new(&[include_str!("lua/log.lua"), body].concat());
        let orders = |body: &str| log(&[include_str!("lua/orders.lua"), body].concat());
        let forms = |body: &str| Script::new(&[include_str!("lua/forms.lua"), body].concat());
        Scripts {
            account_create: user(include_str!("lua/account_create.lua")),
            account_change: user(include_str!("lua/account_change.lua")),
            account_drop: user("return redis.call('DEL', A)"),
            account_delete: user(include_str!("lua/account_delete.lua")),
            accept_step: user(include_str!("lua/accept_step.lua")),
            login_reserve: Script::new(include_str!("lua/login_reserve.lua")),
            login_release: Script::new(include_str!("lua/login_release.lua")),
            pending_begin: user(include_str!("lua/pending_begin.lua")),
            pending_read: user("return standing(ARGV[1], ARGV[2], ARGV[3])"),
            pending_offer: user(include_str!("lua/pending_offer.lua")),
            pending_fail: user(include_str!("lua/pending_fail.lua")),
            pending_take: user(include_str!("lua/pending_take.lua")),
            enter: entering(include_str!("lua/enter_bare.lua")),
            answer_totp: entering(include_str!("lua/answer_totp.lua")),
            answer_backup: entering(include_str!("lua/answer_backup.lua")),
            confirm: entering(&[backup, include_str!("lua/confirm.lua")].concat()),
            replace_backup: user(&[backup, include_str!("lua/replace_backup.lua")].concat()),
            codes_saved: user(include_str!("lua/codes_saved.lua")),
            code_spend: user("return spend_code(ARGV[1], ARGV[2]) and 1 or 0"),
            session_read: user(include_str!("lua/session_read.lua")),
            touch: user(include_str!("lua/touch.lua")),
            session_end: user("return forget(ARGV[1])"),
            user_end: user("return end_user(tonumber(ARGV[1]), ARGV[2])"),
            device_put: user(include_str!("lua/device_put.lua")),
            device_use: user(include_str!("lua/device_use.lua")),
            device_end: user(include_str!("lua/device_end.lua")),
            device_drop: user("return drop_device(ARGV[1]) > 0 and 1 or 0"),
            attempt: throttle(include_str!("lua/attempt.lua")),
            passed: throttle(include_str!("lua/throttle_passed.lua")),
            throttle_restore: throttle(include_str!("lua/throttle_restore.lua")),
            order_place: orders(include_str!("lua/order_place.lua")),
            order_lift: orders(include_str!("lua/order_lift.lua")),
            order_restore: orders(include_str!("lua/order_restore.lua")),
            token_create: Script::new(include_str!("lua/token_create.lua")),
            token_revoke: log(include_str!("lua/token_revoke.lua")),
            token_used: Script::new(include_str!("lua/token_used.lua")),
            meet: Script::new(include_str!("lua/meet.lua")),
            form_park: forms(include_str!("lua/form_park.lua")),
            form_read: forms("return sealed(ARGV[1], ARGV[2])"),
            form_take: forms(include_str!("lua/form_take.lua")),
            form_drop: forms("redis.call('DEL', R) return uncount(ARGV[1]) and 1 or 0"),
            append: log(include_str!("lua/append.lua")),
            head: log("return {counter(), redis.call('GET', BORN) or '', replid()}"),
            beat: log(include_str!("lua/beat.lua")),
            attach: log(include_str!("lua/attach.lua")),
            find: log(include_str!("lua/find.lua")),
            carry: log(include_str!("lua/carry.lua")),
        }
    }
}

/// A script on the slot of one user.
pub(super) fn of_user<'a>(script: &'a Script, keys: &Keys, user: UserId) -> Call<'a> {
    let mut call = script.prepare_invoke();
    for key in keys.user(user) {
        call.key(key);
    }
    call
}

/// A script on the log's slot.
pub(super) fn of_log<'a>(script: &'a Script, keys: &Keys) -> Call<'a> {
    let mut call = script.prepare_invoke();
    for key in keys.log() {
        call.key(key);
    }
    call
}

/// A script on orders, which lie in the log's slot.
pub(super) fn of_orders<'a>(script: &'a Script, keys: &Keys) -> Call<'a> {
    let mut call = of_log(script, keys);
    call.key(keys.orders()).key(keys.order_ends());
    call
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Texts of all files below here.
    fn texts(dir: &Path) -> String {
        let entries = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
        entries.map(|p| if p.is_dir() { texts(&p) } else { std::fs::read_to_string(p).unwrap() }).collect()
    }

    #[test]
    fn the_documented_user_of_the_server_may_do_what_is_asked_of_it() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let all = texts(&root.join("src/store/redis"));
        let docs = std::fs::read_to_string(root.join("docs/src/operating.md")).unwrap();
        let allowed = docs.split("ACL SETUSER").nth(1).unwrap().split("```").next().unwrap();
        let allowed: Vec<_> = allowed.split_whitespace().filter_map(|w| w.strip_prefix('+')).collect();
        let mut asked = 0;
        for before in ["redis.call('", "redis::cmd(\""] {
            for rest in all.split(before).skip(1) {
                let command = rest.split(['\'', '"']).next().unwrap().to_lowercase();
                let known = command.bytes().all(|b| b.is_ascii_lowercase()) && !command.is_empty();
                assert!(!known || allowed.contains(&command.as_str()), "{command} is not allowed");
                asked += usize::from(known);
            }
        }
        assert!(asked > 100, "the scripts were not found");
    }
}
