//! What a rule affects, as the reference writes it: a kind, and below it an object of names of its own for each kind.

use model::rule::{AffectedKind, Affects, CustomEntity, NameMatch, NodeRuntime, Scope};
use serde_json::{Map, Value, json};

use super::{one_of, text, texts, word};
use crate::error::ApiError;

/// The names of one kind's object and of what is in it.
struct Words {
    object: &'static str,
    scope: &'static str,
    all: &'static str,
    specific: &'static str,
    /// The list of names.
    names: &'static str,
    within_tiers: &'static str,
    matching: &'static str,
}

const NOWHERE: &str = "";

const TRANSACTIONS: Words = Words {
    object: "affectedBusinessTransactions",
    scope: "businessTransactionScope",
    all: "ALL_BUSINESS_TRANSACTIONS",
    specific: "SPECIFIC_BUSINESS_TRANSACTIONS",
    names: "businessTransactions",
    within_tiers: "BUSINESS_TRANSACTIONS_IN_SPECIFIC_TIERS",
    matching: "BUSINESS_TRANSACTIONS_MATCHING_PATTERN",
};
const TIERS: Words = Words {
    object: "affectedTiers",
    scope: "affectedTierScope",
    all: "ALL_TIERS",
    specific: "SPECIFIC_TIERS",
    names: "tiers",
    within_tiers: NOWHERE,
    matching: "TIERS_MATCHING_PATTERN",
};
const NODES: Words = Words {
    object: "affectedNodes",
    scope: "affectedNodeScope",
    all: "ALL_NODES",
    specific: "SPECIFIC_NODES",
    names: "nodes",
    within_tiers: "NODES_OF_SPECIFIC_TIERS",
    matching: "NODES_MATCHING_PATTERN",
};
const SERVERS: Words = Words {
    object: "affectedServers",
    scope: "serverScope",
    all: "ALL_SERVERS",
    specific: "SPECIFIC_SERVERS",
    names: "servers",
    within_tiers: "SERVERS_IN_SPECIFIC_TIERS",
    matching: "SERVERS_MATCHING_PATTERN",
};
const BACKENDS: Words = Words {
    object: "affectedBackends",
    scope: "backendScope",
    all: "ALL_BACKENDS",
    specific: "SPECIFIC_BACKENDS",
    names: "backends",
    within_tiers: NOWHERE,
    matching: "BACKENDS_MATCHING_PATTERN",
};
const ERRORS: Words = Words {
    object: "affectedErrors",
    scope: "errorScope",
    all: "ALL_ERRORS",
    specific: "SPECIFIC_ERRORS",
    names: "errors",
    within_tiers: "ERRORS_OF_SPECIFIC_TIERS",
    matching: "ERRORS_MATCHING_PATTERN",
};
const ENDPOINTS: Words = Words {
    object: "affectedServiceEndpoints",
    scope: "serviceEndpointScope",
    all: "ALL_SERVICE_ENDPOINTS",
    specific: "SPECIFIC_SERVICE_ENDPOINTS",
    names: "serviceEndpoints",
    within_tiers: "SERVICE_ENDPOINTS_IN_SPECIFIC_TIERS",
    matching: "SERVICE_ENDPOINTS_MATCHING_PATTERN",
};

const RUNTIMES: [(&str, NodeRuntime); 7] = [
    ("ALL_NODES", NodeRuntime::Any),
    ("JAVA_NODES", NodeRuntime::Java),
    ("DOT_NET_NODES", NodeRuntime::DotNet),
    ("PHP_NODES", NodeRuntime::Php),
    ("NODE_JS_NODES", NodeRuntime::Nodejs),
    ("PYTHON_NODES", NodeRuntime::Python),
    ("GO_NODES", NodeRuntime::Go),
];

const MATCHES: [(&str, NameMatch); 5] = [
    ("STARTS_WITH", NameMatch::StartsWith),
    ("ENDS_WITH", NameMatch::EndsWith),
    ("CONTAINS", NameMatch::Contains),
    ("EQUALS", NameMatch::Equals),
    ("MATCH_REG_EX", NameMatch::Regex),
];

const CUSTOM: [(&str, CustomEntity); 5] = [
    ("TIER", CustomEntity::Tier),
    ("NODE", CustomEntity::Node),
    ("BUSINESS_TRANSACTION", CustomEntity::BusinessTransaction),
    ("BACKEND", CustomEntity::Backend),
    ("SERVICE_ENDPOINT", CustomEntity::ServiceEndpoint),
];

