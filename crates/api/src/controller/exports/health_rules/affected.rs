//! What a rule affects, as exports write it: a word in `<type>` and an element of a name of its own for each kind. Some words
//! of the reference are misspelt; both spellings are read.

use model::rule::{AffectedKind, Affects, CustomEntity, NameMatch, NodeRuntime, Scope};
use roxmltree::Node;

use super::super::element::{Element, child, flag, one_of, required, text, texts, word};
use crate::error::ApiError;

const MATCHES: [(&str, NameMatch); 6] = [
    ("STARTS_WITH", NameMatch::StartsWith),
    ("ENDS_WITH", NameMatch::EndsWith),
    ("CONTAINS", NameMatch::Contains),
    ("EQUALS", NameMatch::Equals),
    ("MATCH_REG_EX", NameMatch::Regex),
    ("REGEX", NameMatch::Regex),
];

const RUNTIMES: [(&str, NodeRuntime); 6] = [
    ("APP_AGENT", NodeRuntime::Java),
    ("DOT_NET_APP_AGENT", NodeRuntime::DotNet),
    ("PHP_APP_AGENT", NodeRuntime::Php),
    ("NODEJS_APP_AGENT", NodeRuntime::Nodejs),
    ("PYTHON_APP_AGENT", NodeRuntime::Python),
    ("GOLANG_SDK", NodeRuntime::Go),
];

const CUSTOM: [(&str, &str, CustomEntity); 5] = [
    ("APPLICATION_COMPONENT", TIER, CustomEntity::Tier),
    ("APPLICATION_COMPONENT_NODE", NODE, CustomEntity::Node),
    ("BUSINESS_TRANSACTION", TRANSACTION, CustomEntity::BusinessTransaction),
    ("BACKEND", "backend", CustomEntity::Backend),
    ("SERVICE_END_POINT", "service-end-point", CustomEntity::ServiceEndpoint),
];

const TIER: &str = "application-component";
const TIERS: &str = "application-components";
const NODE: &str = "application-component-node";
const TRANSACTION: &str = "business-transaction";

const OF_TRANSACTIONS: &str = "affected-bt-match-criteria";
const OF_INFRASTRUCTURE: &str = "affected-infra-match-criteria";
const OF_ERRORS: &str = "affected-errors-match-criteria";
const OF_APPLICATION: &str = "overall-affected-entities-match-criteria";
const OF_OTHERS: &str = "other-affected-entities-match-criteria";

/// The word in `<type>`.
pub(super) fn type_word(kind: AffectedKind) -> &'static str {
    match kind {
        AffectedKind::OverallApplication => "OVERALL_APPLICATION",
        AffectedKind::BusinessTransactions => "BUSINESS_TRANSACTION",
        AffectedKind::Tiers | AffectedKind::Nodes => "NODE_HEALTH_TRANSACTION_PERFORMANCE",
        AffectedKind::TierHardware | AffectedKind::NodeHardware => "INFRASTRUCTURE",
        AffectedKind::Servers => "SIM",
        AffectedKind::Backends => "BACKEND",
        AffectedKind::Errors => "ERROR",
        AffectedKind::ServiceEndpoints => "SERVICEENDPOINTS",
        AffectedKind::Custom => "OTHER",
    }
}

/// The tiers of the business transactions of a name.
pub(super) type TiersOf<'a> = &'a dyn Fn(&str) -> Vec<String>;

/// Writes `<affected-entities-match-criteria>`.
pub(super) fn write(affects: &Affects, tiers_of: TiersOf<'_>) -> Element {
    let of = |name, elements| vec![Element::of(name, elements)];
    let inside = match affects.kind {
        AffectedKind::OverallApplication => {
            of(OF_APPLICATION, vec![Element::text("type", "APPLICATION")])
        }
        AffectedKind::BusinessTransactions => of(OF_TRANSACTIONS, transactions(affects, tiers_of)),
        AffectedKind::Tiers | AffectedKind::TierHardware => of(
            OF_INFRASTRUCTURE,
            scoped(&affects.scope, "ALL_TIERS", "SPECIFIC_TIERS", "", |names| {
                Element::list(TIERS, TIER, names)
            }),
        ),
        AffectedKind::Nodes | AffectedKind::NodeHardware => of(OF_INFRASTRUCTURE, nodes(affects)),
        AffectedKind::Errors => of(
            OF_ERRORS,
            scoped(&affects.scope, "ALL", "SPECIFIC", "ERRORS_OF_SPECIFIC_TIERS", |names| {
                let error = |name: &String| {
                    Element::of("application-diagnostic-data", vec![Element::text("name", name)])
                };
                let errors = names.iter().map(error).collect();
                Element::of("application-diagnostic-data-list", errors)
            }),
        ),
        AffectedKind::Custom => of(OF_OTHERS, vec![entity(affects)]),
        // What the reference writes of these is documented nowhere; the rule carries itself besides.
        AffectedKind::Servers | AffectedKind::Backends | AffectedKind::ServiceEndpoints => {
            Vec::new()
        }
    };
    Element::of("affected-entities-match-criteria", inside)
}

