//! Whether this Controller serves: what load balancers and operators' scripts ask, without signing in.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::{asked, document::Format, xml};
use crate::{context::Shared, error::ApiError, extract::Params};

/// 200 on the Controller that serves, 503 on one that stands by.
pub(crate) async fn read(
    State(context): State<Shared>,
    Params(params): Params<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let format = asked::format(&params)?;
    let told = Told {
        active: context.status.active(),
        version: context.status.version(),
        startup_seconds: context.status.startup_seconds(),
    };
    let status = if told.active { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(match format {
        Format::Json => (status, Json(told.json())).into_response(),
        Format::Xml => {
            let kind = [(header::CONTENT_TYPE, "application/xml;charset=UTF-8")];
            (status, kind, told.xml()).into_response()
        }
    })
}

const VENDOR: &str = "Vedette";
const PRODUCT: &str = "Vedette Controller";

struct Told {
    active: bool,
    version: String,
    startup_seconds: u64,
}

impl Told {
    /// Written by hand: the reference has attributes here, which no other answer has.
    fn xml(&self) -> String {
        let Told { active, startup_seconds, .. } = self;
        let mut implementation = String::new();
        xml::escape(&mut implementation, &self.implementation());
        format!(
            "<serverstatus vendorid=\"\" version=\"1\"><available>{active}</available><serverid/>\
             <serverinfo><vendorname>{VENDOR}</vendorname><productname>{PRODUCT}</productname>\
             <serverversion>{}</serverversion>\
             <implementationVersion>{implementation}</implementationVersion></serverinfo>\
             <startupTimeInSeconds>{startup_seconds}</startupTimeInSeconds></serverstatus>",
            padded(&self.version)
        )
    }

    /// The same by the same names.
    fn json(&self) -> Value {
        json!({
            "vendorid": "",
            "version": "1",
            "available": self.active,
            "serverid": "",
            "serverinfo": {
                "vendorname": VENDOR,
                "productname": PRODUCT,
                "serverversion": padded(&self.version),
                "implementationVersion": self.implementation(),
            },
            "startupTimeInSeconds": self.startup_seconds,
        })
    }

    fn implementation(&self) -> String {
        format!("Controller v{0} Build {0}", self.version)
    }
}

/// `0.1.0` as `000-001-000-000`.
pub(super) fn padded(version: &str) -> String {
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
