"""Packs paid orders: consumes them from RabbitMQ, writes the parcel to MariaDB, and says so in an event.
A wrapping nobody can fold fails the message for good: it is rejected, not delivered again."""

import json
import logging
import os
import pathlib
import signal
import sys

import pika
import pymysql

ORDERS_QUEUE = "orders"
EVENTS_EXCHANGE = "events"
KNOWN_WRAPPINGS = {"paper", "ribbon"}

logging.basicConfig(level=logging.INFO)
logging.getLogger("pika").setLevel(logging.WARNING)
log = logging.getLogger("fulfilment")


class UnknownWrapping(Exception):
    """The order asks for a wrapping that the packers cannot make."""


class Packer:
    def __init__(self, database, channel):
        self.database = database
        self.channel = channel

    def pack(self, order, wrapping):
        if wrapping not in KNOWN_WRAPPINGS:
            raise UnknownWrapping(f"nobody here can wrap in {wrapping}")
        with self.database.cursor() as rows:
            rows.execute("INSERT INTO parcels (order_id, wrapping) VALUES (%s, %s)", (order, wrapping))
            rows.execute("UPDATE orders SET state = 'packed' WHERE id = %s", (order,))
        event = json.dumps({"order": order})
        self.channel.basic_publish(EVENTS_EXCHANGE, "parcel.packed", event, pika.BasicProperties(delivery_mode=2))

    def on_message(self, channel, method, properties, body):
        message = json.loads(body)
        try:
            self.pack(message["order"], message["wrapping"])
        except Exception:
            channel.basic_nack(method.delivery_tag, requeue=False)
            raise
        channel.basic_ack(method.delivery_tag)
        log.info("order %s packed", message["order"])


def consume(channel):
    """Handles messages until told to stop; one that cannot be handled is logged and does not end the work."""
    while True:
        try:
            channel.start_consuming()
        except UnknownWrapping:
            log.exception("order not packed")


def main():
    database = pymysql.connect(
        host="127.0.0.1",
        port=int(os.environ["SHOP_MARIADB_PORT"]),
        user="shop",
        password=os.environ["SHOP_MARIADB_PASSWORD"],
        database="shop",
        autocommit=True,
    )
    connection = pika.BlockingConnection(pika.URLParameters(os.environ["SHOP_QUEUE_URL"]))
    channel = connection.channel()
    channel.queue_declare(ORDERS_QUEUE, durable=True)
    channel.exchange_declare(EVENTS_EXCHANGE, "topic", durable=True)
    channel.basic_qos(prefetch_count=1)
    channel.basic_consume(ORDERS_QUEUE, Packer(database, channel).on_message)
    pathlib.Path(os.environ["SHOP_READY_FILE"]).write_text("ready\n")
    consume(channel)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    main()
