//! The limit on the wait for an upstream's response head, on HTTP/1 connections.
//!
//! pingora has one limit for every read, and a stream that is silent for minutes must be allowed where a server that
//! does not begin to answer must not. So one task looks at who still waits and shuts the connection of who waits too
//! long; the engine then sees its end, and the exchange is answered with 504. Never touches a connection that has been
//! closed or reused meanwhile.

use crate::sys::lease;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// The upstream connection of one try.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    pub fd: RawFd,
    /// Our end; tells the connection from another that got the same number.
    pub local: SocketAddr,
}

/// One exchange that waits for a head.
#[derive(Debug)]
pub struct Wait {
    connection: Connection,
    until: u64,
    state: AtomicU8,
}

impl Wait {
    /// The head has come.
    pub fn over(&self) {
        let _ = self.state.compare_exchange(WAITING, OVER, Ordering::AcqRel, Ordering::Relaxed);
    }
    /// The limit has ended it.
    pub fn was_too_long(&self) -> bool {
        self.state.load(Ordering::Acquire) == LATE
    }
    fn end(&self) {
        if self.state.compare_exchange(WAITING, LATE, Ordering::AcqRel, Ordering::Relaxed).is_ok()
            && let Some(own) = duplicate(self.connection.fd)
            && own.local_addr().is_ok_and(|a| a == self.connection.local)
        {
            // the other end may be gone already
            let _ = own.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.over();
    }
}

/// Held by the exchange; the wait ends with it.
#[derive(Debug)]
pub struct Connected(Arc<Wait>);

impl std::ops::Deref for Connected {
    type Target = Wait;
    fn deref(&self) -> &Wait {
        &self.0
    }
}

/// All who wait.
#[derive(Debug, Default)]
pub struct Patience(Mutex<Vec<Weak<Wait>>>);

impl Patience {
    /// From now on.
    pub fn begin(&self, connection: Connection, limit: Duration) -> Connected {
        let limit = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        let until = lease::now().saturating_add(limit);
        let wait = Arc::new(Wait { connection, until, state: AtomicU8::new(WAITING) });
        self.waiting().push(Arc::downgrade(&wait));
        Connected(wait)
    }

    /// For ever.
    pub async fn watch(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.look(lease::now());
        }
    }

    fn look(&self, now: u64) {
        let all = std::mem::take(&mut *self.waiting());
        let still = |w: &Weak<Wait>| {
            let Some(w) = w.upgrade().filter(|w| w.state.load(Ordering::Acquire) == WAITING) else { return false };
            if w.until > now {
                return true;
            }
            w.end();
            false
        };
        let mut left: Vec<_> = all.into_iter().filter(still).collect();
        self.waiting().append(&mut left);
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Wait>>> {
        // the list is whole after every statement
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A descriptor of our own for the connection, so that nothing can be closed or reused under it.
#[expect(unsafe_code, reason = "a number is all that pingora gives of its connection")]
fn duplicate(fd: RawFd) -> Option<TcpStream> {
    // SAFETY: takes a number and touches no memory; a number that is not open any more gives an error
    let own = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3) };
    // SAFETY: just made for us, and nobody else knows it
    (own >= 0).then(|| unsafe { OwnedFd::from_raw_fd(own) }.into())
}

const WAITING: u8 = 0;
const OVER: u8 = 1;
const LATE: u8 = 2;
const LOOK: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::TcpListener;
    use std::os::fd::AsRawFd;

    fn pair() -> (TcpStream, TcpStream, Connection) {
        let l = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = TcpStream::connect(l.local_addr().unwrap()).unwrap();
        let connection = Connection { fd: ours.as_raw_fd(), local: ours.local_addr().unwrap() };
        (ours, l.accept().unwrap().0, connection)
    }

    #[test]
    fn who_waits_too_long_sees_the_end_of_the_connection() {
        let (mut ours, _theirs, connection) = pair();
        let p = Patience::default();
        let wait = p.begin(connection, Duration::from_secs(60));
        p.look(lease::now());
        assert!(!wait.was_too_long());
        p.look(lease::now() + 61_000_000_000);
        assert!(wait.was_too_long());
        assert_eq!(ours.read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn who_has_the_head_or_is_gone_is_left_alone() {
        let (ours, _theirs, connection) = pair();
        let p = Patience::default();
        let far = lease::now() + 61_000_000_000;
        let answered = p.begin(connection, Duration::from_secs(60));
        answered.over();
        drop(p.begin(connection, Duration::from_secs(60)));
        p.look(far);
        assert!(!answered.was_too_long() && p.waiting().is_empty());
        ours.set_nonblocking(true).unwrap();
        let nothing = (&ours).read(&mut [0]).unwrap_err();
        assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    }

    #[test]
    fn another_connection_with_the_same_number_is_not_touched() {
        let (ours, _theirs, connection) = pair();
        let (_, _, other) = pair();
        let p = Patience::default();
        let wait = p.begin(Connection { fd: connection.fd, local: other.local }, Duration::ZERO);
        p.look(lease::now() + 1);
        assert!(wait.was_too_long());
        ours.set_nonblocking(true).unwrap();
        assert!((&ours).read(&mut [0]).is_err_and(|e| e.kind() == std::io::ErrorKind::WouldBlock));
    }
}
