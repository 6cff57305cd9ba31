use std::{collections::BTreeSet, sync::Arc};

use metadata_store::{Directory, MemoryEntities};
use model::{
    entity::{EntityKey, EntityKind, Properties},
    id::{AccountId, EntityId},
};

use super::{
    load::{Level, needs_calls, patterns},
    path::Pattern,
    place::{Place, Series, Tree},
    search::{Search, search},
};
use crate::{
    entities::{Entities, Sight},
    reference::CallCategories,
};

/// An application with the tier `web` (node `web1`, transaction `GET /cart`) that calls `mysql db1:3306`.
fn tree() -> Tree {
    let directory = Directory::load(Arc::new(MemoryEntities::default())).unwrap();
    let make = |kind, application, parent, name: &str, category: &str| {
        let key = EntityKey {
            account: AccountId::FIRST,
            kind,
            application,
            parent,
            name: name.to_owned(),
        };
        let properties = Properties { category: category.to_owned(), ..Properties::default() };
        directory.resolve(&[(key, properties)], 0).unwrap()[0]
    };
    let none = EntityId::NONE;
    let app = make(EntityKind::Application, none, none, "shop", "");
    let tier = make(EntityKind::Tier, app, none, "web", "");
    let node = make(EntityKind::Node, app, tier, "web1", "");
    let bt = make(EntityKind::BusinessTransaction, app, tier, "GET /cart", "HTTP");
    let database = make(EntityKind::Backend, app, none, "mysql db1:3306", "DATABASE");
    make(EntityKind::ErrorGroup, app, tier, "ValueError: no", "");
    let series = |path: &[&str]| Series {
        tier,
        node,
        path: path.iter().map(|part| (*part).to_owned()).collect(),
        unit: "%".to_owned(),
    };
    Tree::new(
        Entities::new(Arc::new(directory), AccountId::FIRST, Sight::All),
        app,
        CallCategories::default(),
        BTreeSet::from([(tier, database, none), (tier, database, bt)]),
        BTreeSet::from([
            series(&["Hardware Resources", "CPU", "%Busy"]),
            series(&["Hardware Resources", "CPU", "%Idle"]),
        ]),
    )
}

/// The names below a path; folders end with a slash.
fn level(path: &str) -> Vec<String> {
    let names = tree().level(&Pattern::read(path).unwrap());
    names.into_iter().map(|(name, leaf)| if leaf { name } else { format!("{name}/") }).collect()
}

/// The paths of metrics that a pattern matches.
fn found(pattern: &str) -> Vec<String> {
    let found = tree().find(&Pattern::read(pattern).unwrap(), 1000);
    found.into_iter().filter(|(_, place)| place.is_leaf()).map(|(path, _)| path.join("|")).collect()
}

#[test]
fn the_root_has_the_documented_branches() {
    assert_eq!(
        level(""),
        [
            "Overall Application Performance/",
            "Business Transaction Performance/",
            "Backends/",
            "Service Endpoints/",
            "Errors/",
            "Application Infrastructure Performance/",
        ]
    );
}

#[test]
fn every_documented_path_is_there() {
    for path in [
        "Overall Application Performance|Calls per Minute",
        "Overall Application Performance|web|Exceptions per Minute",
        "Overall Application Performance|web|Individual Nodes|web1|Average Response Time (ms)",
        "Overall Application Performance|web|External Calls|Call-JDBC to mysql db1:3306|Errors per Minute",
        "Business Transaction Performance|Business Transactions|web|GET /cart|95th Percentile Response Time (ms)",
        "Business Transaction Performance|Business Transactions|web|GET /cart|Individual Nodes|web1|Stall Count",
        "Business Transaction Performance|Business Transactions|web|GET /cart|External Calls|Call-JDBC to mysql db1:3306|Calls per Minute",
        "Backends|mysql db1:3306|Average Response Time (ms)",
        "Errors|web|ValueError: no|Errors per Minute",
        "Application Infrastructure Performance|web|Individual Nodes|web1|Hardware Resources|CPU|%Busy",
        "Application Infrastructure Performance|web|Hardware Resources|CPU|%Busy",
    ] {
        assert_eq!(found(path), [path]);
    }
}

#[test]
fn a_star_stands_for_one_segment() {
    assert_eq!(
        found("Overall Application Performance|*|Calls per Minute"),
        ["Overall Application Performance|web|Calls per Minute"]
    );
    assert_eq!(
        found("Application Infrastructure Performance|*|*|*|*|*|*"),
        [
            "Application Infrastructure Performance|web|Individual Nodes|web1|Hardware Resources|CPU|%Busy",
            "Application Infrastructure Performance|web|Individual Nodes|web1|Hardware Resources|CPU|%Idle",
        ]
    );
    assert_eq!(found("*|Calls per Minute"), ["Overall Application Performance|Calls per Minute"]);
    assert!(found("Overall Application Performance|nobody|*").is_empty());
}

