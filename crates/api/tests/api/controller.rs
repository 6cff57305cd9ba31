//! `/controller` in the reference's shapes.

use expect_test::{Expect, expect};
use http::StatusCode;
use model::entity::EntityKind;
use serde_json::json;

use crate::support::{NOW, World};

const REST: &str = "/controller/rest";

/// Asks for a path in XML and in JSON.
async fn check(path: &str, xml: Expect, json: Expect) {
    let client = World::new().await.client();
    let as_xml = client.get(&format!("{REST}{path}")).await;
    assert_eq!(as_xml.status, StatusCode::OK, "{}", as_xml.text);
    assert_eq!(as_xml.header("content-type"), "application/xml;charset=UTF-8");
    xml.assert_eq(&as_xml.text.replace("><", ">\n<"));
    let sign = if path.contains('?') { '&' } else { '?' };
    let as_json = client.get(&format!("{REST}{path}{sign}output=JSON")).await;
    assert_eq!(as_json.header("content-type"), "application/json");
    let in_another_case = client.get(&format!("{REST}{path}{sign}output=json")).await;
    assert_eq!(in_another_case.text, as_json.text);
    json.assert_eq(&as_json.text.replace("},{", "},\n{"));
}

/// The same with the account's random guid replaced.
async fn applications(path: &str) -> String {
    let client = World::new().await.client();
    let text = client.get(&format!("{REST}{path}")).await.text;
    let start = text.find("<accountGuid>").unwrap() + "<accountGuid>".len();
    text.replace(&text[start..start + 36], "GUID")
}

