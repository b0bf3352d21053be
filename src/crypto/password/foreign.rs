//! Password hashes of other systems, as they come with an import: bcrypt, Apache's MD5 and SHA-1, crypt(3) with SHA-2,
//! Argon2id, PBKDF2.
//!
//! Only computes. A hash is taken apart into its setting (algorithm, cost, salt) and its output; what is stored of the
//! output is our pepper over it, as of our own hashes. So neither who reads the store can guess against it without the
//! key file, nor can who writes to it plant a hash of their own. No setting may cost more than the bounds here, not even
//! one from the store.

use super::Cost;
use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::{BASE64, BASE64_NOPAD, BitOrder, Encoding, Specification};
use md5::Digest;
use md5::Md5;
use sha_crypt::Params as Rounds;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use std::sync::LazyLock;
use zeroize::Zeroizing;

/// 2^14 rounds are a second on a slow core.
const BCRYPT_COSTS: std::ops::RangeInclusive<u8> = 4..=14;
/// As long as bcrypt's.
const SHA_CRYPT_ROUNDS: u32 = 1_000_000;
const PBKDF2_ROUNDS: u32 = 2_000_000;
/// Working memory of one hash; as many run at once as there are workers.
const ARGON2_MEMORY_KIB: u32 = 256 * 1024;
const ARGON2_PARALLELISM: u32 = 16;
/// KiB of memory times passes.
const ARGON2_WORK: u64 = 1024 * 1024;
/// Bytes of a salt and of an output that are still taken for one.
const SALT: std::ops::RangeInclusive<usize> = 8..=64;
const OUTPUT: std::ops::RangeInclusive<usize> = 16..=64;

