//! Tells cargo when to build again: the embedding macros notice a changed file, but neither a new one nor a new folder.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The agent, built without the server, embeds nothing; a changed page must not compile it again.
    if std::env::var_os("CARGO_FEATURE_SERVER").is_some() {
        for folder in ["images/languages", "static/dist", "templates"] {
            println!("cargo:rerun-if-changed={folder}");
        }
    }
}
