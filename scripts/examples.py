"""Records openapi/examples.json: what each operation of the API is asked and what it answers.

Runs against a Vedette that the demo shop has reported to for some minutes (scripts/demo.py), asks every operation of
openapi/controller.json, shortens lists and long texts, and takes out what is secret. What the demonstration can't be
asked, or must not be, stands in openapi/requests.json by operation: its path values, its query, its body, what is made
before it is asked, or its whole answer. Prints what it has no example of, and ends with 1 then.
"""

import argparse
import base64
import json
import re
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "openapi" / "controller.json"
REQUESTS = ROOT / "openapi" / "requests.json"
EXAMPLES = ROOT / "openapi" / "examples.json"
# What an example keeps of a list, and of a text.
ITEMS, CHARACTERS = 2, 200
SECRETS = {"secret": "s3cr3t-shown-once", "client_secret": "s3cr3t-shown-once", "key": "0f7c52a6d1b34e0f9a8b", "access_key": "0f7c52a6d1b34e0f9a8b",
           "csrf_token": "f3b1c9d0a7e4"}
SECRET_PATHS = re.compile(r"access.keys|api.clients|session|connect")


class Asked:
    """A server and what was found on it: the ids that paths are made of."""

    def __init__(self, url, password, ca):
        self.url = url
        self.tls = ssl.create_default_context(cafile=ca)
        self.basic = "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()
        now = int(time.time() * 1000)
        self.range = {"from": now - 600_000, "to": now}
        self.ids = {}

    def ask(self, method, path, query=None, body=None):
        url = self.url + path + ("?" + urllib.parse.urlencode(query, doseq=True) if query else "")
        headers = {"Authorization": self.basic}
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=30, context=self.tls) as answer:
            text = answer.read().decode()
            return json.loads(text) if "json" in answer.headers.get("content-type", "") else text or None

    def first(self, path, wanted=lambda item: True, **query):
        items = self.ask("GET", path, {**self.range, **query})["items"]
        return next((item for item in items if wanted(item)), items[0])

    def find_ids(self):
        application = self.first("/api/v1/applications", lambda one: one["name"] == "shop")["id"]
        under = f"/api/v1/applications/{application}"
        trace = self.first("/api/v1/snapshots", application=application)
        found = {
            "applications": application,
            "business-transactions": self.first(f"{under}/business-transactions", lambda one: "checkout" in one["name"].lower())["id"],
            "tiers": self.first(f"{under}/tiers", lambda one: one["name"] == "order")["id"],
            "nodes": self.first(f"{under}/nodes")["id"],
            "backends": self.first(f"{under}/backends", lambda one: one["system"] in ("mariadb", "mysql"))["id"],
            "errors": self.first(f"{under}/errors")["id"],
            "trace_id": trace["trace_id"],
        }
        self.ids = found


def shortened(value, path=""):
    """A value whose lists and texts are short and whose secrets are made up."""
    if isinstance(value, dict):
        return {name: SECRETS[name] if name in SECRETS and isinstance(one, str) and SECRET_PATHS.search(path) else shortened(one, path)
                for name, one in value.items()}
    if isinstance(value, list):
        return [shortened(one, path) for one in value[:ITEMS]]
    if isinstance(value, str):
        # Where the demonstration lies on this machine is nobody's business.
        value = value.replace(str(ROOT / "examples"), "/srv")
        return value if len(value) <= CHARACTERS else value[:CHARACTERS - 1] + "…"
    return value


def filled(template, known):
    """A text, or a value of texts, with `{name}` replaced by what is known; a lone `{name}` becomes the value itself."""
    if isinstance(template, dict):
        return {name: filled(one, known) for name, one in template.items()}
    if isinstance(template, list):
        return [filled(one, known) for one in template]
    if isinstance(template, str):
        alone = re.fullmatch(r"\{([\w.-]+)\}", template)
        if alone:
            return known[alone[1]]
        return re.sub(r"\{([\w.-]+)\}", lambda found: str(known[found[1]]), template)
    return template


def place(path, known):
    """The path with its values: `{id}` is the id of the collection before it."""
    def value(found):
        before = path[:found.start()].rstrip("/").rsplit("/", 1)[-1]
        return urllib.parse.quote(str(known[before] if before in known and found[1] == "id" else known[found[1]]))
    return re.sub(r"\{(\w+)\}", value, path)


def record(server, document, requests, only):
    known = {**server.ids, **server.range, "start": server.range["from"] / 1000, "end": server.range["to"] / 1000, "access-keys": 1}
    examples, failed = {}, []
    operations = [(path, method, operation) for path, item in document["paths"].items() for method, operation in item.items()]
    order = {"get": 1, "post": 0, "put": 2, "patch": 2, "delete": 3}
    early = list(requests)
    # What makes things comes first, as the file has it, so that there is something to list; what ends them comes last.
    operations.sort(key=lambda one: (order[one[1]], early.index(one[2]["operationId"]) if one[2]["operationId"] in early else len(early)))
    for path, method, operation in operations:
        name = operation["operationId"]
        if only and not re.search(only, name):
            continue
        said = requests.get(name, {})
        good = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
        if not good.get("content") and "requestBody" not in operation:
            continue
        example = {}
        try:
            for one in said.get("before", []):
                known[one["keep"]] = server.ask("POST", one["path"], {}, one["body"])["id"]
            body = filled(said["body"], known) if "body" in said else None
            if body is not None:
                example["request"] = shortened(said.get("shown", body), path)
            if "answer" in said:
                example["response"] = said["answer"]
            elif not said.get("skip"):
                names = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
                query = {key: value for key, value in server.range.items() if key in names}
                query.update(filled(said.get("query", {}), known))
                local = {**known, **filled(said.get("path", {}), known)}
                answer = server.ask(method.upper(), place(path, local), query, body)
                for key, where in said.get("keep", {}).items():
                    value = answer
                    for part in where.split("."):
                        value = value[int(part)] if part.isdigit() else value[part]
                    known[key] = value
                if answer is not None:
                    example["response"] = shortened(answer, path)
        except (urllib.error.HTTPError, KeyError, IndexError, TypeError) as error:
            text = error.read().decode()[:300] if isinstance(error, urllib.error.HTTPError) else ""
            failed.append(f"{name}: {error!r} {text}")
            continue
        if example:
            examples[name] = example
    return examples, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="https://localhost:9443")
    parser.add_argument("--password", default="demo-password")
    parser.add_argument("--ca", default=str(ROOT / "target" / "demo" / "tls" / "ca.pem"))
    parser.add_argument("--only", help="a regular expression of operation ids; the other examples stay as they are")
    options = parser.parse_args()
    document, requests = json.loads(DOCUMENT.read_text()), json.loads(REQUESTS.read_text())
    server = Asked(options.url, options.password, options.ca)
    server.find_ids()
    recorded, failed = record(server, document, requests, options.only)
    there = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    kept = json.loads(EXAMPLES.read_text()) if EXAMPLES.exists() else {}
    examples = {name: one for name, one in {**kept, **recorded}.items() if name in there}
    EXAMPLES.write_text(json.dumps(dict(sorted(examples.items())), indent=1, ensure_ascii=False) + "\n")
    print(f"{len(recorded)} recorded, {len(failed)} failed")
    for one in failed:
        print(f"  {one}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
