use super::*;

fn rule() -> Rule {
    factory_rules().swap_remove(0)
}

#[track_caller]
fn refused(rule: &Rule, part: &str) {
    let error = rule.check().expect_err("it is not sound").to_string();
    assert!(error.contains(part), "{error}");
}

#[test]
fn what_comes_with_every_application_is_sound_and_has_names_of_its_own() {
    let rules: Vec<Rule> = factory_rules().into_iter().chain(own_rules()).collect();
    for (at, rule) in rules.iter().enumerate() {
        rule.check().unwrap_or_else(|error| panic!("{}: {error}", rule.name));
        assert!(rules[..at].iter().all(|other| other.name != rule.name));
        let json = serde_json::to_string(rule).unwrap();
        assert_eq!(&serde_json::from_str::<Rule>(&json).unwrap(), rule, "{json}");
    }
    let schedules = factory_schedules("UTC");
    assert_eq!(schedules.len(), 6);
    schedules.iter().for_each(|schedule| schedule.check().unwrap());
}

#[test]
fn a_rule_that_is_not_sound_is_refused_with_what_to_change() {
    refused(&Rule { name: " ".to_owned(), ..rule() }, "name has to have 1 to 255 characters");
    refused(&Rule { window_minutes: 361, ..rule() }, "window_minutes is 361");
    refused(&Rule { wait_minutes: 0, ..rule() }, "wait_minutes is 0");
    refused(&Rule { critical: None, warning: None, ..rule() }, "critical or warning");
    let change = |change: fn(&mut Criteria)| {
        let mut rule = rule();
        change(rule.critical.as_mut().unwrap());
        rule
    };
    refused(&change(|one| one.conditions.clear()), "critical: there have to be 1 to 8 conditions");
    refused(&change(|one| one.conditions.extend(one.conditions.clone())), "there are 10");
    refused(
        &change(|one| one.conditions[1].short_name = "A".to_owned()),
        "critical: condition \"A\": the short_name is another condition's",
    );
    refused(
        &change(|one| one.combine = Combine::Custom { expression: "A AND Z".to_owned() }),
        "there is no \"Z\"; there are A, B, C, D, E",
    );
    refused(&change(|one| one.nodes = NodeMatch::AnyNode), "nodes is for rules about tiers");
    refused(
        &change(|one| {
            one.conditions[0].input =
                Input::Metric { function: Function::Value, path: "a||b".to_owned() };
        }),
        "a metric path has 1 to 24 segments",
    );
    let persistent = |violations, of_minutes| {
        let mut rule = rule();
        let condition = &mut rule.critical.as_mut().unwrap().conditions[0];
        condition.persistence = Some(Persistence { violations, of_minutes });
        rule
    };
    persistent(3, 30).check().unwrap();
    refused(&persistent(4, 3), "persistence is 4 of 3 minutes");
    refused(&persistent(3, 31), "persistence is 3 of 31 minutes");
    refused(&Rule { window_minutes: 60, ..persistent(3, 5) }, "this one has 60");
    let scoped = |scope| {
        let mut rule = rule();
        rule.affects.scope = scope;
        rule
    };
    refused(&scoped(Scope::Specific { names: vec![], should_not: false }), "1 to 500 names");
    let regex = |value: &str| Scope::Matching {
        how: NameMatch::Regex,
        value: value.to_owned(),
        should_not: false,
    };
    refused(&scoped(regex("(")), "affects: value is no regular expression");
    refused(&scoped(regex("(a{1000}){1000}")), "value is no regular expression");
}

#[test]
fn a_word_that_is_not_known_is_refused_and_what_has_a_default_may_be_left_out() {
    let mut json = serde_json::to_value(rule()).unwrap();
    json["window"] = 5.into();
    let error = serde_json::from_value::<Rule>(json).unwrap_err().to_string();
    assert!(error.contains("unknown field `window`"), "{error}");
    let short = r#"{"name": "CPU", "enabled": true, "window_minutes": 5, "wait_minutes": 5, "schedule": "Always",
        "affects": {"kind": "NODE_HARDWARE", "scope": {"type": "ALL"}},
        "critical": {"combine": {"type": "ALL"}, "conditions": [{"short_name": "A", "name": "busy",
            "input": {"type": "METRIC", "function": "VALUE", "path": "Hardware Resources|CPU|%Busy"},
            "compare": {"type": "VALUE", "operator": "GREATER", "value": 90}}]}}"#;
    serde_json::from_str::<Rule>(short).unwrap().check().unwrap();
}

