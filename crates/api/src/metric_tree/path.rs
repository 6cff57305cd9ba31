//! Metric paths: segments joined by a vertical bar, where `*` as a segment stands for any one.

use crate::error::ApiError;

/// Segments of a path.
const DEEPEST: usize = 24;

/// A path whose segments may be `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<String>);

impl Pattern {
    /// Reads a path; empty is the root. A bar at the end is forgiven.
    pub(crate) fn read(text: &str) -> Result<Pattern, ApiError> {
        let text = text.trim().trim_end_matches('|');
        if text.is_empty() {
            return Ok(Pattern(Vec::new()));
        }
        let segments: Vec<String> = text.split('|').map(|part| part.trim().to_owned()).collect();
        if segments.len() > DEEPEST || segments.iter().any(String::is_empty) {
            return Err(ApiError::bad(format!(
                "a metric path has 1 to {DEEPEST} segments joined by |, none of them empty"
            )));
        }
        Ok(Pattern(segments))
    }

    pub(crate) fn segments(&self) -> &[String] {
        &self.0
    }

    /// As it was asked for.
    pub(crate) fn text(&self) -> String {
        self.0.join("|")
    }
}

/// Whether a segment of a pattern means a name.
pub(crate) fn matches(segment: &str, name: &str) -> bool {
    segment == "*" || segment == name
}
