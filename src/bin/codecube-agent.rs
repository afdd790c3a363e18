//! The first process in a sandbox; everything it does is in `codecube::agent`.

use std::process::ExitCode;

fn main() -> ExitCode {
    codecube::agent::main()
}
