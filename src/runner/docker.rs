//! Docker: every call to the Engine, each with its own deadline. The only file that knows bollard.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error as BollardError;
use bollard::models::{ContainerCreateBody, ContainerSummary, ContainerSummaryStateEnum, ContainerUpdateBody};
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, InspectContainerOptions, KillContainerOptionsBuilder,
    ListContainersOptionsBuilder, ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder, RemoveVolumeOptions,
    StartContainerOptions,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use serde_json::Value;
use tokio::io::AsyncWrite;

use crate::runner::broken::Seen;
use crate::runner::configuration::{LABEL_NAME, LABEL_RUNNER};

const CREATE: Duration = Duration::from_secs(10);
const START: Duration = Duration::from_secs(15);
const UPDATE: Duration = Duration::from_secs(10);
const END: Duration = Duration::from_secs(10);
const INSPECT: Duration = Duration::from_secs(5);
const LIST: Duration = Duration::from_secs(10);

/// Where the `docker` command looks when nothing else is said.
const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

/// Why the Engine did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The address cannot be used.
    #[error("the address {0} cannot be used: {1}")]
    Address(String, String),
    /// Nobody answers.
    #[error("no docker engine answers at {0}: {1}")]
    Unreachable(String, String),
    /// It took longer than the call may.
    #[error("the docker engine did not {0} within {1} s")]
    TimedOut(&'static str, u64),
    /// The container or image does not exist.
    #[error("not there: {0}")]
    Gone(String),
    /// A name is taken, or the container is in the wrong state.
    #[error("in conflict: {0}")]
    Conflict(String),
    /// The Engine answered with another error.
    #[error("refused by the docker engine: {0}")]
    Refused(String),
}

impl EngineError {
    /// Whether the Engine itself may be away, so that trying again later makes sense.
    #[must_use]
    pub fn is_engine_away(&self) -> bool {
        matches!(self, Self::Unreachable(..) | Self::Address(..))
    }

    /// Whether it took longer than it may.
    #[must_use]
    pub fn is_late(&self) -> bool {
        matches!(self, Self::TimedOut(..))
    }
}

/// An image as the Engine has it.
#[derive(Debug, Clone)]
pub(super) struct Image {
    pub(super) id: String,
    pub(super) labels: HashMap<String, String>,
}

/// What the Engine can give.
#[derive(Debug, Clone)]
pub(super) struct Abilities {
    pub(super) processors: u32,
    pub(super) memory_mb: u64,
    pub(super) cgroup_driver: String,
    /// Names, and the programs behind them.
    pub(super) runtimes: BTreeMap<String, String>,
    pub(super) default_runtime: String,
    /// Whether users in containers are others outside (`userns-remap`, rootless).
    pub(super) remapped: bool,
}

/// Whether users in containers are others outside, by the Engine's security options.
pub(super) fn are_remapped(security_options: &[String]) -> bool {
    let names = ["name=userns", "name=rootless"];
    security_options.iter().any(|option| names.iter().any(|name| option.contains(name)))
}

/// A container that carries our label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) container: String,
    pub(super) runner: String,
    pub(super) name: String,
    pub(super) state: State,
}

/// How far a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Created,
    Alive,
    Ended,
}

/// A piece of what a container printed.
pub(super) enum Piece {
    Stdout(Bytes),
    Stderr(Bytes),
}

/// Both directions of an attached container. Dropping both detaches, and ends the container's stdin.
pub(super) struct Attached {
    pub(super) output: Pin<Box<dyn Stream<Item = Result<Piece, EngineError>> + Send>>,
    pub(super) input: Pin<Box<dyn AsyncWrite + Send>>,
}

/// The way to the Engine; clones are cheap, and each call has a connection of its own.
#[derive(Clone)]
pub(super) struct Engine {
    docker: bollard::Docker,
    address: String,
}

