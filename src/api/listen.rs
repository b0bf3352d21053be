//! The two doors of the admin side: a TCP listener, with TLS or without (`incoming`), and a unix socket.
//!
//! The socket is a file that only our own user may open (0600); whoever connects is asked for again by the peer's user
//! id, because a folder's rights, or the moment between making the file and closing it, may be wrong.

mod incoming;

use super::Via;
use arc_swap::ArcSwap;
use axum::serve::Listener;
use axum::{Extension, Router};
use incoming::Incoming;
pub(super) use incoming::Peer;
use rustls::ServerConfig;
use std::fs::{self, Permissions};
use std::future::Future;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, UnixListener, UnixStream};

/// Serves until `shutdown` is ready, then lets what runs finish.
pub async fn serve_tcp(
    listener: TcpListener,
    tls: Option<Arc<ArcSwap<ServerConfig>>>,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let service = router.layer(Extension(Via::Tcp)).into_make_service_with_connect_info::<Peer>();
    axum::serve(Incoming::on(listener, tls)?, service).with_graceful_shutdown(shutdown).await
}

/// As `serve_tcp`, with every right. The file goes with the socket.
pub async fn serve_unix(
    socket: Socket,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(socket, router.layer(Extension(Via::Socket))).with_graceful_shutdown(shutdown).await
}

/// A bound admin socket; its file is removed when it is dropped.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode of our file: another process may have put its own in its place.
    file: Option<(u64, u64)>,
}

/// Why there is no admin socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    #[error("{}: another gateway answers on this admin socket; stop it, or set another `listen.admin.socket`", .0.display())]
    InUse(PathBuf),
    #[error("{}: this file is in the place of the admin socket and is no socket; move it away", .0.display())]
    NotASocket(PathBuf),
    #[error("{}: cannot {doing}; set `listen.admin.socket` to a path in a folder that this user may write", path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

impl Socket {
    /// Makes the socket's file, in the place of one that a dead gateway left. Makes its folder if there is none.
    pub async fn bind(path: &Path) -> Result<Self, SocketError> {
        let io = |doing| move |cause| SocketError::Io { doing, path: path.to_path_buf(), cause };
        make_folder(path).map_err(io("make the admin socket's folder"))?;
        match fs::symlink_metadata(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(io("look at the admin socket")(e)),
            Ok(m) if !m.file_type().is_socket() => return Err(SocketError::NotASocket(path.to_path_buf())),
            Ok(_) if UnixStream::connect(path).await.is_ok() => return Err(SocketError::InUse(path.to_path_buf())),
            Ok(_) => fs::remove_file(path).map_err(io("remove the old admin socket"))?,
        }
        let listener = UnixListener::bind(path).map_err(io("make the admin socket"))?;
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(io("close the admin socket to others"))?;
        Ok(Socket { listener, file: identity(path), path: path.to_path_buf() })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.file.is_some() && identity(&self.path) == self.file {
            // a file that stays behind is found and replaced by the next start
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Listener for Socket {
    type Io = UnixStream;
    type Addr = tokio::net::unix::SocketAddr;

    async fn accept(&mut self) -> (UnixStream, Self::Addr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => match stream.peer_cred() {
                    Ok(peer) if may_connect(peer.uid()) => return (stream, address),
                    Ok(peer) => tracing::warn!(uid = peer.uid(), "admin socket: refused another user"),
                    Err(cause) => tracing::warn!(%cause, "admin socket: the peer's user is unknown, refused"),
                },
                Err(cause) => {
                    // out of file descriptors, most likely: looking again at once would only burn the processor
                    tracing::error!(%cause, "admin socket: cannot accept");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

fn may_connect(uid: u32) -> bool {
    uid == 0 || uid == rustix::process::geteuid().as_raw()
}

fn make_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.exists() => {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
        }
        _ => Ok(()),
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(path).ok().map(|m| (m.dev(), m.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_socket_is_closed_to_others_and_goes_with_the_gateway() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/admin.sock");
        let socket = Socket::bind(&path).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn only_a_dead_gateways_socket_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap()); // leaves its file, as kill -9 does
        let live = Socket::bind(&path).await.unwrap();
        assert!(matches!(Socket::bind(&path).await, Err(SocketError::InUse(_))));
        drop(live);
        fs::write(&path, "precious").unwrap();
        assert!(matches!(Socket::bind(&path).await, Err(SocketError::NotASocket(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn only_root_and_ourselves_may_connect() {
        let own = rustix::process::geteuid().as_raw();
        assert!(may_connect(0) && may_connect(own));
        assert!(!may_connect(own + 1));
    }
}
