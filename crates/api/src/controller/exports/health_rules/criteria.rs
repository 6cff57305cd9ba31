//! When a rule is broken, as exports write it: a tree of conditions, two by two, and in newer exports how people wrote it.

use model::rule::{
    AffectedKind, BaselineUnit, Combine, Compare, Condition, Criteria, Deviation, Function, Input,
    Logic, NoData, NodeMatch, Operator, Persistence,
};
use roxmltree::Node;

use super::{
    super::element::{Element, child, flag, number, one_of, required, text, word},
    expression,
};
use crate::error::ApiError;

/// How deep conditions may be nested; eight of them need no more.
const DEEPEST: usize = 16;

pub(super) const FUNCTIONS: [(&str, Function); 9] = [
    ("VALUE", Function::Value),
    ("MIN", Function::Min),
    ("MAX", Function::Max),
    ("SUM", Function::Sum),
    ("COUNT", Function::Count),
    ("CURRENT", Function::Current),
    ("GROUP_COUNT", Function::GroupCount),
    ("MINIMUM", Function::Min),
    ("MAXIMUM", Function::Max),
];

const OPERATORS: [(&str, Operator); 6] = [
    ("GREATER_THAN", Operator::Greater),
    ("GREATER_THAN_EQUALS", Operator::GreaterOrEqual),
    ("LESS_THAN", Operator::Less),
    ("LESS_THAN_EQUALS", Operator::LessOrEqual),
    ("EQUALS", Operator::Equal),
    ("NOT_EQUALS", Operator::NotEqual),
];

/// Of a baseline: inside it and outside of it.
const DEVIATIONS: [(&str, Deviation); 4] = [
    ("GREATER_THAN", Deviation::Above),
    ("LESS_THAN", Deviation::Below),
    ("EQUALS", Deviation::Within),
    ("NOT_EQUALS", Deviation::Outside),
];

const UNITS: [(&str, BaselineUnit); 2] = [
    ("BASELINE_STANDARD_DEVIATION", BaselineUnit::StandardDeviations),
    ("BASELINE_PERCENTAGE", BaselineUnit::Percent),
];

/// Writes the execution criteria of one level.
pub(super) fn write(name: &'static str, criteria: &Criteria, kind: AffectedKind) -> Element {
    let mut written = Vec::new();
    let how = match &criteria.combine {
        Combine::All => "ALL",
        Combine::Any => "ANY",
        Combine::Custom { .. } => "CUSTOM",
    };
    written.push(Element::text("condition-aggregation-type", how));
    if let Combine::Custom { expression } = &criteria.combine {
        written.push(Element::text("condition-expression", expression));
    }
    let (scope, value) = match criteria.nodes {
        NodeMatch::Average => ("AGGREGATE", "0".to_owned()),
        NodeMatch::AnyNode => ("ANY", "0".to_owned()),
        NodeMatch::PercentageNodes { value } => ("PERCENTAGE_NODES", value.to_string()),
        NodeMatch::NumberOfNodes { value } => ("NUMBER_OF_NODES", value.to_string()),
    };
    let scope = vec![Element::text("type", scope), Element::text("value", value)];
    written.push(Element::of("entity-aggregation-scope", scope));
    if let Ok(logic) = criteria.logic() {
        written.push(tree("policy-condition", &logic, &criteria.conditions, kind));
    }
    Element::of(name, written)
}

fn tree(
    name: &'static str,
    logic: &Logic,
    conditions: &[Condition],
    kind: AffectedKind,
) -> Element {
    match logic {
        Logic::Condition(at) => match conditions.get(*at) {
            Some(condition) => leaf(name, condition, kind),
            None => Element::text(name, ""),
        },
        Logic::All(parts) => joined(name, "AND", parts, conditions, kind),
        Logic::Any(parts) => joined(name, "OR", parts, conditions, kind),
        // The reference has no such thing; what is read back is the expression.
        Logic::Not(part) => joined(name, "NOT", std::slice::from_ref(part), conditions, kind),
    }
}

/// The second of two is all the rest.
fn joined(
    name: &'static str,
    operator: &'static str,
    parts: &[Logic],
    conditions: &[Condition],
    kind: AffectedKind,
) -> Element {
    let part = |name, logic: &Logic| tree(name, logic, conditions, kind);
    let mut written = vec![Element::text("type", "boolean"), Element::text("operator", operator)];
    match parts {
        [] => {}
        [only] if operator != "NOT" => return part(name, only),
        [only] => written.push(part("condition1", only)),
        [first, second] => {
            written.push(part("condition1", first));
            written.push(part("condition2", second));
        }
        [first, rest @ ..] => {
            written.push(part("condition1", first));
            written.push(joined("condition2", operator, rest, conditions, kind));
        }
    }
    Element::of(name, written)
}

