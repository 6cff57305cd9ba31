"""A client that others wrote for the reference's API (AppDynamicsRESTx), at what it can ask a Vedette for.

  controller_client.py URL PASSWORD APPLICATION    run by rest.py in an environment that has the client
"""

import json
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
    users(client, url)
    health_rules(client, app)
    actions_and_policies(client, app)
    not_there(client, app)
    # Last: it is out of the lists then.
    web = next(node for node in client.get_nodes(app.id) if node.tier_name == "web")
    client.mark_nodes_historical(str(web.id))
    assert "web" not in {node.tier_name for node in client.get_nodes(app.id)}
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


def users(client, url):
    begun = time.time() - 60
    client.create_user("e2e-script", "A script", "script@example.com", "three wise otters", "User")
    other = AppDynamicsClient(url, "e2e-script", "three wise otters")
    assert other.get_applications(), "who was made may look"
    refused(lambda: other.create_user("e2e-more", "More", "more@example.com", "three wise otters"), 403)
    moment = lambda at: time.strftime("%Y-%m-%dT%H:%M:%S.000-0000", time.gmtime(at))
    told = client.get_audit_history(moment(begun), moment(time.time() + 60))
    mine = told.by_user_name("admin")
    assert any("CREATE" in audit.action.upper() for audit in mine), [audit.action for audit in mine]
    assert len(told.by_account_name(mine[0].account_name)) == len(told) and mine[0].timestamp > begun * 1000
    refused(lambda: other.get_audit_history(moment(begun), moment(begun + 1)), 403)


# As a Controller of old exports one.
RULE = """<health-rules controller-version="004-005-009-002"><health-rule><name>e2e rule</name><type>INFRASTRUCTURE</type>
<description/><enabled>true</enabled><is-default>false</is-default><always-enabled>true</always-enabled>
<duration-min>20</duration-min><wait-time-min>30</wait-time-min><affected-entities-match-criteria><affected-infra-match-criteria>
<type>NODES</type><node-match-criteria><type>ANY</type><node-meta-info-match-criteria/><vm-sys-properties/><env-properties/>
</node-match-criteria></affected-infra-match-criteria></affected-entities-match-criteria><critical-execution-criteria>
<entity-aggregation-scope><type>ANY</type><value>0</value></entity-aggregation-scope><policy-condition><type>leaf</type>
<display-name>busy</display-name><condition-value-type>ABSOLUTE</condition-value-type><condition-value>90.0</condition-value>
<operator>GREATER_THAN</operator><condition-expression/><use-active-baseline>false</use-active-baseline>
<trigger-on-no-data>false</trigger-on-no-data><metric-expression><type>leaf</type><function-type>VALUE</function-type>
<value>0</value><is-literal-expression>false</is-literal-expression><display-name>null</display-name><metric-definition>
<type>LOGICAL_METRIC</type><logical-metric-name>Hardware Resources|CPU|%Busy</logical-metric-name></metric-definition>
</metric-expression></policy-condition></critical-execution-criteria></health-rule></health-rules>"""


def health_rules(client, app):
    assert client.import_health_rules(app.id, RULE) == "Imported 1 health rules: e2e rule\n"
    exported = client.export_health_rules(app.id, name="e2e rule")
    assert exported.count("<health-rule>") == 1 and "<vedette-rule>" not in exported, exported
    assert "e2e rule" in client.export_health_rules(app.id)
    assert "overwrite=true" in client.import_health_rules(app.id, exported), "the name is taken"
    assert client.import_health_rules(app.id, exported, overwrite=True).startswith("Imported 1 ")
    assert client.export_health_rules(app.id, name="e2e rule") == exported, "there and back it is the same"
    refused(lambda: client.export_health_rules(app.id, name="nothing of this name"), 404)


def actions_and_policies(client, app):
    template = {"actionPlanType": "httprequest", "name": "e2e hook", "method": "POST", "scheme": "HTTPS", "host": "hooks.example.com",
                "port": 443, "path": "/in", "query": "", "authType": "NONE", "headers": [{"name": "X-Api-Key", "value": "planted"}],
                "payloadTemplate": {"httpRequestActionMediaType": "application/json", "formDataPairs": [],
                                    "payload": "{\"text\": \"${latestEvent.summaryMessage}\"}"}}
    actions = [{"actionType": "EmailAction", "name": "e2e mail", "priority": 1, "description": None, "toAddress": "e2e@example.com",
                "subject": "", "timeZone": None},
               {"actionType": "HttpRequestAction", "name": "e2e call", "priority": 0, "description": None,
                "httpRequestActionPlanName": "e2e hook"}]
    policy = {"reactorType": "POLICY", "name": "e2e policy", "enabled": True, "batchActionsPerMinute": True,
              "eventFilterTemplate": {"eventTypes": ["POLICY_OPEN_CRITICAL"], "healthRuleNames": [{"entityName": "e2e rule"}]},
              "entityFilterTemplates": None, "actionWrapperTemplates": [{"actionTag": "e2e mail"}, {"actionTag": "e2e call"}]}

    def imported(answer):
        told = json.loads(answer)
        assert told == {"success": "True", "errors": [], "warnings": []}, told

    imported(client.import_httprequest_action_templates(json.dumps([template])))
    templates = client.export_httprequest_action_templates()
    assert "planted" not in templates and json.loads(templates)[0]["headers"][0] == {"name": "X-Api-Key", "value": ""}
    assert json.loads(client.import_httprequest_action_templates(templates))["success"] == "False", "the name is taken"
    assert client.export_email_action_templates() == "[]"
    imported(client.import_actions(app.id, json.dumps(actions)))
    assert json.loads(client.export_actions(app.id)) == actions
    # Its own calls for policies ask for actions.
    path = f"/controller/policies/{app.id}"
    imported(client._request(method="POST", url=client.base_url + path, auth=client._auth, files={"file": ("p", json.dumps([policy]))}).text)
    assert client.request(path) == [policy]


def not_there(client, app):
    """What Vedette has no counterpart of is said."""
    refused(lambda: client.set_config("metrics.min.retention.period", "4"), 405)
    refused(lambda: client.export_custom_dashboard(7), 404)
    refused(lambda: client.export_entry_points(app.id, "custom"), 404)
    refused(lambda: client.export_analytics_dynamic_service_configs(app.id), 404)
    refused(lambda: client.get_action_suppressions(1, app.id), 404)
    refused(client.get_my_account, 404)


def refused(ask, status):
    try:
        ask()
    except HTTPError as error:
        assert error.response.status_code == status, error
    else:
        raise AssertionError(f"it was answered, not refused with {status}")


if __name__ == "__main__":
    main(*sys.argv[1:])
