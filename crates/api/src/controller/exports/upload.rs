//! The file of an import: of a form, as `curl -F file=@rules.xml` sends it, or the body itself.

use axum::{
    body::Bytes,
    extract::{FromRequest, Multipart, Request, multipart::MultipartError},
};
use http::{StatusCode, header::CONTENT_TYPE};

use crate::{context::Shared, error::ApiError};

/// Bytes of a request with an import: a thousand health rules of four conditions each.
pub(crate) const MAX_IMPORT: usize = 4 << 20;

/// The text of the file, without a byte-order mark.
#[derive(Debug)]
pub(crate) struct Upload(pub(crate) String);

impl FromRequest<Shared> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, context: &Shared) -> Result<Upload, ApiError> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_form = kind
            .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("multipart/"));
        let bytes = match is_form {
            true => of_form(request, context).await?,
            false => whole(request, context).await?,
        };
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| ApiError::bad("the file is not UTF-8, as which it has to be sent"))?;
        let text = text.trim_start_matches('\u{feff}');
        match text.trim().is_empty() {
            true => Err(ApiError::bad("there is no file in the request: send it as -F file=@…")),
            false => Ok(Upload(text.to_owned())),
        }
    }
}

async fn whole(request: Request, context: &Shared) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, context).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge(MAX_IMPORT),
        _ => ApiError::bad(format!("the body cannot be read: {rejection}")),
    })
}

/// The only part of a form; programs call it by different names.
async fn of_form(request: Request, context: &Shared) -> Result<Bytes, ApiError> {
    let form = Multipart::from_request(request, context).await;
    let mut form =
        form.map_err(|rejection| ApiError::bad(format!("the form cannot be read: {rejection}")))?;
    let mut file = None;
    while let Some(part) = form.next_field().await.map_err(unreadable)? {
        let bytes = part.bytes().await.map_err(unreadable)?;
        if file.replace(bytes).is_some() {
            return Err(ApiError::bad("the form has several parts: send one file"));
        }
    }
    file.ok_or_else(|| ApiError::bad("the form has no file: send it as -F file=@…"))
}

fn unreadable(error: MultipartError) -> ApiError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge(MAX_IMPORT),
        _ => ApiError::bad(format!("the form cannot be read: {}", error.body_text())),
    }
}
