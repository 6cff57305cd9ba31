//! Whether this Controller serves: what load balancers and operators' scripts ask, without signing in.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

use super::xml;
use crate::context::Shared;

/// 200 on the Controller that serves, 503 on one that stands by.
pub(crate) async fn read(State(context): State<Shared>) -> Response {
    let active = context.status.active();
    let status = if active { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = body(active, &context.status.version(), context.status.startup_seconds());
    (status, [(header::CONTENT_TYPE, "application/xml;charset=UTF-8")], body).into_response()
}

fn body(active: bool, version: &str, startup_seconds: u64) -> String {
    let mut shown = String::new();
    xml::escape(&mut shown, version);
    format!(
        "<serverstatus vendorid=\"\" version=\"1\"><available>{active}</available><serverid/>\
         <serverinfo><vendorname>Vedette</vendorname><productname>Vedette Controller</productname>\
         <serverversion>{}</serverversion>\
         <implementationVersion>Controller v{shown} Build {shown}</implementationVersion></serverinfo>\
         <startupTimeInSeconds>{startup_seconds}</startupTimeInSeconds></serverstatus>",
        padded(version)
    )
}

/// `0.1.0` as `000-001-000-000`.
fn padded(version: &str) -> String {
    let number = |part: &str| -> u32 {
        let digits: String = part.chars().take_while(char::is_ascii_digit).take(3).collect();
        digits.parse().unwrap_or(0)
    };
    let mut parts: Vec<u32> = version.split('.').take(4).map(number).collect();
    parts.resize(4, 0);
    let padded: Vec<String> = parts.iter().map(|part| format!("{part:03}")).collect();
    padded.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_four_parts_of_three_digits() {
        assert_eq!(padded("4.5.9.2"), "004-005-009-002");
        assert_eq!(padded("0.1.0-beta"), "000-001-000-000");
        assert_eq!(padded(""), "000-000-000-000");
    }
}
