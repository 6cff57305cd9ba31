//! Rules there and back, exports of the reference, and documents that are none.

use model::rule::{
    AffectedKind, Affects, Combine, Compare, Condition, Criteria, CustomEntity, Function, Input,
    NameMatch, NoData, NodeMatch, NodeRuntime, Operator, Persistence, Scope, Variable,
    factory_rules, own_rules,
};

use super::*;

fn no_tiers(_: &str) -> Vec<String> {
    Vec::new()
}

fn exported(rules: &[Rule]) -> String {
    let elements = rules.iter().map(|rule| written(rule, &no_tiers)).collect();
    Element::of("health-rules", elements).with("controller-version", "000-001-000-000").document()
}

#[track_caller]
fn imported(text: &str) -> Vec<Rule> {
    let (rules, unsupported) =
        read_document(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert!(unsupported.is_empty(), "{unsupported:?}");
    rules
}

fn rule(affects: Affects, condition: Condition) -> Rule {
    Rule {
        name: "a <rule> & \"more\"".to_owned(),
        enabled: true,
        window_minutes: 30,
        wait_minutes: 5,
        schedule: "Weekdays".to_owned(),
        affects,
        critical: Some(Criteria {
            conditions: vec![condition],
            combine: Combine::All,
            nodes: NodeMatch::Average,
        }),
        warning: None,
    }
}

fn over_90() -> Condition {
    Condition {
        short_name: "A".to_owned(),
        name: "busy".to_owned(),
        input: Input::Metric {
            function: Function::Value,
            path: "Hardware Resources|CPU|%Busy".to_owned(),
        },
        compare: Compare::Value { operator: Operator::GreaterOrEqual, value: 90.5 },
        no_data: NoData::True,
        persistence: Some(Persistence { violations: 3, of_minutes: 30 }),
    }
}

/// It comes back; and from its elements alone, unless `besides`.
#[track_caller]
fn there_and_back(rule: &Rule, besides: bool) {
    rule.check().unwrap();
    let text = exported(std::slice::from_ref(rule));
    assert_eq!(imported(&text), std::slice::from_ref(rule), "{text}");
    assert_eq!(text.contains("<vedette-rule>"), besides, "{text}");
}

#[test]
fn every_rule_comes_back_whatever_it_is_about() {
    let tiers = || vec!["web".to_owned(), "stock".to_owned()];
    let specific = |should_not| Scope::Specific { names: tiers(), should_not };
    let within = |should_not| Scope::WithinTiers { tiers: tiers(), should_not };
    let matching =
        Scope::Matching { how: NameMatch::Regex, value: "^GET".to_owned(), should_not: true };
    use AffectedKind::*;
    for (kind, scopes) in [
        (OverallApplication, vec![Scope::All]),
        (
            BusinessTransactions,
            vec![Scope::All, specific(false), specific(true), within(false), matching.clone()],
        ),
        (Tiers, vec![Scope::All, specific(true), matching.clone()]),
        (TierHardware, vec![Scope::All, specific(false)]),
        (Nodes, vec![Scope::All, specific(false), within(true), matching.clone()]),
        (NodeHardware, vec![Scope::All, specific(true), within(false), matching.clone()]),
        (Errors, vec![Scope::All, specific(false), within(false), matching.clone()]),
        (Custom, vec![Scope::All]),
    ] {
        for scope in scopes {
            there_and_back(&rule(Affects { scope, ..Affects::all(kind) }, over_90()), false);
        }
    }
    for kind in [Servers, Backends, ServiceEndpoints] {
        there_and_back(
            &rule(Affects { scope: matching.clone(), ..Affects::all(kind) }, over_90()),
            true,
        );
    }
    for runtime in [NodeRuntime::Java, NodeRuntime::Go] {
        there_and_back(&rule(Affects { runtime, ..Affects::all(NodeHardware) }, over_90()), false);
    }
    for entity in [CustomEntity::Tier, CustomEntity::BusinessTransaction, CustomEntity::Backend] {
        let scope = Scope::Specific { names: vec!["web".to_owned()], should_not: false };
        let affects = Affects { scope, custom_entity: Some(entity), ..Affects::all(Custom) };
        there_and_back(&rule(affects, over_90()), false);
    }
}

#[test]
fn every_condition_comes_back() {
    let tiers = || Affects::all(AffectedKind::TierHardware);
    let expression = |text: &str, name: &str| Condition {
        input: Input::Expression {
            expression: text.to_owned(),
            variables: vec![Variable {
                name: name.to_owned(),
                function: Function::Sum,
                path: "Errors per Minute".to_owned(),
            }],
        },
        persistence: None,
        ..over_90()
    };
    there_and_back(&rule(tiers(), expression("({e} - 2.5) * -1 / 4", "e")), false);
    there_and_back(&rule(tiers(), expression("e + e", "e")), false);
    there_and_back(&rule(tiers(), Condition { no_data: NoData::False, ..over_90() }), true);
    let counted = Some(Persistence { violations: 1, of_minutes: 2 });
    there_and_back(&rule(tiers(), Condition { persistence: counted, ..over_90() }), true);
    there_and_back(&rule(tiers(), Condition { name: " spaced ".to_owned(), ..over_90() }), true);
    there_and_back(&rule(tiers(), Condition { name: "\u{fffe}".to_owned(), ..over_90() }), true);
    for nodes in [
        NodeMatch::AnyNode,
        NodeMatch::PercentageNodes { value: 12.5 },
        NodeMatch::NumberOfNodes { value: 3 },
    ] {
        let mut rule = rule(tiers(), over_90());
        rule.critical.as_mut().unwrap().nodes = nodes;
        there_and_back(&rule, false);
    }
    let named = |name: &str| Condition { short_name: name.to_owned(), ..over_90() };
    for (combine, besides) in [
        (Combine::All, false),
        (Combine::Any, false),
        (Combine::Custom { expression: "(B AND A) OR C".to_owned() }, false),
        (Combine::Custom { expression: "NOT (A OR B) AND C".to_owned() }, false),
        // It does not use all of its conditions, which the tree does not hold then.
        (Combine::Custom { expression: "A OR B".to_owned() }, true),
    ] {
        let mut rule = rule(tiers(), over_90());
        let critical = rule.critical.as_mut().unwrap();
        critical.conditions = vec![named("A"), named("B"), named("C")];
        critical.combine = combine;
        rule.warning = rule.critical.clone();
        there_and_back(&rule, besides);
    }
}

#[test]
fn the_rules_that_applications_begin_with_come_back_from_their_elements() {
    for rule in factory_rules() {
        let of_elements = !matches!(
            rule.affects.kind,
            AffectedKind::Servers | AffectedKind::Backends | AffectedKind::ServiceEndpoints
        );
        there_and_back(&rule, !of_elements);
    }
    let all: Vec<Rule> = factory_rules().into_iter().chain(own_rules()).collect();
    assert_eq!(imported(&exported(&all)), all);
}

#[test]
fn a_transaction_is_written_with_each_of_its_tiers() {
    let scope = Scope::Specific { names: vec!["Login".to_owned()], should_not: false };
    let affects = Affects { scope, ..Affects::all(AffectedKind::BusinessTransactions) };
    let rule = rule(affects, over_90());
    let tiers = |_: &str| vec!["web".to_owned(), "api".to_owned()];
    let text = written(&rule, &tiers).document();
    assert_eq!(text.matches("<business-transaction application-component=\"").count(), 2, "{text}");
    assert_eq!(imported(&text), [rule]);
}

/// A condition as the reference exports it.
fn leaf(tag: &str, name: &str, short: &str, value: &str, metric: &str) -> String {
    format!(
        "<{tag}><type>leaf</type><display-name>{name}</display-name>{short}\
         <condition-value-type>ABSOLUTE</condition-value-type><condition-value>{value}</condition-value>\
         <operator>GREATER_THAN</operator><condition-expression/><use-active-baseline>false</use-active-baseline>\
         <trigger-on-no-data>false</trigger-on-no-data><enable-triggers>false</enable-triggers>\
         <min-triggers>0</min-triggers><metric-expression><type>leaf</type><function-type>VALUE</function-type>\
         <value>0</value><is-literal-expression>false</is-literal-expression><display-name>null</display-name>\
         <metric-definition><type>LOGICAL_METRIC</type><logical-metric-name>{metric}</logical-metric-name>\
         </metric-definition></metric-expression></{tag}>"
    )
}

fn of_reference(kind: &str, affected: &str, criteria: &str) -> String {
    format!(
        "<health-rules controller-version=\"020-008-001-000\">\n  <health-rule><name>r</name><type>{kind}</type>\
         <description/><enabled>true</enabled><is-default>true</is-default><always-enabled>true</always-enabled>\
         <duration-min>30</duration-min><wait-time-min>30</wait-time-min>\
         <affected-entities-match-criteria>{affected}</affected-entities-match-criteria>\
         <critical-execution-criteria>{criteria}</critical-execution-criteria></health-rule>\n</health-rules>"
    )
}

const ALL_NODES: &str = "<affected-infra-match-criteria><type>NODES</type><node-match-criteria><type>ANY</type>\
    <node-meta-info-match-criteria/><vm-sys-properties/><env-properties/><node-types><node-type>APP_AGENT</node-type>\
    </node-types></node-match-criteria></affected-infra-match-criteria>";
const ANY: &str =
    "<entity-aggregation-scope><type>ANY</type><value>0</value></entity-aggregation-scope>";

#[test]
fn exports_of_old_and_of_newer_controllers_are_read() {
    // Old: no short names, the tree alone.
    let old = format!(
        "{ANY}<policy-condition><type>boolean</type><operator>OR</operator>{}<condition2><type>boolean</type>\
         <operator>AND</operator>{}{}</condition2></policy-condition>",
        leaf("condition1", "one", "", "3.0", "a"),
        leaf("condition1", "two", "", "50.0", "b"),
        leaf("condition2", "three", "", "10.0", "c"),
    );
    let read = imported(&of_reference("INFRASTRUCTURE", ALL_NODES, &old)).remove(0);
    assert_eq!(read.affects.kind, AffectedKind::NodeHardware);
    assert_eq!(read.affects.runtime, NodeRuntime::Java);
    let critical = read.critical.unwrap();
    assert_eq!(critical.combine, Combine::Custom { expression: "A OR (B AND C)".to_owned() });
    assert_eq!(critical.nodes, NodeMatch::Average, "a node is judged by itself");
    // Newer: how it was written, and the conditions in the order of the tree.
    let short = |name: &str| format!("<short-name>{name}</short-name>");
    let newer = format!(
        "<condition-aggregation-type>CUSTOM</condition-aggregation-type>\
         <condition-expression>A OR (B AND C)</condition-expression>{ANY}<policy-condition><type>boolean</type>\
         <operator>OR</operator>{}<condition2><type>boolean</type><operator>AND</operator>{}{}</condition2>\
         </policy-condition>",
        leaf("condition1", "one", &short("A"), "3.0", "a"),
        leaf("condition1", "three", &short("C"), "10.0", "c"),
        leaf("condition2", "two", &short("B"), "50.0", "root||b"),
    );
    let newer = imported(&of_reference("INFRASTRUCTURE", ALL_NODES, &newer)).remove(0);
    assert_eq!(newer.critical.unwrap(), critical);
}

#[test]
fn an_expression_over_metrics_of_any_names_is_read() {
    let metric = |tag: &str, name: &str, path: &str| {
        format!(
            "<{tag}><type>leaf</type><function-type>SUM</function-type><value>0</value>\
             <is-literal-expression>false</is-literal-expression><display-name>{name}</display-name><metric-definition>\
             <type>LOGICAL_METRIC</type><logical-metric-name>{path}</logical-metric-name></metric-definition></{tag}>"
        )
    };
    let criteria = |expression: &str| {
        format!(
            "{ANY}<policy-condition><type>leaf</type><display-name>drops</display-name>\
             <condition-value-type>ABSOLUTE</condition-value-type><condition-value>5.0</condition-value>\
             <operator>GREATER_THAN</operator><condition-expression>{expression}</condition-expression>\
             <use-active-baseline>false</use-active-baseline><metric-expression><type>boolean</type>\
             <operator>MULTIPLY</operator><expression1><type>boolean</type><operator>DIVIDE</operator>{}{}</expression1>\
             <expression2><type>leaf</type><value>100</value><is-literal-expression>true</is-literal-expression>\
             </expression2></metric-expression></policy-condition>",
            metric("expression1", "Packets lost", "Network|Lost"),
            metric("expression2", "Packets lost!", "Network|All"),
        )
    };
    for (written, read) in [
        ("({Packets lost} / {Packets lost!}) * 100", "({Packets_lost} / {Packets_lost_}) * 100"),
        ("", "({Packets_lost} / {Packets_lost_}) * 100"),
        ("{moon} * 2", "({Packets_lost} / {Packets_lost_}) * 100"),
    ] {
        let rule =
            imported(&of_reference("INFRASTRUCTURE", ALL_NODES, &criteria(written))).remove(0);
        let condition = rule.critical.unwrap().conditions.remove(0);
        let Input::Expression { expression, variables } = condition.input else {
            panic!("{condition:?}")
        };
        assert_eq!((&*expression, variables.len()), (read, 2));
    }
}

#[test]
fn what_there_is_no_counterpart_of_is_named_with_its_rule() {
    let busy = leaf("policy-condition", "busy", "", "90.0", "Hardware Resources|CPU|%Busy");
    let criteria = format!("{ANY}{busy}");
    let properties = ALL_NODES.replace(
        "<env-properties/>",
        "<env-properties><name-value><name>a</name><value>b</value></name-value></env-properties>",
    );
    for (kind, affected, criteria, part) in [
        ("NETVIZ", ALL_NODES, &*criteria, "no rules of the type NETVIZ"),
        ("JMX", "<affected-jmx-match-criteria/>", &criteria, "no rules of the type JMX"),
        ("SIM", "", &criteria, "not documented"),
        ("INFRASTRUCTURE", &properties, &criteria, "<env-properties>"),
        ("INFRASTRUCTURE", ALL_NODES, ANY, "has no <policy-condition>"),
        ("BUSINESS_TRANSACTION", ALL_NODES, &criteria, "no <affected-bt-match-criteria>"),
        (
            "INFRASTRUCTURE",
            &ALL_NODES.replace("APP_AGENT", "WMB_AGENT"),
            &criteria,
            "no nodes of the type WMB_AGENT",
        ),
        (
            "INFRASTRUCTURE",
            ALL_NODES,
            &criteria.replace("GREATER_THAN", "LARGER"),
            "condition \"busy\": <operator> is \"LARGER\"",
        ),
        (
            "INFRASTRUCTURE",
            ALL_NODES,
            &criteria.replace("90.0", "NaN"),
            "<condition-value> is \"NaN\"",
        ),
    ] {
        let (rules, unsupported) = read_document(&of_reference(kind, affected, criteria)).unwrap();
        assert!(rules.is_empty());
        assert!(unsupported[0].starts_with("The health rule \"r\":"), "{unsupported:?}");
        assert!(unsupported[0].contains(part), "{unsupported:?}");
    }
}

#[test]
fn no_document_however_broken_does_harm() {
    let whole = exported(&factory_rules());
    // Cut anywhere, with anything taken out, and with anything doubled: read or refused, never a panic.
    let bytes = whole.as_bytes();
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = |most: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % most as u64).unwrap()
    };
    for _ in 0..400 {
        let (at, length) = (next(bytes.len()), next(60));
        let end = (at + length).min(bytes.len());
        let broken = match next(4) {
            0 => bytes[..at].to_vec(),
            1 => [&bytes[..at], &bytes[end..]].concat(),
            2 => [&bytes[..end], &bytes[at..]].concat(),
            _ => [&bytes[..at], b"<\xc3\xa4&", &bytes[end..]].concat(),
        };
        if let Ok(text) = std::str::from_utf8(&broken)
            && let Ok((rules, _)) = read_document(text)
        {
            rules.iter().for_each(|rule| rule.check().unwrap());
        }
    }
    let deep = |inside: &str, times: usize| {
        let open = format!("<{inside}><type>boolean</type><operator>AND</operator>");
        let criteria = format!(
            "<policy-condition><type>boolean</type><operator>AND</operator>{}{}</policy-condition>",
            open.repeat(times),
            format!("</{inside}>").repeat(times)
        );
        of_reference("INFRASTRUCTURE", ALL_NODES, &criteria)
    };
    let (_, unsupported) = read_document(&deep("condition1", 5_000)).unwrap();
    assert!(unsupported[0].contains("nested deeper"), "{unsupported:?}");
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><health-rules>&b;</health-rules>";
    for refused in
        [bomb, "", "[]", "<x/>", "<health-rules/>", "<health-rules><health-rule></health-rules>"]
    {
        assert!(matches!(read_document(refused), Err(ApiError::BadRequest(_))), "{refused}");
    }
}
