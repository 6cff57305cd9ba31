"""What the front ends of others ask of `/jaeger`, and what they need in the answers.

The requests are those that Jaeger's front end 2.20 sent when it was driven in a browser against a server, and those of Grafana's
Jaeger data source as its published source writes them (`pkg/jaeger` of grafana-jaeger-datasource), with the types that each
reads the answers into. `jaegerEnableGrpcEndpoint` is Grafana's switch for the third API.
"""

import datetime
import time
import urllib.error

import made_up

ERRORS = [{"code": int, "msg": str}]
TAG = {"key": str, "type": str, "value": object}
SPAN = {
    "traceID": str, "spanID": str, "processID": str, "operationName": str, "startTime": int, "duration": int, "flags": int,
    "logs": [{"timestamp": int, "fields": [TAG]}], "references": [{"refType": str, "spanID": str, "traceID": str}], "tags": [TAG],
}
TRACES = {"data": [{"traceID": str, "processes": {None: {"serviceName": str, "tags": [TAG]}}, "spans": [SPAN]}]}
KEY_VALUE = {"key": str, "value": dict}
OTLP_SPAN = {
    "traceId": str, "spanId": str, "parentSpanId": str, "traceState": str, "flags": int, "name": str, "kind": int,
    "startTimeUnixNano": str, "endTimeUnixNano": str, "attributes": [KEY_VALUE], "links": [{"traceId": str, "spanId": str}],
    "events": [{"timeUnixNano": str, "name": str, "attributes": [KEY_VALUE]}], "status": {"code": int, "message": str},
}
OTLP = {"result": {"resourceSpans": [
    {"resource": {"attributes": [KEY_VALUE]}, "scopeSpans": [{"scope": {"name": str}, "spans": [OTLP_SPAN]}]}]}}
SUMMARIES = {"summaries": [{
    "traceId": str, "rootServiceName": str, "rootOperationName": str, "minStartTimeUnixNano": str, "maxEndTimeUnixNano": str,
    "spanCount": int, "errorSpanCount": int, "orphanSpanCount": int,
    "services": [{"name": str, "spanCount": int, "errorSpanCount": int}]}]}
DEPENDENCIES = {"data": [{"parent": str, "child": str, "callCount": int}]}
HOUR_MS = 3_600_000


def shaped(value, shape, where="answer"):
    """Raises where a value is not of a shape: a type, a list of one shape, an object of keys, or of any keys under None."""
    if isinstance(shape, list):
        assert isinstance(value, list), f"{where}: {value!r} is no list"
        for at, item in enumerate(value):
            shaped(item, shape[0], f"{where}[{at}]")
    elif isinstance(shape, dict):
        assert isinstance(value, dict), f"{where}: {value!r} is no object"
        for key in value if None in shape else shape:
            assert key in value, f"{where} has no {key}"
            shaped(value[key], shape.get(key, shape.get(None)), f"{where}.{key}")
    else:
        assert isinstance(value, shape), f"{where}: {value!r} is no {shape.__name__}"


class Asked:
    """A server under `/jaeger`; answers are checked against their shapes."""

    def __init__(self, server):
        self.server = server

    def __call__(self, path, shape, **parameters):
        answer = self.server.get(f"/jaeger/api/{path}", **parameters)
        shaped(answer, shape, path)
        return answer