#[tokio::test]
async fn the_server_says_whether_it_serves() {
    let stranger = World::new().await.stranger();
    let answer = stranger.get("/controller/rest/serverstatus").await;
    assert_eq!(answer.status, StatusCode::OK);
    expect![[r#"<serverstatus vendorid="" version="1"><available>true</available><serverid/><serverinfo><vendorname>Vedette</vendorname><productname>Vedette Controller</productname><serverversion>000-001-000-000</serverversion><implementationVersion>Controller v0.1.0 Build 0.1.0</implementationVersion></serverinfo><startupTimeInSeconds>4</startupTimeInSeconds></serverstatus>"#]]
    .assert_eq(&answer.text);
    let json = stranger.json("/controller/rest/serverstatus?output=JSON").await;
    expect![[r#"{"available":true,"serverid":"","serverinfo":{"implementationVersion":"Controller v0.1.0 Build 0.1.0","productname":"Vedette Controller","serverversion":"000-001-000-000","vendorname":"Vedette"},"startupTimeInSeconds":4,"vendorid":"","version":"1"}"#]]
    .assert_eq(&json.to_string());
    let mut world = World::new().await;
    world.status.standby = true;
    let standby = world.stranger().get("/controller/rest/serverstatus").await;
    assert_eq!(standby.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(standby.text.contains("<available>false</available>"));
}

#[tokio::test]
async fn applications_by_list_id_and_name() {
    let expected = applications("/applications").await;
    expect!["<applications><application><id>1</id><name>shop</name><description/><accountGuid>GUID</accountGuid></application></applications>"].assert_eq(&expected);
    for path in ["/applications/1", "/applications/shop", "/applications/%73hop"] {
        assert_eq!(applications(path).await, expected);
    }
}

#[tokio::test]
async fn tiers() {
    check("/applications/shop/tiers", expect![[r#"
        <tiers>
        <tier>
        <agentType>NODEJS_APP_AGENT</agentType>
        <description/>
        <id>3</id>
        <name>stock</name>
        <numberOfNodes>1</numberOfNodes>
        <type>Application Server</type>
        </tier>
        <tier>
        <agentType>PYTHON_APP_AGENT</agentType>
        <description/>
        <id>2</id>
        <name>web</name>
        <numberOfNodes>1</numberOfNodes>
        <type>Application Server</type>
        </tier>
        <tier>
        <agentType>PYTHON_APP_AGENT</agentType>
        <description/>
        <id>4</id>
        <name>worker</name>
        <numberOfNodes>1</numberOfNodes>
        <type>Application Server</type>
        </tier>
        </tiers>"#]], expect![[r#"
        [{"agentType":"NODEJS_APP_AGENT","description":"","id":3,"name":"stock","numberOfNodes":1,"type":"Application Server"},
        {"agentType":"PYTHON_APP_AGENT","description":"","id":2,"name":"web","numberOfNodes":1,"type":"Application Server"},
        {"agentType":"PYTHON_APP_AGENT","description":"","id":4,"name":"worker","numberOfNodes":1,"type":"Application Server"}]"#]]).await;
}

#[tokio::test]
async fn one_tier() {
    check("/applications/1/tiers/web", expect![[r#"
        <tiers>
        <tier>
        <agentType>PYTHON_APP_AGENT</agentType>
        <description/>
        <id>2</id>
        <name>web</name>
        <numberOfNodes>1</numberOfNodes>
        <type>Application Server</type>
        </tier>
        </tiers>"#]], expect![[r#"[{"agentType":"PYTHON_APP_AGENT","description":"","id":2,"name":"web","numberOfNodes":1,"type":"Application Server"}]"#]]).await;
}

#[tokio::test]
async fn nodes_of_a_tier() {
    check("/applications/shop/tiers/web/nodes", expect![[r#"
        <nodes>
        <node>
        <agentType>PYTHON_APP_AGENT</agentType>
        <appAgentPresent>true</appAgentPresent>
        <appAgentVersion>opentelemetry 1.45.1</appAgentVersion>
        <id>5</id>
        <ipAddresses>
        <ipAddresses/>
        </ipAddresses>
        <machineAgentPresent>false</machineAgentPresent>
        <machineAgentVersion/>
        <machineId>0</machineId>
        <machineName>h1</machineName>
        <machineOSType/>
        <name>web1</name>
        <nodeUniqueLocalId/>
        <tierId>2</tierId>
        <tierName>web</tierName>
        <type>Application Server</type>
        </node>
        </nodes>"#]], expect![[r#"[{"agentType":"PYTHON_APP_AGENT","appAgentPresent":true,"appAgentVersion":"opentelemetry 1.45.1","id":5,"ipAddresses":{"ipAddresses":[]},"machineAgentPresent":false,"machineAgentVersion":"","machineId":0,"machineName":"h1","machineOSType":"","name":"web1","nodeUniqueLocalId":"","tierId":2,"tierName":"web","type":"Application Server"}]"#]]).await;
}

#[tokio::test]
async fn one_node_is_the_same_by_every_way() {
    let client = World::new().await.client();
    let of_tier = client.get(&format!("{REST}/applications/shop/tiers/web/nodes")).await.text;
    assert_eq!(client.get(&format!("{REST}/applications/shop/nodes/web1")).await.text, of_tier);
    let all = client.get(&format!("{REST}/applications/shop/nodes")).await.text;
    assert_eq!(all.matches("<node>").count(), 3);
}

#[tokio::test]
async fn a_node_is_its_tiers_where_others_have_its_name() {
    let world = World::new().await;
    let (shop, web, stock) = (world.ids.shop, world.ids.web, world.ids.stock);
    let of_web = world.entity(EntityKind::Node, shop, web, "node-0");
    let of_stock = world.entity(EntityKind::Node, shop, stock, "node-0");
    let two_hours = 2 * 3_600_000;
    world.clock.advance(std::time::Duration::from_millis(two_hours));
    world.seen(of_stock, NOW.start_millis() + i64::try_from(two_hours).unwrap());
    let client = world.client();
    let id = async |path: &str| {
        let found = client.json(&format!("{REST}/applications/shop/{path}?output=JSON")).await;
        found[0]["id"].as_u64().unwrap()
    };
    assert_eq!(id("tiers/web/nodes/node-0").await, u64::from(of_web.0));
    assert_eq!(id("tiers/stock/nodes/node-0").await, u64::from(of_stock.0));
    // The other one is silent.
    assert_eq!(id("nodes/node-0").await, u64::from(of_stock.0));
    assert_eq!(id(&format!("nodes/{of_web}")).await, u64::from(of_web.0));
    let strange = format!("{REST}/applications/shop/tiers/web/nodes/{of_stock}");
    assert_eq!(client.get(&strange).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn business_transactions() {
    check("/applications/shop/business-transactions", expect![[r#"
        <business-transactions>
        <business-transaction>
        <background>false</background>
        <entryPointType>PYTHON_WEB</entryPointType>
        <id>8</id>
        <internalName>GET /cart</internalName>
        <name>GET /cart</name>
        <tierId>2</tierId>
        <tierName>web</tierName>
        </business-transaction>
        <business-transaction>
        <background>true</background>
        <entryPointType>PYTHON_WEB</entryPointType>
        <id>9</id>
        <internalName>Health Checks</internalName>
        <name>Health Checks</name>
        <tierId>2</tierId>
        <tierName>web</tierName>
        </business-transaction>
        </business-transactions>"#]], expect![[r#"
        [{"background":false,"entryPointType":"PYTHON_WEB","id":8,"internalName":"GET /cart","name":"GET /cart","tierId":2,"tierName":"web"},
        {"background":true,"entryPointType":"PYTHON_WEB","id":9,"internalName":"Health Checks","name":"Health Checks","tierId":2,"tierName":"web"}]"#]]).await;
}

#[tokio::test]
async fn backends() {
    check("/applications/shop/backends", expect![[r#"
        <backends>
        <backend>
        <applicationComponentNodeId>0</applicationComponentNodeId>
        <exitPointType>JDBC</exitPointType>
        <id>10</id>
        <name>mysql db1:3306/shop</name>
        <properties>
        <property>
        <id>0</id>
        <name>Host</name>
        <value>db1</value>
        </property>
        <property>
        <id>0</id>
        <name>Port</name>
        <value>3306</value>
        </property>
        <property>
        <id>0</id>
        <name>Database</name>
        <value>shop</value>
        </property>
        <property>
        <id>0</id>
        <name>Vendor</name>
        <value>mysql</value>
        </property>
        </properties>
        <tierId>0</tierId>
        </backend>
        <backend>
        <applicationComponentNodeId>0</applicationComponentNodeId>
        <exitPointType>JMS</exitPointType>
        <id>11</id>
        <name>rabbitmq jobs</name>
        <properties>
        <property>
        <id>0</id>
        <name>Vendor</name>
        <value>rabbitmq</value>
        </property>
        </properties>
        <tierId>0</tierId>
        </backend>
        </backends>"#]], expect![[r#"
            [{"applicationComponentNodeId":0,"exitPointType":"JDBC","id":10,"name":"mysql db1:3306/shop","properties":[{"id":0,"name":"Host","value":"db1"},
            {"id":0,"name":"Port","value":"3306"},
            {"id":0,"name":"Database","value":"shop"},
            {"id":0,"name":"Vendor","value":"mysql"}],"tierId":0},
            {"applicationComponentNodeId":0,"exitPointType":"JMS","id":11,"name":"rabbitmq jobs","properties":[{"id":0,"name":"Vendor","value":"rabbitmq"}],"tierId":0}]"#]]).await;
}

#[tokio::test]
async fn one_level_of_the_metric_tree() {
    check("/applications/shop/metrics?metric-path=Business%20Transaction%20Performance%7CBusiness%20Transactions%7Cweb%7CGET%20%2Fcart", expect![[r#"
        <metric-items>
        <metric-item>
        <name>Average Response Time (ms)</name>
        <type>leaf</type>
        </metric-item>
        <metric-item>
        <name>Calls per Minute</name>
        <type>leaf</type>
        </metric-item>
        <metric-item>
        <name>Errors per Minute</name>
        <type>leaf</type>
        </metric-item>
        <metric-item>
        <name>Exceptions per Minute</name>
        <type>leaf</type>
        </metric-item>
        <metric-item>
        <name>HTTP Error Codes per Minute</name>
        <type>leaf</type>
        </metric-item>
        <metric-item>
        <name>Number of Slow Calls</name>
        <type>leaf</type>
        </metric-item>
        <metric-item>
        <name>Number of Very Slow Calls</name>
        <type>leaf</type>
        </metric-item>
        <metric-item>
        <name>Stall Count</name>
        <type>leaf</type>
        </metric-item>
        <metric-item>
        <name>95th Percentile Response Time (ms)</name>
        <type>leaf</type>
        </metric-item>
        <metric-item>
        <name>Individual Nodes</name>
        <type>folder</type>
        </metric-item>
        <metric-item>
        <name>External Calls</name>
        <type>folder</type>
        </metric-item>
        </metric-items>"#]], expect![[r#"
        [{"name":"Average Response Time (ms)","type":"leaf"},
        {"name":"Calls per Minute","type":"leaf"},
        {"name":"Errors per Minute","type":"leaf"},
        {"name":"Exceptions per Minute","type":"leaf"},
        {"name":"HTTP Error Codes per Minute","type":"leaf"},
        {"name":"Number of Slow Calls","type":"leaf"},
        {"name":"Number of Very Slow Calls","type":"leaf"},
        {"name":"Stall Count","type":"leaf"},
        {"name":"95th Percentile Response Time (ms)","type":"leaf"},
        {"name":"Individual Nodes","type":"folder"},
        {"name":"External Calls","type":"folder"}]"#]]).await;
}

#[tokio::test]
async fn request_snapshots() {
    let path = "/applications/shop/request-snapshots?time-range-type=BEFORE_NOW&duration-in-mins=60&user-experience=ERROR";
    check(path, expect![[r#"
        <request-segment-datas>
        <request-segment-data>
        <id>6881279754243122</id>
        <requestGUID>01010101010101010101010101010101</requestGUID>
        <localID>0000000000000001</localID>
        <summary>[error] GET /cart</summary>
        <URL>/cart</URL>
        <businessTransactionId>8</businessTransactionId>
        <applicationId>1</applicationId>
        <applicationComponentId>2</applicationComponentId>
        <applicationComponentNodeId>5</applicationComponentNodeId>
        <serverStartTime>1679999940000</serverStartTime>
        <localStartTime>1679999940000</localStartTime>
        <timeTakenInMilliSecs>20</timeTakenInMilliSecs>
        <cpuTimeTakenInMilliSecs>0</cpuTimeTakenInMilliSecs>
        <userExperience>ERROR</userExperience>
        <warningThreshold/>
        <criticalThreshold/>
        <callChain>Component:2</callChain>
        <firstInChain>true</firstInChain>
        <snapshotExitSequence/>
        <exitCallsDataTruncated>false</exitCallsDataTruncated>
        <unresolvedCallInCallChain>false</unresolvedCallInCallChain>
        <hasDeepDiveData>true</hasDeepDiveData>
        <deepDivePolicy>ERROR_SAMPLING</deepDivePolicy>
        <delayedDeepDive>false</delayedDeepDive>
        <delayedDeepDiveOffSet>0</delayedDeepDiveOffSet>
        <errorOccured>true</errorOccured>
        <errorDetails/>
        <errorIDs/>
        <async>false</async>
        <archived>false</archived>
        <threadID/>
        <threadName/>
        <httpParameters/>
        <cookies/>
        <httpHeaders/>
        <sessionKeys/>
        <responseHeaders/>
        <businessData/>
        <logMessages/>
        <transactionProperties/>
        <transactionEvents/>
        <dotnetProperty/>
        <snapshotExitCalls/>
        </request-segment-data>
        </request-segment-datas>"#]], expect![[r#"[{"id":6881279754243122,"requestGUID":"01010101010101010101010101010101","localID":"0000000000000001","summary":"[error] GET /cart","URL":"/cart","businessTransactionId":8,"applicationId":1,"applicationComponentId":2,"applicationComponentNodeId":5,"serverStartTime":1679999940000,"localStartTime":1679999940000,"timeTakenInMilliSecs":20,"cpuTimeTakenInMilliSecs":0,"userExperience":"ERROR","warningThreshold":"","criticalThreshold":"","callChain":"Component:2","firstInChain":true,"snapshotExitSequence":"","exitCallsDataTruncated":false,"exitCallsDataTruncationMessage":null,"unresolvedCallInCallChain":false,"hasDeepDiveData":true,"deepDivePolicy":"ERROR_SAMPLING","delayedDeepDive":false,"delayedDeepDiveOffSet":0,"diagnosticSessionGUID":null,"errorOccured":true,"errorSummary":null,"errorDetails":[],"errorIDs":[],"stallDump":null,"async":false,"archived":false,"httpSessionID":null,"threadID":"","threadName":"","httpParameters":[],"cookies":[],"httpHeaders":[],"sessionKeys":[],"responseHeaders":[],"businessData":[],"logMessages":[],"transactionProperties":[],"transactionEvents":[],"dotnetProperty":[],"snapshotExitCalls":[]}]"#]]).await;
}

#[tokio::test]
async fn request_snapshots_are_filtered() {
    let world = World::new().await;
    let (cart, health, web, stock) =
        (world.ids.cart, world.ids.health, world.ids.web, world.ids.stock);
    let client = world.client();
    let count = async |filter: String| {
        let path = format!(
            "{REST}/applications/shop/request-snapshots?time-range-type=BEFORE_NOW&duration-in-mins=60&output=JSON&{filter}"
        );
        client.json(&path).await.as_array().unwrap().len()
    };
    assert_eq!(count(String::new()).await, 3);
    assert_eq!(count(format!("business-transaction-ids={cart},{health}")).await, 3);
    assert_eq!(count(format!("business-transaction-ids={health}")).await, 0);
    assert_eq!(count(format!("application-component-ids={web}")).await, 3);
    assert_eq!(count(format!("application-component-ids={stock}")).await, 0);
    assert_eq!(count("user-experience=SLOW,ERROR".to_owned()).await, 2);
    assert_eq!(count("error-occurred=true".to_owned()).await, 1);
    assert_eq!(count("deep-dive-policy=SLA_FAILURE".to_owned()).await, 1);
    assert_eq!(count(format!("guids={}", "02".repeat(16))).await, 1);
    assert_eq!(count("execution-time-in-millis=21".to_owned()).await, 0);
    assert_eq!(count("maximum-results=2".to_owned()).await, 2);
    assert_eq!(count("bad-request=true".to_owned()).await, 2);
    for flag in
        ["archived", "bad-request", "diagnostic-snapshot", "error-occurred", "first-in-chain"]
    {
        assert_eq!(count(format!("{flag}=false")).await, 3, "{flag}");
    }
    // What no snapshot has.
    for filter in [
        "archived=true",
        "diagnostic-snapshot=true",
        "diagnostic-session-guid=g",
        "data-collector-name=user",
        "data-collector-type=Cookie",
        "data-collector-value=7",
        "session-id=1",
        "user-principal-id=ann",
        "error-ids=12",
    ] {
        assert_eq!(count(filter.to_owned()).await, 0, "{filter}");
    }
}

#[tokio::test]
async fn a_slow_store_is_answered_with_first_segments_and_a_reason() {
    let mut world = World::new().await;
    world.reader.slow = Some(world.clock.clone());
    let client = world.client();
    let path = format!(
        "{REST}/applications/shop/request-snapshots?time-range-type=BEFORE_NOW&duration-in-mins=60&output=JSON"
    );
    let answer = client.get(&path).await;
    assert_eq!(answer.json().as_array().unwrap().len(), 3);
    assert!(answer.header("vedette-partial").starts_with("only the spans of the newest"));
    let quick = client.get(&format!("{path}&first-in-chain=true")).await;
    assert_eq!(quick.header("vedette-partial"), "");
}

#[tokio::test]
async fn snapshot_ids_are_a_place_to_read_on_from() {
    let client = World::new().await.client();
    let path = format!(
        "{REST}/applications/shop/request-snapshots?time-range-type=BEFORE_NOW&duration-in-mins=60&output=JSON"
    );
    let ids = async |filter: String| -> Vec<u64> {
        let found = client.json(&format!("{path}{filter}")).await;
        found.as_array().unwrap().iter().map(|one| one["id"].as_u64().unwrap()).collect()
    };
    let all = ids(String::new()).await;
    assert_eq!(ids(format!("&ending-request-id={}", all[1])).await, all[1..]);
    assert_eq!(ids(format!("&starting-request-id={}", all[1])).await, all[..2]);
}

#[tokio::test]
async fn refusals_are_sentences_in_plain_text() {
    let client = World::new().await.client();
    let data = "/applications/shop/metric-data?metric-path=Overall%20Application%20Performance%7CCalls%20per%20Minute";
    for (path, status, part) in [
        ("/nothing".to_owned(), 400, "is not supported"),
        ("/applications/nobody/tiers".to_owned(), 404, "no application nobody"),
        ("/applications/shop/nodes/nobody".to_owned(), 404, "no node nobody"),
        ("/applications?output=yaml".to_owned(), 400, "use JSON or XML"),
        (data.to_owned(), 400, "time-range-type is missing"),
        (format!("{data}&time-range-type=LATELY"), 400, "use BEFORE_NOW, BEFORE_TIME"),
        (format!("{data}&time-range-type=BEFORE_NOW"), 400, "needs duration-in-mins"),
        (format!("{data}&time-range-type=BEFORE_NOW&duration-in-mins=0"), 400, "has to be above 0"),
        (format!("{data}&time-range-type=BEFORE_TIME&duration-in-mins=5"), 400, "needs end-time"),
        (format!("{data}&time-range-type=AFTER_TIME&duration-in-mins=5"), 400, "needs start-time"),
        (format!("{data}&time-range-type=BETWEEN_TIMES&start-time=5&end-time=5"), 400, "the range is empty"),
        (format!("{data}&time-range-type=BETWEEN_TIMES&start-time=x&end-time=5"), 400, "whole number"),
        ("/applications/shop/metric-data?time-range-type=BEFORE_NOW&duration-in-mins=5".to_owned(), 400, "metric-path is missing"),
        ("/applications/shop/request-snapshots?time-range-type=BEFORE_NOW&duration-in-mins=5&error-ids=x".to_owned(), 400, "ids joined by commas"),
    ] {
        let answer = client.get(&format!("{REST}{path}")).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        assert!(answer.text.contains(part), "{path}: {}", answer.text);
        assert!(answer.header("content-type").starts_with("text/plain"), "{path}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_whole_says_so_in_a_header() {
    let mut world = World::new().await;
    world.status.partial = vec!["journal replay is at 40 %".to_owned()];
    let client = world.client();
    let path = format!("{REST}/applications/shop/metrics");
    assert_eq!(client.get(&path).await.header("vedette-partial"), "journal replay is at 40 %");
}

#[tokio::test]
async fn settings_have_the_names_that_scripts_know() {
    let client = World::new().await.client();
    let path = "/controller/rest/configuration?output=JSON";
    let kept = json!({
        "name": "metrics.min.retention.period", "value": "192",
        "description": "hours for which figures of single minutes are kept (retention-minutes)",
        "scope": "cluster", "updateable": false,
    });
    let all = client.json(path).await;
    assert_eq!((&all[0], all.as_array().unwrap().len()), (&kept, 3));
    assert_eq!(all[2]["value"], "400", "days");
    let shorter = json!({"retentions": [{"setting": "retention-minutes", "ms": 172_800_000}]});
    let put = client.send(http::Method::PUT, "/api/v1/storage/retention", Some(shorter)).await;
    assert_eq!(put.status, 200);
    assert_eq!(client.json(path).await[0]["value"], "48");
    let kept = {
        let mut kept = kept;
        kept["value"] = json!("48");
        kept
    };
    let one = client.json(&format!("{path}&name=metrics.min.retention.period")).await;
    assert_eq!(one, json!([kept]));
    assert_eq!(client.get(&format!("{path}&name=nothing")).await.status, 404);
    let changed = client.post("/controller/rest/configuration?name=other&value=2", json!({})).await;
    assert_eq!(changed.status, 405, "they are set where the server is started");
}

#[tokio::test]
async fn no_health_rule_is_violated_where_there_are_none() {
    let client = World::new().await.client();
    for kind in ["healthrule-violations", "policy-violations"] {
        let of =
            |app: &str| format!("/controller/rest/applications/{app}/problems/{kind}?output=JSON");
        let range = "time-range-type=BEFORE_NOW&duration-in-mins=60";
        assert_eq!(client.json(&format!("{}&{range}", of("shop"))).await, json!([]));
        assert_eq!(client.get(&of("shop")).await.status, 400, "a range is needed, as for all data");
        assert_eq!(client.get(&format!("{}&{range}", of("nothing"))).await.status, 404);
    }
}
