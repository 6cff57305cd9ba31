//! A notifier over a store in a folder of its own, a receiver of HTTP, and a clock that a test drives.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use alerting::{
    Notifier, NotifierConfig, Secrets,
    actions::{Action, Doing, Hidden, Http, outward::Allowed},
    policy::Policy,
    suppression::{Suppression, Window},
};
use daemon::clock::{ManualClock, UnixNanos};
use metadata_store::{
    AlertConfigKind, AlertConfigs as _, Config, Directory, DocumentNeeds, EntityRef, EventSeverity,
    Events as _, FIRST_ACCOUNT, MemoryEntities, MetadataStore, NewAlertConfig, NewEvent, Url,
};
use serde::Serialize;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// Turns every byte round; enough to see that nothing is stored as it is.
#[derive(Debug)]
pub(crate) struct Rot;

impl Secrets for Rot {
    fn seal(&self, text: &str) -> Vec<u8> {
        text.bytes().map(|one| !one).collect()
    }

    fn open(&self, sealed: &[u8]) -> Result<String, String> {
        String::from_utf8(sealed.iter().map(|one| !one).collect())
            .map_err(|error| error.to_string())
    }
}

pub(crate) struct Office {
    pub(crate) store: MetadataStore,
    pub(crate) clock: ManualClock,
    pub(crate) receiver: Receiver,
    folder: TempDir,
}

/// What a receiver got, and what it answers.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) port: u16,
    pub(crate) got: Arc<Mutex<Vec<String>>>,
    pub(crate) answers: Arc<Mutex<String>>,
}

impl Receiver {
    pub(crate) async fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok".to_owned();
        let receiver = Receiver { port, got: Arc::default(), answers: Arc::new(Mutex::new(ok)) };
        let (got, answers) = (Arc::clone(&receiver.got), Arc::clone(&receiver.answers));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                loop {
                    let text = String::from_utf8_lossy(&request).into_owned();
                    let length = text
                        .to_lowercase()
                        .split_once("content-length: ")
                        .and_then(|(_, rest)| rest.lines().next()?.parse::<usize>().ok());
                    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
                    if body.is_some_and(|body| body >= length.unwrap_or(0)) {
                        got.lock().unwrap().push(text);
                        break;
                    }
                    match stream.read(&mut buffer).await {
                        Ok(count @ 1..) => request.extend_from_slice(&buffer[..count]),
                        _ => break,
                    }
                }
                let answer = answers.lock().unwrap().clone();
                stream.write_all(answer.as_bytes()).await.ok();
            }
        });
        receiver
    }

    /// From now on it answers so.
    pub(crate) fn answer(&self, status: &str, headers: &str, body: &str) {
        *self.answers.lock().unwrap() = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}connection: close\r\n\r\n{body}",
            body.len()
        );
    }

    /// Bodies that came, oldest first.
    pub(crate) fn bodies(&self) -> Vec<String> {
        let got = self.got.lock().unwrap();
        got.iter().map(|one| one.split_once("\r\n\r\n").unwrap().1.to_owned()).collect()
    }
}

impl Office {
    pub(crate) async fn open() -> Office {
        let folder = TempDir::new().unwrap();
        let url = Url::Sqlite(folder.path().join("metadata.db"));
        let store = Config { url }.open().await.unwrap();
        let clock = ManualClock::new(UnixNanos::from_secs(1_800_000_000));
        Office { store, clock, receiver: Receiver::start().await, folder }
    }

    /// As after a kill: nothing is left but what is on the disk.
    pub(crate) async fn restart(&mut self) {
        self.store.close().await;
        let url = Url::Sqlite(self.folder.path().join("metadata.db"));
        self.store = Config { url }.open().await.unwrap();
    }

    /// A notifier as after a start: it knows nothing but what is stored.
    pub(crate) fn notifier(&self) -> Notifier {
        self.notifier_that_may("127.0.0.1")
    }

    pub(crate) fn notifier_that_may(&self, allowed: &str) -> Notifier {
        let config = NotifierConfig {
            allowed: Allowed::of(&[allowed.to_owned()]).unwrap(),
            base: "https://apm.example.com".to_owned(),
            ..NotifierConfig::default()
        };
        let directory = Directory::load(Arc::new(MemoryEntities::default())).unwrap();
        let clock = self.clock.shared();
        config.build(self.store.clone(), Arc::new(directory), clock, Arc::new(Rot))
    }

