//! Business transactions within a server's limits: so many of a tier and of an application count by themselves, the
//! others in their tier's other traffic. Which ones have a place depends on which came first, so that any may; yet what is
//! shown of those that have one is what was sent of it, and what is shown of the others is the rest, call by call.

use std::collections::BTreeMap;

use super::{differing, said};
use crate::data::expected::Count;

const PLACES_OF_A_TIER: usize = 50;
const PLACES: usize = 200;

type Transactions = BTreeMap<(String, String), Count>;

/// As sentences; none when every call is counted where it belongs.
pub(super) fn differences(sent: &Transactions, shown: &Transactions) -> Vec<String> {
    let by_tier = by_tier(sent);
    let fits = by_tier.values().all(|names| names.len() <= PLACES_OF_A_TIER);
    if fits && sent.len() <= PLACES {
        return differing(sent, shown, told);
    }
    let called = |key: &(String, String)| shown.get(key).is_some_and(|count| count.calls > 0);
    let with_place: Vec<&(String, String)> = sent.keys().filter(|key| called(key)).collect();
    let of_tier = |tier: &str| with_place.iter().filter(|key| key.0 == tier).count();
    let mut differences = Vec::new();
    // A tier with room may have lent its place late: some calls of one that got it then count in other traffic.
    let may_move = by_tier.len() > 1;
    let mut other = Transactions::new();
    for (key, count) in sent {
        let seen = shown.get(key).copied().unwrap_or_default();
        let less = seen.calls <= count.calls && seen.errors <= count.errors;
        let moved = seen.calls == 0 || may_move;
        if seen != *count && !(less && moved) {
            differences.push(format!("{}: {} sent, {} shown", told(key), said(*count), said(seen)));
            continue;
        }
        let rest = other.entry((key.0.clone(), other_traffic(&key.0))).or_default();
        rest.calls += count.calls - seen.calls;
        rest.errors += count.errors - seen.errors;
    }
    let shown_else = shown.iter().filter(|(key, _)| !sent.contains_key(*key));
    let shown_else = shown_else.map(|(key, count)| (key.clone(), *count)).collect();
    other.retain(|_, count| *count != Count::default());
    differences.extend(differing(&other, &shown_else, told));
    for (tier, names) in &by_tier {
        let (places, wanted) = (of_tier(tier), names.len().min(PLACES_OF_A_TIER));
        let room = with_place.len() < PLACES;
        if places > PLACES_OF_A_TIER || (places < wanted && room && !may_move) {
            differences.push(format!(
                "{tier}: {} business transactions sent, {places} of {wanted} places taken",
                names.len()
            ));
        }
    }
    if with_place.len() > PLACES {
        let places = with_place.len();
        differences.push(format!("{places} business transactions count by themselves"));
    }
    differences
}

fn by_tier(sent: &Transactions) -> BTreeMap<&str, Vec<&str>> {
    let mut tiers = BTreeMap::<&str, Vec<&str>>::new();
    for (tier, name) in sent.keys() {
        tiers.entry(tier).or_default().push(name);
    }
    tiers
}

fn other_traffic(tier: &str) -> String {
    format!("All Other Traffic - {tier}")
}

fn told((tier, name): &(String, String)) -> String {
    format!("business transaction '{name}' of {tier}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(calls: u64, errors: u64) -> Count {
        Count { calls, errors }
    }

    /// So many transactions of each tier, of ten calls and one error.
    fn sent(of: &[(&str, usize)]) -> Transactions {
        let names = |(tier, many): &(&str, usize)| {
            let tier = (*tier).to_owned();
            (0..*many).map(move |n| ((tier.clone(), format!("GET /{n:03}")), count(10, 1)))
        };
        of.iter().flat_map(names).collect()
    }

    /// The last ones have no place.
    fn without_place(sent: &Transactions, tier: &str, many: usize) -> Transactions {
        let mut shown = sent.clone();
        for key in sent.keys().filter(|key| key.0 == tier).rev().take(many) {
            shown.remove(key);
        }
        let rest = count(10 * many as u64, many as u64);
        shown.insert((tier.to_owned(), other_traffic(tier)), rest);
        shown
    }

    fn check(sent: &Transactions, shown: &Transactions, wanted: &[&str]) {
        assert_eq!(differences(sent, shown), wanted);
    }

    #[test]
    fn within_the_limits_every_transaction_is_shown_and_no_other_traffic() {
        let sent = sent(&[("web", 50), ("app", 50)]);
        check(&sent, &sent.clone(), &[]);
        let said = [
            "business transaction 'GET /049' of web: 10 calls and 1 errors, not shown",
            "business transaction 'All Other Traffic - web' of web: never sent, 10 calls and 1 errors shown",
        ];
        check(&sent, &without_place(&sent, "web", 1), &said);
    }

    #[test]
    fn beyond_the_limits_the_rest_is_in_other_traffic_whichever_it_is() {
        let sent = sent(&[("web", 60)]);
        check(&sent, &without_place(&sent, "web", 10), &[]);
        let mut exchanged = without_place(&sent, "web", 10);
        exchanged.remove(&("web".to_owned(), "GET /000".to_owned()));
        exchanged.insert(("web".to_owned(), "GET /059".to_owned()), count(10, 1));
        check(&sent, &exchanged, &[]);
    }

    #[test]
    fn a_call_that_is_counted_nowhere_or_elsewhere_is_a_difference() {
        let sent = sent(&[("web", 60)]);
        let other = ("web".to_owned(), other_traffic("web"));
        let mut shown = without_place(&sent, "web", 10);
        shown.insert(other.clone(), count(99, 10));
        let said = "business transaction 'All Other Traffic - web' of web: 100 calls and 10 errors sent, 99 calls and 10 errors shown";
        check(&sent, &shown, &[said]);
        // Moved from one that has a place.
        let mut shown = without_place(&sent, "web", 10);
        shown.insert(("web".to_owned(), "GET /000".to_owned()), count(9, 1));
        shown.insert(other, count(101, 10));
        let said = [
            "business transaction 'GET /000' of web: 10 calls and 1 errors sent, 9 calls and 1 errors shown",
            "business transaction 'All Other Traffic - web' of web: 100 calls and 10 errors sent, 101 calls and 10 errors shown",
        ];
        check(&sent, &shown, &said);
    }

    #[test]
    fn places_are_neither_left_empty_nor_taken_twice() {
        let sent = sent(&[("web", 60)]);
        let few = "web: 60 business transactions sent, 49 of 50 places taken";
        check(&sent, &without_place(&sent, "web", 11), &[few]);
        let many = "web: 60 business transactions sent, 51 of 50 places taken";
        check(&sent, &without_place(&sent, "web", 9), &[many]);
    }

    #[test]
    fn an_application_has_two_hundred_places_whatever_its_tiers() {
        let sent = sent(&[("a", 50), ("b", 50), ("c", 50), ("d", 50), ("e", 50)]);
        check(&sent, &without_place(&sent, "e", 50), &[]);
        let said = "201 business transactions count by themselves";
        check(&sent, &without_place(&sent, "e", 49), &[said]);
    }
}
