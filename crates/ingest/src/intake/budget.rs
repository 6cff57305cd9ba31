//! One budget of bytes for all requests under way.
//!
//! Nobody waits for it: what does not fit is refused with a time to come again, since a queue of bodies would only
//! move the memory elsewhere.

use std::sync::Arc;

use daemon::memory::{Guard, Pressure};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The budget. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    bytes: Arc<Semaphore>,
    capacity: usize,
    memory: Guard,
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRoom {
    /// Others hold it.
    Now,
    /// The request alone would need more than all.
    Ever,
}

impl Budget {
    pub(super) fn new(capacity: usize, memory: Guard) -> Budget {
        Budget { bytes: Arc::new(Semaphore::new(capacity)), capacity, memory }
    }

    /// What requests may hold now: less while the process is near its limit.
    fn room(&self) -> usize {
        match self.memory.pressure() {
            Pressure::None => self.capacity,
            Pressure::High => self.capacity / 8,
            Pressure::Critical => self.capacity / 64,
        }
    }

    /// Bytes held by requests under way.
    pub(super) fn held(&self) -> usize {
        self.capacity.saturating_sub(self.bytes.available_permits())
    }

    /// Holds nothing yet.
    pub(super) fn reservation(&self) -> Reservation {
        Reservation { budget: self.clone(), permit: None }
    }
}

/// What one request holds; given back when dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Budget,
    permit: Option<OwnedSemaphorePermit>,
}

impl Reservation {
    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }

    /// Holds `bytes` more.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let wanted = self.held().saturating_add(bytes);
        if wanted > self.budget.capacity {
            return Err(NoRoom::Ever);
        }
        let more = u32::try_from(bytes).map_err(|_| NoRoom::Ever)?;
        // One at a time gets through whatever else fills the memory, or it might never go on.
        let others = self.budget.held().saturating_sub(self.held());
        if others > 0 && others.saturating_add(wanted) > self.budget.room() {
            return Err(NoRoom::Now);
        }
        let permit = Arc::clone(&self.budget.bytes).try_acquire_many_owned(more);
        let permit = permit.map_err(|_| NoRoom::Now)?;
        match &mut self.permit {
            Some(held) => held.merge(permit),
            None => self.permit = Some(permit),
        }
        Ok(())
    }

    /// Holds `bytes` in all, more or less than before.
    pub(super) fn resize(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let held = self.held();
        if let Some(more) = bytes.checked_sub(held) {
            return self.grow(more);
        }
        if let Some(permit) = &mut self.permit {
            drop(permit.split(held - bytes));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_counts_until_it_is_dropped() {
        let budget = Budget::new(100, Guard::unlimited());
        let mut first = budget.reservation();
        let mut second = budget.reservation();
        assert_eq!(first.grow(60), Ok(()));
        assert_eq!(second.grow(50), Err(NoRoom::Now));
        assert_eq!(first.resize(20), Ok(()));
        assert_eq!(second.grow(50), Ok(()));
        assert_eq!((budget.held(), first.held(), second.held()), (70, 20, 50));
        drop(first);
        assert_eq!(second.resize(100), Ok(()));
        drop(second);
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn near_the_memory_limit_only_one_large_request_gets_through_at_a_time() {
        let full = Guard::new(1, daemon::clock::SystemClock::shared());
        let budget = Budget::new(6400, full);
        let mut first = budget.reservation();
        let mut second = budget.reservation();
        assert_eq!(first.grow(90), Ok(()));
        assert_eq!(second.grow(11), Err(NoRoom::Now));
        assert_eq!(second.grow(10), Ok(()));
        drop(second);
        assert_eq!(first.grow(5000), Ok(()));
        assert_eq!(budget.reservation().grow(1), Err(NoRoom::Now));
        drop(first);
        assert_eq!(budget.reservation().grow(5000), Ok(()));
    }

    #[test]
    fn what_can_never_fit_is_told_apart() {
        let budget = Budget::new(100, Guard::unlimited());
        let mut reservation = budget.reservation();
        assert_eq!(reservation.grow(70), Ok(()));
        assert_eq!(reservation.grow(31), Err(NoRoom::Ever));
        assert_eq!(reservation.held(), 70);
    }
}
