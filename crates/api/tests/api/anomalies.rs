//! Anomalies, incidents, and how applications are watched.

use alerting::anomalies::{
    Body, Brief, FoundCauses, IncidentBody, Named, StoredEvidence, StoredSuspect,
};
use http::{Method, StatusCode};
use metadata_store::{
    Anomalies as _, AnomalyOf, AnomalyOutcome, AnomalyStanding, AnomalyStatus, ChangedAnomaly,
    FIRST_ACCOUNT, IncidentChange, IncidentMembers, IncidentOf, NewAnomalyChange,
};
use model::access::{Grant, Permission};
use model::anomaly::{AnomalousKind, CauseVerdict, EvidenceKind, EvidenceLink};
use model::id::EntityId;
use serde_json::{Value, json};

use crate::support::{Client, NOW, World};

fn suspect(world: &World) -> StoredSuspect {
    let tier = Named {
        id: world.ids.web.0,
        name: "web".to_owned(),
        kind: AnomalousKind::Tier,
        tier: None,
    };
    let bt = Named {
        id: world.ids.cart.0,
        name: "GET /cart".to_owned(),
        kind: AnomalousKind::BusinessTransaction,
        tier: None,
    };
    StoredSuspect {
        entity: tier.clone(),
        tier: None,
        load: false,
        confidence: 0.9,
        share_of_time: 0.8,
        share_of_errors: 0.0,
        path: vec![tier, bt],
        victims: Vec::new(),
        evidence: vec![StoredEvidence {
            kind: EvidenceKind::LogTemplate,
            weight: 2.5,
            text: "tier web logged “card of Ada {n}” 40 times".to_owned(),
            observed: Some(40.0),
            expected: Some(1.0),
            unit: "times".to_owned(),
            at: None,
            link: EvidenceLink::Logs {
                tier: Some(world.ids.web.0),
                severity: "ERROR".to_owned(),
                text: "card of Ada".to_owned(),
            },
        }],
    }
}

/// Opens an anomaly of `GET /cart` five minutes ago, with a cause and an incident.
pub(crate) async fn with_anomaly(world: &World) -> u32 {
    let suspect = suspect(world);
    let cause = Brief { entity: suspect.entity.clone(), confidence: suspect.confidence };
    let body = Body {
        unit: "ms".to_owned(),
        observed: 900.0,
        expected: 100.0,
        deviation: 20.0,
        verdict: CauseVerdict::Cause,
        suspect: Some(cause.clone()),
        summary: "Response time of GET /cart rose from 100 ms to 900 ms because of tier web."
            .to_owned(),
        ..Body::default()
    };
    let found = FoundCauses {
        verdict: CauseVerdict::Cause,
        suspects: vec![suspect],
        none: 0.1,
        ..FoundCauses::default()
    };
    let mut change = opened(world, (4, world.ids.cart, "GET /cart"), 2);
    change.standing.suspect_id = world.ids.web.0;
    change.standing.body = serde_json::to_string(&body).unwrap();
    change.happened = Some((1, body.summary.clone()));
    change.cause = Some(serde_json::to_string(&found).unwrap());
    let incident = IncidentChange {
        of: IncidentOf::Opened { account_id: FIRST_ACCOUNT, application_id: world.ids.shop.0 },
        status: AnomalyStatus::Open,
        level: 2,
        body: serde_json::to_string(&IncidentBody {
            summary: body.summary,
            cause: Some(cause),
            ..IncidentBody::default()
        })
        .unwrap(),
        joined: IncidentMembers { changed: vec![0], violations: Vec::new() },
    };
    let judged = world.store.judge_anomalies(None, NOW.0 - 5, &[change], &[incident], None).await;
    match judged.unwrap() {
        AnomalyOutcome::Stored { anomalies, .. } => anomalies[0],
        elsewhere => panic!("{elsewhere:?}"),
    }
}