/// The setting of a hash: all of it but its output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// `$2a$`, `$2b$`, `$2y$`: one algorithm for text.
    Bcrypt {
        cost: u8,
        salt: [u8; 16],
    },
    /// `$apr1$` of htpasswd, `$1$` of crypt(3).
    Md5Crypt {
        magic: &'static str,
        salt: String,
    },
    /// `$5$`, `$6$`.
    ShaCrypt {
        wide: bool,
        rounds: u32,
        salt: String,
    },
    /// `{SHA}` of htpasswd: bare.
    Sha1,
    Argon2id {
        cost: Cost,
        salt: Vec<u8>,
        output: usize,
    },
    /// As passlib and Authelia write it.
    Pbkdf2 {
        digest: Pbkdf2Digest,
        rounds: u32,
        salt: Vec<u8>,
        output: usize,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pbkdf2Digest {
    Sha1,
    Sha256,
    Sha512,
}

/// Why a password hash of another system is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHash {
    #[error(
        "not a password hash that is known here: bcrypt ($2y$), $apr1$, $1$, {{SHA}}, $5$, $6$, $argon2id$, $pbkdf2-…$ \
         are; a plain password does not belong there"
    )]
    Unknown,
    #[error("a {0} hash that is cut off or was changed")]
    Malformed(&'static str),
    #[error("a {kind} hash with {asked}; at most {most} is taken, as each sign-in would cost as much")]
    TooCostly { kind: &'static str, asked: String, most: String },
}

impl Setting {
    /// Takes a whole hash apart: its setting, the setting's text, its output's text.
    pub(super) fn of_hash(hash: &str) -> Result<(Self, &str, &str), BadHash> {
        let at = match hash {
            h if h.starts_with("{SHA}") => "{SHA}".len(),
            h if is_bcrypt(h) => BCRYPT_SETTING,
            h if h.starts_with('$') => h.rfind('$').map_or(0, |i| i + 1),
            _ => return Err(BadHash::Unknown),
        };
        let (text, output) = hash.split_at_checked(at).ok_or(BadHash::Malformed("bcrypt"))?;
        let setting = Setting::parse(text, decoded_length(output))?;
        if output.len() != setting.output_letters() || !setting.spells(output) {
            return Err(BadHash::Malformed(setting.kind()));
        }
        Ok((setting, text, output))
    }

    /// Reads a setting's text, whose output has `output` bytes where the setting does not say it.
    pub(super) fn parse(text: &str, output: usize) -> Result<Self, BadHash> {
        if text == "{SHA}" {
            return Ok(Setting::Sha1);
        }
        if is_bcrypt(text) {
            return bcrypt_setting(text);
        }
        let mut parts = text.strip_prefix('$').ok_or(BadHash::Unknown)?.split('$');
        let id = parts.next().unwrap_or_default();
        // what follows the last `$` is the output, which is not here
        let rest: Vec<&str> = parts.collect();
        let (_, rest) = rest.split_last().ok_or(BadHash::Unknown)?;
        match id {
            "apr1" => md5_setting("$apr1$", rest),
            "1" => md5_setting("$1$", rest),
            "5" => sha_setting(false, rest),
            "6" => sha_setting(true, rest),
            "argon2id" => argon2_setting(rest, output),
            "pbkdf2" | "pbkdf2-sha1" => pbkdf2_setting(Pbkdf2Digest::Sha1, rest, output),
            "pbkdf2-sha256" => pbkdf2_setting(Pbkdf2Digest::Sha256, rest, output),
            "pbkdf2-sha512" => pbkdf2_setting(Pbkdf2Digest::Sha512, rest, output),
            _ => Err(BadHash::Unknown),
        }
    }

    /// The output's text for this password; `None` where the engine refuses.
    pub(super) fn run(&self, password: &[u8]) -> Option<Zeroizing<String>> {
        let text = match self {
            Setting::Bcrypt { cost, salt } => {
                // the algorithm's own rule: a closing NUL, then cut at 72 bytes
                let mut key = Zeroizing::new(Vec::with_capacity(password.len() + 1));
                key.extend_from_slice(password);
                key.push(0);
                key.truncate(72);
                let out = Zeroizing::new(bcrypt::bcrypt(u32::from(*cost), *salt, &key));
                BCRYPT_LETTERS.encode(out.get(..23)?)
            }
            Setting::Md5Crypt { magic, salt } => md5_crypt(magic, salt.as_bytes(), password),
            Setting::ShaCrypt { wide, rounds, salt } => sha_crypt(*wide, *rounds, salt.as_bytes(), password)?,
            Setting::Sha1 => BASE64.encode(&Sha1::digest(password)),
            Setting::Argon2id { cost, salt, output } => {
                let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, Some(*output)).ok()?;
                let mut out = Zeroizing::new(vec![0; *output]);
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
                argon2.hash_password_into(password, salt, &mut out).ok()?;
                BASE64_NOPAD.encode(&out)
            }
            Setting::Pbkdf2 { digest, rounds, salt, output } => {
                let mut out = Zeroizing::new(vec![0; *output]);
                match digest {
                    Pbkdf2Digest::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, *rounds, &mut out),
                    Pbkdf2Digest::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, *rounds, &mut out),
                    Pbkdf2Digest::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, *rounds, &mut out),
                }
                PBKDF2_LETTERS.encode(&out)
            }
        };
        Some(Zeroizing::new(text))
    }

    /// For errors.
    fn kind(&self) -> &'static str {
        match self {
            Setting::Bcrypt { .. } => "bcrypt",
            Setting::Md5Crypt { .. } => MD5,
            Setting::ShaCrypt { .. } => SHA_CRYPT,
            Setting::Sha1 => "{SHA}",
            Setting::Argon2id { .. } => ARGON2ID,
            Setting::Pbkdf2 { .. } => PBKDF2,
        }
    }
    fn output_letters(&self) -> usize {
        match self {
            Setting::Bcrypt { .. } => 31,
            Setting::Md5Crypt { .. } => 22,
            Setting::ShaCrypt { wide: false, .. } => 43,
            Setting::ShaCrypt { wide: true, .. } => 86,
            Setting::Sha1 => 28,
            Setting::Argon2id { output, .. } | Setting::Pbkdf2 { output, .. } => BASE64_NOPAD.encode_len(*output),
        }
    }
    /// Whether this is an output as `run` would write one: else it would never be met, and nobody told.
    fn spells(&self, output: &str) -> bool {
        let letters: &Encoding = match self {
            Setting::Bcrypt { .. } => &BCRYPT_LETTERS,
            Setting::Md5Crypt { .. } | Setting::ShaCrypt { .. } => &CRYPT_LETTERS,
            Setting::Sha1 => &BASE64,
            Setting::Argon2id { .. } => &BASE64_NOPAD,
            Setting::Pbkdf2 { .. } => &PBKDF2_LETTERS,
        };
        letters.decode(output.as_bytes()).is_ok()
    }
    /// Bytes of the output where the setting's text does not say it, as `parse` asks for them.
    pub(super) fn output_bytes(&self) -> usize {
        match self {
            Setting::Argon2id { output, .. } | Setting::Pbkdf2 { output, .. } => *output,
            Setting::Bcrypt { .. } | Setting::Md5Crypt { .. } | Setting::ShaCrypt { .. } | Setting::Sha1 => 0,
        }
    }
}