#[test]
fn reported_metrics_are_shown_level_by_level() {
    let node = "Application Infrastructure Performance|web|Individual Nodes|web1";
    assert_eq!(level(node), ["Hardware Resources/"]);
    let tier = "Application Infrastructure Performance|web";
    assert_eq!(level(tier), ["Individual Nodes/", "Hardware Resources/"]);
    assert_eq!(level(&format!("{tier}|Hardware Resources|CPU")), ["%Busy", "%Idle"]);
    assert_eq!(level(&format!("{node}|Hardware Resources|CPU")), ["%Busy", "%Idle"]);
}

#[test]
fn no_more_is_looked_for_than_may_be_answered() {
    let tree = tree();
    let found = tree.find(&Pattern::read("Overall Application Performance|*").unwrap(), 3);
    assert_eq!(found.len(), 4);
    assert!(found.iter().all(|(_, place)| matches!(place, Place::Leaf(..))));
}

#[test]
fn series_are_asked_for_by_what_is_below_their_node() {
    let at = |path: &str, level| {
        patterns(Pattern::read(path).unwrap().segments(), level).into_iter().collect::<Vec<_>>()
    };
    let path = "Application Infrastructure Performance|web|Individual Nodes|web1|JVM|Uptime";
    assert!(at(path, Level::At).contains(&"JVM|Uptime".to_owned()));
    assert!(at(path, Level::Below).contains(&"JVM|Uptime|*|*".to_owned()));
}

#[test]
fn malformed_paths_are_refused() {
    for path in ["a||b", "|a", &"a|".repeat(30)] {
        assert!(Pattern::read(path).is_err(), "{path}");
    }
    assert_eq!(Pattern::read("a|b|").unwrap(), Pattern::read("a|b").unwrap());
}

#[test]
fn calls_are_read_only_where_a_path_leads_below_them() {
    let check = |path: &str, at: bool, below: bool| {
        let pattern = Pattern::read(path).unwrap();
        let needs = |level| needs_calls(pattern.segments(), level);
        assert_eq!((needs(Level::At), needs(Level::Below)), (at, below), "{path}");
    };
    check("Overall Application Performance|web|External Calls", false, true);
    check("Overall Application Performance|*|*|*|Calls per Minute", true, true);
    check("Overall Application Performance|*|Calls per Minute", false, false);
    let transactions = "Business Transaction Performance|Business Transactions|*|*";
    check(&format!("{transactions}|Calls per Minute"), false, false);
    check(&format!("{transactions}|External Calls"), false, true);
    check(&format!("{transactions}|*|*|Calls per Minute"), true, true);
}

/// The paths that a text finds.
fn searched(text: &str) -> Vec<String> {
    let found = search(&tree(), &Search::read(text).unwrap(), 100);
    assert!(!found.more);
    found.metrics.into_iter().map(|(path, _)| path).collect()
}

#[test]
fn words_are_found_in_any_segment_and_any_case() {
    assert_eq!(
        searched("cart 95TH"),
        [
            "Business Transaction Performance|Business Transactions|web|GET /cart|95th Percentile Response Time (ms)",
            "Business Transaction Performance|Business Transactions|web|GET /cart|Individual Nodes|web1|95th Percentile Response Time (ms)",
        ]
    );
    assert_eq!(searched("mysql err").len(), 3, "{:?}", searched("mysql err"));
    assert_eq!(searched("nothing of it"), [""; 0]);
}

#[test]
fn parts_between_bars_are_found_in_order() {
    let web = "Overall Application Performance|web|Individual Nodes|web1|Stall Count";
    assert_eq!(searched("overall|web1|stall"), [web]);
    assert_eq!(searched("overall|nodes|st*ll c*"), [web]);
    assert_eq!(searched("stall|overall"), [""; 0]);
    assert_eq!(searched("|overall|web1|stall|"), [web]);
}

#[test]
fn what_agents_report_is_found_at_the_tier_and_at_its_nodes() {
    assert_eq!(
        searched("cpu %busy"),
        [
            "Application Infrastructure Performance|web|Hardware Resources|CPU|%Busy",
            "Application Infrastructure Performance|web|Individual Nodes|web1|Hardware Resources|CPU|%Busy",
        ]
    );
    assert_eq!(searched("infrastructure|%").len(), 4);
}

#[test]
fn every_metric_that_a_search_finds_is_at_its_path() {
    let tree = tree();
    for (path, _) in search(&tree, &Search::read("*").unwrap(), 1000).metrics {
        let at = tree.find(&Pattern::read(&path).unwrap(), 2);
        assert!(matches!(&at[..], [(_, place)] if place.is_leaf()), "{path}");
    }
}

#[test]
fn a_search_says_when_there_is_more_and_what_it_cannot_read() {
    let found = search(&tree(), &Search::read("*").unwrap(), 3);
    assert_eq!((found.metrics.len(), found.more), (3, true));
    for text in ["", "  ", "||", &"x".repeat(257), &"x ".repeat(17)] {
        assert!(Search::read(text).is_err(), "{text}");
    }
}
