//! The server to measure, however it came to run: started here, or attached to.

use std::path::PathBuf;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::cores::Cores;
use super::disk::{self, SyncTime};
use super::group::Group;
use super::kept::Folder;
use super::process::Process;
use super::report::Report;
use super::server::Server;
use crate::api::Api;
use crate::args::BenchArgs;
use crate::commands::sign_in;
use crate::send::endpoint::{Endpoint, Trust};
use crate::send::{Manner, Protocol};

/// The server to measure, however it came to run.
pub(crate) struct Subject {
    pub(super) process: Process,
    pub(super) endpoint: Endpoint,
    trust: Trust,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) access_key: Option<String>,
    pub(super) server: Option<Server>,
    fdatasync: Option<SyncTime>,
}

/// What a server that is started here is kept to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place<'a> {
    pub(super) group: Option<&'a Group>,
    pub(super) cores: Option<&'a Cores>,
}

impl Subject {
    pub(super) async fn find(args: &BenchArgs) -> Result<Self> {
        Self::find_in(args, Place::default()).await
    }

    /// As [`Subject::find`]; a server that is started here is started in its place.
    pub(super) async fn find_in(args: &BenchArgs, place: Place<'_>) -> Result<Self> {
        match (&args.vedette, args.pid) {
            (Some(binary), _) => Self::start(binary.clone(), args, place).await,
            (None, Some(pid)) => Self::attach(pid, args),
            (None, None) => anyhow::bail!("give --vedette PATH or --pid PID"),
        }
    }

    async fn start(binary: PathBuf, args: &BenchArgs, place: Place<'_>) -> Result<Self> {
        let made = match (&args.kept, &args.data_root) {
            (Some(kept), _) => Ok(Folder::Kept(kept.clone())),
            (None, Some(root)) => TempDir::with_prefix_in("vedette-bench-", root).map(Folder::Made),
            (None, None) => TempDir::with_prefix("vedette-bench-").map(Folder::Made),
        };
        let folder = made.context("cannot make a folder for the server's data")?;
        let fdatasync = Some(disk::sync_time(folder.path())?);
        let server = Server::start(&binary, folder, args, place).await?;
        let trust = server.trust().await?;
        let url = server.agents_url(args.tls, args.manner.protocol == Protocol::Grpc);
        Ok(Self {
            process: Process::new(server.pid()?)?,
            endpoint: Endpoint::parse(&url, &trust)?,
            trust,
            data_dir: Some(server.data_dir()),
            access_key: Some(server.access_key().to_owned()),
            server: Some(server),
            fdatasync,
        })
    }

    fn attach(pid: u32, args: &BenchArgs) -> Result<Self> {
        let (url, trust) =
            (args.endpoint.as_deref().context("--pid needs --endpoint")?, args.trust.trust()?);
        Ok(Self {
            process: Process::new(pid)?,
            endpoint: Endpoint::parse(url, &trust)?,
            trust,
            data_dir: args.data_dir.clone(),
            access_key: args.manner.api_key.clone(),
            server: None,
            fdatasync: args.data_dir.as_deref().map(disk::sync_time).transpose()?,
        })
    }

    pub(super) fn api(&self, args: &BenchArgs) -> Result<Option<Api>> {
        match &self.server {
            Some(server) => server.api(&self.trust).map(Some),
            None => sign_in(&args.api, &self.trust),
        }
    }

    /// For what needs no sign-in, which an address alone is enough for.
    pub(super) fn watcher(&self, args: &BenchArgs) -> Result<Option<Api>> {
        if self.server.is_some() {
            return self.api(args);
        }
        let watch = |url: &String| Ok(Api::new(Endpoint::parse(url, &self.trust)?, None));
        args.api.api.as_ref().map(watch).transpose()
    }

    /// Without any measure yet; `data` says what will be sent.
    pub(super) fn report(&self, args: &BenchArgs, data: &str, manner: &Manner) -> Result<Report> {
        let tls = if self.endpoint.scheme() == "https" { " over TLS" } else { "" };
        let (encoding, connections) = (manner.encoding.name(), manner.connections);
        let setting =
            format!("{:?}{tls}, {encoding}, {connections} connections, {data}", manner.protocol);
        let rate = if manner.rate > 0.0 {
            format!(", {:.0} a second", manner.rate)
        } else {
            String::new()
        };
        let delay = args.fsync_delay.map(|ms| format!("{ms} ms more for each fsync"));
        let extra = args.vedette_arg.iter().chain(&delay);
        let extra = extra.cloned().collect::<Vec<_>>().join(" ");
        Ok(Report {
            setting: format!("{setting}{rate} {extra}").trim_end().to_owned(),
            fdatasync: self.fdatasync,
            ready_after_ms: self
                .server
                .as_ref()
                .map(|server| server.ready_after.as_secs_f64() * 1000.0),
            rss_before_kib: self.process.memory()?.rss_kib,
            idle: None,
            freshness: None,
            series: None,
            load: None,
            queries: None,
            stopped_after_ms: None,
            kept_in: None,
            differences: Vec::new(),
        })
    }
}
