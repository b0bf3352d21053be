//! A set of second factors: which of them count for what is asked. A number, so that asking it costs nothing.

use super::SecondFactor;

/// Which second factors count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Methods(u8);

impl Methods {
    /// Whatever there is.
    pub const ALL: Methods = Methods(bit(SecondFactor::Totp) | bit(SecondFactor::BackupCode));
    /// What proves that the person is there now. A backup code is something that lies in a drawer.
    pub const PRESENT: Methods = Methods(bit(SecondFactor::Totp));

    /// What meets a step-up that names these; one that names none is met by whatever proves presence.
    pub fn of_step_up<'a>(named: impl IntoIterator<Item = &'a SecondFactor>) -> Self {
        let named: Methods = named.into_iter().copied().collect();
        if named.is_empty() { Methods::PRESENT } else { named }
    }
    pub const fn contains(self, method: SecondFactor) -> bool {
        self.0 & bit(method) != 0
    }
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// Those in both.
    pub const fn and(self, other: Methods) -> Methods {
        Methods(self.0 & other.0)
    }
    /// Those in one of the two.
    pub const fn or(self, other: Methods) -> Methods {
        Methods(self.0 | other.0)
    }
    /// Those that are in both, where there are any; else these.
    pub const fn narrowed(self, by: Methods) -> Methods {
        let both = self.and(by);
        if both.is_empty() { self } else { both }
    }
}

const fn bit(method: SecondFactor) -> u8 {
    match method {
        SecondFactor::Totp => 1,
        SecondFactor::BackupCode => 2,
    }
}

impl FromIterator<SecondFactor> for Methods {
    fn from_iter<I: IntoIterator<Item = SecondFactor>>(all: I) -> Self {
        Methods(all.into_iter().fold(0, |set, m| set | bit(m)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SecondFactor::{BackupCode, Totp};

    #[test]
    fn a_backup_code_meets_a_step_up_only_where_it_is_named() {
        assert!(!Methods::of_step_up(&[]).contains(BackupCode) && Methods::of_step_up(&[]).contains(Totp));
        assert!(Methods::of_step_up(&[BackupCode]).contains(BackupCode));
        assert!(!Methods::of_step_up(&[BackupCode]).contains(Totp));
    }

    #[test]
    fn sets_meet_join_and_narrow() {
        let [totp, backup]: [Methods; 2] = [Totp, BackupCode].map(|m| [m].into_iter().collect());
        assert_eq!((totp.or(backup), totp.and(backup).is_empty()), (Methods::ALL, true));
        assert_eq!((Methods::ALL.narrowed(backup), totp.narrowed(backup)), (backup, totp));
    }
}
