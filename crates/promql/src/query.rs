//! A query: the text of an expression, and when it is to be evaluated.

use promql_parser::{
    label::{MatchOp, Matcher, Matchers},
    parser::{
        self, AggregateExpr, BinaryExpr, Call, Expr, MatrixSelector, ParenExpr, SubqueryExpr,
        UnaryExpr, VectorSelector, value::ValueType,
    },
};

use crate::{
    Error, Limits,
    eval::Evaluator,
    labels::{Labels, NAME},
    source::Source,
    value::{Sampled, Stepped, Steps, Value},
};

/// A selector means the newest sample of the five minutes before.
pub const LOOKBACK_MS: i64 = 300_000;
/// Points a series of a range query; wide enough for 60 s over a week.
pub const MAX_STEPS: usize = 11_000;
/// The longest text of an expression, bytes. Together with [`MAX_DEPTH`] it keeps the parser and what comes after it
/// from taking more of a thread's stack than there is.
pub const MAX_TEXT: usize = 10_000;
/// Matchers with regular expressions in one expression. The parser compiles them, and each may take some megabytes.
pub const MAX_EXPRESSIONS: usize = 32;
/// How deep an expression may be nested; a chain of operators is as deep as it is long.
pub const MAX_DEPTH: usize = 128;

/// Evaluates an expression at one instant, Unix milliseconds.
///
/// # Errors
/// See [`Error`].
pub fn instant(
    source: &dyn Source,
    limits: &Limits,
    text: &str,
    at_ms: i64,
) -> Result<Value, Error> {
    let expression = parse(text)?;
    let evaluator = Evaluator::new(source, limits, Steps::one(at_ms));
    if expression.value_type() == ValueType::Matrix {
        return evaluator.matrix_at(&expression, at_ms).map(Value::Matrix);
    }
    let value = evaluator.eval(&expression, &Steps::one(at_ms))?;
    Ok(match value {
        Value::Vector(mut series) => {
            series.retain(|one| !one.is_empty());
            if !is_ordered(&expression) {
                series.sort_by(|a, b| a.labels.cmp(&b.labels));
            }
            Value::Vector(series)
        }
        other => other,
    })
}

/// Whether the order of a result is the expression's own.
fn is_ordered(expression: &Expr) -> bool {
    match expression {
        Expr::Paren(ParenExpr { expr }) => is_ordered(expr),
        Expr::Call(Call { func, .. }) => matches!(func.name, "sort" | "sort_desc"),
        Expr::Aggregate(AggregateExpr { op, .. }) => {
            matches!(op.id(), parser::token::T_TOPK | parser::token::T_BOTTOMK)
        }
        _ => false,
    }
}

/// The steps of a range query, from `start_ms` through `end_ms` (Unix milliseconds).
///
/// # Errors
/// When there is none, or more than [`MAX_STEPS`].
pub fn steps(start_ms: i64, end_ms: i64, step_ms: i64) -> Result<Steps, Error> {
    if end_ms < start_ms {
        return Err(Error::bad("the end timestamp must not be before the start time"));
    }
    let steps = end_ms.abs_diff(start_ms) / step_ms.unsigned_abs().max(1);
    let count = usize::try_from(steps).unwrap_or(usize::MAX).saturating_add(1);
    if step_ms <= 0 || count > MAX_STEPS {
        return Err(Error::bad(format!(
            "exceeded maximum resolution of {MAX_STEPS} points per timeseries; try a wider step"
        )));
    }
    Ok(Steps { start_ms, step_ms, count, until_ms: end_ms })
}

