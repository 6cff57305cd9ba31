//! The metrics of a condition, as exports write them: one, or several in a tree of sums and products. Names of metrics may
//! have any characters there; here they are made of letters, digits and `_`.

use model::rule::{AffectedKind, Formula, Function, Input, Variable};
use roxmltree::Node;

use super::{
    super::element::{Element, child, flag, one_of, required, text, word},
    criteria::FUNCTIONS,
};
use crate::error::ApiError;

/// How deep sums and products may be nested.
const DEEPEST: usize = 16;

/// Writes `<metric-expression>`.
pub(super) fn write(input: &Input, kind: AffectedKind) -> Element {
    match input {
        Input::Metric { function, path } => {
            metric("metric-expression", "null", *function, path, kind)
        }
        Input::Expression { variables, .. } => match input.formula() {
            Ok(formula) => tree("metric-expression", &formula, variables, kind),
            Err(_) => Element::text("metric-expression", ""),
        },
    }
}

fn metric(
    name: &'static str,
    display_name: &str,
    function: Function,
    path: &str,
    kind: AffectedKind,
) -> Element {
    let scope = match kind {
        AffectedKind::Custom => "ABSOLUTE_METRIC_SCOPE",
        _ => "LOGICAL_METRIC",
    };
    let definition = vec![Element::text("type", scope), Element::text("logical-metric-name", path)];
    Element::of(
        name,
        vec![
            Element::text("type", "leaf"),
            Element::text("function-type", word(function, &FUNCTIONS)),
            Element::text("value", 0),
            Element::text("is-literal-expression", false),
            Element::text("display-name", display_name),
            Element::of("metric-definition", definition),
        ],
    )
}

fn tree(
    name: &'static str,
    formula: &Formula,
    variables: &[Variable],
    kind: AffectedKind,
) -> Element {
    let two = |operator, one: &Formula, other: &Formula| {
        Element::of(
            name,
            vec![
                Element::text("type", "boolean"),
                Element::text("operator", operator),
                tree("expression1", one, variables, kind),
                tree("expression2", other, variables, kind),
            ],
        )
    };
    match formula {
        Formula::Variable(at) => match variables.get(*at) {
            Some(one) => metric(name, &one.name, one.function, &one.path, kind),
            None => Element::text(name, ""),
        },
        Formula::Number(number) => Element::of(
            name,
            vec![
                Element::text("type", "leaf"),
                Element::text("value", number),
                Element::text("is-literal-expression", true),
            ],
        ),
        Formula::Add(one, other) => two("ADD", one, other),
        Formula::Subtract(one, other) => two("SUBTRACT", one, other),
        Formula::Multiply(one, other) => two("MULTIPLY", one, other),
        Formula::Divide(one, other) => two("DIVIDE", one, other),
        Formula::Negate(one) => two("SUBTRACT", &Formula::Number(0.0), one),
    }
}

/// The metrics of a condition.
pub(super) fn read(condition: Node<'_, '_>) -> Result<Input, ApiError> {
    let expression = required(condition, "metric-expression")?;
    if text(expression, "type").is_none_or(|kind| kind == "leaf") {
        let (_, function, path) = leaf(expression)?;
        return Ok(Input::Metric { function, path });
    }
    let mut found = Found { variables: Vec::new(), renamed: Vec::new() };
    let built = found.read(expression, 0)?;
    let names: Vec<&str> = found.variables.iter().map(|one| one.name.as_str()).collect();
    let written = text(condition, "condition-expression").map(|text| found.translated(text));
    let expression = match written {
        Some(written) if Formula::parse(&written, &names).is_ok() => written,
        _ => built,
    };
    Ok(Input::Expression { expression, variables: found.variables })
}

fn leaf(of: Node<'_, '_>) -> Result<(String, Function, String), ApiError> {
    let definition = required(of, "metric-definition")?;
    let path = text(definition, "logical-metric-name").or_else(|| text(definition, "metric-name"));
    let path =
        path.ok_or_else(|| ApiError::bad("<metric-definition> has no <logical-metric-name>"))?;
    let path = path.strip_prefix("root||").unwrap_or(path).to_owned();
    let name = text(of, "display-name").unwrap_or("metric").to_owned();
    Ok((name, one_of(of, "function-type", &FUNCTIONS)?, path))
}

struct Found {
    variables: Vec<Variable>,
    /// What each was called.
    renamed: Vec<(String, String)>,
}

impl Found {
    /// The expression that the tree is.
    fn read(&mut self, of: Node<'_, '_>, depth: usize) -> Result<String, ApiError> {
        if depth > DEEPEST {
            return Err(ApiError::bad(format!(
                "metric expressions are nested deeper than {DEEPEST}"
            )));
        }
        if flag(of, "is-literal-expression") {
            let value = text(of, "value").unwrap_or_default();
            let number: Option<f64> = value.parse().ok().filter(|value: &f64| value.is_finite());
            let number = number.ok_or_else(|| {
                ApiError::bad(format!("<value> is {value:?} in a metric expression, no number"))
            })?;
            return Ok(if number < 0.0 { format!("({number})") } else { number.to_string() });
        }
        if text(of, "type").is_none_or(|kind| kind == "leaf") {
            return self.variable(of);
        }
        let sign = match text(of, "operator").unwrap_or_default() {
            "ADD" | "PLUS" => '+',
            "SUBTRACT" | "MINUS" => '-',
            "MULTIPLY" => '*',
            "DIVIDE" => '/',
            other => {
                return Err(ApiError::bad(format!(
                    "metrics are joined by ADD, SUBTRACT, MULTIPLY or DIVIDE, not by {other:?}"
                )));
            }
        };
        let mut side = |name: &str| {
            let part = required(of, name)?;
            let text = self.read(part, depth + 1)?;
            let nested = child(part, "operator").is_some();
            Ok(if nested { format!("({text})") } else { text })
        };
        let one = side("expression1")?;
        let other: Result<String, ApiError> = side("expression2");
        Ok(format!("{one} {sign} {}", other?))
    }

    fn variable(&mut self, of: Node<'_, '_>) -> Result<String, ApiError> {
        let (called, function, path) = leaf(of)?;
        let same = |one: &&Variable| one.function == function && one.path == path;
        if let Some(known) = self.variables.iter().find(same) {
            let name = known.name.clone();
            self.renamed.push((called, name.clone()));
            return Ok(format!("{{{name}}}"));
        }
        let name = self.free(&called);
        self.renamed.push((called, name.clone()));
        self.variables.push(Variable { name: name.clone(), function, path });
        Ok(format!("{{{name}}}"))
    }

    /// A name of letters, digits and `_` that no other variable has.
    fn free(&self, called: &str) -> String {
        let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let mut base: String = called.chars().take(50).map(word).collect();
        if !base.starts_with(|c: char| c.is_ascii_alphabetic()) {
            base.insert_str(0, "m_");
        }
        let taken = |name: &String| self.variables.iter().any(|one| one.name == *name);
        let numbered = (2..).map(|number| format!("{base}_{number}"));
        std::iter::once(base.clone())
            .chain(numbered)
            .find(|name| !taken(name))
            .expect("numbers do not end")
    }

    /// An expression in the names of here.
    fn translated(&self, expression: &str) -> String {
        let mut out = String::new();
        let mut rest = expression;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((called, behind)) = after.split_once('}') else {
                rest = after;
                out.push('{');
                continue;
            };
            let known = self.renamed.iter().find(|(old, _)| old == called.trim());
            let name = known.map_or(called, |(_, name)| name);
            out.push_str(&format!("{{{name}}}"));
            rest = behind;
        }
        out.push_str(rest);
        out
    }
}
