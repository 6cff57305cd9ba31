//! What the ranking found, in words, with links to where it is to be seen.

use analysis::cause::{
    Answer, ChangeKind, Clue, Deviation, Evidence, Link, Series, Severity, Suspect, Verdict,
};
use model::{
    anomaly::{AnomalousKind, AnomalyMeasure, CauseVerdict, EvidenceKind, EvidenceLink},
    id::EntityId,
};

use super::{
    scene::{Line, Scene, SlowStatement},
    spans::Place,
};
use crate::anomalies::{
    stored::{FoundCauses, Named, StoredEvidence, StoredSuspect},
    words::{cut, figure, percent},
};

/// Suspects that are kept.
const MOST_SUSPECTS: usize = 10;
/// Pieces of evidence that are kept of each.
const MOST_EVIDENCE: usize = 12;
/// Among them statements, and operations that take longer by themselves.
const MOST_STATEMENTS: usize = 3;
const MOST_OPERATIONS: usize = 2;
/// Spans of each side from which on an operation's time is known.
const LEAST_SPANS: f64 = 5.0;
/// Victims that are kept of each.
const MOST_VICTIMS: usize = 30;
const MOST_THROUGH: usize = 200;
/// Evidence that is not worth a line, nats.
const LEAST: f64 = 0.05;

pub(super) fn found(scene: &Scene, answer: &Answer) -> FoundCauses {
    let verdict = match answer.verdict {
        Verdict::Cause => CauseVerdict::Cause,
        Verdict::Load => CauseVerdict::Load,
        Verdict::NoClearCause => CauseVerdict::NoClearCause,
    };
    let suspects = answer.suspects.iter().take(MOST_SUSPECTS).map(|one| suspect(scene, one));
    FoundCauses {
        verdict,
        suspects: suspects.collect(),
        none: answer.none,
        operations: scene.operations.clone(),
        through: through(scene),
        lacks: scene.lacks.clone(),
    }
}

/// Tiers and backends of the scene, the nearest to who suffers first.
fn through(scene: &Scene) -> Vec<u32> {
    let kinds = [AnomalousKind::Tier, AnomalousKind::Backend];
    let there = scene.named.iter().filter(|one| kinds.contains(&one.kind));
    there.take(MOST_THROUGH).map(|one| one.id).collect()
}

fn suspect(scene: &Scene, of: &Suspect) -> StoredSuspect {
    let named = |places: &[usize]| -> Vec<Named> {
        places.iter().map(|place| scene.named[*place].clone()).collect()
    };
    let tier = scene.situation.entities[of.entity].tier;
    let worth = of.clues.iter().filter(|clue| clue.nats >= LEAST);
    let victims = &of.victims[..of.victims.len().min(MOST_VICTIMS)];
    // What traces show in detail is no further reason to suspect it, but where to look.
    let words = Words { scene };
    let shown = words.statements(of.entity).into_iter().chain(words.slower_operations(of.entity));
    let shown: Vec<StoredEvidence> = shown.map(|said| stored(said, 0.0)).collect();
    let weighed = worth.take(MOST_EVIDENCE - shown.len()).map(|clue| evidence(scene, clue));
    StoredSuspect {
        entity: scene.named[of.entity].clone(),
        tier: tier.map(|tier| scene.named[tier].clone()),
        load: of.load,
        confidence: of.confidence,
        share_of_time: of.share_of_time,
        share_of_errors: of.share_of_errors,
        path: named(&of.path),
        victims: named(victims),
        evidence: weighed.chain(shown).collect(),
    }
}

/// A sentence with its figures.
struct Said {
    kind: EvidenceKind,
    text: String,
    figures: Option<(f64, f64, String)>,
    at: Option<i64>,
    link: EvidenceLink,
}

fn evidence(scene: &Scene, clue: &Clue) -> StoredEvidence {
    stored(Words { scene }.say(&clue.what), clue.nats)
}

fn stored(said: Said, weight: f64) -> StoredEvidence {
    let Said { kind, text, figures, at, link } = said;
    let (observed, expected, unit) = match figures {
        Some((observed, expected, unit)) => (Some(observed), Some(expected), unit),
        None => (None, None, String::new()),
    };
    StoredEvidence { kind, weight, text: cut(&text, 500), observed, expected, unit, at, link }
}

struct Words<'a> {
    scene: &'a Scene,
}

