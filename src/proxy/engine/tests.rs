//! The engine on real sockets of the loopback: each test has a gateway and an upstream of its own.

mod accept;
mod cut;
mod lease;
mod support;
mod tunnel;
mod upstream;
