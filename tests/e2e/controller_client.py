"""A client that others wrote for the reference's API (AppDynamicsRESTx), at what it can ask a Vedette for.

  controller_client.py URL PASSWORD APPLICATION    run by rest.py in an environment that has the client
"""

import sys
import time

from appd.model.backend import Backend
from appd.request import AppDynamicsClient
from requests import HTTPError

import made_up

# Its list of types knows neither, though both are documented.
Backend.EXIT_POINT_TYPES += ("JDBC", "JMS")


def main(url, password, application):
    client = AppDynamicsClient(url, "admin", password)
    app = next(one for one in client.get_applications() if one.name == application)
    for named in (app.id, app.name):
        client.app_id = named
        entities(client, app)
    data(client)
    snapshots(client, app)
    assert client.get_config().by_name("metrics.min.retention.period").value == "192", client.get_config()
    # No health rules yet: none is violated.
    assert len(client.get_healthrule_violations()) == len(client.get_policy_violations()) == 0
    events(client, app)
    refused(lambda: client.get_tiers("nothing of this name"), 404)
    client.password = "wrong"
    refused(lambda: client.get_applications(), 401)


def entities(client, app):
    tiers = {tier.name: tier for tier in client.get_tiers()}
    assert set(tiers) == {"web", "stock", "mail"}, tiers
    nodes = client.get_nodes()
    assert sorted(node.tier_name for node in nodes) == ["mail", "stock", "web"], [node.name for node in nodes]
    assert [node.name for node in client.get_nodes(tier_id=tiers["web"].id)] == ["web-1"]
    # Not its get_node: it does not know that the answer is a list of one.
    transactions = client.get_bt_list()
    assert [(bt.name, bt.tier_name) for bt in transactions] == [("POST /checkout", "web")], list(transactions)
    backends = {backend.name: backend for backend in client.get_backends()}
    assert any("mysql" in name for name in backends), backends
    tree = client.get_metric_tree()
    assert "Overall Application Performance" in [node.name for node in tree]
    below = client.get_metric_tree(metric_path="Overall Application Performance|web")
    assert {"Calls per Minute", "Average Response Time (ms)"} <= {node.name for node in below if node.type == "leaf"}


def data(client):
    path = f"Business Transaction Performance|Business Transactions|web|POST /checkout|{client.CPM}"
    found = client.get_metrics(path, duration_in_mins=30)
    assert len(found) == 1 and found[0].path == path, found
    assert sum(value.value for value in client.get_metrics(path, duration_in_mins=30, rollup=False)[0].values) == made_up.TRACES
    times = client.get_metrics("Overall Application Performance|*|Average Response Time (ms)", duration_in_mins=30)
    assert {row.path.split("|")[1]: row.values[0].value for row in times if row.values} == {"web": 60, "stock": 20, "mail": 15}
    now = int(time.time() * 1000)
    empty = client.get_metrics(path, time_range_type="BETWEEN_TIMES", start_time=now - 7_200_000, end_time=now - 3_600_000)
    assert len(empty) == 1 and not empty[0].values, "one metric without data, as documented"


def snapshots(client, app):
    def asked(**more):
        return client.get_snapshots(time_range_type="BEFORE_NOW", duration_in_mins=30, **more)

    failed = asked(first_in_chain="true", error_occurred="true")
    assert len(failed) == made_up.TRACES // 5, len(failed)
    one = failed[0]
    assert one.app_id == app.id and one.error_occurred and one.user_experience == "ERROR" and one.time_taken_ms == 60, vars(one)
    segments = asked(guids=[one.request_guid], need_exit_calls="true", need_props="true")
    assert len({segment.app_component_id for segment in segments}) == 3, "one of each tier"


def events(client, app):
    before = len(client.get_events(event_types="CUSTOM", severities="INFO,WARN,ERROR"))
    answer = client.create_event(summary="made by a client", comment="of others", eventtype="CUSTOM", customeventtype="e2e", severity="WARN", tier="web")
    made = client.get_events(event_types="CUSTOM", severities="WARN")
    assert len(made) == before + 1, (answer, list(made))
    event = made[0]
    assert (event.summary, event.sub_type, event.severity, event.is_read) == ("made by a client", "e2e", "WARN", False), vars(event)
    # Its default severity is ERROR: none of those.
    assert len(client.get_events(event_types="ALL")) == 0


def refused(ask, status):
    try:
        ask()
    except HTTPError as error:
        assert error.response.status_code == status, error
    else:
        raise AssertionError(f"it was answered, not refused with {status}")


if __name__ == "__main__":
    main(*sys.argv[1:])
