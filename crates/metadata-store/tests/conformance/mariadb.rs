//! A MariaDB server of the test's own: its own data folder and socket, no network.
//!
//! A shell holds the server and ends it, and removes its folder, when the pipe from this process closes;
//! that happens however this process ends. Where no server is installed it is installed as root, and
//! otherwise the test fails and says so.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::Connection;

static SERVER: OnceLock<Server> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

struct Server {
    socket: PathBuf,
    /// Holds the pipe whose end is the server's end.
    _keeper: Child,
}

/// The URL of a new, empty database.
pub(crate) fn fresh_database() -> String {
    let server = SERVER.get_or_init(start);
    let name = format!("vedette_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let socket = server.socket.display();
    // Born with a wrong character set, so that tables have to say theirs.
    let create = format!("CREATE DATABASE {name} CHARACTER SET latin1");
    execute(&format!("mysql://root@localhost/mysql?socket={socket}"), &create);
    format!("mysql://root@localhost/{name}?socket={socket}")
}

/// Runs a statement on a connection of its own.
pub(crate) fn execute(url: &str, statement: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut connection = sqlx::MySqlConnection::connect(url).await.expect("MariaDB answers");
        sqlx::raw_sql(statement).execute(&mut connection).await.expect("the statement is valid");
    });
}

fn start() -> Server {
    let server = program("mariadbd");
    let folder = tempfile::Builder::new().prefix("vedette-mariadb-").tempdir();
    let folder = folder.expect("a folder for MariaDB").keep();
    let data = folder.join("data");
    make_data_folder(&data);
    let socket = folder.join("socket");
    let mut keeper = Command::new("sh")
        .arg("-c")
        .arg(KEEPER)
        .arg("keeper")
        .arg(&folder)
        .arg(server)
        .args(["--no-defaults", "--skip-networking", "--skip-log-bin", "--skip-ssl"])
        .args(["--innodb-flush-log-at-trx-commit=0", "--max-connections=1000"])
        .args(user())
        .arg(option("datadir", &data))
        .arg(option("socket", &socket))
        .arg(option("pid-file", &folder.join("pid")))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("there is a shell");
    wait_until_ready(&mut keeper);
    Server { socket, _keeper: keeper }
}

/// `$1` is the folder, the rest the server's command. Reading from the pipe ends when this process does.
const KEEPER: &str = r#"
folder=$1; shift
"$@" </dev/null &
server=$!
cat >/dev/null
kill -9 $server
wait $server 2>/dev/null
rm -rf "$folder"
"#;

fn make_data_folder(data: &Path) {
    let made = Command::new(program("mariadb-install-db"))
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
        .args(user())
        .arg(option("datadir", data))
        .output()
        .expect("mariadb-install-db starts");
    assert!(made.status.success(), "mariadb-install-db: {}", String::from_utf8_lossy(&made.stdout));
}

/// Reads the server's log up to the line that says so, and on in a thread so that the pipe never fills.
fn wait_until_ready(keeper: &mut Child) {
    let mut log = BufReader::new(keeper.stderr.take().expect("its errors are piped")).lines();
    let mut said = Vec::new();
    let ready = log.by_ref().map_while(Result::ok).any(|line| {
        said.push(line);
        said.last().is_some_and(|line| line.contains("ready for connections"))
    });
    assert!(ready, "MariaDB did not start: {}", said.join("\n"));
    std::thread::spawn(move || log.for_each(drop));
}

fn option(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

/// MariaDB refuses to run as root unless told to.
fn user() -> Option<&'static str> {
    is_root().then_some("--user=root")
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("there is an `id`");
    id.stdout.trim_ascii() == b"0"
}

fn program(name: &str) -> PathBuf {
    find(name).unwrap_or_else(|| {
        install();
        find(name).unwrap_or_else(|| panic!("the package mariadb-server brought no {name}"))
    })
}

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian puts servers where only root's PATH leads.
    let servers = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(servers)
        .map(|folder| folder.join(name))
        .find(|program| program.exists())
}

fn install() {
    assert!(
        is_root(),
        "these tests need MariaDB and cannot install it without being root: apt-get install mariadb-server"
    );
    for arguments in [
        &["-q", "update"][..],
        &["-q", "-y", "--no-install-recommends", "install", "mariadb-server"],
    ] {
        let apt = Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .output()
            .expect("these tests need MariaDB, and there is no apt-get to install it");
        let said = String::from_utf8_lossy(&apt.stderr);
        assert!(apt.status.success(), "apt-get could not install MariaDB: {said}");
    }
}
