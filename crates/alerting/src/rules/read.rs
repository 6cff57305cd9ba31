//! Reading what rules look at, for a few minutes at a time: one question for each table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use metadata_store::Directory;
use model::{
    entity::EntityKind,
    figure::{Figure, Scope},
    id::{AccountId, EntityId},
    leaf::{self, Leaf, Value},
    measured::Measured,
    metric_table::{Kind, MetricTable},
    time::{Minute, MinuteRange},
};
use rustc_hash::{FxHashMap, FxHashSet};
use telemetry_store::reader::{
    Answer, Detail, FigureQuery, FigureRow, GroupBy, MetricQuery, MetricSeries, Points, QueryError,
    Reader, Resolution,
};

use super::Source;

/// Rows of figures that one question may answer with.
const MAX_ROWS: usize = 1_000_000;
/// Series that one question may answer with.
const MAX_SERIES: usize = 200_000;

/// What rules ask of the telemetry store.
pub trait Telemetry {
    /// As [`Reader::figures`].
    ///
    /// # Errors
    /// When the store cannot be read, or the answer is too large.
    fn figures(&self, query: &FigureQuery) -> Result<Answer<Vec<FigureRow>>, QueryError>;

    /// As [`Reader::metrics`].
    ///
    /// # Errors
    /// When the store cannot be read, or the answer is too large.
    fn metrics(&self, query: &MetricQuery) -> Result<Answer<Vec<MetricSeries>>, QueryError>;
}

impl<R: Reader + ?Sized> Telemetry for R {
    fn figures(&self, query: &FigureQuery) -> Result<Answer<Vec<FigureRow>>, QueryError> {
        Reader::figures(self, query)
    }

    fn metrics(&self, query: &MetricQuery) -> Result<Answer<Vec<MetricSeries>>, QueryError> {
        Reader::metrics(self, query)
    }
}

/// What is to be read of one account.
#[derive(Debug)]
pub(super) struct Wanted {
    account: AccountId,
    /// One application, or all (none).
    application: EntityId,
    figures: FxHashMap<Measured, Vec<(EntityId, Leaf, Source)>>,
    details: BTreeMap<Scope, Detail>,
    /// Patterns of paths, with whoever wants them.
    paths: FxHashMap<Arc<str>, FxHashSet<Source>>,
    table: MetricTable,
    hosts: FxHashMap<EntityId, Arc<str>>,
}

