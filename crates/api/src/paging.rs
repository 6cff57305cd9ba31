//! Pages of lists, and the cursors that lead from one to the next.
//!
//! A cursor holds where the next page begins, and which list it is of: a hash of the path, the filters and the order. The
//! cursor of another list is refused rather than read as a place in this one. The range is no part of it, since who looks
//! at the last hour asks for another one a second later.

use std::hash::{Hash as _, Hasher as _};

use api_types::{Page, Partial};
use axum::extract::{FromRequestParts, OriginalUri};
use http::request::Parts;
use serde::Deserialize;
use twox_hash::XxHash3_64;
use utoipa::IntoParams;

use crate::{error::ApiError, extract::Params};

const DEFAULT: usize = 100;
const MOST: usize = 1000;
/// Parameters that do not make another list.
const NOT_THE_LIST: [&str; 4] = ["limit", "cursor", "from", "to"];

/// Which part of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// Items in the answer, 1 to 1000; 100 when not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// `next` of the page before, of the same list with the same filters and order.
    cursor: Option<String>,
}

/// The page that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paging {
    pub(crate) limit: usize,
    /// Where the page begins, as its list wrote it.
    place: Option<String>,
    list: u32,
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Params(page) = Params::<PageParams>::from_request_parts(parts, state).await?;
        let Params(all) = Params::<Vec<(String, String)>>::from_request_parts(parts, state).await?;
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        Paging::read(&page, list_of(uri.path(), all))
    }
}

/// A hash of what makes a list: its path and every parameter that filters or orders it.
fn list_of(path: &str, mut params: Vec<(String, String)>) -> u32 {
    params.retain(|(name, value)| !NOT_THE_LIST.contains(&name.as_str()) && !value.is_empty());
    params.sort();
    let mut hasher = XxHash3_64::new();
    (path, params).hash(&mut hasher);
    u32::try_from(hasher.finish() >> 32).expect("half of 64 bits")
}

impl Paging {
    fn read(page: &PageParams, list: u32) -> Result<Paging, ApiError> {
        let limit = match page.limit {
            None => DEFAULT,
            Some(limit @ 1..=MOST) => limit,
            Some(limit) => {
                return Err(ApiError::bad(format!(
                    "limit is {limit}; it has to be between 1 and {MOST}"
                )));
            }
        };
        let cursor = page.cursor.as_deref().filter(|cursor| !cursor.is_empty());
        let place = cursor.map(|cursor| place_in(cursor, list)).transpose()?;
        Ok(Paging { limit, place, list })
    }

    /// Where the page begins, read by its list; `None` from `read` is a place that no page gave.
    pub(crate) fn place<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, ApiError> {
        self.place.as_deref().map(|place| read(place).ok_or_else(not_ours)).transpose()
    }

    /// The cursor of the page that begins at `place`.
    pub(crate) fn next(&self, place: impl std::fmt::Display) -> String {
        format!("{:08x}-{place}", self.list)
    }

    /// Where the page of a list of what opened begins: the minute and the id of what was seen last.
    pub(crate) fn opened_before(&self) -> Result<Option<(u32, u32)>, ApiError> {
        self.place(|place| {
            let (minute, id) = place.split_once('-')?;
            Some((minute.parse().ok()?, id.parse().ok()?))
        })
    }

    /// How many of a list have to be found to know whether there is another page.
    pub(crate) fn wanted(&self) -> u32 {
        u32::try_from(self.limit).map_or(u32::MAX, |limit| limit.saturating_add(1))
    }

    /// The page of what was found, of which there is one more than fits where others follow, with the cursor of the next.
    /// `opened` tells when each opened, and its id.
    pub(crate) fn opened<T>(
        &self,
        mut found: Vec<T>,
        opened: impl Fn(&T) -> (u32, u32),
    ) -> (Vec<T>, Option<String>) {
        let is_more = found.len() > self.limit;
        found.truncate(self.limit);
        let next = found.last().filter(|_| is_more).map(|last| {
            let (minute, id) = opened(last);
            self.next(format!("{minute}-{id}"))
        });
        (found, next)
    }

