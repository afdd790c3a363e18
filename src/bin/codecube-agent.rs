//! The first process in a sandbox.

fn main() {}
