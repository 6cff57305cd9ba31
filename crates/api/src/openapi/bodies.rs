//! Holds bodies to their schemas: what the document says of a body is what the server asks of it, without a second list of
//! bounds in each handler. And queries to the parameters that the document names: who asks for `form` instead of `from` must not
//! get the answer to another question.
//!
//! It knows the keywords that the document uses, which a test compares. That an operation's body is read into its type comes
//! first and says more of what is wrong with its shape; lengths, ranges, patterns and what has to be there are said here.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
};

use http::Method;
use regex::Regex;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

/// The schemas of all bodies, and the names of all query parameters.
#[derive(Debug)]
pub(crate) struct Bodies {
    operations: HashMap<(Method, String), Schema>,
    parameters: HashMap<(Method, String), BTreeSet<String>>,
    components: HashMap<String, Schema>,
}

/// The keywords of JSON Schema that the document uses.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Schema {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(rename = "type", deserialize_with = "one_or_more")]
    kinds: Vec<Kind>,
    #[serde(rename = "enum")]
    words: Vec<Value>,
    one_of: Vec<Schema>,
    all_of: Vec<Schema>,
    properties: BTreeMap<String, Schema>,
    required: Vec<String>,
    additional_properties: Option<Rest>,
    property_names: Option<Box<Schema>>,
    items: Option<Box<Schema>>,
    min_items: Option<usize>,
    max_items: Option<usize>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    #[serde(deserialize_with = "compiled")]
    pattern: Option<Regex>,
    minimum: Option<f64>,
    maximum: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

/// What else an object may hold.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Rest {
    Anything(bool),
    Like(Box<Schema>),
}

/// What of a body breaks its schema.
#[derive(Debug, PartialEq)]
struct Wrong {
    /// Fields and positions that lead there, the innermost first.
    place: Vec<String>,
    /// To follow the place: `has to be at least 60`.
    what: String,
}

impl Bodies {
    /// Those of an OpenAPI document that was made here.
    pub(crate) fn of(document: &str) -> Bodies {
        #[derive(Deserialize)]
        struct Document {
            paths: HashMap<String, HashMap<String, Operation>>,
            components: Components,
        }
        #[derive(Deserialize)]
        struct Components {
            schemas: HashMap<String, Schema>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Operation {
            request_body: Option<RequestBody>,
            #[serde(default)]
            parameters: Vec<Parameter>,
        }
        #[derive(Deserialize)]
        struct Parameter {
            name: String,
            #[serde(rename = "in")]
            place: String,
        }
        #[derive(Deserialize)]
        struct RequestBody {
            content: HashMap<String, Content>,
        }
        #[derive(Deserialize)]
        struct Content {
            schema: Schema,
        }

        let document: Document =
            serde_json::from_str(document).expect("the document is one, which a test reads");
        let (mut operations, mut parameters) = (HashMap::new(), HashMap::new());
        for (path, item) in document.paths {
            for (method, operation) in item {
                let method: Method =
                    method.to_uppercase().parse().expect("operations have methods");
                let of_query = operation.parameters.into_iter().filter(|one| one.place == "query");
                let names = of_query.map(|one| one.name).collect();
                parameters.insert((method.clone(), path.clone()), names);
                let content = operation.request_body.map(|body| body.content);
                let json = content.and_then(|mut content| content.remove("application/json"));
                if let Some(Content { schema }) = json {
                    operations.insert((method, path.clone()), schema);
                }
            }
        }
        Bodies { operations, parameters, components: document.components.schemas }
    }

    /// Whether the operation has all of these query parameters.
    ///
    /// # Errors
    /// Which it has not, and which it has. What is not in the document has nothing to be held to.
    pub(crate) fn check_names<'q>(
        &self,
        method: &Method,
        path: &str,
        mut names: impl Iterator<Item = &'q str>,
    ) -> Result<(), String> {
        let Some(known) = self.parameters.get(&(method.clone(), path.to_owned())) else {
            return Ok(());
        };
        let Some(unknown) = names.find(|name| !known.contains(*name)) else {
            return Ok(());
        };
        let has = match known.is_empty() {
            true => "none".to_owned(),
            false => Vec::from_iter(known.iter().cloned()).join(", "),
        };
        let unknown: String = unknown.chars().take(40).collect();
        Err(format!("there is no query parameter {unknown:?} here; there are: {has}"))
    }

    /// Whether a body is one that the operation takes.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence. What is not in the document has nothing to be held to.
    pub(crate) fn check(&self, method: &Method, path: &str, body: &Value) -> Result<(), String> {
        let operation = (method.clone(), path.to_owned());
        let Some(schema) = self.operations.get(&operation) else { return Ok(()) };
        self.hold(schema, body).map_err(|wrong| wrong.sentence())
    }