fn transactions(affects: &Affects, tiers_of: TiersOf<'_>) -> Vec<Element> {
    // The first of these words is the reference's own.
    scoped(&affects.scope, "ALL", "SPECIFIC", "BTS_OF_SPFICIC_TIERS", |names| {
        let mut listed = Vec::new();
        for name in names {
            let tiers = tiers_of(name);
            let of_tier = |tier: &String| Element::text(TRANSACTION, name).with(TIER, tier);
            match tiers.is_empty() {
                true => listed.push(Element::text(TRANSACTION, name)),
                false => listed.extend(tiers.iter().map(of_tier)),
            }
        }
        Element::of("business-transactions", listed)
    })
}

fn nodes(affects: &Affects) -> Vec<Element> {
    let mut matching = match &affects.scope {
        // These tiers stand beside, not within.
        Scope::WithinTiers { .. } => vec![Element::text("type", "NODES_OF_SPECIFC_TIERS")],
        scope => scoped(scope, "ANY", "SPECIFC", "", |names| Element::list("nodes", NODE, names)),
    };
    if affects.runtime != NodeRuntime::Any {
        let runtime = Element::text("node-type", word(affects.runtime, &RUNTIMES));
        matching.push(Element::of("node-types", vec![runtime]));
    }
    for name in PROPERTIES {
        matching.push(Element::text(name, ""));
    }
    let mut written = vec![Element::text("type", "NODES")];
    if let Scope::WithinTiers { tiers, should_not } = &affects.scope {
        written.push(Element::list("components", TIER, tiers));
        written.extend(inverse(*should_not));
    }
    written.push(Element::of("node-match-criteria", matching));
    written
}

const PROPERTIES: [&str; 3] =
    ["node-meta-info-match-criteria", "vm-sys-properties", "env-properties"];

fn entity(affects: &Affects) -> Element {
    let known = affects.custom_entity.and_then(|kind| {
        let Scope::Specific { names, .. } = &affects.scope else { return None };
        let (kind, element, _) = CUSTOM.iter().find(|(.., known)| *known == kind)?;
        Some((*kind, *element, names.first()?))
    });
    Element::of(
        "entity",
        match known {
            None => vec![Element::text("entity-type", "APPLICATION")],
            Some((kind, element, name)) => {
                vec![Element::text("entity-type", kind), Element::text(element, name)]
            }
        },
    )
}

fn scoped(
    scope: &Scope,
    all: &str,
    specific: &str,
    within_tiers: &str,
    list: impl Fn(&[String]) -> Element,
) -> Vec<Element> {
    match scope {
        Scope::All => vec![Element::text("type", all)],
        Scope::Specific { names, should_not } => {
            let mut written = vec![Element::text("type", specific), list(names)];
            written.extend(inverse(*should_not));
            written
        }
        Scope::WithinTiers { tiers, should_not } => {
            let tiers = Element::list(TIERS, TIER, tiers);
            let mut written = vec![Element::text("type", within_tiers), tiers];
            written.extend(inverse(*should_not));
            written
        }
        Scope::Matching { how, value, should_not } => vec![
            Element::text("type", "CUSTOM"),
            Element::text("match-type", word(*how, &MATCHES)),
            Element::text("match-pattern", value),
            Element::text("inverse", should_not),
        ],
    }
}

fn inverse(should_not: bool) -> Option<Element> {
    should_not.then(|| Element::text("inverse", true))
}

/// Reads `<affected-entities-match-criteria>` of a `<health-rule>`.
pub(super) fn read(rule: Node<'_, '_>) -> Result<Affects, ApiError> {
    let affected = required(rule, "affected-entities-match-criteria")?;
    let of = |kind, scope| Affects { scope, ..Affects::all(kind) };
    match text(rule, "type").unwrap_or_default() {
        "OVERALL_APPLICATION" => Ok(Affects::all(AffectedKind::OverallApplication)),
        "BUSINESS_TRANSACTION" => {
            let criteria = required(affected, OF_TRANSACTIONS)?;
            let names = |of| texts(of, "business-transactions", TRANSACTION);
            Ok(of(AffectedKind::BusinessTransactions, scope(criteria, names)?))
        }
        "NODE_HEALTH_TRANSACTION_PERFORMANCE" => {
            infrastructure(affected, AffectedKind::Tiers, AffectedKind::Nodes)
        }
        "INFRASTRUCTURE" => {
            infrastructure(affected, AffectedKind::TierHardware, AffectedKind::NodeHardware)
        }
        "ERROR" => {
            let names = |of| {
                let list = child(of, "application-diagnostic-data-list");
                let errors = list.into_iter().flat_map(|list| list.children());
                errors.filter_map(|error| text(error, "name").map(str::to_owned)).collect()
            };
            Ok(of(AffectedKind::Errors, scope(required(affected, OF_ERRORS)?, names)?))
        }
        "OTHER" => other(required(affected, OF_OTHERS)?),
        kind @ ("SIM" | "BACKEND" | "SERVICEENDPOINTS") => Err(ApiError::bad(format!(
            "what exports say of rules of the type {kind} is not documented; make such a rule by POST \
             /controller/alerting/rest/v1/applications/{{app}}/health-rules"
        ))),
        "" => Err(ApiError::bad("<health-rule> has no <type>")),
        kind => Err(ApiError::bad(format!(
            "Vedette has no rules of the type {kind}: there are OVERALL_APPLICATION, BUSINESS_TRANSACTION, \
             NODE_HEALTH_TRANSACTION_PERFORMANCE, INFRASTRUCTURE, ERROR and OTHER"
        ))),
    }
}

