//! What is known of the pages of a row group before they are read.
//!
//! Columns may be cut into pages at different rows, so a question is always about rows. Segments of before have no page
//! index, or one of fewer columns: then every page may hold everything.

use std::ops::Range;

use parquet::file::{
    metadata::page_index::RowGroupPageIndex, page_index::column_index::ColumnIndexMetaData,
};

use super::Opened;

/// The pages of a row group.
pub(super) struct Pages<'a> {
    segment: &'a Opened,
    index: RowGroupPageIndex,
    rows: usize,
}

/// One page of an unsigned column.
pub(super) struct Page {
    pub(super) rows: Range<usize>,
    pub(super) least: u64,
    pub(super) greatest: u64,
}

/// What a column has to hold: a value from the first to the last.
pub(super) type Needed = (&'static str, u64, u64);

impl Pages<'_> {
    pub(super) fn of(segment: &Opened, group: usize) -> Pages<'_> {
        let index = segment.footer.metadata().page_index_for_row_group(group);
        Pages { segment, index, rows: segment.rows_of_group(group) }
    }

    /// The rows of each page of a column; nothing without a page index.
    pub(super) fn rows_of(&self, column: usize) -> Option<Vec<Range<usize>>> {
        let pages = self.index.page_locations(column)?;
        let starts = pages.iter().map(|page| page.first_row_index as usize);
        let ends = starts.clone().skip(1).chain([self.rows]);
        Some(starts.zip(ends).map(|(start, end)| start..end).collect())
    }

    /// The pages of an unsigned column; nothing where their bounds are not known.
    pub(super) fn of_column(&self, name: &str) -> Option<Vec<Page>> {
        let column = self.segment.column_number(name)?;
        let bounds: Vec<(u64, u64)> = match self.index.column_index(column)? {
            ColumnIndexMetaData::INT32(index) => bounds(index.min_values(), index.max_values())
                .map(|(least, greatest)| ((*least as u32).into(), (*greatest as u32).into()))
                .collect(),
            ColumnIndexMetaData::INT64(index) => bounds(index.min_values(), index.max_values())
                .map(|(least, greatest)| (*least as u64, *greatest as u64))
                .collect(),
            _ => return None,
        };
        let rows = self.rows_of(column)?;
        let page = |(rows, (least, greatest))| Page { rows, least, greatest };
        (rows.len() == bounds.len()).then(|| rows.into_iter().zip(bounds).map(page).collect())
    }
}

fn bounds<'a, T>(least: &'a [T], greatest: &'a [T]) -> impl Iterator<Item = (&'a T, &'a T)> {
    least.iter().zip(greatest)
}

/// Which pages of some columns may hold what is needed.
pub(super) struct Pruning(Vec<(Vec<Page>, u64, u64)>);

impl Pruning {
    /// Columns whose bounds are not known rule nothing out.
    pub(super) fn of(pages: &Pages<'_>, needed: &[Needed]) -> Pruning {
        let known = |&(name, first, last): &Needed| Some((pages.of_column(name)?, first, last));
        Pruning(needed.iter().filter_map(known).collect())
    }

    /// Of how many columns the bounds are known.
    pub(super) fn columns(&self) -> usize {
        self.0.len()
    }

    /// Whether some of the rows may hold all that is needed.
    pub(super) fn may_hold(&self, rows: &Range<usize>) -> bool {
        self.0.iter().all(|(pages, first, last)| {
            pages_with(pages, rows).any(|page| page.least <= *last && page.greatest >= *first)
        })
    }

    /// Whether none of the rows can hold anything else, as far as the bounds of these columns tell.
    pub(super) fn holds_only(&self, rows: &Range<usize>) -> bool {
        self.0.iter().all(|(pages, first, last)| {
            pages_with(pages, rows).all(|page| page.least >= *first && page.greatest <= *last)
        })
    }
}

/// The pages of a column that hold some of the rows.
fn pages_with<'a>(pages: &'a [Page], rows: &Range<usize>) -> impl Iterator<Item = &'a Page> {
    let first = pages.partition_point(|page| page.rows.end <= rows.start);
    let end = rows.end;
    pages[first..].iter().take_while(move |page| page.rows.start < end)
}
