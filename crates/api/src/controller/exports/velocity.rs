//! Templates of the reference's requests (Velocity) in the words of Vedette's templates.
//!
//! Read are references (`${latestEvent.severity}`) and loops over events; other directives and references that there is no
//! counterpart of are refused by name, since a request without them would say something else.

use serde_json::{Map, Value};

use crate::error::ApiError;

/// Where a text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Into texts of JSON: what is filled in must not end them.
    Json,
    /// Into a URL.
    Url,
    /// Anywhere else.
    Plain,
}

/// What is known of an event, by `latestEvent.…` or by a loop's variable: an expression in `{}` for the event.
const OF_EVENT: [(&str, &str); 20] = [
    ("id", "{}.event_id"),
    ("guid", "{}.event_id"),
    ("eventType", "{}.event_type"),
    ("eventTypeKey", "{}.event_type"),
    ("displayName", "{}.event_type"),
    ("severity", "({'info': 'INFO', 'warning': 'WARN', 'critical': 'ERROR'})[{}.severity]"),
    ("eventTime", "at|iso"),
    ("eventMessage", "{}.summary"),
    ("summaryMessage", "{}.summary"),
    ("deepLink", "{}.link"),
    ("application.name", "application"),
    ("healthRule.name", "cause"),
    ("healthRuleEvent", "notice.kind != 'event'"),
    ("incident.name", "cause"),
    ("triggeredEntity.name", "cause"),
    ("affectedEntityName", "({}.entity.name if {}.entity else '')"),
    ("affectedEntityType", "({}.entity.kind if {}.entity else '')"),
    ("tier.name", "({}.entity.name if {}.entity and {}.entity.kind == 'tier' else '')"),
    ("node.name", "({}.entity.name if {}.entity and {}.entity.kind == 'node' else '')"),
    (
        "bt.name",
        "({}.entity.name if {}.entity and {}.entity.kind == 'business transaction' else '')",
    ),
];

/// What is known besides.
const KNOWN: [(&str, &str); 7] = [
    ("policy.name", "policy"),
    ("action.triggerTime", "at|iso"),
    ("action.triggerTimeMillis", "at"),
    ("topSeverity", "({'info': 'INFO', 'warning': 'WARN', 'critical': 'ERROR'})[severity]"),
    ("application.name", "application"),
    ("latestEvent", "title"),
    ("notes", "''"),
];

/// The last of the entries is the newest.
const LATEST: &str = "(entries|last)";

/// What a template is in Vedette's words. `own` are the template's own properties, which are filled in here.
///
/// # Errors
/// The first reference or directive that there is no counterpart of.
pub(super) fn translated(
    text: &str,
    place: Place,
    own: &Map<String, Value>,
) -> Result<String, ApiError> {
    let mut reader = Reader { rest: text, out: String::new(), loops: Vec::new(), place, own };
    reader.read()?;
    match reader.loops.is_empty() {
        true => Ok(reader.out),
        false => Err(ApiError::bad("a #foreach of the template has no #end")),
    }
}