/// `$2y$12$` and the salt.
const BCRYPT_SETTING: usize = 7 + 22;
const MD5: &str = "MD5 crypt";
const SHA_CRYPT: &str = "SHA crypt";
const ARGON2ID: &str = "Argon2id";
const PBKDF2: &str = "PBKDF2";

fn is_bcrypt(text: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"].iter().any(|magic| text.starts_with(magic))
}

/// Letters without padding hold so many bytes.
fn decoded_length(letters: &str) -> usize {
    letters.len() * 6 / 8
}

fn number(text: &str) -> Option<u32> {
    // no sign, no leading zero: one spelling
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

fn bcrypt_setting(text: &str) -> Result<Setting, BadHash> {
    const BAD: BadHash = BadHash::Malformed("bcrypt");
    let (cost, salt) = text.get(4..).and_then(|t| t.split_once('$')).ok_or(BAD)?;
    let digits = cost.len() == 2 && cost.bytes().all(|b| b.is_ascii_digit());
    let cost: u8 = cost.parse().ok().filter(|_| digits).ok_or(BAD)?;
    let salt = BCRYPT_LETTERS.decode(salt.as_bytes()).ok().and_then(|s| s.try_into().ok()).ok_or(BAD)?;
    if cost > *BCRYPT_COSTS.end() {
        let most = format!("cost {}", BCRYPT_COSTS.end());
        return Err(BadHash::TooCostly { kind: "bcrypt", asked: format!("cost {cost}"), most });
    }
    if BCRYPT_COSTS.contains(&cost) { Ok(Setting::Bcrypt { cost, salt }) } else { Err(BAD) }
}

fn md5_setting(magic: &'static str, rest: &[&str]) -> Result<Setting, BadHash> {
    match rest {
        [salt] if (1..=8).contains(&salt.len()) && salt.is_ascii() => {
            Ok(Setting::Md5Crypt { magic, salt: (*salt).to_string() })
        }
        _ => Err(BadHash::Malformed(MD5)),
    }
}

fn sha_setting(wide: bool, rest: &[&str]) -> Result<Setting, BadHash> {
    const BAD: BadHash = BadHash::Malformed(SHA_CRYPT);
    let (rounds, salt) = match rest {
        [salt] => (5000, *salt),
        [rounds, salt] => (rounds.strip_prefix("rounds=").and_then(number).ok_or(BAD)?, *salt),
        _ => return Err(BAD),
    };
    if rounds > SHA_CRYPT_ROUNDS {
        let (asked, most) = (format!("{rounds} rounds"), format!("{SHA_CRYPT_ROUNDS} rounds"));
        return Err(BadHash::TooCostly { kind: SHA_CRYPT, asked, most });
    }
    if rounds < Rounds::ROUNDS_MIN || !(1..=16).contains(&salt.len()) || !salt.is_ascii() {
        return Err(BAD);
    }
    Ok(Setting::ShaCrypt { wide, rounds, salt: salt.to_string() })
}

fn argon2_setting(rest: &[&str], output: usize) -> Result<Setting, BadHash> {
    const BAD: BadHash = BadHash::Malformed(ARGON2ID);
    let ["v=19", cost, salt] = rest else { return Err(BAD) };
    let mut costs = cost.split(',');
    let mut next = |name: &str| costs.next().and_then(|c| c.strip_prefix(name)).and_then(number).ok_or(BAD);
    let cost = Cost { memory_kib: next("m=")?, iterations: next("t=")?, parallelism: next("p=")? };
    let salt = BASE64_NOPAD.decode(salt.as_bytes()).map_err(|_| BAD)?;
    if costs.next().is_some() || !SALT.contains(&salt.len()) || !OUTPUT.contains(&output) {
        return Err(BAD);
    }
    let Cost { memory_kib: m, iterations: t, parallelism: p } = cost;
    if m > ARGON2_MEMORY_KIB || p > ARGON2_PARALLELISM || u64::from(m) * u64::from(t) > ARGON2_WORK {
        let most = format!("m={ARGON2_MEMORY_KIB} KiB, p={ARGON2_PARALLELISM} and, of m times t, {ARGON2_WORK} KiB");
        return Err(BadHash::TooCostly { kind: ARGON2ID, asked: format!("m={m},t={t},p={p}"), most });
    }
    Params::new(m, t, p, Some(output)).map_err(|_| BAD)?;
    Ok(Setting::Argon2id { cost, salt, output })
}

fn pbkdf2_setting(digest: Pbkdf2Digest, rest: &[&str], output: usize) -> Result<Setting, BadHash> {
    const BAD: BadHash = BadHash::Malformed(PBKDF2);
    let [rounds, salt] = rest else { return Err(BAD) };
    let rounds = number(rounds).filter(|r| *r > 0).ok_or(BAD)?;
    let salt = PBKDF2_LETTERS.decode(salt.as_bytes()).map_err(|_| BAD)?;
    if rounds > PBKDF2_ROUNDS {
        let (asked, most) = (format!("{rounds} rounds"), format!("{PBKDF2_ROUNDS} rounds"));
        return Err(BadHash::TooCostly { kind: PBKDF2, asked, most });
    }
    if !SALT.contains(&salt.len()) || !OUTPUT.contains(&output) {
        return Err(BAD);
    }
    Ok(Setting::Pbkdf2 { digest, rounds, salt, output })
}

/// Poul-Henning Kamp's MD5 crypt, with Apache's magic or the first one: no crate computes it with both.
fn md5_crypt(magic: &str, salt: &[u8], password: &[u8]) -> String {
    let inner = Md5::new().chain_update(password).chain_update(salt).chain_update(password).finalize();
    let mut hash = Md5::new().chain_update(password).chain_update(magic).chain_update(salt);
    for (byte, _) in inner.iter().cycle().zip(password) {
        hash.update([*byte]);
    }
    let first = password.first().copied().unwrap_or_default();
    let mut left = password.len();
    while left > 0 {
        hash.update([if left & 1 == 1 { 0 } else { first }]);
        left >>= 1;
    }
    let mut out = hash.finalize();
    for round in 0..1000 {
        let mut hash = Md5::new();
        let odd = round % 2 == 1;
        if odd {
            hash.update(password)
        } else {
            hash.update(out)
        }
        if round % 3 != 0 {
            hash.update(salt);
        }
        if round % 7 != 0 {
            hash.update(password);
        }
        if odd {
            hash.update(out)
        } else {
            hash.update(password)
        }
        out = hash.finalize();
    }
    encoded(&out, &MD5_ORDER)
}

fn sha_crypt(wide: bool, rounds: u32, salt: &[u8], password: &[u8]) -> Option<String> {
    let rounds = Rounds::new(rounds).ok()?;
    Some(if wide {
        encoded(&*Zeroizing::new(sha_crypt::sha512_crypt(password, salt, rounds)), &SHA512_ORDER)
    } else {
        encoded(&*Zeroizing::new(sha_crypt::sha256_crypt(password, salt, rounds)), &SHA256_ORDER)
    })
}

/// In crypt(3)'s letters, its bytes in the order that the algorithm gives them.
fn encoded(out: &[u8], order: &[u8]) -> String {
    let bytes = Zeroizing::new(order.iter().filter_map(|i| out.get(usize::from(*i)).copied()).collect::<Vec<_>>());
    CRYPT_LETTERS.encode(&bytes)
}

const MD5_ORDER: [u8; 16] = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];
const SHA256_ORDER: [u8; 32] = [
    20, 10, 0, 11, 1, 21, 2, 22, 12, 23, 13, 3, 14, 4, 24, 5, 25, 15, 26, 16, 6, 17, 7, 27, 8, 28, 18, 29, 19, 9, 30,
    31,
];
const SHA512_ORDER: [u8; 64] = [
    42, 21, 0, 1, 43, 22, 23, 2, 44, 45, 24, 3, 4, 46, 25, 26, 5, 47, 48, 27, 6, 7, 49, 28, 29, 8, 50, 51, 30, 9, 10,
    52, 31, 32, 11, 53, 54, 33, 12, 13, 55, 34, 35, 14, 56, 57, 36, 15, 16, 58, 37, 38, 17, 59, 60, 39, 18, 19, 61, 40,
    41, 20, 62, 63,
];

