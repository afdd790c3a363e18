//! Languages: what can be run.
//!
//! One folder under `images/languages/` each, embedded at build time, checked
//! at start, then read-only. Not here: which versions an image holds (the runner reads them from the image).

mod guess;
mod typescript;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(rust_embed::RustEmbed)]
#[folder = "images/languages"]
struct Folders;

/// A language's id: the name of its folder. Any text may be deserialized into one; whether such a language
/// exists is known to [`Languages`] only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LanguageId(pub String);

impl fmt::Display for LanguageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// One language, as its `language.toml` says.
#[derive(Debug, Clone, Serialize)]
pub struct Language {
    /// The folder's name.
    pub id: LanguageId,
    /// The name people read.
    pub name: String,
    /// Other words that find it, for API users.
    pub aliases: Vec<String>,
    /// Name of the main file when the visitor gives none.
    pub main: String,
    /// Argument vector of the compile stage, with placeholders; absent when nothing is compiled.
    pub compile: Option<Vec<String>>,
    /// Argument vector of the run stage, with placeholders; the visitor's arguments follow it.
    pub run: Vec<String>,
    /// Whether the run command, for the main file's own name, can be started before the program is known.
    pub prestart: bool,
    /// Name of the editor's mode.
    pub editor: String,
    /// Variables beside the common ones.
    pub environment: BTreeMap<String, String>,
    /// Limits that differ from the server's.
    pub limits: LanguageLimits,
    /// The first program a visitor sees.
    pub hello: String,
}

/// Limits of one language where the defaults do not fit.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageLimits {
    /// Memory, MiB.
    pub memory_mb: Option<u64>,
    /// Processes and threads.
    pub processes: Option<i64>,
    /// Wall time of the compile stage, seconds.
    pub compile_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    main: String,
    #[serde(default)]
    compile: Option<Vec<String>>,
    run: Vec<String>,
    #[serde(default)]
    prestart: bool,
    editor: String,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    limits: LanguageLimits,
    // For `images/build` only: image, Debian packages, the command that prints the version, commands at image build.
    #[serde(default, rename = "image")]
    _image: Option<String>,
    #[serde(default, rename = "packages")]
    _packages: Vec<String>,
    #[serde(default, rename = "version")]
    _version: Vec<String>,
    #[serde(default, rename = "prepare")]
    _prepare: Vec<String>,
}

/// Why the language folders cannot be used; the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum LanguagesError {
    /// A manifest cannot be read.
    #[error("images/languages/{folder}/language.toml: {reason}")]
    Manifest {
        /// The folder.
        folder: String,
        /// What is wrong.
        reason: String,
    },
    /// A folder lacks its first program.
    #[error("images/languages/{0} has no hello.* file")]
    NoHello(String),
    /// Two languages want the same word.
    #[error("“{0}” names two languages: {1} and {2}")]
    Clash(String, LanguageId, LanguageId),
}

/// All languages, sorted by name.
#[derive(Debug)]
pub struct Languages {
    all: Vec<Language>,
    by_word: HashMap<String, usize>,
}

impl Languages {
    /// Reads and checks the embedded folders.
    ///
    /// # Errors
    /// When a folder is incomplete or two languages clash.
    pub fn load() -> Result<Self, LanguagesError> {
        let manifests = Folders::iter().filter_map(|path| path.strip_suffix("/language.toml").map(str::to_owned));
        let mut all = manifests.map(|folder| load_one(&folder)).collect::<Result<Vec<_>, _>>()?;
        all.sort_by_key(|language| language.name.to_lowercase());
        let mut by_word = HashMap::new();
        for (index, language) in all.iter().enumerate() {
            for word in std::iter::once(&language.id.0).chain(&language.aliases) {
                if let Some(other) = by_word.insert(word.to_lowercase(), index) {
                    return Err(LanguagesError::Clash(word.clone(), all[other].id.clone(), language.id.clone()));
                }
            }
        }
        Ok(Self { all, by_word })
    }

    /// The language with this id or alias, upper and lower case alike.
    #[must_use]
    pub fn find(&self, word: &str) -> Option<&Language> {
        self.by_word.get(&word.to_lowercase()).map(|&index| &self.all[index])
    }

    /// The language with exactly this id.
    #[must_use]
    pub fn get(&self, id: &LanguageId) -> Option<&Language> {
        self.find(&id.0)
    }

    /// All of them, sorted by name.
    #[must_use]
    pub fn all(&self) -> &[Language] {
        &self.all
    }
}

fn load_one(folder: &str) -> Result<Language, LanguagesError> {
    let fault = |reason: String| LanguagesError::Manifest { folder: folder.to_owned(), reason };
    let text = read(&format!("{folder}/language.toml")).ok_or_else(|| fault("not readable as UTF-8".into()))?;
    let manifest: Manifest = toml::from_str(&text).map_err(|error| fault(error.to_string()))?;
    if manifest.run.is_empty() || manifest.compile.as_ref().is_some_and(Vec::is_empty) {
        return Err(fault("a command is empty".into()));
    }
    let hello = Folders::iter()
        .find(|path| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with("/hello.")))
        .and_then(|path| read(&path))
        .ok_or_else(|| LanguagesError::NoHello(folder.to_owned()))?;
    Ok(Language {
        id: LanguageId(folder.to_owned()),
        name: manifest.name,
        aliases: manifest.aliases,
        main: manifest.main,
        compile: manifest.compile,
        run: manifest.run,
        prestart: manifest.prestart,
        editor: manifest.editor,
        environment: manifest.environment,
        limits: manifest.limits,
        hello,
    })
}

fn read(path: &str) -> Option<String> {
    Folders::get(path).and_then(|file| String::from_utf8(file.data.into_owned()).ok())
}

/// Replaces the placeholders of a language's command.
///
/// `{main}` is the main file's path, `{stem}` the same
/// without its extension, `{class}` its file name without extension, and an argument that is just `{files}`
/// becomes all paths whose extension is the main file's.
#[must_use]
pub fn fill_command(command: &[String], paths: &[&str]) -> Vec<String> {
    let main = paths.first().copied().unwrap_or_default();
    let (stem, extension) = main.rsplit_once('.').unwrap_or((main, ""));
    let class = stem.rsplit('/').next().unwrap_or(stem);
    let same_kind = |path: &&&str| **path == main || path.rsplit_once('.').is_some_and(|(_, end)| end == extension);
    let mut filled = Vec::with_capacity(command.len() + paths.len());
    for word in command {
        if word == "{files}" {
            filled.extend(paths.iter().filter(same_kind).map(|path| relative(path)));
        } else {
            filled.push(word.replace("{main}", &relative(main)).replace("{stem}", stem).replace("{class}", class));
        }
    }
    filled
}

/// A path that starts with a dash must not be read as an option.
fn relative(path: &str) -> String {
    if path.starts_with('-') { format!("./{path}") } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_languages_load() {
        let languages = Languages::load().unwrap();
        assert_eq!(languages.find("PYTHON").unwrap().id.0, "python");
    }

    #[test]
    fn a_file_name_cannot_become_an_option() {
        let command = ["cc".to_owned(), "{files}".to_owned()];
        assert_eq!(fill_command(&command, &["-x.c", "b.c", "c.h"]), ["cc", "./-x.c", "b.c"]);
    }
}
