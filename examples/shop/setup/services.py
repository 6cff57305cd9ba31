"""The shop's own services: what each is started with. Their agents are configured by environment variables alone, as
the agents' documentation says; no service's code knows about them."""

import os
import urllib.parse
from typing import List, NamedTuple, Optional

from setup.processes import Running
from setup.stores import MARIADB_PASSWORD

PORTS = ("web", "catalog", "cart", "order", "payment", "bank", "mariadb", "rabbitmq", "rabbitmq-dist", "redis", "epmd")
INSTRUMENTED = {
    "web": "web.js",
    "catalog": "catalog.py",
    "cart": "cart.py",
    "order": "order.js",
    "payment": "payment.py",
    "fulfilment": "fulfilment.py",
    "notify": "notify.js",
}
# They stop in the reverse order: the front door first, so that what is on its way reaches its end.
WAVES = (("notify", "fulfilment"), ("catalog", "cart", "payment"), ("order",), ("web",))
# The agent's default asks clouds' metadata addresses too, which holds up its start where there is no cloud.
NODE_RESOURCE_DETECTORS = "env,host,os,process,container,serviceinstance"


class Reporting(NamedTuple):
    """Where and how the agents report."""

    endpoint: str
    api_key: Optional[str]
    ca: Optional[str]
    namespace: str
    attributes: List[str]  # further resource attributes, `key=value`
    fast: bool


class Places(NamedTuple):
    """Where things are."""

    sources: object
    python: object
    node: object
    logs: object
    ready: object


def ports_from(base):
    return {name: base + offset for offset, name in enumerate(PORTS)}


def clean_environment():
    """The caller's environment without what would steer an agent, except the choice of semantic conventions.
    The bundles would win over OTEL_EXPORTER_OTLP_CERTIFICATE in Python's exporter (a habit of `requests`)."""
    kept = "OTEL_SEMCONV_STABILITY_OPT_IN"
    unwanted = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    return {
        name: value
        for name, value in os.environ.items()
        if name == kept or not (name.startswith("OTEL_") or name in unwanted)
    }


def shop_environment(ports):
    return {
        "SHOP_CATALOG_URL": f"http://127.0.0.1:{ports['catalog']}",
        "SHOP_CART_URL": f"http://127.0.0.1:{ports['cart']}",
        "SHOP_ORDER_URL": f"http://127.0.0.1:{ports['order']}",
        "SHOP_PAYMENT_URL": f"http://127.0.0.1:{ports['payment']}",
        "SHOP_BANK_URL": f"http://127.0.0.1:{ports['bank']}",
        "SHOP_DATABASE_URL": f"mysql://shop:{MARIADB_PASSWORD}@127.0.0.1:{ports['mariadb']}/shop",
        "SHOP_MARIADB_PORT": str(ports["mariadb"]),
        "SHOP_MARIADB_PASSWORD": MARIADB_PASSWORD,
        "SHOP_REDIS_URL": f"redis://127.0.0.1:{ports['redis']}",
        "SHOP_REDIS_PORT": str(ports["redis"]),
        "SHOP_QUEUE_URL": f"amqp://guest:guest@127.0.0.1:{ports['rabbitmq']}",
    }


def agent_environment(service, reporting):
    attributes = [f"service.namespace={reporting.namespace}", *reporting.attributes]
    env = {
        "OTEL_SERVICE_NAME": service,
        "OTEL_RESOURCE_ATTRIBUTES": ",".join(attributes),
        "OTEL_EXPORTER_OTLP_ENDPOINT": reporting.endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_TRACES_SAMPLER": "always_on",
        "OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED": "true",
        "OTEL_NODE_RESOURCE_DETECTORS": NODE_RESOURCE_DETECTORS,
    }
    if reporting.api_key:
        env["OTEL_EXPORTER_OTLP_HEADERS"] = f"x-api-key={urllib.parse.quote(reporting.api_key, safe='')}"
    if reporting.ca:
        env["OTEL_EXPORTER_OTLP_CERTIFICATE"] = reporting.ca
    if reporting.fast:
        env.update(OTEL_BSP_SCHEDULE_DELAY="500", OTEL_BLRP_SCHEDULE_DELAY="500", OTEL_METRIC_EXPORT_INTERVAL="5000")
    return env


def ready_file(places, service):
    return places.ready / f"{service}.ready"


def start(service, places, ports, reporting):
    """Starts an instrumented service under its agent."""
    env = {**clean_environment(), **shop_environment(ports), **agent_environment(service, reporting)}
    env["SHOP_READY_FILE"] = str(ready_file(places, service))
    if service in ports:
        env["SHOP_PORT"] = str(ports[service])
    source = places.sources / INSTRUMENTED[service]
    if source.suffix == ".js":
        env["NODE_PATH"] = str(places.node / "node_modules")
        command = ["node", "--require", "@opentelemetry/auto-instrumentations-node/register", source]
    else:
        env["PYTHONUNBUFFERED"] = "1"
        # The script rather than the command: a command's first line may not hold a long path.
        command = [places.python, places.python.parent / "opentelemetry-instrument", places.python, source]
    return Running(service, command, places.logs / f"{service}.log", env, cwd=places.node)


def start_bank(places, ports):
    """Starts the one service that nobody instruments."""
    env = {**clean_environment(), "SHOP_PORT": str(ports["bank"])}
    return Running("bank", [places.python, places.sources / "bank.py"], places.logs / "bank.log", env)