impl Engine {
    /// Connects to the Engine at this address, or where the `docker` command looks, and agrees on a version with it.
    pub(super) async fn connect(host: Option<&str>) -> Result<Self, EngineError> {
        let address = host.unwrap_or(DEFAULT_HOST).to_owned();
        let docker = bollard::Docker::connect_with_host(&address).map_err(|error| match error {
            BollardError::SocketNotFoundError(_) => EngineError::Unreachable(address.clone(), "no such socket".into()),
            other => EngineError::Address(address.clone(), other.to_string()),
        })?;
        let mut engine = Self { docker, address };
        engine.docker = engine.within("tell its version", INSPECT, engine.docker.clone().negotiate_version()).await?;
        Ok(engine)
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) async fn abilities(&self) -> Result<Abilities, EngineError> {
        let info = self.within("describe itself", LIST, self.docker.info()).await?;
        let processors = info.ncpu.and_then(|count| u32::try_from(count).ok()).unwrap_or(1).max(1);
        let runtimes = info.runtimes.unwrap_or_default().into_iter();
        Ok(Abilities {
            processors,
            memory_mb: info.mem_total.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0) >> 20,
            cgroup_driver: info.cgroup_driver.map(|driver| driver.to_string()).unwrap_or_default(),
            runtimes: runtimes.map(|(name, runtime)| (name, runtime.path.unwrap_or_default())).collect(),
            default_runtime: info.default_runtime.unwrap_or_default(),
            remapped: are_remapped(&info.security_options.unwrap_or_default()),
        })
    }

    /// All that the Engine says about itself, as its API has it.
    pub(super) async fn describe(&self) -> Result<Value, EngineError> {
        let info = self.within("describe itself", LIST, self.docker.info()).await?;
        serde_json::to_value(info).map_err(|error| EngineError::Refused(error.to_string()))
    }

    pub(super) async fn image(&self, name: &str) -> Result<Image, EngineError> {
        let image = self.within("describe the image", INSPECT, self.docker.inspect_image(name)).await?;
        let labels = image.config.and_then(|config| config.labels).unwrap_or_default();
        Ok(Image { id: image.id.unwrap_or_else(|| name.to_owned()), labels })
    }

    /// Creates a container; the warnings name limits that this host cannot keep.
    pub(super) async fn create(&self, container: &str, body: Value) -> Result<Vec<String>, EngineError> {
        let body: ContainerCreateBody =
            serde_json::from_value(body).map_err(|error| EngineError::Refused(error.to_string()))?;
        let options = CreateContainerOptionsBuilder::default().name(container).build();
        let created =
            self.within("create a container", CREATE, self.docker.create_container(Some(options), body)).await?;
        Ok(created.warnings)
    }

    pub(super) async fn attach(&self, container: &str) -> Result<Attached, EngineError> {
        let options = AttachContainerOptionsBuilder::default().stream(true).stdin(true).stdout(true).stderr(true);
        let attaching = self.docker.attach_container(container, Some(options.build()));
        let attached = self.within("attach to a container", CREATE, attaching).await?;
        let address = self.address.clone();
        let output = attached.output.map(move |piece| match piece {
            Ok(LogOutput::StdErr { message }) => Ok(Piece::Stderr(message)),
            Ok(other) => Ok(Piece::Stdout(other.into_bytes())),
            Err(error) => Err(EngineError::Unreachable(address.clone(), error.to_string())),
        });
        Ok(Attached { output: Box::pin(output), input: attached.input })
    }

    pub(super) async fn start(&self, container: &str) -> Result<(), EngineError> {
        let starting = self.docker.start_container(container, None::<StartContainerOptions>);
        self.within("start a container", START, starting).await
    }

    /// Changes the limits of a container that runs.
    pub(super) async fn update(&self, container: &str, body: Value) -> Result<(), EngineError> {
        let body: ContainerUpdateBody =
            serde_json::from_value(body).map_err(|error| EngineError::Refused(error.to_string()))?;
        self.within("change a container's limits", UPDATE, self.docker.update_container(container, body)).await
    }

    /// Whether it runs, and what the kernel did to it.
    pub(super) async fn look(&self, container: &str) -> Result<Seen, EngineError> {
        let inspecting = self.docker.inspect_container(container, None::<InspectContainerOptions>);
        let state = self.within("describe a container", INSPECT, inspecting).await?.state.unwrap_or_default();
        Ok(Seen { running: state.running != Some(false), out_of_memory: state.oom_killed == Some(true) })
    }

    /// Kills; a container that does not run, or does not exist, is no fault.
    pub(super) async fn kill(&self, container: &str) -> Result<(), EngineError> {
        let options = KillContainerOptionsBuilder::default().signal("SIGKILL").build();
        match self.within("kill a container", END, self.docker.kill_container(container, Some(options))).await {
            Err(EngineError::Gone(_) | EngineError::Conflict(_)) => Ok(()),
            killed => killed,
        }
    }

    /// Removes a container that has ended; one that still runs is a conflict.
    pub(super) async fn remove(&self, container: &str) -> Result<(), EngineError> {
        self.delete(container, RemoveContainerOptionsBuilder::default().v(true)).await
    }

    /// Kills and removes.
    pub(super) async fn remove_by_force(&self, container: &str) -> Result<(), EngineError> {
        self.delete(container, RemoveContainerOptionsBuilder::default().v(true).force(true)).await
    }

    async fn delete(&self, container: &str, options: RemoveContainerOptionsBuilder) -> Result<(), EngineError> {
        let removing = self.docker.remove_container(container, Some(options.build()));
        match self.within("remove a container", END, removing).await {
            Err(EngineError::Gone(_)) => Ok(()),
            removed => removed,
        }
    }

    /// Every container, running or not, that a runner of ours made.
    pub(super) async fn list(&self) -> Result<Vec<Listed>, EngineError> {
        let filters = HashMap::from([("label", vec![LABEL_RUNNER])]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let found = self.within("list containers", LIST, self.docker.list_containers(Some(options))).await?;
        Ok(found.into_iter().filter_map(listed).collect())
    }

    /// Names of the volumes of ours that no container uses: a crash between the two leaves them.
    pub(super) async fn list_lone_volumes(&self) -> Result<Vec<String>, EngineError> {
        let filters = HashMap::from([("label", vec![LABEL_RUNNER]), ("dangling", vec!["true"])]);
        let options = ListVolumesOptionsBuilder::default().filters(&filters).build();
        let found = self.within("list volumes", LIST, self.docker.list_volumes(Some(options))).await?;
        Ok(found.volumes.unwrap_or_default().into_iter().map(|volume| volume.name).collect())
    }

    /// Removes a volume; one that a container uses by now stays.
    pub(super) async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        let removing = self.docker.remove_volume(name, None::<RemoveVolumeOptions>);
        match self.within("remove a volume", END, removing).await {
            Err(EngineError::Gone(_) | EngineError::Conflict(_)) => Ok(()),
            removed => removed,
        }
    }

    async fn within<T>(
        &self,
        what: &'static str,
        deadline: Duration,
        call: impl Future<Output = Result<T, BollardError>>,
    ) -> Result<T, EngineError> {
        match tokio::time::timeout(deadline, call).await {
            Err(_) => Err(EngineError::TimedOut(what, deadline.as_secs())),
            Ok(answer) => answer.map_err(|error| self.classify(error, what, deadline)),
        }
    }

    fn classify(&self, error: BollardError, what: &'static str, deadline: Duration) -> EngineError {
        match error {
            BollardError::DockerResponseServerError { status_code, message } => match status_code {
                404 => EngineError::Gone(message),
                409 => EngineError::Conflict(message),
                _ => EngineError::Refused(message),
            },
            BollardError::RequestTimeoutError => EngineError::TimedOut(what, deadline.as_secs()),
            other => EngineError::Unreachable(self.address.clone(), with_causes(&other)),
        }
    }
}

