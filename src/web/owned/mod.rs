//! What a visitor owns: the list of their snippets, and taking them to another device.

pub(super) mod mine;
pub(super) mod moving;
