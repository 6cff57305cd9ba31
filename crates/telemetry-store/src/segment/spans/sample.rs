//! Attributes of some spans of a segment, to tell what there is to ask for.

use arrow::{
    array::{Array, RecordBatch},
    error::ArrowError,
};
use model::{attributes::Value, id::EntityId};
use parquet::arrow::arrow_reader::RowSelection;
use rustc_hash::FxHashMap;

use super::{
    decode::AttributeColumn,
    search::{Searcher, Times},
};
use crate::{
    attribute,
    segment::{
        Opened, SegmentError,
        column::{Binary, U32, column},
    },
};

/// Which spans and which of their attributes.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Only attributes of this key.
    pub key: Option<&'a str>,
    pub application: Option<EntityId>,
    pub tier: Option<EntityId>,
    /// Unix nanoseconds of their ends, half open.
    pub from_ns: u64,
    pub to_ns: u64,
}

impl Wanted<'_> {
    /// Whether a span that ended then is one.
    pub(crate) fn takes(&self, end_ns: u64, application: EntityId, tier: EntityId) -> bool {
        (self.from_ns..self.to_ns).contains(&end_ns)
            && self.application.is_none_or(|wanted| wanted == application)
            && self.tier.is_none_or(|wanted| wanted == tier)
    }
}

/// Takes what is met: ends of spans, and how many of them have a key or, where one is wanted, a value of it.
pub(crate) trait Tally {
    fn span(&mut self, end_ns: u64);
    fn key(&mut self, key: &str, spans: u64);
    fn value(&mut self, value: Value<'_>, spans: u64);
}

/// Tells of the spans among some rows of a segment's newest row groups. Gives whether these were all of its rows.
///
/// # Errors
/// When the file cannot be read or lacks a column.
pub(crate) fn sample(
    segment: &Opened,
    wanted: &Wanted<'_>,
    rows: usize,
    tally: &mut impl Tally,
) -> Result<bool, SegmentError> {
    let mut left = rows;
    for (group, _) in Searcher::of(segment)?.groups() {
        if left == 0 {
            return Ok(false);
        }
        let all = segment.rows_of_group(group);
        let read = all.min(left);
        left -= read;
        let selection = RowSelection::from_consecutive_ranges(std::iter::once(0..read), all);
        let columns = columns(segment, wanted.key);
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        for batch in segment.part(group, selection, &columns)? {
            let batch = batch.map_err(|source: ArrowError| segment.failed(source.into()))?;
            each_of(&batch, wanted, tally).ok_or_else(|| segment.lacks_column())?;
        }
        if read < all {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The columns of facts and of the attributes that are wanted.
fn columns(segment: &Opened, key: Option<&str>) -> Vec<String> {
    let facts = ["trace_start", "start_offset", "duration", "application", "tier"];
    let bodies = ["resource", "rest"];
    let names = segment.footer.schema().fields().iter().map(|field| field.name());
    let is_wanted = |name: &&String| {
        name.split_once(':').is_some_and(|(_, of)| key.is_none_or(|wanted| of == wanted))
    };
    let attributes = names.filter(is_wanted).cloned();
    facts.iter().chain(&bodies).map(|name| (*name).to_owned()).chain(attributes).collect()
}

fn each_of(batch: &RecordBatch, wanted: &Wanted<'_>, tally: &mut impl Tally) -> Option<()> {
    let times = Times::of(batch)?;
    let [application, tier]: [&U32; 2] = [column(batch, "application")?, column(batch, "tier")?];
    let [resource, rest]: [&Binary; 2] = [column(batch, "resource")?, column(batch, "rest")?];
    let id = |column: &U32, at| EntityId(column.value(at));
    let takes = |at: &usize| wanted.takes(times.end_ns(*at), id(application, *at), id(tier, *at));
    let rows: Vec<usize> = (0..batch.num_rows()).filter(takes).collect();
    // Few processes sent all of these.
    let mut resources: FxHashMap<&[u8], u64> = FxHashMap::default();
    for &at in &rows {
        tally.span(times.end_ns(at));
        *resources.entry(resource.value(at)).or_default() += 1;
        if !rest.is_null(at) {
            encoded(rest.value(at), wanted, 1, tally);
        }
    }
    resources.into_iter().for_each(|(resource, spans)| encoded(resource, wanted, spans, tally));
    let schema = batch.schema_ref();
    for (at, array) in batch.columns().iter().enumerate() {
        if let Some((key, column)) = AttributeColumn::of(schema.field(at).name(), array.as_ref()) {
            let values = rows.iter().filter_map(|at| column.value(*at));
            match wanted.key {
                None => tally.key(key, values.count() as u64),
                Some(_) => values.for_each(|value| tally.value(value, 1)),
            }
        }
    }
    Some(())
}

/// Tells of attributes as [`attribute::encode`] writes them.
pub(crate) fn encoded(bytes: &[u8], wanted: &Wanted<'_>, spans: u64, tally: &mut impl Tally) {
    match wanted.key {
        None => {
            let keys = attribute::split(bytes).filter_map(|raw| attribute::column_of(raw.head));
            keys.for_each(|(_, key)| tally.key(key, spans));
        }
        // Most have nothing of it, which is told by a look at all bytes at once.
        Some(wanted) if memchr::memmem::find(bytes, wanted.as_bytes()).is_some() => {
            let of_key = attribute::decode(bytes).filter(|(key, _)| *key == wanted);
            of_key.for_each(|(_, value)| tally.value(value, spans));
        }
        Some(_) => {}
    }
}
