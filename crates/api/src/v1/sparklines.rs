//! Figures and sparklines of applications and business transactions.

use std::collections::BTreeSet;

use api_types::{Figures, Partial};
use model::{
    entity::EntityKind,
    figure::Scope,
    id::{AccountId, EntityId},
};
use telemetry_store::reader::{Detail, FigureQuery, GroupBy, Points, QueryError};

use crate::{
    ask::Asking,
    context::Context,
    entities::Entities,
    error::ApiError,
    figures::{Measured, Sums, Total, figures, sparkline, sparkline_resolution},
    judge::{Verdicts, Wanted},
    period::Period,
};

/// What was counted in a period, in total and over time.
#[derive(Debug)]
pub(super) struct Sparklines {
    totals: Sums,
    over_time: Sums,
    period: Period,
    verdicts: Verdicts,
    pub(super) partial: Option<Partial>,
}

impl Sparklines {
    /// Asks for the business transactions of an application (of all: [`EntityId::NONE`]), or for one of them.
    pub(super) async fn of(
        context: &Context,
        account: AccountId,
        application: EntityId,
        bt: Option<EntityId>,
        (period, wanted): (&Period, Wanted),
    ) -> Result<Sparklines, ApiError> {
        let period = *period;
        let judge = context.judge(account, application, wanted).await?;
        let entities = context.every_entity(account);
        let told = context.queries.ask(account, move |asking| {
            let (totals, over_time) = ask(asking, &entities, application, bt, &period)?;
            let judged = judged(&totals, application, bt);
            let verdicts = judge.expect(asking, &period, judged);
            Ok((totals, over_time, verdicts))
        });
        let told = told.await?;
        let (totals, over_time, verdicts) = told.value;
        Ok(Sparklines { totals, over_time, period, verdicts, partial: told.partial })
    }

    /// Totals of an application or business transaction.
    pub(super) fn figures(&self, measured: Measured) -> Figures {
        let total = self.total(measured);
        let deviation = self.verdicts.deviation(measured, &total);
        Figures { deviation, ..figures(&total, self.period.complete.len()) }
    }

    /// Totals before they are shown.
    pub(super) fn total(&self, measured: Measured) -> Total {
        self.totals.total(measured, self.period.filling)
    }

    /// Whether anything was counted for it.
    pub(super) fn has(&self, measured: Measured) -> bool {
        self.totals.has(measured)
    }

    /// Its calls per minute over time, with gaps where `application` reported nothing.
    pub(super) fn line(&self, measured: Measured, application: EntityId) -> Vec<Option<f64>> {
        let reported: BTreeSet<_> = self.over_time.reported(application);
        sparkline(self.over_time.points(measured), &reported, self.period.complete)
    }
}

/// Those that are judged, with their applications.
fn judged(
    totals: &Sums,
    application: EntityId,
    bt: Option<EntityId>,
) -> impl Iterator<Item = (EntityId, Measured)> + '_ {
    totals.measured().filter_map(move |measured| match measured {
        Measured::Application(id) if bt.is_none() => Some((id, measured)),
        // Transactions of a list of applications are not shown one by one.
        Measured::Transaction(id) if bt.is_none_or(|bt| bt == id) => {
            application.some().map(|application| (application, measured))
        }
        _ => None,
    })
}

fn ask(
    asking: &mut Asking<'_>,
    entities: &Entities,
    application: EntityId,
    bt: Option<EntityId>,
    period: &Period,
) -> Result<(Sums, Sums), QueryError> {
    let scopes = [Scope::BusinessTransaction];
    let complete = period.complete;
    let wanted = |measured: &Measured| {
        matches!(
            measured,
            Measured::Application(_) | Measured::Transaction(_) | Measured::Group { .. }
        )
    };
    let sum = |rows: &[_]| Sums::of(rows, entities, wanted);
    // Over the nodes where they enter, which nothing here tells apart.
    let query = |asking: &Asking<'_>, points| FigureQuery {
        subject: bt,
        group_by: GroupBy::Subject,
        ..asking.query(application, &scopes, complete, points)
    };
    let totals = sum(&asking.totals(&query(asking, Points::Total), period)?);

    let resolution = sparkline_resolution(complete.len());
    let every = FigureQuery { detail: Detail::Counts, ..query(asking, Points::Every(resolution)) };
    let mut lines = Sums::default();
    asking.over_time(&every, &mut |rows| lines.add(rows, entities, wanted))?;
    for application in applications(entities, application) {
        let known = match bt {
            None => lines.points(Measured::Application(application)),
            Some(bt) => lines.points(Measured::Transaction(bt)),
        };
        let known = known.into_iter().flat_map(|points| points.keys().copied()).collect();
        let reported = asking.reported(entities, application, (complete, resolution), known)?;
        lines.note_reported(application, reported);
    }
    Ok((totals, lines))
}

/// The one that is asked about, or all of the account.
fn applications(entities: &Entities, application: EntityId) -> Vec<EntityId> {
    match application.some() {
        Some(application) => vec![application],
        None => entities
            .all(EntityId::NONE, EntityKind::Application)
            .iter()
            .map(|application| application.id)
            .collect(),
    }
}