    /// The slice of a list that is made in memory.
    pub(crate) fn slice(self) -> Result<Slice, ApiError> {
        let skip = self.place(|place| place.parse().ok())?.unwrap_or(0);
        Ok(Slice { skip, paging: self })
    }
}

/// What a cursor of this list says of the place.
fn place_in(cursor: &str, list: u32) -> Result<String, ApiError> {
    let (of, place) = cursor.split_once('-').ok_or_else(not_ours)?;
    let of = u32::from_str_radix(of, 16).map_err(|_| not_ours())?;
    if of != list {
        return Err(ApiError::Unprocessable(
            "the cursor is of another list, or of this one with other filters or in another order; \
             ask without a cursor for the first page"
                .to_owned(),
        ));
    }
    Ok(place.to_owned())
}

fn not_ours() -> ApiError {
    ApiError::Unprocessable(
        "the cursor is not one that a page of this list gave as next".to_owned(),
    )
}

/// Part of a list that is made in memory. Its place is the number of items before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    skip: usize,
    paging: Paging,
}

impl<S: Send + Sync> FromRequestParts<S> for Slice {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Paging::from_request_parts(parts, state).await?.slice()
    }
}

impl Slice {
    /// The page of `items`, made by `make`.
    pub(crate) fn page<I, T>(
        self,
        items: Vec<I>,
        partial: Option<Partial>,
        make: impl FnMut(I) -> T,
    ) -> Page<T> {
        let Slice { skip, paging } = self;
        let end = skip.saturating_add(paging.limit);
        let next = (end < items.len()).then(|| paging.next(end));
        let items = items.into_iter().skip(skip).take(paging.limit).map(make).collect();
        Page { items, next, partial }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: u32 = 0xabc;

    fn slice(limit: Option<usize>, cursor: Option<&str>) -> Result<Slice, ApiError> {
        let params = PageParams { limit, cursor: cursor.map(str::to_owned) };
        Paging::read(&params, LIST)?.slice()
    }

    #[test]
    fn following_next_gives_every_item_once() {
        let mut cursor = None;
        let mut seen = Vec::new();
        loop {
            let slice = slice(Some(3), cursor.as_deref()).unwrap();
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
    fn what_opened_goes_on_behind_the_last_that_was_seen() {
        let paging = |cursor| Paging::read(&PageParams { limit: Some(2), cursor }, LIST).unwrap();
        let first = paging(None);
        assert_eq!((first.opened_before().unwrap(), first.wanted()), (None, 3));
        let (items, next) = first.opened(vec![(9, 4), (9, 3), (8, 7)], |one| *one);
        assert_eq!(items, [(9, 4), (9, 3)]);
        let second = paging(next);
        assert_eq!(second.opened_before().unwrap(), Some((9, 3)));
        assert_eq!(second.opened(vec![(8, 7)], |one| *one), (vec![(8, 7)], None));
        assert!(paging(Some("00000abc-9".to_owned())).opened_before().is_err());
    }

    #[test]
    fn limits_and_cursors_that_make_no_sense_are_refused() {
        for (limit, cursor) in [
            (Some(0), None),
            (Some(1001), None),
            (None, Some("x")),
            (None, Some("3")),
            (None, Some("00000abc-x")),
            (None, Some("00000abd-3")),
        ] {
            assert!(slice(limit, cursor).is_err(), "{limit:?} {cursor:?}");
        }
        assert_eq!(slice(None, Some("00000abc-3")).unwrap().skip, 3);
        assert_eq!(slice(None, Some("")).unwrap().paging.limit, DEFAULT);
    }

    #[test]
    fn filters_and_order_make_another_list_and_range_and_limit_do_not() {
        let of = |query: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
            list_of("/api/v1/snapshots", pairs.collect())
        };
        let plain = of("tier=3&kept=true");
        assert_eq!(plain, of("kept=true&tier=3&from=1&to=2&limit=5&cursor=x&outcome="));
        assert_ne!(plain, of("tier=4&kept=true"));
        assert_ne!(plain, list_of("/api/v1/logs", Vec::new()));
    }
}
