//! One incident to be explained, and what counts as right.

use analysis::cause::Situation;

#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// The kind of fault, for tables by kind.
    pub(crate) kind: String,
    pub(crate) situation: Situation,
    /// Names of the situation's entities.
    pub(crate) names: Vec<String>,
    /// Entities that may be named: the others are left out of every method's list.
    pub(crate) candidates: Vec<usize>,
    pub(crate) truth: Truth,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Truth {
    /// Naming any of these is right.
    pub(crate) entities: Vec<usize>,
    /// The right answer is that the load rose.
    pub(crate) load: bool,
    /// From the cause to the entity under anomaly, where the data set knows it.
    pub(crate) path: Option<Vec<usize>>,
}

/// An entity and how strongly a method suspects it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scored {
    pub(crate) entity: usize,
    pub(crate) load: bool,
    pub(crate) score: f64,
}

impl Case {
    /// The rank of the best right answer, from 1; ties count at their worst rank. Whoever is not listed shares the last place.
    pub(crate) fn rank_of_truth(&self, list: &[Scored]) -> usize {
        let right = |scored: &Scored| {
            scored.load == self.truth.load && self.truth.entities.contains(&scored.entity)
        };
        let Some(best) = list
            .iter()
            .filter(|scored| right(scored))
            .map(|scored| scored.score)
            .max_by(f64::total_cmp)
        else {
            return self.candidates.len().max(list.len() + 1);
        };
        // Wrong answers that are as good count before it, other right ones do not.
        1 + list.iter().filter(|scored| !right(scored) && scored.score >= best).count()
    }
}
