//! The template by which resources are mapped to applications: `{service.namespace}-{deployment.environment.name}`.

use std::str::FromStr;

use crate::attributes::Attributes;

/// The application of a resource that says nothing of one.
pub const DEFAULT_APPLICATION: &str = "Default";

/// A template of attributes in braces and separators between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Attribute(String),
}

/// Why a text is no template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("brace at byte {at} is not closed")]
    Unclosed { at: usize },
    #[error("brace at byte {at} was not opened")]
    Unopened { at: usize },
    #[error("attribute at byte {at} has no name")]
    Unnamed { at: usize },
    #[error("template is empty")]
    Empty,
}

impl Default for Template {
    fn default() -> Template {
        "{service.namespace}-{deployment.environment.name}"
            .parse()
            .expect("the default template is well-formed")
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Template, TemplateError> {
        let mut parts = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let (part, length) = match rest.strip_prefix('{') {
                Some(inside) => attribute(inside, at)?,
                None => literal(rest, at)?,
            };
            parts.push(part);
            at += length;
        }
        if parts.is_empty() {
            return Err(TemplateError::Empty);
        }
        Ok(Template { parts })
    }
}

fn attribute(inside: &str, at: usize) -> Result<(Part, usize), TemplateError> {
    let end = inside.find('}').ok_or(TemplateError::Unclosed { at })?;
    let name = inside[..end].trim();
    match name {
        "" => Err(TemplateError::Unnamed { at }),
        _ if name.contains('{') => Err(TemplateError::Unclosed { at }),
        _ => Ok((Part::Attribute(name.to_owned()), end + 2)),
    }
}

fn literal(rest: &str, at: usize) -> Result<(Part, usize), TemplateError> {
    let end = rest.find('{').unwrap_or(rest.len());
    match rest[..end].find('}') {
        Some(brace) => Err(TemplateError::Unopened { at: at + brace }),
        None => Ok((Part::Literal(rest[..end].to_owned()), end)),
    }
}

impl Template {
    /// The application of a resource. An attribute that was not sent goes with the separator before it (the first one
    /// with the separator behind it); without any of them it is [`DEFAULT_APPLICATION`].
    pub fn render(&self, attributes: &Attributes<'_>) -> String {
        let mut rendered = String::new();
        let mut separator: Option<&str> = None;
        let mut asked = false;
        let mut found = false;
        for part in &self.parts {
            match part {
                // A text in front of the first attribute is a prefix.
                Part::Literal(text) if !asked => rendered.push_str(text),
                Part::Literal(text) => separator = Some(text),
                Part::Attribute(name) => {
                    asked = true;
                    if let Some(value) = value(attributes, name) {
                        rendered.push_str(separator.filter(|_| found).unwrap_or_default());
                        rendered.push_str(value);
                        found = true;
                    }
                    separator = None;
                }
            }
        }
        if asked && !found {
            return DEFAULT_APPLICATION.to_owned();
        }
        // What follows the last attribute is a suffix.
        rendered.push_str(separator.unwrap_or_default());
        rendered
    }
}

fn value<'a>(attributes: &Attributes<'a>, name: &str) -> Option<&'a str> {
    let text = |name| attributes.text(name).map(str::trim).filter(|text| !text.is_empty());
    match name {
        "deployment.environment.name" => text(name).or_else(|| text("deployment.environment")),
        _ => text(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::Value;

    #[track_caller]
    fn check(template: &str, attributes: &[(&'static str, &'static str)], expected: &str) {
        let template: Template = template.parse().unwrap();
        let attributes = attributes.iter().map(|(key, value)| (*key, Value::Str(value))).collect();
        assert_eq!(template.render(&attributes), expected);
    }

    const DEFAULT: &str = "{service.namespace}-{deployment.environment.name}";

    #[test]
    fn namespace_and_environment_make_the_application() {
        check(
            DEFAULT,
            &[("service.namespace", "shop"), ("deployment.environment.name", "prod")],
            "shop-prod",
        );
        check(
            DEFAULT,
            &[("service.namespace", "shop"), ("deployment.environment", "prod")],
            "shop-prod",
        );
        check(DEFAULT, &[("service.namespace", "shop")], "shop");
        check(DEFAULT, &[("deployment.environment.name", "prod")], "prod");
        check(DEFAULT, &[("service.namespace", " ")], "Default");
        check(DEFAULT, &[], "Default");
    }

    #[test]
    fn an_operator_can_choose_other_parts() {
        check("{a}/{b}/{c}", &[("a", "1"), ("c", "3")], "1/3");
        check("team {team}!", &[("team", "red")], "team red!");
        check("Shop", &[("service.namespace", "other")], "Shop");
    }

    #[test]
    fn a_mistake_is_told_where_it_is() {
        assert_eq!("x{a".parse::<Template>(), Err(TemplateError::Unclosed { at: 1 }));
        assert_eq!("{a{b}".parse::<Template>(), Err(TemplateError::Unclosed { at: 0 }));
        assert_eq!("a}".parse::<Template>(), Err(TemplateError::Unopened { at: 1 }));
        assert_eq!("{}".parse::<Template>(), Err(TemplateError::Unnamed { at: 0 }));
        assert_eq!("".parse::<Template>(), Err(TemplateError::Empty));
    }
}
