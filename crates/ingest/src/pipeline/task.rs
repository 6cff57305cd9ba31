//! The thread that drives the pipeline.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use daemon::clock::SharedClock;
use tracing::{error, warn};

use super::{CheckpointError, Config, Pipeline, PipelineError, checkpoint::Saved};

/// How long a step waits for a record: also how often traces that are due are closed.
const WAIT: Duration = Duration::from_millis(250);

/// Whether this version can go on from a checkpoint: asked before a process starts anything on its data.
///
/// # Errors
/// When the checkpoint is of a newer version or damaged.
pub fn check_checkpoint(bytes: &Bytes) -> Result<(), CheckpointError> {
    let content = telemetry_store::checkpoint::content(bytes).ok_or(CheckpointError::Damaged)?;
    Saved::decode(&content).map(drop)
}

/// Runs the pipeline until it `is_to_stop`, then makes a last cut. Errors of a cut are tried again; after any other the
/// pipeline is made anew from its last cut.
///
/// # Errors
/// When another process has taken over, or the pipeline cannot be made at all.
pub fn run(
    mut make: impl FnMut() -> Config,
    clock: &SharedClock,
    is_to_stop: impl Fn() -> bool,
) -> Result<(), PipelineError> {
    let now_ms = || i64::try_from(clock.now().millis()).expect("times before the year 292 million");
    let mut pipeline: Option<Pipeline> = None;
    let mut stats = None;
    while !is_to_stop() {
        let result = match &mut pipeline {
            Some(pipeline) => {
                pipeline.step(now_ms(), WAIT).map(|_| pipeline.config.stats.goes_on())
            }
            None => {
                let config = make();
                stats = Some(Arc::clone(&config.stats));
                config.build(now_ms()).map(|made| pipeline = Some(made))
            }
        };
        match result {
            Ok(()) => {}
            Err(PipelineError::Superseded) => return Err(PipelineError::Superseded),
            Err(PipelineError::Checkpoint(error)) => return Err(error.into()),
            Err(error) => {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "the pipeline pauses and tries again"
                );
                if let Some(stats) = &stats {
                    stats.pauses(&error);
                }
                pipeline = pipeline.filter(|pipeline| !pipeline.is_broken());
                std::thread::park_timeout(Duration::from_millis(500));
            }
        }
        if let Some(pipeline) = &pipeline {
            pipeline.note_lag();
        }
    }
    if let Some(mut pipeline) = pipeline
        && let Err(error) = pipeline.cut_now(now_ms())
    {
        error!(
            error = &error as &dyn std::error::Error,
            "the last cut failed; the next start reads the journal again"
        );
    }
    Ok(())
}
