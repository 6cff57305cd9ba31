//! Data of metrics, by both APIs.

use expect_test::{Expect, expect};
use serde_json::Value;

use crate::support::{Client, NOW, World};

const CARTS: &str = "Business Transaction Performance|Business Transactions|web|GET /cart";

async fn ask(client: &Client, path: &str, rest: &str) -> Value {
    let escaped =
        path.replace('%', "%25").replace(' ', "%20").replace('|', "%7C").replace('/', "%2F");
    let url = format!(
        "/controller/rest/applications/shop/metric-data?output=JSON&metric-path={escaped}&{rest}"
    );
    client.json(&url).await
}

/// One line a metric: path, frequency, and each value as `minute: value min max sum count occurrences`.
async fn check(path: &str, rest: &str, expected: Expect) {
    let client = World::new().await.client();
    let mut text = String::new();
    for metric in ask(&client, path, rest).await.as_array().unwrap() {
        let field = |name: &str| metric[name].as_str().unwrap();
        text += &format!("{} {}\n", field("metricPath"), field("frequency"));
        for value in metric["metricValues"].as_array().unwrap() {
            let at = value["startTimeInMillis"].as_i64().unwrap() / 60_000 - i64::from(NOW.0);
            text += &format!(
                "  {at}: {} {} {} {} {} {}\n",
                value["value"],
                value["min"],
                value["max"],
                value["sum"],
                value["count"],
                value["occurrences"]
            );
        }
    }
    expected.assert_eq(&text);
}

fn last(minutes: u32, rollup: bool) -> String {
    format!("time-range-type=BEFORE_NOW&duration-in-mins={minutes}&rollup={rollup}")
}

