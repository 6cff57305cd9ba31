"""What customers do and what each thing they do causes: every kind of request with its route, its answer and the
calls it makes from tier to tier and to backends. It decides nothing at run time; the driver draws from it, and the
expectations it gives are exact because the request's own data (product, card, wrapping) decides what goes wrong."""

import collections
import itertools
import random
from typing import List, NamedTuple, Optional

SLOW_PRODUCT, BROKEN_PRODUCT, ABSENT_PRODUCT = 13, 66, 404
GOOD_PRODUCTS = range(1, 10)
CARDS = {
    "good": "4000-0000-0000-0001",
    "declined": "4000-0000-0000-0002",
    "bank-down": "4000-0000-0000-0005",
    "slow": "4000-0000-0000-0009",
}
FAILED = 2  # OpenTelemetry's span status ERROR
NO_ROUTE = ""


class Call(NamedTuple):
    """One call to a tier or backend. `status` is the HTTP answer, or for a backend without one 0 (fine) or FAILED."""

    source: str
    target: str
    method: str  # HTTP method, SQL or redis command, or publish / process for a queue
    route: str  # the callee's route template, the queue's name, or empty
    status: int = 0


class Kind(NamedTuple):
    """One kind of request: how it is asked for, what it answers, what it causes."""

    name: str
    method: str
    route: str  # template at the front door; NO_ROUTE where the router knows none
    status: int
    calls: List[Call]


def catalog_call(source, status=200, database=0):
    return [
        Call(source, "catalog", "GET", "/products/{product_id}", status),
        Call("catalog", "mariadb", "SELECT", "", database),
    ]


def ordering(order_status, payment_status, bank_status):
    """The calls of a checkout up to the order's answer."""
    return [
        Call("web", "cart", "GET", "/carts/<cart_id>", 200),
        Call("cart", "redis", "HGETALL", ""),
        Call("web", "order", "POST", "/orders", order_status),
        Call("order", "mariadb", "INSERT", ""),
        Call("order", "payment", "POST", "/payments", payment_status),
        Call("payment", "bank", "POST", "", bank_status),
        Call("order", "mariadb", "UPDATE", ""),
    ]


PLACED = ordering(201, 201, 200) + [
    Call("order", "queue:orders", "publish", "orders"),
    Call("web", "cart", "DELETE", "/carts/<cart_id>", 204),
    Call("cart", "redis", "DEL", ""),
]
UNPACKABLE = [Call("queue:orders", "fulfilment", "process", "orders", FAILED)]
PACKED = [
    Call("queue:orders", "fulfilment", "process", "orders"),
    Call("fulfilment", "mariadb", "INSERT", ""),
    Call("fulfilment", "mariadb", "UPDATE", ""),
    Call("fulfilment", "queue:events", "publish", "events"),
    Call("queue:events", "notify", "process", "parcels"),
    Call("notify", "redis", "INCR", ""),
]

KINDS = {
    kind.name: kind
    for kind in [
        Kind("home", "GET", "/", 200, [Call("web", "catalog", "GET", "/products", 200), Call("catalog", "mariadb", "SELECT", "")]),
        Kind("product", "GET", "/product/:id", 200, catalog_call("web")),
        Kind("product-slow", "GET", "/product/:id", 200, catalog_call("web")),
        Kind("product-broken", "GET", "/product/:id", 502, catalog_call("web", 500, FAILED)),
        Kind("product-absent", "GET", "/product/:id", 404, catalog_call("web", 404)),
        Kind(
            "cart-add", "POST", "/cart/:id", 201,
            [Call("web", "cart", "POST", "/carts/<cart_id>/items", 201)]
            + catalog_call("cart")
            + [Call("cart", "redis", "HINCRBY", ""), Call("cart", "redis", "EXPIRE", "")],
        ),
        Kind("checkout", "POST", "/checkout", 201, PLACED + PACKED),
        Kind("checkout-slow", "POST", "/checkout", 201, PLACED + PACKED),
        Kind("checkout-unpackable", "POST", "/checkout", 201, PLACED + UNPACKABLE),
        Kind("checkout-declined", "POST", "/checkout", 402, ordering(402, 402, 200)),
        Kind("checkout-bank-down", "POST", "/checkout", 502, ordering(502, 500, 503)),
        Kind("health", "GET", "/health", 200, []),
        Kind("style", "GET", "/static", 200, []),
        Kind("nowhere", "GET", NO_ROUTE, 404, []),
    ]
}

