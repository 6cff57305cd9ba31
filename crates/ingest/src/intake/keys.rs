//! Whose data these are: `x-api-key`, or `Authorization: Bearer`.

use http::{HeaderMap, header::AUTHORIZATION};
use model::id::AccountId;

use super::{
    Shared,
    refused::{Cause, Refused},
};

/// The access keys that are valid now.
pub trait Keys: Send + Sync {
    /// The account of a key. Called once per request, so answered from memory, also while metadata are unreachable.
    fn account_of(&self, key: &str) -> Option<AccountId>;
}

/// What a listener asks of its senders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRule {
    /// No data without a key.
    Required,
    /// Data without a key are the configured account's. A key that is sent must still be known.
    Optional,
}

impl Shared {
    /// Whose data a request with these headers brings.
    pub(super) fn account_of(
        &self,
        headers: &HeaderMap,
        rule: KeyRule,
    ) -> Result<AccountId, Refused> {
        match (key_in(headers), rule) {
            (Some(key), _) => self.keys.account_of(key).ok_or_else(unknown_key),
            (None, KeyRule::Optional) => Ok(self.config.account_without_key),
            (None, KeyRule::Required) => Err(no_key()),
        }
    }
}

fn key_in(headers: &HeaderMap) -> Option<&str> {
    if let Some(key) = headers.get("x-api-key") {
        // What is no text is a key nobody has.
        return Some(key.to_str().unwrap_or_default().trim());
    }
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

fn unknown_key() -> Refused {
    Refused::new(Cause::UnknownKey, "this access key is unknown").remedy(
        "compare the agent's key with `vedette access-key list`, or make a new one with `vedette access-key create`",
    )
}

fn no_key() -> Refused {
    Refused::new(Cause::NoKey, "an access key is needed: send it in the header x-api-key").remedy(
        "set OTEL_EXPORTER_OTLP_HEADERS=\"x-api-key=<access key>\"; `vedette access-key list` shows the keys",
    )
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(headers: &[(&'static str, &'static str)], expected: Option<&str>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        assert_eq!(key_in(&map), expected, "{headers:?}");
    }

    #[test]
    fn a_key_is_found_in_either_header() {
        check(&[("x-api-key", " k1 ")], Some("k1"));
        check(&[("authorization", "Bearer k2")], Some("k2"));
        check(&[("authorization", "bearer  k2")], Some("k2"));
        check(&[("x-api-key", "k1"), ("authorization", "Bearer k2")], Some("k1"));
    }

    #[test]
    fn another_scheme_is_no_key() {
        check(&[("authorization", "Basic dTpw")], None);
        check(&[("authorization", "k2")], None);
        check(&[], None);
    }
}
