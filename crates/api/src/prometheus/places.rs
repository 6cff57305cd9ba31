//! How an account's places appear as `job` and `instance`.

use model::{id::EntityId, naming::template::DEFAULT_APPLICATION};
use promql::exposed::Places;

use crate::entities::Entities;

/// The places that an account sees.
#[derive(Debug)]
pub(crate) struct AccountPlaces(pub(crate) Entities);

impl AccountPlaces {
    fn name(&self, id: EntityId) -> String {
        self.0.get(id).map(|entity| entity.key.name.clone()).unwrap_or_default()
    }
}

impl Places for AccountPlaces {
    fn job_and_instance(
        &self,
        application: EntityId,
        tier: EntityId,
        node: EntityId,
    ) -> (String, String) {
        let (application, tier) = (self.name(application), self.name(tier));
        let job = match application.as_str() {
            "" | DEFAULT_APPLICATION => tier,
            _ => format!("{application}/{tier}"),
        };
        (job, self.name(node))
    }
}
