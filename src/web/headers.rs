//! The headers of what we answer ourselves, in one place.
//!
//! OWASP ASVS 5.0 V3.4; CSP level 3, RFC 6797 (HSTS), Fetch (CORP), HTML (COOP).

use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};

/// No script, no frame, no plug-in, nothing from elsewhere. `data:` is the empty icon.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
                           base-uri 'none'; frame-ancestors 'none'";
/// The page whose form goes to the app: browsers hold the answer's redirects to this too, and where the app sends people on
/// to is its own business.
const SENDING_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self' https: http:; \
                              base-uri 'none'; frame-ancestors 'none'";
/// A logo opened by itself is a document too: an SVG may carry scripts.
const FILE_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";
const FEATURES: &str = "camera=(), microphone=(), geolocation=(), publickey-credentials-get=(self), \
                        publickey-credentials-create=(self)";

/// An HTML page. `https`: the origin's scheme; HSTS means nothing over plain HTTP (RFC 6797 §7.2).
pub(super) fn page(h: &mut HeaderMap, https: bool) {
    put(h, header::CONTENT_TYPE, "text/html; charset=utf-8");
    put(h, header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    put(h, header::X_FRAME_OPTIONS, "DENY");
    put(h, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    put(h, HeaderName::from_static("permissions-policy"), FEATURES);
    private(h, https);
}

/// Lets the page's form be answered by the app.
pub(super) fn sending(h: &mut HeaderMap) {
    put(h, header::CONTENT_SECURITY_POLICY, SENDING_POLICY);
}

/// Anything that is about one visitor: redirects, problem documents, pages.
pub(super) fn private(h: &mut HeaderMap, https: bool) {
    put(h, header::CACHE_CONTROL, "no-store");
    guarded(h, https);
}

/// A file that is the same for everybody for ever.
pub(super) fn immutable(h: &mut HeaderMap, https: bool) {
    put(h, header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    put(h, header::CONTENT_SECURITY_POLICY, FILE_POLICY);
    guarded(h, https);
}

/// Public keys: the next one is published long before it signs, so a short life is enough.
pub(super) fn keys(h: &mut HeaderMap, https: bool) {
    put(h, header::CONTENT_TYPE, "application/jwk-set+json");
    put(h, header::CACHE_CONTROL, "public, max-age=300");
    guarded(h, https);
}

fn guarded(h: &mut HeaderMap, https: bool) {
    put(h, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(h, header::REFERRER_POLICY, "no-referrer");
    put(h, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if https {
        put(h, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
}

fn put(h: &mut HeaderMap, name: HeaderName, value: &'static str) {
    h.insert(name, HeaderValue::from_static(value));
}