/// `affectedEntityType` of a kind.
pub(super) fn entity_type(kind: AffectedKind) -> &'static str {
    match kind {
        AffectedKind::OverallApplication => "OVERALL_APPLICATION_PERFORMANCE",
        AffectedKind::BusinessTransactions => "BUSINESS_TRANSACTION_PERFORMANCE",
        AffectedKind::Tiers | AffectedKind::Nodes => "TIER_NODE_TRANSACTION_PERFORMANCE",
        AffectedKind::TierHardware | AffectedKind::NodeHardware => "TIER_NODE_HARDWARE",
        AffectedKind::Servers => "SERVERS_IN_APPLICATION",
        AffectedKind::Backends => "BACKENDS",
        AffectedKind::Errors => "ERRORS",
        AffectedKind::ServiceEndpoints => "SERVICE_ENDPOINTS",
        AffectedKind::Custom => "CUSTOM",
    }
}

/// Reads `affects`.
pub(super) fn read(affects: &Value) -> Result<Affects, ApiError> {
    let of = |kind, words: &Words| {
        Ok(Affects { scope: scope(&affects[words.object], words)?, ..Affects::all(kind) })
    };
    match text(affects, "affectedEntityType")? {
        "OVERALL_APPLICATION_PERFORMANCE" => Ok(Affects::all(AffectedKind::OverallApplication)),
        "BUSINESS_TRANSACTION_PERFORMANCE" => of(AffectedKind::BusinessTransactions, &TRANSACTIONS),
        "TIER_NODE_TRANSACTION_PERFORMANCE" => {
            tiers_or_nodes(affects, AffectedKind::Tiers, AffectedKind::Nodes)
        }
        "TIER_NODE_HARDWARE" => {
            tiers_or_nodes(affects, AffectedKind::TierHardware, AffectedKind::NodeHardware)
        }
        "SERVERS_IN_APPLICATION" => of(AffectedKind::Servers, &SERVERS),
        "BACKENDS" => of(AffectedKind::Backends, &BACKENDS),
        "ERRORS" => of(AffectedKind::Errors, &ERRORS),
        "SERVICE_ENDPOINTS" => of(AffectedKind::ServiceEndpoints, &ENDPOINTS),
        "CUSTOM" => custom(&affects["affectedEntityScope"]),
        other => Err(ApiError::bad(format!(
            "affectedEntityType is {other:?}; Vedette has rules about applications, business transactions, tiers, nodes, \
             servers, backends, errors, service endpoints and custom metrics"
        ))),
    }
}

/// Writes `affects`.
pub(super) fn write(affects: &Affects) -> Value {
    let mut written = Map::new();
    written.insert("affectedEntityType".to_owned(), entity_type(affects.kind).into());
    let mut put = |words: &Words| {
        written.insert(words.object.to_owned(), scoped(&affects.scope, words));
    };
    match affects.kind {
        AffectedKind::OverallApplication => {}
        AffectedKind::BusinessTransactions => put(&TRANSACTIONS),
        AffectedKind::Servers => put(&SERVERS),
        AffectedKind::Backends => put(&BACKENDS),
        AffectedKind::Errors => put(&ERRORS),
        AffectedKind::ServiceEndpoints => put(&ENDPOINTS),
        AffectedKind::Tiers | AffectedKind::TierHardware => {
            let entities = json!({
                "tierOrNode": "TIER_AFFECTED_ENTITIES",
                "affectedTiers": scoped(&affects.scope, &TIERS),
            });
            written.insert("affectedEntities".to_owned(), entities);
        }
        AffectedKind::Nodes | AffectedKind::NodeHardware => {
            let entities = json!({
                "tierOrNode": "NODE_AFFECTED_ENTITIES",
                "typeofNode": word(affects.runtime, &RUNTIMES),
                "affectedNodes": scoped(&affects.scope, &NODES),
            });
            written.insert("affectedEntities".to_owned(), entities);
        }
        AffectedKind::Custom => {
            let name = match &affects.scope {
                Scope::Specific { names, .. } => names.first().cloned().unwrap_or_default(),
                _ => String::new(),
            };
            let entity = match affects.custom_entity {
                None => json!({"entityScope": "APPLICATION_PERFORMANCE"}),
                Some(kind) => json!({
                    "entityScope": "SPECIFIC_ENTITY_PERFORMANCE",
                    "entityType": word(kind, &CUSTOM),
                    "affectedEntityName": name,
                }),
            };
            written.insert("affectedEntityScope".to_owned(), entity);
        }
    }
    Value::Object(written)
}

