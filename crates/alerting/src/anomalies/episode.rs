//! What the levels of an entity's series change for its one anomaly: pure.
//!
//! An entity has at most one open anomaly, whatever of it deviates: response time and failures that rise together are one
//! thing. It is as bad as the worst of its series, and over when none deviates any more.

use model::{anomaly::AnomalyChangeKind, rule::Level};

use super::state::{Deviating, Seen, Standing};

/// What a minute changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) kind: AnomalyChangeKind,
    /// The level it has now, or had until it was over.
    pub(super) level: Level,
}

impl Change {
    /// The type of the event that tells of it.
    pub(super) fn event_kind(self) -> &'static str {
        match (self.kind, self.level) {
            (AnomalyChangeKind::Opened, Level::Warning) => "ANOMALY_OPEN_WARNING",
            (AnomalyChangeKind::Opened, Level::Critical) => "ANOMALY_OPEN_CRITICAL",
            (AnomalyChangeKind::Upgraded, _) => "ANOMALY_UPGRADED",
            (AnomalyChangeKind::Downgraded, _) => "ANOMALY_DOWNGRADED",
            (AnomalyChangeKind::Closed | AnomalyChangeKind::Shifted, Level::Warning) => {
                "ANOMALY_CLOSE_WARNING"
            }
            (AnomalyChangeKind::Closed | AnomalyChangeKind::Shifted, Level::Critical) => {
                "ANOMALY_CLOSE_CRITICAL"
            }
        }
    }

    pub(super) fn ends(self) -> bool {
        matches!(self.kind, AnomalyChangeKind::Closed | AnomalyChangeKind::Shifted)
    }
}

/// The types of events that may be told of an anomaly of a level.
#[cfg(test)]
pub(crate) fn event_kinds(level: Level) -> [&'static str; 5] {
    use AnomalyChangeKind::*;
    [Opened, Upgraded, Downgraded, Closed, Shifted].map(|kind| Change { kind, level }.event_kind())
}

/// What an entity's standing changes for its anomaly, which is open at a level or not. None opens in a minute in which all is
/// calm: what deviated in the past that was learnt, and is calm since, is over before it was told.
pub(super) fn step(open: Option<Level>, now: Option<&Standing>) -> Option<Change> {
    let level = now.and_then(|now| now.deviating.iter().map(|one| one.level).max());
    let (kind, level) = match (open, level) {
        (None, None) => return None,
        (None, Some(_)) if now.is_none_or(|now| worst(now).is_none()) => return None,
        (None, Some(level)) => (AnomalyChangeKind::Opened, level),
        (Some(was), Some(level)) if level > was => (AnomalyChangeKind::Upgraded, level),
        (Some(was), Some(level)) if level < was => (AnomalyChangeKind::Downgraded, level),
        (Some(_), Some(_)) => return None,
        (Some(was), None) if now.is_some_and(|now| now.shifted) => {
            (AnomalyChangeKind::Shifted, was)
        }
        (Some(was), None) => (AnomalyChangeKind::Closed, was),
    };
    Some(Change { kind, level })
}

/// The worst of what deviates that was seen in this minute.
pub(super) fn worst(standing: &Standing) -> Option<(&Deviating, Seen)> {
    let rare = |one: &Deviating| one.seen.filter(|seen| seen.rarity > 0.0);
    standing.deviating.iter().find_map(|one| Some((one, rare(one)?)))
}

#[cfg(test)]
mod tests {
    use model::time::Minute;

    use super::*;
    use crate::anomalies::watched::What;

    const SEEN: Seen = Seen { observed: 9.0, expected: 1.0, scaled: 8.0, rarity: 5.0 };

    fn standing(levels: &[Level], shifted: bool) -> Standing {
        let one = |level: &Level| Deviating {
            what: What::ResponseTime,
            level: *level,
            onset: Minute(1),
            seen: Some(SEEN),
            shift: false,
        };
        Standing { deviating: levels.iter().map(one).collect(), shifted }
    }

    #[test]
    fn an_entity_has_one_anomaly_as_bad_as_its_worst_series() {
        use AnomalyChangeKind::*;
        use Level::{Critical, Warning};
        let check = |open, now: Option<Standing>, expected: Option<(AnomalyChangeKind, Level)>| {
            let change = step(open, now.as_ref()).map(|change| (change.kind, change.level));
            assert_eq!(change, expected, "{open:?} {now:?}");
        };
        check(None, None, None);
        check(None, Some(standing(&[], true)), None);
        check(None, Some(standing(&[Warning, Critical], false)), Some((Opened, Critical)));
        check(Some(Warning), Some(standing(&[Warning, Warning], false)), None);
        let mut calm = standing(&[Warning], false);
        for seen in [None, Some(Seen { rarity: 0.0, ..SEEN })] {
            calm.deviating[0].seen = seen;
            check(None, Some(calm.clone()), None);
            check(Some(Warning), Some(calm.clone()), None);
        }
        check(Some(Warning), Some(standing(&[Critical], false)), Some((Upgraded, Critical)));
        check(Some(Critical), Some(standing(&[Warning], true)), Some((Downgraded, Warning)));
        check(Some(Critical), None, Some((Closed, Critical)));
        check(Some(Warning), Some(standing(&[], true)), Some((Shifted, Warning)));
    }
}
