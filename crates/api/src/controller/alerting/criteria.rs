//! When a rule is broken, as the reference writes it.

use model::rule::{
    BaselineUnit, Combine, Compare, Condition, Criteria, Deviation, Function, Input, NoData,
    NodeMatch, Operator, Persistence, Variable,
};
use serde_json::{Value, json};

use super::{one_of, text, word};
use crate::error::ApiError;

/// The name under which the reference means the application's default baseline.
const DEFAULT_BASELINE: &str = "Default Baseline";

const FUNCTIONS: [(&str, Function); 7] = [
    ("VALUE", Function::Value),
    ("MINIMUM", Function::Min),
    ("MAXIMUM", Function::Max),
    ("SUM", Function::Sum),
    ("COUNT", Function::Count),
    ("CURRENT", Function::Current),
    ("GROUP_COUNT", Function::GroupCount),
];
/// The short words that are understood beside these.
const SHORT: [(&str, Function); 2] = [("MIN", Function::Min), ("MAX", Function::Max)];

const OPERATORS: [(&str, Operator); 6] = [
    ("GREATER_THAN_SPECIFIC_VALUE", Operator::Greater),
    ("GREATER_THAN_EQUALS_SPECIFIC_VALUE", Operator::GreaterOrEqual),
    ("LESS_THAN_SPECIFIC_VALUE", Operator::Less),
    ("LESS_THAN_EQUALS_SPECIFIC_VALUE", Operator::LessOrEqual),
    ("EQUALS_SPECIFIC_VALUE", Operator::Equal),
    ("NOT_EQUALS_SPECIFIC_VALUE", Operator::NotEqual),
];

const DEVIATIONS: [(&str, Deviation); 4] = [
    ("GREATER_THAN_BASELINE", Deviation::Above),
    ("LESS_THAN_BASELINE", Deviation::Below),
    ("NOT_WITHIN_BASELINE", Deviation::Outside),
    ("WITHIN_BASELINE", Deviation::Within),
];

const UNITS: [(&str, BaselineUnit); 2] = [
    ("STANDARD_DEVIATIONS", BaselineUnit::StandardDeviations),
    ("PERCENTAGE", BaselineUnit::Percent),
];

/// Reads `criticalCriteria` or `warningCriteria`; `window` is the rule's, in minutes.
pub(super) fn read(criteria: &Value, window: u16) -> Result<Option<Criteria>, ApiError> {
    if criteria.is_null() {
        return Ok(None);
    }
    let all = criteria["conditions"].as_array();
    let all = all.ok_or_else(|| ApiError::bad("conditions has to be a list"))?;
    let conditions = all.iter().map(|one| condition(one, window));
    Ok(Some(Criteria {
        conditions: conditions.collect::<Result<_, ApiError>>()?,
        combine: match text(criteria, "conditionAggregationType")? {
            "ALL" => Combine::All,
            "ANY" => Combine::Any,
            "CUSTOM" => {
                Combine::Custom { expression: text(criteria, "conditionExpression")?.to_owned() }
            }
            other => {
                return Err(ApiError::bad(format!(
                    "conditionAggregationType is {other:?}; use ALL, ANY or CUSTOM"
                )));
            }
        },
        nodes: nodes(&criteria["evalMatchingCriteria"])?,
    }))
}

/// Writes it.
pub(super) fn write(criteria: Option<&Criteria>) -> Value {
    let Some(criteria) = criteria else { return Value::Null };
    let (kind, expression) = match &criteria.combine {
        Combine::All => ("ALL", None),
        Combine::Any => ("ANY", None),
        Combine::Custom { expression } => ("CUSTOM", Some(expression)),
    };
    let (match_type, value) = match criteria.nodes {
        NodeMatch::Average => ("AVERAGE", Value::Null),
        NodeMatch::AnyNode => ("ANY_NODE", Value::Null),
        NodeMatch::PercentageNodes { value } => ("PERCENTAGE_NODES", number(value)),
        NodeMatch::NumberOfNodes { value } => ("NUMBER_OF_NODES", value.into()),
    };
    json!({
        "conditionAggregationType": kind,
        "conditionExpression": expression,
        "conditions": criteria.conditions.iter().map(written).collect::<Vec<Value>>(),
        "evalMatchingCriteria": {"matchType": match_type, "value": value},
    })
}

fn nodes(matching: &Value) -> Result<NodeMatch, ApiError> {
    let value = matching["value"].as_f64();
    let needs = || ApiError::bad("this matchType needs a value");
    match matching["matchType"].as_str() {
        None | Some("AVERAGE" | "AGGREGATE") => Ok(NodeMatch::Average),
        Some("ANY_NODE") => Ok(NodeMatch::AnyNode),
        Some("PERCENTAGE_NODES") => {
            Ok(NodeMatch::PercentageNodes { value: value.ok_or_else(needs)? })
        }
        Some("NUMBER_OF_NODES") => {
            let value = matching["value"].as_u64().and_then(|value| u32::try_from(value).ok());
            Ok(NodeMatch::NumberOfNodes { value: value.ok_or_else(needs)? })
        }
        Some(other) => Err(ApiError::bad(format!(
            "matchType is {other:?}; use AVERAGE, ANY_NODE, PERCENTAGE_NODES or NUMBER_OF_NODES"
        ))),
    }
}