impl Wanted {
    pub(super) fn of<'s>(
        account: AccountId,
        application: EntityId,
        sources: impl Iterator<Item = &'s Source>,
        directory: &Directory,
    ) -> Wanted {
        let mut wanted = Wanted {
            account,
            application,
            figures: FxHashMap::default(),
            // Tiers tell whether an application reported at all.
            details: BTreeMap::from([(Scope::Tier, Detail::Counts)]),
            paths: FxHashMap::default(),
            table: MetricTable::new(),
            hosts: FxHashMap::default(),
        };
        sources.for_each(|source| wanted.add(source));
        if wanted.paths.values().flatten().any(is_of_host) {
            let nodes = directory.of_application(account, application, EntityKind::Node);
            let hosts = nodes.iter().map(|node| (node.id, node.properties.host.as_str().into()));
            wanted.hosts = hosts.collect();
        }
        wanted
    }

    fn add(&mut self, source: &Source) {
        match source {
            Source::Figure { application, measured, leaf } => {
                let Some(of) = leaf::source(*measured, *leaf) else { return };
                let detail = self.details.entry(of.scope()).or_insert(Detail::Counts);
                *detail = Detail::for_leaf(*leaf).max(*detail);
                let leaves = self.figures.entry(of).or_default();
                leaves.push((*application, *leaf, source.clone()));
            }
            Source::Series { path, .. } | Source::Host { path, .. } => {
                self.paths.entry(Arc::clone(path)).or_default().insert(source.clone());
            }
            Source::Group(inner) => {
                if let Source::Series { path, .. } | Source::Host { path, .. } = &**inner {
                    self.paths.entry(Arc::clone(path)).or_default().insert(source.clone());
                }
            }
            Source::Silence(_) | Source::SilenceOfAll => {}
        }
    }

    /// Reads a range and gives each source its value in each minute in which there is one. What the answer lacks is
    /// returned, in sentences.
    pub(super) fn read(
        &self,
        telemetry: &(impl Telemetry + ?Sized),
        directory: &Directory,
        range: MinuteRange,
        mut put: impl FnMut(&Source, Minute, Value),
    ) -> Result<BTreeSet<String>, QueryError> {
        let mut lacks = BTreeSet::new();
        if !self.figures.is_empty() {
            self.read_figures(telemetry, directory, range, &mut lacks, &mut put)?;
        }
        if !self.paths.is_empty() {
            self.read_series(telemetry, range, &mut lacks, &mut put)?;
        }
        Ok(lacks)
    }

    fn read_figures(
        &self,
        telemetry: &(impl Telemetry + ?Sized),
        directory: &Directory,
        range: MinuteRange,
        lacks: &mut BTreeSet<String>,
        put: &mut impl FnMut(&Source, Minute, Value),
    ) -> Result<(), QueryError> {
        let mut sums: FxHashMap<(Measured, Minute), Figure> = FxHashMap::default();
        let mut reported: FxHashSet<(EntityId, Minute)> = FxHashSet::default();
        for query in self.questions(range) {
            let answer = telemetry.figures(&query)?;
            lacks.extend(answer.partial);
            for row in answer.value {
                if row.key.scope == Scope::Tier {
                    reported.insert((row.key.application, row.at));
                }
                let counted = Measured::of(&row.key, &|bt| directory.is_key(bt));
                for measured in counted.into_iter().flatten() {
                    if self.figures.contains_key(&measured) {
                        sums.entry((measured, row.at)).or_default().merge(&row.figure);
                    }
                }
            }
        }
        let nothing = Figure::default();
        for minute in (range.start.0..range.end.0).map(Minute) {
            for (measured, leaves) in &self.figures {
                let found = sums.get(&(*measured, minute));
                for (application, leaf, source) in leaves {
                    // Zero where the application reported and nothing was counted, unknown where it did not.
                    if found.is_none() && !reported.contains(&(*application, minute)) {
                        continue;
                    }
                    let figure = found.unwrap_or(&nothing);
                    if let Some(value) = leaf::value(*measured, *leaf, figure, 1) {
                        put(source, minute, value);
                    }
                }
            }
        }
        Ok(())
    }

    /// What is asked to know all figures that are wanted.
    fn questions(&self, range: MinuteRange) -> Vec<FigureQuery> {
        let mut questions: Vec<FigureQuery> = Vec::new();
        for (scope, detail) in &self.details {
            let mut of_scope = self.figures.keys().filter(|measured| measured.scope() == *scope);
            let first = of_scope.next();
            let subject = match first {
                // Other tiers tell whether their applications reported.
                Some(measured) if *scope != Scope::Tier => measured.subject(),
                _ => None,
            };
            let subject = subject.filter(|_| of_scope.all(|other| other.subject() == subject));
            let group_by = match first {
                Some(_) => GroupBy::Key,
                None => GroupBy::Scope { except: Vec::new() },
            };
            let mut others = questions.iter_mut();
            let alike = others.find(|other| {
                (other.subject, other.detail) == (subject, *detail) && other.group_by == group_by
            });
            match alike {
                Some(other) => other.scopes.push(*scope),
                None => questions.push(FigureQuery {
                    account: self.account,
                    application: self.application,
                    scopes: vec![*scope],
                    subject,
                    peer: None,
                    bt: None,
                    range,
                    points: Points::Every(Resolution::OneMinute),
                    detail: *detail,
                    group_by,
                    max_rows: MAX_ROWS,
                }),
            }
        }
        questions
    }

    fn read_series(
        &self,
        telemetry: &(impl Telemetry + ?Sized),
        range: MinuteRange,
        lacks: &mut BTreeSet<String>,
        put: &mut impl FnMut(&Source, Minute, Value),
    ) -> Result<(), QueryError> {
        let answer = telemetry.metrics(&MetricQuery {
            account: self.account,
            application: self.application,
            tier: None,
            paths: self.paths.keys().map(|path| path.to_string()).collect(),
            range,
            points: Points::Every(Resolution::OneMinute),
            names_only: false,
            max_series: MAX_SERIES,
        })?;
        lacks.extend(answer.partial);
        let patterns: Vec<&Arc<str>> =
            self.paths.keys().filter(|path| path.split('|').any(|one| one == "*")).collect();
        let mut gathered: FxHashMap<(Source, Minute), (Kind, Vec<Value>)> = FxHashMap::default();
        for series in &answer.value {
            let kind = self.table.kind(&series.path, &series.unit);
            let exact = self.paths.get_key_value(series.path.as_str()).map(|(path, _)| path);
            let matching = patterns.iter().copied().filter(|path| matches(path, &series.path));
            for path in exact.into_iter().chain(matching) {
                for source in self.sources(path, series) {
                    for point in series.points.iter().filter(|point| point.count > 0.0) {
                        let value = match kind {
                            Kind::PerMinute => leaf::rate(point.sum, 1),
                            Kind::Host | Kind::Average | Kind::Level => point.value(),
                        };
                        let place = (source.clone(), point.at);
                        gathered.entry(place).or_insert((kind, Vec::new())).1.push(value);
                    }
                }
            }
        }
        for ((source, minute), (kind, values)) in gathered {
            let value = match source {
                Source::Group(_) => leaf::rate(values.len() as f64, 1),
                _ => leaf::together(&values, kind),
            };
            put(&source, minute, value);
        }
        Ok(())
    }

    /// Whoever wants a series at this path.
    fn sources(&self, path: &Arc<str>, series: &MetricSeries) -> Vec<Source> {
        let wanted = &self.paths[path];
        let (application, tier) = (series.application, series.tier);
        let of = |node| Source::Series { application, tier, node, path: Arc::clone(path) };
        let mut all = vec![of(EntityId::NONE)];
        if series.node.some().is_some() {
            all.push(of(series.node));
        }
        if let Some(host) = self.hosts.get(&series.node) {
            let (host, path) = (Arc::clone(host), Arc::clone(path));
            all.push(Source::Host { application, host, path });
        }
        let groups: Vec<Source> =
            all.iter().map(|one| Source::Group(Box::new(one.clone()))).collect();
        all.into_iter().chain(groups).filter(|source| wanted.contains(source)).collect()
    }
}

fn is_of_host(source: &Source) -> bool {
    match source {
        Source::Host { .. } => true,
        Source::Group(inner) => is_of_host(inner),
        _ => false,
    }
}

/// Whether a path matches a pattern segment by segment.
fn matches(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('|'), path.split('|'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == "*" || wanted == given => {}
            _ => return false,
        }
    }
}
