//! Limits as answers tell them. Pure.

use api_types::{Limit, LimitState, Ref};

/// A limit in the making.
#[derive(Debug)]
pub struct Draft(Limit);

/// A limit of which so much is used.
pub fn of(limit: &str, what: &str, used: usize, max: u64) -> Draft {
    let used = used as u64;
    Draft(Limit {
        limit: limit.to_owned(),
        what: what.to_owned(),
        application: None,
        tier: None,
        used,
        max,
        unit: String::new(),
        state: state(used, max),
        remedy: String::new(),
    })
}

impl Draft {
    /// Of bytes.
    pub fn bytes(mut self) -> Draft {
        "bytes".clone_into(&mut self.0.unit);
        self
    }

    /// Of this application.
    pub fn application(mut self, application: &Ref) -> Draft {
        self.0.application = Some(application.clone());
        self
    }

    /// Of this tier.
    pub fn tier(mut self, tier: Ref) -> Draft {
        self.0.tier = Some(tier);
        self
    }

    /// What happens at the limit and what to do.
    pub fn remedy(mut self, remedy: &str) -> Draft {
        remedy.clone_into(&mut self.0.remedy);
        self
    }

    pub fn made(self) -> Limit {
        self.0
    }
}

/// Used up, or more than four fifths of it.
fn state(used: u64, max: u64) -> LimitState {
    if used >= max {
        return LimitState::Reached;
    }
    if u128::from(used) * 5 > u128::from(max) * 4 { LimitState::Near } else { LimitState::Ok }
}

/// The nearest first.
pub(crate) fn sort(limits: &mut [Limit]) {
    let share = |limit: &Limit| limit.used as f64 / limit.max.max(1) as f64;
    limits.sort_by(|a, b| a.state.cmp(&b.state).then(share(b).total_cmp(&share(a))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_near_from_four_fifths_on() {
        let states = [0, 160, 161, 199, 200, 900].map(|used| of("x", "X", used, 200).made().state);
        use LimitState::{Near, Ok, Reached};
        assert_eq!(states, [Ok, Ok, Near, Near, Reached, Reached]);
    }

    #[test]
    fn the_nearest_comes_first() {
        let limit = |name: &str, used| of(name, "X", used, 100).made();
        let mut limits = [limit("a", 10), limit("b", 95), limit("c", 300), limit("d", 40)];
        sort(&mut limits);
        assert_eq!(limits.map(|limit| limit.limit), ["c", "b", "d", "a"]);
    }
}
