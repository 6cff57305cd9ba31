//! Baselines: which there are, what they expect, and how figures lie to them.

use daemon::clock::UnixNanos;
use http::{Method, StatusCode};
use model::time::Minute;
use serde_json::{Value, json};
use telemetry_store::reader::FigureRow;

use crate::support::{Client, NOW, World};

/// The three days before had in each minute of these two hours what the last complete minute had, with calls `times` as
/// long. Ids of an application, a tier, a business transaction.
async fn with_past(times: f64) -> (Client, [u32; 3]) {
    let mut world = World::new().await;
    let last: Vec<FigureRow> =
        world.reader.figures.iter().filter(|row| row.at.0 == NOW.0 - 1).cloned().collect();
    let first = NOW.0 - NOW.0 % 60 - 60;
    for (day, minute) in (1..=3).flat_map(|day| (0..120).map(move |minute| (day, minute))) {
        world.reader.figures.extend(last.iter().map(|row| {
            let mut row = row.clone();
            row.at = Minute(first + minute - day * 1440);
            row.figure.sum *= times;
            row.figure.sum_squares *= times * times;
            row
        }));
    }
    let ids = [world.ids.shop.0, world.ids.stock.0, world.ids.cart.0];
    (world.client(), ids)
}

fn baselines(application: u32) -> String {
    format!("/api/v1/applications/{application}/baselines")
}

fn state<'v>(items: &'v Value, id: u32, of: &str) -> &'v Value {
    let found = items.as_array().unwrap().iter().find(|item| item[of] == id);
    &found.expect("it is in the list")["figures"]["deviation"]
}

#[tokio::test]
async fn what_is_as_it_was_is_normal_and_what_got_slower_is_critical() {
    for (times, wanted) in [(1.0, "normal"), (0.5, "critical"), (4.0, "normal")] {
        let (client, [shop, stock, cart]) = with_past(times).await;
        let list = client.json(&format!("/api/v1/applications/{shop}/tiers")).await;
        let deviation = state(&list["items"], stock, "id");
        assert_eq!(deviation["state"], wanted, "{times} {deviation}");
        assert_eq!(deviation["errors"]["state"], "normal");
        assert_eq!(deviation["response_time"]["from"], "season");
        let path = format!("/api/v1/applications/{shop}/business-transactions");
        let list = client.json(&path).await;
        assert_eq!(state(&list["items"], cart, "id")["state"], wanted);
        let map = client.json(&format!("/api/v1/applications/{shop}/flow-map")).await;
        assert_eq!(state(&map["nodes"], stock, "id")["state"], wanted);
        assert_eq!(state(&map["edges"], stock, "to")["state"], wanted);
        let list = client.json("/api/v1/applications").await;
        assert_eq!(state(&list["items"], shop, "id")["state"], wanted);
        for of in [format!("tiers/{stock}"), format!("business-transactions/{cart}")] {
            let one = client.json(&format!("/api/v1/{of}")).await;
            assert_eq!(one["figures"]["deviation"]["state"], wanted, "{of}");
        }
    }
}

#[tokio::test]
async fn on_a_part_of_the_map_what_only_one_calls_is_judged_as_that_call() {
    let (client, [_, stock, cart]) = with_past(0.5).await;
    for of in [format!("business-transactions/{cart}"), format!("tiers/{stock}")] {
        let map = client.json(&format!("/api/v1/{of}/flow-map")).await;
        let nodes = map["nodes"].as_array().unwrap();
        let backend = nodes.iter().find(|node| node["kind"] == "backend").expect("one is called");
        let id = u32::try_from(backend["id"].as_u64().unwrap()).unwrap();
        let deviation = &backend["figures"]["deviation"];
        assert_eq!(deviation, state(&map["edges"], id, "to"), "{of}");
        assert_eq!(deviation["state"], "critical", "{of}");
    }
}

#[tokio::test]
async fn without_a_past_there_is_no_baseline_and_without_a_wish_no_state() {
    let world = World::new().await;
    let shop = world.ids.shop.0;
    let client = world.client();
    let map = client.json(&format!("/api/v1/applications/{shop}/flow-map")).await;
    let nodes = map["nodes"].as_array().unwrap();
    assert!(nodes.iter().all(|node| node["figures"]["deviation"]["state"] == "no_baseline"));
    let path = format!("/api/v1/applications/{shop}/tiers?baseline=none");
    let tiers = client.json(&path).await;
    assert_eq!(tiers["items"][0]["figures"]["deviation"], Value::Null);
}

