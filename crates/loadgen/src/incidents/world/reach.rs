//! Which transactions reach an operation, and where each stands among those of what it calls.

use super::{Target, World};

/// Fills `Operation::transactions` and `Call::places`.
pub(super) fn trace(world: &mut World) {
    for (number, transaction) in world.transactions.iter().enumerate() {
        world.operations[transaction.operation].transactions.push(number);
    }
    for operation in 0..world.operations.len() {
        world.operations[operation].transactions.sort_unstable();
        world.operations[operation].transactions.dedup();
        let reaching = world.operations[operation].transactions.clone();
        let calls: Vec<usize> = world.calls_of(operation).collect();
        for call in calls {
            if let Some(callee) = callee(world.calls[call].target) {
                world.operations[callee].transactions.extend(&reaching);
            }
        }
    }
    for call in 0..world.calls.len() {
        let Some(callee) = callee(world.calls[call].target) else { continue };
        let far = &world.operations[callee].transactions;
        let near = &world.operations[world.calls[call].from].transactions;
        let place = |transaction: &usize| far.binary_search(transaction).expect("it was traced");
        world.calls[call].places = near.iter().map(place).collect();
    }
}

fn callee(target: Target) -> Option<usize> {
    match target {
        Target::Operation(callee) | Target::Queue { consumer: callee, .. } => Some(callee),
        Target::Backend(_) => None,
    }
}
