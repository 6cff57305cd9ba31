"""An operator's day: in a real browser a rule is made from a chart, the shop's faulty traffic violates it, an email and a web hook
tell of that, it is silenced, and it recovers. Rules are judged once a minute, a minute late, so that this takes about eight."""

import json
import os
import shutil
import subprocess
import sys
import time

from notices import MAIL_PASSWORD, TOKEN, USER, HERE, Receiver, ask, certificate, messages
from rest import tools
from server import PASSWORD, Server, until
from shop import ROOT, SHOP, Shop

CHECKS = []
RULE = "Products fail"
TRANSACTION = "GET /product/:id"


def check(function):
    CHECKS.append(function)
    return function


class Traffic:
    """What the driver sends until it is told otherwise."""

    def __init__(self, shop, rate="5"):
        self.shop, self.rate, self.process = shop, rate, None

    def send(self, mix):
        self.stop()
        command = [sys.executable, str(SHOP / "driver.py"), "--port", str(self.shop.ports), "--rate", self.rate, "--mix", mix]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)


@check
def a_rule_made_from_a_chart_is_violated_told_silenced_and_recovers(world):
    work = world.work / "daily"
    shutil.rmtree(work, ignore_errors=True)
    inbox = work / "inbox"
    inbox.mkdir(parents=True)
    chain, key = certificate(work)
    mail = subprocess.Popen([tools(), HERE / "mail_server.py", chain, key, USER, MAIL_PASSWORD, inbox], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    receiver = Receiver()
    server = Server(world.options.vedette, work, VEDETTE_NOTICE_ALLOW="127.0.0.1,::1", VEDETTE_NOTICE_CA=str(chain))
    shop = traffic = None
    try:
        server.start()
        shop = Shop(server, work)
        shop.wait()
        traffic = Traffic(shop)
        # Nothing fails of this mix.
        traffic.send("slow")
        application = until("the transaction", 120, lambda: transaction_of(server))
        actions = mail_and_hook(server, int(mail.stdout.readline()), receiver)
        lived_through(server, application, actions, traffic, inbox, receiver)
    finally:
        mail.kill()
        receiver.server.shutdown()
        if traffic:
            traffic.stop()
        if shop:
            shop.stop()
        if server.process and server.process.poll() is None:
            server.stop()


def transaction_of(server):
    """The id of the shop, once it has what the rule is made of."""
    for one in server.get("/api/v1/applications")["items"]:
        rows = server.get(f"/api/v1/applications/{one['id']}/business-transactions", limit=1000)["items"]
        if one["name"] == "shop" and any(row["name"] == TRANSACTION for row in rows):
            return one["id"]
    return None


def mail_and_hook(server, port, receiver):
    ask(server, "PUT", "/api/v1/notification-settings", {"password": MAIL_PASSWORD, "mail": {
        "host": "localhost", "port": port, "security": "start_tls", "user": USER, "from": "Vedette <vedette@example.com>"}})
    actions = [
        {"name": "mail", "application": None, "secrets": {}, "doing": {"kind": "email", "to": ["ops@example.com"], "subject": ""}},
        {"name": "hook", "application": None, "secrets": {"token": TOKEN}, "doing": {
            "kind": "http", "preset": "webhook", "method": "POST", "url": f"http://localhost:{receiver.port}/hook",
            "headers": [{"name": "Content-Type", "value": "application/json"}, {"name": "X-Token", "value": "{{ secrets.token }}"}],
            "body": "{{ notice|tojson }}"}},
    ]
    return [json.loads(ask(server, "POST", "/api/v1/actions", action))["id"] for action in actions]


def tell_of_the_rule(server, application, actions):
    ask(server, "POST", "/api/v1/policies", {
        "name": "tell", "application": application, "enabled": True, "rules": [RULE], "entities": [], "actions": actions, "custom_events": [],
        "event_types": ["POLICY_OPEN_CRITICAL", "POLICY_CONTINUES_CRITICAL"], "gather_seconds": 0, "every_hours": None})


def lived_through(server, application, actions, traffic, inbox, receiver):
    """The browser does what an operator does; here the shop fails as soon as the rule is there, and is mended once it is silenced."""
    # Other checks run beside it.
    environment = dict(os.environ, VEDETTE_URL=server.url, VEDETTE_USER="admin", VEDETTE_PASSWORD=PASSWORD, VEDETTE_DAILY=RULE, VEDETTE_PATIENCE="3")
    # Each run empties its output folder, and there may be another one.
    command = ["npx", "--no-install", "playwright", "test", "e2e/daily.spec.ts", "--output", server.data_dir.parent / "browser"]
    browser = subprocess.Popen(command, cwd=ROOT / "web", env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        going = running(browser)
        until("the rule is made", 120, lambda: going() and rule_of(server, application))
        # Only now: a policy names rules that there are.
        tell_of_the_rule(server, application, actions)
        traffic.send("failing")
        # The first whole minute of it, a minute of waiting for what is late, and the notice.
        until("both are told", 300, lambda: going() and len(receiver.got) >= 1 and len(list(inbox.glob("*.eml"))) >= 1)
        alarm(server, inbox, receiver)
        until("it is silenced", 120, lambda: going() and server.get("/api/v1/suppressions", begin=int(time.time() * 1000))["items"])
        told = (len(receiver.got), len(list(inbox.glob("*.eml"))))
        until("it goes on and is not told", 180, lambda: going() and [one for one in deliveries(server) if one["state"] == "suppressed"])
        traffic.send("slow")
        said = browser.communicate(timeout=420)[0]
        assert browser.returncode == 0, said[-6000:]
    finally:
        if browser.poll() is None:
            browser.kill()
            browser.wait()
    recovery(inbox, receiver, told)


def running(browser):
    def going():
        assert browser.poll() is None, browser.stdout.read()[-6000:]
        return True
    return going


def rule_of(server, application):
    rules = server.get(f"/api/v1/applications/{application}/health-rules", limit=1000)["items"]
    return next((one for one in rules if one["rule"]["name"] == RULE), None)


def deliveries(server):
    return [one for one in server.get("/api/v1/deliveries")["items"] if one["policy"]]


def alarm(server, inbox, receiver):
    path, _, notice = receiver.got[0]
    assert (path, notice["kind"], notice["severity"], notice["cause"]["name"]) == ("/hook", "alarm", "critical", RULE), notice
    [entry] = notice["entries"]
    assert entry["entity"]["name"] == TRANSACTION, entry
    [measure] = entry["measures"]
    assert measure["name"] == "Errors per Minute" and measure["expected"] == "at most 5 per minute", measure
    assert float(measure["value"].split()[0]) > 5 and measure["value"].endswith("per minute"), measure
    assert notice["link"].startswith(server.url + "/applications/"), notice["link"]
    text = messages(inbox)[0].get_body(("plain",)).get_content()
    for part in (RULE, TRANSACTION, "Errors per Minute", "expected at most 5 per minute", "Since"):
        assert part in text, f"{part} is missing:\n{text}"


def recovery(inbox, receiver, told):
    """That it ended is told to whoever was told that it began, and nothing else is while it is silenced."""
    until("the recovery is told", 60, lambda: len(receiver.got) > told[0] and len(list(inbox.glob("*.eml"))) > told[1])
    kinds = [notice["kind"] for _, _, notice in receiver.got[told[0]:]]
    assert kinds == ["recovery"], kinds
    assert receiver.got[-1][2]["over"], receiver.got[-1][2]
    assert len(messages(inbox)) == told[1] + 1 and RULE in messages(inbox)[-1]["Subject"]
