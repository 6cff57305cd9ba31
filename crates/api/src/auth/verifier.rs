//! Checking passwords against hashes: at most two at once, since each takes 19 MiB and 20 ms of a core, and as long for a
//! user who does not exist as for a wrong password.

use std::sync::Arc;

use tokio::sync::{OnceCell, Semaphore};

use crate::{access_key, error::ApiError, password};

const AT_ONCE: usize = 2;
const WAITING: usize = 32;

#[derive(Debug)]
pub(super) struct Verifier {
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    /// The hash of a password that nobody knows.
    nobodys: OnceCell<String>,
}

impl Verifier {
    pub(super) fn new() -> Verifier {
        Verifier {
            admitted: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            running: Arc::new(Semaphore::new(AT_ONCE)),
            nobodys: OnceCell::new(),
        }
    }

    /// Whether the password is the one behind `stored`; never without a stored hash, but after the same work.
    pub(super) async fn verify(
        &self,
        password: String,
        stored: Option<String>,
    ) -> Result<bool, ApiError> {
        let known = stored.is_some();
        // Made before anything is compared, so that the first sign-in of an unknown user is no slower than others.
        let nobodys = self.nobodys.get_or_try_init(|| self.run(nobodys_hash)).await?.clone();
        let stored = stored.unwrap_or(nobodys);
        let right = self.run(move || password::verify(&password, &stored)).await?;
        Ok(right && known)
    }

    /// The hash of a new password.
    pub(super) async fn hash(&self, password: String) -> Result<String, ApiError> {
        self.run(move || password::hash(&password)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let admitted = Arc::clone(&self.admitted)
            .try_acquire_owned()
            .map_err(|_| ApiError::Overloaded { retry_after: 2 })?;
        let running = Arc::clone(&self.running).acquire_owned().await;
        let running = running.expect("the semaphore is never closed");
        let thread = tokio::task::spawn_blocking(move || {
            let _places = (admitted, running);
            work()
        });
        thread
            .await
            .map_err(|error| ApiError::Unavailable { what: "password", source: Box::new(error) })
    }
}

fn nobodys_hash() -> String {
    password::hash(&hex::encode(access_key::random::<32>()))
}
