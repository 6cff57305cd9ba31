//! The source over the telemetry store.
//!
//! A selector's name is looked up among the metrics that there are, and the series of those that match are read; their
//! samples come in one read. Samples that are increases since the one before are added up from the first of the range, so
//! that functions of counters work on them.

mod buckets;
mod parts;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

use model::id::AccountId;
use promql_parser::label::{Matcher, Matchers};
use rustc_hash::FxHashMap;
use telemetry_store::reader::{
    Answer, QueryError, Reader, SampleQuery, SampledMetric, SampledQuery, Series, SeriesSamples,
};

use self::parts::{Shown, show};
use crate::{
    Error, Limits,
    exposed::{Labeller, Part, Places, names},
    labels::{BOUND, Labels, NAME},
    source::{Source, matches},
    value::Sampled,
};

/// The stored samples of an account, for one query.
pub struct Stored<'s> {
    reader: &'s dyn Reader,
    account: AccountId,
    places: &'s dyn Places,
    limits: &'s Limits,
    series: Cell<usize>,
    samples: Cell<usize>,
    partial: RefCell<BTreeSet<String>>,
}

impl std::fmt::Debug for Stored<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored").field("account", &self.account).finish_non_exhaustive()
    }
}

/// A metric, and the names that may match with what they show.
struct Candidate {
    metric: SampledMetric,
    shown: Vec<(String, Part)>,
}

/// A series that matches, and what of it.
struct Wanted {
    labels: Labels,
    part: Part,
    is_delta: bool,
}

impl<'s> Stored<'s> {
    /// Those that `reader` has of an account.
    pub fn new(
        reader: &'s dyn Reader,
        account: AccountId,
        places: &'s dyn Places,
        limits: &'s Limits,
    ) -> Stored<'s> {
        Stored {
            reader,
            account,
            places,
            limits,
            series: Cell::default(),
            samples: Cell::default(),
            partial: RefCell::default(),
        }
    }

    /// Why what was read is not whole.
    pub fn partial(&self) -> Vec<String> {
        self.partial.borrow().iter().cloned().collect()
    }

    fn note<T>(&self, answer: Answer<T>) -> T {
        self.partial.borrow_mut().extend(answer.partial);
        answer.value
    }

    /// The names of all metrics with series in a range of time, Unix milliseconds, each with what it is.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn names(
        &self,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<BTreeMap<String, SampledMetric>, Error> {
        let mut all = BTreeMap::new();
        for metric in self.metrics(from_ms, to_ms)? {
            for (name, _) in names(&metric) {
                all.entry(name).or_insert_with(|| metric.clone());
            }
        }
        Ok(all)
    }

    fn metrics(&self, from_ms: i64, to_ms: i64) -> Result<Vec<SampledMetric>, Error> {
        let query = self.query(None, from_ms, to_ms);
        let found = self.reader.sampled_metrics(&query).map_err(Error::Read)?;
        Ok(self.note(found))
    }

    fn query(&self, names: Option<Vec<String>>, from_ms: i64, to_ms: i64) -> SampledQuery {
        let nanos = |ms: i64| u64::try_from(ms).unwrap_or(0).saturating_mul(1_000_000);
        let to_ns = nanos(to_ms).saturating_add(1);
        SampledQuery { account: self.account, names, from_ns: nanos(from_ms), to_ns }
    }

    /// Gives the labels of each series that matches (of all, without matchers) to `each`; a classic histogram's buckets
    /// come once, without their bounds. Series are known by UTC days: those of all days of the range are meant.
    ///
    /// # Errors
    /// When they cannot be read, or `each` fails.
    pub fn each_series(
        &self,
        matchers: Option<&Matchers>,
        from_ms: i64,
        to_ms: i64,
        mut each: impl FnMut(Labels, Part) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.each_match(matchers, from_ms, to_ms, |_, wanted| each(wanted.labels, wanted.part))
    }

    fn each_match(
        &self,
        matchers: Option<&Matchers>,
        from_ms: i64,
        to_ms: i64,
        mut each: impl FnMut(u64, Wanted) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut by_name: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
        for metric in self.metrics(from_ms, to_ms)? {
            let mut shown = names(&metric);
            shown.retain(|(name, _)| matchers.is_none_or(|matchers| may_match(matchers, name)));
            if !shown.is_empty() {
                by_name.entry(metric.name.clone()).or_default().push(Candidate { metric, shown });
            }
        }
        if by_name.is_empty() {
            return Ok(());
        }
        let query = self.query(Some(by_name.keys().cloned().collect()), from_ms, to_ms);
        let matchers = matchers.map(without_bounds);
        let mut labeller = Labeller::default();
        let mut places = FxHashMap::default();
        let mut failed = None;
        let mut take = |series: Series| {
            let candidates = by_name.get(&series.name).map_or(&[][..], Vec::as_slice);
            let shown = candidates.iter().find(|candidate| is_of(&series, &candidate.metric));
            let place = (series.application, series.tier, series.node);
            let (job, instance) = places.entry(place).or_insert_with(|| {
                self.places.job_and_instance(series.application, series.tier, series.node)
            });
            for (name, part) in shown.map_or(&[][..], |candidate| candidate.shown.as_slice()) {
                let labels = labeller.labels(&series, name, (job, instance));
                if matchers.as_ref().is_some_and(|matchers| !matches(matchers, &labels)) {
                    continue;
                }
                let wanted = Wanted { labels, part: *part, is_delta: series.is_delta };
                if let Err(error) = self.limits.go_on().and_then(|()| each(series.id, wanted)) {
                    failed = Some(error);
                    return Err(QueryError::TooLarge(0));
                }
            }
            Ok(())
        };
        let read = self.reader.each_series(&query, &mut take);
        match failed {
            Some(error) => Err(error),
            None => read.map(|answer| self.note(answer)).map_err(Error::Read),
        }
    }

    fn samples(
        &self,
        ids: Vec<u64>,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Vec<SeriesSamples>, Error> {
        let left = self.limits.samples.saturating_sub(self.samples.get());
        let query = SampleQuery {
            account: self.account,
            series: ids,
            from_ms,
            to_ms: to_ms.saturating_add(1),
            max_samples: left,
        };
        let found = self.reader.samples(&query).map_err(|error| match error {
            QueryError::TooLarge(_) => self.limits.too_many_samples(),
            error => Error::Read(error),
        })?;
        Ok(self.note(found))
    }

    fn take(&self, samples: usize) -> Result<(), Error> {
        self.samples.set(self.samples.get().saturating_add(samples));
        if self.samples.get() > self.limits.samples {
            return Err(self.limits.too_many_samples());
        }
        self.limits.go_on()
    }
}