#[tokio::test]
async fn a_range_in_one_point_is_the_average_per_minute_and_the_sum() {
    check(&format!("{CARTS}|*"), &last(60, true), expect![[r#"
        Business Transaction Performance|Business Transactions|web|GET /cart|Average Response Time (ms) ONE_MIN
          -60: 20 20 20 11400 570 57
        Business Transaction Performance|Business Transactions|web|GET /cart|Calls per Minute ONE_MIN
          -60: 10 10 10 570 60 57
        Business Transaction Performance|Business Transactions|web|GET /cart|Errors per Minute ONE_MIN
          -60: 1 1 1 57 60 57
        Business Transaction Performance|Business Transactions|web|GET /cart|Exceptions per Minute ONE_MIN
          -60: 1 1 1 57 60 57
        Business Transaction Performance|Business Transactions|web|GET /cart|HTTP Error Codes per Minute ONE_MIN
          -60: 1 1 1 57 60 57
        Business Transaction Performance|Business Transactions|web|GET /cart|Number of Slow Calls ONE_MIN
          -60: 0 0 0 0 60 57
        Business Transaction Performance|Business Transactions|web|GET /cart|Number of Very Slow Calls ONE_MIN
          -60: 0 0 0 0 60 57
        Business Transaction Performance|Business Transactions|web|GET /cart|Stall Count ONE_MIN
          -60: 0 0 0 0 60 57
        Business Transaction Performance|Business Transactions|web|GET /cart|95th Percentile Response Time (ms) ONE_MIN
          -60: 20 20 20 20 1 57
    "#]]).await;
}

#[tokio::test]
async fn a_range_in_points_has_gaps_where_nothing_was_reported() {
    check(
        "Overall Application Performance|Calls per Minute",
        &last(32, false),
        expect![[r#"
        Overall Application Performance|Calls per Minute ONE_MIN
          -32: 10 10 10 10 1 1
          -31: 10 10 10 10 1 1
          -27: 10 10 10 10 1 1
          -26: 10 10 10 10 1 1
          -25: 10 10 10 10 1 1
          -24: 10 10 10 10 1 1
          -23: 10 10 10 10 1 1
          -22: 10 10 10 10 1 1
          -21: 10 10 10 10 1 1
          -20: 10 10 10 10 1 1
          -19: 10 10 10 10 1 1
          -18: 10 10 10 10 1 1
          -17: 10 10 10 10 1 1
          -16: 10 10 10 10 1 1
          -15: 10 10 10 10 1 1
          -14: 10 10 10 10 1 1
          -13: 10 10 10 10 1 1
          -12: 10 10 10 10 1 1
          -11: 10 10 10 10 1 1
          -10: 10 10 10 10 1 1
          -9: 10 10 10 10 1 1
          -8: 10 10 10 10 1 1
          -7: 10 10 10 10 1 1
          -6: 10 10 10 10 1 1
          -5: 10 10 10 10 1 1
          -4: 10 10 10 10 1 1
          -3: 10 10 10 10 1 1
          -2: 10 10 10 10 1 1
          -1: 10 10 10 10 1 1
    "#]],
    )
    .await;
}

#[tokio::test]
async fn wildcards_stand_for_any_segment() {
    check(
        "Overall Application Performance|*|Calls per Minute",
        &last(2, true),
        expect![[r#"
        Overall Application Performance|stock|Calls per Minute ONE_MIN
          -2: 10 10 10 20 2 2
        Overall Application Performance|web|Calls per Minute ONE_MIN
          -2: 15 15 15 30 2 2
        Overall Application Performance|worker|Calls per Minute ONE_MIN
          -2: 2 2 2 4 2 2
    "#]],
    )
    .await;
    check(
        "Overall Application Performance|*|External Calls|*|Calls per Minute",
        &last(2, true),
        expect![[r#"
            Overall Application Performance|stock|External Calls|Call-JDBC to mysql db1:3306/shop|Calls per Minute ONE_MIN
              -2: 20 20 20 40 2 2
            Overall Application Performance|web|External Calls|Call-HTTP to stock|Calls per Minute ONE_MIN
              -2: 10 10 10 20 2 2
            Overall Application Performance|web|External Calls|Call-JMS to rabbitmq jobs|Calls per Minute ONE_MIN
              -2: 2 2 2 4 2 2
        "#]],
    )
    .await;
    check(
        "Backends|*|Average Response Time (ms)",
        &last(2, true),
        expect![[r#"
        Backends|mysql db1:3306/shop|Average Response Time (ms) ONE_MIN
          -2: 1 1 1 40 40 2
        Backends|rabbitmq jobs|Average Response Time (ms) ONE_MIN
          -2: 2 2 2 8 4 2
    "#]],
    )
    .await;
    check(
        "*|*|*|Errors per Minute",
        &last(2, true),
        expect![[r#"
        Service Endpoints|stock|GET /stock/{id}|Errors per Minute ONE_MIN
          -2: 0 0 0 0 2 2
        Errors|web|ValueError: bad {n}|Errors per Minute ONE_MIN
          -2: 1 1 1 2 2 2
    "#]],
    )
    .await;
}

#[tokio::test]
async fn what_agents_report_is_averaged_over_its_samples() {
    let cpu = "Application Infrastructure Performance|web|Individual Nodes|*|Hardware Resources|CPU|%Busy";
    check(cpu, &last(3, false), expect![[r#"
        Application Infrastructure Performance|web|Individual Nodes|web1|Hardware Resources|CPU|%Busy ONE_MIN
          -3: 40 30 50 160 4 1
          -2: 40 30 50 160 4 1
          -1: 40 30 50 160 4 1
    "#]]).await;
    check(cpu, &last(60, true), expect![[r#"
        Application Infrastructure Performance|web|Individual Nodes|web1|Hardware Resources|CPU|%Busy ONE_MIN
          -60: 40 30 50 480 12 3
    "#]]).await;
}

#[tokio::test]
async fn the_range_decides_how_fine_points_are() {
    let client = World::new().await.client();
    let path = format!("{CARTS}|Calls per Minute");
    for (minutes, frequency) in
        [(1459, "ONE_MIN"), (1460, "TEN_MIN"), (2940, "TEN_MIN"), (2941, "SIXTY_MIN")]
    {
        let data = ask(&client, &path, &last(minutes, false)).await;
        assert_eq!(data[0]["frequency"], frequency, "{minutes}");
        let sums = data[0]["metricValues"].as_array().unwrap().iter();
        assert_eq!(sums.map(|value| value["sum"].as_i64().unwrap()).sum::<i64>(), 570, "{minutes}");
    }
}

#[tokio::test]
async fn all_four_ways_to_give_a_range_mean_the_same() {
    let client = World::new().await.client();
    let (start, end) = (NOW.start_millis() - 600_000, NOW.start_millis());
    let path = format!("{CARTS}|Calls per Minute");
    let expected = ask(&client, &path, &last(10, false)).await;
    for range in [
        format!("time-range-type=BEFORE_TIME&duration-in-mins=10&end-time={end}"),
        format!("time-range-type=AFTER_TIME&duration-in-mins=10&start-time={start}"),
        format!("time-range-type=BETWEEN_TIMES&start-time={start}&end-time={end}"),
    ] {
        assert_eq!(
            ask(&client, &path, &format!("{range}&rollup=false")).await,
            expected,
            "{range}"
        );
    }
    assert_eq!(expected[0]["metricValues"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn an_answer_without_data_says_so_whatever_was_asked_for() {
    let client = World::new().await.client();
    let before = "time-range-type=BETWEEN_TIMES&start-time=0&end-time=600000";
    let empty = ask(&client, &format!("{CARTS}|Calls per Minute"), before).await;
    expect![[r#"
        [{"frequency":"ONE_MIN","metricId":0,"metricName":"METRIC DATA NOT FOUND","metricPath":"Business Transaction Performance|Business Transactions|web|GET /cart|Calls per Minute","metricValues":[]}]"#]]
    .assert_eq(&empty.to_string());
    for path in ["No|Such|Metric", "No|*|Metric"] {
        let found = ask(&client, path, before).await;
        assert_eq!(found.as_array().unwrap().len(), 1);
        assert_eq!(found[0]["metricName"], "METRIC DATA NOT FOUND");
        assert_eq!(found[0]["metricPath"], path);
    }
}

#[tokio::test]
async fn a_metric_as_clients_get_it_whole() {
    let client = World::new().await.client();
    let path = "/controller/rest/applications/shop/metric-data-v2?metric-path=Overall%20Application%20Performance%7Cweb%7CAverage%20Response%20Time%20(ms)&time-range-type=BEFORE_NOW&duration-in-mins=1";
    let xml = client.get(path).await.text;
    expect![[r#"
        <metric-datas>
        <metric-data>
        <frequency>ONE_MIN</frequency>
        <metricId>1880425805</metricId>
        <metricName>BTM|Application Summary|Component:2|Average Response Time (ms)</metricName>
        <metricPath>Overall Application Performance|web|Average Response Time (ms)</metricPath>
        <metricValues>
        <metric-value>
        <count>15</count>
        <current>1</current>
        <max>20</max>
        <min>1</min>
        <occurrences>1</occurrences>
        <standardDeviation>0</standardDeviation>
        <startTimeInMillis>1679999940000</startTimeInMillis>
        <sum>205</sum>
        <useRange>false</useRange>
        <value>14</value>
        </metric-value>
        </metricValues>
        </metric-data>
        </metric-datas>"#]]
    .assert_eq(&xml.replace("><", ">\n<"));
    let json = client.get(&format!("{path}&output=JSON")).await.text;
    expect![[r#"[{"frequency":"ONE_MIN","metricId":1880425805,"metricName":"BTM|Application Summary|Component:2|Average Response Time (ms)","metricPath":"Overall Application Performance|web|Average Response Time (ms)","metricValues":[{"count":15,"current":1,"max":20,"min":1,"occurrences":1,"standardDeviation":0,"startTimeInMillis":1679999940000,"sum":205,"useRange":false,"value":14}]}]"#]].assert_eq(&json);
}

#[tokio::test]
async fn our_own_api_gives_exact_numbers_and_units() {
    let world = World::new().await;
    let to = NOW.start_millis();
    let path = format!(
        "/api/v1/applications/{}/metric-data?path=Overall%20Application%20Performance%7Cweb%7C*&from={}&to={to}",
        world.ids.shop,
        to - 60_000
    );
    let data = world.client().json(&path).await;
    let line = |metric: &Value| {
        format!(
            "{} [{}] {}\n",
            metric["path"].as_str().unwrap(),
            metric["unit"].as_str().unwrap(),
            metric["points"][0]
        )
    };
    let text: String = data["items"].as_array().unwrap().iter().map(line).collect();
    expect![[r#"
        Overall Application Performance|web|Average Response Time (ms) [ms] {"at":1679999940000,"count":15.0,"max":20.0,"min":1.0,"sum":205.0,"value":13.666666666666666}
        Overall Application Performance|web|Calls per Minute [per minute] {"at":1679999940000,"count":1.0,"max":15.0,"min":15.0,"sum":15.0,"value":15.0}
        Overall Application Performance|web|Errors per Minute [per minute] {"at":1679999940000,"count":1.0,"max":1.0,"min":1.0,"sum":1.0,"value":1.0}
        Overall Application Performance|web|Exceptions per Minute [per minute] {"at":1679999940000,"count":1.0,"max":1.0,"min":1.0,"sum":1.0,"value":1.0}
        Overall Application Performance|web|HTTP Error Codes per Minute [per minute] {"at":1679999940000,"count":1.0,"max":1.0,"min":1.0,"sum":1.0,"value":1.0}
        Overall Application Performance|web|Number of Slow Calls [calls] {"at":1679999940000,"count":1.0,"max":0.0,"min":0.0,"sum":0.0,"value":0.0}
        Overall Application Performance|web|Number of Very Slow Calls [calls] {"at":1679999940000,"count":1.0,"max":0.0,"min":0.0,"sum":0.0,"value":0.0}
        Overall Application Performance|web|Stall Count [calls] {"at":1679999940000,"count":1.0,"max":0.0,"min":0.0,"sum":0.0,"value":0.0}
        Overall Application Performance|web|95th Percentile Response Time (ms) [ms] {"at":1679999940000,"count":1.0,"max":19.91061274592,"min":19.91061274592,"sum":19.91061274592,"value":19.91061274592}
    "#]].assert_eq(&text);
}

#[tokio::test]
async fn a_path_that_matches_too_much_is_refused() {
    use model::entity::EntityKind;

    let world = World::new().await;
    for n in 0..340 {
        world.entity(
            EntityKind::Backend,
            world.ids.shop,
            model::id::EntityId::NONE,
            &format!("b{n}:80"),
        );
    }
    let client = world.client();
    let path = "/controller/rest/applications/shop/metric-data?metric-path=Backends%7C*%7C*&time-range-type=BEFORE_NOW&duration-in-mins=5";
    let answer = client.get(path).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text.contains("more than 1000 metrics"), "{}", answer.text);
}

#[tokio::test]
async fn the_minute_that_fills_is_there_and_said_to_fill() {
    let world = World::new().await;
    let now = NOW.start_millis();
    let path = format!(
        "/api/v1/applications/{}/metric-data?path=Overall%20Application%20Performance%7CCalls%20per%20Minute&from={}&to={}",
        world.ids.shop,
        now - 60_000,
        now + 20_000
    );
    let data = world.client().json(&path).await;
    assert_eq!((&data["minutes_per_point"], &data["filling_from"]), (&1.into(), &now.into()));
    let points = data["items"][0]["points"].as_array().unwrap();
    let times: Vec<i64> = points.iter().map(|point| point["at"].as_i64().unwrap()).collect();
    assert_eq!(times, [now - 60_000, now]);
    assert_eq!(points[1]["value"], 3.0);
}

#[tokio::test]
async fn metrics_are_found_by_words_page_by_page() {
    let world = World::new().await;
    let search = format!("/api/v1/applications/{}/metrics/search", world.ids.shop);
    let client = world.client();
    let first = client.json(&format!("{search}?text=cart%2095th&limit=1")).await;
    let path = "Business Transaction Performance|Business Transactions|web|GET /cart|95th Percentile Response Time (ms)";
    assert_eq!(first["items"], serde_json::json!([{"path": path, "unit": "ms"}]));
    let next = first["next"].as_str().unwrap();
    let second = client.json(&format!("{search}?text=cart%2095th&limit=1&cursor={next}")).await;
    assert!(second["items"][0]["path"].as_str().unwrap().contains("Individual Nodes|web1"));
    let busy = client.json(&format!("{search}?text=%25busy")).await;
    assert_eq!(busy["items"].as_array().unwrap().len(), 2, "{busy}");
    assert_eq!(client.get(&search).await.status, 400);
    assert_eq!(client.get(&format!("{search}?text=%20")).await.status, 422);
}
