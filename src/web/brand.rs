//! How the pages look to belong to the one who runs the gateway: name, logo, colour, line of support.
//!
//! Values only, checked when built; reading files is the configuration's part.

use bytes::Bytes;
use std::fmt;
use std::str::FromStr;

/// `brand:` of the configuration.
#[derive(Clone, Debug)]
pub struct Brand {
    pub name: String,
    pub logo: Option<Logo>,
    pub colour: Colour,
    /// One line that stands on every page: whom to call.
    pub support: Option<String>,
}

impl Default for Brand {
    fn default() -> Self {
        Brand { name: "Portcullis".to_string(), logo: None, colour: Colour::DEFAULT, support: None }
    }
}

/// An image, served from our own prefix.
#[derive(Clone)]
pub struct Logo {
    pub bytes: Bytes,
    pub kind: LogoKind,
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logo({:?}, {} bytes)", self.kind, self.bytes.len())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoKind {
    Svg,
    Png,
    Jpeg,
    Webp,
}

impl LogoKind {
    /// By the file's extension; `None`: not an image that we serve.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "svg" => Some(LogoKind::Svg),
            "png" => Some(LogoKind::Png),
            "jpg" | "jpeg" => Some(LogoKind::Jpeg),
            "webp" => Some(LogoKind::Webp),
            _ => None,
        }
    }
    pub(super) fn extension(self) -> &'static str {
        match self {
            LogoKind::Svg => "svg",
            LogoKind::Png => "png",
            LogoKind::Jpeg => "jpg",
            LogoKind::Webp => "webp",
        }
    }
    pub(super) fn content_type(self) -> &'static str {
        match self {
            LogoKind::Svg => "image/svg+xml",
            LogoKind::Png => "image/png",
            LogoKind::Jpeg => "image/jpeg",
            LogoKind::Webp => "image/webp",
        }
    }
}

/// An sRGB colour, written `#0a5` or `#00aa55`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a colour: #rgb or #rrggbb expected")]
pub struct BadColour;

impl Colour {
    pub const DEFAULT: Colour = Colour { red: 0x1f, green: 0x5f, blue: 0xd0 };
    const BLACK: Colour = Colour { red: 0, green: 0, blue: 0 };
    const WHITE: Colour = Colour { red: 0xff, green: 0xff, blue: 0xff };

    /// Black or white, whichever reads better on this colour. The better one has at least 4.58:1 on any colour, so
    /// that no choice of brand can break WCAG 2.2, 1.4.3.
    pub(super) fn ink(self) -> Colour {
        if self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) { Self::WHITE } else { Self::BLACK }
    }

    /// Contrast ratio of WCAG 2.2.
    pub(super) fn contrast(self, other: Colour) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Relative luminance of WCAG 2.2.
    fn luminance(self) -> f64 {
        let linear = |v: u8| {
            let c = f64::from(v) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl FromStr for Colour {
    type Err = BadColour;
    fn from_str(s: &str) -> Result<Self, BadColour> {
        let digits: Vec<u8> = s
            .strip_prefix('#')
            .ok_or(BadColour)?
            .chars()
            .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()).ok_or(BadColour))
            .collect::<Result<_, _>>()?;
        match digits.as_slice() {
            [r, g, b] => Ok(Colour { red: r * 17, green: g * 17, blue: b * 17 }),
            [r1, r0, g1, g0, b1, b0] => Ok(Colour { red: r1 << 4 | r0, green: g1 << 4 | g0, blue: b1 << 4 | b0 }),
            _ => Err(BadColour),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_has_two_spellings() {
        assert_eq!("#0a5".parse::<Colour>(), "#00AA55".parse());
        for s in ["", "0a5", "#0a", "#0a5g", "#00aa5", "#00aa5é", "red", "#0a5;}"] {
            assert_eq!(s.parse::<Colour>(), Err(BadColour), "{s:?}");
        }
    }

    #[test]
    fn text_on_any_brand_colour_can_be_read() {
        for v in 0..=255u8 {
            for c in [Colour { red: v, green: v, blue: v }, Colour { red: v, green: 128, blue: 255 - v }] {
                assert!(c.contrast(c.ink()) >= 4.5, "{c}: {}", c.contrast(c.ink()));
            }
        }
    }
}
