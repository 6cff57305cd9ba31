"""Carts, one redis hash each, with the price asked of the catalogue when a product is put in."""

import logging
import os
import signal
import sys

import flask
import redis
import requests
import waitress

CART_LIVES_SECONDS = 3600

logging.basicConfig(level=logging.INFO)
log = logging.getLogger("cart")
app = flask.Flask(__name__, static_folder=None)
store = redis.Redis(host="127.0.0.1", port=int(os.environ["SHOP_REDIS_PORT"]), decode_responses=True)
catalog = requests.Session()


def key(cart_id):
    return f"cart:{cart_id}"


@app.post("/carts/<cart_id>/items")
def add_item(cart_id):
    wanted = flask.request.get_json()
    answer = catalog.get(f"{os.environ['SHOP_CATALOG_URL']}/products/{wanted['product']}", timeout=30)
    answer.raise_for_status()
    field = f"{wanted['product']}:{answer.json()['price_cents']}"
    store.hincrby(key(cart_id), field, wanted.get("quantity", 1))
    store.expire(key(cart_id), CART_LIVES_SECONDS)
    log.info("product %s into cart %s", wanted["product"], cart_id)
    return {"cart": cart_id}, 201


@app.get("/carts/<cart_id>")
def contents(cart_id):
    items = []
    for field, quantity in store.hgetall(key(cart_id)).items():
        product, price = field.split(":")
        items.append({"product": int(product), "price_cents": int(price), "quantity": int(quantity)})
    return {"cart": cart_id, "items": items}


@app.delete("/carts/<cart_id>")
def empty(cart_id):
    store.delete(key(cart_id))
    return "", 204


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    waitress.serve(app, host="127.0.0.1", port=int(os.environ["SHOP_PORT"]), threads=8)
