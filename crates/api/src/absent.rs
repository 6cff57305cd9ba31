//! What is under the prefix of an API and in no table, told in the words of that API's clients.

use axum::extract::OriginalUri;
use http::Uri;

use crate::error::ApiError;

/// Under any prefix; refusals are worded for its clients on their way out.
pub(crate) async fn anywhere(OriginalUri(uri): OriginalUri) -> ApiError {
    ApiError::NotFound(sentence(&uri))
}

fn sentence(uri: &Uri) -> String {
    format!("nothing is served under {}; openapi/controller.json lists what is", uri.path())
}
