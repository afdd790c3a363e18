//! A QR code of an address, as an SVG image. It is served as a file of its own, because pages allow no inline image
//! and no inline style.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use qrcode::render::svg::Color;
use qrcode::{EcLevel, QrCode};

use crate::web::error::WebError;
use crate::web::headers::RAW_POLICY;

/// Least width and height, pixels; it grows with the text.
const LEAST_PIXELS: u32 = 240;

/// The code of a text as SVG: dark on light whatever the page's colours, for cameras want it so.
///
/// # Errors
/// When the text is longer than a code can hold, some 2 300 bytes.
pub(super) fn svg(text: &str) -> Result<String, WebError> {
    let too_long = |_| WebError::Malformed("This is too long for a QR code.");
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(too_long)?;
    let mut image = code.render::<Color<'_>>();
    image.min_dimensions(LEAST_PIXELS, LEAST_PIXELS).quiet_zone(true);
    Ok(image.dark_color(Color("#000")).light_color(Color("#fff")).build())
}

/// An answer that is the code of an address. Never cached: what it carries may be a secret.
///
/// # Errors
/// As [`svg`].
pub(super) fn answer(text: &str) -> Result<HttpResponse, WebError> {
    Ok(HttpResponse::Ok()
        .content_type("image/svg+xml")
        .insert_header((CONTENT_SECURITY_POLICY, RAW_POLICY))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(svg(text)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_an_image_and_a_novel_does_not() {
        let image = svg("https://cube.example/abcdefghjkmn").unwrap();
        assert!(image.contains("<svg") && image.contains("#000"), "{image}");
        assert!(svg(&"x".repeat(5000)).is_err());
    }
}
