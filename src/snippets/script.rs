//! The Lua scripts, each one atomic change of a snippet.

use redis::Script;

/// All of them; the hash of each text is computed once.
pub(super) struct Scripts {
    pub(super) save: Script,
    pub(super) presence: Script,
    pub(super) expire: Script,
    pub(super) delete: Script,
    pub(super) undelete: Script,
    pub(super) end: Script,
    pub(super) hand_over: Script,
    pub(super) note_fork: Script,
    pub(super) relock: Script,
    pub(super) fold: Script,
}

impl Scripts {
    pub(super) fn load() -> Self {
        Self {
            save: Script::new(include_str!("scripts/save.lua")),
            presence: Script::new(include_str!("scripts/presence.lua")),
            expire: Script::new(include_str!("scripts/expire.lua")),
            delete: Script::new(include_str!("scripts/delete.lua")),
            undelete: Script::new(include_str!("scripts/undelete.lua")),
            end: Script::new(include_str!("scripts/end.lua")),
            hand_over: Script::new(include_str!("scripts/hand_over.lua")),
            note_fork: Script::new(include_str!("scripts/note_fork.lua")),
            relock: Script::new(include_str!("scripts/relock.lua")),
            fold: Script::new(include_str!("scripts/fold.lua")),
        }
    }
}
