"""What the shop sells, from MariaDB. A product's row says how long reading it takes (`delay_ms`), and the product
`BROKEN_PRODUCT` is looked up in a table that is not there, so that a request can be slow or failing at will."""

import contextlib
import logging
import os
import queue
import signal
import sys

import fastapi
import pymysql
import uvicorn

BROKEN_PRODUCT = 66

log = logging.getLogger("catalog")
app = fastapi.FastAPI()
idle_connections = queue.SimpleQueue()


def connect():
    return pymysql.connect(
        host="127.0.0.1",
        port=int(os.environ["SHOP_MARIADB_PORT"]),
        user="shop",
        password=os.environ["SHOP_MARIADB_PASSWORD"],
        database="shop",
        autocommit=True,
        cursorclass=pymysql.cursors.DictCursor,
    )


@contextlib.contextmanager
def cursor():
    """A cursor of a connection nobody else uses. A connection whose statement failed is kept: the server is fine."""
    try:
        connection = idle_connections.get_nowait()
    except queue.Empty:
        connection = connect()
    try:
        with connection.cursor() as opened:
            yield opened
    finally:
        idle_connections.put(connection)


@app.exception_handler(Exception)
def failed(request, error):
    """uvicorn closes the connection after an unhandled error; saying so keeps callers from sending on it once more."""
    return fastapi.responses.JSONResponse({"detail": "internal error"}, 500, {"connection": "close"})


@app.get("/products")
def products():
    with cursor() as rows:
        rows.execute("SELECT id, name, price_cents FROM products ORDER BY id LIMIT 20")
        return {"products": rows.fetchall()}


@app.get("/products/{product_id}")
def product(product_id: int):
    table = "recalled_products" if product_id == BROKEN_PRODUCT else "products"
    with cursor() as rows:
        rows.execute(
            f"SELECT id, name, price_cents, SLEEP(delay_ms / 1000) AS waited FROM {table} WHERE id = %s", (product_id,)
        )
        row = rows.fetchone()
    if row is None:
        log.warning("no product %s", product_id)
        raise fastapi.HTTPException(status_code=404, detail="no such product")
    return row


if __name__ == "__main__":
    # uvicorn stops in order on SIGTERM and then raises it again; leaving by SystemExit lets the agent flush.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["SHOP_PORT"]), access_log=False)