#[test]
fn scopes_take_names_as_they_say() {
    let check = |scope: Scope, takes: [&str; 2], leaves: &str| {
        let matcher = scope.matcher().unwrap();
        takes.iter().for_each(|name| assert!(matcher.takes(name, "web"), "{scope:?} {name}"));
        assert!(!matcher.takes(leaves, "jobs"), "{scope:?} {leaves}");
    };
    let matching =
        |how, value: &str, should_not| Scope::Matching { how, value: value.to_owned(), should_not };
    check(matching(NameMatch::StartsWith, "GET /", false), ["GET /a", "GET /b"], "POST /a");
    check(matching(NameMatch::EndsWith, "/a", false), ["GET /a", "POST /a"], "GET /b");
    check(matching(NameMatch::Contains, "cart", true), ["GET /a", "POST /a"], "GET /cart/b");
    check(matching(NameMatch::Equals, "a", true), ["A", "aa"], "a");
    check(matching(NameMatch::Regex, "^(GET|PUT) ", false), ["GET /a", "PUT /a"], "POST GET ");
    check(Scope::WithinTiers { tiers: vec!["web".to_owned()], should_not: false }, ["a", "b"], "a");
    check(Scope::Specific { names: vec!["a".to_owned()], should_not: true }, ["b", "c"], "a");
}

