//! Who calls whom. Services form a tree below the front door, service-0, never more than four deep; each service is
//! the target of a plan at least, a trace of exactly ten spans: down the tree by CLIENT and SERVER pairs, a database at
//! the end, and either a message through a queue (POST routes) or a cache (GET routes). Further front doors stand beside
//! service-0 and call what it calls; routes are dealt out to them in turn.
//!
//! A plan is data: its steps carry services, kinds and times relative to the trace's start. Ids, instances and
//! errors are chosen where templates are made.

pub(crate) const SPANS_PER_TRACE: usize = 10;
/// Distinct routes where their number is not asked for; below the 200 business transactions an application may have.
const USUAL_ROUTES: usize = 150;
const NOUNS: [&str; 12] = [
    "carts", "orders", "items", "users", "prices", "stock", "reviews", "offers", "payments",
    "returns", "coupons", "reports",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) route: Route,
    pub(crate) steps: Vec<Step>,
    /// Microseconds from the trace's start to its last span's end.
    pub(crate) length_us: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// Up to the id, as in `/api/carts/`.
    pub(crate) prefix: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) parent: Option<usize>,
    pub(crate) service: usize,
    pub(crate) what: What,
    pub(crate) start_us: u64,
    pub(crate) end_us: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// SERVER span of the front door.
    Entry,
    /// CLIENT span of a call to another service.
    Call {
        to: usize,
    },
    /// SERVER span of a service called by another.
    Served,
    Database,
    Cache,
    /// PRODUCER span.
    Publish,
    /// CONSUMER span of the message published by the service `from`.
    Process {
        from: usize,
    },
    Internal,
}

impl Route {
    /// The business transaction's name.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.template())
    }

    pub(crate) fn template(&self) -> String {
        format!("{}{{id}}", self.prefix)
    }
}

/// How many there are of what plans are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// With the front doors.
    pub(crate) services: usize,
    pub(crate) front_doors: usize,
    /// Distinct routes, each a business transaction.
    pub(crate) routes: usize,
}

impl Size {
    /// With one route a service, up to so many.
    pub(crate) fn usual(services: usize, front_doors: usize) -> Self {
        let routes = services.saturating_sub(front_doors).clamp(1, USUAL_ROUTES);
        Self { services, front_doors, routes }
    }

    /// Services of the tree, the first front door among them.
    fn in_tree(&self) -> usize {
        self.services + 1 - self.front_doors
    }

    fn front_door(&self, route: usize) -> usize {
        match route % self.front_doors {
            0 => 0,
            further => self.services - further,
        }
    }
}

/// One plan per service that is no front door, and as many more as there are routes.
pub(crate) fn plans(size: Size) -> Vec<Plan> {
    let tree = Tree::of(size.in_tree());
    let targets = tree.services - 1;
    let plan = |number: usize| {
        let (target, route) = (1 + number % targets, number % size.routes);
        plan(&tree, target, route, size.front_door(route))
    };
    (0..targets.max(size.routes)).map(plan).collect()
}

fn plan(tree: &Tree, target: usize, route: usize, front_door: usize) -> Plan {
    let mut sketch = Sketch::default();
    let entry = sketch.add(None, front_door, What::Entry);
    let path = tree.path(target);
    let last = sketch.descend(entry, &path);
    sketch.add(Some(last), target, What::Database);
    let publishes = route.is_multiple_of(2);
    if publishes {
        let publish = sketch.add(Some(last), target, What::Publish);
        sketch.add(Some(publish), tree.consumer(target), What::Process { from: target });
    } else {
        sketch.add(Some(last), target, What::Cache);
        sketch.add(Some(entry), front_door, What::Internal);
    }
    if let Some(sibling) = tree.sibling(path[0]).filter(|_| sketch.room() >= 2) {
        sketch.descend(entry, &[sibling]);
    }
    while sketch.room() > 0 {
        let what = if sketch.room().is_multiple_of(2) { What::Database } else { What::Internal };
        sketch.add(Some(last), target, what);
    }
    let method = if publishes { "POST" } else { "GET" };
    sketch.finish(Route { method, prefix: prefix(route) }, target)
}

fn prefix(route: usize) -> String {
    let noun = NOUNS[route % NOUNS.len()];
    match route / NOUNS.len() {
        0 => format!("/api/{noun}/"),
        again => format!("/api/{noun}-{again}/"),
    }
}

/// Services as the nodes of a tree with a fixed number of branches, numbered breadth first.
#[derive(Debug)]
struct Tree {
    services: usize,
    branches: usize,
}

impl Tree {
    /// As few branches as keep the tree within four levels: a longer path would not fit into ten spans.
    fn of(services: usize) -> Self {
        let within = |b: &usize| 1 + b + b * b + b * b * b >= services;
        let branches = (2..).find(within).expect("more branches always suffice in the end");
        Self { services, branches }
    }

    /// From below the front door down to `target`.
    fn path(&self, target: usize) -> Vec<usize> {
        let parent = |service: &usize| Some(service.checked_sub(1)? / self.branches);
        let mut path: Vec<usize> =
            std::iter::successors(Some(target), parent).take_while(|s| *s != 0).collect();
        path.reverse();
        path
    }

    /// Another service that the front door calls itself.
    fn sibling(&self, of: usize) -> Option<usize> {
        (1..=self.branches.min(self.services - 1)).find(|s| *s != of)
    }

