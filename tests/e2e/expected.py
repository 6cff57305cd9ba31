"""What Vedette shows of the shop, in the driver's words, and what the driver says it must be."""

FRONT_DOOR = "web"


def wanted_transactions(plan):
    """(name, calls, errors) of the front door's business transactions."""
    wanted = {}
    for route in plan["routes"]:
        if route["route"] == "/health":
            name = "Health Checks"
        elif route["route"] in ("", "/static"):
            name = f"All Other Traffic - {FRONT_DOOR}"
        else:
            name = f"{route['method']} {route['route']}"
        calls, errors = wanted.get(name, (0, 0))
        wanted[name] = (calls + route["calls"], errors + route["errors"])
    return wanted


def shown_transactions(server, application, window):
    page = server.get(f"/api/v1/applications/{application}/business-transactions", limit=1000, **window)
    assert page["next"] is None, "all fit one page"
    return {bt["name"]: (bt["figures"]["calls"], bt["figures"]["errors"]) for bt in page["items"] if bt["figures"]["calls"]}


def wanted_edges(plan):
    return {(edge["from"], edge["to"]): (edge["calls"], edge["failed"]) for edge in plan["edges"]}


def in_drivers_words(node):
    """A node of the flow map as the driver calls it."""
    if node["kind"] == "queue":
        return "queue:" + node["name"].split(" ")[-1]
    if node["kind"] == "backend":
        return {"mysql": "mariadb"}.get(node["system"], node["system"]) if node["system"] not in ("", "http", None) else "bank"
    return node["name"]


def shown_edges(flow_map):
    names = {node["id"]: in_drivers_words(node) for node in flow_map["nodes"]}
    edges = {}
    for edge in flow_map["edges"]:
        key = (names[edge["from"]], names[edge["to"]])
        assert key not in edges, f"two edges {key}"
        edges[key] = (edge["figures"]["calls"], edge["figures"]["errors"])
    return edges


def differences(what, wanted, shown):
    lines = [f"{what} {key}: wanted {wanted.get(key)}, shown {shown.get(key)}"
             for key in sorted(set(wanted) | set(shown), key=str) if wanted.get(key) != shown.get(key)]
    return lines
