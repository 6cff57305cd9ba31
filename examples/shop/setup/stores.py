"""The shop's database, message queue and cache: Debian's MariaDB, RabbitMQ and redis, each with its own data folder and
ports, never the system's own instances."""

import os
import shutil

from setup.processes import Running
from setup.shell import run

MARIADB_PASSWORD = "shop"  # a throw-away database that listens on loopback only
COOKIE = "vedette-example-shop"


def prepare_mariadb(tools, data, log):
    """Makes the data folder once."""
    folder = data / "mariadb"
    if (folder / "mysql").is_dir():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    basedir = tools.path("usr")
    run(
        [tools.path("usr/bin/mariadb-install-db"), "--no-defaults", f"--basedir={basedir}", f"--datadir={folder}", "--skip-test-db",
         "--auth-root-authentication-method=normal", *as_root()],
        log, env=tools.env(),
    )  # fmt: skip


def mariadb(tools, data, logs, port, schema):
    """Starts MariaDB; it runs `schema` before it accepts connections."""
    folder = data / "mariadb"
    script = data / "schema.sql"
    script.write_text(one_statement_a_line(schema.read_text()).replace("@PASSWORD@", MARIADB_PASSWORD))
    # A socket's path may be 107 bytes long at most, so it is given relative to the data folder.
    command = [
        tools.path("usr/sbin/mariadbd"), "--no-defaults", f"--basedir={tools.path('usr')}", f"--datadir={folder}",
        "--bind-address=127.0.0.1", f"--port={port}", "--socket=mariadb.sock", f"--init-file={script}",
        "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=16M",
        "--performance-schema=OFF", *as_root(),
    ]  # fmt: skip
    return Running("mariadb", command, logs / "mariadb.log", {**os.environ, **tools.env()})


def one_statement_a_line(text):
    """An init file's lines are its statements; comments are left out."""
    return "\n".join(line for line in text.splitlines() if line and not line.startswith("--")) + "\n"


def as_root():
    return ["--user=root"] if os.geteuid() == 0 else []


def rabbit_environment(tools, data, logs, ports):
    """RabbitMQ and the port mapper it needs, away from every system-wide file."""
    folder = data / "rabbitmq"
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    cookie = home / ".erlang.cookie"
    if not cookie.exists():
        cookie.write_text(COOKIE)
        cookie.chmod(0o400)
    config = folder / "rabbitmq.conf"
    config.write_text(f"listeners.tcp.1 = 127.0.0.1:{ports['rabbitmq']}\nloopback_users = none\nlog.console = true\nlog.file = false\n")
    (folder / "env.conf").write_text("")
    (folder / "plugins").write_text("[].\n")
    return {
        **os.environ,
        **tools.env(),
        "HOME": str(home),
        "RABBITMQ_NODENAME": f"shop{ports['rabbitmq']}@localhost",
        "RABBITMQ_DIST_PORT": str(ports["rabbitmq-dist"]),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(logs),
        "RABBITMQ_CONFIG_FILE": str(config),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "none.config"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "env.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none",
        "ERL_EPMD_PORT": str(ports["epmd"]),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }


def epmd(tools, logs, ports):
    """Erlang's port mapper, started here because RabbitMQ would leave one behind."""
    command = [tools.path("usr/bin/epmd"), "-port", ports["epmd"], "-address", "127.0.0.1"]
    return Running("epmd", command, logs / "epmd.log", {**os.environ, **tools.env()}, grace=0)


def rabbitmq(tools, data, logs, ports):
    """Starts RabbitMQ empty: a message left over from an earlier run would be a call nobody made in this one."""
    shutil.rmtree(data / "rabbitmq/mnesia", ignore_errors=True)
    command = [tools.path("usr/lib/rabbitmq/bin/rabbitmq-server")]
    return Running("rabbitmq", command, logs / "rabbitmq.log", rabbit_environment(tools, data, logs, ports), grace=0)


def redis(tools, logs, port):
    command = [tools.path("usr/bin/redis-server"), "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    return Running("redis", command, logs / "redis.log", {**os.environ, **tools.env()})
