"""A small application that reports by hand: traces over three tiers, a failed call, a database, a queue, logs, metrics."""

import json
import time
import urllib.request

APPLICATION = "by hand"
TRACES = 20


def attributes(**values):
    def value(it):
        kind = {bool: "boolValue", int: "intValue", float: "doubleValue"}.get(type(it), "stringValue")
        return {kind: str(it) if kind == "intValue" else it}
    return [{"key": key.replace("__", "."), "value": value(it)} for key, it in values.items()]


def resource(tier):
    return {"attributes": attributes(service__name=tier, service__namespace=APPLICATION, host__name=f"{tier}-1",
                                     telemetry__sdk__language="java", process__pid=7)}


def trace_id(number):
    return f"{0xabc0 + number:032x}"


def spans(number, at):
    """One checkout: `web` calls `stock`, which calls its database; then it puts a message that `mail` takes. Times in ms."""
    def span(place, parent, name, kind, begins, lasts, **more):
        start = at + begins * 1_000_000
        error = more.pop("error", None)
        return {"traceId": trace_id(number), "spanId": f"{number * 16 + place:016x}",
                "parentSpanId": f"{number * 16 + parent:016x}" if parent else "", "name": name, "kind": kind,
                "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + lasts * 1_000_000),
                "attributes": attributes(**more), "status": {"code": 2, "message": error} if error else {},
                "events": [{"timeUnixNano": str(start), "name": "exception",
                            "attributes": attributes(exception__type="SoldOut", exception__message=error)}] if error else []}
    error = "sold out" if number % 5 == 0 else None
    status = 500 if error else 200
    web = [span(1, 0, "POST /checkout", 2, 0, 60, http__request__method="POST", http__route="/checkout",
                url__path="/checkout", http__response__status_code=status, user__id=f"user-{number % 3}", error=error),
           span(2, 1, "GET", 3, 5, 30, http__request__method="GET", server__address="stock", server__port=80,
                url__full="http://stock/items", http__response__status_code=200),
           span(5, 1, "publish", 4, 40, 2, messaging__system="rabbitmq", messaging__destination__name="mails",
                messaging__operation__type="publish")]
    stock = [span(3, 2, "GET /items", 2, 8, 20, http__request__method="GET", http__route="/items", url__path="/items",
                  http__response__status_code=200),
             span(4, 3, "SELECT", 3, 10, 8, db__system__name="mysql", db__namespace="items", server__address="db",
                  db__query__text="SELECT * FROM items WHERE id = ?")]
    mail = [span(6, 5, "process mails", 5, 50, 15, messaging__system="rabbitmq", messaging__destination__name="mails",
                 messaging__operation__type="process")]
    return {"web": web, "stock": stock, "mail": mail}


def post(server, path, body):
    request = urllib.request.Request(f"http://127.0.0.1:{server.ports['http']}{path}", data=json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200, answer.status


def report(server):
    """All of it, two minutes ago, so that minutes that are over have it."""
    now = time.time_ns()
    for number in range(1, TRACES + 1):
        by_tier = spans(number, now - 120 * 10**9 + number * 10**9)
        post(server, "/v1/traces", {"resourceSpans": [{"resource": resource(tier), "scopeSpans": [{"spans": made}]}
                                                      for tier, made in by_tier.items()]})
    record = {"timeUnixNano": str(now), "severityNumber": 17, "body": {"stringValue": "no mail today"},
              "traceId": trace_id(1), "spanId": f"{17:016x}", "attributes": attributes(code=7)}
    post(server, "/v1/logs", {"resourceLogs": [{"resource": resource("mail"), "scopeLogs": [{"logRecords": [record]}]}]})
    points = [{"timeUnixNano": str(now - ago * 10**9), "asInt": str(1_000_000 + ago)} for ago in (150, 90, 30)]
    heap = {"name": "jvm.memory.used", "unit": "By", "sum": {"aggregationTemporality": 2, "isMonotonic": False, "dataPoints": [
        {**point, "attributes": attributes(jvm__memory__type="heap", jvm__memory__pool__name="old")} for point in points]}}
    orders = {"name": "orders", "unit": "1", "gauge": {"dataPoints": points}}
    post(server, "/v1/metrics", {"resourceMetrics": [{"resource": resource("web"), "scopeMetrics": [{"metrics": [heap, orders]}]}]})
