//! Keys of attributes, or values of one key, as some spans of a range have them.
//!
//! A sample, so that an answer costs the same however much is stored: the newest spans of the head, and some rows of some
//! segments that are spread over the range. Whoever asks is told how many spans these were, and whether they were all.

use std::{cmp::Reverse, sync::Arc};

use model::attributes::Value;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Lacks;
use crate::{
    attribute,
    head::Head,
    reader::{AttributeQuery, AttributeSample, QueryError},
    segment::spans::sample::{self, Tally, Wanted},
    span_batch::{Part, SpanBatch},
    store::{Segment, Store},
    table::Table,
};

/// Spans of the head that are looked at.
const IN_HEAD: usize = 4 * 1024;
/// Segments that are looked into, the newest and others at even distances.
const SEGMENTS: usize = 16;
/// Rows of all of these, where all their attributes are read and where those of one key are.
const ROWS_OF_ALL: usize = 8 * 1024;
const ROWS_OF_ONE: usize = 32 * 1024;
/// Different keys or values that are counted; a key with more is an id of something, and no list of it is of use.
const DISTINCT: usize = 20_000;
/// Bytes of a key or value: longer ones are nothing that people ask for.
const LONGEST: usize = 256;

pub(super) fn attributes(
    store: &Store,
    query: &AttributeQuery,
    lacks: &mut Lacks,
) -> Result<AttributeSample, QueryError> {
    let wanted = Wanted {
        key: query.key.as_deref(),
        application: query.application,
        tier: query.tier,
        from_ns: query.from_ns,
        to_ns: query.to_ns,
    };
    let mut counts = Counts::of(query);
    let mut whole = true;
    let pin = store.pin_with_heads(|head| whole &= in_head(head, query, &wanted, &mut counts));
    let tables = [Table::Spans, Table::Snapshots];
    let all = tables.into_iter().flat_map(|table| pin.of(query.account, table));
    let mut segments: Vec<&Arc<Segment>> =
        all.filter(|segment| segment.overlaps(query.from_ns, query.to_ns)).collect();
    segments.sort_by_key(|segment| Reverse(segment.meta.max_time_ns));
    let rows = if query.key.is_some() { ROWS_OF_ONE } else { ROWS_OF_ALL };
    whole &= segments.len() <= SEGMENTS;
    let chosen: Vec<usize> = spread(segments.len(), SEGMENTS).collect();
    let rows_each = rows / chosen.len().max(1);
    store.read_each(chosen.into_iter().map(|at| segments[at]), lacks, |segment| {
        whole &= sample::sample(&*segment.open()?, &wanted, rows_each, &mut counts)?;
        Ok(())
    })?;
    Ok(counts.finish(query.limit, whole))
}

/// Some of so many places: the first, the last, and others at even distances.
fn spread(count: usize, most: usize) -> impl Iterator<Item = usize> {
    let chosen = count.min(most);
    (0..chosen).map(move |at| match chosen {
        0 | 1 => 0,
        _ => at * (count - 1) / (chosen - 1),
    })
}

/// Looks at the newest spans of a head; `false` when there were others.
fn in_head(head: &Head, query: &AttributeQuery, wanted: &Wanted<'_>, counts: &mut Counts) -> bool {
    let Some(rows) = head.get(query.account) else { return true };
    let parts = [&rows.spans, &rows.snapshots].into_iter().map(SpanBatch::parts);
    let newest_first = parts.flat_map(|parts| parts.iter().rev());
    let mut left = IN_HEAD;
    for part in newest_first {
        let looked_at = part.len().min(left);
        in_part(part, looked_at, wanted, counts);
        left -= looked_at;
        if looked_at < part.len() {
            return false;
        }
    }
    true
}

fn in_part(part: &Part, rows: usize, wanted: &Wanted<'_>, counts: &mut Counts) {
    // By the numbers of their types and keys.
    let mut keys: Vec<u64> = vec![0; part.keys().counts().count()];
    let mut resources: FxHashMap<&[u8], u64> = FxHashMap::default();
    for at in (part.len() - rows..part.len()).rev() {
        let span = part.glance(at);
        if !wanted.takes(span.end_ns, span.application, span.tier) {
            continue;
        }
        counts.span(span.end_ns);
        *resources.entry(span.resource).or_default() += 1;
        for entry in span.attributes.entries() {
            match wanted.key {
                None => keys[entry.number] += 1,
                Some(key) if attribute::kind_and_key(entry.raw.head).1 == key.as_bytes() => {
                    entry.raw.read().into_iter().for_each(|(_, value)| counts.value(value, 1));
                }
                Some(_) => {}
            }
        }
    }
    for ((head, _), spans) in part.keys().counts().zip(keys) {
        if let Some((_, key)) = attribute::column_of(head) {
            counts.key(key, spans);
        }
    }
    resources
        .into_iter()
        .for_each(|(resource, spans)| sample::encoded(resource, wanted, spans, counts));
}

/// What was met.
struct Counts {
    /// In lower case: what is wanted has it.
    part: String,
    met: FxHashMap<String, u64>,
    /// Those that do not have the part, so that each is looked at once.
    passed: FxHashSet<String>,
    spans: u64,
    oldest_ns: u64,
    newest_ns: u64,
    /// Whether some were not counted.
    full: bool,
}

impl Counts {
    fn of(query: &AttributeQuery) -> Counts {
        Counts {
            part: query.part.to_lowercase(),
            met: FxHashMap::default(),
            passed: FxHashSet::default(),
            spans: 0,
            oldest_ns: u64::MAX,
            newest_ns: 0,
            full: false,
        }
    }

    fn add(&mut self, text: &str, spans: u64) {
        if spans == 0 {
            return;
        }
        if let Some(count) = self.met.get_mut(text) {
            *count += spans;
            return;
        }
        if text.is_empty() || text.len() > LONGEST || self.passed.contains(text) {
            return;
        }
        if !self.part.is_empty() && !text.to_lowercase().contains(&self.part) {
            if self.passed.len() < DISTINCT {
                self.passed.insert(text.to_owned());
            }
            return;
        }
        if self.met.len() >= DISTINCT {
            self.full = true;
            return;
        }
        self.met.insert(text.to_owned(), spans);
    }

    /// The most frequent ones.
    fn finish(self, limit: usize, whole: bool) -> AttributeSample {
        let mut found: Vec<(String, u64)> = self.met.into_iter().collect();
        found.sort_unstable_by(|(a, many), (b, few)| few.cmp(many).then_with(|| a.cmp(b)));
        let more = self.full || found.len() > limit;
        found.truncate(limit);
        let met_any = self.spans > 0;
        AttributeSample {
            found,
            more,
            spans: self.spans,
            ends_ns: met_any.then_some((self.oldest_ns, self.newest_ns)),
            whole,
        }
    }
}

impl Tally for Counts {
    fn span(&mut self, end_ns: u64) {
        self.spans += 1;
        self.oldest_ns = self.oldest_ns.min(end_ns);
        self.newest_ns = self.newest_ns.max(end_ns);
    }

    fn key(&mut self, key: &str, spans: u64) {
        self.add(key, spans);
    }

    fn value(&mut self, value: Value<'_>, spans: u64) {
        match value {
            Value::Str(text) => self.add(text, spans),
            Value::Int(number) => self.add(&number.to_string(), spans),
            Value::Double(number) => self.add(&number.to_string(), spans),
            Value::Bool(truth) => self.add(if truth { "true" } else { "false" }, spans),
            // Nobody can ask for a list or a map.
            Value::Encoded(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
