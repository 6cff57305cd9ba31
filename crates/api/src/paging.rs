//! Pages of lists that are made in memory. Their cursor is the number of items before the page.

use api_types::{Page, Partial};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::ApiError;

const DEFAULT: usize = 100;
const MOST: usize = 1000;

/// Which part of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// Items in the answer, 1 to 1000; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl PageParams {
    /// How many items are asked for.
    pub(crate) fn limit(&self) -> Result<usize, ApiError> {
        match self.limit {
            None => Ok(DEFAULT),
            Some(limit @ 1..=MOST) => Ok(limit),
            Some(limit) => {
                Err(ApiError::bad(format!("limit is {limit}; it has to be between 1 and {MOST}")))
            }
        }
    }

    /// The cursor, read by its owner; `None` from `read` is a cursor that no page gave.
    pub(crate) fn cursor<T>(
        &self,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(cursor) = self.cursor.as_deref().filter(|cursor| !cursor.is_empty()) else {
            return Ok(None);
        };
        let read = read(cursor).ok_or_else(|| {
            ApiError::bad("the cursor is not one that a page of this list gave as next")
        })?;
        Ok(Some(read))
    }

    /// The slice of a list that is asked for.
    pub(crate) fn slice(&self) -> Result<Slice, ApiError> {
        let skip = self.cursor(|cursor| cursor.parse().ok())?.unwrap_or(0);
        Ok(Slice { skip, limit: self.limit()? })
    }
}

/// Part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    skip: usize,
    limit: usize,
}

impl Slice {
    /// The page of `items`, made by `make`.
    pub(crate) fn page<I, T>(
        self,
        items: Vec<I>,
        partial: Option<Partial>,
        make: impl FnMut(I) -> T,
    ) -> Page<T> {
        let end = self.skip.saturating_add(self.limit);
        let next = (end < items.len()).then(|| end.to_string());
        let items = items.into_iter().skip(self.skip).take(self.limit).map(make).collect();
        Page { items, next, partial }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(limit: Option<usize>, cursor: Option<&str>) -> PageParams {
        PageParams { limit, cursor: cursor.map(str::to_owned) }
    }

    #[test]
    fn following_next_gives_every_item_once() {
        let mut cursor = None;
        let mut seen = Vec::new();
        loop {
            let slice = params(Some(3), cursor.as_deref()).slice().unwrap();
            let page = slice.page((0..7).collect(), None, |item| item);
            seen.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn limits_and_cursors_that_make_no_sense_are_refused() {
        assert!(params(Some(0), None).slice().is_err());
        assert!(params(Some(1001), None).slice().is_err());
        assert!(params(None, Some("x")).slice().is_err());
        assert_eq!(params(None, Some("")).slice().unwrap(), Slice { skip: 0, limit: 100 });
    }
}
