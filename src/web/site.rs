//! What all pages share: the prefix, the brand, the files they load and the addresses of one another.

use super::brand::Brand;
use crate::gate::Errand;
use crate::types::ReturnTo;
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

/// Everything outside RFC 3986 "unreserved" and `/` is escaped in a query value.
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The look and the addresses of own pages; knows nothing of people.
pub(super) struct Site {
    prefix: String,
    pub(super) brand: Brand,
    pub(super) style: StaticFile,
    pub(super) logo: Option<StaticFile>,
}

/// A file that never changes under its name.
pub(super) struct StaticFile {
    /// Hash and extension.
    pub(super) name: String,
    pub(super) content_type: &'static str,
    pub(super) bytes: Bytes,
}

impl Site {
    pub(super) fn new(prefix: &str, brand: Brand) -> Self {
        let style = format!(
            ":root{{--brand:{};--on-brand:{}}}\n{}",
            brand.colour,
            brand.colour.ink(),
            include_str!("../../templates/style.css")
        );
        Site {
            prefix: prefix.to_string(),
            style: StaticFile::new(Bytes::from(style), "css", "text/css; charset=utf-8"),
            logo: brand
                .logo
                .as_ref()
                .map(|l| StaticFile::new(l.bytes.clone(), l.kind.extension(), l.kind.content_type())),
            brand,
        }
    }
    /// With both slashes.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }
    /// The path of an own page.
    pub(super) fn own(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
    /// The path of an own page that leads on to `to`.
    pub(super) fn own_to(&self, name: &str, to: &ReturnTo) -> String {
        format!("{}{name}?to={}", self.prefix, utf8_percent_encode(to.as_str(), QUERY_VALUE))
    }
    /// The path of the challenge for this errand.
    pub(super) fn challenge(&self, errand: &Errand) -> String {
        let page = self.own_to("challenge", &errand.to);
        match errand.for_request() {
            none if none.is_empty() => page,
            told => format!("{page}&for={}", utf8_percent_encode(&told, QUERY_VALUE)),
        }
    }
    pub(super) fn file(&self, file: &StaticFile) -> String {
        format!("{}static/{}", self.prefix, file.name)
    }
    /// The shared file of that name.
    pub(super) fn find(&self, name: &str) -> Option<&StaticFile> {
        std::iter::once(&self.style).chain(&self.logo).find(|f| f.name == name)
    }
    /// Whether anything may load this path, not navigations alone.
    pub(super) fn is_open(&self, path: &str) -> bool {
        path.strip_prefix(&self.prefix).is_some_and(|p| p.starts_with("static/") || p == "jwks.json")
    }
}

impl StaticFile {
    fn new(bytes: Bytes, extension: &str, content_type: &'static str) -> Self {
        let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
        let short: String = hash.chars().take(16).collect();
        StaticFile { name: format!("{short}.{extension}"), content_type, bytes }
    }
}
