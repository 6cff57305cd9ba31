//! Totals over a period, as most lists need them.

use api_types::{Figures, Partial};
use model::{
    figure::Scope,
    id::{AccountId, EntityId},
};
use telemetry_store::reader::{FigureQuery, Points};

use crate::{
    context::Context,
    error::ApiError,
    figures::{Measured, Sums, figures},
    judge::{Verdicts, Wanted},
    period::Period,
};

/// Up to so many subjects are read one by one; figures of more are looked for among those of all.
const ASKED_ALONE: usize = 8;

/// What was counted in a period.
#[derive(Debug)]
pub(super) struct Totals {
    sums: Sums,
    period: Period,
    verdicts: Verdicts,
    pub(super) partial: Option<Partial>,
}

impl Totals {
    /// Asks for figures of one scope in an application, those of some subjects or all; edges and errors over all business
    /// transactions. There may be others besides those asked for.
    pub(super) async fn of(
        context: &Context,
        account: AccountId,
        application: EntityId,
        (scope, subjects): (Scope, Option<&[EntityId]>),
        (period, wanted): (&Period, Wanted),
    ) -> Result<Totals, ApiError> {
        let period = *period;
        let judge = context.judge(account, application, wanted).await?;
        let over_all = matches!(scope, Scope::Edge | Scope::Error).then_some(EntityId::NONE);
        let entities = context.every_entity(account);
        let subjects: Vec<Option<EntityId>> = match subjects {
            Some(few) if few.len() <= ASKED_ALONE => few.iter().copied().map(Some).collect(),
            _ => vec![None],
        };
        let told = context.queries.ask(account, move |asking| {
            let query = asking.query(application, &[scope], period.complete, Points::Total);
            let mut sums = Sums::default();
            for subject in subjects {
                let of_subject = FigureQuery { bt: over_all, subject, ..query.clone() };
                sums.add(&asking.totals(&of_subject, &period)?, &entities, |_| true);
            }
            let all = sums.measured().map(|measured| (application, measured));
            let verdicts = judge.expect(asking, &period, all);
            Ok((sums, verdicts))
        });
        let told = told.await?;
        let (sums, verdicts) = told.value;
        Ok(Totals { sums, verdicts, period, partial: told.partial })
    }

    /// The figures of one thing; zero where nothing was counted.
    pub(super) fn figures(&self, measured: Measured) -> Figures {
        let total = self.sums.total(measured, self.period.filling);
        let deviation = self.verdicts.deviation(measured, &total);
        Figures { deviation, ..figures(&total, self.period.complete.len()) }
    }
}
