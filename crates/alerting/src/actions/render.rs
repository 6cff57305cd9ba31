//! Filling templates with a notice. Templates are minijinja's (as Jinja2's), bounded in work and in what they give.

use jiff::Timestamp;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

use super::Hidden;
use crate::notice::{Entry, Measure, Notice, NoticeKind, Severity};

/// Steps that one template may take.
const FUEL: u64 = 200_000;
/// Bytes that one template may give.
const MAX_RENDERED: usize = 256 << 10;

/// Why a template gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("the template of the {what} is wrong: {error}")]
    Wrong { what: &'static str, error: String },
    #[error("the template of the {what} gives more than {MAX_RENDERED} bytes")]
    TooLong { what: &'static str },
}

/// What templates see.
#[derive(Debug)]
pub struct Rendering {
    environment: Environment<'static>,
    context: Value,
}

const EMAIL_HTML: &str = include_str!("templates/email.html");
const EMAIL_TEXT: &str = include_str!("templates/email.txt");

impl Rendering {
    /// Of one notice and the secrets of one action.
    pub fn of(notice: &Notice, secrets: &Hidden) -> Rendering {
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_auto_escape_callback(|name| match name {
            "html" => AutoEscape::Html,
            _ => AutoEscape::None,
        });
        environment.add_filter("time", moment);
        environment.add_filter("iso", iso);
        environment.add_filter("ago", lasted);
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        let context = context! {
            notice => Value::from_serialize(notice),
            title => notice.title,
            kind => Value::from_serialize(notice.kind),
            severity => Value::from_serialize(notice.severity),
            policy => notice.policy.name,
            application => notice.application.as_ref().map(|one| one.name.clone()).unwrap_or_default(),
            cause => notice.cause.name,
            key => notice.key,
            link => notice.link,
            since => notice.since_ms,
            at => notice.at_ms,
            over => notice.over,
            recovery => notice.kind == NoticeKind::Recovery,
            ended => ended(notice),
            entries => Value::from_serialize(&notice.entries),
            more => notice.more,
            text => text(notice),
            colour => colour(notice),
            word => word(notice),
            secrets => Value::from_serialize(&secrets.0),
        };
        Rendering { environment, context }
    }

    /// Fills a template.
    ///
    /// # Errors
    /// When it is no template, names what there is not, or asks for too much.
    pub fn fill(&self, what: &'static str, template: &str) -> Result<String, RenderError> {
        self.fill_as(what, what, template)
    }

    fn fill_as(
        &self,
        what: &'static str,
        name: &'static str,
        template: &str,
    ) -> Result<String, RenderError> {
        let wrong = |error: minijinja::Error| RenderError::Wrong { what, error: sentence(&error) };
        let filled = self
            .environment
            .template_from_named_str(name, template)
            .and_then(|template| template.render(&self.context))
            .map_err(wrong)?;
        if filled.len() > MAX_RENDERED {
            return Err(RenderError::TooLong { what });
        }
        Ok(filled)
    }

    /// The email as HTML.
    ///
    /// # Errors
    /// As [`Rendering::fill`].
    pub fn email_html(&self) -> Result<String, RenderError> {
        self.fill_as("email", "html", EMAIL_HTML)
    }

    /// The email as plain text.
    ///
    /// # Errors
    /// As [`Rendering::fill`].
    pub fn email_text(&self) -> Result<String, RenderError> {
        self.fill("email", EMAIL_TEXT)
    }
}

fn sentence(error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!(" in line {line}")).unwrap_or_default();
    format!("{error}{line}").replace(" (in body:1)", "")
}

/// `28 Nov 2026 03:12 UTC`.
pub fn moment(ms: i64) -> String {
    formatted(ms, "%-d %b %Y %H:%M UTC")
}

/// `2026-11-28T03:12:04Z`.
fn iso(ms: i64) -> String {
    formatted(ms, "%Y-%m-%dT%H:%M:%SZ")
}

fn formatted(ms: i64, format: &str) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime(format).to_string()
}

/// How long something lasted: `3 h 12 min`.
fn lasted(from_ms: i64, to_ms: i64) -> String {
    let minutes = (to_ms - from_ms).max(0) / 60_000;
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => "less than a minute".to_owned(),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// When the last of what ended did; of what goes on, when it is told.
fn ended(notice: &Notice) -> i64 {
    notice.entries.iter().filter_map(|entry| entry.ended_ms).max().unwrap_or(notice.at_ms)
}

fn colour(notice: &Notice) -> &'static str {
    match (notice.kind, notice.severity) {
        (NoticeKind::Recovery, _) => "#1b7f4b",
        (NoticeKind::Test | NoticeKind::Digest, _) => "#2f5fd0",
        (_, Severity::Critical) => "#c2255c",
        (_, Severity::Warning) => "#b35c00",
        (_, Severity::Info) => "#2f5fd0",
    }
}

