"""Takes payments by asking the bank, which nobody instruments. A refusal is the customer's affair (402); a bank that
answers with an error is ours (500)."""

import logging
import os
import signal
import sys

import flask
import requests
import waitress

logging.basicConfig(level=logging.INFO)
log = logging.getLogger("payment")
app = flask.Flask(__name__, static_folder=None)
bank = requests.Session()


@app.post("/payments")
def pay():
    wanted = flask.request.get_json()
    answer = bank.post(f"{os.environ['SHOP_BANK_URL']}/authorisations", json=wanted, timeout=30)
    answer.raise_for_status()
    if not answer.json()["approved"]:
        log.warning("card declined for order %s", wanted["order"])
        return {"approved": False}, 402
    return {"approved": True}, 201


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    waitress.serve(app, host="127.0.0.1", port=int(os.environ["SHOP_PORT"]), threads=8)
