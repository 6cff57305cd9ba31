//! What baselines say, as rules ask for it.

use std::{fmt::Debug, sync::Arc};

use analysis::baseline::Expected;
use metadata_store::MetadataStore;
use model::{
    id::{AccountId, EntityId},
    time::Minute,
};
use rustc_hash::FxHashMap;
use tokio::runtime::Handle;

use super::Source;
use crate::baselines::{Baseline, Baselines, Choice, Definitions, Key};

/// Of which series by which baseline.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BaselineKey {
    pub source: Source,
    /// By name; none: the application's default.
    pub baseline: Option<String>,
}

/// Whoever knows baselines. Calls may read the store: make them from threads of their own.
pub trait Expectations: Send + Sync + Debug {
    /// What is expected of each key at a minute, in order; none where nothing was learnt yet.
    fn expected(
        &self,
        account: AccountId,
        keys: &[BaselineKey],
        at: Minute,
    ) -> Vec<Option<Expected>>;
}

/// Nothing is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBaselines;

impl Expectations for NoBaselines {
    fn expected(&self, _: AccountId, keys: &[BaselineKey], _: Minute) -> Vec<Option<Expected>> {
        vec![None; keys.len()]
    }
}

/// The baselines of applications, as they are defined when they are asked for.
#[derive(Debug)]
pub struct DefinedBaselines {
    baselines: Arc<Baselines>,
    store: MetadataStore,
    runtime: Handle,
}

impl DefinedBaselines {
    /// Baselines whose definitions are read from `store`, on `runtime`.
    pub fn new(baselines: Arc<Baselines>, store: MetadataStore, runtime: Handle) -> Self {
        Self { baselines, store, runtime }
    }
}

impl Expectations for DefinedBaselines {
    /// Where the stores do not answer nothing is expected, and the log says why: a rule then waits rather than judges.
    fn expected(
        &self,
        account: AccountId,
        keys: &[BaselineKey],
        at: Minute,
    ) -> Vec<Option<Expected>> {
        let mut found = vec![None; keys.len()];
        if keys.is_empty() {
            return found;
        }
        let definitions = match self.runtime.block_on(Definitions::load(&self.store, account)) {
            Ok(definitions) => definitions,
            Err(error) => {
                tracing::warn!(%error, "baselines could not be read for health rules");
                return found;
            }
        };
        let mut by_baseline: FxHashMap<Baseline, Vec<(usize, Key)>> = FxHashMap::default();
        let mut known: FxHashMap<(EntityId, Option<&str>), Option<Baseline>> = FxHashMap::default();
        for (place, key) in keys.iter().enumerate() {
            let Some(of) = key_of(&key.source) else { continue };
            let name = key.baseline.as_deref();
            let baseline = known.entry((of.application(), name)).or_insert_with(|| {
                let choice = name.map_or(Choice::Default, Choice::Name);
                let definition = definitions.find(of.application(), choice)?;
                Some(definitions.baseline(&definition))
            });
            if let Some(baseline) = baseline {
                by_baseline.entry(baseline.clone()).or_default().push((place, of));
            }
        }
        for (baseline, asked) in by_baseline {
            let (places, keys): (Vec<usize>, Vec<Key>) = asked.into_iter().unzip();
            match self.baselines.expected(account, &baseline, &keys, at) {
                Ok(answer) => {
                    places.into_iter().zip(answer.value).for_each(|(at, one)| found[at] = one);
                }
                Err(error) => {
                    tracing::warn!(%error, "baselines could not be worked out for health rules")
                }
            }
        }
        found
    }
}

/// The series that has a baseline, if there is one.
fn key_of(source: &Source) -> Option<Key> {
    match source {
        Source::Figure { application, measured, leaf } => {
            Key::of_leaf(*application, *measured, *leaf)
        }
        Source::Series { application, tier, node, path } => Some(Key::Series {
            application: *application,
            tier: *tier,
            node: *node,
            path: Arc::clone(path),
        }),
        _ => None,
    }
}
