//! The end of an upstream's connection whose response head does not come in time, on HTTP/1.
//!
//! pingora has one limit for every read, and a stream that is silent for minutes must be allowed where a server that
//! does not begin to answer must not. So `cut` looks at the wait and has the connection shut; the engine then sees its
//! end, and the exchange is answered with 504. Never touches a connection that has been closed or reused meanwhile.

use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// The upstream connection of one try.
#[derive(Clone, Copy, Debug)]
pub struct PeerEnd {
    pub fd: RawFd,
    /// Our end; tells the connection from another that got the same number.
    pub local: SocketAddr,
}

impl PeerEnd {
    /// Both directions, so that the engine reads the end.
    pub fn shut(&self) {
        if let Some(own) = duplicate(self.fd)
            && own.local_addr().is_ok_and(|a| a == self.local)
        {
            // the other end may be gone already
            let _ = own.shutdown(Shutdown::Both);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::TcpListener;
    use std::os::fd::AsRawFd;

    fn pair() -> (TcpStream, TcpStream, PeerEnd) {
        let l = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = TcpStream::connect(l.local_addr().unwrap()).unwrap();
        let end = PeerEnd { fd: ours.as_raw_fd(), local: ours.local_addr().unwrap() };
        (ours, l.accept().unwrap().0, end)
    }

    #[test]
    fn who_waits_too_long_sees_the_end_of_the_connection() {
        let (mut ours, _theirs, end) = pair();
        end.shut();
        assert_eq!(ours.read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn another_connection_with_the_same_number_is_not_touched() {
        let (ours, _theirs, end) = pair();
        let (_, _, other) = pair();
        PeerEnd { fd: end.fd, local: other.local }.shut();
        ours.set_nonblocking(true).unwrap();
        assert!((&ours).read(&mut [0]).is_err_and(|e| e.kind() == std::io::ErrorKind::WouldBlock));
    }
}