    /// Messages are processed by the last service, or by its neighbour when it is the last that publishes.
    fn consumer(&self, producer: usize) -> usize {
        if producer == self.services - 1 { self.services - 2 } else { self.services - 1 }
    }
}

/// A plan being drawn: steps without times.
#[derive(Debug, Default)]
struct Sketch {
    steps: Vec<Step>,
}

impl Sketch {
    fn add(&mut self, parent: Option<usize>, service: usize, what: What) -> usize {
        self.steps.push(Step { parent, service, what, start_us: 0, end_us: 0 });
        self.steps.len() - 1
    }

    /// Calls along `path` from the SERVER span `from`; the SERVER span at its end.
    fn descend(&mut self, from: usize, path: &[usize]) -> usize {
        path.iter().fold(from, |server, next| {
            let call = self.add(Some(server), self.steps[server].service, What::Call { to: *next });
            self.add(Some(call), *next, What::Served)
        })
    }

    fn room(&self) -> usize {
        SPANS_PER_TRACE.saturating_sub(self.steps.len())
    }

    fn finish(mut self, route: Route, salt: usize) -> Plan {
        self.lay_out(0, 0, salt as u64);
        let length_us = self.steps.iter().map(|s| s.end_us).max().unwrap_or(0);
        Plan { route, steps: self.steps, length_us }
    }

    /// Places the step and all below it in time, children one after the other. A consumer starts after its
    /// producer has ended, as messages do.
    fn lay_out(&mut self, step: usize, start_us: u64, salt: u64) {
        let what = self.steps[step].what;
        let own = own_us(what, salt + step as u64);
        let children: Vec<usize> =
            (0..self.steps.len()).filter(|s| self.steps[*s].parent == Some(step)).collect();
        let mut at = start_us + own / 2;
        self.steps[step].start_us = start_us;
        for child in children.iter().copied().filter(|_| what != What::Publish) {
            self.lay_out(child, at, salt);
            at = self.steps[child].end_us + own / 8;
        }
        let end = at + own / 2;
        self.steps[step].end_us = end;
        for child in children.into_iter().filter(|_| what == What::Publish) {
            self.lay_out(child, end + 1_500, salt);
        }
    }
}

/// Time a span spends on its own, so that services and routes differ from each other.
fn own_us(what: What, salt: u64) -> u64 {
    let vary = (salt * 7919) % 97;
    match what {
        What::Entry | What::Served => 1_200 + vary * 40,
        What::Call { .. } => 600 + vary * 4,
        What::Database => 2_000 + vary * 120,
        What::Cache => 300 + vary * 6,
        What::Publish => 500 + vary * 8,
        What::Process { .. } => 4_000 + vary * 150,
        What::Internal => 800 + vary * 30,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(size: Size) {
        for plan in plans(size) {
            assert_eq!(plan.steps.len(), SPANS_PER_TRACE, "{plan:?}");
            assert_eq!(plan.steps.iter().filter(|s| s.what == What::Entry).count(), 1);
            for step in &plan.steps {
                assert!(step.start_us < step.end_us && step.end_us <= plan.length_us);
                assert!(step.service < size.services);
                let Some(parent) = step.parent.map(|p| &plan.steps[p]) else { continue };
                let inside = step.start_us >= parent.start_us && step.end_us <= parent.end_us;
                let after = step.start_us > parent.end_us;
                let asynchronous = matches!(step.what, What::Process { .. });
                assert!(if asynchronous { after } else { inside }, "{step:?} under {parent:?}");
            }
        }
    }

    #[test]
    fn every_plan_has_ten_spans_nested_in_time_whatever_the_number_of_services() {
        for services in [2, 3, 4, 10, 15, 16, 100, 1000] {
            check(Size::usual(services, 1));
        }
        check(Size::usual(5, 4));
        check(Size { services: 13, front_doors: 4, routes: 200 });
    }

    #[test]
    fn all_services_are_reached() {
        for size in [Size::usual(10, 1), Size { services: 13, front_doors: 4, routes: 8 }] {
            let reached: std::collections::BTreeSet<usize> =
                plans(size).iter().flat_map(|p| p.steps.iter().map(|s| s.service)).collect();
            assert_eq!(reached, (0..size.services).collect());
        }
    }

    #[test]
    fn a_route_has_one_method_and_there_are_as_many_as_asked_for() {
        let routes = |size: Size| {
            let plans = plans(size);
            let names: std::collections::BTreeSet<String> =
                plans.iter().map(|p| p.route.name()).collect();
            let prefixes: std::collections::BTreeSet<String> =
                plans.iter().map(|p| p.route.prefix.clone()).collect();
            (names.len(), prefixes.len())
        };
        assert_eq!(routes(Size::usual(1000, 1)), (USUAL_ROUTES, USUAL_ROUTES));
        assert_eq!(routes(Size { services: 10, front_doors: 1, routes: 320 }), (320, 320));
    }

    #[test]
    fn routes_are_dealt_out_to_the_front_doors_in_turn() {
        let mut at = std::collections::BTreeMap::<usize, usize>::new();
        for plan in plans(Size { services: 13, front_doors: 4, routes: 200 }) {
            *at.entry(plan.steps[0].service).or_default() += 1;
        }
        assert_eq!(at, [(0, 50), (10, 50), (11, 50), (12, 50)].into());
    }
}
