use std::io::Write;
use std::thread::sleep;
use std::time::Duration;

fn main() {
    println!("Hello, world!");
    println!("This is Rust, compiled just now in a fresh container.");

    for number in (1..=3).rev() {
        print!("{number}... ");
        std::io::stdout().flush().expect("stdout is open");
        sleep(Duration::from_millis(200));
    }
    println!("go: change me and press Run.");
}
