//! Queues: one identity on the producer's and the consumer's side, each of which sees only its own span.

use crate::conventions::{Facts, MessagingOperation};
use crate::naming::name;

/// What identifies a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Queue<'a> {
    /// Empty where neither an attribute nor the scope tells it.
    pub system: &'a str,
    pub destination: &'a str,
}

impl Queue<'_> {
    /// The name on the map: `rabbitmq jobs`.
    pub fn name(&self) -> String {
        let name = match self.system {
            "" => self.destination.to_owned(),
            system => [system, " ", self.destination].concat(),
        };
        name::limited(name)
    }
}

/// The queue of a messaging span, be it producer or consumer; nothing where it has no destination.
pub fn identity<'a>(facts: &Facts<'a>) -> Option<Queue<'a>> {
    facts.messaging_operation?;
    Some(Queue {
        system: facts.messaging_system.unwrap_or_default(),
        destination: facts.messaging_destination?,
    })
}

/// Whether a consumer asked and got nothing: a batch of none, or a receive that names neither destination nor message.
pub fn is_empty_poll(facts: &Facts<'_>) -> bool {
    if facts.messaging_operation != Some(MessagingOperation::Receive) {
        return false;
    }
    match facts.messaging_batch_size {
        Some(size) => size == 0,
        None => facts.messaging_destination.is_none() && facts.messaging_message_id.is_none(),
    }
}

/// Whether a message that both spans handled is counted on `process` rather than on `receive`: the rule for a CONSUMER
/// under a receive of its own process.
pub fn supersedes(process: &Facts<'_>, receive: &Facts<'_>) -> bool {
    process.messaging_operation == Some(MessagingOperation::Process)
        && receive.messaging_operation == Some(MessagingOperation::Receive)
        && process.messaging_destination == receive.messaging_destination
}

/// Whether spans of this scope only hand a message on where a framework is around: under Spring, Java's RabbitMQ client puts
/// it into a queue of its own, and the span of Spring's listener, with the same parent, is the one that processes it.
pub fn hands_on(scope: &str) -> bool {
    scope.starts_with("io.opentelemetry.rabbitmq-")
}

#[cfg(test)]
mod tests;
