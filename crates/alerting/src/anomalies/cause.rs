//! What most likely caused an anomaly of a business transaction or tier: what is stored around it becomes a situation
//! ([`gather`]), `analysis::cause` ranks, and its answer is put into words and links ([`answer`]).
//!
//! Bounded: an hour before the onset and an hour since, at most a thousand entities, so many traces and log records. What there was no
//! room for is said in `lacks`.

mod answer;
mod around;
mod gather;
mod logs;
mod operations;
mod pools;
mod scene;
mod spans;
mod traces;

use metadata_store::Directory;
use model::{
    anomaly::CauseVerdict,
    entity::EntityKind,
    id::{AccountId, EntityId},
    time::Minute,
};
use telemetry_store::reader::QueryError;

use super::{
    episode::Change,
    readings::Observed,
    store::AnomalyStore,
    stored::{Body, Brief, FoundCauses},
    words::percent,
};

/// Minutes before the onset that are its history.
const HISTORY: u32 = 60;
/// Minutes since the onset that are looked at.
const INCIDENT: u32 = 60;

/// Why no cause could be looked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum CauseError {
    #[error("reading what was counted around an anomaly")]
    Telemetry(#[from] QueryError),
    #[error("reading what happened around an anomaly")]
    Metadata(#[from] metadata_store::StoreError),
}

/// An anomaly whose cause is asked for.
pub(super) struct Question<'a, T: ?Sized> {
    pub(super) telemetry: &'a T,
    pub(super) store: &'a dyn AnomalyStore,
    pub(super) directory: &'a Directory,
    pub(super) account: AccountId,
    pub(super) application: EntityId,
    /// A business transaction or a tier.
    pub(super) entity: EntityId,
    pub(super) kind: EntityKind,
    pub(super) onset: Minute,
    /// The last minute that is known.
    pub(super) now: Minute,
    /// What of it deviates.
    pub(super) what: Option<analysis::cause::Signal>,
    /// Whether there is time to look at more traces.
    pub(super) may_go_on: &'a dyn Fn() -> bool,
}

impl<T: Observed + ?Sized> Question<'_, T> {
    /// The suspects, with their evidence.
    pub(super) fn answer(&self) -> Result<FoundCauses, CauseError> {
        let scene = gather::gather(self)?;
        let answer = analysis::cause::rank(&scene.situation, &analysis::cause::Config::default());
        Ok(answer::found(&scene, &answer))
    }
}

/// Takes over into an anomaly what was found: the verdict, the first suspect, and the sentence with its reason.
pub(super) fn explain(body: &mut Body, happened: &str, found: &FoundCauses) {
    body.verdict = found.verdict;
    let first = found.suspects.first().filter(|_| found.verdict != CauseVerdict::NoClearCause);
    body.suspect =
        first.map(|first| Brief { entity: first.entity.clone(), confidence: first.confidence });
    body.summary = summary(happened, found);
}

fn summary(happened: &str, found: &FoundCauses) -> String {
    let Some(first) = found.suspects.first() else {
        return format!("{happened}; no clear cause.");
    };
    let strongest = first.evidence.first().map(|evidence| lower(&evidence.text));
    let who = first.entity.called();
    match (found.verdict, strongest) {
        (CauseVerdict::NoClearCause | CauseVerdict::Pending, _) => {
            format!(
                "{happened}; no clear cause, first of all suspects is {who} ({}).",
                percent(first.confidence)
            )
        }
        (CauseVerdict::Load, Some(why)) => format!("{happened} under more load: {why}."),
        (CauseVerdict::Load, None) => format!("{happened} under more load."),
        (CauseVerdict::Cause, Some(why)) => format!("{happened} because of {who}: {why}."),
        (CauseVerdict::Cause, None) => format!("{happened} because of {who}."),
    }
}

/// A sentence as part of another: without its full stop. Its first word is a name as often as not and stays.
fn lower(text: &str) -> String {
    text.trim_end_matches('.').to_owned()
}

/// The sentence of an anomaly whose cause is not looked for.
pub(super) fn plain(happened: &str) -> String {
    format!("{happened}.")
}

/// Whether the cause of what changed is worth another look, so many minutes after it opened.
pub(super) fn is_due(minutes_open: u32, change: Option<Change>) -> bool {
    if change.is_some_and(|change| !change.ends()) {
        return true;
    }
    // At first each minute tells more; later nothing new is to be expected.
    change.is_none()
        && (minutes_open <= 15 || (minutes_open <= 120 && minutes_open.is_multiple_of(10)))
}