/// Evaluates an expression at all steps: series by labels, each with a value at some step.
///
/// # Errors
/// See [`Error`].
pub fn range(
    source: &dyn Source,
    limits: &Limits,
    text: &str,
    steps: &Steps,
) -> Result<Vec<Stepped>, Error> {
    let expression = parse(text)?;
    let value_type = expression.value_type();
    if matches!(value_type, ValueType::Matrix | ValueType::String) {
        return Err(Error::bad(format!(
            "invalid expression type \"{value_type}\" for range query, must be scalar or instant vector"
        )));
    }
    let evaluator = Evaluator::new(source, limits, *steps);
    let mut series = match evaluator.eval(&expression, steps)? {
        Value::Scalar(values) => vec![Stepped { labels: Labels::default(), values }],
        Value::Vector(series) => series,
        Value::Text(_) | Value::Matrix(_) => unreachable!("its type was looked at"),
    };
    series.retain(|one| !one.is_empty());
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(series)
}

/// Reads a selector of series, such as `up{job="a"}`.
///
/// # Errors
/// When it is something else.
pub fn selector(text: &str) -> Result<Matchers, Error> {
    match parse(text)? {
        Expr::VectorSelector(selector) if selector.offset.is_none() && selector.at.is_none() => {
            Ok(named(&selector))
        }
        _ => Err(Error::bad(format!("{text} is no series selector, as up{{job=\"a\"}} is"))),
    }
}

/// The matchers of a selector, its name among them.
pub(crate) fn named(selector: &VectorSelector) -> Matchers {
    let mut matchers = selector.matchers.clone();
    if let Some(name) = &selector.name {
        matchers.matchers.push(Matcher::new(MatchOp::Equal, NAME, name));
    }
    matchers
}

/// Reads an expression.
///
/// # Errors
/// When it is none, or too long or deep.
pub(crate) fn parse(text: &str) -> Result<Expr, Error> {
    if text.len() > MAX_TEXT {
        return Err(Error::bad(format!("an expression has at most {MAX_TEXT} bytes")));
    }
    let expressions = text.matches("=~").count() + text.matches("!~").count();
    if expressions > MAX_EXPRESSIONS {
        return Err(Error::bad(format!(
            "an expression has at most {MAX_EXPRESSIONS} matchers with regular expressions"
        )));
    }
    // A function of 2.42 that later versions call double_exponential_smoothing. To register it again changes nothing.
    let smoothing = vec![ValueType::Matrix, ValueType::Scalar, ValueType::Scalar];
    let smoothing = parser::Function::new("holt_winters", smoothing, 0, ValueType::Vector, false);
    parser::register_extra_functions(vec![smoothing]).map_err(Error::BadData)?;
    let expression =
        parser::parse(text).map_err(|error| Error::bad(format!("parse error: {error}")))?;
    if is_deeper(&expression, MAX_DEPTH) {
        return Err(Error::bad(format!(
            "an expression is at most {MAX_DEPTH} deep, and a chain of operators as deep as it is long; \
             use a regular expression instead of many alternatives"
        )));
    }
    Ok(expression)
}

fn is_deeper(expression: &Expr, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return true };
    match expression {
        Expr::Aggregate(AggregateExpr { expr, param, .. }) => {
            is_deeper(expr, depth) || param.as_ref().is_some_and(|param| is_deeper(param, depth))
        }
        Expr::Unary(UnaryExpr { expr })
        | Expr::Paren(ParenExpr { expr })
        | Expr::Subquery(SubqueryExpr { expr, .. }) => is_deeper(expr, depth),
        Expr::Binary(BinaryExpr { lhs, rhs, .. }) => is_deeper(lhs, depth) || is_deeper(rhs, depth),
        Expr::Call(Call { args, .. }) => args.args.iter().any(|arg| is_deeper(arg, depth)),
        Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::VectorSelector(_)
        | Expr::MatrixSelector(MatrixSelector { .. })
        | Expr::Extension(_) => false,
    }
}

/// A sample of an instant query's vector, and its time: that of the query.
pub fn vector_at(series: &Stepped) -> f64 {
    series.values[0]
}

/// The samples of a range query's series.
pub fn points(series: &Stepped, steps: &Steps) -> Sampled {
    let samples = series.present().map(|(step, value)| (steps.at(step), value)).collect();
    Sampled { labels: series.labels.clone(), samples }
}