#[tokio::test]
async fn a_series_comes_with_what_was_expected_in_its_hours() {
    let (client, [_, _, cart]) = with_past(0.5).await;
    let to = NOW.start_millis() + 20_000;
    let path =
        format!("/api/v1/business-transactions/{cart}/series?from={}&to={to}", to - 3_600_000);
    assert_eq!(client.json(&path).await["bands"], Value::Null);
    let bands = &client.json(&format!("{path}&baseline=default")).await["bands"];
    assert_eq!(bands["baseline"], json!({ "id": 1, "name": "Daily Trend - Last 30 days" }));
    assert_eq!(bands["time_zone"], "UTC");
    let hours = bands["hours"].as_array().unwrap();
    assert_eq!(hours.len(), 2);
    let hour = i64::from(NOW.0 - NOW.0 % 60) * 60_000;
    assert_eq!(hours[1]["at"], hour);
    assert_eq!(hours[1]["average_ms"]["mean"], 10.0);
    assert_eq!(
        (&hours[1]["calls"]["mean"], &hours[1]["calls"]["hours"]),
        (&json!(10.0), &json!(3))
    );
    // Below 30 calls a minute a count has its own standard error.
    assert_eq!(hours[1]["calls"]["deviation"], 10.0f64.sqrt());
    // The week has not been there twice: the day before is all there is, and has too few of its minutes... but two hours.
    let weekly = &client.json(&format!("{path}&baseline=2")).await["bands"]["hours"];
    assert_eq!(weekly[1]["calls"]["from"], "last_day");
    let unknown = client.get(&format!("{path}&baseline=77")).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(client.get(&format!("{path}&baseline=no")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn metrics_come_with_what_the_same_series_was_expected_to_be() {
    let (client, [shop, _, cart]) = with_past(0.5).await;
    let to = NOW.start_millis() + 20_000;
    let range = format!("from={}&to={to}&baseline=default", to - 3_600_000);
    let series = client.json(&format!("/api/v1/business-transactions/{cart}/series?{range}")).await;
    let hours = series["bands"]["hours"].as_array().unwrap();
    let data = async |leaf: &str| {
        let path = format!("Business Transaction Performance|Business Transactions|*|*|{leaf}");
        let path = path.replace(' ', "%20").replace('|', "%7C");
        client.json(&format!("/api/v1/applications/{shop}/metric-data?path={path}&{range}")).await
    };
    for (leaf, of) in [("Average Response Time (ms)", "average_ms"), ("Calls per Minute", "calls")]
    {
        let data = data(leaf).await;
        assert_eq!(data["baseline"], series["bands"]["baseline"], "{data}");
        let items = data["items"].as_array().unwrap();
        let name = series_name(&client, cart).await;
        let own = items.iter().find(|one| one["path"].as_str().unwrap().contains(&name)).unwrap();
        let wanted: Vec<Value> =
            hours.iter().map(|hour| json!({ "at": hour["at"], "band": hour[of] })).collect();
        assert_eq!(own["expected"], json!(wanted), "{leaf}");
        assert_ne!(own["expected"][1]["band"], Value::Null);
    }
    let percentile = data("95th Percentile Response Time (ms)").await;
    assert_eq!(percentile["items"][0]["expected"], Value::Null);
    let unasked = format!(
        "/api/v1/applications/{shop}/metric-data?path=Overall%20Application%20Performance%7CCalls%20per%20Minute"
    );
    let unasked = client.json(&unasked).await;
    assert_eq!(
        (&unasked["baseline"], &unasked["items"][0]["expected"]),
        (&Value::Null, &Value::Null)
    );
}

async fn series_name(client: &Client, transaction: u32) -> String {
    let detail = client.json(&format!("/api/v1/business-transactions/{transaction}")).await;
    detail["name"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn baselines_are_added_chosen_and_deleted() {
    let (client, [shop, _, _]) = with_past(1.0).await;
    let path = baselines(shop);
    let names = async || {
        let list = client.json(&path).await;
        let items = list["items"].as_array().unwrap().clone();
        let default = items.iter().find(|one| one["default"] == true).unwrap()["id"].clone();
        (items.len(), default)
    };
    assert_eq!(names().await, (4, json!(1)));
    let new = json!({ "name": " Ten days ", "season": "day", "window": { "kind": "rolling", "days": 10 } });
    let added = client.post(&path, new.clone()).await.json();
    assert_eq!((&added["name"], &added["factory"]), (&json!("Ten days"), &json!(false)));
    assert_eq!(client.post(&path, new).await.status, StatusCode::CONFLICT);
    let fixed = json!({ "name": "May", "season": "none", "window": { "kind": "fixed", "from": 0, "to": 3_600_000 } });
    assert_eq!(client.post(&path, fixed).await.status, StatusCode::OK);
    let choose = async |id: Value| {
        let body = Some(json!({ "id": id }));
        client.send(Method::PUT, &format!("{path}/default"), body).await.status
    };
    assert_eq!(choose(added["id"].clone()).await, StatusCode::OK);
    assert_eq!(choose(json!(9)).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(names().await, (6, added["id"].clone()));
    let delete =
        async |id: &Value| client.send(Method::DELETE, &format!("{path}/{id}"), None).await.status;
    assert_eq!(delete(&json!(1)).await, StatusCode::CONFLICT);
    assert_eq!(delete(&json!(999)).await, StatusCode::NOT_FOUND);
    // A rule that goes by it keeps it.
    let rules = path.replace("/baselines", "/health-rules");
    let rule = |baseline: &str| {
        json!({"name": "calls", "enabled": true, "window_minutes": 5, "wait_minutes": 5, "schedule": "Always",
            "affects": {"kind": "OVERALL_APPLICATION", "scope": {"type": "ALL"}}, "warning": null,
            "critical": {"nodes": {"type": "AVERAGE"}, "combine": {"type": "ALL"}, "conditions": [{
                "short_name": "A", "name": "calls", "no_data": "UNKNOWN", "persistence": null,
                "input": {"type": "METRIC", "function": "VALUE", "path": "Calls per Minute"},
                "compare": {"type": "BASELINE", "deviation": "ABOVE", "baseline": baseline,
                    "unit": "STANDARD_DEVIATIONS", "value": 3.0}}]}})
    };
    let refused = client.post(&rules, rule("Eleven days")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(
        refused.text.contains("there is no baseline \\\"Eleven days\\\"; use null"),
        "{}",
        refused.text
    );
    let made = client.post(&rules, rule("Ten days")).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let refused = client.send(Method::DELETE, &format!("{path}/{}", added["id"]), None).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        refused.text.contains("the rule \\\"calls\\\" goes by this baseline"),
        "{}",
        refused.text
    );
    let rule = format!("{rules}/{}", made.json()["id"]);
    assert_eq!(client.send(Method::DELETE, &rule, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(delete(&added["id"]).await, StatusCode::NO_CONTENT);
    assert_eq!(names().await, (5, json!(1)));
    assert_eq!(client.get(&baselines(999)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn baselines_that_make_no_sense_are_refused_with_a_sentence() {
    let (client, [shop, _, _]) = with_past(1.0).await;
    let path = baselines(shop);
    for (name, window, status, part) in [
        (
            "",
            json!({ "kind": "rolling", "days": 10 }),
            StatusCode::BAD_REQUEST,
            "name must not be empty",
        ),
        ("a", json!({ "kind": "rolling", "days": 0 }), StatusCode::BAD_REQUEST, "days has to be"),
        ("a", json!({ "kind": "rolling", "days": 401 }), StatusCode::BAD_REQUEST, "days has to be"),
        ("a", json!({ "kind": "yearly" }), StatusCode::BAD_REQUEST, "kind"),
        (
            "a",
            json!({ "kind": "fixed", "from": 1, "to": 3_600_001 }),
            StatusCode::UNPROCESSABLE_ENTITY,
            "whole hour",
        ),
        (
            "a",
            json!({ "kind": "fixed", "from": -1, "to": 5 }),
            StatusCode::BAD_REQUEST,
            "window.from has to be at least 0",
        ),
    ] {
        let body = json!({ "name": name, "season": "day", "window": window });
        let refused = client.post(&path, body).await;
        assert_eq!(refused.status, status, "{}", refused.text);
        assert!(refused.text.contains(part), "{}", refused.text);
    }
}

#[tokio::test]
async fn the_account_s_time_zone_moves_the_seasons() {
    let (client, [_, _, cart]) = with_past(1.0).await;
    let put = async |zone: &str| {
        let body = Some(json!({ "time_zone": zone }));
        client.send(Method::PUT, "/api/v1/account/time-zone", body).await
    };
    assert_eq!(client.json("/api/v1/account").await["time_zone"], "UTC");
    let berlin = put("Europe/Berlin").await.json();
    assert_eq!(
        (&berlin["name"], &berlin["time_zone"]),
        (&json!("customer1"), &json!("Europe/Berlin"))
    );
    let refused = put("Europe/Atlantis").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Europe/Berlin or UTC"), "{}", refused.text);
    assert_eq!(put("").await.status, StatusCode::BAD_REQUEST);
    let path = format!("/api/v1/business-transactions/{cart}/series?baseline=default");
    assert_eq!(client.json(&path).await["bands"]["time_zone"], "Europe/Berlin");
}

/// The minute of an hour of UTC, so many days after a Sunday.
fn hour(sunday: Minute, day: i64, hour: u32) -> Minute {
    Minute(u32::try_from(i64::from(sunday.0) + day * 1440).unwrap() + hour * 60)
}

/// From four days before the Sunday on which the clocks of Berlin are changed until two days after it: by the clock on the wall
/// calls take ten milliseconds at midnight, and ten more with each hour. `offsets` are Berlin's from UTC before and after that
/// Sunday, hours.
async fn by_the_wall_clock(sunday: Minute, offsets: [u32; 2]) -> (Client, u32) {
    let mut world = World::new().await;
    let is_last = |row: &&FigureRow| row.at.0 == NOW.0 - 1;
    let last: Vec<FigureRow> = world.reader.figures.iter().filter(is_last).cloned().collect();
    world.reader.figures.clear();
    for (day, hour_of_utc) in (-4..=2).flat_map(|day| (4..=12).map(move |hour| (day, hour))) {
        let local = hour_of_utc + offsets[usize::from(day >= 0)];
        let times = f64::from(10 + 10 * local) / 20.0;
        world.reader.figures.extend((0..60).flat_map(|minute| {
            last.iter().map(move |row| {
                let mut row = row.clone();
                row.at = Minute(hour(sunday, day, hour_of_utc).0 + minute);
                row.figure.sum *= times;
                row.figure.sum_squares *= times * times;
                row
            })
        }));
    }
    world.clock.set(UnixNanos(hour(sunday, 2, 9).start_ns() + 20_000_000_000));
    let cart = world.ids.cart.0;
    (world.client(), cart)
}

/// What was expected of a business transaction at an hour of UTC, and of how many hours that is the mean.
async fn expected(client: &Client, cart: u32, at: Minute) -> (f64, u64) {
    let (from, to) = (at.start_millis(), at.start_millis() + 1_200_000);
    let path =
        format!("/api/v1/business-transactions/{cart}/series?from={from}&to={to}&baseline=default");
    let hours = client.json(&path).await["bands"]["hours"].clone();
    assert_eq!(hours[0]["at"], at.start_millis(), "{hours}");
    let band = &hours[0]["average_ms"];
    assert_eq!(band["from"], "season", "{band}");
    (band["mean"].as_f64().unwrap(), band["hours"].as_u64().unwrap())
}

#[tokio::test]
async fn the_band_of_a_chart_follows_the_account_s_clocks_through_both_changes() {
    // 25 October 2026 and 28 March 2027, midnight of UTC.
    for (sunday, offsets) in [(Minute(29_881_440), [2, 1]), (Minute(30_103_200), [1, 2])] {
        let (client, cart) = by_the_wall_clock(sunday, offsets).await;
        let [before, after] = offsets;
        let nine =
            [hour(sunday, -1, 9 - before), hour(sunday, 0, 9 - after), hour(sunday, 2, 9 - after)];
        let utc = expected(&client, cart, nine[2]).await;
        assert!((utc.0 - 100.0).abs() > 5.0, "UTC takes other hours for like ones: {utc:?}");

        let body = Some(json!({ "time_zone": "Europe/Berlin" }));
        let set = client.send(Method::PUT, "/api/v1/account/time-zone", body).await;
        assert_eq!(set.status, StatusCode::OK, "{}", set.text);
        for (at, hours) in nine.into_iter().zip([3, 4, 6]) {
            assert_eq!(expected(&client, cart, at).await, (100.0, hours), "{offsets:?} {at:?}");
        }
        // The hour that runs is as it always is at that hour, and the list says so.
        let now = hour(sunday, 2, 9).start_millis() + 20_000;
        let shop = client.json(&format!("/api/v1/business-transactions/{cart}")).await;
        let shop = shop["application"]["id"].clone();
        let path = format!(
            "/api/v1/applications/{shop}/business-transactions?from={}&to={now}",
            now - 1_200_000
        );
        let list = client.json(&path).await;
        assert_eq!(state(&list["items"], cart, "id")["state"], "normal", "{list}");
    }
}
