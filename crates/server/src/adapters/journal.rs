//! Intake's journal, made of the real one.

use std::{sync::Arc, time::Duration};

use ingest::{
    intake::{AppendError, Appending, Batch, Journal, Topic},
    otlp::slice::Slice,
};
use journal::Record;
use tokio::sync::oneshot;

/// Appends intake's batches.
#[derive(Debug)]
pub(crate) struct IntakeJournal(pub(crate) journal::SharedJournal);

const RETRY_WHEN_FULL: Duration = Duration::from_secs(10);
const RETRY_WHEN_BUSY: Duration = Duration::from_secs(1);

impl Journal for IntakeJournal {
    fn append(&self, batch: Batch) -> Appending {
        let (done, result) = oneshot::channel();
        let told = Box::new(move |result| {
            // Whoever asked may have gone; the records are durable all the same.
            drop(done.send(result));
        });
        self.0.append(records(batch), told);
        Box::pin(async move {
            match result.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(refusal(&error)),
                Err(_) => Err(AppendError::Unavailable("the journal has ended".to_owned())),
            }
        })
    }

    fn refusal(&self, under_way: usize) -> Option<AppendError> {
        self.0.refusal(under_way).as_ref().map(refusal)
    }
}

fn refusal(error: &journal::AppendError) -> AppendError {
    match error {
        journal::AppendError::Full { .. } | journal::AppendError::DiskFull { .. } => {
            AppendError::Full { retry_after: RETRY_WHEN_FULL }
        }
        journal::AppendError::Busy => AppendError::Busy { retry_after: RETRY_WHEN_BUSY },
        other => AppendError::Unavailable(other.to_string()),
    }
}

/// A body's slices. Of several slices for one partition each gets a fingerprint of its own, or only the first would count.
fn records(batch: Batch) -> Vec<Record> {
    let Batch { topic, account, sender, received_ns, fingerprint, slices } = batch;
    let topic = match topic {
        Topic::Spans => journal::Topic::Spans,
        Topic::Metrics => journal::Topic::Metrics,
        Topic::Logs => journal::Topic::Logs,
    };
    let mut of_partition = [0u64; 32];
    let record = |Slice { partition, bytes, items }: Slice| {
        let nth = &mut of_partition[usize::from(partition % 32)];
        let fingerprint = fingerprint.wrapping_add(nth.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        *nth += 1;
        Record {
            topic,
            partition,
            account,
            fingerprint,
            received_ns,
            sender,
            items,
            payload: bytes,
        }
    };
    slices.into_iter().map(record).collect()
}

/// The journal as intake wants it.
pub(crate) fn shared(journal: journal::SharedJournal) -> Arc<dyn Journal> {
    Arc::new(IntakeJournal(journal))
}

#[cfg(test)]
mod tests {
    use model::id::AccountId;

    use super::*;

    #[test]
    fn each_slice_of_a_body_has_a_fingerprint_of_its_own_within_its_partition() {
        let slice = |partition| Slice { partition, bytes: vec![1].into(), items: 1 };
        let batch = Batch {
            topic: Topic::Spans,
            account: AccountId::FIRST,
            sender: None,
            received_ns: 1,
            fingerprint: 7,
            slices: vec![slice(0), slice(0), slice(1)],
        };
        let again = batch.clone();
        let prints =
            |batch| records(batch).iter().map(|record| record.fingerprint).collect::<Vec<_>>();
        let first = prints(batch);
        assert_eq!((first[0], first[2]), (7, 7));
        assert_ne!(first[1], 7);
        assert_eq!(prints(again), first);
    }
}
