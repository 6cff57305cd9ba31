//! Filters by attributes.

use axum::extract::FromRequestParts;
use http::request::Parts;
use utoipa::{
    IntoParams,
    openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type},
};

use crate::{error::ApiError, extract::Params};

/// Attributes in one question.
const MAX_ATTRIBUTES: usize = 8;
/// Bytes of one, key and value.
const MAX_ATTRIBUTE: usize = 1024;

/// Attributes that are to be there.
#[derive(Clone, Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Attributes {
    #[param(required = false, schema_with = pairs_schema)]
    attribute: Vec<String>,
}

/// With its description: utoipa leaves out what is written above a field whose schema is made so.
fn pairs_schema() -> Schema {
    let description = "`key=value` of an attribute, of a span's resource too; may be given up to 8 times, and all have to \
                       be there. A value is a text, and what number or truth it reads as.";
    let pair = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[^=]+=.*$"))
        .max_length(Some(MAX_ATTRIBUTE));
    ArrayBuilder::new()
        .description(Some(description))
        .items(pair)
        .max_items(Some(MAX_ATTRIBUTES))
        .build()
        .into()
}

impl<S: Send + Sync> FromRequestParts<S> for Attributes {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Params(all) = Params::<Vec<(String, String)>>::from_request_parts(parts, state).await?;
        let of_name = all.into_iter().filter(|(name, _)| name == "attribute");
        Ok(Attributes { attribute: of_name.map(|(_, value)| value).collect() })
    }
}

impl Attributes {
    /// Keys and values.
    pub(crate) fn pairs(&self) -> Result<Vec<(String, String)>, ApiError> {
        if self.attribute.len() > MAX_ATTRIBUTES {
            return Err(ApiError::bad(format!(
                "attribute is given more than {MAX_ATTRIBUTES} times"
            )));
        }
        let pair = |text: &String| match text.split_once('=') {
            Some((key, value)) if !key.is_empty() && text.len() <= MAX_ATTRIBUTE => {
                Ok((key.to_owned(), value.to_owned()))
            }
            _ => Err(ApiError::bad(format!(
                "attribute has to be key=value, at most {MAX_ATTRIBUTE} bytes"
            ))),
        };
        self.attribute.iter().map(pair).collect()
    }
}
