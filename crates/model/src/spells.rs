//! Spells of time during which something holds for calls, told by when a call ends: so that a call is judged the same however
//! often its trace is opened again.

use serde::{Deserialize, Serialize};

/// `from..to` of ends of calls, Unix nanoseconds, rising; the last one may be open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spells(Vec<(u64, Option<u64>)>);

impl Spells {
    /// Whether there was never one.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it holds for calls that end from now on.
    pub fn is_now(&self) -> bool {
        self.0.last().is_some_and(|(_, to)| to.is_none())
    }

    /// Since when it holds, Unix nanoseconds; nothing when it does not hold now.
    pub fn since_ns(&self) -> Option<u64> {
        self.0.last().filter(|(_, to)| to.is_none()).map(|(from, _)| *from)
    }

    /// Whether it holds for a call that ends at this time (Unix nanoseconds).
    pub fn is_at(&self, end_ns: u64) -> bool {
        let within =
            |(from, to): &(u64, Option<u64>)| *from <= end_ns && to.is_none_or(|to| end_ns < to);
        self.0.iter().any(within)
    }

    /// Begins or ends a spell at `from_ns`, a time after the end of every call that was taken. Nothing when it is as wanted.
    #[must_use]
    pub fn turned(&self, wanted: bool, from_ns: u64) -> Option<Spells> {
        if wanted == self.is_now() {
            return None;
        }
        let mut changed = self.clone();
        match changed.0.last_mut() {
            Some((_, to)) if !wanted => *to = Some(from_ns),
            _ => changed.0.push((from_ns, None)),
        }
        Some(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_judged_by_the_spell_in_which_it_ends() {
        let first = Spells::default().turned(true, 5).expect("it begins");
        assert_eq!(
            (first.is_now(), first.since_ns(), first.turned(true, 6)),
            (true, Some(5), None)
        );
        let ended = first.turned(false, 9).expect("it ends");
        assert_eq!((ended.is_now(), ended.since_ns(), ended.turned(false, 9)), (false, None, None));
        let again = ended.turned(true, 20).expect("it begins again");
        let held: Vec<u64> =
            [4, 5, 8, 9, 19, 20].into_iter().filter(|at| again.is_at(*at)).collect();
        assert_eq!(held, [5, 8, 20]);
        assert_eq!(serde_json::to_string(&again).unwrap(), "[[5,9],[20,null]]");
    }
}
