//! Paths that hold a hook's secret, as they may be shown: a secret in a URL must reach no log, record or answer.

use std::borrow::Cow;

/// What every secret that `hook create` makes begins with, so that it is known wherever it turns up.
pub const SECRET_PREFIX: &str = "pch_";
/// Below it: the hook's name, then its secret.
pub const HOOKS: &str = "/api/v1/hooks/";

/// The path without the secrets that may be in it: what follows the name of a hook, and whatever looks like a secret of
/// ours anywhere (a hook called at the wrong address).
pub fn shown_path(path: &str) -> Cow<'_, str> {
    if let Some(rest) = path.strip_prefix(HOOKS) {
        let name = rest.split('/').next().unwrap_or_default();
        return match is_hook_name(name) && !name.starts_with(SECRET_PREFIX) {
            true => format!("{HOOKS}{name}/{CUT}").into(),
            false => format!("{HOOKS}{CUT}").into(),
        };
    }
    if !path.contains(SECRET_PREFIX) {
        return path.into();
    }
    let cut = |segment: &str| match segment.split_once(SECRET_PREFIX) {
        Some((before, _)) => format!("{before}{SECRET_PREFIX}{CUT}"),
        None => segment.to_owned(),
    };
    path.split('/').map(cut).collect::<Vec<_>>().join("/").into()
}

/// 1 to 64 lower-case letters, digits, `-` or `_`: it stands in a URL.
pub fn is_hook_name(name: &str) -> bool {
    let sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    (1..=64).contains(&name.len()) && name.bytes().all(sound)
}

const CUT: char = '…';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_of_a_hook_is_cut_from_its_path_wherever_it_stands() {
        let table = [
            ("/api/v1/hooks/splunk/secret", "/api/v1/hooks/splunk/…"),
            ("/api/v1/hooks/splunk/secret/more", "/api/v1/hooks/splunk/…"),
            ("/api/v1/hooks/splunk", "/api/v1/hooks/splunk/…"),
            ("/api/v1/hooks/pch_abc", "/api/v1/hooks/…"),
            ("/api/v1/hooks/No Name/secret", "/api/v1/hooks/…"),
            ("/api/v1/hooks//secret", "/api/v1/hooks/…"),
            ("/api/v1/hook/splunk/pch_abc/x", "/api/v1/hook/splunk/pch_…/x"),
            ("/x=pch_abc", "/x=pch_…"),
            ("/api/v1/disconnects", "/api/v1/disconnects"),
            ("/api/v1/hooks", "/api/v1/hooks"),
        ];
        for (path, shown) in table {
            assert_eq!(shown_path(path), shown);
        }
    }
}
