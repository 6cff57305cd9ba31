//! Templates as people export them.

use serde_json::{Value, json};

use super::*;

fn template(changes: Value) -> Map<String, Value> {
    let mut document = json!({
        "actionPlanType": "httprequest", "name": "hook", "oneRequestPerEvent": false, "eventClampLimit": -1,
        "defaultCustomProperties": [{"name": "team", "value": "shop"}], "method": "POST", "scheme": "HTTPS",
        "host": "hooks.example.com", "port": 8443, "path": "/in/${team}", "query": "s=${latestEvent.severity}",
        "urlCharset": "UTF_8", "authType": "NONE", "authUsername": null, "authPassword": "",
        "headers": [{"id": 0, "version": 0, "name": "X-Api-Key", "value": "planted"}],
        "payloadTemplate": {
            "httpRequestActionMediaType": "application/json", "charset": "UTF_8", "formDataPairs": [],
            "payload": "{\"text\": \"${latestEvent.summaryMessage}\", \"n\": ${latestEvent.id}}"
        },
        "connectTimeoutInMillis": 5000, "socketTimeoutInMillis": 15000, "maxFollowRedirects": 0,
        "responseMatchCriteriaAnyTemplate": [], "responseMatchCriteriaNoneTemplate": [],
    });
    for (name, value) in changes.as_object().unwrap() {
        document[name] = value.clone();
    }
    document.as_object().unwrap().clone()
}

#[track_caller]
fn read_it(changes: Value) -> Read {
    read(template(changes), &Hidden::default()).unwrap()
}

#[test]
fn a_template_becomes_a_request_and_keeps_its_secret_apart() {
    let read = read_it(json!({}));
    let made = http::make(&read.request, &alerting::notice::sample(), &read.secrets).unwrap();
    assert_eq!(made.url.as_str(), "https://hooks.example.com:8443/in/shop?s=ERROR");
    assert_eq!(made.headers["x-api-key"], "planted");
    let body: Value = serde_json::from_str(&made.body).unwrap();
    assert_eq!(body["n"], 0);
    assert!(body["text"].as_str().unwrap().starts_with("Average response time"), "{body}");
    let shown = shown("hook", &Doing::Http(read.request.clone()), read.kept.as_ref());
    assert!(!format!("{shown} {:?}", read.request).contains("planted"));
    let mut as_it_came = template(json!({}));
    as_it_came["headers"][0]["value"] = "".into();
    assert_eq!(shown, Value::Object(as_it_came));
    assert!(read.warnings.is_empty(), "{:?}", read.warnings);
}

#[test]
fn what_is_missing_or_has_no_effect_is_told() {
    let basic = read_it(json!({
        "authType": "BASIC", "authUsername": "u", "headers": [], "oneRequestPerEvent": true,
        "responseMatchCriteriaAnyTemplate": [{"statusCode": 200}],
    }));
    assert_eq!(basic.warnings.len(), 3, "{:?}", basic.warnings);
    assert!(basic.warnings[0].contains("set the secret \"basic\""), "{:?}", basic.warnings);
    let before = Hidden([("basic".to_owned(), "dTpw".to_owned())].into());
    let again = read(template(json!({"authType": "BASIC", "headers": []})), &before).unwrap();
    assert_eq!(again.secrets, before, "an import without the secret keeps it");
    let form = read_it(json!({"payloadTemplate": {
        "httpRequestActionMediaType": "application/x-www-form-urlencoded",
        "formDataPairs": [{"name": "a b", "value": "${policy.name}"}, {"name": "c", "value": "d"}]}}));
    let made = http::make(&form.request, &alerting::notice::sample(), &form.secrets).unwrap();
    assert_eq!(made.body, "a+b=Page%20the%20shop%27s%20team&c=d");
}

#[test]
fn what_cannot_be_sent_is_refused_by_name() {
    for (changes, part) in [
        (json!({"authType": "NTLM"}), "authType is \"NTLM\""),
        (json!({"host": ""}), "host has to be given"),
        (json!({"scheme": "FTP"}), "has to begin with https://"),
        (json!({"method": "BREW"}), "the method is \"BREW\""),
        (json!({"headers": [7]}), "headers has to be a list"),
        (json!({"payloadTemplate": {"payload": "${latestEvent.moon}"}}), "${latestEvent.moon}"),
        (json!({"payloadTemplate": {"payload": "{\"open\": "}}), "said to be JSON"),
        (json!({"vedette": {"kind": "email", "to": ["a@b.example"]}}), "it is no HTTP request"),
        (json!({"vedette": {"kind": "smoke"}}), "vedette cannot be read"),
    ] {
        let error = read(template(changes), &Hidden::default()).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}
