//! A process that was started with its own ports and directory: what a first start makes, what survives a stop.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use daemon::{
    clock::{Clock as _, ManualClock, SystemClock},
    config::Settings,
};
use metadata_store::{Catalogue as _, Config, Directory, SqlCatalogue, SqlEntities, Url};
use model::{
    entity::EntityKind,
    id::{AccountId, EntityId},
};
use server::{Started, start};
use tempfile::TempDir;
use tokio::{runtime::Handle, task::spawn_blocking};

pub(crate) fn settings(dir: &TempDir, more: &[(&str, &str)]) -> Settings {
    let data_dir = dir.path().join("data").display().to_string();
    let own = [
        ("data-dir", data_dir.as_str()),
        ("https-listen", "127.0.0.1:0"),
        ("otlp-grpc-listen", "127.0.0.1:0"),
        ("otlp-http-listen", "127.0.0.1:0"),
        // What is stored is what a test reports.
        ("self-monitoring", "false"),
    ];
    let flags: Vec<(String, String)> = own
        .iter()
        .chain(more)
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    Settings::load(&flags, [], None).expect("the settings are sound")
}

pub(crate) async fn started(settings: Settings) -> (Started, String) {
    let mut out = Vec::new();
    let started = start(settings, SystemClock::shared(), &mut out).await.expect("it starts");
    (started, String::from_utf8(out).expect("it tells text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_tells_password_and_key_once() {
    let dir = TempDir::new().expect("there is room for a directory");
    let (first, told) = started(settings(&dir, &[])).await;
    assert!(
        told.contains("password")
            && told.contains("access key    vk_")
            && told.contains("fingerprint"),
        "{told}"
    );
    assert!(first.stop().await.unfinished.is_empty());
    let (second, told) = started(settings(&dir, &[])).await;
    assert_eq!(told, "");
    assert!(second.stop().await.unfinished.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_secrets_are_not_told() {
    let dir = TempDir::new().expect("there is room for a directory");
    let given = [("admin-password", "otters-at-noon"), ("access-key", "given-key")];
    let (process, told) = started(settings(&dir, &given)).await;
    assert!(!told.contains("otters-at-noon") && !told.contains("given-key"), "{told}");
    for line in
        ["page          https://", "user          admin", "CA            ", "fingerprint   "]
    {
        assert!(told.contains(line), "{line} is missing from {told}");
    }
    assert!(process.stop().await.unfinished.is_empty());
    let (again, told) = started(settings(&dir, &given)).await;
    assert_eq!(told, "");
    assert!(again.stop().await.unfinished.is_empty());
    let mut listed = Vec::new();
    server::offline::list_access_keys(&settings(&dir, &[]), &mut listed)
        .await
        .expect("the directory is there");
    let listed = String::from_utf8(listed).expect("it lists text");
    assert!(listed.contains("given-key"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_directory_is_refused() {
    let dir = TempDir::new().expect("there is room for a directory");
    let (first, _) = started(settings(&dir, &[])).await;
    let second = start(settings(&dir, &[]), SystemClock::shared(), &mut Vec::new()).await;
    let error = second.expect_err("the directory is taken").to_string();
    assert!(error.contains(&std::process::id().to_string()), "{error}");
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_plaintext_address_is_a_warning_and_a_taken_https_address_the_end() {
    let dir = TempDir::new().expect("there is room for a directory");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it is bound").to_string();
    let (process, _) = started(settings(&dir, &[("otlp-grpc-listen", &address)])).await;
    assert_eq!(process.otlp[0], None);
    process.stop().await;
    let other = TempDir::new().expect("there is room for a directory");
    let refused = start(
        settings(&other, &[("https-listen", &address)]),
        SystemClock::shared(),
        &mut Vec::new(),
    )
    .await;
    let error = format!("{:#}", refused.expect_err("the port is taken"));
    assert!(error.contains("https-listen"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_failed_at_its_address_leaves_password_and_key_to_the_next() {
    let dir = TempDir::new().expect("there is room for a directory");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it is bound").to_string();
    let mut out = Vec::new();
    start(settings(&dir, &[("https-listen", &address)]), SystemClock::shared(), &mut out)
        .await
        .expect_err("the port is taken");
    assert!(out.is_empty(), "{}", String::from_utf8_lossy(&out));
    let (process, told) = started(settings(&dir, &[])).await;
    for line in ["user          admin", "password      ", "access key    vk_"] {
        assert!(told.contains(line), "{line} is missing from {told}");
    }
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_reports_to_itself_as_an_application() {
    let dir = TempDir::new().expect("there is room for a directory");
    let settings = settings(&dir, &[("self-monitoring", "true")]);
    let (process, _) = started(settings.clone()).await;
    let url = Url::Sqlite(settings.data_dir.join("metadata.sqlite"));
    let store = Config { url }.open().await.expect("the metadata is there");
    let runtime = Handle::current();
    let names = spawn_blocking(move || {
        let entities = SqlEntities::new(store, runtime);
        let directory = Directory::load(Arc::new(entities)).expect("it is read");
        let of = |application, kind| {
            let found = directory.of_application(AccountId::FIRST, application, kind);
            found.iter().map(|entity| entity.key.name.clone()).collect::<Vec<_>>()
        };
        // A minute at most; the pipeline makes them when it works on what was reported at the start.
        for _ in 0..1_200 {
            if !of(EntityId::NONE, EntityKind::Node).is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
            directory.refresh().expect("it is read");
        }
        [EntityKind::Application, EntityKind::Tier].map(|kind| of(EntityId::NONE, kind))
    });
    let names = names.await.expect("it is read");
    assert_eq!(names, [vec!["Vedette".to_owned()], vec!["vedette".to_owned()]]);
    assert!(process.stop().await.unfinished.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_password_is_another_one_and_told() {
    let dir = TempDir::new().expect("there is room for a directory");
    let (process, _) = started(settings(&dir, &[])).await;
    process.stop().await;
    let mut out = Vec::new();
    server::offline::reset_password(&settings(&dir, &[]), &mut out)
        .await
        .expect("the directory is there");
    let told = String::from_utf8(out).expect("it tells text");
    assert!(told.starts_with("The password of admin is now "), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_served_with_are_refused_before_anything_is_made() {
    let dir = TempDir::new().expect("there is room for a directory");
    for (key, value, why) in [
        ("roles", "intake", "[\"intake\"] (flag --roles) is refused: allowed is all"),
        (
            "admin-password",
            "hunter2",
            "(flag --admin-password) is refused: the password has to have at least 12",
        ),
    ] {
        let given = settings(&dir, &[(key, value)]);
        let refused = start(given, SystemClock::shared(), &mut Vec::new()).await;
        let told = refused.expect_err("the setting is refused").to_string();
        assert!(told.contains(key) && told.contains(why), "{told}");
    }
    assert!(!dir.path().join("data").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_in_time_with_nothing_to_do() {
    let dir = TempDir::new().expect("there is room for a directory");
    let (process, _) = started(settings(&dir, &[])).await;
    let stopping = tokio::time::timeout(Duration::from_secs(10), process.stop());
    assert!(stopping.await.expect("it stops within 10 s").unfinished.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_not_used_keeps_nobody_from_starting() {
    let dir = TempDir::new().expect("there is room for a directory");
    let (process, _) = started(settings(&dir, &[])).await;
    process.stop().await;
    let (process, told) = started(settings(&dir, &[("admin-password", "short")])).await;
    assert_eq!(told, "");
    process.stop().await;
    let given = settings(&dir, &[("admin-password", "short")]);
    let reset = server::offline::reset_password(&given, &mut Vec::new()).await;
    let refused = reset.expect_err("here it is used").to_string();
    assert!(refused.contains("at least 12 characters"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_without_https_tells_no_address_that_nobody_serves() {
    let dir = TempDir::new().expect("there is room for a directory");
    let (process, told) = started(settings(&dir, &[("https-listen", "off")])).await;
    let http = process.otlp[1].expect("it listens");
    assert!(!told.contains("https://") && !told.contains("fingerprint"), "{told}");
    assert!(told.contains(&format!("OTEL_EXPORTER_OTLP_ENDPOINT=http://{http}")), "{told}");
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_fails_while_it_runs_ends_the_process_with_what_it_failed_at() {
    let dir = TempDir::new().expect("there is room for a directory");
    let clock = ManualClock::new(SystemClock::new().now());
    let started = start(settings(&dir, &[]), clock.shared(), &mut Vec::new()).await;
    let started = started.expect("it starts");
    let http = started.otlp[1].expect("it listens");
    // Whichever of the two claims last works on; the pipeline claims once, and its next cut finds out that another did after it.
    let failed = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            take_over(&dir).await;
            spawn_blocking(move || report_a_log(http)).await.expect("it is taken");
            clock.advance(Duration::from_secs(11));
            tokio::select! {
                why = started.asked_to_stop() => return why,
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
        }
    });
    let failed = failed.await.expect("it asks to be stopped").expect_err("it has failed");
    assert!(format!("{failed:#}").contains("the pipeline stopped"), "{failed:#}");
    started.stop().await;
}

/// As another process would that works on the same database.
async fn take_over(dir: &TempDir) {
    let url = Url::Sqlite(dir.path().join("data/metadata.sqlite"));
    let metadata = Config { url }.open().await.expect("the database is there");
    let catalogue = SqlCatalogue::new(metadata, Handle::current());
    let claimed = spawn_blocking(move || catalogue.claim(ingest::pipeline::CONSUMER, &[0]));
    claimed.await.expect("it returns").expect("it is given");
}

fn report_a_log(address: SocketAddr) {
    let body =
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}"#;
    let answer = post(address, "/v1/logs", body);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Sends JSON, and gives back the whole answer.
pub(crate) fn post(address: SocketAddr, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: vedette\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}