def jaegers_front_end(server):
    """The pages Search, of one trace, its comparison with another, and System Architecture."""
    ask = Asked(server)
    now = int(time.time() * 1000)
    assert ask("v3/services", {"services": [str]})["services"] == ["mail", "stock", "web"]
    operations = ask("v3/operations", {"operations": [{"name": str, "spanKind": str}]}, service="stock")["operations"]
    assert operations == [{"name": "GET /items", "spanKind": "server"}, {"name": "SELECT", "spanKind": "client"}], operations

    def search(**more):
        query = {"query.serviceName": "stock", "query.startTimeMin": iso(now - HOUR_MS), "query.startTimeMax": iso(now),
                 "query.searchDepth": 20}
        return ask("v3/trace-summaries", SUMMARIES, **(query | more))["summaries"]

    all_found = search()
    assert len(all_found) == made_up.TRACES, len(all_found)
    one = next(found for found in all_found if found["traceId"] == made_up.trace_id(5))
    assert (one["rootServiceName"], one["rootOperationName"], one["spanCount"], one["errorSpanCount"]) == ("web", "POST /checkout", 6, 1), one
    assert [part["name"] for part in one["services"]] == ["mail", "stock", "web"], one
    assert one["orphanSpanCount"] == 0 and int(one["maxEndTimeUnixNano"]) - int(one["minStartTimeUnixNano"]) >= 60_000_000, one
    narrowed = {"query.operationName": "SELECT", "query.durationMin": "8ms", "query.durationMax": "8ms"}
    assert len(search(**narrowed)) == made_up.TRACES
    assert search(**{"query.durationMin": "1s"}) == []
    tags = {"query.serviceName": "web", "query.attributes": '{"error":"true"}'}
    assert len(search(**tags)) == made_up.TRACES // 5
    for trace in (made_up.trace_id(1), made_up.trace_id(2)):
        [told] = ask(f"traces/{trace}", TRACES)["data"]
        assert len(told["spans"]) == 6 and {span["processID"] for span in told["spans"]} == set(told["processes"]), told
    calls = ask("dependencies", DEPENDENCIES, endTs=now, lookback=7 * 24 * HOUR_MS)["data"]
    assert {"parent": "web", "child": "stock", "callCount": made_up.TRACES} in calls, calls
    refused(server, "traces/77", 404, "trace not found")


def grafanas_data_source(server):
    """The check of the data source, its search, a trace by its id, its dependency graph; then the same as far as it is switched."""
    ask = Asked(server)
    now = int(time.time() * 1000)
    names = {"data": [str], "limit": int, "offset": int, "total": int}
    assert ask("services", names)["data"] == ["mail", "stock", "web"]
    assert ask("services/stock/operations", names)["data"] == ["GET /items", "SELECT"]
    search = {"start": (now - HOUR_MS) * 1000, "end": now * 1000, "limit": 20, "service": "web", "operation": "POST /checkout",
              "minDuration": "1ms", "maxDuration": "10s", "tags": '{"error":"true"}'}
    found = ask("traces", TRACES, **search)["data"]
    assert len(found) == made_up.TRACES // 5, len(found)
    # Asked without the path of the data source's address, as some releases do.
    assert server.get("/api/traces", **search)["data"] == found
    [one] = ask(f"traces/{made_up.trace_id(1)}", TRACES, start=now - HOUR_MS, end=now)["data"]
    assert len(one["spans"]) == 6, one
    graph = ask("dependencies", DEPENDENCIES, endTs=now, lookback=HOUR_MS)
    assert graph["errors"] is None and len(graph["data"]) > 0, graph

    assert ask("v3/services", {"services": [str]})["services"] == ["mail", "stock", "web"]
    ask("v3/operations", {"operations": [{"name": str, "spanKind": str}]}, service="web")
    times = {"start_time": iso(now - HOUR_MS), "end_time": iso(now)}
    trace = ask(f"v3/traces/{made_up.trace_id(5)}", OTLP, **times)["result"]["resourceSpans"]
    spans = [span for part in trace for scope in part["scopeSpans"] for span in scope["spans"]]
    assert len(trace) == 3 and len(spans) == 6 and [span["name"] for span in spans if span["status"]["code"] == 2] == ["POST /checkout"], spans


def iso(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def refused(server, path, status, word):
    try:
        server.get(f"/jaeger/api/{path}")
    except urllib.error.HTTPError as error:
        body = error.read().decode()
        assert error.code == status and word in body, (error.code, body)
    else:
        raise AssertionError(f"{path} was answered")
