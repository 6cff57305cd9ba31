#!/usr/bin/env python3
"""Sets the example shop up and runs it, every service under OpenTelemetry's zero-code agent, until stopped
(SIGTERM, Ctrl-C) or for --seconds. Whatever it downloads or writes is under the repository's target/shop.

  run.py --endpoint https://127.0.0.1:9443 --api-key KEY --ca ca.pem     run, with steady traffic
  run.py --prepare-only                                                  do the slow part only: packages, libraries
  run.py --traffic none --ready-file up.json                             for tests: run driver.py against it yourself

Exit code: 0 after a clean stop, 1 with a sentence when something could not be set up, a service died, did not stop
when asked, or the driver got an answer it did not expect."""

import argparse
import contextlib
import json
import pathlib
import signal
import sys
import time

import traffic
from setup import languages, packages, services, stores
from setup.processes import Group, Running, accepts, refuse_taken
from setup.shell import SetupFailed, say, timed

SHOP = pathlib.Path(__file__).resolve().parent
WORK = SHOP.parent.parent / "target" / "shop"
UP_WITHIN_SECONDS = 120
LOOK_AGAIN_SECONDS = 0.2


class Stopped(Exception):
    """Somebody asked for the end."""


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    report = parser.add_argument_group("where the agents report")
    report.add_argument("--endpoint", default="http://127.0.0.1:4318", help="OTLP/HTTP base URL (default %(default)s)")
    report.add_argument("--api-key", help="access key, sent as x-api-key")
    report.add_argument("--ca", type=pathlib.Path, help="PEM file of the CA that the endpoint's certificate is from")
    report.add_argument("--namespace", default="shop", help="service.namespace, the application's name (default %(default)s)")
    report.add_argument("--environment", help="deployment.environment.name (default: not sent)")
    report.add_argument("--attribute", action="append", default=[], metavar="KEY=VALUE", help="a further resource attribute")
    report.add_argument("--fast-export", action="store_true", help="export spans and logs every 0.5 s, metrics every 5 s")
    load = parser.add_argument_group("traffic")
    load.add_argument("--traffic", choices=[*sorted(traffic.MIXES), "none"], default="steady", help="(default %(default)s)")
    load.add_argument("--rate", type=float, default=5.0, help="requests a second (default %(default)s)")
    load.add_argument("--seed", type=int, default=1)
    how = parser.add_argument_group("how")
    how.add_argument("--port-base", type=int, default=17100, help=f"first of {len(services.PORTS)} ports (default %(default)s)")
    how.add_argument("--work-dir", type=pathlib.Path, default=WORK, help="packages, libraries, logs (default target/shop)")
    how.add_argument("--data-dir", type=pathlib.Path, help="MariaDB's and RabbitMQ's data (default data under the work folder)")
    how.add_argument("--log-dir", type=pathlib.Path, help="the services' logs (default logs under the work folder)")
    how.add_argument("--seconds", type=float, help="stop after so long (default: when asked)")
    how.add_argument("--ready-file", type=pathlib.Path, help="written (JSON: ports, pids) when everything is up")
    how.add_argument("--prepare-only", action="store_true", help="set up and end")
    how.add_argument("--unpack", action="store_true", help="unpack Debian packages under the work folder, install none")
    return parser.parse_args(arguments)


def prepare(options, work, data):
    """Everything that need not be done again at the next start."""
    log = work / "setup.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    with timed("Debian packages"):
        tools = packages.provide(work / "debs", log, pathlib.Path("/"), options.unpack)
    with timed("Python libraries"):
        python = languages.python_environment(SHOP, work, log, tools.pip_wheel())
    with timed("Node.js libraries"):
        node = languages.node_environment(SHOP, work, log)
    with timed("database folder"):
        stores.prepare_mariadb(tools, data, log)
    return tools, python, node


def start_stores(group, tools, data, logs, ports):
    # epmd listens at once, and RabbitMQ asks again should it be first.
    group.start([lambda: stores.epmd(tools, logs, ports)])
    group.start(
        [
            lambda: stores.mariadb(tools, data, logs, ports["mariadb"], SHOP / "services/schema.sql"),
            lambda: stores.rabbitmq(tools, data, logs, ports),
            lambda: stores.redis(tools, logs, ports["redis"]),
        ]
    )
    for name in ("mariadb", "rabbitmq", "redis"):
        group.wait_until(lambda: accepts(ports[name]), name, UP_WITHIN_SECONDS)


