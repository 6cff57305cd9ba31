//! The audit log, page by page and as a file.

use std::fmt::Write as _;

use api_types::{ActorKind, AuditEntry, Page};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use metadata_store::{ActorKind as Kind, AuditEntry as Stored, AuditLog as _, AuditQuery};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Refusals;
use crate::{
    auth::Caller,
    context::Shared,
    error::ApiError,
    extract::{Params, Range, RangeParams},
    paging::{PageParams, Paging},
};

/// Entries of a file; so many are read at once.
const EXPORTED: usize = 100_000;
/// A file is not much longer.
const MAX_BYTES: usize = 32 << 20;
const AT_ONCE: u32 = 500;

/// Which entries: those for which all of this is so.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditParams {
    /// Name of the user or API client.
    #[param(max_length = 255)]
    actor: Option<String>,
    /// `create`, `change`, `delete`, `try`, `sign in`, `failed sign-in`, `sign out` and others.
    #[param(max_length = 255)]
    action: Option<String>,
    /// `user`, `role`, `access key` and others.
    #[param(max_length = 255)]
    object_type: Option<String>,
    /// Part of the actor's or the object's name, or of the object's id.
    #[param(max_length = 255)]
    q: Option<String>,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    #[default]
    Csv,
    Json,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FormatParams {
    /// `csv` when not given.
    #[param(inline)]
    format: Option<Format>,
}

impl AuditParams {
    fn query(self, caller: &Caller, range: &Range) -> Result<AuditQuery, ApiError> {
        for text in [&self.actor, &self.action, &self.object_type, &self.q].into_iter().flatten() {
            if text.chars().count() > 255 {
                return Err(ApiError::bad("a filter has at most 255 characters"));
            }
        }
        let known = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(AuditQuery {
            account_id: caller.account.0,
            from_ms: range.from_ms,
            // What happens in this very millisecond is in the log of until now.
            to_ms: range.to_ms.saturating_add(1),
            actor: known(self.actor),
            action: known(self.action),
            object_type: known(self.object_type),
            text: known(self.q),
            after: None,
            limit: AT_ONCE,
        })
    }
}

/// Who did what, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(RangeParams, AuditParams, PageParams),
    responses((status = 200, body = Page<AuditEntry>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    range: Range,
    Params(wanted): Params<AuditParams>,
    paging: Paging,
) -> Result<Json<Page<AuditEntry>>, ApiError> {
    let query = AuditQuery {
        after: paging.place(place)?,
        limit: u32::try_from(paging.limit).unwrap_or(u32::MAX),
        ..wanted.query(&caller, &range)?
    };
    let found = context.store.audit(&query).await?;
    let next = found.last().filter(|_| found.len() >= paging.limit);
    let next = next.map(|last| paging.next(format!("{}.{}", last.entry.at_ms, last.id)));
    Ok(Json(Page { items: found.into_iter().map(body).collect(), next, partial: None }))
}

/// The same as a file of CSV, or of JSON with an entry a line: at most 100,000 entries.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "audit", params(RangeParams, AuditParams, FormatParams),
    responses((status = 200, description = "The file",
        content((String = "text/csv"), (String = "application/x-ndjson"))), Refusals))]
pub(crate) async fn export(
    State(context): State<Shared>,
    caller: Caller,
    range: Range,
    Params(wanted): Params<AuditParams>,
    Params(FormatParams { format }): Params<FormatParams>,
) -> Result<Response, ApiError> {
    let format = format.unwrap_or_default();
    let mut query = wanted.query(&caller, &range)?;
    let mut text = if format == Format::Csv { HEAD.to_owned() } else { String::new() };
    let mut written = 0;
    let whole = loop {
        let found = context.store.audit(&query).await?;
        let Some(last) = found.last() else { break true };
        query.after = Some((last.entry.at_ms, last.id));
        let is_last = found.len() < AT_ONCE as usize;
        written += found.len();
        found.into_iter().for_each(|entry| text.push_str(&line(format, body(entry))));
        if is_last || written >= EXPORTED || text.len() >= MAX_BYTES {
            break is_last;
        }
    };
    let (kind, disposition) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"audit.csv\""),
        Format::Json => ("application/x-ndjson", "attachment; filename=\"audit.ndjson\""),
    };
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    if !whole {
        let reason = "older entries are left out; ask for an earlier range";
        headers.insert("vedette-partial", HeaderValue::from_static(reason));
    }
    Ok(response)
}

const HEAD: &str =
    "time,actor kind,actor,address,action,object type,object id,object name,before,after\r\n";

fn place(text: &str) -> Option<(i64, u64)> {
    let (at_ms, id) = text.split_once('.')?;
    Some((at_ms.parse().ok()?, id.parse().ok()?))
}

fn line(format: Format, entry: AuditEntry) -> String {
    match format {
        Format::Json => serde_json::to_string(&entry).map(|json| json + "\n").unwrap_or_default(),
        Format::Csv => {
            let state = |state: Option<serde_json::Value>| {
                state.map(|it| it.to_string()).unwrap_or_default()
            };
            let kind = serde_json::to_value(entry.actor_kind).unwrap_or_default();
            csv_line(&[
                &crate::controller::audit_history::iso(entry.at),
                kind.as_str().unwrap_or_default(),
                &entry.actor,
                &entry.address,
                &entry.action,
                &entry.object_type,
                &entry.object_id,
                &entry.object_name,
                &state(entry.before),
                &state(entry.after),
            ])
        }
    }
}

/// One line of CSV (RFC 4180). A cell that a spreadsheet would take for a formula is made text.
pub(crate) fn csv_line(cells: &[&str]) -> String {
    let mut line = String::new();
    for (n, cell) in cells.iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        let mark = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        let quoted = cell.replace('"', "\"\"");
        write!(line, "{comma}\"{mark}{quoted}\"").expect("a string takes any text");
    }
    line + "\r\n"
}

fn body(stored: Stored) -> AuditEntry {
    let Stored { id, entry } = stored;
    let state = |text: String| {
        let state = (!text.is_empty()).then(|| serde_json::from_str(&text));
        state.map(|state| state.unwrap_or(serde_json::Value::String(text)))
    };
    AuditEntry {
        id,
        at: entry.at_ms,
        actor_kind: match entry.actor_kind {
            Kind::System => ActorKind::System,
            Kind::User => ActorKind::User,
            Kind::ApiClient => ActorKind::ApiClient,
            Kind::Stranger => ActorKind::Stranger,
        },
        actor: entry.actor,
        address: entry.address,
        action: entry.action,
        object_type: entry.object_type,
        object_id: entry.object_id,
        object_name: entry.object_name,
        before: state(entry.before),
        after: state(entry.after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_quotes_and_are_no_formulas() {
        let line = csv_line(&["a\"b", "=SUM(A1)", "", "x,y"]);
        assert_eq!(line, "\"a\"\"b\",\"'=SUM(A1)\",\"\",\"x,y\"\r\n");
    }
}
