//! Starting every role of one process, and stopping them in order.

use std::{
    io::Write,
    net::SocketAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use alerting::{anomalies, outcomes, rules};
use anyhow::Context as _;
use api::access_key::Sealer;
use api_types::Loopback;
use axum::Router;
use daemon::{
    absence::Absences,
    clock::{SharedClock, SystemClock},
    config::{ByteSize, Listen, Role, Settings},
    listener::{self, Limits, Listener, Options, Protocol},
    lock::DataDirLock,
    memory::{self, Budgets, Guard},
    metrics::Metrics,
    open_files,
    shutdown::{Outcome, Shutdown, Signals, Stage},
    tasks::{Task, Tasks},
    tls::{self, ServerTls},
};
use ingest::{
    intake::{self, Intake, KeyRule},
    otlp::limits::AttributeLimits,
    pipeline::{self, Stats},
    room::Room,
};
use journal::Journal as _;
use metadata_store::{
    AuditLog as _, Events as _, FIRST_ACCOUNT, MetadataStore, Sessions as _, StoreError,
};
use model::{
    id::PARTITIONS,
    sanitise::{MaskList, Sanitiser},
};
use telemetry_store::upkeep::TrustedTime;
use tracing::{error, info, warn};

use crate::{
    absences,
    adapters::{
        attempts::IntakeAttempts,
        journal as intake_journal,
        keys::{KnownKeys, Rereads},
        operations::ProcessOperations,
        status::{ProcessStatus, public_url},
    },
    data_dir::{self, Stores},
    edge::{self, Hsts},
    first_start, notices, own_health,
    retention::LiveRetention,
    self_report,
    stage_metrics::StageMetrics,
};

/// A running process.
#[derive(Debug)]
pub struct Started {
    /// Where the HTTPS edge listens, unless it is off.
    pub https: Option<SocketAddr>,
    /// Where plaintext OTLP is taken: gRPC, then HTTP.
    pub otlp: [Option<SocketAddr>; 2],
    /// The URL that people and agents use.
    pub url: String,
    shutdown: Arc<Shutdown>,
    failure: Failure,
    _lock: DataDirLock,
}

/// Why a part of the process has asked for its end.
type Failure = Arc<OnceLock<anyhow::Error>>;

impl Started {
    /// Stops everything in order; nothing that was acknowledged is lost even if a part does not end in time.
    pub async fn stop(self) -> Outcome {
        self.shutdown.run().await
    }

    /// Returns once a part of the process asks for its end, with what it failed at.
    ///
    /// # Errors
    /// What that part failed at.
    pub async fn asked_to_stop(&self) -> anyhow::Result<()> {
        self.shutdown.requested().await;
        match self.failure.get() {
            Some(error) => Err(anyhow::anyhow!("{error:#}")),
            None => Ok(()),
        }
    }
}

/// Whoever lets go of it without a stop leaves nothing that runs forever.
impl Drop for Started {
    fn drop(&mut self) {
        self.shutdown.abandon();
    }
}

/// Runs `vedette serve`: starts, tells what was made at a first start, and stops on SIGTERM or SIGINT.
///
/// # Errors
/// When it cannot start; each names what and how to mend it.
pub async fn serve(settings: Settings, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let mut signals = Signals::listen().context("listening for signals")?;
    let started = start(settings, SystemClock::shared(), out).await?;
    let why = tokio::select! {
        signal = signals.next() => {
            info!(signal, "stopping");
            Ok(())
        }
        why = started.asked_to_stop() => {
            info!("stopping");
            why
        }
    };
    tokio::select! {
        outcome = started.stop() => {
            why?;
            anyhow::ensure!(outcome.unfinished.is_empty(), "did not stop in time: {}", outcome.unfinished.join(", "));
            Ok(())
        }
        signal = signals.next() => anyhow::bail!("{signal} came again; stopped without waiting"),
    }
}

/// Starts every role. `out` gets what a first start makes.
///
/// # Errors
/// As [`serve`].
pub async fn start(
    settings: Settings,
    clock: SharedClock,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<Started> {
    let began = clock.monotonic();
    refuse_unsound(&settings)?;
    let shutdown = Shutdown::new(Arc::clone(&clock));
    let stages = Stages::new(&shutdown);
    let lock = DataDirLock::take(&settings.data_dir)?;
    data_dir::check_formats(&settings).await?;
    let metadata = data_dir::metadata(&settings).await?;
    let memory = Budgets::of(memory::limit(&settings));
    info!(limit = memory.limit, source = %settings.memory_limit.source, "memory is divided");
    let guard = Guard::new(memory.limit as u64, Arc::clone(&clock));
    let opened = open_blocking(&settings, &metadata, &memory, &clock).await?;
    let Opened { stores, tls, sealer, secrets } = opened;
    // Bound before user and key are made: a start that fails here would never tell them.
    let listeners = Listeners::bind(&settings).await?;
    let made = first_start::ensure(&settings, &metadata, &sealer, clock.now()).await?;

    let keys = Arc::new(KnownKeys::default());
    keys.refresh(&metadata).await.context("reading the access keys")?;
    let mut metrics = Metrics::new();
    let room = Room::default();
    let limits = (&memory, &guard, &room);
    let retention = LiveRetention::load(&settings, &metadata).await;
    let retention = Arc::new(retention.context("reading how long data are kept")?);
    let intake =
        build_intake(&settings, &stores, &keys, limits, retention.minutes(), &clock, &mut metrics);
    let https_port = listeners.https.as_ref().map_or(443, |https| https.address().port());
    let url = public_url(&settings, &tls.state(), https_port);
    let stats = Arc::new(Stats::default());
    let status = Arc::new(ProcessStatus {
        tls: Arc::clone(&tls),
        public_url: url.clone(),
        loopback: OnceLock::new(),
        stats: Arc::clone(&stats),
        replay: waiting(&stores),
        journal: Arc::clone(&stores.journal),
        startup_seconds: AtomicU64::new(0),
        metrics: OnceLock::new(),
    });
    metrics.registry().register_collector(Box::new(StageMetrics {
        stats: Arc::clone(&stats),
        store: Arc::clone(&stores.store),
        journal: Arc::clone(&stores.journal),
        memory,
    }));
    let tasks = Arc::new(Tasks::new(Arc::clone(&clock), stages.tasks.clone()));
    let operations = Arc::new(ProcessOperations {
        status: Arc::clone(&status),
        store: Arc::clone(&stores.store),
        retention: Arc::clone(&retention),
        clock: Arc::clone(&clock),
        memory,
        journal_max_bytes: settings.journal_max_bytes.bytes(),
        min_free_share: data_dir::MIN_FREE_SHARE,
        tasks: Arc::clone(&tasks),
    });
    let notifier = notices::notifier(&settings, &stores, &metadata, secrets, &url, &clock)?;
    let requests = Arc::new(self_report::Requests::default());
    let baselines = alerting::baselines::Config::within(memory.queries).build(
        Arc::clone(&stores.store) as _,
        Arc::clone(&stores.directory),
        Arc::clone(&clock),
        metrics.registry(),
    );
    let baselines = Arc::new(baselines);
    let expectations: Arc<dyn rules::Expectations> = Arc::new(rules::DefinedBaselines::new(
        Arc::clone(&baselines),
        metadata.clone(),
        tokio::runtime::Handle::current(),
    ));
    let health = Arc::new(rules::States::default());
    let watch = Arc::new(anomalies::Watch::within(memory.limit / 100 * DETECTION_PERCENT));
    let deps = api::Deps {
        baselines,
        expectations: Arc::clone(&expectations),
        health: Arc::clone(&health),
        watch: Arc::clone(&watch),
        reader: Arc::clone(&stores.store) as _,
        directory: Arc::clone(&stores.directory),
        store: metadata.clone(),
        clock: Arc::clone(&clock),
        attempts: Arc::new(IntakeAttempts(intake.clone())),
        status: Arc::clone(&status) as _,
        operations: Arc::clone(&operations) as _,
        held_keys: Arc::new(Rereads { keys: Arc::clone(&keys), metadata: metadata.clone() }),
        observer: observer(&settings, &requests),
        sealer,
        notifier: Arc::clone(&notifier),
    };
    let api = api_config(&settings, memory.queries).build(deps, metrics.registry());
    let connections = listener::Metrics::register(metrics.registry());

    let loopback = Loopback {
        grpc: listeners.grpc.as_ref().map(|listener| listener.address().to_string()),
        http: listeners.http.as_ref().map(|listener| listener.address().to_string()),
    };
    let started = Started {
        https: listeners.https.as_ref().map(Listener::address),
        otlp: [&listeners.grpc, &listeners.http]
            .map(|listener| listener.as_ref().map(Listener::address)),
        url,
        shutdown: Arc::clone(&shutdown),
        failure: Failure::default(),
        _lock: lock,
    };
    // Set once here, before anybody can ask.
    drop(status.loopback.set(loopback));
    drop(status.metrics.set(metrics));
    run_pipeline(&settings, &stores, (&memory, &guard, &room), &clock, &stats, &stages, &started);
    run_tasks((&settings, &retention), &stores, &metadata, &keys, &tls, &clock, &tasks);
    let absences = absences::known(&metadata, &stores.directory, &clock);
    let absences = absences.await.context("reading when Vedette did not run")?;
    tasks.start(Arc::clone(&absences).task());
    tasks.start(absences::task(&absences, &metadata));
    let judging =
        Judging { status: &status, shutdown: &shutdown, clock: &clock, absences: &absences };
    tasks.start(health_rules(&stores, &metadata, (expectations, health), &memory, &judging));
    tasks.start(detection(&stores, &metadata, watch, &judging));
    tasks.start(events_of_outcomes(&stores, &metadata, &judging));
    tasks.start(own_health::task(operations, Arc::clone(&status), absences, &metadata, &clock));
    for task in notices::tasks(notifier, &metadata, &clock) {
        tasks.start(task);
    }
    if *settings.self_monitoring {
        let own = self_report::tasks(requests, Arc::clone(&status), &intake, Arc::clone(&clock));
        for task in own {
            tasks.start(task);
        }
    }
    close_journal(&stores, &stages.journal);
    listeners.serve(
        &settings,
        edge::router(intake.router(KeyRule::Required), api, hsts(&settings)),
        &intake,
        &tls,
        &connections,
        &stages.listeners,
    );
    drain_intake(&intake, &stages.intake);
    status.startup_seconds.store((clock.monotonic() - began).as_secs(), Ordering::Relaxed);
    first_start::tell(&made, &started, &tls.state(), out).context("telling what was made")?;
    info!(https = ?started.https, url = started.url, otlp = ?started.otlp, took = ?(clock.monotonic() - began), "Vedette is up");
    Ok(started)
}

/// Refuses settings that can be read but not served with.
fn refuse_unsound(settings: &Settings) -> anyhow::Result<()> {
    let roles: Vec<&str> = settings.roles.iter().map(Role::name).collect();
    anyhow::ensure!(
        roles.len() == Role::ALL.len(),
        "roles = {roles:?} ({}) is refused: allowed is all, since this version runs every role in one process",
        settings.roles.source
    );
    // On a directory with an administrator it is not used, and must not keep the server from starting.
    if !data_dir::is_begun(settings) {
        first_start::given_password(settings)?;
    }
    Ok(())
}

/// The order of stopping.
struct Stages {
    listeners: Stage,
    intake: Stage,
    tasks: Stage,
    pipeline: Stage,
    journal: Stage,
}

impl Stages {
    fn new(shutdown: &Shutdown) -> Stages {
        Stages {
            listeners: shutdown.stage("listeners", Duration::from_secs(4)),
            intake: shutdown.stage("intake", Duration::from_secs(2)),
            tasks: shutdown.stage("upkeep", Duration::from_secs(3)),
            pipeline: shutdown.stage("pipeline", Duration::from_secs(5)),
            journal: shutdown.stage("journal", Duration::from_secs(2)),
        }
    }
}

/// What only a thread that may block can open.
struct Opened {
    stores: Stores,
    tls: Arc<ServerTls>,
    sealer: Sealer,
    /// Of what notices are sent by.
    secrets: Sealer,
}

async fn open_blocking(
    settings: &Settings,
    metadata: &MetadataStore,
    memory: &Budgets,
    clock: &SharedClock,
) -> anyhow::Result<Opened> {
    let (settings, metadata, clock) = (settings.clone(), metadata.clone(), Arc::clone(clock));
    let memory = *memory;
    let runtime = tokio::runtime::Handle::current();
    let open = move || {
        let tls = ServerTls::open(tls::Config::from_settings(&settings), clock)
            .with_context(|| setting_up_tls(&settings))?;
        let key = data_dir::sealing_key(&settings.data_dir)?;
        let (sealer, secrets) = (Sealer::new(key), Sealer::of_notices(key));
        let stores = data_dir::stores(&settings, &metadata, &memory, runtime)?;
        Ok(Opened { stores, tls: Arc::new(tls), sealer, secrets })
    };
    tokio::task::spawn_blocking(open).await.context("opening the data directory")?
}

/// With the settings that name the operator's own files, where they do.
fn setting_up_tls(settings: &Settings) -> String {
    match (&*settings.tls_cert, &*settings.tls_key) {
        (Some(chain), Some(key)) => format!(
            "setting up TLS with tls-cert = {:?} ({}) and tls-key = {:?} ({})",
            chain, settings.tls_cert.source, key, settings.tls_key.source
        ),
        _ => "setting up TLS".to_owned(),
    }
}

fn waiting(stores: &Stores) -> u64 {
    let bounds = stores.journal.bounds(0);
    bounds.next - bounds.first
}

fn build_intake(
    settings: &Settings,
    stores: &Stores,
    keys: &Arc<KnownKeys>,
    (memory, guard, room): (&Budgets, &Guard, &Room),
    retention: intake::Kept,
    clock: &SharedClock,
    metrics: &mut Metrics,
) -> Intake {
    let bytes = |size: ByteSize| usize::try_from(size.bytes()).unwrap_or(usize::MAX);
    let defaults = intake::Limits::default();
    let limits = intake::Limits {
        body_bytes: bytes(*settings.max_body_bytes),
        inflated_bytes: bytes(*settings.max_inflated_bytes),
        in_flight_bytes: memory.in_flight,
        attributes: attribute_limits(settings),
        ..defaults
    };
    let config = intake::Config {
        limits,
        retention,
        // One lane has one consumer, which reads all partitions.
        partitions: if stores.journal.lanes() == 1 { 1 } else { PARTITIONS },
        ..intake::Config::default()
    };
    let deps = intake::Deps {
        journal: intake_journal::shared(Arc::clone(&stores.journal) as _),
        keys: Arc::clone(keys) as _,
        clock: Arc::clone(clock),
        memory: guard.clone(),
        room: room.clone(),
    };
    config.build(deps, metrics.registry())
}

fn attribute_limits(settings: &Settings) -> AttributeLimits {
    let number = |value: std::num::NonZeroU32| usize::try_from(value.get()).unwrap_or(usize::MAX);
    AttributeLimits {
        count: number(*settings.max_attributes),
        value_bytes: number(*settings.max_attribute_length),
    }
}

/// Who hears of answered requests.
fn observer(settings: &Settings, requests: &Arc<self_report::Requests>) -> Arc<dyn api::Observer> {
    if *settings.self_monitoring {
        Arc::clone(requests) as _
    } else {
        Arc::new(self_report::Nobody)
    }
}

/// Asked for, and with a certificate that the operator vouches for.
fn hsts(settings: &Settings) -> Hsts {
    let own = settings.tls_cert.is_some();
    if *settings.hsts && own { Hsts::Sent } else { Hsts::Withheld }
}

/// The sockets of a process.
struct Listeners {
    https: Option<Listener>,
    grpc: Option<Listener>,
    http: Option<Listener>,
}

impl Listeners {
    /// A taken HTTPS address ends the start; a taken plaintext one is only a warning.
    async fn bind(settings: &Settings) -> anyhow::Result<Listeners> {
        let https = match settings.https_listen.address() {
            Some(address) => Some(Listener::bind(address, "https-listen").await?),
            None => None,
        };
        let grpc = optional(*settings.otlp_grpc_listen, "otlp-grpc-listen").await;
        let http = optional(*settings.otlp_http_listen, "otlp-http-listen").await;
        Ok(Listeners { https, grpc, http })
    }

    fn serve(
        self,
        settings: &Settings,
        edge: Router,
        intake: &Intake,
        tls: &ServerTls,
        connections: &listener::Metrics,
        stage: &Stage,
    ) {
        let defaults = Limits::default();
        let files = open_files::raise_limit();
        let max_connections = open_files::connections(files, 3, defaults.max_connections);
        let limits = Limits { max_connections, ..defaults };
        let options =
            |protocol| Options { protocol, limits: limits.clone(), metrics: connections.clone() };
        if let Some(https) = self.https {
            let noted = intake.clone();
            let protocol = Protocol::Tls {
                config: tls.server_config(),
                on_failure: Arc::new(move |failure| noted.record_tls_failure(&failure)),
            };
            stage.spawn(https.serve(edge, options(protocol), stage.token()));
        }
        let rule = if *settings.otlp_require_key { KeyRule::Required } else { KeyRule::Optional };
        for plain in [self.grpc, self.http].into_iter().flatten() {
            stage.spawn(plain.serve(intake.router(rule), options(Protocol::Plain), stage.token()));
        }
    }
}

async fn optional(listen: Listen, setting: &'static str) -> Option<Listener> {
    match Listener::bind(listen.address()?, setting).await {
        Ok(listener) => Some(listener),
        Err(error) => {
            warn!(error = &error as &dyn std::error::Error, "goes on without this address");
            None
        }
    }
}

fn run_pipeline(
    settings: &Settings,
    stores: &Stores,
    memory: (&Budgets, &Guard, &Room),
    clock: &SharedClock,
    stats: &Arc<Stats>,
    stages: &Stages,
    started: &Started,
) {
    let make = pipeline_maker(settings, stores, memory, stats);
    let (token, clock) = (stages.pipeline.token(), Arc::clone(clock));
    let (failure, shutdown) = (Arc::clone(&started.failure), Arc::clone(&started.shutdown));
    stages.pipeline.spawn_blocking(move || {
        if let Err(error) = pipeline::task::run(make, &clock, || token.is_cancelled()) {
            error!(error = &error as &dyn std::error::Error, "the pipeline stopped");
            // It is the only one that sets this, and ends here.
            drop(failure.set(anyhow::Error::new(error).context("the pipeline stopped")));
            shutdown.request();
        }
    });
}

fn pipeline_maker(
    settings: &Settings,
    stores: &Stores,
    (memory, guard, room): (&Budgets, &Guard, &Room),
    stats: &Arc<Stats>,
) -> impl FnMut() -> pipeline::Config + Send + use<> {
    let mask = MaskList::default_and(settings.mask_attributes.iter().map(String::as_str));
    let sanitiser = Sanitiser::new(mask, *settings.sanitise);
    let template = settings
        .application_template
        .as_str()
        .parse()
        .expect("the settings took only a sound template");
    let attribute_limits = attribute_limits(settings);
    let memory = pipeline::Memory {
        head: memory.head,
        traces: memory.traces,
        series: memory.series,
        guard: guard.clone(),
    };
    let (journal, store) = (Arc::clone(&stores.journal), Arc::clone(&stores.store));
    let (catalogue, directory) = (Arc::clone(&stores.catalogue), Arc::clone(&stores.directory));
    let (stats, room, events) = (Arc::clone(stats), room.clone(), Arc::clone(&stores.events));
    let template: model::naming::template::Template = template;
    move || pipeline::Config {
        journal: Arc::clone(&journal) as _,
        store: Arc::clone(&store),
        catalogue: Arc::clone(&catalogue) as _,
        directory: Arc::clone(&directory),
        events: Arc::clone(&events) as _,
        template: template.clone(),
        sanitiser: sanitiser.clone(),
        attribute_limits,
        limits: pipeline::Limits::default(),
        memory: memory.clone(),
        cut_interval_ms: 10_000,
        cut_by: pipeline::CutBy::Thread,
        stats: Arc::clone(&stats),
        room: room.clone(),
    }
}

fn run_tasks(
    (settings, retention): (&Settings, &Arc<LiveRetention>),
    stores: &Stores,
    metadata: &MetadataStore,
    keys: &Arc<KnownKeys>,
    tls: &Arc<ServerTls>,
    clock: &SharedClock,
    tasks: &Tasks,
) {
    let (known, from) = (Arc::clone(keys), metadata.clone());
    tasks.start(Task::new("access keys", Duration::from_secs(2), move || {
        let (keys, metadata) = (Arc::clone(&known), from.clone());
        async move { Ok(keys.refresh(&metadata).await.map(|()| None)?) }
    }));
    let certificate = Arc::clone(tls);
    tasks.start(Task::blocking("certificate", Duration::from_secs(10), move || {
        Ok(certificate.step()?)
    }));
    tasks.start(upkeep(retention, stores, clock));
    tasks.start(old_events(settings, stores, metadata, clock));
    let directory = Arc::clone(&stores.directory);
    tasks.start(Task::blocking("last seen", Duration::from_secs(60), move || {
        directory.save_seen()?;
        Ok(None)
    }));
    let (sessions, time) = (metadata.clone(), Arc::clone(clock));
    tasks.start(Task::new("sessions", Duration::from_secs(3600), move || {
        let (sessions, now_ms) = (sessions.clone(), i64::try_from(time.now().millis()));
        async move {
            sessions.delete_expired_sessions(now_ms?).await?;
            Ok(None)
        }
    }));
    let (known, from, time) = (Arc::clone(keys), metadata.clone(), Arc::clone(clock));
    tasks.start(Task::new("key uses", Duration::from_secs(60), move || {
        let (keys, metadata) = (Arc::clone(&known), from.clone());
        let now_ms = i64::try_from(time.now().millis());
        async move { Ok(keys.note_uses(&metadata, now_ms?).await.map(|()| None)?) }
    }));
    let (log, time, kept) = (metadata.clone(), Arc::clone(clock), *settings.retention_audit);
    tasks.start(Task::new("audit log", Duration::from_secs(600), move || {
        let (log, now_ms) = (log.clone(), i64::try_from(time.now().millis()));
        async move {
            let kept_ms = i64::try_from(kept.as_millis())?;
            let gone = forget_audit(&log, now_ms? - kept_ms).await?;
            Ok((gone > 0).then(|| format!("{gone} old entries forgotten")))
        }
    }));
}

/// Calls that one run of the task makes at most: each forgets a thousand entries.
const FORGET_CALLS: usize = 100;

async fn forget_audit(log: &MetadataStore, before_ms: i64) -> Result<u64, StoreError> {
    let mut gone = 0;
    for _ in 0..FORGET_CALLS {
        match log.forget_audit(before_ms).await? {
            0 => break,
            some => gone += some,
        }
    }
    Ok(gone)
}

/// When minutes are judged.
struct Judging<'a> {
    status: &'a Arc<ProcessStatus>,
    shutdown: &'a Arc<Shutdown>,
    clock: &'a SharedClock,
    absences: &'a Arc<Absences>,
}

impl Judging<'_> {
    fn pace(&self) -> alerting::Pace {
        let status = Arc::clone(self.status);
        let requested = self.shutdown.requested_token();
        alerting::Pace {
            is_caught_up: Box::new(move || status.is_caught_up()),
            is_stopping: Box::new(move || requested.is_cancelled()),
        }
    }
}