    fn hold(&self, schema: &Schema, value: &Value) -> Result<(), Wrong> {
        if let Some(name) = &schema.reference {
            let name = name.rsplit('/').next().unwrap_or_default();
            let referred = self.components.get(name).expect("the document refers to its own parts");
            self.hold(referred, value)?;
        }
        schema.all_of.iter().try_for_each(|part| self.hold(part, value))?;
        self.hold_to_one(&schema.one_of, value)?;
        if !schema.kinds.is_empty() && !schema.kinds.iter().any(|kind| kind.has(value)) {
            let kinds: Vec<&str> = schema.kinds.iter().map(|kind| kind.name()).collect();
            return Err(Wrong::here(format!("has to be {}", kinds.join(" or "))));
        }
        if !schema.words.is_empty() && !schema.words.contains(value) {
            let words: Vec<String> = schema.words.iter().map(Value::to_string).collect();
            return Err(Wrong::here(format!("has to be {}", words.join(" or "))));
        }
        match value {
            Value::Object(fields) => self.hold_object(schema, fields),
            Value::Array(items) => self.hold_array(schema, items),
            Value::String(text) => schema.hold_text(text),
            Value::Number(number) => schema.hold_number(number.as_f64().unwrap_or(f64::NAN)),
            Value::Null | Value::Bool(_) => Ok(()),
        }
    }

    /// Holds to one of several schemas. Where none fits, the one that the value says it means tells why, else the one that
    /// it was held to the furthest.
    fn hold_to_one(&self, schemas: &[Schema], value: &Value) -> Result<(), Wrong> {
        let mut nearest: Option<((bool, usize), Wrong)> = None;
        for schema in schemas {
            let Err(wrong) = self.hold(schema, value) else { return Ok(()) };
            let near = (schema.is_meant_by(value), wrong.place.len());
            if nearest.as_ref().is_none_or(|(known, _)| *known <= near) {
                nearest = Some((near, wrong));
            }
        }
        nearest.map_or(Ok(()), |(_, wrong)| Err(wrong))
    }

    fn hold_object(
        &self,
        schema: &Schema,
        fields: &serde_json::Map<String, Value>,
    ) -> Result<(), Wrong> {
        if let Some(name) = schema.required.iter().find(|name| !fields.contains_key(*name)) {
            return Err(Wrong::here("is missing".to_owned()).within(name.clone()));
        }
        for (name, value) in fields {
            if let Some(names) = &schema.property_names {
                let name_as_value = Value::String(name.clone());
                self.hold(names, &name_as_value).map_err(|wrong| wrong.within(name.clone()))?;
            }
            let held = match (schema.properties.get(name), &schema.additional_properties) {
                (Some(schema), _) => self.hold(schema, value),
                (None, Some(Rest::Like(schema))) => self.hold(schema, value),
                (None, Some(Rest::Anything(false))) => {
                    Err(Wrong::here("is nothing that this object has".to_owned()))
                }
                (None, Some(Rest::Anything(true)) | None) => Ok(()),
            };
            held.map_err(|wrong| wrong.within(name.clone()))?;
        }
        Ok(())
    }

    fn hold_array(&self, schema: &Schema, items: &[Value]) -> Result<(), Wrong> {
        if let Some(least) = schema.min_items.filter(|least| items.len() < *least) {
            return Err(Wrong::here(format!("has to hold at least {least}")));
        }
        if let Some(most) = schema.max_items.filter(|most| items.len() > *most) {
            return Err(Wrong::here(format!("has to hold at most {most}")));
        }
        let Some(schema) = &schema.items else { return Ok(()) };
        items.iter().enumerate().try_for_each(|(n, item)| {
            self.hold(schema, item).map_err(|wrong| wrong.within(format!("[{n}]")))
        })
    }
}

impl Schema {
    /// Whether the word that tells this alternative from others is the value's.
    fn is_meant_by(&self, value: &Value) -> bool {
        self.properties
            .iter()
            .any(|(name, of)| matches!(&of.words[..], [word] if value.get(name) == Some(word)))
    }

    fn hold_text(&self, text: &str) -> Result<(), Wrong> {
        let length = text.chars().count();
        if let Some(least) = self.min_length.filter(|least| length < *least) {
            return Err(Wrong::here(match least {
                1 => "must not be empty".to_owned(),
                _ => format!("has to have at least {least} characters"),
            }));
        }
        if let Some(most) = self.max_length.filter(|most| length > *most) {
            return Err(Wrong::here(format!("has to have at most {most} characters")));
        }
        match &self.pattern {
            Some(pattern) if !pattern.is_match(text) => Err(Wrong::here(in_words(pattern))),
            _ => Ok(()),
        }
    }

    fn hold_number(&self, number: f64) -> Result<(), Wrong> {
        if let Some(least) = self.minimum.filter(|least| number < *least) {
            return Err(Wrong::here(format!("has to be at least {least}")));
        }
        match self.maximum.filter(|most| number > *most) {
            Some(most) => Err(Wrong::here(format!("has to be at most {most}"))),
            None => Ok(()),
        }
    }
}

/// What the commonest patterns ask for, in words.
fn in_words(pattern: &Regex) -> String {
    match pattern.as_str() {
        r"\S" => "has to say something".to_owned(),
        r"^[^\x00-\x1f\x7f-\x9f]*$" => {
            "has to be without control characters such as line breaks".to_owned()
        }
        r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$" => {
            "has to say something, without control characters such as line breaks".to_owned()
        }
        pattern => format!("has to match the pattern {pattern}"),
    }
}

