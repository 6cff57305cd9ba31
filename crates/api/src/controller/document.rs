//! Answers that are written as JSON or XML from one description.

use api_types::Partial;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, header};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use super::xml;

/// Part of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// A text, number, flag or null.
    Scalar(Value),
    /// Fields in the order they are written.
    Object(Vec<(&'static str, Shape)>),
    /// Items, and what XML calls each of them.
    List(&'static str, Vec<Shape>),
}

impl<T: Into<Value>> From<T> for Shape {
    fn from(value: T) -> Self {
        Shape::Scalar(value.into())
    }
}

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Shape::Scalar(value) => value.serialize(serializer),
            Shape::List(_, items) => items.serialize(serializer),
            Shape::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Xml,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    /// What XML calls it.
    pub(crate) root: &'static str,
    pub(crate) shape: Shape,
    pub(crate) format: Format,
    pub(crate) partial: Option<Partial>,
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        let mut response = match self.format {
            Format::Json => Json(&self.shape).into_response(),
            Format::Xml => {
                let kind = "application/xml;charset=UTF-8";
                let text = xml::document(self.root, &self.shape);
                ([(header::CONTENT_TYPE, kind)], text).into_response()
            }
        };
        if let Some(reasons) = self.partial.map(|partial| partial.reasons.join("; ")) {
            let ascii: String = reasons
                .chars()
                .map(|c| if c.is_ascii() && !c.is_control() { c } else { '?' })
                .collect();
            let value = HeaderValue::from_str(&ascii).expect("visible ASCII is a header's text");
            response.headers_mut().insert(HeaderName::from_static("vedette-partial"), value);
        }
        response
    }
}
