//! The Lua scripts, each one atomic change; and the key sets that they take.

use redis::Script;

use crate::db::keys;
use crate::runs::request::RunId;

macro_rules! script {
    ($name:literal) => {
        Script::new(concat!(include_str!("scripts/append.lua"), "\n", include_str!(concat!("scripts/", $name, ".lua"))))
    };
}

/// All of them; the hash of each text is computed once.
pub(super) struct Scripts {
    pub(super) submit: Script,
    pub(super) claim: Script,
    pub(super) log: Script,
    pub(super) finish: Script,
    pub(super) control: Script,
    pub(super) positions: Script,
    pub(super) announce: Script,
}

impl Scripts {
    pub(super) fn load() -> Self {
        Self {
            submit: script!("submit"),
            claim: script!("claim"),
            log: script!("log"),
            finish: script!("finish"),
            control: script!("control"),
            positions: script!("positions"),
            announce: script!("announce"),
        }
    }
}

/// The keys of one run and of its shard.
pub(super) struct RunKeys {
    pub(super) run: String,
    pub(super) log: String,
    pub(super) input: String,
    pub(super) queue: String,
    pub(super) waiting: String,
}

impl RunKeys {
    pub(super) fn of(id: &RunId) -> Self {
        let shard = id.shard();
        Self {
            run: keys::run(shard, id.as_str()),
            log: keys::run_log(shard, id.as_str()),
            input: keys::run_input(shard, id.as_str()),
            queue: keys::queue(shard),
            waiting: keys::waiting(shard),
        }
    }
}
