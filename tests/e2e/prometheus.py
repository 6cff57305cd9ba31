"""A real Prometheus that scrapes itself and writes to Vedette: sample by sample the same on both sides."""

import json
import shutil
import subprocess
import urllib.parse
import urllib.request

from server import KEY, free_port, until

CONFIG = """
global: {{ scrape_interval: 1s }}
scrape_configs:
  - job_name: scraped
    static_configs: [{{ targets: ["localhost:{port}"] }}]
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
    config.write_text(CONFIG.format(port=port, url=world.server.url, key=KEY, ca=world.server.ca))
    with open(work / "log", "w") as log:
        process = subprocess.Popen([shutil.which("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={work / 'data'}",
                                    f"--web.listen-address=localhost:{port}"], stdout=log, stderr=log)
    try:
        until("Prometheus has scraped itself ten times", 60, lambda: scraped(port, "go_goroutines")[0][1][9:])
        for metric in METRICS:
            until(f"samples of {metric}", 30, lambda metric=metric: same(world, port, metric))
        tiers = world.server.get(f"/api/v1/applications/{world.application('Default')}/tiers", **world.window)["items"]
        assert "scraped" in [tier["name"] for tier in tiers], tiers
    finally:
        process.terminate()
        process.wait(timeout=20)


def scraped(port, metric):
    """Labels but name, job and instance, and [seconds, text] samples of each series, as Prometheus itself keeps them."""
    query = urllib.parse.urlencode({"query": f"{metric}[5m]"})
    with urllib.request.urlopen(f"http://localhost:{port}/api/v1/query?{query}", timeout=10) as answer:
        series = json.load(answer)["data"]["result"]
    left_out = ("__name__", "job", "instance")
    found = [({name: value for name, value in one["metric"].items() if name not in left_out}, one["values"]) for one in series]
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
