//! `GET /controller/ControllerAuditHistory`: the audit log in the reference product's words, as JSON or CSV.
//!
//! Times are written `2026-11-28T03:00:00.000-0000`, with any offset. A range has no bound of its own; an answer has, and says
//! in `Vedette-Partial` when older entries are left out.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use metadata_store::{Accounts as _, AuditEntry, AuditLog as _, AuditQuery};
use serde::{Deserialize, Serialize};
use time::{
    OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description,
};

use crate::{auth::Caller, context::Shared, error::ApiError, extract::Params, v1::audit::csv_line};

/// Entries of an answer.
const AT_MOST: u32 = 10_000;
const TIME: &[BorrowedFormatItem<'_>] = format_description!(
    "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3][offset_hour sign:mandatory][offset_minute]"
);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Asked {
    start_time: Option<String>,
    end_time: Option<String>,
    output: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    time_stamp: i64,
    audit_date_time: String,
    account_name: String,
    security_provider_type: &'static str,
    user_name: String,
    action: String,
    object_type: String,
    object_name: String,
    object_id: String,
    ip_address: String,
}

pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Params(asked): Params<Asked>,
) -> Result<Response, ApiError> {
    let from_ms = instant("startTime", asked.start_time.as_deref())?;
    let to_ms = instant("endTime", asked.end_time.as_deref())?;
    if from_ms >= to_ms {
        return Err(ApiError::bad("startTime has to be before endTime"));
    }
    let query = AuditQuery {
        account_id: caller.account.0,
        from_ms,
        to_ms,
        limit: AT_MOST,
        ..AuditQuery::default()
    };
    let found = context.store.audit(&query).await?;
    let is_whole = found.len() < AT_MOST as usize;
    let accounts = context.store.accounts().await?;
    let account = accounts.into_iter().find(|account| account.id == caller.account.0);
    let account = account.map(|account| account.name).unwrap_or_default();
    let lines: Vec<Line> = found.into_iter().map(|entry| line(entry, &account)).collect();
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let csv = match asked.output.as_deref() {
        Some(output) => output.eq_ignore_ascii_case("csv"),
        None => accept.is_some_and(|accept| accept.contains("text/csv")),
    };
    let mut response = if csv { as_csv(&lines) } else { Json(lines).into_response() };
    if !is_whole {
        let reason = HeaderValue::from_static("older entries are left out; ask for shorter ranges");
        response.headers_mut().insert("vedette-partial", reason);
    }
    Ok(response)
}

fn as_csv(lines: &[Line]) -> Response {
    let names = "timeStamp,auditDateTime,accountName,securityProviderType,userName,action,objectType,objectName,objectId,\
                 ipAddress\r\n";
    let mut text = names.to_owned();
    for line in lines {
        text.push_str(&csv_line(&[
            &line.time_stamp.to_string(),
            &line.audit_date_time,
            &line.account_name,
            line.security_provider_type,
            &line.user_name,
            &line.action,
            &line.object_type,
            &line.object_name,
            &line.object_id,
            &line.ip_address,
        ]));
    }
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response()
}

fn line(AuditEntry { entry, .. }: AuditEntry, account: &str) -> Line {
    Line {
        time_stamp: entry.at_ms,
        audit_date_time: iso(entry.at_ms),
        account_name: account.to_owned(),
        security_provider_type: "INTERNAL",
        user_name: entry.actor,
        action: action(&entry.action),
        object_type: words(&entry.object_type),
        object_name: entry.object_name,
        object_id: entry.object_id,
        ip_address: entry.address,
    }
}

/// What the reference calls it; what it has no word for keeps ours.
fn action(ours: &str) -> String {
    let known = match ours {
        "sign in" => "LOGIN",
        "failed sign-in" => "LOGIN_FAILED",
        "sign out" => "LOGOUT",
        "create" => "OBJECT_CREATED",
        "change" => "OBJECT_UPDATED",
        "delete" => "OBJECT_DELETED",
        other => return words(other),
    };
    known.to_owned()
}

fn words(text: &str) -> String {
    text.replace([' ', '-', '/'], "_").to_uppercase()
}

/// Unix milliseconds as `2026-11-28T03:00:00.000+0000`.
pub(crate) fn iso(at_ms: i64) -> String {
    let nanos = i128::from(at_ms) * 1_000_000;
    let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok();
    at.and_then(|at| at.to_offset(UtcOffset::UTC).format(TIME).ok()).unwrap_or_default()
}

fn instant(name: &str, text: Option<&str>) -> Result<i64, ApiError> {
    let wrong = || {
        ApiError::bad(format!(
            "{name} has to be a time like 2026-11-28T03:00:00.000-0000, the + of an offset written as %2B"
        ))
    };
    // A plus that was not encoded arrives as a space.
    let text = text.ok_or_else(wrong)?.trim().replace(' ', "+");
    let at = OffsetDateTime::parse(&text, TIME).map_err(|_| wrong())?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_any_offset_and_written_in_utc() {
        for (text, at_ms) in [
            ("2026-11-28T03:00:00.250-0000", 1_795_834_800_250),
            ("2026-11-28T03:00:00.250+0000", 1_795_834_800_250),
            ("2026-11-28T03:00:00.250 0000", 1_795_834_800_250),
            ("2026-11-27T22:00:00.250-0500", 1_795_834_800_250),
            ("2026-11-28T08:30:00.250+0530", 1_795_834_800_250),
        ] {
            assert_eq!(instant("startTime", Some(text)).unwrap(), at_ms, "{text}");
        }
        assert_eq!(iso(1_795_834_800_250), "2026-11-28T03:00:00.250+0000");
        for wrong in ["", "2026-11-28", "1795834800250", "2026-13-28T03:00:00.250-0000"] {
            assert!(instant("startTime", Some(wrong)).is_err(), "{wrong}");
        }
    }
}
