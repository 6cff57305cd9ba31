//! A server of one's own to measure: started with an empty data directory and free ports, stopped afterwards.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::StatusCode;
use tokio::process::{Child, Command};

use super::group::Group;
use super::kept::{Folder, Kept};
use super::subject::Place;
use crate::api::Api;
use crate::args::BenchArgs;
use crate::draws::Draws;
use crate::send::endpoint::{Endpoint, Trust};
use crate::send::since;
use crate::wall;

const READY_WITHIN: Duration = Duration::from_secs(60);
const STOP_WITHIN: Duration = Duration::from_secs(15);
const ASK_EVERY: Duration = Duration::from_millis(20);
/// Of the server's log, shown when it does not start.
const LOG_TAIL: usize = 2000;

#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    folder: Folder,
    identity: Identity,
    pub(crate) ready_after: Duration,
}

/// By what it is reached, however often it is started.
#[derive(Debug)]
struct Identity {
    ports: Ports,
    password: String,
    access_key: String,
}

impl Identity {
    fn spawn(&self, mut command: Command, folder: &Path, args: &BenchArgs) -> Result<Child> {
        let mut log = File::options();
        let log = log.create(true).append(true).open(folder.join("server.log"));
        let log = log.context("cannot create the server's log")?;
        let delay = args.fsync_delay.map(|ms| format!("--sync-delay-ms={ms}"));
        let Ports { https, grpc, http } = self.ports;
        command
            .arg("serve")
            .arg("--data-dir")
            .arg(folder.join("data"))
            .args(["--https-listen", &format!("127.0.0.1:{https}")])
            .args(["--otlp-grpc-listen", &format!("127.0.0.1:{grpc}")])
            .args(["--otlp-http-listen", &format!("127.0.0.1:{http}")])
            .args(delay)
            .args(&args.vedette_arg)
            // What is measured is the load alone.
            .env("VEDETTE_SELF_MONITORING", "false")
            .env("VEDETTE_ADMIN_PASSWORD", &self.password)
            .env("VEDETTE_ACCESS_KEY", &self.access_key)
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("cannot share the server's log")?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the server")
    }
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    https: u16,
    grpc: u16,
    http: u16,
}

impl Server {
    /// Starts a server; in a control group and on processors of its own, where these are given.
    pub(crate) async fn start(
        binary: &Path,
        folder: Folder,
        args: &BenchArgs,
        place: Place<'_>,
    ) -> Result<Self> {
        let ports = free_ports()?;
        let mut draws = Draws::new(wall::unix_nanos(), 0);
        let password = match &folder {
            Folder::Made(_) => format!("Bench-{:016x}", draws.next()),
            Folder::Kept(folder) => Kept::read(folder)?.password,
        };
        let access_key = format!("{:016x}{:016x}", draws.next(), draws.next());
        let started = wall::instant();
        let identity = Identity { ports, password, access_key };
        let spawn = || identity.spawn(command(binary, place.group), folder.path(), args);
        let child = place.cores.map_or_else(spawn, |cores| cores.start_server(spawn))?;
        let mut server = Self { child, folder, identity, ready_after: Duration::ZERO };
        server.wait_ready().await?;
        server.ready_after = since(started);
        Ok(server)
    }

    /// Ends the server without a word, and waits until it is gone.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("cannot kill the server")
    }

    /// Starts it again on the same data, at the same addresses.
    pub(crate) async fn start_again(&mut self, args: &BenchArgs) -> Result<()> {
        let binary = args.vedette.as_ref().context("only a server of our own is started again")?;
        self.child = self.identity.spawn(Command::new(binary), self.folder.path(), args)?;
        self.wait_ready().await
    }

    async fn wait_ready(&mut self) -> Result<()> {
        let deadline = wall::instant() + READY_WITHIN;
        let mut api = Api::new(Endpoint::parse(&self.https_url(), &Trust::Anyone)?, None);
        loop {
            if let Some(status) = self.child.try_wait().context("cannot look at the server")? {
                bail!("the server ended with {status}:\n{}", self.log_tail());
            }
            match api.get("/readyz").await {
                Ok((StatusCode::OK, _)) => return Ok(()),
                _ if wall::instant() > deadline => {
                    bail!("the server is not ready:\n{}", self.log_tail())
                }
                _ => tokio::time::sleep(ASK_EVERY).await,
            }
        }
    }

    fn log_tail(&self) -> String {
        let log = std::fs::read(self.folder.path().join("server.log")).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(LOG_TAIL)..]).into_owned()
    }

    pub(crate) fn pid(&self) -> Result<u32> {
        self.child.id().context("the server has ended")
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn password(&self) -> &str {
        &self.identity.password
    }

    pub(crate) fn access_key(&self) -> &str {
        &self.identity.access_key
    }

    fn https_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.identity.ports.https)
    }

    /// Where agents send: the plaintext port of the protocol, or the HTTPS port.
    pub(crate) fn agents_url(&self, tls: bool, grpc: bool) -> String {
        match (tls, grpc) {
            (true, _) => self.https_url(),
            (false, true) => format!("http://127.0.0.1:{}", self.identity.ports.grpc),
            (false, false) => format!("http://127.0.0.1:{}", self.identity.ports.http),
        }
    }

    /// The authority made at first start, as the server hands it out.
    pub(crate) async fn trust(&self) -> Result<Trust> {
        let mut stranger = Api::new(Endpoint::parse(&self.https_url(), &Trust::Anyone)?, None);
        let (status, pem) = stranger.get("/ca.pem").await?;
        if status != StatusCode::OK {
            bail!("GET /ca.pem answered {status}");
        }
        Trust::from_pem(&pem).context("GET /ca.pem")
    }

    pub(crate) fn api(&self, trust: &Trust) -> Result<Api> {
        Ok(Api::new(
            Endpoint::parse(&self.https_url(), trust)?,
            Some(("admin", &self.identity.password)),
        ))
    }

    /// Asks the server to end; seconds it took. The folder stays when `keep` is given, and its path is returned.
    pub(crate) async fn stop(mut self, keep: bool) -> Result<(Duration, Option<PathBuf>)> {
        let (pid, started) = (self.pid()?, wall::instant());
        let asked = Command::new("kill")
            .args(["-TERM", &pid.to_string()])
            .status()
            .await
            .context("cannot run kill")?;
        if !asked.success() {
            bail!("cannot ask process {pid} to end");
        }
        let ended = tokio::time::timeout(STOP_WITHIN, self.child.wait()).await;
        ended
            .with_context(|| format!("the server did not end within {STOP_WITHIN:?}"))?
            .context("cannot wait")?;
        Ok((since(started), keep.then(|| self.folder.keep())))
    }
}

/// What starts the binary. In a group the shell enters it and becomes the server, under the same id.
fn command(binary: &Path, group: Option<&Group>) -> Command {
    let Some(group) = group else { return Command::new(binary) };
    let mut shell = Command::new("sh");
    let enter = r#"echo $$ > "$1" && shift && exec "$@""#;
    shell.args(["-c", enter, "sh"]).arg(group.entrance()).arg(binary);
    shell
}

/// All three are held at once so that they differ; the server takes them a moment later.
fn free_ports() -> Result<Ports> {
    let bind = || TcpListener::bind("127.0.0.1:0").context("no free port");
    let held = [bind()?, bind()?, bind()?];
    let port = |listener: &TcpListener| Ok::<u16, std::io::Error>(listener.local_addr()?.port());
    Ok(Ports { https: port(&held[0])?, grpc: port(&held[1])?, http: port(&held[2])? })
}
