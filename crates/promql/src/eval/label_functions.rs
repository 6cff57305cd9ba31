//! Functions that change labels.

use promql_parser::parser::Expr;
use regex::RegexBuilder;

use super::{text, unique::unique};
use crate::{Error, labels::is_label_name, value::Stepped};

/// Memory that a compiled regular expression may take, bytes.
const MAX_EXPRESSION: usize = 1 << 20;

/// Sets a label to what a template makes of another one, where that matches an expression as a whole:
/// `label_replace(v, destination, template, source, expression)`.
pub(super) fn replace(
    mut series: Vec<Stepped>,
    arguments: &[Box<Expr>],
) -> Result<Vec<Stepped>, Error> {
    let [_, destination, template, source, expression] = arguments else {
        return Err(Error::bad("label_replace takes five arguments"));
    };
    let [destination, template] = [text(destination)?, text(template)?];
    let [source, expression] = [text(source)?, text(expression)?];
    let wrong =
        || Error::execution(format!("invalid regular expression in label_replace(): {expression}"));
    let anchored = format!("^(?:{expression})$");
    let expression = RegexBuilder::new(&anchored).size_limit(MAX_EXPRESSION).build();
    let expression = expression.map_err(|_| wrong())?;
    destined(destination, "label_replace")?;
    let mut made = String::new();
    for one in &mut series {
        let Some(found) = expression.captures(one.labels.get(source)) else { continue };
        made.clear();
        found.expand(template, &mut made);
        one.labels.set(destination, &made);
    }
    unique(series)
}

/// Sets a label to others, joined: `label_join(v, destination, separator, source, …)`.
pub(super) fn join(
    mut series: Vec<Stepped>,
    arguments: &[Box<Expr>],
) -> Result<Vec<Stepped>, Error> {
    let [_, destination, separator, sources @ ..] = arguments else {
        return Err(Error::bad("label_join takes three arguments or more"));
    };
    let [destination, separator] = [text(destination)?, text(separator)?];
    destined(destination, "label_join")?;
    let sources: Vec<&str> = sources.iter().map(|one| text(one)).collect::<Result<_, _>>()?;
    if let Some(wrong) = sources.iter().find(|name| !is_label_name(name)) {
        return Err(Error::execution(format!(
            "invalid source label name in label_join(): {wrong}"
        )));
    }
    for one in &mut series {
        let values: Vec<&str> = sources.iter().map(|name| one.labels.get(name)).collect();
        let made = values.join(separator);
        one.labels.set(destination, &made);
    }
    unique(series)
}

fn destined(label: &str, function: &str) -> Result<(), Error> {
    if is_label_name(label) {
        return Ok(());
    }
    Err(Error::execution(format!("invalid destination label name in {function}(): {label}")))
}