fn listed(summary: ContainerSummary) -> Option<Listed> {
    let mut labels = summary.labels.unwrap_or_default();
    let names = summary.names.unwrap_or_default();
    let state = match summary.state? {
        ContainerSummaryStateEnum::CREATED => State::Created,
        ContainerSummaryStateEnum::EXITED | ContainerSummaryStateEnum::DEAD => State::Ended,
        _ => State::Alive,
    };
    Some(Listed {
        id: summary.id?,
        container: names.first().map(|name| name.trim_start_matches('/').to_owned()).unwrap_or_default(),
        runner: labels.remove(LABEL_RUNNER)?,
        name: labels.remove(LABEL_NAME).unwrap_or_default(),
        state,
    })
}

/// The Engine's client hides the reason (“permission denied”) in the chain of causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let inner = error.to_string();
        if !text.contains(&inner) {
            text = format!("{text}: {inner}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::configuration::{container, tests::blueprint, update};

    /// A misspelt name would be dropped in silence, and a limit with it.
    #[test]
    fn every_name_in_the_configuration_is_one_the_engine_knows() {
        let body = container(&blueprint());
        let typed: ContainerCreateBody = serde_json::from_value(body.clone()).unwrap();
        assert_eq!(serde_json::to_value(typed).unwrap(), body);
        let body = update(&blueprint().limits, false);
        let typed: ContainerUpdateBody = serde_json::from_value(body.clone()).unwrap();
        assert_eq!(serde_json::to_value(typed).unwrap(), body);
    }
}
