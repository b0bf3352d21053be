//! A wire between the gateway and its store that can stand still or be cut.

use super::process::{free_port, local};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Flows,
    /// Connections stay, no byte moves.
    Frozen,
    /// What the gateway asks arrives, no answer comes back.
    Deaf,
    /// What the gateway asks does not arrive; what the store says does.
    Mute,
    /// Connections are closed, new ones too.
    Cut,
}

pub struct Wire {
    pub address: SocketAddr,
    state: watch::Sender<State>,
}

impl Wire {
    pub async fn to(target: SocketAddr) -> Wire {
        let listener = TcpListener::bind(local(free_port())).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (state, look) = watch::channel(State::Flows);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if *look.borrow() != State::Cut {
                    tokio::spawn(connect(near, target, look.clone()));
                }
            }
        });
        Wire { address, state }
    }
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }
    pub fn freeze(&self) {
        self.state.send_replace(State::Frozen);
    }
    pub fn deafen(&self) {
        self.state.send_replace(State::Deaf);
    }
    pub fn silence(&self) {
        self.state.send_replace(State::Mute);
    }
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }
    pub fn mend(&self) {
        self.state.send_replace(State::Flows);
    }
}

async fn connect(near: TcpStream, target: SocketAddr, look: watch::Receiver<State>) {
    let Ok(far) = TcpStream::connect(target).await else { return };
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    tokio::select! {
        () = pump(near_in, far_out, (look.clone(), State::Mute)) => {}
        () = pump(far_in, near_out, (look, State::Deaf)) => {}
    }
}

/// `still`: the state in which this direction alone stands still.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, (mut look, still): (watch::Receiver<State>, State)) {
    let mut buffer = vec![0; 65536];
    loop {
        let n = tokio::select! {
            n = from.read(&mut buffer) => n.unwrap_or(0),
            cut = look.wait_for(|s| *s == State::Cut) => { drop(cut); 0 }
        };
        if n == 0 || look.wait_for(|s| *s != State::Frozen && *s != still).await.map_or(true, |s| *s == State::Cut) {
            return;
        }
        if to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}