/// The share of the memory limit that the windows of health rules may take: one part of so many.
const RULES_SHARE: usize = 50;

/// Judges each minute by the health rules.
fn health_rules(
    stores: &Stores,
    metadata: &MetadataStore,
    (expectations, states): (Arc<dyn rules::Expectations>, Arc<rules::States>),
    memory: &Budgets,
    judging: &Judging<'_>,
) -> Task {
    let deps = rules::Deps {
        store: metadata.clone(),
        runtime: tokio::runtime::Handle::current(),
        reader: Arc::clone(&stores.store) as _,
        directory: Arc::clone(&stores.directory),
        expectations,
        states,
        clock: Arc::clone(judging.clock),
        absences: Arc::clone(judging.absences),
        pace: judging.pace(),
        memory: memory.limit / RULES_SHARE,
    };
    rules::Job::new(deps).task()
}

/// The share of the memory limit that series watched for anomalies may take, percent.
const DETECTION_PERCENT: usize = 3;

/// Looks for anomalies in each minute, and for what caused them.
fn detection(
    stores: &Stores,
    metadata: &MetadataStore,
    watch: Arc<anomalies::Watch>,
    judging: &Judging<'_>,
) -> Task {
    let deps = anomalies::Deps {
        store: metadata.clone(),
        runtime: tokio::runtime::Handle::current(),
        telemetry: Arc::clone(&stores.store),
        directory: Arc::clone(&stores.directory),
        watch,
        clock: Arc::clone(judging.clock),
        absences: Arc::clone(judging.absences),
        pace: judging.pace(),
    };
    anomalies::Job::new(deps).task()
}

