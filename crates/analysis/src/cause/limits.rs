//! How large a situation may be, and whether it holds together.

use super::situation::{Figures, Series, Situation};

/// The largest situation that is ranked. By default several times what a transaction of a thousand entities needs, and
/// ranked within a second or so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Points of a series: a day of minutes.
    pub points: usize,
    pub entities: usize,
    pub calls: usize,
    pub resources: usize,
    pub operations: usize,
    pub links: usize,
    pub templates: usize,
    pub changes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            points: 1_440,
            entities: 10_000,
            calls: 50_000,
            resources: 100_000,
            operations: 50_000,
            links: 100_000,
            templates: 50_000,
            changes: 10_000,
        }
    }
}

/// Why a situation cannot be ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSituation {
    #[error(
        "there are {count} {what} and at most {most} are looked at: leave out what the transaction does not reach, or look at less time"
    )]
    TooMany { what: &'static str, count: usize, most: usize },
    #[error("{what} {index} names {named} {place}, and there are {count}")]
    NoSuch { what: &'static str, index: usize, named: &'static str, place: usize, count: usize },
    #[error(
        "the anomaly begins at point {onset} and the last point to look at is {now}: it ends before it begins"
    )]
    EndsBefore { onset: usize, now: usize },
}

impl Situation {
    /// Whether it is within the limits and names only what is there.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&self, limits: &Limits) -> Result<(), BadSituation> {
        for (what, count, most) in [
            ("entities", self.entities.len(), limits.entities),
            ("calls", self.calls.len(), limits.calls),
            ("calls of all transactions", self.overall.len(), limits.calls),
            ("resources", self.resources.len(), limits.resources),
            ("operations", self.operations.len(), limits.operations),
            ("links", self.links.len(), limits.links),
            ("log templates", self.templates.len(), limits.templates),
            ("changes", self.changes.len(), limits.changes),
            ("points", self.longest().max(self.anomaly.now), limits.points),
        ] {
            if count > most {
                return Err(BadSituation::TooMany { what, count, most });
            }
        }
        let anomaly = self.anomaly;
        if anomaly.now < anomaly.onset {
            return Err(BadSituation::EndsBefore { onset: anomaly.onset, now: anomaly.now });
        }
        self.check_names()
    }

    fn check_names(&self) -> Result<(), BadSituation> {
        let (entities, operations) = (self.entities.len(), self.operations.len());
        let entity = |what, index, place| named(what, index, "entity", place, entities);
        let operation = |what, index, place| named(what, index, "operation", place, operations);
        entity("the anomaly", 0, self.anomaly.entity)?;
        for (index, of) in self.entities.iter().enumerate() {
            for place in of.tier.into_iter().chain(of.host) {
                entity("entity", index, place)?;
            }
        }
        for (index, calls) in self.calls.iter().chain(&self.overall).enumerate() {
            entity("calls", index, calls.caller)?;
            entity("calls", index, calls.callee)?;
        }
        for (index, resource) in self.resources.iter().enumerate() {
            entity("resource", index, resource.entity)?;
        }
        for (index, of) in self.operations.iter().enumerate() {
            entity("operation", index, of.entity)?;
        }
        for (index, link) in self.links.iter().enumerate() {
            operation("link", index, link.parent)?;
            operation("link", index, link.child)?;
        }
        for (index, template) in self.templates.iter().enumerate() {
            entity("log template", index, template.entity)?;
            if let Some(within) = template.within {
                operation("log template", index, within)?;
            }
        }
        for (index, change) in self.changes.iter().enumerate() {
            entity("change", index, change.entity)?;
        }
        Ok(())
    }

    fn longest(&self) -> usize {
        let of = |figures: &Figures| {
            [&figures.calls, &figures.errors, &figures.time_ms, &figures.self_ms]
                .into_iter()
                .map(Series::len)
                .fold(0, usize::max)
        };
        let figures = self
            .entities
            .iter()
            .map(|entity| of(&entity.figures))
            .chain(self.calls.iter().chain(&self.overall).map(|calls| of(&calls.figures)))
            .chain(self.operations.iter().map(|operation| of(&operation.figures)));
        let series = self
            .resources
            .iter()
            .map(|resource| resource.values.len())
            .chain(self.templates.iter().map(|template| template.counts.len()))
            .chain(self.links.iter().map(|link| link.children.len()));
        figures.chain(series).fold(0, usize::max)
    }
}

fn named(
    what: &'static str,
    index: usize,
    named: &'static str,
    place: usize,
    count: usize,
) -> Result<(), BadSituation> {
    if place < count {
        return Ok(());
    }
    Err(BadSituation::NoSuch { what, index, named, place, count })
}
