//! Functions.
//!
//! [Functions](https://prometheus.io/docs/prometheus/2.42/querying/functions/). What a function of a range makes is no
//! longer what the series' name says, but for `last_over_time` and `first_over_time`.

use promql_parser::{
    label::{MatchOp, Matchers},
    parser::{Call, Expr},
};

use super::{
    Evaluator, calendar, histogram, label_functions, math, over_time, rate,
    regression::{self, Smoothing},
    selector::Window,
    unique,
};
use crate::{
    Error,
    labels::{Labels, NAME},
    query::named,
    value::{ABSENT, Stepped, Steps, Value, is_absent},
};

impl Evaluator<'_> {
    pub(super) fn call(&self, call: &Call, steps: &Steps) -> Result<Value, Error> {
        let arguments = &call.args.args[..];
        let name = call.func.name;
        match (name, arguments) {
            ("time", _) => Ok(Value::Scalar(steps.iter().map(seconds).collect())),
            ("pi", _) => Ok(Value::Scalar(vec![std::f64::consts::PI; steps.count])),
            ("scalar", [vector]) => self.vector(vector, steps).map(|v| scalar_of(&v, steps)),
            (_, []) => self.of_each(name, None, &[], steps).map(Value::Vector),
            (_, [first, rest @ ..]) => {
                let over_range = match window_function(name) {
                    Some(of) => Some(self.over_unnamed(first, steps, of)),
                    None => self.over_range(name, first, rest, steps),
                };
                match over_range {
                    Some(series) => series.map(Value::Vector),
                    None => self.over_vector(name, arguments, steps).map(Value::Vector),
                }
            }
        }
    }

    /// Functions of ranges that need more than a range; nothing where it is none of them.
    fn over_range(
        &self,
        name: &str,
        first: &Expr,
        rest: &[Box<Expr>],
        steps: &Steps,
    ) -> Option<Result<Vec<Stepped>, Error>> {
        let scalars = |at: usize| match rest.get(at) {
            Some(argument) => self.scalar(argument, steps),
            None => Err(Error::bad(format!("{name} needs another argument"))),
        };
        let with_names = |of: fn(&Window<'_>) -> f64| {
            self.over(self.ranges(first, steps)?, steps, |window| Some(of(window)))
        };
        Some(match name {
            "last_over_time" => with_names(over_time::last),
            "first_over_time" => with_names(over_time::first),
            "absent_over_time" => self.absent_over_time(first, steps),
            "predict_linear" => scalars(0).and_then(|ahead| {
                self.over_unnamed(first, steps, |window| {
                    regression::predict(window, ahead[window.step])
                })
            }),
            "holt_winters" | "double_exponential_smoothing" => {
                scalars(0).and_then(|level| self.smoothed(first, level[0], scalars(1)?[0], steps))
            }
            "quantile_over_time" => self.scalar(first, steps).and_then(|shares| {
                let range = rest.first().ok_or_else(|| Error::bad("it needs a range vector"))?;
                self.over_unnamed(range, steps, |window| {
                    Some(over_time::quantile_of(window, shares[window.step]))
                })
            }),
            _ => return None,
        })
    }

    fn smoothed(
        &self,
        range: &Expr,
        level: f64,
        trend: f64,
        steps: &Steps,
    ) -> Result<Vec<Stepped>, Error> {
        let smoothing = Smoothing::new(level, trend)?;
        self.over_unnamed(range, steps, |window| smoothing.smooth(window))
    }

    /// Functions of vectors.
    fn over_vector(
        &self,
        name: &str,
        arguments: &[Box<Expr>],
        steps: &Steps,
    ) -> Result<Vec<Stepped>, Error> {
        let vector = || self.vector(&arguments[0], steps);
        let numbers = |at: usize| self.scalar(&arguments[at], steps);
        match (name, arguments.len()) {
            ("vector", 1) => Ok(vec![Stepped { labels: Labels::default(), values: numbers(0)? }]),
            ("absent", 1) => Ok(absent(&vector()?, &arguments[0], steps)),
            ("timestamp", 1) => self.timestamp(&arguments[0], steps),
            ("sort", 1) => Ok(sorted(vector()?, false)),
            ("sort_desc", 1) => Ok(sorted(vector()?, true)),
            ("label_replace", 5) => label_functions::replace(vector()?, arguments),
            ("label_join", _) => label_functions::join(vector()?, arguments),
            ("histogram_quantile", 2) => {
                let shares = numbers(0)?;
                let buckets = self.vector(&arguments[1], steps)?;
                Ok(histogram::quantiles(&shares, buckets, steps))
            }
            ("clamp", 3) => {
                let (least, most) = (numbers(1)?, numbers(2)?);
                let clamped = |value, step: usize| {
                    let (least, most) = (least[step], most[step]);
                    let within = math::at_least(math::at_most(value, most), least);
                    (most >= least || most.is_nan() || least.is_nan()).then_some(within)
                };
                stepwise(vector()?, clamped)
            }
            ("clamp_min", 2) => {
                let least = numbers(1)?;
                stepwise(vector()?, |value, step| Some(math::at_least(value, least[step])))
            }
            ("clamp_max", 2) => {
                let most = numbers(1)?;
                stepwise(vector()?, |value, step| Some(math::at_most(value, most[step])))
            }
            ("round", 2) => {
                let to = numbers(1)?;
                stepwise(vector()?, |value, step| Some(math::round(value, to[step])))
            }
            ("round", 1) => stepwise(vector()?, |value, _| Some(math::round(value, 1.0))),
            _ => self.of_each(name, Some(&arguments[0]), &arguments[1..], steps),
        }
    }

    /// Functions of each value for itself; those of dates take the step's time without an argument.
    fn of_each(
        &self,
        name: &str,
        argument: Option<&Expr>,
        rest: &[Box<Expr>],
        steps: &Steps,
    ) -> Result<Vec<Stepped>, Error> {
        let of = math::function(name).or_else(|| calendar::function(name));
        let Some(of) = of.filter(|_| rest.is_empty()) else {
            return Err(Error::bad(format!("the function {name} is not supported")));
        };
        let mut series = match argument {
            Some(argument) => self.vector(argument, steps)?,
            None => {
                vec![Stepped {
                    labels: Labels::default(),
                    values: steps.iter().map(seconds).collect(),
                }]
            }
        };
        series.iter_mut().for_each(|one| one.map(of));
        unique::without_names(series)
    }

    /// When the samples of a selector were taken; of any other vector the step's time.
    fn timestamp(&self, argument: &Expr, steps: &Steps) -> Result<Vec<Stepped>, Error> {
        match argument {
            Expr::Paren(inner) => self.timestamp(&inner.expr, steps),
            Expr::VectorSelector(selector) => {
                unique::without_names(self.select_as(selector, steps, |(at_ms, _)| seconds(at_ms))?)
            }
            _ => stepwise(self.vector(argument, steps)?, |_, step| Some(seconds(steps.at(step)))),
        }
    }

    fn absent_over_time(&self, range: &Expr, steps: &Steps) -> Result<Vec<Stepped>, Error> {
        let present = self.over(self.ranges(range, steps)?, steps, |_| Some(1.0))?;
        Ok(absent(&present, range, steps))
    }
}