impl Source for Stored<'_> {
    fn select(&self, matchers: &Matchers, from_ms: i64, to_ms: i64) -> Result<Vec<Sampled>, Error> {
        let mut wanted: FxHashMap<u64, Vec<Wanted>> = FxHashMap::default();
        self.each_match(Some(matchers), from_ms, to_ms, |id, one| {
            self.series.set(self.series.get() + 1);
            if self.series.get() > self.limits.series {
                return Err(self.limits.too_many_series());
            }
            wanted.entry(id).or_default().push(one);
            Ok(())
        })?;
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.samples(wanted.keys().copied().collect(), from_ms, to_ms)?;
        let mut shown = Shown::with_room_for(found.len());
        for mut samples in found {
            for one in wanted.remove(&samples.series).unwrap_or_default() {
                show(one, &mut samples, |series| {
                    self.take(series.samples.len())?;
                    shown.add(series);
                    Ok(())
                })?;
            }
        }
        let mut all = shown.finish();
        let of_bounds = matchers.matchers.iter().chain(matchers.or_matchers.iter().flatten());
        if of_bounds.into_iter().any(|matcher| matcher.name == BOUND) {
            all.retain(|one| matches(matchers, &one.labels));
        }
        Ok(all)
    }
}

/// Whether a series is of a metric.
fn is_of(series: &Series, metric: &SampledMetric) -> bool {
    (series.instrument, series.is_delta) == (metric.instrument, metric.is_delta)
        && series.unit == metric.unit
        && series.scope == metric.scope
}

/// Whether series of a name may match.
fn may_match(matchers: &Matchers, name: &str) -> bool {
    let all = |of: &[Matcher]| of.iter().all(|one| one.name != NAME || one.is_match(name));
    all(&matchers.matchers)
        && (matchers.or_matchers.is_empty() || matchers.or_matchers.iter().any(|of| all(of)))
}

/// The matchers of what a series is without its samples: bounds of buckets are known from these only.
fn without_bounds(matchers: &Matchers) -> Matchers {
    let mut matchers = matchers.clone();
    matchers.matchers.retain(|one| one.name != BOUND);
    matchers.or_matchers.iter_mut().for_each(|of| of.retain(|one| one.name != BOUND));
    matchers
}

#[cfg(test)]
mod tests;
