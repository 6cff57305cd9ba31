//! The last attempts to report, from intake to the API.

use api::AttemptsSource;
use api_types::{Attempt, AttemptResult};
use ingest::intake::{self, Intake};

/// Intake's list.
#[derive(Debug)]
pub(crate) struct IntakeAttempts(pub(crate) Intake);

impl AttemptsSource for IntakeAttempts {
    fn newest(&self, limit: usize) -> Vec<Attempt> {
        self.0.attempts().into_iter().take(limit).map(shown).collect()
    }
}

fn shown(attempt: intake::Attempt) -> Attempt {
    let result = match attempt.result {
        intake::AttemptResult::Accepted => AttemptResult::Accepted,
        intake::AttemptResult::Tls(_) => AttemptResult::Failed,
        _ => AttemptResult::Refused,
    };
    Attempt {
        at: i64::try_from(attempt.at.millis()).expect("the year is before 292 million"),
        sender: attempt.sender.map(|sender| sender.to_canonical().to_string()).unwrap_or_default(),
        transport: attempt.transport.to_owned(),
        path: attempt.path,
        result,
        code: match attempt.code {
            0 => attempt.result.name().to_owned(),
            code => format!("{code} {}", attempt.result.name()),
        },
        message: attempt.message,
        remedy: attempt.remedy,
        tier: attempt.tier,
        count: attempt.count,
    }
}
