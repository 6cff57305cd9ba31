//! Ready HTTP requests for what people use. Each is a starting point: whoever takes one can change all of it.

use super::Http;

/// A ready request.
#[derive(Clone, Debug)]
pub struct Preset {
    pub id: &'static str,
    pub name: &'static str,
    /// What the receiver has to be asked for, one sentence.
    pub help: &'static str,
    /// Names of the secrets it needs, with what they are.
    pub secrets: &'static [(&'static str, &'static str)],
    pub request: fn() -> Http,
}

/// All of them.
pub const PRESETS: &[Preset] = &[
    Preset {
        id: "webhook",
        name: "Web hook",
        help: "Any receiver of JSON.",
        secrets: &[],
        request: || post("webhook", "https://", &[], WEBHOOK),
    },
    Preset {
        id: "slack",
        name: "Slack",
        help: "Make an incoming webhook in Slack and copy its URL.",
        secrets: &[("webhook_url", "URL of the incoming webhook")],
        request: || post("slack", "{{ secrets.webhook_url }}", &[], SLACK),
    },
    Preset {
        id: "teams",
        name: "Microsoft Teams",
        help: "Make a workflow \"Post to a channel when a webhook request is received\" and copy its URL.",
        secrets: &[("webhook_url", "URL of the workflow")],
        request: || post("teams", "{{ secrets.webhook_url }}", &[], TEAMS),
    },
    Preset {
        id: "pagerduty",
        name: "PagerDuty",
        help: "Add an Events API v2 integration to a service and copy its integration key.",
        secrets: &[("routing_key", "Integration key")],
        request: || post("pagerduty", "https://events.pagerduty.com/v2/enqueue", &[], PAGER_DUTY),
    },
    Preset {
        id: "opsgenie",
        name: "Opsgenie",
        help: "Add an API integration and copy its key. In the EU the host is api.eu.opsgenie.com.",
        secrets: &[("api_key", "API key")],
        request: || {
            let authorization = [("Authorization", "GenieKey {{ secrets.api_key }}")];
            post("opsgenie", OPSGENIE_URL, &authorization, OPSGENIE)
        },
    },
    Preset {
        id: "servicenow",
        name: "ServiceNow",
        help: "Needs a user who may write to the incident table; put your instance into the URL.",
        secrets: &[("basic", "user:password, encoded in base64")],
        request: || {
            let url = "https://INSTANCE.service-now.com/api/now/table/incident";
            let authorization = [("Authorization", "Basic {{ secrets.basic }}")];
            post("servicenow", url, &authorization, SERVICE_NOW)
        },
    },
    Preset {
        id: "jira",
        name: "Jira",
        help: "Needs an API token; put your site into the URL and your project's key into the body.",
        secrets: &[("basic", "email:token, encoded in base64")],
        request: || {
            let url = "https://SITE.atlassian.net/rest/api/2/issue";
            let authorization = [("Authorization", "Basic {{ secrets.basic }}")];
            post("jira", url, &authorization, JIRA)
        },
    },
];

fn post(preset: &str, url: &str, more: &[(&str, &str)], body: &str) -> Http {
    let headers = [("Content-Type", "application/json")];
    Http {
        preset: preset.to_owned(),
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: headers
            .iter()
            .chain(more)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.to_owned(),
    }
}

const OPSGENIE_URL: &str = "https://api.opsgenie.com/v2/alerts\
    {% if recovery and over %}/{{ key|urlencode }}/close?identifierType=alias{% endif %}";

const WEBHOOK: &str = r#"{{ notice|tojson }}"#;

const SLACK: &str = r#"{
  "text": {{ title|tojson }},
  "attachments": [{
    "color": {{ colour|tojson }},
    "title": {{ title|tojson }},
    "title_link": {{ link|tojson }},
    "text": {{ text|tojson }},
    "footer": {{ ("Policy " ~ policy if policy else "A test")|tojson }},
    "ts": {{ at // 1000 }}
  }]
}"#;

const TEAMS: &str = r#"{
  "type": "message",
  "attachments": [{
    "contentType": "application/vnd.microsoft.card.adaptive",
    "content": {
      "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
      "type": "AdaptiveCard",
      "version": "1.4",
      "body": [
        {"type": "TextBlock", "size": "Medium", "weight": "Bolder", "wrap": true, "text": {{ title|tojson }}},
        {"type": "TextBlock", "wrap": true, "text": {{ text|tojson }}},
        {"type": "TextBlock", "isSubtle": true, "wrap": true, "text": {{ ("Policy " ~ policy if policy else "A test")|tojson }}}
      ],
      "actions": [{"type": "Action.OpenUrl", "title": "Open in Vedette", "url": {{ link|tojson }}}]
    }
  }]
}"#;

