//! Which series of two vectors go together.
//!
//! [Vector matching](https://prometheus.io/docs/prometheus/2.42/querying/operators/#vector-matching): those whose labels
//! are the same, but for their names and what `on` and `ignoring` say.

use promql_parser::parser::{BinModifier, LabelModifier, VectorMatchCardinality};

use crate::labels::{Labels, NAME};

/// How the series of two vectors go together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matching<'m> {
    modifier: Option<&'m BinModifier>,
}

impl<'m> Matching<'m> {
    pub(super) fn new(modifier: Option<&'m BinModifier>) -> Matching<'m> {
        Matching { modifier }
    }

    fn labels(&self) -> Option<&'m LabelModifier> {
        self.modifier.and_then(|modifier| modifier.matching.as_ref())
    }

    /// The part of labels that has to be the same on both sides.
    pub(super) fn key(&self, labels: &Labels) -> Labels {
        let is_listed = |list: &[String], name: &str| list.iter().any(|listed| listed == name);
        match self.labels() {
            Some(LabelModifier::Include(on)) => labels.only(|name| is_listed(&on.labels, name)),
            Some(LabelModifier::Exclude(ignored)) => {
                labels.only(|name| name != NAME && !is_listed(&ignored.labels, name))
            }
            None => labels.only(|name| name != NAME),
        }
    }

    /// The labels that `group_left` or `group_right` takes over from the one side; nothing where each has one partner.
    pub(super) fn taken_over(&self) -> Option<&'m [String]> {
        match &self.modifier?.card {
            VectorMatchCardinality::ManyToOne(labels)
            | VectorMatchCardinality::OneToMany(labels) => Some(&labels.labels),
            _ => None,
        }
    }

    /// Whether the many are on the right.
    pub(super) fn many_on_the_right(&self) -> bool {
        let card = self.modifier.map(|modifier| &modifier.card);
        matches!(card, Some(VectorMatchCardinality::OneToMany(_)))
    }

    /// The labels of what a pair results in; `named`: it still is what the series' name says.
    pub(super) fn result(&self, many: &Labels, one: &Labels, named: bool) -> Labels {
        let mut labels = many.clone();
        if !named {
            labels.drop_name();
        }
        match (self.taken_over(), self.labels()) {
            (Some(taken), _) => {
                taken.iter().for_each(|name| labels.set(name, one.get(name)));
                labels
            }
            (None, Some(LabelModifier::Include(on))) => {
                labels.only(|name| on.labels.iter().any(|listed| listed == name))
            }
            (None, Some(LabelModifier::Exclude(ignored))) => {
                labels.only(|name| !ignored.labels.iter().any(|listed| listed == name))
            }
            (None, None) => labels,
        }
    }
}
