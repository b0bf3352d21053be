//! An authenticator app in the tests' hand: the codes come from `oathtool`, not from our own code.

use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;

const PERIOD: u64 = 30;

/// Holds a key and gives a code that was not used yet, as a patient person with a phone would.
#[derive(Clone, Debug)]
pub struct Authenticator {
    pub base32: String,
    pub digits: u32,
    last: u64,
}

impl Authenticator {
    pub fn of_key(typed: &str) -> Authenticator {
        let base32 = typed.split_whitespace().collect::<String>();
        assert!(base32.len() >= 16, "not a key: {typed:?}");
        Authenticator { base32, digits: 6, last: 0 }
    }
    pub fn of_uri(uri: &str) -> Authenticator {
        let url = url::Url::parse(uri).unwrap();
        assert_eq!((url.scheme(), url.host_str()), ("otpauth", Some("totp")), "{uri}");
        let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(query["algorithm"], "SHA1", "{uri}");
        assert_eq!(query["period"], PERIOD.to_string(), "{uri}");
        Authenticator { digits: query["digits"].parse().unwrap(), ..Authenticator::of_key(&query["secret"]) }
    }
    /// The earliest code that is good now and later than the last one given; waits where there is none yet.
    pub async fn next_code(&mut self) -> String {
        // the last seconds of a step are not begun, so that a code given is still good when it arrives
        let earliest = (now() + 5) / PERIOD - 1;
        let step = earliest.max(self.last + 1);
        let good_from = (step - 1) * PERIOD;
        if now() < good_from {
            tokio::time::sleep(Duration::from_secs(good_from - now() + 1)).await;
        }
        self.last = step;
        self.code_of_step(step)
    }
    /// The code of the step that lies this many steps from now.
    pub fn code_at(&self, steps: i64) -> String {
        self.code_of_step((now() / PERIOD).checked_add_signed(steps).unwrap())
    }
    fn code_of_step(&self, step: u64) -> String {
        let out = Command::new("oathtool")
            .args(["--totp=sha1", "-b", "-d", &self.digits.to_string(), "--now", &format!("@{}", step * PERIOD)])
            .arg(&self.base32)
            .output()
            .expect("oathtool; ./test installs it");
        assert!(out.status.success(), "oathtool: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_string()
    }
}

/// Waits until this many seconds are left of the present step, for tests that count steps themselves.
pub async fn steady(seconds: u64) {
    let left = PERIOD - now() % PERIOD;
    if left < seconds {
        tokio::time::sleep(Duration::from_secs(left)).await;
    }
}

fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}
