//! Secrets that agents send are in nothing that is written: no row, no segment, no checkpoint, no entity.

use daemon::disk::Disk;
use std::path::{Path, PathBuf};

use model::{
    entity::EntityKind,
    id::{AccountId, TraceId},
};
use telemetry_store::reader::{LogFilter, LogQuery, Reader};

use super::{
    agent::{Agent, Sent, trace_id},
    bench::Bench,
};
use crate::otlp::Signal;

/// Every planted secret holds this.
const PLANTED: &str = "Xyzzy42";

fn secrets(at: i64) -> (Vec<Sent>, Vec<Sent>) {
    let statement = "SELECT * FROM users WHERE name = 'Xyzzy42' AND pin = 'Xyzzy42'";
    let request = Sent::request(1, 1, "/pay", at)
        .with("url.full", "https://ann:Xyzzy42@shop/pay?token=Xyzzy42&card=Xyzzy42")
        .with("http.target", "/pay?session=Xyzzy42")
        .with("url.query", "api_key=Xyzzy42")
        .with("http.request.header.authorization", "Bearer Xyzzy42")
        .with("http.request.header.cookie", "sid=Xyzzy42")
        .with("user.password", "Xyzzy42")
        .raising("AuthError", "login with password=Xyzzy42 refused");
    let query = Sent::call(1, 2, "db", at).under(1).with("db.system.name", "mysql");
    let query = query.named("query ?password=Xyzzy42").with("db.query.text", statement);
    let query = query.with("db.query.parameter.0", "Xyzzy42").with("db.statement", statement);
    let cache = Sent::call(1, 3, "r", at).under(1).with("db.system.name", "redis");
    let cache = cache.with("db.statement", "SET session Xyzzy42");
    let cache = cache.named("SELECT * FROM users WHERE name = 'Xyzzy42'");
    let cache = cache.raising("IntegrityError", "Key (email)=(Xyzzy42@shop) already exists");
    let request = Sent {
        status_message: "password=Xyzzy42 is wrong: INSERT INTO users VALUES ('Xyzzy42')"
            .to_owned(),
        ..request
    };
    let root = Sent::work(2, 1, "sync https://ann:Xyzzy42@host/x?token=Xyzzy42", at);
    (vec![request, query, cache], vec![root, Sent::call(2, 2, "r", at).under(1)])
}

fn files(disk: &dyn Disk, dir: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for name in disk.list(dir).expect("it is there") {
        let path = dir.join(name);
        match disk.read(&path) {
            Ok(bytes) => found.push((path, bytes.to_vec())),
            Err(_) => files(disk, &path, found),
        }
    }
}

#[test]
fn no_planted_secret_is_written_or_shown() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    let (pay, sync) = secrets(at);
    let agent = Agent::new("shop").with("process.command_line", "serve --password=Xyzzy42");
    let agent = agent.with("db.password", "Xyzzy42");
    bench.send(Signal::Traces, &agent.traces(&pay));
    bench.send(Signal::Traces, &agent.traces(&sync));
    let log = agent.log(
        (1, 1),
        at,
        "connecting to https://ann:Xyzzy42@shop/pay?token=Xyzzy42 with password=Xyzzy42, \
         curl -u bob:Xyzzy42, INSERT INTO users VALUES ('Xyzzy42')",
        Some(("AuthError", "INSERT INTO users VALUES ('Xyzzy42')")),
    );
    bench.send(Signal::Logs, &log);
    bench.pass(30);
    bench.settle();
    bench.pass(10);

    let spans = [1, 2].map(|trace| bench.spans_of(TraceId(trace_id(trace))));
    assert_eq!(spans.iter().map(Vec::len).sum::<usize>(), 5);
    let query = LogQuery {
        account: AccountId::FIRST,
        filter: LogFilter::default(),
        from_ns: 0,
        to_ns: u64::MAX,
        before: None,
        limit: 10,
    };
    let logs = bench.store().logs(&query).expect("the store answers").value.rows;
    assert_eq!(logs.len(), 1);
    let removed = bench.stats.removed_values.load(std::sync::atomic::Ordering::Relaxed);
    assert!(removed >= 10, "{removed} values were counted as cleaned");
    let shown = format!("{spans:?} {logs:?}");
    assert!(shown.contains("SELECT"), "statements are kept without their literals");
    assert!(!shown.contains(PLANTED), "{shown}");
    let kinds = [
        EntityKind::BusinessTransaction,
        EntityKind::ServiceEndpoint,
        EntityKind::Backend,
        EntityKind::ErrorGroup,
    ];
    let entities: Vec<_> = kinds.into_iter().flat_map(|kind| bench.entities(kind)).collect();
    assert!(entities.len() > 5);
    assert!(!format!("{entities:?}").contains(PLANTED), "{entities:#?}");

    let mut written = Vec::new();
    files(&bench.disk, Path::new(""), &mut written);
    let of = |part: &str| written.iter().filter(|(path, _)| path.starts_with(part)).count();
    assert!(of("segments/spans") > 0 && of("segments/logs") > 0 && of("checkpoints") > 0);
    for (path, bytes) in &written {
        let holds = bytes.windows(PLANTED.len()).any(|part| part == PLANTED.as_bytes());
        assert!(!holds, "{} holds a secret", path.display());
    }
}
