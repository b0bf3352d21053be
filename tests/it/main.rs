//! The behaviour suite: the real binary in front of a real upstream, on both stores. One file a behaviour.

#[cfg(test)]
mod support;

#[cfg(test)]
mod account_changes;
#[cfg(test)]
mod accounts;
#[cfg(test)]
mod apps;
#[cfg(test)]
mod assertion;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod backup_codes;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod callers;
#[cfg(test)]
mod config;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod crowd;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod devices;
#[cfg(test)]
mod disconnects;
#[cfg(test)]
mod enrolment;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fences;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod framing;
#[cfg(test)]
mod h2;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod hooks;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod proxied;
#[cfg(test)]
mod races;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod sign_out;
#[cfg(test)]
mod step_up;
#[cfg(test)]
mod store_faults;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod throttle;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod totp;
#[cfg(test)]
mod two_nodes;
#[cfg(test)]
mod upstreams;
#[cfg(test)]
mod websockets;