/// A new anomaly of somebody with a kind, an id and a name, without more.
fn opened(
    world: &World,
    (entity_kind, entity, name): (u8, EntityId, &str),
    level: u8,
) -> NewAnomalyChange {
    NewAnomalyChange {
        id: ChangedAnomaly::Opened {
            of: AnomalyOf {
                account_id: FIRST_ACCOUNT,
                application_id: world.ids.shop.0,
                entity_kind,
                entity_id: entity.0,
                entity_name: name.to_owned(),
            },
            onset_minute: NOW.0 - 7,
        },
        standing: AnomalyStanding {
            status: AnomalyStatus::Open,
            measure: 1,
            level,
            worst: level,
            suspect_id: 0,
            body: serde_json::to_string(&Body::default()).unwrap(),
        },
        happened: None,
        event: None,
        cause: None,
    }
}

async fn count(client: &Client, path: &str) -> usize {
    client.json(path).await["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn anomalies_are_listed_and_told_with_their_cause() {
    let world = World::new().await;
    let ids = world.ids;
    let id = with_anomaly(&world).await;
    let client = world.client();
    let list = client.json("/api/v1/anomalies").await;
    let anomaly = &list["items"][0];
    assert_eq!(anomaly["id"], id);
    assert_eq!(anomaly["entity"], json!({"id": ids.cart.0, "name": "GET /cart"}));
    assert_eq!((&anomaly["level"], &anomaly["status"]), (&json!("CRITICAL"), &json!("OPEN")));
    assert_eq!(
        (&anomaly["measure"], &anomaly["verdict"]),
        (&json!("RESPONSE_TIME"), &json!("CAUSE"))
    );
    assert_eq!(anomaly["onset_at"], json!(i64::from(NOW.0 - 7) * 60_000));
    assert_eq!(anomaly["opened_at"], json!(i64::from(NOW.0 - 4) * 60_000));
    assert_eq!(anomaly["top_suspect"]["entity"], json!({"id": ids.web.0, "name": "web"}));
    for filter in [
        "entity_kind=BUSINESS_TRANSACTION",
        "state=OPEN",
        "incident=1",
        "level=CRITICAL",
        "sort=level",
        "sort=level&level=CRITICAL",
    ] {
        assert_eq!(count(&client, &format!("/api/v1/anomalies?{filter}")).await, 1, "{filter}");
    }
    for filter in [
        "entity_kind=BACKEND",
        "entity_kind=SERVER",
        "state=CLOSED",
        "entity=999",
        "application=999",
        "incident=2",
        "level=WARNING",
        "sort=level&level=WARNING",
    ] {
        assert_eq!(count(&client, &format!("/api/v1/anomalies?{filter}")).await, 0, "{filter}");
    }
    let detail = client.json(&format!("/api/v1/anomalies/{id}")).await;
    assert_eq!(&detail["anomaly"], anomaly);
    assert_eq!(detail["changes"][0]["kind"], "OPENED");
    assert_eq!(detail["no_clear_cause"], 0.1);
    let path: Vec<&Value> =
        detail["path"].as_array().unwrap().iter().map(|step| &step["entity"]["name"]).collect();
    assert_eq!(path, ["web", "GET /cart"]);
    let evidence = &detail["suspects"][0]["evidence"][0];
    assert_eq!(evidence["link"]["kind"], "LOGS");
    assert!(evidence["text"].as_str().unwrap().contains("card of Ada"), "{evidence}");
    let series = detail["series"].as_array().unwrap();
    let measures: Vec<&Value> = series.iter().map(|one| &one["measure"]).collect();
    assert_eq!(measures, ["RESPONSE_TIME", "ERROR_SHARE", "CALLS"]);
    // An hour before the onset until now, the last minutes with calls.
    let points = series[2]["points"].as_array().unwrap();
    assert_eq!(points.len(), 67);
    assert!(points.iter().any(|point| point["value"].is_number()), "{points:?}");
    assert_eq!(client.get("/api/v1/anomalies/999").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn critical_ones_come_before_warnings_page_by_page() {
    let world = World::new().await;
    with_anomaly(&world).await;
    for (minute, levels) in [(NOW.0 - 4, [1, 2]), (NOW.0 - 3, [1, 2])] {
        let changes = levels.map(|level| opened(&world, (2, world.ids.web, "web"), level));
        let judged = world.store.judge_anomalies(Some(minute - 1), minute, &changes, &[], None);
        assert!(matches!(judged.await, Ok(AnomalyOutcome::Stored { .. })));
    }
    let client = world.client();
    let all = client.json("/api/v1/anomalies?limit=1000").await;
    let mut expected: Vec<(bool, u64)> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["level"] == "WARNING", one["id"].as_u64().unwrap()))
        .collect();
    assert_eq!(expected.len(), 5);
    // Those that opened last first, as they come, within a level.
    expected.sort_by_key(|(is_warning, _)| *is_warning);
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = client.json(&format!("/api/v1/anomalies?sort=level&limit=2{next}")).await;
        for one in page["items"].as_array().unwrap() {
            seen.push((one["level"] == "WARNING", one["id"].as_u64().unwrap()));
        }
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(seen, expected);
    assert_eq!(
        client.get("/api/v1/anomalies?sort=name").await.status,
        StatusCode::BAD_REQUEST,
        "there is no such order"
    );
}

#[tokio::test]
async fn who_may_not_see_what_tells_of_people_sees_no_log_lines() {
    let world = World::new().await;
    let id = with_anomaly(&world).await;
    let view = Grant { permission: Permission::View, application: Some(world.ids.shop) };
    world.user("eve", &[view]).await;
    let eve = world.stranger().with_basic("eve", crate::support::world_password());
    let detail = eve.json(&format!("/api/v1/anomalies/{id}")).await;
    let evidence = detail["suspects"][0]["evidence"][0].to_string();
    assert!(!evidence.contains("Ada") && evidence.contains("hidden"), "{evidence}");
    let said = json!({"verdict": "NOISE"});
    let refused = eve.post(&format!("/api/v1/anomalies/{id}/feedback"), said).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
}

#[tokio::test]
async fn what_people_say_is_kept() {
    let world = World::new().await;
    let web = world.ids.web.0;
    let id = with_anomaly(&world).await;
    let client = world.client();
    let path = format!("/api/v1/anomalies/{id}/feedback");
    let said =
        json!({"verdict": "CAUSE_CONFIRMED", "suspect": web, "note": "the index was missing"});
    let answer = client.post(&path, said).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.json()["suspect"], json!({"id": web, "name": "web"}));
    let detail = client.json(&format!("/api/v1/anomalies/{id}")).await;
    assert_eq!(detail["feedback"], json!([answer.json()]));
    for (body, status) in [
        (json!({"verdict": "MAYBE"}), StatusCode::BAD_REQUEST),
        (json!({"verdict": "NOISE", "note": "x".repeat(1_001)}), StatusCode::BAD_REQUEST),
        (json!({"verdict": "NOISE", "suspect": 4_000_000}), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = client.post(&path, body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
    }
    let missing = client.post("/api/v1/anomalies/999/feedback", json!({"verdict": "NOISE"})).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_incident_tells_what_belongs_to_it() {
    let world = World::new().await;
    let id = with_anomaly(&world).await;
    let client = world.client();
    let list = client.json("/api/v1/incidents?state=OPEN").await;
    let incident = &list["items"][0];
    assert_eq!((&incident["anomalies"], &incident["violations"]), (&json!(1), &json!(0)));
    assert_eq!(incident["cause"]["entity"]["name"], "web");
    let detail = client.json(&format!("/api/v1/incidents/{}", incident["id"])).await;
    assert_eq!(&detail["incident"], incident);
    assert_eq!(detail["anomalies"][0]["id"], id);
    assert_eq!(count(&client, "/api/v1/incidents?state=CLOSED").await, 0);
    assert_eq!(client.get("/api/v1/incidents/999").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn settings_hold_for_an_application_and_are_checked() {
    let world = World::new().await;
    let (path, cart, web) = (
        format!("/api/v1/applications/{}/anomaly-settings", world.ids.shop),
        world.ids.cart.0,
        world.ids.web.0,
    );
    let client = world.client();
    let first = client.json(&path).await;
    assert_eq!((&first["enabled"], &first["sensitivity"]), (&json!(true), &json!("MEDIUM")));
    let mut wanted = first.clone();
    wanted["sensitivity"] = json!("LOW");
    wanted["transactions"] = json!([{"id": cart, "enabled": false, "sensitivity": "HIGH"}]);
    let answer = client.send(Method::PUT, &path, Some(wanted.clone())).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, wanted.clone()));
    assert_eq!(client.json(&path).await, wanted);
    let refused = async |pointer: &str, value: Value, status: StatusCode| {
        let mut body = wanted.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        let answer = client.send(Method::PUT, &path, Some(body)).await;
        assert_eq!(answer.status, status, "{pointer}: {}", answer.text);
    };
    refused("/min_calls", json!(-1), StatusCode::BAD_REQUEST).await;
    refused("/transactions/0/id", json!(web), StatusCode::UNPROCESSABLE_ENTITY).await;
    let twice = json!([wanted["transactions"][0], wanted["transactions"][0]]);
    refused("/transactions", twice, StatusCode::UNPROCESSABLE_ENTITY).await;
}

#[tokio::test]
async fn a_series_explains_itself_and_is_tried_on_the_past() {
    let world = World::new().await;
    let ids = world.ids;
    let base = format!("/api/v1/applications/{}", ids.shop);
    let client = world.client();
    let model = format!(
        "{base}/anomaly-model?entity_kind=BUSINESS_TRANSACTION&entity={}&measure=CALLS",
        ids.cart
    );
    let found = client.json(&model).await;
    assert_eq!((&found["unit"], &found["seasonality"]), (&json!("calls/min"), &json!("NONE")));
    assert_eq!(found["state"], "LEARNING", "the shop has reported for some minutes only");
    let points = found["points"].as_array().unwrap();
    assert_eq!(points.len(), 60);
    assert!(points.iter().all(|point| !point["why"].as_str().unwrap().is_empty()));
    let (from, to) = (NOW.start_millis() - 3_600_000, NOW.start_millis());
    let test = json!({
        "entity_kind": "BUSINESS_TRANSACTION", "entity": ids.cart.0, "measure": "RESPONSE_TIME",
        "from": from, "to": to, "sensitivity": "HIGH", "min_calls": 1.0,
    });
    let path = format!("{base}/anomaly-back-test");
    let tested = client.post(&path, test.clone()).await;
    assert_eq!(tested.status, StatusCode::OK, "{}", tested.text);
    let tested = tested.json();
    assert_eq!((&tested["episodes"], &tested["per_day"]), (&json!([]), &json!(0.0)));
    assert!(tested["minutes"].as_u64().unwrap() > 0, "{tested}");
    for (change, status) in [
        (json!({"entity": 4_000_000}), StatusCode::NOT_FOUND),
        (json!({"entity_kind": "TIER"}), StatusCode::NOT_FOUND),
        (json!({"measure": "METRIC", "metric": "Nothing"}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({"metric": "Hardware Resources|CPU|%Busy"}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({"from": to, "to": from}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({"from": to - 9 * 86_400_000}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({"min_calls": -1.0}), StatusCode::BAD_REQUEST),
    ] {
        let mut body = test.clone();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = client.post(&path, body).await;
        assert_eq!(answer.status, status, "{change}: {}", answer.text);
    }
}
