//! That no two series of a vector have the same labels at the same step.

use rustc_hash::FxHashMap;

use crate::{
    Error,
    labels::Labels,
    value::{Stepped, is_absent},
};

/// Makes one series of those with the same labels, which may have values at different steps only.
pub(super) fn unique(series: Vec<Stepped>) -> Result<Vec<Stepped>, Error> {
    let mut places: FxHashMap<Labels, usize> = FxHashMap::default();
    places.reserve(series.len());
    let mut all: Vec<Stepped> = Vec::with_capacity(series.len());
    for one in series {
        match places.get(&one.labels) {
            Some(&at) => join(&mut all[at], &one)?,
            None => {
                places.insert(one.labels.clone(), all.len());
                all.push(one);
            }
        }
    }
    Ok(all)
}

fn join(into: &mut Stepped, other: &Stepped) -> Result<(), Error> {
    for (step, value) in other.present() {
        let place = &mut into.values[step];
        if !is_absent(*place) {
            return Err(Error::execution(format!(
                "vector cannot contain metrics with the same labelset: {}",
                into.labels
            )));
        }
        *place = value;
    }
    Ok(())
}

/// Without the names of series.
pub(super) fn without_names(mut series: Vec<Stepped>) -> Result<Vec<Stepped>, Error> {
    series.iter_mut().for_each(|one| one.labels.drop_name());
    unique(series)
}
