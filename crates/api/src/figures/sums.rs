//! Rows summed by what they count for.

use std::collections::{BTreeMap, BTreeSet};

use model::{figure::Figure, figure::Scope, id::EntityId, time::Minute};
use rustc_hash::FxHashMap;
use telemetry_store::reader::FigureRow;

use super::{Belonging, Measured};

/// Figures by what they are of and the first minute of their point.
pub(crate) type Points = BTreeMap<Minute, Figure>;

/// What was counted in a range. Averages and rates are made of the complete minutes alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Total {
    /// The filling minute included.
    pub(crate) all: Figure,
    pub(crate) complete: Figure,
}

impl Total {
    /// Rows of a range in one; what begins at `filling` or later is of a minute that is not over.
    pub(crate) fn of<'r>(
        rows: impl IntoIterator<Item = &'r FigureRow>,
        filling: Option<Minute>,
    ) -> Total {
        let mut total = Total::default();
        for row in rows {
            total.add((row.at, &row.figure), filling);
        }
        total
    }

    fn add(&mut self, (at, figure): (Minute, &Figure), filling: Option<Minute>) {
        self.all.merge(figure);
        if filling.is_none_or(|filling| at < filling) {
            self.complete.merge(figure);
        }
    }

    /// Adds another of the same range.
    pub(crate) fn merge(&mut self, other: &Total) {
        self.all.merge(&other.all);
        self.complete.merge(&other.complete);
    }
}

/// Summed rows, and in which points each application reported at all.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    by: FxHashMap<Measured, Points>,
    reported: FxHashMap<EntityId, BTreeSet<Minute>>,
}

impl Sums {
    /// Sums the rows that count for something `wanted`.
    pub(crate) fn of(
        rows: &[FigureRow],
        belonging: &impl Belonging,
        wanted: impl Fn(&Measured) -> bool,
    ) -> Sums {
        let mut sums = Sums::default();
        sums.add(rows, belonging, wanted);
        sums
    }

    /// Adds further rows.
    pub(crate) fn add(
        &mut self,
        rows: &[FigureRow],
        belonging: &impl Belonging,
        wanted: impl Fn(&Measured) -> bool,
    ) {
        for row in rows {
            if row.key.scope == Scope::Tier {
                self.reported.entry(row.key.application).or_default().insert(row.at);
            }
            for measured in Measured::of(&row.key, belonging).into_iter().flatten().filter(&wanted)
            {
                let points = self.by.entry(measured).or_default();
                points.entry(row.at).or_default().merge(&row.figure);
            }
        }
    }

    /// Notes in which points an application reported; rows of tiers are noted by themselves.
    pub(crate) fn note_reported(&mut self, application: EntityId, at: BTreeSet<Minute>) {
        self.reported.entry(application).or_default().extend(at);
    }

    /// The points in which anything of this was counted.
    pub(crate) fn all_points(&self) -> BTreeSet<Minute> {
        self.by.values().flat_map(|points| points.keys().copied()).collect()
    }

    /// What was counted for it, by point; nothing where no row counts for it.
    pub(crate) fn points(&self, measured: Measured) -> Option<&Points> {
        self.by.get(&measured)
    }

    /// All its points in one, those from `filling` on apart; zero where no row counts for it.
    pub(crate) fn total(&self, measured: Measured, filling: Option<Minute>) -> Total {
        let mut total = Total::default();
        for (at, figure) in self.by.get(&measured).into_iter().flatten() {
            total.add((*at, figure), filling);
        }
        total
    }

    /// Whether any row counts for it.
    pub(crate) fn has(&self, measured: Measured) -> bool {
        self.by.contains_key(&measured)
    }

    /// Everything that rows count for, in order.
    pub(crate) fn measured(&self) -> impl Iterator<Item = Measured> + '_ {
        let ordered: BTreeSet<Measured> = self.by.keys().copied().collect();
        ordered.into_iter()
    }

    /// The points in which the application reported, as far as that was noted.
    pub(crate) fn reported(&self, application: EntityId) -> BTreeSet<Minute> {
        self.reported.get(&application).cloned().unwrap_or_default()
    }
}
