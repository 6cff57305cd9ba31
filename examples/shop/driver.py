#!/usr/bin/env python3
"""Plays the shop's customers: a seeded plan of requests (traffic.py), each sent once and never again, its answer
compared with what the plan says. Standard library only and not instrumented, so that its figures are independent of
what they check.

  driver.py --requests 200 --seed 7            exactly 200 requests, then the expectations as JSON on stdout
  driver.py --rate 10 --mix slow --seconds 60  10 requests a second, open loop, for a minute (without: until stopped)

Exit code 1 and a list under "unexpected" when an answer was not the planned one or did not come at all."""

import argparse
import collections
import concurrent.futures
import http.client
import itertools
import json
import signal
import sys
import threading
import time

import traffic

ANSWER_WITHIN_SECONDS = 60


class Customer:
    """Sends requests and keeps what came of them. Safe to use from many threads."""

    def __init__(self, host, port):
        self.host, self.port = host, port
        self.lock = threading.Lock()
        self.sent = collections.Counter()
        self.unexpected = []

    def send(self, request, earlier):
        """Sends one request once, after the answer to the one it builds on. Returns nothing: see `report`."""
        if earlier is not None:
            earlier.result()
        got = self._exchange(request)
        with self.lock:
            self.sent[request.kind.name] += 1
            if got != request.kind.status:
                self.unexpected.append(
                    {"method": request.kind.method, "path": request.path, "wanted": request.kind.status, "got": got}
                )

    def _exchange(self, request):
        body = None if request.body is None else json.dumps(request.body)
        headers = {"content-type": "application/json"} if body else {}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=ANSWER_WITHIN_SECONDS)
        try:
            connection.request(request.kind.method, request.path, body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()

    def report(self, options, seconds):
        with self.lock:
            report = {"seed": options.seed, "mix": options.mix, "requests": sum(self.sent.values()), "seconds": round(seconds, 1)}
            report.update(traffic.expectations(self.sent))
            report["unexpected"] = self.unexpected
            return report


def play(customer, plan, concurrency, pace):
    """Hands the plan to `concurrency` threads; `pace` blocks until the next request is due and says whether to go on.
    Requests are begun in the plan's order, so the one waited for has always been begun."""
    answers = {}
    with concurrent.futures.ThreadPoolExecutor(concurrency) as pool:
        for place, request in enumerate(plan):
            if not pace(place):
                break
            earlier = answers.get(request.after)
            answers[place] = pool.submit(customer.send, request, earlier)
            if request.after is not None:
                del answers[request.after]
            if request.kind.name != "cart-add":
                answers.pop(place)
        # Leaving the pool waits for every answer.


def at_rate(rate, seconds, stop):
    """A pace of `rate` requests a second by the clock, whatever the answers take."""
    begun = time.monotonic()

    def pace(place):
        due = begun + place / rate
        if seconds is not None and due - begun >= seconds:
            return False
        return not stop.wait(max(0.0, due - time.monotonic()))

    return pace


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=17100, help="the shop's front door (default 17100)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mix", choices=sorted(traffic.MIXES), default="steady")
    parser.add_argument("--concurrency", type=int, help="requests at once (default 1 with --requests, else 16)")
    parser.add_argument("--plan", action="store_true", help="print what would be sent and expected; send nothing")
    how_much = parser.add_mutually_exclusive_group(required=True)
    how_much.add_argument("--requests", type=int, metavar="N", help="send exactly N requests")
    how_much.add_argument("--rate", type=float, metavar="R", help="send R requests a second")
    parser.add_argument("--seconds", type=float, help="with --rate: stop after so long")
    return parser.parse_args(arguments)


def main(arguments=None):
    options = parse(arguments)
    customer = Customer(options.host, options.port)
    plan = traffic.requests(options.mix, options.seed)
    if options.requests is not None:
        plan = itertools.islice(plan, options.requests)
    if options.plan:
        customer.sent.update(request.kind.name for request in plan)
        return finish(customer, options, 0.0)

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    pace = (lambda place: not stop.is_set()) if options.requests is not None else at_rate(options.rate, options.seconds, stop)
    begun = time.monotonic()
    play(customer, plan, options.concurrency or (1 if options.requests is not None else 16), pace)
    return finish(customer, options, time.monotonic() - begun)


def finish(customer, options, seconds):
    report = customer.report(options, seconds)
    json.dump(report, sys.stdout, indent=1)
    sys.stdout.write("\n")
    return 1 if report["unexpected"] else 0


if __name__ == "__main__":
    sys.exit(main())
