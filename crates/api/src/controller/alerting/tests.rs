//! Bodies there and back: what is read and written again is what it was.

use model::rule::factory_rules;
use serde_json::{Value, json};

use super::{health_rules, schedules};

fn rule(affects: Value, condition: Value) -> Value {
    json!({
        "name": "rule", "enabled": true, "useDataFromLastNMinutes": 30, "waitTimeAfterViolation": 5,
        "scheduleName": "Always", "affects": affects,
        "evalCriterias": {
            "criticalCriteria": {
                "conditionAggregationType": "ALL", "conditionExpression": null, "conditions": [condition],
                "evalMatchingCriteria": {"matchType": "AVERAGE", "value": null},
            },
            "warningCriteria": null,
        },
    })
}

fn busy(detail: Value) -> Value {
    json!({
        "name": "A", "shortName": "A", "evaluateToTrueOnNoData": false, "violationStatusOnNoData": "UNKNOWN",
        "evalDetail": {
            "evalDetailType": "SINGLE_METRIC", "metricAggregateFunction": "VALUE",
            "metricPath": "Hardware Resources|CPU|%Busy", "metricEvalDetail": detail,
        },
    })
}

fn over_90() -> Value {
    json!({
        "metricEvalDetailType": "SPECIFIC_TYPE", "compareCondition": "GREATER_THAN_SPECIFIC_VALUE", "compareValue": 90,
    })
}

/// Everything that was sent is in what comes back, and that reads as the same again.
#[track_caller]
fn there_and_back(body: &Value) {
    let read = health_rules::read(body).unwrap_or_else(|error| panic!("{error}: {body:#}"));
    read.check().unwrap();
    let back = health_rules::written(7, &read);
    assert_eq!(back["id"], 7);
    has_all(body, &back, "");
    assert_eq!(health_rules::read(&back).unwrap(), read);
}

#[track_caller]
fn has_all(sent: &Value, back: &Value, at: &str) {
    match sent {
        Value::Object(fields) => {
            for (name, value) in fields {
                has_all(value, &back[name], &format!("{at}/{name}"));
            }
        }
        Value::Array(items) => {
            let same = back.as_array().map(Vec::len);
            assert_eq!(same, Some(items.len()), "{at}");
            for (number, item) in items.iter().enumerate() {
                has_all(item, &back[number], &format!("{at}/{number}"));
            }
        }
        value => assert_eq!(value, back, "{at}"),
    }
}

#[test]
fn every_kind_of_affected_entities_comes_back() {
    let pattern = json!({"matchTo": "STARTS_WITH", "matchValue": "GET", "shouldNot": true});
    let tiers = |tiers: Value| {
        json!({
            "affectedEntityType": "TIER_NODE_HARDWARE",
            "affectedEntities": {"tierOrNode": "TIER_AFFECTED_ENTITIES", "affectedTiers": tiers},
        })
    };
    let nodes = |kind: &str, nodes: Value| {
        json!({
            "affectedEntityType": "TIER_NODE_TRANSACTION_PERFORMANCE",
            "affectedEntities": {
                "tierOrNode": "NODE_AFFECTED_ENTITIES", "typeofNode": kind, "affectedNodes": nodes,
            },
        })
    };
    let of =
        |kind: &str, object: &str, scope: Value| json!({"affectedEntityType": kind, object: scope});
    let bts = |scope| of("BUSINESS_TRANSACTION_PERFORMANCE", "affectedBusinessTransactions", scope);
    for affects in [
        json!({"affectedEntityType": "OVERALL_APPLICATION_PERFORMANCE"}),
        bts(json!({"businessTransactionScope": "ALL_BUSINESS_TRANSACTIONS"})),
        bts(
            json!({"businessTransactionScope": "SPECIFIC_BUSINESS_TRANSACTIONS", "businessTransactions": ["a", "b"]}),
        ),
        bts(
            json!({"businessTransactionScope": "BUSINESS_TRANSACTIONS_IN_SPECIFIC_TIERS", "specificTiers": ["web"]}),
        ),
        bts(
            json!({"businessTransactionScope": "BUSINESS_TRANSACTIONS_MATCHING_PATTERN", "patternMatcher": pattern}),
        ),
        tiers(json!({"affectedTierScope": "ALL_TIERS"})),
        tiers(
            json!({"affectedTierScope": "SPECIFIC_TIERS", "tiers": ["Tier1"], "shouldNot": false}),
        ),
        nodes("JAVA_NODES", json!({"affectedNodeScope": "ALL_NODES"})),
        nodes("ALL_NODES", json!({"affectedNodeScope": "SPECIFIC_NODES", "nodes": ["n1"]})),
        nodes(
            "ALL_NODES",
            json!({"affectedNodeScope": "NODES_OF_SPECIFIC_TIERS", "specificTiers": ["web"]}),
        ),
        nodes(
            "ALL_NODES",
            json!({"affectedNodeScope": "NODES_MATCHING_PATTERN", "patternMatcher": pattern}),
        ),
        of(
            "BACKENDS",
            "affectedBackends",
            json!({"backendScope": "SPECIFIC_BACKENDS", "backends": ["mysql"]}),
        ),
        of(
            "ERRORS",
            "affectedErrors",
            json!({"errorScope": "ERRORS_OF_SPECIFIC_TIERS", "specificTiers": ["web"]}),
        ),
        of(
            "SERVICE_ENDPOINTS",
            "affectedServiceEndpoints",
            json!({"serviceEndpointScope": "ALL_SERVICE_ENDPOINTS"}),
        ),
        of("SERVERS_IN_APPLICATION", "affectedServers", json!({"serverScope": "ALL_SERVERS"})),
        of("CUSTOM", "affectedEntityScope", json!({"entityScope": "APPLICATION_PERFORMANCE"})),
        of(
            "CUSTOM",
            "affectedEntityScope",
            json!({
                "entityScope": "SPECIFIC_ENTITY_PERFORMANCE", "entityType": "TIER", "affectedEntityName": "web",
            }),
        ),
    ] {
        there_and_back(&rule(affects, busy(over_90())));
    }
}