/// Makes events of transactions that went badly, where a policy asks for them.
fn events_of_outcomes(stores: &Stores, metadata: &MetadataStore, judging: &Judging<'_>) -> Task {
    let deps = outcomes::Deps {
        store: metadata.clone(),
        runtime: tokio::runtime::Handle::current(),
        reader: Arc::clone(&stores.store) as _,
        directory: Arc::clone(&stores.directory),
        clock: Arc::clone(judging.clock),
        pace: judging.pace(),
    };
    outcomes::Job::new(deps).task()
}

/// So long merging, rolling up and dropping goes on at a time; then it pauses, and answers find the processors free. With one
/// job at a time it would fall behind a full load.
const UPKEEP_AT_A_TIME: Duration = Duration::from_secs(2);

/// Merges, rolls up and drops segments.
fn upkeep(retention: &Arc<LiveRetention>, stores: &Stores, clock: &SharedClock) -> Task {
    let (store, retention, clock) =
        (Arc::clone(&stores.store), Arc::clone(retention), Arc::clone(clock));
    let monotonic_ms = |clock: &SharedClock| i64::try_from(clock.monotonic().as_millis());
    let began_ms = monotonic_ms(&clock).unwrap_or(0);
    let mut trusted = TrustedTime::new(store.newest_segment_ms(), began_ms);
    Task::blocking("segments", Duration::from_secs(5), move || {
        let now_ms = i64::try_from(clock.now().millis())?;
        let was_doubtful = trusted.is_doubtful();
        let trusted_ms = trusted.at(now_ms, monotonic_ms(&clock)?);
        if trusted.is_doubtful() && !was_doubtful {
            let ahead_ms = now_ms - trusted_ms;
            warn!(ahead_ms, "the clock is ahead of what was stored last: retention waits an hour");
        }
        let (began, mut done) = (clock.monotonic(), Vec::new());
        while clock.monotonic().saturating_sub(began) < UPKEEP_AT_A_TIME {
            let Some(job) = store.upkeep_by(now_ms, trusted_ms, &retention.now())? else { break };
            done.push(job.to_string());
        }
        Ok((!done.is_empty()).then(|| done.join(", ")))
    })
}