    /// An action that posts the title to the receiver.
    pub(crate) async fn action(&self, url: &str, secrets: &[(&str, &str)]) -> u32 {
        self.action_saying("{{ title }}", url, secrets).await
    }

    /// The same with this template for a body.
    pub(crate) async fn action_saying(
        &self,
        body: &str,
        url: &str,
        secrets: &[(&str, &str)],
    ) -> u32 {
        let http = Http {
            preset: "webhook".to_owned(),
            method: "POST".to_owned(),
            url: url.replace("PORT", &self.receiver.port.to_string()),
            headers: vec![("X-Token".to_owned(), "{{ secrets.token }}".to_owned())],
            body: body.to_owned(),
        };
        let secrets =
            secrets.iter().map(|(name, is)| ((*name).to_owned(), (*is).to_owned())).collect();
        let action = Action::of(Doing::Http(http));
        let config = NewAlertConfig {
            account_id: FIRST_ACCOUNT,
            application_id: None,
            name: "hook".to_owned(),
            body: serde_json::to_string(&action).unwrap(),
            sealed: self.notifier().sealed(&Hidden(secrets)),
            changed_ms: 0,
            needs: DocumentNeeds::default(),
        };
        self.store.create_alert_config(AlertConfigKind::Action, &config).await.unwrap()
    }

    /// A policy that tells critical violations by this action, a minute after the first.
    pub(crate) async fn policy(&self, action: u32) -> u32 {
        let policy = Policy {
            enabled: true,
            event_types: ["POLICY_OPEN_CRITICAL".to_owned()].into(),
            actions: vec![action],
            gather_seconds: 60,
            ..Policy::default()
        };
        self.document(AlertConfigKind::Policy, "page", &policy).await
    }

    /// A digest of critical violations and their ends.
    pub(crate) async fn digest(&self, action: u32, every_hours: u8) -> u32 {
        let types = ["POLICY_OPEN_CRITICAL", "POLICY_CLOSE_CRITICAL"];
        let policy = Policy {
            enabled: true,
            event_types: types.map(str::to_owned).into(),
            actions: vec![action],
            every_hours: Some(every_hours),
            ..Policy::default()
        };
        self.document(AlertConfigKind::Digest, "daily", &policy).await
    }

    pub(crate) async fn suppression(&self, window: Window) -> u32 {
        let suppression = Suppression {
            enabled: true,
            window,
            rules: BTreeSet::new(),
            entities: Vec::new(),
            reference: None,
        };
        self.document(AlertConfigKind::Suppression, "nights", &suppression).await
    }

    async fn document(&self, kind: AlertConfigKind, name: &str, body: &impl Serialize) -> u32 {
        let config = NewAlertConfig {
            account_id: FIRST_ACCOUNT,
            application_id: None,
            name: name.to_owned(),
            body: serde_json::to_string(body).unwrap(),
            sealed: Vec::new(),
            changed_ms: 0,
            needs: DocumentNeeds::default(),
        };
        self.store.create_alert_config(kind, &config).await.unwrap()
    }

    pub(crate) async fn event(&self, kind: &str, rule: u32) {
        self.event_at(kind, rule, "cart").await;
    }

    /// An event at a business transaction, whose id is made of its name.
    pub(crate) async fn event_at(&self, kind: &str, rule: u32, entity: &str) {
        let id = entity.bytes().fold(10, |sum, one| sum * 31 % 9973 + u32::from(one));
        let event = NewEvent {
            account_id: FIRST_ACCOUNT,
            application_id: Some(3),
            kind: kind.to_owned(),
            sub_type: String::new(),
            severity: EventSeverity::Error,
            time_ms: i64::try_from(daemon::clock::Clock::now(&self.clock).millis()).unwrap(),
            summary: "it is slow".to_owned(),
            comment: String::new(),
            affected: vec![EntityRef { kind: 4, id, name: entity.to_owned() }],
            triggered: Some(EntityRef {
                kind: EntityRef::HEALTH_RULE,
                id: rule,
                name: format!("rule{rule}"),
            }),
            properties: Vec::new(),
            key: None,
            repeats: 1,
            detail: String::new(),
        };
        self.store.add_event(&event).await.unwrap();
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}