fn leaf(name: &'static str, condition: &Condition, kind: AffectedKind) -> Element {
    let (value_type, value, operator, baseline) = match &condition.compare {
        Compare::Value { operator, value } => {
            ("ABSOLUTE", value, word(*operator, &OPERATORS), None)
        }
        Compare::Baseline { deviation, baseline, unit, value } => {
            (word(*unit, &UNITS), value, word(*deviation, &DEVIATIONS), Some(baseline.as_ref()))
        }
    };
    let expression = match &condition.input {
        Input::Metric { .. } => "",
        Input::Expression { expression, .. } => expression,
    };
    let mut written = vec![
        Element::text("type", "leaf"),
        Element::text("display-name", &condition.name),
        Element::text("short-name", &condition.short_name),
        Element::text("condition-value-type", value_type),
        // As the reference does, with a fraction always.
        Element::text("condition-value", format!("{value:?}")),
        Element::text("operator", operator),
        Element::text("condition-expression", expression),
        Element::text("use-active-baseline", baseline == Some(None)),
    ];
    if let Some(Some(name)) = baseline {
        written.push(Element::of("metric-baseline", vec![Element::text("name", name)]));
    }
    let violations = condition.persistence.map_or(0, |persistence| persistence.violations);
    written.extend([
        Element::text("trigger-on-no-data", condition.no_data == NoData::True),
        Element::text("enable-triggers", condition.persistence.is_some()),
        Element::text("min-triggers", violations),
        expression::write(&condition.input, kind),
    ]);
    Element::of(name, written)
}

/// Reads the execution criteria of one level of a rule with this window, in minutes.
pub(super) fn read(
    criteria: Node<'_, '_>,
    window: u16,
    kind: AffectedKind,
) -> Result<Criteria, ApiError> {
    let mut found = Found { conditions: Vec::new(), named: true, window };
    let joined = found.read(required(criteria, "policy-condition")?, 0)?;
    let combine = match (text(criteria, "condition-aggregation-type"), found.named) {
        (Some("ALL"), _) => Combine::All,
        (Some("ANY"), _) => Combine::Any,
        (Some("CUSTOM"), true) => {
            let expression = text(criteria, "condition-expression").unwrap_or_default();
            Combine::Custom { expression: expression.to_owned() }
        }
        (Some("CUSTOM") | None, _) => joined?.combine(),
        (Some(other), _) => {
            return Err(ApiError::bad(format!(
                "<condition-aggregation-type> is {other:?}; use ALL, ANY or CUSTOM"
            )));
        }
    };
    // The tree has them in an order of its own.
    found.conditions.sort_by(|one, other| one.short_name.cmp(&other.short_name));
    Ok(Criteria { conditions: found.conditions, combine, nodes: nodes(criteria, kind)? })
}

/// Only of rules about tiers it is asked how many nodes have to break them; exports say it of all.
fn nodes(criteria: Node<'_, '_>, kind: AffectedKind) -> Result<NodeMatch, ApiError> {
    let is_tiers = matches!(kind, AffectedKind::Tiers | AffectedKind::TierHardware);
    let Some(scope) = child(criteria, "entity-aggregation-scope").filter(|_| is_tiers) else {
        return Ok(NodeMatch::Average);
    };
    let value = || {
        let text = text(scope, "value").unwrap_or_default();
        text.parse::<f64>().map_err(|_| {
            ApiError::bad(format!("<value> of <entity-aggregation-scope> is {text:?}, no number"))
        })
    };
    match text(scope, "type").unwrap_or("AGGREGATE") {
        "AGGREGATE" | "AVERAGE" => Ok(NodeMatch::Average),
        "ANY" | "ANY_NODE" => Ok(NodeMatch::AnyNode),
        "PERCENTAGE" | "PERCENTAGE_NODES" => Ok(NodeMatch::PercentageNodes { value: value()? }),
        "NUMBER" | "NUMBER_OF_NODES" => {
            let value = value()?;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
            let whole = ((1.0..=1e6).contains(&value)).then_some(value as u32);
            let value = whole.ok_or_else(|| {
                ApiError::bad(format!("{value} nodes are asked for in <entity-aggregation-scope>"))
            })?;
            Ok(NodeMatch::NumberOfNodes { value })
        }
        other => Err(ApiError::bad(format!("there is no <entity-aggregation-scope> {other:?}"))),
    }
}

/// The conditions of a tree, and whether all of them have short names.
struct Found {
    conditions: Vec<Condition>,
    named: bool,
    window: u16,
}

