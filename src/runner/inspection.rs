//! Inspection: what an Engine says about itself and its sandboxes, for whoever examines a host.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::languages::LanguageId;
use crate::runner::docker::{Engine, EngineError};
use crate::runner::health::CurrentImage;
use crate::runner::slots::NAME_PREFIX;
use crate::runner::{Settings, docker, setup};

/// Looks at one Engine; it changes nothing there.
pub struct Inspector {
    engine: Engine,
    image: String,
    runtime: Option<String>,
}

/// One container of a runner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SandboxSeen {
    /// The Engine's id.
    pub id: String,
    /// The user id of everything in it.
    pub uid: u32,
}

/// What the Engine says about itself. What it does not say has its type's empty value.
#[derive(Debug, Clone, Serialize)]
pub struct HostFacts {
    /// Where the Engine listens.
    pub engine_address: String,
    /// Languages of the image, with their versions; empty when the image does not say.
    pub languages: BTreeMap<LanguageId, String>,
    /// Whether sandboxes have gVisor's kernel.
    pub gvisor: bool,
    /// The rest, in the Engine's own names.
    pub engine: EngineFacts,
}

/// Names and meaning are those of the Engine's `/info`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EngineFacts {
    /// Version of the Engine.
    pub server_version: String,
    /// Version of the kernel.
    pub kernel_version: String,
    /// 1 or 2.
    pub cgroup_version: String,
    /// The runtime of containers that name none.
    pub default_runtime: String,
    /// All runtimes.
    pub runtimes: BTreeMap<String, serde_json::Value>,
    /// Version or commit of `runc`.
    pub runc_commit: Commit,
    /// Such as `name=seccomp,profile=default`, `name=userns`, `name=rootless`.
    pub security_options: Vec<String>,
    /// What the Engine itself complains about.
    pub warnings: Option<Vec<String>>,
    /// Where images and containers lie.
    pub docker_root_dir: String,
    /// Containers of everybody.
    pub containers: u64,
    /// Whether memory can be limited.
    pub memory_limit: bool,
    /// Whether swap can be limited.
    pub swap_limit: bool,
    /// Whether processes can be limited.
    pub pids_limit: bool,
    /// Whether processor time can be limited; the Engine's own spelling.
    #[serde(rename = "CpuCfsQuota", alias = "CPUCfsQuota")]
    pub cpu_quota: bool,
}

/// The version of a tool of the Engine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Version or commit.
    #[serde(rename = "ID", default)]
    pub id: String,
}

impl EngineFacts {
    /// Whether users in containers are others outside.
    #[must_use]
    pub fn is_remapped(&self) -> bool {
        docker::are_remapped(&self.security_options)
    }
}

impl Inspector {
    /// Connects to the Engine of these settings.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn connect(settings: &Settings) -> Result<Self, EngineError> {
        let engine = Engine::connect(settings.docker_host.as_deref()).await?;
        Ok(Self { engine, image: settings.image.clone(), runtime: settings.runtime.clone() })
    }

    /// What the Engine says about itself and the image.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn host(&self) -> Result<HostFacts, EngineError> {
        let described = self.engine.describe().await?;
        let abilities = self.engine.abilities().await?;
        let image = CurrentImage::from(self.engine.image(&self.image).await?);
        Ok(HostFacts {
            engine_address: self.engine.address().to_owned(),
            languages: image.versions,
            gvisor: setup::is_gvisor(self.runtime.as_deref(), &abilities),
            engine: serde_json::from_value(described).map_err(|error| EngineError::Refused(error.to_string()))?,
        })
    }

    /// The containers, running or not, of the runner with this name.
    ///
    /// # Errors
    /// When the Engine does not answer.
    pub async fn sandboxes(&self, name: &str) -> Result<Vec<SandboxSeen>, EngineError> {
        let listed = self.engine.list().await?.into_iter().filter(|listed| listed.name == name);
        let uid = |container: &str| container.strip_prefix(NAME_PREFIX)?.parse().ok();
        Ok(listed.map(|listed| SandboxSeen { uid: uid(&listed.container).unwrap_or(0), id: listed.id }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_says_little_is_understood() {
        let facts: EngineFacts = serde_json::from_str(r#"{"Warnings":null,"CgroupVersion":"2"}"#).unwrap();
        assert_eq!((facts.cgroup_version.as_str(), facts.swap_limit), ("2", false));
        assert!(!facts.is_remapped());
        let facts: EngineFacts = serde_json::from_str(r#"{"SecurityOptions":["name=seccomp","name=userns"]}"#).unwrap();
        assert!(facts.is_remapped());
    }
}