#[test]
fn every_kind_of_condition_comes_back() {
    let application = || json!({"affectedEntityType": "OVERALL_APPLICATION_PERFORMANCE"});
    let baseline = json!({
        "metricEvalDetailType": "BASELINE_TYPE", "baselineCondition": "GREATER_THAN_BASELINE",
        "baselineName": "All data - Last 15 days", "baselineUnit": "STANDARD_DEVIATIONS", "compareValue": 2.5,
    });
    there_and_back(&rule(application(), busy(baseline.clone())));
    let mut default = baseline;
    default["baselineName"] = "Default Baseline".into();
    there_and_back(&rule(application(), busy(default)));
    let mut counted = busy(over_90());
    counted["triggerEnabled"] = true.into();
    counted["minimumTriggers"] = 3.into();
    counted["evaluateToTrueOnNoData"] = true.into();
    there_and_back(&rule(application(), counted));
    let mut expression = busy(over_90());
    expression["evalDetail"] = json!({
        "evalDetailType": "METRIC_EXPRESSION", "metricExpression": "{e} / {c} * 100",
        "metricExpressionVariables": [
            {"variableName": "e", "metricAggregateFunction": "SUM", "metricPath": "Errors per Minute"},
            {"variableName": "c", "metricAggregateFunction": "MAXIMUM", "metricPath": "Calls per Minute"},
        ],
        "metricEvalDetail": over_90(),
    });
    there_and_back(&rule(application(), expression));
    let tiers = json!({
        "affectedEntityType": "TIER_NODE_HARDWARE",
        "affectedEntities": {"tierOrNode": "TIER_AFFECTED_ENTITIES", "affectedTiers": {"affectedTierScope": "ALL_TIERS"}},
    });
    for matching in [
        json!({"matchType": "ANY_NODE", "value": null}),
        json!({"matchType": "PERCENTAGE_NODES", "value": 50}),
        json!({"matchType": "NUMBER_OF_NODES", "value": 3}),
    ] {
        let mut body = rule(tiers.clone(), busy(over_90()));
        body["evalCriterias"]["criticalCriteria"]["evalMatchingCriteria"] = matching;
        there_and_back(&body);
    }
    let mut custom = rule(tiers, busy(over_90()));
    let critical = &mut custom["evalCriterias"]["criticalCriteria"];
    critical["conditionAggregationType"] = "CUSTOM".into();
    critical["conditionExpression"] = "NOT A".into();
    custom["evalCriterias"]["warningCriteria"] =
        custom["evalCriterias"]["criticalCriteria"].clone();
    there_and_back(&custom);
}

#[test]
fn the_factory_rules_can_be_read_and_sent_back() {
    for rule in factory_rules() {
        assert_eq!(health_rules::read(&health_rules::written(1, &rule)).unwrap(), rule);
    }
}

#[test]
fn every_kind_of_schedule_comes_back() {
    for configuration in [
        json!({"scheduleFrequency": "DAILY", "startTime": "06:00", "endTime": "18:00"}),
        json!({"scheduleFrequency": "WEEKLY", "days": ["MONDAY", "SUNDAY"], "startTime": "09:00", "endTime": "17:00"}),
        json!({
            "scheduleFrequency": "ONE_TIME", "startDate": "12/24/2026", "startTime": "06:00", "endDate": "12/25/2026",
            "endTime": "18:00",
        }),
        json!({
            "scheduleFrequency": "MONTHLY_SPECIFIC_DATE", "startDate": 1, "startTime": "06:00", "endDate": 2,
            "endTime": "18:00",
        }),
        json!({
            "scheduleFrequency": "MONTHLY_SPECIFIC_DAY", "occurrence": "FIRST", "day": "SUNDAY", "startTime": "06:00",
            "endTime": "18:00",
        }),
        json!({"scheduleFrequency": "CUSTOM", "startCron": "0 0 8 ? * 2-6", "endCron": "0 0 18 ? * 2-6"}),
    ] {
        let body = json!({
            "name": "s", "description": "d", "timezone": "America/Los_Angeles", "scheduleConfiguration": configuration,
        });
        let schedule = schedules::read(&body).unwrap();
        schedule.check().unwrap();
        has_all(&body, &schedules::written(3, &schedule), "");
    }
}

#[test]
fn what_has_no_counterpart_is_refused_with_a_sentence() {
    let refused = |body: Value, part: &str| {
        let error = health_rules::read(&body).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    refused(rule(json!({"affectedEntityType": "DATABASES"}), busy(over_90())), "\"DATABASES\"");
    refused(rule(json!({}), busy(over_90())), "affectedEntityType has to be a text");
    let mut other = busy(over_90());
    other["evalDetail"]["metricAggregateFunction"] = "MEDIAN".into();
    let application = json!({"affectedEntityType": "OVERALL_APPLICATION_PERFORMANCE"});
    refused(rule(application, other), "use one of VALUE, MINIMUM");
}
