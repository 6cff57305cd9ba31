//! Figures over time.

use serde_json::{Value, json};

use crate::support::{NOW, SILENT, World};

async fn series(what: &str, id: impl Fn(&World) -> u32, minutes: i64) -> Value {
    let world = World::new().await;
    let to = NOW.start_millis() + 20_000;
    let path =
        format!("/api/v1/{what}/{}/series?from={}&to={to}", id(&world), to - minutes * 60_000);
    world.client().json(&path).await
}

fn point(series: &Value, minute: u32) -> Option<Value> {
    let at = i64::from(minute) * 60_000;
    series["points"].as_array().unwrap().iter().find(|point| point["at"] == at).cloned()
}

#[tokio::test]
async fn silence_is_a_gap_and_the_filling_minute_is_shown_but_not_averaged() {
    let series = series("business-transactions", |world| world.ids.cart.0, 60).await;
    assert_eq!(series["minutes_per_point"], 1);
    assert_eq!(series["points"].as_array().unwrap().len(), 58);
    assert!((SILENT..SILENT + 3).all(|minute| point(&series, minute).is_none()));
    assert_eq!(series["filling_from"], NOW.start_millis());
    assert_eq!(point(&series, NOW.0).unwrap()["calls"], 3);
    assert_eq!(
        (&series["totals"]["calls"], &series["totals"]["calls_per_minute"]),
        (&json!(573), &json!(9.5))
    );
}

#[tokio::test]
async fn everything_with_figures_has_a_series() {
    let calls = |series: Value| series["totals"]["calls"].clone();
    assert_eq!(calls(series("applications", |world| world.ids.shop.0, 60).await), 573);
    assert_eq!(calls(series("tiers", |world| world.ids.worker.0, 60).await), 116);
    assert_eq!(calls(series("nodes", |world| world.ids.stock1.0, 60).await), 573);
    assert_eq!(calls(series("backends", |world| world.ids.mysql.0, 60).await), 1146);
    assert_eq!(calls(series("backends", |world| world.ids.jobs.0, 60).await), 116);
}

#[tokio::test]
async fn a_longer_range_has_coarser_points_and_the_same_total() {
    for (minutes, width) in [(1459, 1), (1460, 10), (2940, 10), (2941, 60)] {
        let series = series("business-transactions", |world| world.ids.cart.0, minutes).await;
        assert_eq!(
            (&series["minutes_per_point"], &series["totals"]["calls"]),
            (&json!(width), &json!(573))
        );
        assert_eq!(series["filling_from"], i64::from(NOW.0 - NOW.0 % width) * 60_000);
    }
}
