"""A script that some clock starts: two calls to the desk and one to redis, from no request of anybody."""

import os

import redis
import requests

redis.Redis.from_url(os.environ["REDIS_URL"]).get("letters-sent")
for number in (7, 8):
    requests.get(f"{os.environ['DESK_URL']}/order/{number}", timeout=30).raise_for_status()
