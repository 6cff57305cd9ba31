//! CPython: `cpython.*` and `process.runtime.cpython.*`. Its CPU, memory and threads are those of the process.
//!
//! `process.runtime.cpython.gc_count` calls itself a counter of collections and is neither: it is how many objects were
//! made since each generation's last collection (seen; `gc.get_count()`).

use super::{
    Kind::{Level, PerMinute},
    Unit::{Count, PerMinute as EachMinute},
    recipe::{Recipe::Sum, Series, increase, series, value},
};

pub(crate) const SERIES: &[Series] = &[
    series(
        "Python|Garbage Collection|Number of Collections Per Min",
        EachMinute,
        PerMinute,
        &[Sum(increase("cpython.gc.collections"))],
    ),
    series(
        "Python|Garbage Collection|Generations|{cpython.gc.generation/generation}|Collections Per Min",
        EachMinute,
        PerMinute,
        &[Sum(increase("cpython.gc.collections"))],
    ),
    series(
        "Python|Garbage Collection|Collected Objects per Minute",
        EachMinute,
        PerMinute,
        &[Sum(increase("cpython.gc.collected_objects"))],
    ),
    series(
        "Python|Garbage Collection|Uncollectable Objects per Minute",
        EachMinute,
        PerMinute,
        &[Sum(increase("cpython.gc.uncollectable_objects"))],
    ),
    series(
        "Python|Garbage Collection|Generations|{count}|Objects Since Last Collection",
        Count,
        Level,
        &[Sum(value("process.runtime.cpython.gc_count"))],
    ),
];
