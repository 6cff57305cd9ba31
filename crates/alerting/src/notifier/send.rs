//! Sending what is due: each action in order, several actions at once, again after a while when it fails. The end of
//! something waits in the store until its beginning was delivered or given up.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, stream};
use metadata_store::{Attempted, Deliveries as _, Delivery, DeliveryState};

use super::{Notifier, NotifierError};
use crate::{
    actions::{Action, Attempt, Doing, Hidden, Outcome, command, http},
    notice::Notice,
};

/// Deliveries that one step takes up.
const AT_A_TIME: u32 = 64;
/// How often one step looks for what waited behind what was delivered.
const ROUNDS: usize = 8;
/// Actions that are done at the same time.
const ACTIONS_AT_ONCE: usize = 8;
/// Attempts before giving up: over about four hours.
pub(super) const MAX_ATTEMPTS: u32 = 10;
const FIRST_PAUSE_MS: i64 = 30_000;
const LONGEST_PAUSE_MS: i64 = 3_600_000;
/// Attempts that a log keeps, the newest.
const LOGGED: usize = 20;

/// What came of the deliveries of one action.
struct Sent {
    attempts: usize,
    /// The last attempt is to be made again.
    failed: bool,
}

impl Notifier {
    /// Makes the attempts that are due; returns how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn send_due(&self) -> Result<usize, NotifierError> {
        let (mut made, mut failing) = (0, BTreeSet::new());
        for _ in 0..ROUNDS {
            let due = self.store.due_deliveries(self.now_ms(), AT_A_TIME).await?;
            let mut by_action: BTreeMap<(u32, u32), Vec<Delivery>> = BTreeMap::new();
            for delivery in due {
                let action = (delivery.account_id, delivery.action_id);
                if !failing.contains(&action) {
                    by_action.entry(action).or_default().push(delivery);
                }
            }
            if by_action.is_empty() {
                break;
            }
            let each = by_action.into_iter().map(|(action, deliveries)| async move {
                self.send_in_order(deliveries).await.map(|sent| (action, sent))
            });
            let done: Vec<_> = stream::iter(each).buffer_unordered(ACTIONS_AT_ONCE).collect().await;
            for one in done {
                let (action, sent) = one?;
                made += sent.attempts;
                if sent.failed {
                    failing.insert(action);
                }
            }
        }
        Ok(made)
    }

    /// After a failure the rest waits for the next step: whoever does not answer now will hardly answer the next one.
    async fn send_in_order(&self, deliveries: Vec<Delivery>) -> Result<Sent, NotifierError> {
        let mut sent = Sent { attempts: 0, failed: false };
        for delivery in deliveries {
            sent.attempts += 1;
            if self.send(&delivery).await? == DeliveryState::Pending {
                sent.failed = true;
                break;
            }
        }
        Ok(sent)
    }

    async fn send(&self, delivery: &Delivery) -> Result<DeliveryState, NotifierError> {
        let attempt = match (
            serde_json::from_str::<Notice>(&delivery.notice),
            self.action(delivery.account_id, delivery.action_id).await,
        ) {
            (_, Err(NotifierError::Store(error))) => return Err(error.into()),
            (Err(error), _) => self.refused(format!("the notice cannot be read: {error}")),
            (_, Err(error)) => self.refused(error.to_string()),
            (Ok(_), Ok(None)) => self.refused("the action was deleted".to_owned()),
            (Ok(notice), Ok(Some((action, secrets)))) => {
                self.attempt(delivery.account_id, &action.value, &secrets, &notice).await
            }
        };
        let noted = after(delivery, attempt);
        if noted.state == DeliveryState::GaveUp {
            let (delivery, action) = (delivery.id, delivery.action_id);
            tracing::warn!(delivery, action, "gave up delivering a notice");
        }
        self.store.note_attempt(&noted).await?;
        Ok(noted.state)
    }

    fn refused(&self, why: String) -> Attempt {
        Attempt { at_ms: self.now_ms(), took_ms: 0, outcome: Outcome::refused("", why) }
    }

    /// Does an action once.
    pub async fn attempt(
        &self,
        account: u32,
        action: &Action,
        secrets: &Hidden,
        notice: &Notice,
    ) -> Attempt {
        let (at_ms, began) = (self.now_ms(), self.clock.monotonic());
        let outcome = match &action.doing {
            Doing::Http(request) => match http::make(request, notice, secrets) {
                Ok(made) => self.http.send(made, secrets).await,
                Err(why) => Outcome::refused("", why),
            },
            Doing::Email(email) => match self.mail(account).await {
                Ok(Some(mail)) => match self.mail_password(&mail) {
                    Ok(password) => self.email.send(&mail.server, &password, email, notice).await,
                    Err(error) => Outcome::refused("", error.to_string()),
                },
                Ok(None) => Outcome::failed(
                    email.to.join(", "),
                    "no mail server is set: Administration, Notifications",
                ),
                Err(error) => Outcome::failed("", error.to_string()),
            },
            Doing::Command(command) => {
                command::run(&self.config.commands, command, notice, secrets).await
            }
            Doing::Unsupported { what } => {
                Outcome::refused("", format!("actions of the kind {what} are kept, not done"))
            }
        };
        let took = self.clock.monotonic().saturating_sub(began);
        Attempt { at_ms, took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX), outcome }
    }
}

/// What an attempt makes of its delivery.
fn after(delivery: &Delivery, attempt: Attempt) -> Attempted {
    let made = delivery.attempts + 1;
    let pause = (FIRST_PAUSE_MS << delivery.attempts.min(20)).min(LONGEST_PAUSE_MS);
    let asked = attempt
        .outcome
        .retry_after
        .map_or(0, |seconds| i64::try_from(seconds).unwrap_or(0) * 1_000);
    let (state, due_ms) = match &attempt.outcome {
        outcome if outcome.ok => (DeliveryState::Delivered, delivery.due_ms),
        outcome if outcome.retry && made < MAX_ATTEMPTS => {
            (DeliveryState::Pending, attempt.at_ms + pause.max(asked))
        }
        _ => (DeliveryState::GaveUp, delivery.due_ms),
    };
    let mut log: Vec<Attempt> = serde_json::from_str(&delivery.log).unwrap_or_default();
    log.push(attempt);
    let log = &log[log.len().saturating_sub(LOGGED)..];
    Attempted {
        id: delivery.id,
        attempts_before: delivery.attempts,
        state,
        due_ms,
        log: serde_json::to_string(log).expect("texts and numbers are JSON"),
    }
}
