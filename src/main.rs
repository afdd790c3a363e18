//! CodeCube's program.

fn main() {}