#[test]
fn conditions_come_together_as_written_and_unknown_stays_unknown_unless_the_rest_decides() {
    let logic = |text: &str| Logic::parse(text, &["A", "B", "C"]);
    let (yes, no, unknown) = (Some(true), Some(false), None);
    let check = |text: &str, known: [Option<bool>; 3], expected| {
        assert_eq!(logic(text).unwrap().holds(&known), expected, "{text} {known:?}");
    };
    check("A and B OR C", [yes, yes, no], yes);
    check("A AND (B OR C)", [no, yes, yes], no);
    check("NOT A", [no, no, no], yes);
    check("A AND B", [unknown, no, no], no);
    check("A AND B", [unknown, yes, no], unknown);
    check("A OR B", [unknown, yes, no], yes);
    check("A OR NOT B", [unknown, yes, no], unknown);
    for wrong in ["", "A B", "A AND", "(A", "A)", "D", "A & B", &"(".repeat(30), &"NOT ".repeat(30)]
    {
        assert!(logic(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn metrics_are_reckoned_with_as_written() {
    let check = |text: &str, variables: [Option<f64>; 2], expected: Option<f64>| {
        let formula = Formula::parse(text, &["errors", "calls"]).unwrap();
        assert_eq!(formula.value(&variables), expected, "{text}");
    };
    check("{errors} / {calls} * 100", [Some(1.0), Some(4.0)], Some(25.0));
    check("errors - -calls * (2 + 0.5)", [Some(1.0), Some(4.0)], Some(11.0));
    check("errors / calls", [Some(1.0), Some(0.0)], None);
    check("0 * calls", [Some(1.0), None], None);
    for wrong in ["", "errors calls", "other", "1.2.3", "errors /", "{errors", "errors ^ 2"] {
        assert!(Formula::parse(wrong, &["errors", "calls"]).is_err(), "{wrong}");
    }
    assert!(Formula::parse("a", &["a", "a"]).is_err());
}

fn at(text: &str, zone: &str) -> i64 {
    let local: jiff::civil::DateTime = text.parse().unwrap();
    local.in_tz(zone).unwrap().timestamp().as_millisecond()
}

#[track_caller]
fn on(times: Times, zone: &str, on: &[&str], off: &[&str]) {
    let schedule = Schedule {
        name: "s".to_owned(),
        description: String::new(),
        timezone: zone.to_owned(),
        times,
    };
    schedule.check().unwrap();
    on.iter().for_each(|text| assert!(schedule.is_on(at(text, zone)), "on at {text}"));
    off.iter().for_each(|text| assert!(!schedule.is_on(at(text, zone)), "off at {text}"));
}

#[test]
fn schedules_are_on_when_they_say_in_their_own_zone() {
    let text = str::to_owned;
    let zone = "America/New_York";
    // 2 March 2026 is a Monday.
    let daily = Times::Daily { start_time: text("09:00"), end_time: text("17:30") };
    on(
        daily,
        zone,
        &["2026-03-02T09:00", "2026-03-07T17:29"],
        &["2026-03-02T17:30", "2026-03-02T08:59"],
    );
    let nights = factory_schedules("UTC").pop().unwrap().times;
    on(
        nights,
        zone,
        &["2026-03-02T18:00", "2026-03-03T05:59", "2026-03-07T05:00"],
        &["2026-03-02T05:00", "2026-03-07T18:00", "2026-03-03T06:00"],
    );
    let once = Times::OneTime {
        start_date: text("2026-12-24"),
        start_time: text("18:00"),
        end_date: text("12/26/2026"),
        end_time: text("06:00"),
    };
    on(
        once,
        zone,
        &["2026-12-24T18:00", "2026-12-26T05:59"],
        &["2026-12-24T17:59", "2026-12-26T06:00"],
    );
    let month_end = Times::MonthlyDate {
        start_day: 31,
        start_time: text("20:00"),
        end_day: 2,
        end_time: text("06:00"),
    };
    on(
        month_end,
        zone,
        &["2026-02-28T20:00", "2026-03-02T05:59", "2026-03-31T23:00"],
        &["2026-02-28T19:59", "2026-03-02T06:00", "2026-03-30T23:00"],
    );
    let last_friday = Times::MonthlyDay {
        which: WhichDay::Last,
        day: Weekday::Friday,
        start_time: text("00:00"),
        end_time: text("24:00"),
    };
    on(
        last_friday,
        zone,
        &["2026-03-27T00:00", "2026-03-27T23:59"],
        &["2026-03-20T12:00", "2026-03-28T00:00"],
    );
    let cron =
        Times::Custom { start_cron: text("0 0 9 ? * 2-6"), end_cron: text("0 0 17 ? * MON-FRI") };
    on(
        cron,
        zone,
        &["2026-03-02T09:00", "2026-03-06T16:59"],
        &["2026-03-02T08:59", "2026-03-06T17:00", "2026-03-08T12:00"],
    );
    let cron = Times::Custom { start_cron: text("0 30 22 L-3 * ?"), end_cron: text("0 0 6 * * ?") };
    let unsound =
        Schedule { name: text("s"), description: text(""), timezone: text("UTC"), times: cron };
    assert!(unsound.check().unwrap_err().to_string().contains("day of month is \"L-3\""));
}

#[test]
fn a_change_of_daylight_saving_skips_or_repeats_an_hour_of_a_schedule() {
    let schedule = Schedule {
        name: "s".to_owned(),
        description: String::new(),
        timezone: "Europe/Berlin".to_owned(),
        times: Times::Daily { start_time: "02:00".to_owned(), end_time: "03:00".to_owned() },
    };
    let minutes_on = |from: &str, to: &str| {
        let (from, to) = (at(from, "UTC"), at(to, "UTC"));
        (from..to).step_by(60_000).filter(|ms| schedule.is_on(*ms)).count()
    };
    assert_eq!(minutes_on("2026-03-28T12:00", "2026-03-29T12:00"), 0);
    assert_eq!(minutes_on("2026-10-24T12:00", "2026-10-25T12:00"), 120);
    assert_eq!(minutes_on("2026-11-24T12:00", "2026-11-25T12:00"), 60);
    // Eleven in New York is four in the afternoon in UTC, in summer three.
    let lunch = Schedule {
        timezone: "America/New_York".to_owned(),
        times: Times::Daily { start_time: "11:00".to_owned(), end_time: "12:00".to_owned() },
        ..schedule.clone()
    };
    assert!(
        lunch.is_on(at("2026-01-15T16:30", "UTC")) && lunch.is_on(at("2026-07-15T15:30", "UTC"))
    );
    assert!(Schedule { timezone: "Mars/Olympus".to_owned(), ..schedule }.check().is_err());
}