/// Functions of a range alone.
fn window_function(name: &str) -> Option<fn(&Window<'_>) -> Option<f64>> {
    Some(match name {
        "rate" => rate::rate,
        "increase" => rate::increase,
        "delta" => rate::delta,
        "irate" => rate::irate,
        "idelta" => rate::idelta,
        "deriv" => regression::deriv,
        "changes" => |window| Some(rate::changes(window)),
        "resets" => |window| Some(rate::resets(window)),
        "sum_over_time" => |window| Some(over_time::sum(window)),
        "avg_over_time" => |window| Some(over_time::mean(window)),
        "min_over_time" => |window| Some(over_time::min(window)),
        "max_over_time" => |window| Some(over_time::max(window)),
        "count_over_time" => |window| Some(over_time::count(window)),
        "stdvar_over_time" => |window| Some(over_time::variance(window)),
        "stddev_over_time" => |window| Some(over_time::variance(window).sqrt()),
        "present_over_time" => |_| Some(1.0),
        _ => return None,
    })
}

fn seconds(at_ms: i64) -> f64 {
    at_ms as f64 / 1000.0
}

fn stepwise(
    mut series: Vec<Stepped>,
    of: impl Fn(f64, usize) -> Option<f64>,
) -> Result<Vec<Stepped>, Error> {
    for one in &mut series {
        for (step, value) in one.values.iter_mut().enumerate() {
            if !is_absent(*value) {
                *value = of(*value, step).unwrap_or(ABSENT);
            }
        }
    }
    series.retain(|one| !one.is_empty());
    unique::without_names(series)
}

/// The value of the one series that there is; NaN where there are none or several.
fn scalar_of(series: &[Stepped], steps: &Steps) -> Value {
    let value = |step: usize| {
        let mut here = series.iter().map(|one| one.values[step]).filter(|v| !is_absent(*v));
        match (here.next(), here.next()) {
            (Some(value), None) => value,
            _ => f64::NAN,
        }
    };
    Value::Scalar((0..steps.count).map(value).collect())
}

fn sorted(mut series: Vec<Stepped>, descending: bool) -> Vec<Stepped> {
    let last = |one: &Stepped| one.values.last().copied().unwrap_or(ABSENT);
    series.sort_by(|a, b| {
        let (a, b) = (last(a), last(b));
        let by_value = if descending { b.total_cmp(&a) } else { a.total_cmp(&b) };
        a.is_nan().cmp(&b.is_nan()).then(by_value)
    });
    series
}

/// 1 at steps at which there is nothing, with the labels that what is absent would have had.
fn absent(series: &[Stepped], expression: &Expr, steps: &Steps) -> Vec<Stepped> {
    let value = |step: usize| {
        let is_there = series.iter().any(|one| !is_absent(one.values[step]));
        if is_there { ABSENT } else { 1.0 }
    };
    let one = Stepped {
        values: (0..steps.count).map(value).collect(),
        labels: labels_of_absent(expression),
    };
    if one.is_empty() { Vec::new() } else { vec![one] }
}

/// Those that a selector says to be equal to one text.
fn labels_of_absent(expression: &Expr) -> Labels {
    let matchers: Matchers = match expression {
        Expr::Paren(inner) => return labels_of_absent(&inner.expr),
        Expr::VectorSelector(selector) => named(selector),
        Expr::MatrixSelector(matrix) => named(&matrix.vs),
        _ => return Labels::default(),
    };
    let all = &matchers.matchers;
    let once = |name: &str| all.iter().filter(|one| one.name == name).count() == 1;
    all.iter()
        .filter(|one| one.op == MatchOp::Equal && one.name != NAME && once(&one.name))
        .map(|one| (one.name.as_str(), one.value.as_str()))
        .collect()
}