fn infrastructure(
    affected: Node<'_, '_>,
    tiers: AffectedKind,
    nodes: AffectedKind,
) -> Result<Affects, ApiError> {
    let criteria = required(affected, OF_INFRASTRUCTURE)?;
    if text(criteria, "type") != Some("NODES") {
        let scope = scope(criteria, |of| texts(of, TIERS, TIER))?;
        return Ok(Affects { scope, ..Affects::all(tiers) });
    }
    let matching = required(criteria, "node-match-criteria")?;
    for name in PROPERTIES {
        if child(matching, name).is_some_and(|of| of.children().any(|one| one.is_element())) {
            return Err(ApiError::bad(format!(
                "nodes are not chosen by their properties here, as <{name}> asks for"
            )));
        }
    }
    let scope = match text(matching, "type") {
        Some("NODES_OF_SPECIFC_TIERS" | "NODES_OF_SPECIFIC_TIERS") => Scope::WithinTiers {
            tiers: texts(criteria, "components", TIER),
            should_not: flag(criteria, "inverse"),
        },
        _ => scope(matching, |of| texts(of, "nodes", NODE))?,
    };
    let runtime = match &texts(matching, "node-types", "node-type")[..] {
        [] => NodeRuntime::Any,
        [one] => {
            RUNTIMES.iter().find(|(word, _)| word == one).map(|(_, of)| *of).ok_or_else(|| {
                ApiError::bad(format!("Vedette has no nodes of the type {one} in <node-types>"))
            })?
        }
        _ => {
            return Err(ApiError::bad(
                "a rule is about nodes of one type or of all; make one rule for each of <node-types>",
            ));
        }
    };
    Ok(Affects { scope, runtime, ..Affects::all(nodes) })
}

fn other(criteria: Node<'_, '_>) -> Result<Affects, ApiError> {
    let all = Affects::all(AffectedKind::Custom);
    let entity = required(criteria, "entity")?;
    let wanted = text(entity, "entity-type").unwrap_or_default();
    if wanted == "APPLICATION" {
        return Ok(all);
    }
    let known = CUSTOM.iter().find(|(word, ..)| *word == wanted);
    let (_, element, kind) = known.ok_or_else(|| {
        ApiError::bad(format!("rules about one entity of the type {wanted:?} are not there"))
    })?;
    let name = text(entity, element)
        .ok_or_else(|| ApiError::bad(format!("<entity> does not name its <{element}>")))?;
    let scope = Scope::Specific { names: vec![name.to_owned()], should_not: false };
    Ok(Affects { scope, custom_entity: Some(*kind), ..all })
}

fn scope<'a, 'i>(
    of: Node<'a, 'i>,
    names: impl Fn(Node<'a, 'i>) -> Vec<String>,
) -> Result<Scope, ApiError> {
    let should_not = flag(of, "inverse");
    match text(of, "type").unwrap_or_default() {
        "ALL" | "ANY" | "ALL_TIERS" => Ok(Scope::All),
        "SPECIFIC" | "SPECIFC" | "SPECIFIC_TIERS" => {
            Ok(Scope::Specific { names: names(of), should_not })
        }
        "BTS_OF_SPFICIC_TIERS" | "BTS_OF_SPECIFIC_TIERS" | "ERRORS_OF_SPECIFIC_TIERS" => {
            Ok(Scope::WithinTiers { tiers: texts(of, TIERS, TIER), should_not })
        }
        "CUSTOM" => Ok(Scope::Matching {
            how: one_of(of, "match-type", &MATCHES)?,
            value: text(of, "match-pattern").unwrap_or_default().to_owned(),
            should_not,
        }),
        other => Err(ApiError::bad(format!(
            "<{}> is of the type {other:?}, which there is not",
            of.tag_name().name()
        ))),
    }
}
