//! The crates' arrows and the homes of heavy libraries, compared with what docs/architecture.md says. A new arrow or a
//! second home is an edit here, with its reason in the commit.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use serde_json::Value;

/// Who may depend on whom.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("daemon", &[]),
    ("api-types", &["model"]),
    ("journal", &["model", "daemon"]),
    ("metadata-store", &["model", "daemon"]),
    ("telemetry-store", &["model", "daemon", "metadata-store"]),
    // Beyond the design's table: Prometheus' query language over the store's reader, which is no handler's business.
    ("promql", &["model", "telemetry-store"]),
    ("ingest", &["model", "daemon", "journal", "telemetry-store", "metadata-store"]),
    ("analysis", &["model"]),
    ("alerting", &["model", "daemon", "journal", "telemetry-store", "metadata-store", "analysis"]),
    (
        "api",
        &[
            "model",
            "daemon",
            "api-types",
            "journal",
            "telemetry-store",
            "metadata-store",
            "promql",
            "alerting",
        ],
    ),
    (
        "server",
        &[
            "model",
            "daemon",
            "journal",
            "metadata-store",
            "telemetry-store",
            "ingest",
            "alerting",
            "api-types",
            "api",
        ],
    ),
    // Beyond the design's table: the binary turns flags into `daemon`'s settings before a server exists.
    ("vedette", &["server", "daemon"]),
    ("loadgen", &[]),
    // Not part of the product: scores `analysis` on labelled data.
    ("accuracy", &["analysis"]),
];

/// Heavy libraries and the one crate that may use each.
const HOMES: &[(&str, &str)] = &[
    ("sqlx", "metadata-store"),
    ("parquet", "telemetry-store"),
    ("arrow", "telemetry-store"),
    ("promql-parser", "promql"),
    // `model` only with its feature `schema`, for what is also a body: a health rule has one shape, not three.
    ("utoipa", "api-types api model"),
    ("argon2", "api"),
    ("rcgen", "daemon"),
    ("tokio-rustls", "daemon loadgen api"),
    ("postcard", "ingest"),
    ("lettre", "alerting"),
    ("reqwest", "alerting"),
    ("minijinja", "alerting"),
];

fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .expect("cargo runs tests, so it runs");
    let metadata: Value =
        serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    packages.iter().map(|package| (text(&package["name"]), dependencies(package))).collect()
}

fn dependencies(package: &Value) -> BTreeSet<String> {
    let all = package["dependencies"].as_array().expect("a package lists its dependencies");
    // What only tests use draws no arrow.
    all.iter()
        .filter(|dependency| dependency["kind"] != "dev")
        .map(|dependency| text(&dependency["name"]))
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("names are texts").to_owned()
}

#[test]
fn crates_depend_on_one_another_only_as_the_design_says() {
    let packages = packages();
    let ours: BTreeSet<&String> = packages.keys().collect();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        ours.iter().map(|name| name.as_str()).collect::<BTreeSet<_>>(),
        known,
        "every crate stands in the table"
    );
    for (name, allowed) in ARROWS {
        for dependency in packages[*name].iter().filter(|dependency| ours.contains(dependency)) {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} depends on {dependency}; the design does not"
            );
        }
    }
}

#[test]
fn heavy_libraries_have_one_home() {
    for (name, dependencies) in packages() {
        for (library, homes) in HOMES {
            let at_home = homes.split(' ').any(|home| home == name);
            assert!(
                at_home || !dependencies.contains(*library),
                "{name} uses {library}, whose home is {homes}"
            );
        }
    }
}

/// Source files below a folder, tests left out.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a crate's sources are there") {
        let path = entry.expect("a folder can be listed").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(std::fs::read_to_string(&path).expect("a source is text"));
        }
    }
}

#[test]
fn every_type_of_event_is_made_somewhere() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let types = std::fs::read_to_string(crates.join("model/src/event.rs")).expect("it is there");
    let names: Vec<&str> = types
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split_once(": &str"))
        .map(|(name, _)| name)
        .collect();
    assert!(names.len() > 10, "{names:?}");
    let mut makers = Vec::new();
    for one in ["ingest/src/pipeline", "api/src", "server/src"] {
        sources(&crates.join(one), &mut makers);
    }
    let outcomes = crates.join("alerting/src/outcomes.rs");
    makers.push(std::fs::read_to_string(outcomes).expect("it is there"));
    // Named after how a transaction went, by `Outcome::name`; the tests of `outcomes` see each.
    let by_outcome = ["SLOW", "VERY_SLOW", "STALL", "ERROR"];
    // Posted by people and scripts only.
    let posted = ["CUSTOM"];
    for name in names.iter().filter(|name| !by_outcome.contains(name) && !posted.contains(name)) {
        let made = format!("event::{name}");
        assert!(
            makers.iter().any(|text| text.contains(&made)),
            "{name} is offered, and never made"
        );
    }
}
