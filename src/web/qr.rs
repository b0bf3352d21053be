//! A QR code as inline SVG: black on white with its quiet zone in every colour scheme, no style, one path.

use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;

/// ISO/IEC 18004: four modules of white on every side.
const QUIET: usize = 4;

/// `None` for a text that no QR code holds. Level M: a screen is not scratched, and smaller codes scan faster.
pub(super) fn svg(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let colours = code.to_colors();
    let side = code.width() + 2 * QUIET;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" width=\"{0}\" height=\"{0}\" \
         shape-rendering=\"crispEdges\" aria-hidden=\"true\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
         <path fill=\"#000\" d=\"",
        side * 6
    );
    for (y, row) in colours.chunks(code.width()).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                // writing to a String cannot fail
                let _ = write!(svg, "M{} {}h{}v1h-{}z", x + QUIET, y + QUIET, run.len(), run.len());
            }
            x += run.len();
        }
    }
    svg.push_str("\"/></svg>");
    Some(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws what [`svg`] wrote, so that a decoder of somebody else can read it.
    fn drawn(svg: &str) -> image::GrayImage {
        let number = |s: &str| -> u32 { s.parse().unwrap() };
        let side = number(svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap());
        let mut picture = image::GrayImage::from_pixel(side * 4, side * 4, image::Luma([255]));
        let dark = svg.split("fill=\"#000\" d=\"M").nth(1).unwrap().split('"').next().unwrap();
        for run in dark.trim_end_matches('z').split("zM") {
            let (x, rest) = run.split_once(' ').unwrap();
            let (y, rest) = rest.split_once('h').unwrap();
            let (x, y, long) = (number(x), number(y), number(rest.split('v').next().unwrap()));
            for (dx, dy) in (0..long * 4).flat_map(|dx| (0..4).map(move |dy| (dx, dy))) {
                picture.put_pixel(x * 4 + dx, y * 4 + dy, image::Luma([0]));
            }
        }
        picture
    }

    #[test]
    fn another_library_reads_the_very_text() {
        let long = format!("otpauth://totp/{}:{}?secret={}", "I".repeat(64), "a".repeat(128), "A".repeat(32));
        for text in ["otpauth://totp/ACME%20Co:alice?secret=GEZDGNBVGY3TQOJQ&issuer=ACME%20Co", &long] {
            let mut picture = rqrr::PreparedImage::prepare(drawn(&svg(text).unwrap()));
            let (_, read) = picture.detect_grids().first().unwrap().decode().unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn what_no_code_holds_is_none() {
        assert_eq!(svg(&"x".repeat(5000)), None);
    }
}