struct Reader<'a> {
    rest: &'a str,
    out: String,
    /// Variables of the loops that are open.
    loops: Vec<String>,
    place: Place,
    own: &'a Map<String, Value>,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), ApiError> {
        while let Some(first) = self.rest.chars().next() {
            match first {
                '$' if self.reference()? => {}
                '#' if self.directive()? => {}
                // What would begin an expression of ours is a text.
                '{' if self.rest[1..].starts_with(['{', '%', '#', '$']) => {
                    self.literal("{{ '{' }}")
                }
                _ => {
                    self.out.push(first);
                    self.rest = &self.rest[first.len_utf8()..];
                }
            }
        }
        Ok(())
    }

    fn literal(&mut self, text: &str) {
        self.out.push_str(text);
        self.rest = &self.rest[1..];
    }

    /// Whether a reference stood there; `$5` is none.
    fn reference(&mut self) -> Result<bool, ApiError> {
        let Some((name, rest)) = named(self.rest) else { return Ok(false) };
        let expression = self.expression(name)?;
        let filled = match self.place {
            Place::Json => format!("{{{{ (({expression})|string|tojson)[1:-1] }}}}"),
            Place::Url => format!("{{{{ ({expression})|string|urlencode }}}}"),
            Place::Plain => format!("{{{{ {expression} }}}}"),
        };
        self.out.push_str(&filled);
        self.rest = rest;
        Ok(true)
    }

    fn expression(&self, name: &str) -> Result<String, ApiError> {
        if let Some(own) = self.own.get(name).and_then(Value::as_str) {
            return Ok(serde_json::to_string(own).expect("a text is JSON"));
        }
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        let event = match self.loops.iter().any(|one| one == first) {
            true => Some(format!("each_{first}")),
            false => (first == "latestEvent").then(|| LATEST.to_owned()),
        };
        let of_event = event.and_then(|event| {
            let found = OF_EVENT.iter().find(|(known, _)| *known == rest);
            found.map(|(_, expression)| expression.replace("{}", &event))
        });
        let known = KNOWN.iter().find(|(known, _)| *known == name);
        of_event.or_else(|| known.map(|(_, expression)| (*expression).to_owned())).ok_or_else(
            || {
                ApiError::bad(format!(
                    "the template names ${{{name}}}, which notices of Vedette do not have"
                ))
            },
        )
    }

    /// Whether a directive stood there; a `#` alone is none.
    fn directive(&mut self) -> Result<bool, ApiError> {
        if let Some(comment) = self.rest.strip_prefix("##") {
            self.rest = comment.find('\n').map_or("", |end| &comment[end..]);
            return Ok(true);
        }
        let word = self.rest[1..].trim_start_matches('{');
        let end = word.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(word.len());
        match &word[..end] {
            "foreach" => self.foreach(&word[end..])?,
            "end" => {
                if self.loops.pop().is_none() {
                    return Err(ApiError::bad("the template has an #end without a #foreach"));
                }
                self.out.push_str("{% endfor %}");
                self.rest = word[end..].trim_start_matches('}');
            }
            known @ ("if" | "else" | "elseif" | "set" | "macro" | "include" | "parse"
            | "evaluate" | "define" | "break" | "stop") => {
                return Err(ApiError::bad(format!(
                    "the template has the directive #{known}, which is not translated: write it on the action's page"
                )));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `(${event} in ${fullEventList})`.
    fn foreach(&mut self, rest: &str) -> Result<(), ApiError> {
        let wrong = || {
            ApiError::bad(
                "a #foreach of the template has to be #foreach(${event} in ${fullEventList})",
            )
        };
        let inside = rest.trim_start_matches('}').trim_start().strip_prefix('(');
        let inside = inside.ok_or_else(wrong)?.trim_start();
        let (variable, rest) = named(inside).ok_or_else(wrong)?;
        let rest = rest.trim_start().strip_prefix("in").ok_or_else(wrong)?.trim_start();
        let (list, rest) = named(rest).ok_or_else(wrong)?;
        let rest = rest.trim_start().strip_prefix(')').ok_or_else(wrong)?;
        let is_name = variable.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name || !matches!(list, "fullEventList" | "eventList") || self.loops.len() > 4 {
            return Err(wrong());
        }
        self.out.push_str(&format!("{{% for each_{variable} in entries %}}"));
        self.loops.push(variable.to_owned());
        // Into the text behind it, which is of the same template.
        let at = self.rest.len() - rest.len();
        self.rest = &self.rest[at..];
        Ok(())
    }
}

/// The name in a reference at the beginning of a text (`${a.b}`, `$!{a.b}`, `$a.b`), and what follows it.
fn named(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('$')?;
    let text = text.strip_prefix('!').unwrap_or(text);
    if let Some(braced) = text.strip_prefix('{') {
        let (name, rest) = braced.split_once('}')?;
        return Some((name.trim(), rest));
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    // A sentence may end behind it.
    let name = text[..end].trim_end_matches('.');
    name.starts_with(|c: char| c.is_ascii_alphabetic()).then(|| (name, &text[name.len()..]))
}

#[cfg(test)]
mod tests {
    use alerting::{
        actions::{Hidden, render::Rendering},
        notice::sample,
    };
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn filled(template: &str, place: Place) -> String {
        let own = json!({"team": "shop's \"best\""});
        let translated = translated(template, place, own.as_object().unwrap()).unwrap();
        let rendering = Rendering::of(&sample(), &Hidden::default());
        rendering.fill("body", &translated).unwrap_or_else(|error| panic!("{error}: {translated}"))
    }

    #[test]
    fn every_reference_that_is_known_gives_something_that_is_still_json() {
        let of_event = OF_EVENT.iter().map(|(name, _)| format!("latestEvent.{name}"));
        let known = KNOWN.iter().map(|(name, _)| (*name).to_owned());
        for name in of_event.chain(known).chain(["team".to_owned()]) {
            let json = filled(&format!("{{\"x\": \"${{{name}}}\"}}"), Place::Json);
            serde_json::from_str::<Value>(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
        }
        assert_eq!(filled("a $latestEvent.severity. b", Place::Plain), "a ERROR. b");
        assert_eq!(filled("?q=$!{latestEvent.bt.name}", Place::Url), "?q=POST%20/checkout");
        assert_eq!(filled("{\"t\":\"${team}\"}", Place::Json), r#"{"t":"shop\u0027s \"best\""}"#);
    }

    #[test]
    fn loops_over_events_are_loops_over_entries_and_other_signs_stay() {
        let template = "[#foreach(${event} in ${fullEventList})\"${event.eventMessage} $5 #1 {{x}} {% y\"#end]## gone\n";
        let text = filled(template, Place::Plain);
        assert!(text.starts_with("[\"Average response time is 812 ms"), "{text}");
        assert!(text.ends_with("$5 #1 {{x}} {% y\"]"), "{text}");
    }

    #[test]
    fn what_there_is_no_counterpart_of_is_named() {
        for (template, part) in [
            ("${latestEvent.moon}", "${latestEvent.moon}"),
            ("#if(${policy.name} == 'x')", "#if"),
            ("#end", "#end without"),
            ("#foreach($e in $fullEventList)", "no #end"),
            ("#foreach($e in [1..3])#end", "has to be #foreach"),
        ] {
            let error = translated(template, Place::Plain, &Map::new()).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
