//! Health: whether this runner can execute anything now, and with which image; watched for ever.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::languages::LanguageId;
use crate::runner::docker::{Engine, EngineError, Image};

/// How often the Engine and the image are looked at while all is well.
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// How often while they are not.
const RECHECK_EVERY: Duration = Duration::from_millis(500);
/// Containers that will not go away before no more are made; with few slots half of them.
const STUCK_LIMIT: usize = 8;
/// Label of the image: a JSON object of language id → version text.
const LABEL_VERSIONS: &str = "codecube.versions";

/// The image that sandboxes are made of at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CurrentImage {
    pub(super) id: String,
    /// Empty when the image states none; then nothing is known about what it lacks.
    pub(super) versions: BTreeMap<LanguageId, String>,
}

impl From<Image> for CurrentImage {
    fn from(image: Image) -> Self {
        let versions = image.labels.get(LABEL_VERSIONS).and_then(|json| match serde_json::from_str(json) {
            Ok(versions) => Some(versions),
            Err(error) => {
                tracing::warn!(%error, "the image's label {LABEL_VERSIONS} is not readable");
                None
            }
        });
        Self { id: image.id, versions: versions.unwrap_or_default() }
    }
}

/// What the watch found last.
pub(super) struct Health {
    engine: Engine,
    image_name: String,
    image: watch::Sender<Arc<CurrentImage>>,
    trouble: watch::Sender<Option<String>>,
    suspicion: Notify,
    stuck: AtomicUsize,
    stuck_limit: usize,
    /// Whether the Engine answered when it was asked last.
    answers: watch::Sender<bool>,
}

impl Health {
    pub(super) fn new(engine: Engine, image_name: String, image: CurrentImage, slots: usize) -> Self {
        Self {
            engine,
            image_name,
            image: watch::Sender::new(Arc::new(image)),
            trouble: watch::Sender::new(None),
            suspicion: Notify::new(),
            stuck: AtomicUsize::new(0),
            stuck_limit: STUCK_LIMIT.min(slots / 2),
            answers: watch::Sender::new(true),
        }
    }

    pub(super) fn image(&self) -> Arc<CurrentImage> {
        self.image.borrow().clone()
    }

    /// What is wrong, as a sentence for people; changes wake the receiver.
    pub(super) fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.subscribe()
    }

    pub(super) fn is_well(&self) -> bool {
        self.trouble.borrow().is_none()
    }

    /// Waits until nothing is wrong.
    pub(super) async fn well(&self) {
        // The sender is part of `self`, so it cannot be closed.
        let _ = self.trouble.subscribe().wait_for(Option::is_none).await;
    }

    /// Something failed that may be the Engine's fault: look at once.
    pub(super) fn suspect(&self) {
        self.suspicion.notify_one();
    }

    /// The Engine certainly does not answer: nothing more is claimed until the watch says otherwise.
    pub(super) fn engine_away(&self, error: &EngineError) {
        self.answers.send_replace(false);
        self.set(Some(self.sentence(error)));
        self.suspect();
    }

    /// Waits until the Engine answers again after a time without an answer.
    pub(super) async fn answers_again(&self) {
        let mut answers = self.answers.subscribe();
        // The sender is part of `self`, so it cannot be closed.
        let _ = answers.wait_for(|answers| !answers).await;
        let _ = answers.wait_for(|&answers| answers).await;
    }

    /// A container will not go away.
    pub(super) fn add_stuck(&self) {
        self.stuck.fetch_add(1, Ordering::Relaxed);
        self.suspect();
    }

    /// It went away after all.
    pub(super) fn remove_stuck(&self) {
        self.stuck.fetch_sub(1, Ordering::Relaxed);
    }

    /// Looks after Engine and image until `stop`.
    pub(super) async fn watch(&self, stop: CancellationToken) {
        loop {
            let pause = if self.is_well() { CHECK_EVERY } else { RECHECK_EVERY };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.suspicion.notified(), if self.is_well() => {}
                () = tokio::time::sleep(pause) => {}
            }
            self.check().await;
        }
    }

    async fn check(&self) {
        let answer = self.engine.image(&self.image_name).await;
        let is_silent = matches!(&answer, Err(error) if error.is_engine_away() || error.is_late());
        self.answers.send_if_modified(|answers| std::mem::replace(answers, !is_silent) == is_silent);
        match answer {
            Ok(image) => {
                let current = CurrentImage::from(image);
                self.image.send_if_modified(|known| {
                    let changed = **known != current;
                    if changed {
                        tracing::info!(image = current.id, "sandboxes are made of another image from here");
                        *known = Arc::new(current);
                    }
                    changed
                });
                let stuck = self.stuck.load(Ordering::Relaxed);
                self.set(
                    (stuck > self.stuck_limit).then(|| format!("{stuck} sandboxes do not go away; waiting for them.")),
                );
            }
            Err(error) => self.set(Some(self.sentence(&error))),
        }
    }

    fn sentence(&self, error: &EngineError) -> String {
        match error {
            EngineError::Gone(_) => format!("The image {} is missing on this server.", self.image_name),
            EngineError::Refused(_) | EngineError::Conflict(_) => "The Docker Engine does not work.".to_owned(),
            _ => "The Docker Engine does not answer.".to_owned(),
        }
    }

    fn set(&self, trouble: Option<String>) {
        self.trouble.send_if_modified(|known| {
            let changed = *known != trouble;
            if changed {
                match &trouble {
                    Some(sentence) => tracing::error!(trouble = sentence, "no runs are taken for the time being"),
                    None => tracing::info!("runs are taken again"),
                }
                *known = trouble;
            }
            changed
        });
    }
}
