//! What counts as failed. A business transaction fails by its entry span only; a failed exit call counts on its edge.

use crate::conventions::{Facts, SpanView};
use crate::span::StatusCode;

/// Whether a call failed for its user: status ERROR, or HTTP 500 and above.
pub fn entry_failed(facts: &Facts<'_>, span: &SpanView<'_, '_>) -> bool {
    span.status == StatusCode::Error || facts.http_status.is_some_and(|status| status >= 500)
}

/// Whether a call out failed: status ERROR, or HTTP 400 and above, which a caller did not ask for.
pub fn exit_failed(facts: &Facts<'_>, span: &SpanView<'_, '_>) -> bool {
    span.status == StatusCode::Error || http_error(facts)
}

/// Whether HTTP answered with 400 or above.
pub fn http_error(facts: &Facts<'_>) -> bool {
    facts.http_status.is_some_and(|status| status >= 400)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conventions::facts;
    use crate::recorded::{NODEJS, PYTHON, span};

    #[track_caller]
    fn check(line: &str, entry: bool, http: bool) {
        let span = span(line);
        let view = span.view();
        let facts = facts(&view);
        assert_eq!((entry_failed(&facts, &view), http_error(&facts)), (entry, http));
    }

    #[test]
    fn an_answer_of_500_fails_and_404_does_not() {
        check(PYTHON.line("shop SRV 'GET /boom'"), true, true);
        check(NODEJS.line("nodeweb SRV 'GET /err'"), true, true);
        check(PYTHON.line("shop SRV 'GET /nope/12'"), false, true);
        check(PYTHON.line("shop SRV 'GET /order/<int:i>'"), false, false);
    }

    #[test]
    fn a_call_out_answered_by_404_failed_for_its_caller() {
        let line =
            PYTHON.line("cron CLI 'GET' scope=requests").replace("_code\": 200", "_code\": 404");
        let span = span(&line);
        assert!(exit_failed(&facts(&span.view()), &span.view()));
    }
}
