//! Questions about snippets: while one is under way about a snippet, all who ask the same meanwhile share the next one.
//! Nobody is given the answer to a question that was sent before they asked, so none is older than it would be alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use crate::snippets::key::SnippetKey;

/// The questions that are not answered yet; clones share them.
pub(super) struct Questions<T>(Arc<Mutex<HashMap<SnippetKey, Lane<T>>>>);

/// The questions about one snippet; there as long as somebody waits for an answer.
struct Lane<T> {
    /// How many wait here.
    askers: usize,
    /// Held by whoever sends a question until it is answered.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// The one that is not sent yet.
    unsent: Arc<OnceCell<T>>,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self { askers: 0, turn: Arc::default(), unsent: Arc::default() }
    }
}

impl<T> Clone for Questions<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Questions<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone> Questions<T> {
    /// The answer to a question about a snippet. `ask` sends it; that of one asker is awaited for all of them.
    pub(super) async fn answer<F: Future<Output = T>>(&self, key: &SnippetKey, ask: impl FnOnce() -> F) -> T {
        let asker = self.join(key);
        let answered = asker.question.get_or_init(|| async {
            let _turn = asker.turn.lock().await;
            asker.close();
            ask().await
        });
        answered.await.clone()
    }

    fn join<'a>(&'a self, key: &'a SnippetKey) -> Asker<'a, T> {
        let mut lanes = self.lanes();
        let lane = lanes.entry(key.clone()).or_default();
        lane.askers += 1;
        Asker { questions: self, key, turn: lane.turn.clone(), question: lane.unsent.clone() }
    }
}

impl<T> Questions<T> {
    /// No code panics while it holds the lock, and the map is sound after every step.
    fn lanes(&self) -> MutexGuard<'_, HashMap<SnippetKey, Lane<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits for an answer.
struct Asker<'a, T> {
    questions: &'a Questions<T>,
    key: &'a SnippetKey,
    turn: Arc<tokio::sync::Mutex<()>>,
    question: Arc<OnceCell<T>>,
}

impl<T> Asker<'_, T> {
    /// From here on others ask anew. Whoever took over the question of somebody who left finds it closed already.
    fn close(&self) {
        if let Some(lane) = self.questions.lanes().get_mut(self.key)
            && Arc::ptr_eq(&lane.unsent, &self.question)
        {
            lane.unsent = Arc::default();
        }
    }
}

impl<T> Drop for Asker<'_, T> {
    fn drop(&mut self) {
        let mut lanes = self.questions.lanes();
        if let Some(lane) = lanes.get_mut(self.key) {
            lane.askers -= 1;
            if lane.askers == 0 {
                lanes.remove(self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    /// Enough to see a lane left behind by a race that is lost now and then.
    const ROUNDS: usize = 2_000;
    const ASKERS: usize = 8;

    #[tokio::test]
    async fn what_many_ask_at_once_is_asked_twice() {
        let (questions, asked) = (Questions::default(), AtomicUsize::new(0));
        let key = SnippetKey::random();
        let ask = || {
            questions.answer(&key, || async {
                tokio::task::yield_now().await;
                asked.fetch_add(1, Ordering::Relaxed)
            })
        };
        let answers = join_all((0..64).map(|_| ask())).await;
        // The first asks at once, all others while that is under way.
        assert_eq!((answers[0], &answers[1..], asked.load(Ordering::Relaxed)), (0, &[1; 63][..], 2));
        assert_eq!(ask().await, 2);
        assert!(questions.lanes().is_empty());
    }

    #[tokio::test]
    async fn nobody_joins_a_question_that_is_sent() {
        let questions = Questions::default();
        let key = SnippetKey::random();
        let (sent, released) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
        let first = questions.answer(&key, || async {
            sent.notify_one();
            released.notified().await;
            "old"
        });
        let second = async {
            sent.notified().await;
            let mut second = Box::pin(questions.answer(&key, || async { "new" }));
            assert!(futures_util::poll!(&mut second).is_pending());
            released.notify_one();
            second.await
        };
        assert_eq!(futures_util::future::join(first, second).await, ("old", "new"));
    }

    #[tokio::test]
    async fn another_asks_when_the_first_has_gone() {
        let questions = Questions::default();
        let key = SnippetKey::random();
        let mut first = Box::pin(questions.answer(&key, std::future::pending));
        let mut second = Box::pin(questions.answer(&key, || async { "second" }));
        assert!(futures_util::poll!(&mut first).is_pending());
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        assert_eq!(second.await, "second");
        assert!(questions.lanes().is_empty());
    }

    #[test]
    fn no_lane_is_left_behind_when_all_go_at_once() {
        let (questions, key) = (Questions::<()>::default(), SnippetKey::random());
        let barrier = std::sync::Barrier::new(ASKERS);
        let come_and_go = || {
            for _ in 0..ROUNDS {
                let asker = questions.join(&key);
                barrier.wait();
                drop(asker);
                barrier.wait();
                assert!(questions.lanes().is_empty());
                barrier.wait();
            }
        };
        std::thread::scope(|scope| (0..ASKERS).for_each(|_| drop(scope.spawn(come_and_go))));
    }
}
