//! The key URI that authenticator apps read from a QR code (the *Key Uri Format* of Google Authenticator; no RFC).
//!
//! Holds the secret: goes into the page of its owner and nowhere else.

use super::{Secret, TotpParameters};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

/// All but the unreserved letters of RFC 3986 §2.3. A space is `%20`: apps show a `+` as a plus.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The issuer stands twice: some apps read only the label, some only the parameter.
pub(super) fn uri(secret: &Secret, p: &TotpParameters, issuer: &str, account: &str) -> SecretString {
    let (issuer, account) = (part(issuer), part(account));
    let base32 = secret.base32();
    let text = format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm={}&digits={}&period={}",
        base32.expose_secret(),
        p.algorithm.name(),
        p.digits,
        p.period,
    );
    SecretString::from(text)
}

/// A colon separates issuer and account, so neither may hold one.
fn part(s: &str) -> String {
    utf8_percent_encode(&s.replace(':', "-"), ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::Algorithm;
    use super::*;
    use zeroize::Zeroizing;

    fn secret() -> Secret {
        Secret::from_bytes(Zeroizing::new(b"12345678901234567890".to_vec())).unwrap()
    }
    fn of(p: &TotpParameters, issuer: &str, account: &str) -> String {
        secret().uri(p, issuer, account).expose_secret().to_string()
    }

    #[test]
    fn the_uri_is_the_same_byte_for_byte() {
        let want = "otpauth://totp/ACME%20Co:alice%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
                    &issuer=ACME%20Co&algorithm=SHA1&digits=6&period=30";
        assert_eq!(of(&TotpParameters::default(), "ACME Co", "alice@example.com"), want);
        let p = TotpParameters { algorithm: Algorithm::Sha512, digits: 8, period: 60, skew: 0 };
        let want = "otpauth://totp/Example:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
                    &issuer=Example&algorithm=SHA512&digits=8&period=60";
        assert_eq!(of(&p, "Example", "bob"), want);
    }

    #[test]
    fn odd_names_come_back_from_a_strict_parser() {
        for (issuer, account) in [("A&B", "é@x"), ("50% #1?/", "a b"), ("A+B=C", "東京"), ("\"<>'", "x~y_z.-")] {
            let text = of(&TotpParameters::default(), issuer, account);
            assert!(text.is_ascii() && !text.contains(['+', ' ', '"', '<', '>']), "{text}");
            let parsed = url::Url::parse(&text).unwrap();
            let label = percent_encoding::percent_decode_str(parsed.path().trim_start_matches('/'));
            assert_eq!(label.decode_utf8().unwrap(), format!("{issuer}:{account}"));
            let pairs: Vec<_> = parsed.query_pairs().into_owned().collect();
            let names: Vec<_> = pairs.iter().map(|(k, _)| k.as_str()).collect();
            assert_eq!(names, ["secret", "issuer", "algorithm", "digits", "period"]);
            assert_eq!(pairs[1].1, issuer);
        }
    }

    #[test]
    fn a_colon_cannot_move_the_border_of_the_label() {
        let text = of(&TotpParameters::default(), "Evil:Corp", "a:b");
        assert!(text.starts_with("otpauth://totp/Evil-Corp:a-b?"), "{text}");
        assert!(text.contains("&issuer=Evil-Corp&"), "{text}");
    }
}
