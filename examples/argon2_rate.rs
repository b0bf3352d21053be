//! How many passwords a second one thread of this machine can hash at the gateway's cost, for `bench/sign-in-flood`.
//!
//! `argon2_rate SECONDS`.

use argon2::{Algorithm, Argon2, Params, Version};
use std::error::Error;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let seconds: u64 = std::env::args().nth(1).ok_or("usage: argon2_rate SECONDS")?.parse()?;
    let params = Params::new(19 * 1024, 2, 1, Some(32)).map_err(|e| e.to_string())?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (mut hashes, mut out) = (0_u32, [0; 32]);
    let began = now();
    while began.elapsed() < Duration::from_secs(seconds) {
        argon2
            .hash_password_into(b"wrong horse battery staple", &hashes.to_be_bytes().repeat(4), &mut out)
            .map_err(|e| e.to_string())?;
        hashes += 1;
    }
    write(f64::from(hashes) / began.elapsed().as_secs_f64())
}

#[expect(clippy::disallowed_methods, reason = "a measurement has no other clock")]
fn now() -> Instant {
    Instant::now()
}

fn write(rate: f64) -> Result<(), Box<dyn Error>> {
    use std::io::Write;
    Ok(writeln!(std::io::stdout(), "{rate:.1}")?)
}
