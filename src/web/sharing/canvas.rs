//! A canvas: rectangles and monospaced text, and the result as PNG. No file, no font of the machine, no network.

use std::collections::HashMap;
use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, OutlinedGlyph, PxScale, ScaleFont, point};

/// Red, green, blue.
pub(super) type Rgb = [u8; 3];

static REGULAR: LazyLock<FontRef<'static>> =
    LazyLock::new(|| FontRef::try_from_slice(dejavu::sans_mono::regular()).expect("the font is part of the program"));

/// An image in memory.
pub(super) struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
    /// Shapes of glyphs of this size; a text has each of them many times.
    shapes: HashMap<(char, u32), Option<OutlinedGlyph>>,
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32, ground: Rgb) -> Self {
        let pixels = ground.repeat(width as usize * height as usize);
        Self { width, height, pixels, shapes: HashMap::new() }
    }

    /// Fills a rectangle; what is outside of the canvas is left away.
    pub(super) fn fill(&mut self, (left, top): (u32, u32), (width, height): (u32, u32), colour: Rgb) {
        for y in top..(top + height).min(self.height) {
            for x in left..(left + width).min(self.width) {
                self.blend(x, y, colour, 1.0);
            }
        }
    }

    /// Writes text whose upper left corner is there, each character in a cell of this size; gives the next cell's
    /// left side. What the font lacks becomes its box.
    pub(super) fn write(&mut self, (left, top): (u32, u32), cell: Cell, text: &str, colour: Rgb) -> u32 {
        let mut x = left;
        for character in text.chars() {
            self.glyph((x, top), cell, character, colour);
            x += cell.width;
        }
        x
    }

    fn glyph(&mut self, (left, top): (u32, u32), cell: Cell, character: char, colour: Rgb) {
        let scale = PxScale::from(cell.font_size as f32);
        let ascent = REGULAR.as_scaled(scale).ascent();
        let shape = self.shapes.entry((character, cell.font_size)).or_insert_with(|| {
            REGULAR.outline_glyph(REGULAR.glyph_id(character).with_scale_and_position(scale, point(0.0, ascent)))
        });
        let Some(shape) = shape.clone() else {
            return;
        };
        let (bounds, mut dots) = (shape.px_bounds(), Vec::new());
        shape.draw(|x, y, cover| dots.push((x, y, cover)));
        for (x, y, cover) in dots {
            let (x, y) = (left as f32 + bounds.min.x + x as f32, top as f32 + bounds.min.y + y as f32);
            if x >= 0.0 && y >= 0.0 {
                self.blend(x as u32, y as u32, colour, cover);
            }
        }
    }

    fn blend(&mut self, x: u32, y: u32, colour: Rgb, cover: f32) {
        if x >= self.width || y >= self.height {
            return;
        }
        let start = 3 * (y as usize * self.width as usize + x as usize);
        for (pixel, part) in self.pixels[start..start + 3].iter_mut().zip(colour) {
            *pixel = (f32::from(*pixel) * (1.0 - cover) + f32::from(part) * cover).round() as u8;
        }
    }

    /// The image as a file.
    pub(super) fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(file)
    }
}

/// The place of one character.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) font_size: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}
