"""A real Prometheus that scrapes itself and a made-up target and writes to Vedette: the same samples, and the same answers."""

import http.server
import json
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from promql import QUERIES, REFUSED, differences
from server import KEY, free_port, until

CONFIG = """
global: {{ scrape_interval: 1s }}
scrape_configs:
  - job_name: scraped
    static_configs: [{{ targets: ["localhost:{port}"] }}]
  - job_name: made/up
    static_configs: [{{ targets: ["localhost:{made_up}"], labels: {{ "env": "test" }} }}]
remote_write:
  - url: {url}/prometheus/api/v1/write
    authorization: {{ credentials: {key} }}
    tls_config: {{ ca_file: {ca} }}
    queue_config: {{ batch_send_deadline: 1s }}
"""
# A counter, a gauge, a classic histogram's buckets, a summary's quantiles.
METRICS = ["prometheus_tsdb_head_samples_appended_total", "go_goroutines", "prometheus_http_request_duration_seconds_bucket",
           "go_gc_duration_seconds"]


def run(world):
    work = world.work / "prometheus"
    work.mkdir()
    port = free_port()
    config = work / "prometheus.yml"
    made_up = MadeUp()
    config.write_text(CONFIG.format(port=port, made_up=made_up.server_port, url=world.server.url, key=KEY, ca=world.server.ca))
    with open(work / "log", "w") as log:
        process = subprocess.Popen([shutil.which("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={work / 'data'}",
                                    f"--web.listen-address=localhost:{port}"], stdout=log, stderr=log)
    try:
        until("Prometheus has scraped itself 25 times", 90, lambda: scraped(port, "go_goroutines")[0][1][24:])
        for metric in METRICS:
            until(f"samples of {metric}", 30, lambda metric=metric: same(world, port, metric))
        tiers = world.server.get(f"/api/v1/applications/{world.application('Default')}/tiers", **world.window)["items"]
        assert "scraped" in [tier["name"] for tier in tiers], tiers
        compare_answers(world, port)
    finally:
        process.terminate()
        process.wait(timeout=20)
        made_up.shutdown()


class MadeUp(http.server.ThreadingHTTPServer):
    """A target whose series reset, end and come back, and are no numbers now and then."""

    def __init__(self):
        super().__init__(("localhost", 0), MadeUpHandler)
        self.scrapes = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()


class MadeUpHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        n = self.server.scrapes = self.server.scrapes + 1
        body = "\n".join(exposed(n)).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def exposed(n):
    yield "# TYPE steps_total counter"
    yield f'steps_total{{kind="steady"}} {n * 3}'
    yield f'steps_total{{kind="resets"}} {n * 7 % 40 + 0.5}'
    yield f'steps_total{{kind="fine"}} {n * 0.125 + 1000}'
    yield f'level{{zone="x",rack="1"}} {n * 5 % 13 - 4.5}'
    yield f'level{{zone="x",rack="2"}} {n * n % 17}'
    yield f'level{{zone="y",rack="1"}} {"NaN" if n % 4 == 0 else n % 4}'
    yield f'level{{zone="z",rack="1"}} {"+Inf" if n % 5 == 0 else -n}'
    if n % 6 < 3:
        yield f"fleeting {n}"
    yield 'owner{zone="x",team="red"} 1'
    yield 'owner{zone="y",team="blue"} 1'
    yield 'threshold{zone="x"} 2.5'
    yield 'threshold{zone="y"} -1'
    for route, by in [("/a", 1), ("/b", 3)]:
        counts = [n * by, n * by * 2 + n % 3, n * by * 3 + n % 3, n * by * 4 + n % 3]
        for bound, count in zip(["0.1", "0.5", "1", "+Inf"], counts):
            yield f'delay_seconds_bucket{{route="{route}",le="{bound}"}} {count}'
        yield f'delay_seconds_count{{route="{route}"}} {counts[-1]}'
        yield f'delay_seconds_sum{{route="{route}"}} {counts[-1] * 0.4}'


def compare_answers(world, port):
    """At one instant and over a range up to it, none of whose samples are still on their way to Prometheus itself."""
    end = int(time.time()) - 2
    times = {"instant": ("query", {"time": end}),
             "range": ("query_range", {"start": end - 15.5, "end": end, "step": 2.5})}
    for query in QUERIES:
        for kind, (path, when) in times.items():
            until(f"{kind} query {query}", 20, lambda path=path, when=when, query=query: answered_alike(world, port, path, query, when))
    for query in REFUSED:
        parameters = {"query": query, "time": end}
        ours, theirs = answer(world, "query", parameters), own_answer(port, "query", parameters)
        assert ours[0] == theirs[0] and ours[1]["errorType"] == theirs[1]["errorType"], (query, ours, theirs)
    # What an editor of queries asks.
    window = {"start": end - 20, "end": end}
    for path in ["labels", "label/zone/values", "label/__name__/values", "series"]:
        parameters = {**window, "match[]": '{job="made/up"}'}
        ours, theirs = answer(world, path, parameters)[1]["data"], own_answer(port, path, parameters)[1]["data"]
        assert ours == theirs or sorted(map(str, ours)) == sorted(map(str, theirs)), (path, ours, theirs)
    version = world.server.get("/prometheus/api/v1/status/buildinfo")["data"]["version"]
    assert version == own_answer(port, "status/buildinfo", {})[1]["data"]["version"].split("+")[0], version


def answered_alike(world, port, path, query, when):
    parameters = {"query": query, **when}
    ours, theirs = answer(world, path, parameters), own_answer(port, path, parameters)
    different = differences(query, theirs, ours)
    if different:
        raise OSError("; ".join(different[:5]))
    return True


def answer(world, path, parameters):
    """Status and body of Vedette's answer."""
    try:
        return 200, world.server.get(f"/prometheus/api/v1/{path}", **parameters)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def own_answer(port, path, parameters):
    """The same of Prometheus'."""
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=10) as got:
            return 200, json.load(got)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def scraped(port, metric):
    """Labels but name, and [seconds, text] samples of each series, as Prometheus itself keeps them."""
    series = own_answer(port, "query", {"query": f"{metric}[5m]"})[1]["data"]["result"]
    found = [({name: value for name, value in one["metric"].items() if name != "__name__"}, one["values"]) for one in series]
    return found or [({}, [])]


def same(world, port, metric):
    """Raises what `until` tries again after, where a sample is missing."""
    wanted = scraped(port, metric)
    series = world.server.get("/api/v1/metric-series", name=metric, limit=1000, **world.window)["items"]
    for labels, values in wanted:
        ids = [one["id"] for one in series if one["attributes"] == labels]
        if len(ids) != 1:
            raise OSError(f"{labels} is {len(ids)} series")
        samples = world.server.get(f"/api/v1/metric-series/{ids[0]}/samples", **world.window)["items"]
        stored = {item["at"]: item["value"] for item in samples}
        for seconds, text in values:
            value = float(text)
            value = value if abs(value) != float("inf") and value == value else None
            if stored.get(round(seconds * 1000), "missing") != value:
                raise OSError(f"{metric} {labels} at {seconds}: {value}, stored {stored.get(round(seconds * 1000), 'missing')}")
    return True
