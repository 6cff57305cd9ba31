"""The Celery tasks: one that works and one that fails."""

import os

import celery
import redis

app = celery.Celery("letters", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
store = redis.Redis.from_url(os.environ["REDIS_URL"])


class LetterLost(Exception):
    """The letter is gone."""


@app.task
def send(number):
    return store.incrby("letters-sent", number)


@app.task
def lose(number):
    raise LetterLost(f"letter {number} is gone")