/// Events deleted at a time, and how often in a run: others who write wait for each.
const OLD_EVENTS: (u32, usize) = (1_000, 20);

/// Deletes events that have been kept long enough.
fn old_events(
    settings: &Settings,
    stores: &Stores,
    metadata: &MetadataStore,
    clock: &SharedClock,
) -> Task {
    let (metadata, clock) = (metadata.clone(), Arc::clone(clock));
    let kept = i64::try_from(settings.retention_events.as_millis()).unwrap_or(i64::MAX / 2);
    let monotonic_ms = |clock: &SharedClock| {
        i64::try_from(clock.monotonic().as_millis()).expect("a process ends before that")
    };
    let newest_ms = stores.store.newest_segment_ms();
    let mut trusted = TrustedTime::new(newest_ms, monotonic_ms(&clock));
    Task::new("events", Duration::from_secs(600), move || {
        let now_ms = i64::try_from(clock.now().millis()).unwrap_or(i64::MAX);
        let before_ms = trusted.at(now_ms, monotonic_ms(&clock)).saturating_sub(kept);
        let metadata = metadata.clone();
        async move {
            let (limit, times) = OLD_EVENTS;
            let mut gone = 0;
            for _ in 0..times {
                let deleted =
                    metadata.delete_events_before(FIRST_ACCOUNT, before_ms, limit).await?;
                gone += deleted;
                if deleted < u64::from(limit) {
                    break;
                }
            }
            Ok((gone > 0).then(|| format!("{gone} old events deleted")))
        }
    })
}

fn api_config(settings: &Settings, query_memory: usize) -> api::Config {
    api::Config {
        event_retention: *settings.retention_events,
        session_idle: *settings.session_idle,
        session_absolute: *settings.session_absolute,
        lock_after: settings.lock_after.get(),
        lock_for: *settings.lock_for,
        ..api::Config::within(query_memory)
    }
}

fn drain_intake(intake: &Intake, stage: &Stage) {
    let (intake, token) = (intake.clone(), stage.token());
    stage.spawn(async move {
        token.cancelled().await;
        intake.drained().await;
    });
}

/// The journal ends last: whoever still appends is answered, and the pipeline's last cut may truncate it.
fn close_journal(stores: &Stores, stage: &Stage) {
    let (journal, token) = (Arc::clone(&stores.journal), stage.token());
    stage.spawn(async move {
        token.cancelled().await;
        let closed = tokio::task::spawn_blocking(move || journal.close()).await;
        if let Err(error) = closed {
            error!(%error, "closing the journal");
        }
    });
}
