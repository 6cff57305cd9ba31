//! `POST /controller/api/oauth/access_token`: a token for an API client, by OAuth's client credentials
//! ([RFC 6749](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)).
//!
//! The credentials are in the form, or in HTTP Basic as OAuth's own libraries send them. Older scripts send the same form
//! under the reference product's own media type, so that nobody asks what the body is said to be.

use axum::{
    Json,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use serde_json::json;

use crate::{
    auth::{Peer, basic},
    context::Shared,
    error::{ApiError, keep_headers},
};

/// What a form asks for; the first of each counts.
#[derive(Default)]
struct Form {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

impl Form {
    fn read(body: &[u8]) -> Form {
        let mut form = Form::default();
        for (name, value) in form_urlencoded::parse(body) {
            let field = match &*name {
                "grant_type" => &mut form.grant_type,
                "client_id" => &mut form.client_id,
                "client_secret" => &mut form.client_secret,
                _ => continue,
            };
            field.get_or_insert_with(|| value.into_owned());
        }
        form
    }

    /// Client and secret, of the form or else of HTTP Basic.
    fn credentials(self, headers: &HeaderMap) -> Result<(String, String), ApiError> {
        if let (Some(client), Some(secret)) = (self.client_id, self.client_secret) {
            return Ok((client, secret));
        }
        let text = basic(headers)?;
        let pair = text.as_deref().and_then(|text| text.split_once(':'));
        let (client, secret) = pair.ok_or_else(|| {
            ApiError::bad(
                "send client_id=name@account and client_secret as form fields, or as user and password of HTTP Basic",
            )
        })?;
        Ok((decoded(client), decoded(secret)))
    }
}

/// In HTTP Basic, OAuth encodes both as in a form.
fn decoded(text: &str) -> String {
    let encoded = format!("={text}");
    form_urlencoded::parse(encoded.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

/// Gives a token.
pub(crate) async fn issue(
    State(context): State<Shared>,
    Peer(address): Peer,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Form::read(&body);
    match form.grant_type.as_deref() {
        Some("client_credentials") => (),
        Some(_) => {
            return refusal(
                "unsupported_grant_type",
                ApiError::bad("grant_type has to be client_credentials"),
            );
        }
        None => {
            let error =
                "send a form with grant_type=client_credentials, client_id and client_secret";
            return refusal("invalid_request", ApiError::bad(error));
        }
    }
    let token = async {
        let (client, secret) = form.credentials(&headers)?;
        context.sign_ins.issue_token(&client, &secret, address).await
    };
    let mut response = match token.await {
        Ok(token) => Json(json!({
            "access_token": token.text,
            "token_type": "Bearer",
            "expires_in": token.seconds,
        }))
        .into_response(),
        Err(error @ ApiError::BadRequest(_)) => refusal("invalid_request", error),
        Err(error @ (ApiError::WrongClient | ApiError::NotSignedIn)) => {
            refusal("invalid_client", error)
        }
        Err(error @ (ApiError::TooManySignIns { .. } | ApiError::TooManyTokens { .. })) => {
            refusal("temporarily_unavailable", error)
        }
        Err(error) => error.into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A refusal in OAuth's words.
fn refusal(word: &str, error: ApiError) -> Response {
    let body = Json(json!({"error": word, "error_description": error.to_string()}));
    let refused = error.into_response();
    let mut response = (refused.status(), body).into_response();
    keep_headers(&refused, &mut response);
    response
}
