//! Which log records a request means.

use axum::extract::FromRequestParts;
use http::request::Parts;
use model::{entity::EntityKind, id::TraceId};
use serde::Deserialize;
use telemetry_store::reader::{LogFilter, Severity};
use utoipa::{
    IntoParams,
    openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type},
};

use super::attribute_params::Attributes;
use crate::{
    entities::Entities,
    error::ApiError,
    extract::{Params, short},
};

/// Characters of a searched text or of a logger's name.
const MAX_TEXT: usize = 1024;

/// Which records: those for which all of this is so.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogParams {
    /// 32 hexadecimal digits.
    #[param(example = "5b8efff798038103d269b633813fc60c", pattern = "^[0-9a-fA-F]{32}$")]
    trace_id: Option<String>,
    /// Id of an application.
    application: Option<u32>,
    /// Id of a tier.
    tier: Option<u32>,
    /// Id of a node.
    node: Option<u32>,
    /// The name of the logger, whole.
    #[param(example = "app.checkout", max_length = 1024)]
    logger: Option<String>,
    /// Stands in the body, the case of ASCII letters aside.
    #[param(example = "refused", max_length = 1024)]
    text: Option<String>,
}

/// How grave records are to be.
#[derive(Clone, Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Severities {
    #[param(required = false, schema_with = severities_schema)]
    severity: Vec<String>,
}

/// With its description: utoipa leaves out what is written above a field whose schema is made so.
fn severities_schema() -> Schema {
    let description = "How grave: may be given several times, and one of them has to be so.";
    let one =
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Severity::ALL.map(name)));
    ArrayBuilder::new().description(Some(description)).items(one).build().into()
}

impl<S: Send + Sync> FromRequestParts<S> for Severities {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Params(all) = Params::<Vec<(String, String)>>::from_request_parts(parts, state).await?;
        let given = all.into_iter().filter(|(name, _)| name == "severity");
        Ok(Severities { severity: given.map(|(_, value)| value).collect() })
    }
}

impl LogParams {
    /// The filter that is meant.
    pub(crate) fn filter(
        self,
        Severities { severity }: &Severities,
        attributes: &Attributes,
        entities: &Entities,
    ) -> Result<LogFilter, ApiError> {
        let severities: Result<Vec<Severity>, ApiError> =
            severity.iter().map(|name| named(name)).collect();
        Ok(LogFilter {
            application: entities.filter(
                self.application,
                EntityKind::Application,
                "application",
            )?,
            tier: entities.filter(self.tier, EntityKind::Tier, "tier")?,
            node: entities.filter(self.node, EntityKind::Node, "node")?,
            trace: self.trace_id.as_deref().map(trace_id).transpose()?,
            severities: severities?,
            logger: self
                .logger
                .filter(|logger| !logger.is_empty())
                .map(|logger| short("logger", logger, MAX_TEXT))
                .transpose()?,
            text: short("text", self.text.unwrap_or_default(), MAX_TEXT)?,
            attributes: attributes.pairs()?,
        })
    }
}

/// A trace id as clients write it.
pub(crate) fn trace_id(text: &str) -> Result<TraceId, ApiError> {
    let sentence = "a trace id has 32 hexadecimal digits, not all of them 0";
    TraceId::from_hex(text).ok_or_else(|| {
        match text.len() == 32 && text.bytes().all(|it| it == b'0') {
            true => ApiError::Unprocessable(sentence.to_owned()),
            false => ApiError::bad(sentence),
        }
    })
}

fn named(text: &str) -> Result<Severity, ApiError> {
    Severity::ALL.into_iter().find(|severity| name(*severity) == text).ok_or_else(|| {
        let all: Vec<&str> = Severity::ALL.into_iter().map(name).collect();
        ApiError::bad(format!("severity has to be one of {}", all.join(", ")))
    })
}

/// The name of a band of OpenTelemetry's numbers.
pub(crate) fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Unspecified => "UNSPECIFIED",
        Severity::Trace => "TRACE",
        Severity::Debug => "DEBUG",
        Severity::Info => "INFO",
        Severity::Warn => "WARN",
        Severity::Error => "ERROR",
        Severity::Fatal => "FATAL",
    }
}
