//! One attribute at a time, as the pipeline asks.

use super::*;
use crate::recorded::{NODEJS, PYTHON, SHOP, attributes};

fn sanitiser() -> Sanitiser {
    Sanitiser::new(MaskList::default(), true)
}

#[track_caller]
fn check(system: &str, key: &str, value: Value<'_>, expected: Option<&str>) {
    let stored =
        sanitiser().attribute(Some(system), key, &value).map(|replacement| match replacement {
            Replacement::Masked => MASKED.to_owned(),
            Replacement::Text(text) => text,
            Replacement::Encoded(bytes) => panic!("{bytes:?}"),
        });
    assert_eq!(stored.as_deref(), expected);
}

#[test]
fn each_attribute_is_read_as_what_it_holds() {
    check("mysql", "db.statement", Value::Str("select 'hunter2'"), Some("select ?"));
    check("redis", "db.query.text", Value::Str("get hunter2"), Some("get ?"));
    check("mongodb", "db.query.text", Value::Str("{\"a\":\"hunter2\"}"), Some("{\"a\":?}"));
    check("elasticsearch", "db.statement", Value::Str("{\"a\":5}"), Some("{\"a\":?}"));
    check("", "url.full", Value::Str("http://a/?b=hunter2"), Some("http://a/?b=?"));
    check("", "http.target", Value::Str("/?b=hunter2"), Some("/?b=?"));
    check("", "url.query", Value::Str("b=hunter2"), Some("b=?"));
    check("", "graphql.source", Value::Str("{ a(b: \"hunter2\") }"), Some("{ a(b: ?) }"));
    check("", "process.command_line", Value::Str("app --key hunter2"), Some("app --key ?"));
    check("", "db.query.parameter.name", Value::Str("hunter2"), Some("?"));
    check("", "db.query.parameter.0", Value::Int(5), Some("?"));
    check("", "db.args.$1", Value::Str("hunter2"), Some("?"));
    check("", "exception.message", Value::Str("bad token=hunter2"), Some("bad token=***"));
    check("", "http.request.header.cookie", Value::Encoded(b"x"), Some("***"));
    check("", "app.password", Value::Int(5), Some("***"));
}

#[test]
fn what_was_taken_out_before_is_not_counted_again() {
    check("mysql", "db.statement", Value::Str("select ?"), None);
    check("", "app.password", Value::Str(MASKED), None);
    check("", "db.query.parameter.0", Value::Str("?"), None);
    check("", "http.status_code", Value::Int(200), None);
}

#[test]
fn what_agents_send_of_themselves_is_kept() {
    let mut changed: Vec<String> = Vec::new();
    for line in [PYTHON, NODEJS, SHOP]
        .into_iter()
        .flat_map(|recording| recording.spans().chain(recording.resources()))
    {
        let attributes = attributes(line);
        let system = attributes.text("db.system").or(attributes.text("db.system.name"));
        for (key, value) in attributes.iter() {
            if let Some(replacement) = sanitiser().attribute(system, key, &value) {
                changed.push(format!(
                    "{key}: {} → {replacement:?}",
                    value.as_str().unwrap_or_default()
                ));
            }
        }
    }
    changed.sort();
    changed.dedup();
    expect_test::expect![[r#"
        db.query.text: get x → Text("get ?")
        db.query.text: incr parcels-sent → Text("incr ?")
        db.query.text: incr z → Text("incr ?")
        db.statement: SELECT id, name, price_cents FROM products ORDER BY id LIMIT 20 → Text("SELECT id, name, price_cents FROM products ORDER BY id LIMIT ?")
        db.statement: UPDATE orders SET state = 'packed' WHERE id = %s → Text("UPDATE orders SET state = ? WHERE id = %s")
        graphql.source:  greet(name: "*") → Text(" greet(name: ?)")
        graphql.source:  greeting(name: "*") → Text(" greeting(name: ?)")
        graphql.source: mutation Greet { greet(name: "*") } → Text("mutation Greet { greet(name: ?) }")
        graphql.source: query Greeting { greeting(name: "*") } → Text("query Greeting { greeting(name: ?) }")
        graphql.source: { greeting(name: "*") } → Text("{ greeting(name: ?) }")
        messaging.url: amqp://guest:***@127.0.0.1:17207 → Text("amqp://127.0.0.1:17207")
        url.query: x=1 → Text("x=?")
    "#]].assert_eq(&(changed.join("\n") + "\n"));
}

#[test]
fn an_application_can_switch_it_off() {
    let off = Sanitiser::new(MaskList::default(), false);
    assert_eq!(off.attribute(None, "password", &Value::Str("x")), None);
    assert_eq!(off.text("password=x"), None);
}

#[test]
fn a_body_is_text_or_a_map() {
    assert_eq!(
        sanitiser().log_body(&Value::Str("password=hunter2")),
        Some(Replacement::Text("password=***".to_owned()))
    );
    assert_eq!(sanitiser().text("all is well"), None);
}
