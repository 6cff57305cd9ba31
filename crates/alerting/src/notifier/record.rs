//! Trying an action, with the try in the log of deliveries.

use metadata_store::{Deliveries as _, DeliveryState, NewDelivery};

use super::{Notifier, NotifierError};
use crate::{
    actions::{Action, Attempt, Hidden},
    desk::Stored,
    notice::{Notice, NoticeKind},
};

/// A try, and under which id it was logged; one that is not stored has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    pub attempt: Attempt,
    pub delivery: Option<u32>,
}

impl Notifier {
    /// Does an action now, with a notice that says that it is a test.
    ///
    /// # Errors
    /// When the store fails; that the receiver refuses is an answer.
    pub async fn try_action(
        &self,
        action: &Stored<Action>,
        secrets: &Hidden,
    ) -> Result<Tried, NotifierError> {
        let notice = self.test_notice(action);
        let attempt = self.attempt(action.account, &action.value, secrets, &notice).await;
        if action.id == 0 {
            return Ok(Tried { attempt, delivery: None });
        }
        let state =
            if attempt.outcome.ok { DeliveryState::Delivered } else { DeliveryState::GaveUp };
        let delivery = NewDelivery {
            account_id: action.account,
            application_id: action.application,
            policy_id: 0,
            action_id: action.id,
            cause: String::new(),
            state,
            created_ms: attempt.at_ms,
            due_ms: attempt.at_ms,
            title: notice.title.clone(),
            notice: serde_json::to_string(&notice).expect("texts and numbers are JSON"),
            log: serde_json::to_string(&[&attempt]).expect("texts and numbers are JSON"),
            violations: Vec::new(),
        };
        let id = self.store.add_delivery(&delivery).await?;
        Ok(Tried { attempt, delivery: Some(id) })
    }

    /// The notice of a test: a made-up violation, of now and of this server.
    pub fn test_notice(&self, action: &Stored<Action>) -> Notice {
        let mut notice = crate::notice::sample();
        let base = &self.config.base;
        let now_ms = self.now_ms();
        notice.kind = NoticeKind::Test;
        notice.title = format!("Test of the action {}", action.name);
        notice.key = format!("vedette/test/{}", action.id);
        notice.policy.name.clear();
        (notice.since_ms, notice.at_ms) = (now_ms - 300_000, now_ms);
        notice.link = format!("{base}/applications");
        for entry in &mut notice.entries {
            entry.since_ms = notice.since_ms;
            entry.link.clone_from(&notice.link);
        }
        notice
    }
}
