//! Who may import whom. The table is DESIGN's; a new edge needs a decision note and a line here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each part, and the parts of ours that it may name.
const ALLOWED: &[(&str, &[&str])] = &[
    (
        "app",
        &["config", "db", "doctor", "languages", "operator", "program", "runner", "runs", "seal", "snippets", "web"],
    ),
    ("web", &["db::DbError", "languages", "program", "runs", "seal", "snippets"]),
    ("runner", &["db::DbError", "languages", "program", "protocol", "runs"]),
    ("operator", &["db::DbError", "runs", "snippets"]),
    ("doctor", &["db::DbError", "languages", "program", "runner", "runs"]),
    ("runs", &["db", "languages", "program", "seal"]),
    ("snippets", &["db", "languages", "program", "seal"]),
    ("program", &["languages"]),
    ("agent", &["protocol"]),
    ("config", &[]),
    ("db", &["seal"]),
    ("languages", &[]),
    ("protocol", &[]),
    ("seal", &[]),
    ("telemetry", &[]),
];

/// Foreign crates that stay in one file.
const ONE_FILE: &[(&str, &str)] = &[("bollard", "src/runner/docker.rs"), ("actix_web_actors", "src/web/run_socket.rs")];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let name = |path: &Path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    rust_files(&root.join("src")).iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

/// The part a file belongs to: its folder or its own name below `src`.
fn part(file: &str) -> &str {
    let below = file.strip_prefix("src/").unwrap();
    below.split('/').next().unwrap().trim_end_matches(".rs")
}

/// What follows each `crate::` in a source, comments left out.
fn imports(source: &str) -> BTreeSet<String> {
    let code = source.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
    let ends = |character: char| !(character.is_alphanumeric() || character == '_' || character == ':');
    code.split("crate::").skip(1).map(|rest| rest.split(ends).next().unwrap().to_owned()).collect()
}

#[test]
fn every_part_imports_only_what_the_table_allows() {
    let mut faults = Vec::new();
    for (file, source) in sources() {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == part(&file)) else {
            assert!(["lib", "main", "bin"].contains(&part(&file)), "{file}: this part is not in the table");
            continue;
        };
        for import in imports(&source) {
            let own = import == part(&file) || import.starts_with(&format!("{}::", part(&file)));
            let granted = |name: &&str| import == **name || import.starts_with(&format!("{name}::"));
            if !own && !allowed.iter().any(granted) {
                faults.push(format!("{file}: crate::{import}"));
            }
        }
    }
    assert!(faults.is_empty(), "forbidden imports:\n{}", faults.join("\n"));
}

#[test]
fn no_group_hides_an_import() {
    for (file, source) in sources().iter().filter(|(file, _)| !file.starts_with("src/app/")) {
        assert!(!source.contains("crate::{"), "{file}: write full paths, one part each");
        assert!(!source.contains("super::super"), "{file}: write the full path");
    }
}

#[test]
fn a_foreign_crate_that_may_go_stays_in_its_file() {
    for (name, home) in ONE_FILE {
        let users: Vec<_> = sources().into_iter().filter(|(_, source)| source.contains(&format!("{name}::"))).collect();
        let names: Vec<_> = users.iter().map(|(file, _)| file.as_str()).collect();
        assert_eq!(names, [*home], "{name}");
    }
}
