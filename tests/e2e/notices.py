"""Telling people: events lead by policies to a real mail server with STARTTLS and a password, and to a real receiver of HTTP."""

import base64
import email
import email.policy
import http.server
import json
import shutil
import ssl
import subprocess
import threading
import urllib.parse
import urllib.request
from pathlib import Path

import made_up
from rest import tools
from server import PASSWORD, Server, until

HERE = Path(__file__).resolve().parent
USER, MAIL_PASSWORD, TOKEN = "notices", "planted-mail-password", "planted-hook-token"
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def ask(server, method, path, body=None, form=None):
    """The answer's text; a refusal raises."""
    data, kind = (json.dumps(body).encode(), "application/json") if form is None else (urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded")
    request = urllib.request.Request(server.url + path, data=data, method=method, headers={"Content-Type": kind})
    request.add_header("Authorization", "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode())
    with urllib.request.urlopen(request, timeout=40, context=ssl.create_default_context(cafile=str(server.ca))) as answer:
        return answer.read().decode()


def certificate(work):
    """Of localhost, vouched for by nobody but the setting notice-ca."""
    chain, key = work / "mail.pem", work / "mail.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
                    "-keyout", key, "-out", chain], check=True, capture_output=True)
    return chain, key


class Receiver:
    """Keeps what is posted to it; answers what it is told to."""

    def __init__(self):
        self.got, self.status = [], 200
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((self.path, self.headers, json.loads(body)))
                said = f"heard {self.headers['X-Token']}".encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@check
def an_event_becomes_an_email_and_a_request_and_no_secret_is_left_anywhere(world):
    work = world.work / "notices"
    shutil.rmtree(work, ignore_errors=True)
    inbox = work / "inbox"
    inbox.mkdir(parents=True)
    chain, key = certificate(work)
    mail = subprocess.Popen([tools(), HERE / "mail_server.py", chain, key, USER, MAIL_PASSWORD, inbox], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    receiver = Receiver()
    server = Server(world.options.vedette, work, VEDETTE_NOTICE_ALLOW="127.0.0.1,::1", VEDETTE_NOTICE_CA=str(chain))
    try:
        server.start()
        made_up.report(server)
        application = until("the application", 60, lambda: next(iter(server.get("/api/v1/applications")["items"]), None))
        told(server, application, int(mail.stdout.readline()), inbox, receiver)
    finally:
        mail.kill()
        receiver.server.shutdown()
        if server.process and server.process.poll() is None:
            server.stop()
    for path in [server.log, *server.data_dir.rglob("*")]:
        if path.is_file():
            content = path.read_bytes()
            for secret in (MAIL_PASSWORD, TOKEN):
                assert secret.encode() not in content, f"{secret} is in {path}"


def told(server, application, port, inbox, receiver):
    settings = {"mail": {"host": "localhost", "port": port, "security": "start_tls", "user": USER, "from": "Vedette <vedette@example.com>"}}
    ask(server, "PUT", "/api/v1/notification-settings", {**settings, "password": "wrong"})
    refused = json.loads(ask(server, "POST", "/api/v1/notification-settings/test", {"to": "ops@example.com"}))
    assert not refused["ok"] and "535" in refused["status"], refused
    ask(server, "PUT", "/api/v1/notification-settings", {**settings, "password": MAIL_PASSWORD})
    tried = json.loads(ask(server, "POST", "/api/v1/notification-settings/test", {"to": "ops@example.com"}))
    assert tried["ok"] and tried["status"].startswith("250"), tried
    actions = [
        {"name": "mail", "application": None, "secrets": {}, "doing": {"kind": "email", "to": ["ops@example.com"], "subject": "[{{ application }}] {{ title }}"}},
        {"name": "hook", "application": None, "secrets": {"token": TOKEN}, "doing": {
            "kind": "http", "preset": "webhook", "method": "POST", "url": f"http://localhost:{receiver.port}/hook",
            "headers": [{"name": "Content-Type", "value": "application/json"}, {"name": "X-Token", "value": "{{ secrets.token }}"}],
            "body": "{{ notice|tojson }}"}},
    ]
    ids = [json.loads(ask(server, "POST", "/api/v1/actions", action))["id"] for action in actions]
    ask(server, "POST", "/api/v1/policies", {
        "name": "backups", "application": application["id"], "enabled": True, "event_types": [], "rules": [], "entities": [], "actions": ids,
        "custom_events": [{"event_type": "backup", "properties": [{"name": "result", "value": "failed"}], "any_property": False}],
        "gather_seconds": 1, "every_hours": None})
    for result in ("done", "failed"):
        said = ask(server, "POST", f"/controller/rest/applications/{application['id']}/events", form={
            "eventtype": "CUSTOM", "customeventtype": "backup", "severity": "ERROR", "summary": f"the backup {result}", "tier": "web",
            "propertynames": "result", "propertyvalues": result})
        assert said.startswith("Successfully created the event id:"), said
    until("both are delivered", 40, lambda: len(delivered(server)) == 2)
    emailed(inbox, application)
    path, headers, notice = receiver.got[-1]
    assert (len(receiver.got), path, headers["X-Token"]) == (1, "/hook", TOKEN), receiver.got
    assert [entry["summary"] for entry in notice["entries"]] == ["the backup failed"], notice
    assert notice["link"].startswith(server.url + "/applications/"), notice["link"]
    hook = next(one for one in delivered(server) if one["action"]["name"] == "hook")
    assert (hook["last"]["status"], hook["last"]["answer"]) == ("HTTP 200 OK", "heard •••"), hook


def delivered(server):
    return [one for one in server.get("/api/v1/deliveries")["items"] if one["state"] == "delivered" and one["policy"]]


def messages(inbox):
    """What came by mail, in order."""
    paths = sorted(inbox.glob("*.eml"), key=lambda path: int(path.stem))
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]


def emailed(inbox, application):
    got = messages(inbox)
    assert len(got) == 2, [message["Subject"] for message in got]
    message = got[1]
    assert message["Subject"].startswith(f"[{application['name']}] backup: the backup failed"), message["Subject"]
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for part in ("the backup failed", application["name"], "result: failed", "Since"):
        assert part in text and part in html, f"{part} is missing:\n{text}\n{html}"
    assert f"/applications/{application['id']}/" in text, text
