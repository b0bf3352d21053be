//! The behaviour suite: the real binary in front of a real upstream, on both stores. One file a behaviour.

#[cfg(test)]
mod support;

#[cfg(test)]
mod headers;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod races;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod sign_out;
#[cfg(test)]
mod totp;