fn word(notice: &Notice) -> &'static str {
    match (notice.kind, notice.severity) {
        (NoticeKind::Recovery, _) => crate::desk::ending(notice).0,
        (NoticeKind::Test, _) => "Test",
        (NoticeKind::Digest, _) => "Digest",
        (_, Severity::Critical) => "Critical",
        (_, Severity::Warning) => "Warning",
        (_, Severity::Info) => "Information",
    }
}

/// The notice in plain lines, for chats and tickets.
fn text(notice: &Notice) -> String {
    let mut lines: Vec<String> = notice.entries.iter().take(15).map(line).collect();
    let rest = notice.count() - lines.len();
    if rest > 0 {
        lines.push(format!("and {rest} more"));
    }
    lines.join("\n")
}

fn line(entry: &Entry) -> String {
    let entity = entry.entity.as_ref();
    let who = entity.map(|one| format!("{} ({})", one.called(), one.kind));
    let measures: Vec<String> = entry.measures.iter().map(measured).collect();
    let what = if measures.is_empty() { entry.summary.clone() } else { measures.join("; ") };
    let when = match entry.ended_ms {
        Some(ended) => {
            let why =
                entry.unjudged_because.as_ref().map(|why| format!(", not judged since: {why}"));
            let after = lasted(entry.since_ms, ended);
            format!("ended {}, after {after}{}", moment(ended), why.unwrap_or_default())
        }
        None => format!("since {}", moment(entry.since_ms)),
    };
    match who {
        Some(who) => format!("{who}: {what}, {when}"),
        None => format!("{what}, {when}"),
    }
}

fn measured(one: &Measure) -> String {
    let expected = match &*one.expected {
        "" => String::new(),
        expected => format!(" (expected {expected})"),
    };
    format!("{} {}{expected}", one.name, one.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::sample;

    fn rendering() -> Rendering {
        let secrets = Hidden([("token".to_owned(), "s3cret".to_owned())].into());
        Rendering::of(&sample(), &secrets)
    }

    #[test]
    fn a_template_sees_the_notice_and_the_secrets() {
        let filled = rendering()
            .fill("body", "{{ cause }} {{ since|time }} {{ secrets.token }} {{ title|tojson }}")
            .unwrap();
        assert!(
            filled.starts_with("Checkout is slow 14 Nov 2023 22:13 UTC s3cret \"Critical"),
            "{filled}"
        );
    }

    #[test]
    fn a_recovery_says_once_how_long_it_was() {
        let mut notice = sample();
        notice.kind = NoticeKind::Recovery;
        notice.entries[0].ended_ms = Some(notice.since_ms + 60_000);
        // It is told later than it ended.
        notice.at_ms = notice.since_ms + 120_000;
        let rendering = Rendering::of(&notice, &Hidden::default());
        let text = rendering.email_text().unwrap();
        assert!(text.contains("Ended after 1 min, since") && text.contains("(1 min)"), "{text}");
        assert!(!text.contains("2 min"), "{text}");
        assert!(rendering.email_html().unwrap().contains("ended after 1 min"));
    }

    #[test]
    fn a_node_is_told_with_its_tier() {
        let mut notice = sample();
        let entity = notice.entries[0].entity.as_mut().unwrap();
        (entity.kind, entity.name, entity.tier) =
            ("node".to_owned(), "vm-1".to_owned(), Some("catalog".to_owned()));
        let rendering = Rendering::of(&notice, &Hidden::default());
        for told in [
            rendering.email_text().unwrap(),
            rendering.email_html().unwrap(),
            rendering.fill("body", "{{ text }}").unwrap(),
            rendering.fill("body", "{% for one in entries %}{{ one.entity.name }} of {{ one.entity.tier }}{% endfor %}").unwrap(),
        ] {
            assert!(told.contains("vm-1 of catalog"), "{told}");
        }
    }

    #[test]
    fn a_wrong_template_says_where() {
        for (template, says) in [
            ("{{ nothing.there }}", "undefined"),
            ("one\n{% if %}", "line 2"),
            (
                "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
                "fuel",
            ),
            ("{% include 'x' %}", "x"),
        ] {
            let error = rendering().fill("body", template).unwrap_err().to_string();
            assert!(error.contains(says), "{template}: {error}");
        }
    }

    #[test]
    fn an_email_has_link_value_expectation_and_since_and_escapes_names() {
        let mut notice = sample();
        notice.entries[0].summary = "<script>alert(1)</script>".to_owned();
        notice.entries[0].entity.as_mut().unwrap().name = "<b>cart</b>".to_owned();
        let rendering = Rendering::of(&notice, &Hidden::default());
        for (what, email) in
            [("html", rendering.email_html().unwrap()), ("text", rendering.email_text().unwrap())]
        {
            for part in ["812 ms", "120 ms", "14 Nov 2023 22:13 UTC", "Checkout is slow", "shop"] {
                assert!(email.contains(part), "{what} has no {part}: {email}");
            }
        }
        let html = rendering.email_html().unwrap();
        assert!(!html.contains("<script>") && !html.contains("<b>cart"), "{html}");
        assert!(rendering.email_text().unwrap().contains(&notice.link));
    }
}