fn condition(condition: &Value, window: u16) -> Result<Condition, ApiError> {
    let detail = &condition["evalDetail"];
    let input = match text(detail, "evalDetailType")? {
        "SINGLE_METRIC" => {
            Input::Metric { function: function(detail)?, path: path(detail)?.to_owned() }
        }
        "METRIC_EXPRESSION" => {
            let variables = detail["metricExpressionVariables"].as_array();
            let variables = variables.ok_or_else(|| {
                ApiError::bad("a METRIC_EXPRESSION has a list metricExpressionVariables")
            })?;
            let variable = |one: &Value| {
                Ok(Variable {
                    name: text(one, "variableName")?.to_owned(),
                    function: function(one)?,
                    path: path(one)?.to_owned(),
                })
            };
            Input::Expression {
                expression: text(detail, "metricExpression")?.to_owned(),
                variables: variables.iter().map(variable).collect::<Result<_, ApiError>>()?,
            }
        }
        other => {
            return Err(ApiError::bad(format!(
                "evalDetailType is {other:?}; use SINGLE_METRIC or METRIC_EXPRESSION"
            )));
        }
    };
    let is_true = condition["evaluateToTrueOnNoData"].as_bool().unwrap_or(false);
    let no_data = match condition["violationStatusOnNoData"].as_str() {
        _ if is_true => NoData::True,
        Some("NORMAL") => NoData::False,
        _ => NoData::Unknown,
    };
    let is_counted = condition["triggerEnabled"].as_bool().unwrap_or(false);
    let violations = condition["minimumTriggers"].as_u64().unwrap_or(0);
    let persistence = is_counted.then(|| Persistence {
        violations: u16::try_from(violations).unwrap_or(u16::MAX),
        of_minutes: window,
    });
    Ok(Condition {
        short_name: text(condition, "shortName")?.to_owned(),
        name: text(condition, "name")?.to_owned(),
        input,
        compare: compare(&detail["metricEvalDetail"])?,
        no_data,
        persistence,
    })
}

fn function(of: &Value) -> Result<Function, ApiError> {
    let named = text(of, "metricAggregateFunction")?;
    let short = SHORT.iter().find(|(name, _)| *name == named);
    match short {
        Some((_, function)) => Ok(*function),
        None => one_of("metricAggregateFunction", named, &FUNCTIONS),
    }
}

/// With or without the `root||` that exports write before it.
fn path(of: &Value) -> Result<&str, ApiError> {
    let path = text(of, "metricPath")?;
    Ok(path.strip_prefix("root||").unwrap_or(path))
}

fn compare(detail: &Value) -> Result<Compare, ApiError> {
    let value = detail["compareValue"].as_f64();
    let value = value.ok_or_else(|| ApiError::bad("compareValue has to be a number"))?;
    match text(detail, "metricEvalDetailType")? {
        "SPECIFIC_TYPE" => Ok(Compare::Value {
            operator: one_of("compareCondition", text(detail, "compareCondition")?, &OPERATORS)?,
            value,
        }),
        "BASELINE_TYPE" => {
            let name = detail["baselineName"].as_str().filter(|name| *name != DEFAULT_BASELINE);
            let condition = text(detail, "baselineCondition")?;
            Ok(Compare::Baseline {
                deviation: one_of("baselineCondition", condition, &DEVIATIONS)?,
                baseline: name.map(str::to_owned),
                unit: one_of("baselineUnit", text(detail, "baselineUnit")?, &UNITS)?,
                value,
            })
        }
        other => Err(ApiError::bad(format!(
            "metricEvalDetailType is {other:?}; use SPECIFIC_TYPE or BASELINE_TYPE"
        ))),
    }
}

fn written(condition: &Condition) -> Value {
    let compare = match &condition.compare {
        Compare::Value { operator, value } => json!({
            "metricEvalDetailType": "SPECIFIC_TYPE",
            "compareCondition": word(*operator, &OPERATORS),
            "compareValue": number(*value),
        }),
        Compare::Baseline { deviation, baseline, unit, value } => json!({
            "metricEvalDetailType": "BASELINE_TYPE",
            "baselineCondition": word(*deviation, &DEVIATIONS),
            "baselineName": baseline.as_deref().unwrap_or(DEFAULT_BASELINE),
            "baselineUnit": word(*unit, &UNITS),
            "compareValue": number(*value),
        }),
    };
    let detail = match &condition.input {
        Input::Metric { function, path } => json!({
            "evalDetailType": "SINGLE_METRIC",
            "metricAggregateFunction": word(*function, &FUNCTIONS),
            "metricPath": path,
            "metricEvalDetail": compare,
        }),
        Input::Expression { expression, variables } => {
            let variable = |one: &Variable| {
                json!({
                    "variableName": one.name,
                    "metricAggregateFunction": word(one.function, &FUNCTIONS),
                    "metricPath": one.path,
                })
            };
            json!({
                "evalDetailType": "METRIC_EXPRESSION",
                "metricExpression": expression,
                "metricExpressionVariables": variables.iter().map(variable).collect::<Vec<Value>>(),
                "metricEvalDetail": compare,
            })
        }
    };
    json!({
        "name": condition.name,
        "shortName": condition.short_name,
        "evaluateToTrueOnNoData": condition.no_data == NoData::True,
        "violationStatusOnNoData": if condition.no_data == NoData::False { "NORMAL" } else { "UNKNOWN" },
        "evalDetail": detail,
        "triggerEnabled": condition.persistence.is_some(),
        "minimumTriggers": condition.persistence.map_or(0, |persistence| persistence.violations),
    })
}

/// Whole numbers are written without a point.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { (value as i64).into() } else { value.into() }
}
