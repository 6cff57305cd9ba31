//! Which business transactions are long-lived, looked at once a minute: see [`model::long_lived`].

use model::{figure::Figure, id::EntityId, long_lived::MIN_CALLS};
use rustc_hash::FxHashMap;
use tracing::{info, warn};

use super::Pipeline;

impl Pipeline {
    /// Begins and ends spells by what operators said and by the usual median of each business transaction.
    pub(super) fn find_long_lived(&mut self, usual: &FxHashMap<EntityId, Figure>, now_ms: i64) {
        let from_ns = self.after_all_taken_ns(now_ms);
        let accounts: Vec<_> = self.registry.accounts().collect();
        let all = |account| self.registry.transactions(account);
        let transactions: Vec<_> = accounts.into_iter().flat_map(all).collect();
        for bt in transactions {
            let figure = usual.get(&bt.id).filter(|figure| figure.timed >= MIN_CALLS);
            let median = figure.and_then(|figure| figure.quantile_micros(0.5));
            let Some(changed) = bt.properties.long_lived.reconciled(median, from_ns) else {
                continue;
            };
            let (name, long_lived) = (&bt.key.name, changed.is_now());
            match self.registry.set_long_lived(&bt, changed) {
                Ok(()) => info!(name, long_lived, "a business transaction's response times"),
                Err(error) => warn!(%error, name, "could not note what is long-lived"),
            }
        }
    }
}
