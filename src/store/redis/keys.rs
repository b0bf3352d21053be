//! The names of keys. A hash tag holds together what one script touches, on Redis Cluster too.

use crate::types::{FormId, UserId};

pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: String) -> Self {
        Keys { prefix }
    }
    /// A user's account, sessions, pending sign-ins, mark, devices and throttles, in the order in which scripts expect them.
    pub(super) fn user(&self, user: UserId) -> [String; 6] {
        ["a", "s", "p", "m", "d", "t"].map(|kind| format!("{}:{{{user}}}:{kind}", self.prefix))
    }
    pub(super) fn account(&self, user: UserId) -> String {
        let [account, ..] = self.user(user);
        account
    }
    pub(super) fn devices(&self, user: UserId) -> String {
        let [.., devices, _] = self.user(user);
        devices
    }
    /// The counters of one user, or the one of this name that is nobody's.
    pub(super) fn throttle(&self, user: Option<UserId>, name: &str) -> String {
        match user {
            Some(user) => {
                let [.., throttles] = self.user(user);
                throttles
            }
            None => format!("{}:{{t:{name}}}", self.prefix),
        }
    }
    /// Who holds this name or address.
    pub(super) fn login(&self, key: &str) -> String {
        format!("{}:{{l:{key}}}", self.prefix)
    }
    pub(super) fn roster(&self) -> String {
        self.shared("roster")
    }
    /// The log's counter, the log, the last *everything*, the store's name for itself, the nodes, since when a server is
    /// followed.
    pub(super) fn log(&self) -> [String; 6] {
        ["seq", "log", "all", "born", "nodes", "since"].map(|kind| self.shared(kind))
    }
    pub(super) fn orders(&self) -> String {
        self.shared("orders")
    }
    /// Until when orders are kept.
    pub(super) fn order_ends(&self) -> String {
        self.shared("order-ends")
    }
    pub(super) fn tokens(&self) -> String {
        self.shared("tokens")
    }
    /// Whom the orders of this caller have met.
    pub(super) fn met(&self, caller: &str) -> String {
        format!("{}:{{met:{}}}", self.prefix, data_encoding::HEXLOWER.encode(caller.as_bytes()))
    }
    pub(super) fn acks(&self) -> String {
        self.shared("acks")
    }
    pub(super) fn stream(&self) -> String {
        self.shared("log")
    }
    pub(super) fn everything(&self) -> String {
        self.shared("all")
    }
    pub(super) fn canaries(&self) -> String {
        self.shared("keys")
    }
    /// What is sealed of one form that waits; then, of all, until when they wait, their sizes, the counts.
    pub(super) fn form(&self, id: FormId) -> [String; 4] {
        [format!("f:{id}"), "ends".into(), "sizes".into(), "counts".into()]
            .map(|k| format!("{}:{{f}}:{k}", self.prefix))
    }
    /// Of the audit, in a slot of its own: its stream, who wrote how far, whose entries are which.
    pub(super) fn audit(&self, kind: &str) -> String {
        format!("{}:{{audit}}:{kind}", self.prefix)
    }
    fn shared(&self, kind: &str) -> String {
        format!("{}:{{r}}:{kind}", self.prefix)
    }
}
