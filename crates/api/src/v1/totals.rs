//! Totals over a period's complete minutes, as most lists need them.

use api_types::{Figures, Partial};
use model::{
    figure::Scope,
    id::{AccountId, EntityId},
};
use telemetry_store::reader::Points;

use crate::{
    context::Context,
    error::ApiError,
    figures::{Measured, Sums, figures},
    period::Period,
};

/// What was counted in a period.
#[derive(Debug)]
pub(super) struct Totals {
    sums: Sums,
    minutes: u32,
    pub(super) partial: Option<Partial>,
}

impl Totals {
    /// Asks for all figures of one scope in an application; edges and errors over all business transactions.
    pub(super) async fn of(
        context: &Context,
        account: AccountId,
        application: EntityId,
        scope: Scope,
        period: &Period,
    ) -> Result<Totals, ApiError> {
        let complete = period.complete;
        let over_all = matches!(scope, Scope::Edge | Scope::Error).then_some(EntityId::NONE);
        let entities = context.entities(account);
        let told = context.queries.ask(account, move |asking| {
            let query = asking.query(application, &[scope], complete, Points::Total);
            let rows =
                asking.figures(&telemetry_store::reader::FigureQuery { bt: over_all, ..query })?;
            Ok(Sums::of(&rows, |bt| entities.is_key(bt), |_| true))
        });
        let told = told.await?;
        Ok(Totals { sums: told.value, minutes: complete.len(), partial: told.partial })
    }

    /// The figures of one thing; zero where nothing was counted.
    pub(super) fn figures(&self, measured: Measured) -> Figures {
        figures(&self.sums.total(measured), self.minutes)
    }

    /// Whether anything was counted for it.
    pub(super) fn has(&self, measured: Measured) -> bool {
        self.sums.has(measured)
    }
}
