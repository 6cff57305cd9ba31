//! Evaluation: every part of an expression at all steps at once.
//!
//! What a part means at one step never depends on another step, so that a part is worked out for all of them before the
//! next one. A vector is a list of series with a value or [`ABSENT`](crate::value::ABSENT) at each step.

mod aggregate;
mod binary;
mod calendar;
mod call;
mod histogram;
mod label_functions;
mod matching;
mod math;
mod over_time;
mod quantile;
mod rate;
mod regression;
mod selector;
mod set;
mod unique;

use promql_parser::parser::{Expr, UnaryExpr, value::ValueType};

use crate::{
    Error, Limits,
    source::Source,
    value::{Stepped, Steps, Value},
};

/// Evaluates the parts of one query.
pub(crate) struct Evaluator<'q> {
    source: &'q dyn Source,
    limits: &'q Limits,
    /// The whole query's, of which `@ start()` and `@ end()` speak.
    steps: Steps,
}

impl<'q> Evaluator<'q> {
    pub(crate) fn new(source: &'q dyn Source, limits: &'q Limits, steps: Steps) -> Evaluator<'q> {
        Evaluator { source, limits, steps }
    }

    /// What an expression is at each of these steps; not of one that is a matrix.
    pub(crate) fn eval(&self, expression: &Expr, steps: &Steps) -> Result<Value, Error> {
        self.limits.go_on()?;
        match expression {
            Expr::Paren(inner) => self.eval(&inner.expr, steps),
            Expr::NumberLiteral(number) => Ok(Value::Scalar(vec![number.val; steps.count])),
            Expr::StringLiteral(text) => Ok(Value::Text(text.val.clone())),
            Expr::Unary(unary) => self.unary(unary, steps),
            Expr::VectorSelector(selector) => self.select(selector, steps).map(Value::Vector),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate, steps).map(Value::Vector),
            Expr::Binary(binary) => self.binary(binary, steps),
            Expr::Call(call) => self.call(call, steps),
            Expr::MatrixSelector(_) | Expr::Subquery(_) => {
                Err(Error::bad("a range of samples can only be given to a function of ranges"))
            }
            Expr::Extension(_) => Err(Error::bad("an extension cannot be evaluated")),
        }
    }

    fn vector(&self, expression: &Expr, steps: &Steps) -> Result<Vec<Stepped>, Error> {
        match self.eval(expression, steps)? {
            Value::Vector(series) => Ok(series),
            _ => Err(expected("an instant vector", expression)),
        }
    }

    fn scalar(&self, expression: &Expr, steps: &Steps) -> Result<Vec<f64>, Error> {
        match self.eval(expression, steps)? {
            Value::Scalar(values) => Ok(values),
            _ => Err(expected("a scalar", expression)),
        }
    }

    fn unary(&self, unary: &UnaryExpr, steps: &Steps) -> Result<Value, Error> {
        Ok(match self.eval(&unary.expr, steps)? {
            Value::Scalar(values) => Value::Scalar(values.iter().map(|value| -value).collect()),
            Value::Vector(mut series) => {
                series.iter_mut().for_each(|one| one.map(|value| -value));
                Value::Vector(unique::without_names(series)?)
            }
            _ => return Err(expected("a scalar or an instant vector", &unary.expr)),
        })
    }
}

fn expected(what: &str, expression: &Expr) -> Error {
    let found = match expression.value_type() {
        ValueType::String => "a string",
        ValueType::Scalar => "a scalar",
        ValueType::Vector => "an instant vector",
        ValueType::Matrix => "a range vector",
    };
    Error::bad(format!("expected {what}, got {found}"))
}

/// The text that an argument is.
fn text(expression: &Expr) -> Result<&str, Error> {
    match expression {
        Expr::Paren(inner) => text(&inner.expr),
        Expr::StringLiteral(literal) => Ok(&literal.val),
        _ => Err(expected("a string", expression)),
    }
}

#[cfg(test)]
mod tests;