fn tiers_or_nodes(
    affects: &Value,
    tiers: AffectedKind,
    nodes: AffectedKind,
) -> Result<Affects, ApiError> {
    let entities = &affects["affectedEntities"];
    match text(entities, "tierOrNode")? {
        "TIER_AFFECTED_ENTITIES" => {
            Ok(Affects { scope: scope(&entities[TIERS.object], &TIERS)?, ..Affects::all(tiers) })
        }
        "NODE_AFFECTED_ENTITIES" => {
            let runtime = match entities["typeofNode"].as_str() {
                None => NodeRuntime::Any,
                Some(runtime) => one_of("typeofNode", runtime, &RUNTIMES)?,
            };
            let scope = scope(&entities[NODES.object], &NODES)?;
            Ok(Affects { scope, runtime, ..Affects::all(nodes) })
        }
        other => Err(ApiError::bad(format!(
            "tierOrNode is {other:?}; use TIER_AFFECTED_ENTITIES or NODE_AFFECTED_ENTITIES"
        ))),
    }
}

fn custom(entity: &Value) -> Result<Affects, ApiError> {
    let all = Affects::all(AffectedKind::Custom);
    let is_one = entity["entityScope"].as_str() == Some("SPECIFIC_ENTITY_PERFORMANCE");
    if !is_one || entity["entityType"].as_str() == Some("APPLICATION") {
        return Ok(all);
    }
    let kind = one_of("entityType", text(entity, "entityType")?, &CUSTOM)?;
    let names = vec![text(entity, "affectedEntityName")?.to_owned()];
    let scope = Scope::Specific { names, should_not: false };
    Ok(Affects { scope, custom_entity: Some(kind), ..all })
}

fn scope(object: &Value, words: &Words) -> Result<Scope, ApiError> {
    let wanted = object[words.scope]
        .as_str()
        .ok_or_else(|| ApiError::bad(format!("{} has to have a {}", words.object, words.scope)))?;
    let should_not = object["shouldNot"].as_bool().unwrap_or(false);
    if wanted == words.all {
        return Ok(Scope::All);
    }
    if wanted == words.specific {
        return Ok(Scope::Specific { names: texts(object, words.names)?, should_not });
    }
    if wanted == words.within_tiers && words.within_tiers != NOWHERE {
        return Ok(Scope::WithinTiers { tiers: texts(object, "specificTiers")?, should_not });
    }
    if wanted == words.matching {
        let pattern = &object["patternMatcher"];
        return Ok(Scope::Matching {
            how: one_of("matchTo", text(pattern, "matchTo")?, &MATCHES)?,
            value: text(pattern, "matchValue")?.to_owned(),
            should_not: pattern["shouldNot"].as_bool().unwrap_or(should_not),
        });
    }
    let known = [words.all, words.specific, words.within_tiers, words.matching];
    let known: Vec<&str> = known.into_iter().filter(|word| *word != NOWHERE).collect();
    Err(ApiError::bad(format!("{} is {wanted:?}; use one of {}", words.scope, known.join(", "))))
}

fn scoped(scope: &Scope, words: &Words) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| drop(object.insert(name.to_owned(), value));
    match scope {
        Scope::All => put(words.scope, words.all.into()),
        Scope::Specific { names, should_not } => {
            put(words.scope, words.specific.into());
            put(words.names, names.as_slice().into());
            put("shouldNot", (*should_not).into());
        }
        Scope::WithinTiers { tiers, should_not } => {
            put(words.scope, words.within_tiers.into());
            put("specificTiers", tiers.as_slice().into());
            put("shouldNot", (*should_not).into());
        }
        Scope::Matching { how, value, should_not } => {
            put(words.scope, words.matching.into());
            let how = word(*how, &MATCHES);
            put(
                "patternMatcher",
                json!({"matchTo": how, "matchValue": value, "shouldNot": should_not}),
            );
        }
    }
    Value::Object(object)
}