static BCRYPT_LETTERS: LazyLock<Encoding> = LazyLock::new(|| {
    letters("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", BitOrder::MostSignificantFirst)
});
static CRYPT_LETTERS: LazyLock<Encoding> = LazyLock::new(|| {
    letters("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", BitOrder::LeastSignificantFirst)
});
static PBKDF2_LETTERS: LazyLock<Encoding> = LazyLock::new(|| {
    letters("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./", BitOrder::MostSignificantFirst)
});

#[expect(clippy::expect_used, reason = "a constant alphabet of 64 distinct ASCII letters is always a valid encoding")]
fn letters(symbols: &str, order: BitOrder) -> Encoding {
    let mut spec = Specification::new();
    spec.symbols.push_str(symbols);
    spec.bit_order = order;
    // bcrypt's salt ends in bits that nobody reads
    spec.check_trailing_bits = false;
    spec.encoding().expect("valid alphabet")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "correct horse battery";

    /// Made by crypt(3), openssl and Python's hashlib; the Argon2id one stands in Authelia's documentation.
    const MADE_ELSEWHERE: [(&str, &str); 17] = [
        (PASSWORD, "$2b$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo."),
        (PASSWORD, "$2y$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo."),
        (PASSWORD, "$apr1$xxxxxxxx$AqyfX6/AK/wtSMv7YXunt1"),
        ("x", "$apr1$ab$eIePjsejfBGR8ITtu2z0U1"),
        (LONG, "$apr1$r31.....$wOuTqUDHwwwsBeomhb9MG."),
        (PASSWORD, "$1$xxxxxxxx$LM7um2.thdB8VuMxmNKie/"),
        (LONG, "$1$r31.....$IoREJZ5rScOUDIeDAmXFV0"),
        (PASSWORD, "{SHA}mN7MYuzjmaIu0w1JDvMzvn/ec4U="),
        (PASSWORD, "$5$saltstring$Ei5pjI5XWclFQjLDfGOMwlNh9NsZierSPwLy2XgJds6"),
        (PASSWORD, "$5$rounds=1400$anotherlongsalts$TXI28J0NocwA0EsOjoW5fgAYe9X/jBa.gCNZdy5UDN3"),
        (
            PASSWORD,
            "$6$rounds=1000$saltstring$oAIkW2wT6q/.Re1iIA5Ip/ywtE0UC11Fdshqsdpza0IMGE6vtW66SJ4oVItZIfIoOXWd1IB9K/GDohAst972J1",
        ),
        (
            PASSWORD,
            "$6$saltstringsaltst$t5lvsZ9fJfA23KXvXom3p8SWok9vO0JraouvmbFQSqvpHeKy2BgocpBpFZT0Aml/wjbuTtOpu025riT0/ugGk1",
        ),
        (PASSWORD, "$pbkdf2$1000$MDEyMzQ1Njc4OWFiY2RlZg$rDjxw4qmzpl4HTyqLNYNsdE5Zi4"),
        (PASSWORD, "$pbkdf2-sha256$1000$MDEyMzQ1Njc4OWFiY2RlZg$BVALGMmC/K/8ELErc5VgJxyPFApArIZRCQsqjEgZWJ4"),
        (
            PASSWORD,
            "$pbkdf2-sha512$1000$MDEyMzQ1Njc4OWFiY2RlZg$7F/Y1rnWXXurLCfFvAmyjyXtbABhgzBTBNcm//wlnvGBOz7OExlgRFs5qwaY5PzB3/WjR7P4yv/ACDQZpDXIfQ",
        ),
        ("password", "$argon2id$v=19$m=65536,t=3,p=2$BpLnfgDsc2WD8F2q$o/vzA4myCqZZ36bUGsDY//8mKUYNZZaR0t4MFFSs+iM"),
        (
            "authelia",
            "$6$rounds=50000$BpLnfgDsc2WD8F2q$Zis.ixdg9s/UOJYrs56b5QEZFiZECu0qZVNsIYxBaNJ7ucIL.nlxVCT5tqh8KHG8X4tlwCFm5r6NTOZZ5qRFN/",
        ),
    ];
    const LONG: &str = "a very much longer password than sixteen bytes, which takes another turn";

    #[test]
    fn what_other_systems_made_is_computed_as_they_did() {
        for (password, hash) in MADE_ELSEWHERE {
            let (setting, text, output) = Setting::of_hash(hash).unwrap_or_else(|e| panic!("{hash}: {e}"));
            assert_eq!(format!("{text}{output}"), hash);
            assert_eq!(Setting::parse(text, setting.output_bytes()), Ok(setting.clone()), "{hash}");
            assert_eq!(setting.run(password.as_bytes()).unwrap().as_str(), output, "{hash}");
            assert_ne!(setting.run(b"another").unwrap().as_str(), output, "{hash}");
        }
    }

    #[test]
    fn bcrypt_reads_72_bytes_as_it_always_did() {
        let hash = "$2b$05$abcdefghijklmnopqrstuu71DuhOaWpF2NHFHgeXJdYKCQD7SBQPW";
        let (setting, _, output) = Setting::of_hash(hash).unwrap();
        assert_eq!(setting.run("café ".repeat(20).as_bytes()).unwrap().as_str(), output);
        assert_eq!(setting.run(b"").unwrap().len(), output.len());
    }

    #[test]
    fn what_costs_too_much_says_how_much_is_taken() {
        let salt = "abcdefghijklmnopqrstuu";
        let output = "D3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.";
        let argon2 =
            |cost: &str| format!("$argon2id$v=19${cost}$BpLnfgDsc2WD8F2q$o/vzA4myCqZZ36bUGsDY//8mKUYNZZaR0t4MFFSs+iM");
        for (hash, asked) in [
            (format!("$2y$15${salt}{output}"), "cost 15"),
            (format!("$2y$31${salt}{output}"), "cost 31"),
            (format!("$6$rounds=1000001$abc${}", "a".repeat(86)), "1000001 rounds"),
            (format!("$pbkdf2-sha256$2000001${salt}${}", "a".repeat(43)), "2000001 rounds"),
            (argon2("m=262145,t=1,p=1"), "m=262145,t=1,p=1"),
            (argon2("m=65536,t=17,p=1"), "m=65536,t=17,p=1"),
            (argon2("m=1024,t=1,p=17"), "m=1024,t=1,p=17"),
        ] {
            let e = Setting::of_hash(&hash).unwrap_err();
            assert!(matches!(&e, BadHash::TooCostly { asked: a, .. } if a == asked), "{hash}: {e}");
        }
    }

    #[test]
    fn what_is_no_hash_of_a_known_kind_is_told_apart() {
        for hash in
            ["", "secret", "abJnggxhB/yWI", "$2x$05$abcdefghijklmnopqrstuu", "$7$x$y", "$argon2i$v=19$a$b$c", "$"]
        {
            assert_eq!(Setting::of_hash(hash).map(|_| ()), Err(BadHash::Unknown), "{hash}");
        }
        for hash in [
            "$2y$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo",
            "$2y$03$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.",
            "$2y$+5$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.",
            "$2y$05$abc",
            "$2y$05$abcdefghijklmnopqrst$é",
            "$apr1$xxxxxxxx$AqyfX6/AK/wtSMv7YXunt",
            "$apr1$$AqyfX6/AK/wtSMv7YXunt1",
            "{SHA}mN7MYuzjmaIu0w1JDvMzvn/ec4U",
            "$6$rounds=01000$saltstring$oAIk",
            "$6$rounds=999$saltstring$oAIk",
            "$argon2id$v=16$m=64,t=1,p=1$BpLnfgDsc2WD8F2q$o/vzA4myCqZZ36bUGsDY//8mKUYNZZaR0t4MFFSs+iM",
            "$argon2id$v=19$m=1,t=1,p=1$BpLnfgDsc2WD8F2q$o/vzA4myCqZZ36bUGsDY//8mKUYNZZaR0t4MFFSs+iM",
            "$pbkdf2-sha256$0$MDEyMzQ1Njc4OWFiY2RlZg$BVALGMmC/K/8ELErc5VgJxyPFApArIZRCQsqjEgZWJ4",
        ] {
            assert!(matches!(Setting::of_hash(hash), Err(BadHash::Malformed(_))), "{hash}");
        }
    }
}
