//! Nodes that were read together read their edges together.
//!
//! All nodes of one page share a [`Siblings`]. The first of them that is asked for an edge reads it for all, and
//! the others find their share: one statement for each level of a query, whatever the executor's timing.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt::{self, Debug, Formatter},
    future::Future,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use tokio::sync::OnceCell;
use uuid::Uuid;

use super::Record;

/// The nodes of one page, by their keys, and what has been read for all of them.
#[derive(Clone, Default)]
pub struct Siblings(Arc<Inner>);

#[derive(Default)]
struct Inner {
    keys: OnceLock<Keys>,
    reads: Mutex<HashMap<(usize, TypeId), Arc<dyn Any + Send + Sync>>>,
}

#[derive(Default)]
struct Keys {
    own: Vec<Uuid>,
    foreign: Vec<(&'static str, Vec<Uuid>)>,
}

impl Siblings {
    /// The siblings that `nodes` are, apart from others that they were read with.
    #[must_use]
    pub fn of<'a, T: Record>(nodes: impl Iterator<Item = &'a T> + Clone) -> Self {
        let siblings = Self::default();
        siblings.introduce(nodes);
        siblings
    }

    /// Tells the siblings who they are, once all of them are decoded.
    pub(super) fn introduce<'a, T: Record>(&self, nodes: impl Iterator<Item = &'a T> + Clone) {
        let own = nodes.clone().map(Record::key).collect();
        self.0.keys.get_or_init(|| Keys { own, foreign: T::foreign_keys(nodes) });
    }

    /// The keys of all siblings.
    #[must_use]
    pub fn keys(&self) -> Vec<Uuid> {
        self.0.keys.get().map(|keys| keys.own.clone()).unwrap_or_default()
    }

    /// What the siblings' column `column` points to, each key once.
    #[must_use]
    pub fn foreign_keys(&self, column: &str) -> Vec<Uuid> {
        let foreign = self.0.keys.get().map(|keys| keys.foreign.iter()).unwrap_or_default();
        let mut keys: Vec<Uuid> =
            foreign.filter(|(name, _)| *name == column).flat_map(|(_, keys)| keys).copied().collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Runs `read` once for all siblings that ask for the same thing.
    ///
    /// `place` is the place in the document where it is asked for, which is the same for all siblings and has one set
    /// of arguments. What is read there may be of several types.
    pub async fn share<V, F>(&self, place: usize, read: impl FnOnce() -> F) -> V
    where
        V: Clone + Send + Sync + 'static,
        F: Future<Output = V>,
    {
        let cell = {
            let mut reads = self.0.reads.lock().unwrap_or_else(PoisonError::into_inner);
            let cell = reads.entry((place, TypeId::of::<V>())).or_insert_with(|| Arc::new(OnceCell::<V>::new()));
            Arc::clone(cell).downcast::<OnceCell<V>>()
        };
        match cell {
            Ok(cell) => cell.get_or_init(read).await.clone(),
            // Never: the type is part of the key.
            Err(_) => read().await,
        }
    }
}

impl Debug for Siblings {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "Siblings({})", self.keys().len())
    }
}