impl Kind {
    fn has(self, value: &Value) -> bool {
        match self {
            Kind::Null => value.is_null(),
            Kind::Boolean => value.is_boolean(),
            // To JSON Schema 1.0 is an integer.
            Kind::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Kind::Number => value.is_number(),
            Kind::String => value.is_string(),
            Kind::Array => value.is_array(),
            Kind::Object => value.is_object(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "true or false",
            Kind::Integer => "a whole number",
            Kind::Number => "a number",
            Kind::String => "a text",
            Kind::Array => "a list",
            Kind::Object => "an object",
        }
    }
}

impl Wrong {
    fn here(what: String) -> Wrong {
        Wrong { place: Vec::new(), what }
    }

    fn within(mut self, place: String) -> Wrong {
        self.place.push(place);
        self
    }

    /// `doing.to[0] has to be a text`.
    fn sentence(&self) -> String {
        let mut sentence = String::new();
        for place in self.place.iter().rev() {
            let dot = if sentence.is_empty() || place.starts_with('[') { "" } else { "." };
            write!(sentence, "{dot}{place}").expect("a string takes any text");
        }
        if sentence.is_empty() {
            sentence.push_str("the body");
        }
        sentence + " " + &self.what
    }
}

fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Kind>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Kinds {
        One(Kind),
        More(Vec<Kind>),
    }
    Ok(match Kinds::deserialize(from)? {
        Kinds::One(kind) => vec![kind],
        Kinds::More(kinds) => kinds,
    })
}

fn compiled<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Regex>, D::Error> {
    let pattern = String::deserialize(from)?;
    Regex::new(&pattern).map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(path: &str, body: &Value, expected: Result<(), &str>) {
        let bodies = Bodies::of(&crate::openapi::document());
        let found = bodies.check(&Method::POST, path, body);
        assert_eq!(found, expected.map_err(str::to_owned), "{body}");
    }

    /// Besides these a schema only tells people something.
    const KNOWN: [&str; 18] = [
        "$ref",
        "type",
        "enum",
        "oneOf",
        "allOf",
        "properties",
        "required",
        "additionalProperties",
        "propertyNames",
        "items",
        "minItems",
        "maxItems",
        "minLength",
        "maxLength",
        "pattern",
        "minimum",
        "maximum",
        "title",
    ];
    const TOLD: [&str; 5] = ["description", "example", "examples", "default", "format"];

    fn keywords(schema: &Value, unknown: &mut Vec<String>) {
        let Value::Object(fields) = schema else { return };
        for (name, value) in fields {
            match name.as_str() {
                "properties" => {
                    let properties = value.as_object().expect("properties are an object");
                    properties.values().for_each(|schema| keywords(schema, unknown));
                }
                "oneOf" | "allOf" => {
                    let schemas = value.as_array().expect("alternatives are a list");
                    schemas.iter().for_each(|schema| keywords(schema, unknown));
                }
                "items" | "additionalProperties" | "propertyNames" => keywords(value, unknown),
                known if KNOWN.contains(&known) || TOLD.contains(&known) => {}
                other => unknown.push(other.to_owned()),
            }
        }
    }

    #[test]
    fn the_document_uses_no_other_keywords() {
        let document: Value = serde_json::from_str(&crate::openapi::document()).unwrap();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let mut unknown = Vec::new();
        schemas.values().for_each(|schema| keywords(schema, &mut unknown));
        assert_eq!(unknown, [""; 0]);
    }

    #[test]
    fn a_body_is_held_to_what_the_document_says_of_it() {
        let path = "/api/v1/api-clients";
        let client = |name: &str, seconds: f64| json!({"name": name, "token_seconds": seconds});
        check(path, &client("ci", 300.0), Ok(()));
        check(path, &client("ci", 30.0), Err("token_seconds has to be at least 60"));
        check(path, &client("ci", 300.5), Err("token_seconds has to be a whole number"));
        check(path, &client("", 300.0), Err("name must not be empty"));
        check(path, &json!({"token_seconds": 300}), Err("name is missing"));
        check(path, &json!([]), Err("the body has to be an object"));
        check("/api/v1/nothing", &json!([]), Ok(()));
    }

    #[test]
    fn what_is_wrong_with_an_alternative_is_told_of_the_nearest_one() {
        let path = "/api/v1/actions";
        let action = |doing: Value| json!({"name": "mail", "doing": doing, "secrets": {}});
        let email = |to: Value| action(json!({"kind": "email", "to": to, "subject": ""}));
        check(path, &email(json!(["ops@example.com"])), Ok(()));
        check(path, &email(json!(["ops@example.com", 1])), Err("doing.to[1] has to be a text"));
    }

    #[test]
    fn alternatives_that_hold_nothing_more_are_closed() {
        let path = "/api/v1/applications/{id}/baselines";
        let window = json!({"kind": "rolling", "days": 10, "from": 1});
        let baseline = json!({"name": "ten days", "season": "day", "window": window});
        check(path, &baseline, Err("window.from is nothing that this object has"));
    }
}