impl Words<'_> {
    fn name(&self, place: usize) -> String {
        self.scene.named[place].called()
    }

    fn id(&self, place: usize) -> u32 {
        self.scene.named[place].id
    }

    fn series(&self, place: usize, measure: AnomalyMeasure, metric: Option<&str>) -> EvidenceLink {
        let named = &self.scene.named[place];
        EvidenceLink::Series {
            entity: named.id,
            entity_kind: named.kind,
            measure,
            metric: metric.map(str::to_owned),
        }
    }

    /// The caller's and the callee's place, names and the link to their calls.
    fn calls(&self, at: usize) -> (String, String, EvidenceLink) {
        let calls = self.scene.situation.named_calls(at);
        let link = EvidenceLink::Edge { from: self.id(calls.caller), to: self.id(calls.callee) };
        (self.name(calls.caller), self.name(calls.callee), link)
    }

    fn say(&self, what: &Evidence) -> Said {
        match what {
            Evidence::OwnTime { entity, per_call } => Said {
                kind: EvidenceKind::OwnTime,
                text: format!(
                    "{} takes {} a call by itself, {} before",
                    self.name(*entity),
                    figure(per_call.observed, "ms"),
                    figure(per_call.expected, "ms"),
                ),
                figures: times(per_call),
                at: None,
                link: self.series(*entity, AnomalyMeasure::ResponseTime, None),
            },
            Evidence::OwnErrors { entity, expected, observed } => Said {
                kind: EvidenceKind::OwnErrors,
                text: format!(
                    "{} fails by itself in {} of its calls, {} before",
                    self.name(*entity),
                    percent(*observed),
                    percent(*expected),
                ),
                figures: shares(*observed, *expected),
                at: None,
                link: self.failing(*entity),
            },
            Evidence::Between { calls, per_call } => self.between(*calls, per_call),
            Evidence::FailedCalls { calls, expected, observed } => {
                let (from, to, link) = self.calls(*calls);
                let (observed_share, expected_share) = (percent(*observed), percent(*expected));
                Said {
                    kind: EvidenceKind::FailedCalls,
                    text: format!(
                        "{observed_share} of the calls from {from} to {to} fail, {expected_share} before"
                    ),
                    figures: shares(*observed, *expected),
                    at: None,
                    link,
                }
            }
            Evidence::PoolWait { calls, per_call } => {
                let (from, to, link) = self.calls(*calls);
                Said {
                    kind: EvidenceKind::PoolWait,
                    text: format!(
                        "{from} waits {} for a connection to {to}, {} before",
                        figure(per_call.observed, "ms"),
                        figure(per_call.expected, "ms"),
                    ),
                    figures: times(per_call),
                    at: None,
                    link,
                }
            }
            Evidence::MoreCalls { calls, per_call } => {
                let (from, to, link) = self.calls(*calls);
                Said {
                    kind: EvidenceKind::MoreCalls,
                    text: format!(
                        "{from} calls {to} {} times for each call that it takes, {} before",
                        figure(per_call.observed, ""),
                        figure(per_call.expected, ""),
                    ),
                    figures: Some((
                        per_call.observed,
                        per_call.expected,
                        "calls a call".to_owned(),
                    )),
                    at: None,
                    link,
                }
            }
            Evidence::Resource { resource, deviation } => self.resource(*resource, deviation),
            Evidence::DeepestError { operation, expected, observed } => Said {
                kind: EvidenceKind::DeepestError,
                text: format!(
                    "{} fails without a failed child in {} of the traces, {} before",
                    self.operation(*operation),
                    percent(*observed),
                    percent(*expected),
                ),
                figures: shares(*observed, *expected),
                at: None,
                link: self.span(self.scene.traced[*operation].failing, *operation),
            },
            Evidence::LostCalls { link, expected, observed } => {
                let Link { parent, child, .. } = &self.scene.situation.links[*link];
                Said {
                    kind: EvidenceKind::LostCalls,
                    text: format!(
                        "{} of {} is followed by {}, {} before",
                        percent(*observed),
                        self.operation(*parent),
                        self.operation(*child),
                        percent(*expected),
                    ),
                    figures: shares(*observed, *expected),
                    at: None,
                    link: self.span(self.scene.lacking[*link], *parent),
                }
            }
            Evidence::FewerCalls { operation, expected, observed } => Said {
                kind: EvidenceKind::FewerCalls,
                text: format!(
                    "{} makes {} calls each, {} before",
                    self.operation(*operation),
                    figure(*observed, ""),
                    figure(*expected, ""),
                ),
                figures: Some((*observed, *expected, "calls a call".to_owned())),
                at: None,
                link: self.span(self.scene.traced[*operation].slowest, *operation),
            },
            Evidence::Template { template, severity, expected, observed } => {
                self.template(*template, *severity, *expected, *observed)
            }
            Evidence::Change { change, points_before } => self.change(*change, *points_before),
            Evidence::Silent { entity } => Said {
                kind: EvidenceKind::Silent,
                text: format!("{} reported before and does no longer", self.name(*entity)),
                figures: None,
                at: None,
                link: self.page(*entity),
            },
            Evidence::Load { entity, calls } => Said {
                kind: EvidenceKind::Load,
                text: format!(
                    "{} is called {} times a minute, {} before",
                    self.name(*entity),
                    figure(calls.observed, ""),
                    figure(calls.expected, ""),
                ),
                figures: Some((calls.observed, calls.expected, "calls/min".to_owned())),
                at: None,
                link: self.series(*entity, AnomalyMeasure::Calls, None),
            },
        }
    }

    fn between(&self, calls: usize, per_call: &Deviation) -> Said {
        let (from, to, link) = self.calls(calls);
        let (now, before) = (figure(per_call.observed, "ms"), figure(per_call.expected, "ms"));
        let callee = self.scene.situation.named_calls(calls).callee;
        let text = match self.scene.named[callee].kind {
            AnomalousKind::Backend => {
                format!("calls from {from} to {to} take {now}, {before} before")
            }
            _ => format!("calls spend {now} between {from} and {to}, {before} before"),
        };
        Said { kind: EvidenceKind::Between, text, figures: times(per_call), at: None, link }
    }

    fn resource(&self, resource: usize, deviation: &Deviation) -> Said {
        let (path, unit, node) = &self.scene.metrics[resource];
        let entity = self.scene.situation.resources[resource].entity;
        // The last folder says of what it is: `CPU %Busy`.
        let mut last = path.rsplit('|').take(2).collect::<Vec<_>>();
        last.reverse();
        Said {
            kind: EvidenceKind::Resource,
            text: format!(
                "{} of {} is at {}, {} before",
                last.join(" "),
                self.name(entity),
                figure(deviation.observed, unit),
                figure(deviation.expected, unit),
            ),
            figures: Some((deviation.observed, deviation.expected, unit.clone())),
            at: None,
            link: EvidenceLink::Series {
                entity: node.0,
                entity_kind: AnomalousKind::Node,
                measure: AnomalyMeasure::Metric,
                metric: Some((*path).to_owned()),
            },
        }
    }

    /// An operation with whose it is: `“GET /stock” of tier inventory`.
    fn operation(&self, operation: usize) -> String {
        let entity = self.scene.situation.operations[operation].entity;
        format!("“{}” of {}", cut(&self.scene.traced[operation].name, 120), self.name(entity))
    }

    /// A span that shows it, else the failed transactions that came there.
    fn span(&self, place: Option<Place>, operation: usize) -> EvidenceLink {
        let entity = self.scene.situation.operations[operation].entity;
        place.map_or_else(|| self.failing(entity), trace)
    }

    /// Statements that take longer than before: of those that a backend is asked, or that a tier asks.
    fn statements(&self, suspect: usize) -> Vec<Said> {
        let is_its = |one: &&SlowStatement| one.backend == Some(suspect) || one.tier == suspect;
        let mut all: Vec<&SlowStatement> = self.scene.statements.iter().filter(is_its).collect();
        all.sort_by(|left, right| right.extra_ms.total_cmp(&left.extra_ms));
        let said = all.into_iter().take(MOST_STATEMENTS).map(|one| Said {
            kind: EvidenceKind::Statement,
            text: match one.before {
                Some(before) => format!(
                    "“{}” of {} takes {}, {} before",
                    cut(&one.text, 250),
                    self.name(one.tier),
                    figure(one.since, "ms"),
                    figure(before, "ms"),
                ),
                None => format!(
                    "“{}” of {} came new and takes {}",
                    cut(&one.text, 250),
                    self.name(one.tier),
                    figure(one.since, "ms"),
                ),
            },
            figures: one.before.map(|before| (one.since, before, "ms".to_owned())),
            at: None,
            link: trace(one.slowest),
        });
        said.collect()
    }

    /// Operations of a suspect that take longer by themselves than before, the worst first.
    fn slower_operations(&self, suspect: usize) -> Vec<Said> {
        let onset = self.scene.situation.anomaly.onset;
        let operations = self.scene.situation.operations.iter().enumerate();
        let of_suspect = operations.filter(|(_, operation)| operation.entity == suspect);
        let mut slower: Vec<(f64, Said)> = of_suspect
            .filter_map(|(at, operation)| {
                let (calls, own) = (&operation.figures.calls, &operation.figures.self_ms);
                let (before, count_before) = mean(own, calls, 0..onset)?;
                let (since, count) = mean(own, calls, onset..calls.len())?;
                let longer = since - before;
                if count_before.min(count) < LEAST_SPANS || longer < 1.0 || longer < 0.5 * before {
                    return None;
                }
                let said = Said {
                    kind: EvidenceKind::Operation,
                    text: format!(
                        "{} takes {} by itself, {} before",
                        self.operation(at),
                        figure(since, "ms"),
                        figure(before, "ms"),
                    ),
                    figures: Some((since, before, "ms".to_owned())),
                    at: None,
                    link: self.span(self.scene.traced[at].slowest, at),
                };
                Some((longer * count, said))
            })
            .collect();
        slower.sort_by(|left, right| right.0.total_cmp(&left.0));
        slower.into_iter().take(MOST_OPERATIONS).map(|(_, said)| said).collect()
    }

    fn template(&self, template: usize, severity: Severity, expected: f64, observed: f64) -> Said {
        let entity = self.scene.situation.templates[template].entity;
        let counts = format!(
            "{} times since, where {} were to be expected",
            figure(observed, ""),
            figure(expected, "")
        );
        let figures = Some((observed, expected, "times".to_owned()));
        let who = self.name(entity);
        match &self.scene.templates[template] {
            Line::Exception { group, name } => Said {
                kind: EvidenceKind::Exception,
                text: format!("{who} threw {name} {counts}"),
                figures,
                at: None,
                link: match group.some() {
                    Some(EntityId(id)) => EvidenceLink::ErrorGroup { id },
                    None => self.page(entity),
                },
            },
            Line::Log { text } => {
                let severity = match severity {
                    Severity::Error => "ERROR",
                    Severity::Warning => "WARN",
                    Severity::Info => "INFO",
                };
                Said {
                    kind: EvidenceKind::LogTemplate,
                    text: format!("{who} logged “{text}” {counts}"),
                    figures,
                    at: None,
                    link: EvidenceLink::Logs {
                        tier: Some(self.id(entity)),
                        severity: severity.to_owned(),
                        text: literal(text),
                    },
                }
            }
        }
    }

    fn change(&self, change: usize, points_before: usize) -> Said {
        let (event, at, summary) = &self.scene.changes[change];
        let of = &self.scene.situation.changes[change];
        let what = match of.kind {
            ChangeKind::Deployment => "was deployed",
            ChangeKind::Configuration => "was configured anew",
            ChangeKind::Restart => "was restarted",
            ChangeKind::Scaling => "was scaled",
            ChangeKind::Job => "began a job",
        };
        let when = match points_before {
            0 => "as it began".to_owned(),
            1 => "a minute before".to_owned(),
            minutes => format!("{minutes} minutes before"),
        };
        Said {
            kind: EvidenceKind::Change,
            text: format!("{} {what} {when}: {}", self.name(of.entity), cut(summary, 200)),
            figures: None,
            at: Some(*at),
            link: EvidenceLink::Event { id: *event },
        }
    }

    /// The failed transactions that came to an entity.
    fn failing(&self, place: usize) -> EvidenceLink {
        let named = &self.scene.named[place];
        let bt = &self.scene.named[self.scene.situation.anomaly.entity];
        let business_transaction = (bt.kind == AnomalousKind::BusinessTransaction).then_some(bt.id);
        match named.kind {
            AnomalousKind::Tier | AnomalousKind::BusinessTransaction => EvidenceLink::Traces {
                business_transaction,
                tier: (named.kind == AnomalousKind::Tier).then_some(named.id),
                errors_only: true,
            },
            _ => self.page(place),
        }
    }

    fn page(&self, place: usize) -> EvidenceLink {
        let named = &self.scene.named[place];
        EvidenceLink::Entity { entity: named.id, entity_kind: named.kind }
    }
}

fn trace((trace, span): Place) -> EvidenceLink {
    EvidenceLink::Trace { trace: trace.to_string(), span: span.to_string() }
}

/// The mean of what was measured in some points, and of how many.
fn mean(of: &Series, per: &Series, points: std::ops::Range<usize>) -> Option<(f64, f64)> {
    let sum = |series: &Series| -> f64 {
        let values = series[points.clone()].iter().filter(|value| value.is_finite());
        values.map(|value| f64::from(*value)).sum()
    };
    let count = sum(per);
    (count > 0.0).then(|| (sum(of) / count, count))
}

fn times(per_call: &Deviation) -> Option<(f64, f64, String)> {
    Some((per_call.observed, per_call.expected, "ms".to_owned()))
}

fn shares(observed: f64, expected: f64) -> Option<(f64, f64, String)> {
    Some((observed * 100.0, expected * 100.0, "%".to_owned()))
}

/// The longest part of a line without placeholders: what a search for it can look for.
fn literal(template: &str) -> String {
    let parts = template.split(['{', '}', '“', '”', '…']);
    let longest = parts.max_by_key(|part| part.trim().len()).unwrap_or_default();
    cut(longest.trim(), 100)
}