def start_services(group, places, ports, reporting):
    group.start([lambda: services.start_bank(places, ports)])
    for wave in services.WAVES:
        group.start([lambda name=name: services.start(name, places, ports, reporting) for name in wave])
    for name in ("bank", *services.INSTRUMENTED):
        group.wait_until(lambda: is_up(name, places, ports), name, UP_WITHIN_SECONDS)


def is_up(name, places, ports):
    return accepts(ports[name]) if name in ports else services.ready_file(places, name).exists()


def start_driver(options, logs, ports):
    command = [sys.executable, SHOP / "driver.py", "--port", ports["web"], "--mix", options.traffic, "--rate", options.rate, "--seed", options.seed]
    return Running("driver", command, logs / "driver.log", services.clean_environment(), grace=70.0)


def write_ready_file(path, group, ports, reporting):
    about = {
        "url": f"http://127.0.0.1:{ports['web']}",
        "application": reporting.namespace,
        "ports": ports,
        "pids": {running.name: running.process.pid for running in group.all()},
    }
    being_written = path.with_name(path.name + ".new")
    being_written.write_text(json.dumps(about, indent=1) + "\n")
    being_written.replace(path)


def run(options, group):
    """Sets up, runs and returns when --seconds are over; Stopped and SetupFailed end it earlier."""
    work = options.work_dir.resolve()
    data = (options.data_dir or work / "data").resolve()
    logs = (options.log_dir or work / "logs").resolve()
    if options.ready_file:
        options.ready_file.unlink(missing_ok=True)
    tools, python, node = prepare(options, work, data)
    if options.prepare_only:
        return
    ports = services.ports_from(options.port_base)
    refuse_taken(ports)
    reporting = reporting_from(options)
    places = services.Places(SHOP / "services", python, node, logs, data)
    for name in services.INSTRUMENTED:
        services.ready_file(places, name).unlink(missing_ok=True)
    with timed("database, queue, cache"):
        start_stores(group, tools, data, logs, ports)
    with timed("services"):
        start_services(group, places, ports, reporting)
    if options.traffic != "none":
        group.start([lambda: start_driver(options, logs, ports)])
        say(f"traffic: {options.traffic}, {options.rate:g} requests a second")
    if options.ready_file:
        write_ready_file(options.ready_file, group, ports, reporting)
    say(f"the shop is open at http://127.0.0.1:{ports['web']} and reports to {options.endpoint}; logs: {logs}")
    watch(group, options.seconds)


def reporting_from(options):
    if options.ca and not options.ca.is_file():
        raise SetupFailed(f"--ca {options.ca} is not a file")
    attributes = list(options.attribute)
    if options.environment:
        attributes.append(f"deployment.environment.name={options.environment}")
    ca = str(options.ca.resolve()) if options.ca else None
    return services.Reporting(options.endpoint, options.api_key, ca, options.namespace, attributes, options.fast_export)


def watch(group, seconds):
    deadline = None if seconds is None else time.monotonic() + seconds
    while deadline is None or time.monotonic() < deadline:
        group.check()
        time.sleep(LOOK_AGAIN_SECONDS)


def stop(group):
    """Stops everything; whether all went as it should, the driver's answers included."""
    driver = next((running for running in group.all() if running.name == "driver"), None)
    with timed("stopped"):
        good = group.stop()
    if driver and driver.process.returncode != 0:
        say(f"the driver got answers it did not expect (exit code {driver.process.returncode}); see {driver.log}")
        good = False
    return good


def main():
    options = parse(None)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, raise_stopped)
    group = Group()
    good = True
    try:
        with contextlib.suppress(Stopped):
            run(options, group)
    except SetupFailed as error:
        say(f"error: {error}")
        good = False
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if group.waves:
        good = stop(group) and good
    return 0 if good else 1


def raise_stopped(number, frame):
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