const PAGER_DUTY: &str = r#"{
  "routing_key": {{ secrets.routing_key|tojson }},
  "event_action": "{{ "resolve" if recovery and over else "trigger" }}",
  "dedup_key": {{ key|tojson }},
  "client": "Vedette",
  "client_url": {{ link|tojson }},
  "links": [{"href": {{ link|tojson }}, "text": "Open in Vedette"}],
  "payload": {
    "summary": {{ title|tojson }},
    "source": {{ (application or "Vedette")|tojson }},
    "severity": "{{ severity }}",
    "timestamp": "{{ since|iso }}",
    "component": {{ cause|tojson }},
    "custom_details": {"details": {{ text|tojson }}, "policy": {{ policy|tojson }}}
  }
}"#;

const OPSGENIE: &str = r#"{
{% if recovery and over %}
  "source": "Vedette",
  "note": {{ text|tojson }}
{% else %}
  "message": {{ title[:130]|tojson }},
  "alias": {{ key|tojson }},
  "description": {{ (text ~ "\n" ~ link)|tojson }},
  "source": "Vedette",
  "entity": {{ application|tojson }},
  "priority": "{{ "P1" if severity == "critical" else "P3" }}",
  "details": {"policy": {{ policy|tojson }}, "link": {{ link|tojson }}}
{% endif %}
}"#;

const SERVICE_NOW: &str = r#"{
  "short_description": {{ title[:160]|tojson }},
  "description": {{ (text ~ "\n" ~ link)|tojson }},
  "correlation_id": {{ key|tojson }},
  "correlation_display": "Vedette",
  "urgency": "{{ "1" if severity == "critical" else "2" }}",
  "impact": "{{ "1" if severity == "critical" else "2" }}"
}"#;

const JIRA: &str = r#"{
  "fields": {
    "project": {"key": "OPS"},
    "issuetype": {"name": "Task"},
    "summary": {{ title[:250]|tojson }},
    "description": {{ (text ~ "\n\n" ~ link)|tojson }},
    "labels": ["vedette"]
  }
}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        actions::{Hidden, http},
        notice::{NoticeKind, sample},
    };

    #[test]
    fn every_ready_request_is_sound_for_every_kind_of_notice() {
        let hostile = "a \"b\" \\ \n</script>{{ c }} ü";
        for preset in PRESETS {
            let secret = |(name, _): &(&str, &str)| {
                let value = if *name == "webhook_url" { "https://x.example/h" } else { "se\"cret" };
                ((*name).to_owned(), value.to_owned())
            };
            let secrets = Hidden(preset.secrets.iter().map(secret).collect());
            for kind in [NoticeKind::Alarm, NoticeKind::Recovery, NoticeKind::Digest] {
                let mut notice = sample();
                notice.kind = kind;
                notice.over = true;
                hostile.clone_into(&mut notice.title);
                hostile.clone_into(&mut notice.entries[0].summary);
                let request = (preset.request)();
                let request = Http { url: request.url.replace("https://", "https://x"), ..request };
                let made = http::make(&request, &notice, &secrets)
                    .unwrap_or_else(|error| panic!("{} {kind:?}: {error}", preset.id));
                let body: serde_json::Value = serde_json::from_str(&made.body).unwrap();
                let said = body.to_string();
                assert!(said.len() > 20, "{} {said}", preset.id);
            }
        }
    }

    #[test]
    fn receivers_that_join_notices_are_told_the_end() {
        let key = Hidden([("routing_key".to_owned(), "k".to_owned())].into());
        let mut notice = sample();
        let of = |notice: &crate::notice::Notice| {
            let request = PRESETS.iter().find(|one| one.id == "pagerduty").unwrap().request;
            let made = http::make(&request(), notice, &key).unwrap();
            serde_json::from_str::<serde_json::Value>(&made.body).unwrap()
        };
        let begun = of(&notice);
        notice.kind = NoticeKind::Recovery;
        let partly = of(&notice);
        notice.over = true;
        let ended = of(&notice);
        assert_eq!(begun["event_action"], "trigger");
        assert_eq!(partly["event_action"], "trigger", "others go on");
        assert_eq!(ended["event_action"], "resolve");
        assert_eq!(begun["dedup_key"], ended["dedup_key"]);
    }
}