MIXES = {
    "steady": {
        "home": 20, "product": 30, "cart-add": 20, "checkout": 14, "product-slow": 2, "product-broken": 2,
        "product-absent": 2, "checkout-slow": 2, "checkout-unpackable": 1, "checkout-declined": 2,
        "checkout-bank-down": 1, "health": 2, "style": 1, "nowhere": 1,
    },
    "slow": {"home": 15, "product": 20, "cart-add": 20, "checkout": 10, "product-slow": 15, "checkout-slow": 15, "health": 5},
    "failing": {
        "home": 15, "product": 20, "cart-add": 20, "checkout": 10, "product-broken": 12, "product-absent": 4,
        "checkout-bank-down": 8, "checkout-unpackable": 4, "checkout-declined": 4, "nowhere": 3,
    },
}  # fmt: skip


class Request(NamedTuple):
    """One request to be sent. `after` is the place in the plan of a request that must be answered before it."""

    kind: Kind
    path: str
    body: Optional[dict]
    after: Optional[int] = None


def requests(mix, seed):
    """An endless plan, the same for the same mix and seed: first one of each kind, so that even a short plan goes
    everywhere, then draws by weight. A checkout takes a cart that an earlier request filled; while there is none, a
    cart is filled instead."""
    draw = random.Random(seed)
    names, weights = zip(*MIXES[mix].items())
    tour = list(names)
    filled = []  # (cart, place in the plan) of carts nobody has checked out yet
    for place in itertools.count():
        name = tour[0] if tour else draw.choices(names, weights)[0]
        if name.startswith("checkout") and not filled:
            name = "cart-add"
        elif tour:
            tour.pop(0)
        yield _request(KINDS[name], draw, seed, filled, place)


def _request(kind, draw, seed, filled, place):
    product = draw.choice(GOOD_PRODUCTS)
    if kind.name == "cart-add":
        cart = f"{seed}-{place}"
        filled.append((cart, place))
        return Request(kind, f"/cart/{cart}", {"product": product, "quantity": draw.randint(1, 3)})
    if kind.name.startswith("checkout"):
        cart, after = filled.pop(0)
        return Request(kind, "/checkout", _checkout_body(kind, cart), after)
    paths = {
        "home": "/",
        "product": f"/product/{product}",
        "product-slow": f"/product/{SLOW_PRODUCT}",
        "product-broken": f"/product/{BROKEN_PRODUCT}",
        "product-absent": f"/product/{ABSENT_PRODUCT}",
        "health": "/health",
        "style": "/static/style.css",
        "nowhere": f"/nowhere/{place}",
    }
    return Request(kind, paths[kind.name], None)


def _checkout_body(kind, cart):
    card = {"checkout-declined": "declined", "checkout-bank-down": "bank-down", "checkout-slow": "slow"}.get(kind.name, "good")
    wrapping = "origami" if kind.name == "checkout-unpackable" else "paper"
    return {"cart": cart, "card": CARDS[card], "wrapping": wrapping}


def expectations(sent):
    """What `sent` (kind name -> count) must look like to whoever watches the shop, as plain JSON values.

    `routes` are the front door's calls; `edges` the calls between tiers and backends, `failed` those whose caller sees
    an error (a 4xx, a 5xx or a refused statement) and `server_errors` the 5xx among them; `entries` the calls of each
    tier by method and route, with the errors of its own (5xx, a failed message)."""
    routes, edges, entries = {}, {}, {}
    for name, count in sent.items():
        kind = KINDS[name]
        _add(routes, (kind.method, kind.route), calls=count, errors=count * (kind.status >= 500), client_errors=count * (400 <= kind.status < 500))
        _add(entries, ("web", kind.method, kind.route), calls=count, errors=count * (kind.status >= 500))
        for call in kind.calls:
            server_error = call.status >= 500
            failed = call.status >= 400 or call.status == FAILED
            _add(edges, (call.source, call.target), calls=count, failed=count * failed, server_errors=count * server_error)
            if call.target in INSTRUMENTED:
                own_fault = server_error or call.status == FAILED
                _add(entries, (call.target, call.method, call.route), calls=count, errors=count * own_fault)
    return {
        "kinds": {name: sent[name] for name in KINDS if sent.get(name)},
        "routes": _rows(routes, ("method", "route")),
        "edges": _rows(edges, ("from", "to")),
        "entries": _rows(entries, ("tier", "method", "route")),
    }


INSTRUMENTED = ("web", "catalog", "cart", "order", "payment", "fulfilment", "notify")


def _add(table, key, **counts):
    table.setdefault(key, collections.Counter()).update(counts)


def _rows(table, names):
    return [dict(zip(names, key), **counts) for key, counts in sorted(table.items())]
