// @lang: rust
// @contain: a macro that doubles its text in each round
// @status: compile error, out of memory or time limit
// @host: no rustc left
// @expect: exit:*|oom|timeout|signal:*
#![recursion_limit = "100000"]
macro_rules! double { ($($t:tt)*) => { double!{ $($t)* $($t)* x } } }
double!{ x }
fn main() {}
