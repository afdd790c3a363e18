//! The sixteen colours of a terminal, and which of them is nearest to any other that a program names: a page has
//! classes for these only, each with enough contrast in light and dark.

/// What programs mean by them.
const MEANT: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];
/// Brightness of the six steps in the cube of 216 colours.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The nearest to one of the 256: sixteen, a cube, greys.
pub(super) fn nearest_indexed(index: u8) -> u8 {
    match index {
        0..=15 => index,
        16..=231 => {
            let place = index - 16;
            let step = |number: u8| STEPS[usize::from(number % 6)];
            nearest((step(place / 36), step(place / 6), step(place)))
        }
        232.. => {
            let grey = 8 + (index - 232) * 10;
            nearest((grey, grey, grey))
        }
    }
}

/// The nearest to a colour of red, green and blue.
pub(super) fn nearest((red, green, blue): (u8, u8, u8)) -> u8 {
    let distance = |meant: &(u8, u8, u8)| {
        let square = |one: u8, other: u8| u32::from(one.abs_diff(other)).pow(2);
        // Eyes tell greens better than reds, and reds better than blues.
        3 * square(meant.0, red) + 4 * square(meant.1, green) + 2 * square(meant.2, blue)
    };
    (0..16).min_by_key(|&index| distance(&MEANT[usize::from(index)])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_colour_is_near_one_of_sixteen() {
        assert_eq!([1, 196, 46, 21, 255].map(nearest_indexed), [1, 9, 10, 4, 7]);
        assert!((0..=255).all(|index| nearest_indexed(index) < 16));
    }
}