/// How conditions come together in the tree, by their short names.
enum Joined {
    One(String),
    Flat(&'static str, Vec<String>),
    Nested(String),
}

impl Found {
    /// Reads all conditions; how they come together is an error of its own, since newer exports say it besides.
    fn read(
        &mut self,
        of: Node<'_, '_>,
        depth: usize,
    ) -> Result<Result<Joined, ApiError>, ApiError> {
        if depth > DEEPEST {
            return Err(ApiError::bad(format!("conditions are nested deeper than {DEEPEST}")));
        }
        if text(of, "type") != Some("boolean") {
            return self.condition(of).map(Ok);
        }
        let operator = match text(of, "operator").unwrap_or_default() {
            "AND" => Ok("AND"),
            "OR" => Ok("OR"),
            other => {
                Err(ApiError::bad(format!("conditions are joined by AND or OR, not by {other:?}")))
            }
        };
        let mut joined: Option<Result<Joined, ApiError>> = None;
        let parts = of.children().filter(|part| {
            let rest = part.tag_name().name().strip_prefix("condition");
            rest.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()) && !rest.is_empty())
        });
        for part in parts {
            let part = self.read(part, depth + 1)?;
            joined = Some(match (joined, &operator) {
                (None, _) => part,
                (Some(Ok(before)), Ok(operator)) => part.map(|part| before.and(operator, part)),
                (Some(before), _) => before,
            });
        }
        let joined = joined.ok_or_else(|| {
            ApiError::bad(format!("<{}> joins no conditions", of.tag_name().name()))
        })?;
        Ok(operator.and(joined))
    }

    fn condition(&mut self, of: Node<'_, '_>) -> Result<Joined, ApiError> {
        let place = u8::try_from(self.conditions.len()).unwrap_or(u8::MAX).min(25);
        let letter = char::from(b'A' + place).to_string();
        let short_name = text(of, "short-name").map(str::to_owned);
        self.named &= short_name.is_some();
        let short_name = short_name.unwrap_or(letter);
        let read = condition(of, short_name.clone(), self.window);
        let read = read.map_err(|error| {
            let name = text(of, "display-name").unwrap_or(&short_name);
            ApiError::bad(format!("condition {name:?}: {error}"))
        })?;
        self.conditions.push(read);
        Ok(Joined::One(short_name))
    }
}

impl Joined {
    fn and(self, operator: &'static str, other: Joined) -> Joined {
        let flat = |side: &Joined| match side {
            Joined::One(name) => Some(vec![name.clone()]),
            Joined::Flat(of, names) if *of == operator => Some(names.clone()),
            _ => None,
        };
        match (flat(&self), flat(&other)) {
            (Some(mut names), Some(more)) => {
                names.extend(more);
                Joined::Flat(operator, names)
            }
            _ => Joined::Nested(format!("{} {operator} {}", self.inner(), other.inner())),
        }
    }

    /// As part of an expression.
    fn inner(&self) -> String {
        match self {
            Joined::One(name) => name.clone(),
            Joined::Flat(operator, names) => format!("({})", names.join(&format!(" {operator} "))),
            Joined::Nested(expression) => format!("({expression})"),
        }
    }

    fn combine(self) -> Combine {
        match self {
            Joined::One(_) | Joined::Flat("AND", _) => Combine::All,
            Joined::Flat(..) => Combine::Any,
            Joined::Nested(expression) => Combine::Custom { expression },
        }
    }
}

fn condition(of: Node<'_, '_>, short_name: String, window: u16) -> Result<Condition, ApiError> {
    let value = text(of, "condition-value").unwrap_or_default();
    let value: f64 =
        value.parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(|| {
            ApiError::bad(format!("<condition-value> is {value:?}, which is no number"))
        })?;
    let compare = match text(of, "condition-value-type").unwrap_or("ABSOLUTE") {
        "ABSOLUTE" => Compare::Value { operator: one_of(of, "operator", &OPERATORS)?, value },
        _ => Compare::Baseline {
            deviation: one_of(of, "operator", &DEVIATIONS)?,
            baseline: match flag(of, "use-active-baseline") {
                true => None,
                false => {
                    let baseline = child(of, "metric-baseline").and_then(|of| text(of, "name"));
                    baseline.map(str::to_owned)
                }
            },
            unit: one_of(of, "condition-value-type", &UNITS)?,
            value,
        },
    };
    let persistence = match flag(of, "enable-triggers") {
        true => Some(Persistence { violations: number(of, "min-triggers")?, of_minutes: window }),
        false => None,
    };
    Ok(Condition {
        name: text(of, "display-name").unwrap_or(&short_name).to_owned(),
        short_name,
        input: expression::read(of)?,
        compare,
        no_data: if flag(of, "trigger-on-no-data") { NoData::True } else { NoData::Unknown },
        persistence,
    })
}
