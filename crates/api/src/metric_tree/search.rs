//! Finding metrics by parts of their paths.

use std::collections::BTreeSet;

use model::id::EntityId;

use super::place::{INFRASTRUCTURE, NODES, Place, Series, Tree};
use crate::error::ApiError;

/// Bytes of a searched text.
const MAX_TEXT: usize = 256;
/// Words or segments of one.
const MAX_PARTS: usize = 16;
/// Names that are looked at for one search: some fifty milliseconds.
const MAX_NAMES: usize = 400_000;

/// What paths are to hold.
///
/// Without a vertical bar: words, each of which stands in some segment. With bars: parts that stand in segments in this
/// order, not necessarily side by side. The case of letters does not count, and `*` stands for any run of characters
/// within a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Search {
    parts: Vec<Part>,
    in_order: bool,
}

/// Words that all stand in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part(Vec<Word>);

/// The texts between its asterisks, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word(Vec<String>);

/// The parts that the segments of a path hold so far: a set of bits, or how many of those in order.
#[derive(Clone, Copy, Debug, Default)]
struct Held(u32);

/// What a search found: whole paths with their units, in the order of the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) metrics: Vec<(String, String)>,
    /// There are more than were asked for, or more names than can be looked at.
    pub(crate) more: bool,
}

impl Search {
    pub(crate) fn read(text: &str) -> Result<Search, ApiError> {
        if !(1..=MAX_TEXT).contains(&text.chars().count()) {
            return Err(ApiError::bad(format!("text has to have 1 to {MAX_TEXT} characters")));
        }
        let in_order = text.contains('|');
        let words = |text: &str| text.split_whitespace().map(Word::read).collect::<Vec<_>>();
        let parts: Vec<Part> = match in_order {
            true => text.split('|').map(|part| Part(words(part))).collect(),
            false => words(text).into_iter().map(|word| Part(vec![word])).collect(),
        };
        // A bar at an end, as one has it who is still typing, asks for nothing.
        let parts: Vec<Part> = parts.into_iter().filter(|part| !part.0.is_empty()).collect();
        match parts.len() {
            1..=MAX_PARTS => Ok(Search { parts, in_order }),
            _ => Err(ApiError::Unprocessable(format!(
                "text has to be 1 to {MAX_PARTS} words, or as many parts of segments joined by |"
            ))),
        }
    }

    /// What is held once a segment of this name follows.
    fn with(&self, held: Held, name: &str) -> Held {
        if self.is_whole(held) {
            return held;
        }
        let name = name.to_lowercase();
        if self.in_order {
            let next = &self.parts[held.0 as usize];
            return Held(held.0 + u32::from(next.is_in(&name)));
        }
        let found = self.parts.iter().enumerate().filter(|(_, part)| part.is_in(&name));
        Held(found.fold(held.0, |held, (at, _)| held | 1 << at))
    }

    fn is_whole(&self, held: Held) -> bool {
        match self.in_order {
            true => held.0 as usize == self.parts.len(),
            false => held.0 == (1 << self.parts.len()) - 1,
        }
    }
}

impl Part {
    fn is_in(&self, name: &str) -> bool {
        self.0.iter().all(|word| word.is_in(name))
    }
}

impl Word {
    fn read(text: &str) -> Word {
        Word(text.to_lowercase().split('*').map(str::to_owned).collect())
    }

    fn is_in(&self, name: &str) -> bool {
        let mut rest = name;
        self.0.iter().all(|text| match rest.find(text.as_str()) {
            Some(at) => {
                rest = &rest[at + text.len()..];
                true
            }
            None => false,
        })
    }
}

/// The metrics of a tree that a search finds, at most so many.
pub(crate) fn search(tree: &Tree, search: &Search, most: usize) -> Found {
    let mut walk = Walk { tree, search, most, names: 0, found: Found::default() };
    walk.below(&Place::Root, &mut Vec::new(), Held::default());
    walk.found
}

struct Walk<'t> {
    tree: &'t Tree,
    search: &'t Search,
    most: usize,
    /// That were looked at.
    names: usize,
    found: Found,
}

impl Walk<'_> {
    fn below(&mut self, place: &Place, path: &mut Vec<String>, held: Held) {
        if *place == Place::InfrastructureTiers {
            return self.reported(held);
        }
        for (name, child) in self.tree.children(place) {
            if !self.goes_on() {
                return;
            }
            let held = self.search.with(held, &name);
            path.push(name);
            match &child {
                Place::Leaf(_, leaf) if self.search.is_whole(held) => {
                    self.add(path.join("|"), leaf.unit());
                }
                Place::Leaf(..) => {}
                _ => self.below(&child, path, held),
            }
            path.pop();
        }
    }

    /// What agents report, straight from the series: walking it level by level would look at all of them at each.
    fn reported(&mut self, held: Held) {
        let mut of_tiers = BTreeSet::new();
        for series in &self.tree.series {
            if !self.goes_on() {
                return;
            }
            let of_tier = Series { node: EntityId::NONE, ..series.clone() };
            if of_tiers.insert(of_tier.clone()) {
                self.series(&of_tier, held);
            }
            if series.node.some().is_some() {
                self.series(series, held);
            }
        }
    }

    fn series(&mut self, series: &Series, held: Held) {
        let name = |id| self.tree.entities.mention(id).name;
        let mut path = vec![name(series.tier)];
        if series.node.some().is_some() {
            path.extend([NODES.to_owned(), name(series.node)]);
        }
        path.extend(series.path.iter().cloned());
        self.names += path.len();
        let held = path.iter().fold(held, |held, name| self.search.with(held, name));
        if self.search.is_whole(held) {
            self.add(format!("{INFRASTRUCTURE}|{}", path.join("|")), &series.unit);
        }
    }

    fn goes_on(&mut self) -> bool {
        self.names += 1;
        self.found.more |= self.names > MAX_NAMES;
        !self.found.more
    }

    fn add(&mut self, path: String, unit: &str) {
        if self.found.metrics.len() >= self.most {
            self.found.more = true;
            return;
        }
        self.found.metrics.push((path, unit.to_owned()));
    }
}
