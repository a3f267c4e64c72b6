# SPDX-License-Identifier: MIT
"""Programs as people write them, to be profiled under load.

    bench_programs.py --report FD asyncio|pool|crunch|web

asyncio  200 tasks with timers, passing work through queues
pool     a thread pool of eight that hashes, sorts and counts words
crunch   numbers in plain Python: a matrix product, primes, an n-body step
web      a threading HTTP server and two clients of it over the loopback, at most 400 requests a second

Says ready when it works. Works until it is killed; the web server also ends by itself after ten minutes. Runs on Python 3.8+.
"""
import asyncio
import concurrent.futures
import hashlib
import http.client
import http.server
import json
import os
import random
import sys
import threading
import time

from crunch import Body, multiply, primes, step

REQUESTS_PER_SECOND, LONGEST_SECONDS = 400, 600


def report(arguments):
    os.write(int(arguments[arguments.index("--report") + 1]), b'"ready"\n')


# --- asyncio ----------------------------------------------------------------------------------------------------------

async def parse(text):
    record = json.loads(text)
    await asyncio.sleep(0)
    return sum(record["values"]) + len(record["name"])


async def produce(queue, number):
    rng = random.Random(number)
    while True:
        await queue.put(json.dumps({"name": "item %d" % number, "values": [rng.random() for _ in range(20)]}))
        if rng.random() < 0.1:
            await asyncio.sleep(rng.random() * 0.02)


async def consume(queue, results):
    while True:
        results.append(await asyncio.wait_for(parse(await queue.get()), 5))
        if len(results) > 1000:
            del results[:]


async def run_tasks(arguments):
    queues = [asyncio.Queue(10) for _ in range(100)]
    results = []
    tasks = [asyncio.ensure_future(produce(queue, number)) for number, queue in enumerate(queues)]
    tasks += [asyncio.ensure_future(consume(queue, results)) for queue in queues]
    await asyncio.sleep(0.1)
    report(arguments)
    await asyncio.gather(*tasks)


# --- pool -------------------------------------------------------------------------------------------------------------

WORDS = "the quick brown fox jumps over the lazy dog and runs away from the slow grey cat".split()


def hash_chain(seed):
    digest = str(seed).encode()
    for _ in range(300):
        digest = hashlib.sha256(digest).digest()
    return digest


def sort_words(seed):
    rng = random.Random(seed)
    words = [rng.choice(WORDS) + str(rng.randrange(100)) for _ in range(400)]
    return sorted(words, key=lambda word: (len(word), word))[0]


def count_words(seed):
    counts = {}
    for word in WORDS * 60:
        counts[word] = counts.get(word, 0) + seed % 3
    return max(counts, key=counts.get)


def run_pool(arguments):
    jobs = (hash_chain, sort_words, count_words)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        report(arguments)
        seed = 0
        while True:
            futures = [pool.submit(jobs[(seed + turn) % len(jobs)], seed + turn) for turn in range(24)]
            seed += len(futures)
            for future in concurrent.futures.as_completed(futures):
                future.result()


# --- crunch -----------------------------------------------------------------------------------------------------------

def run_crunch(arguments):
    rng = random.Random(1)
    matrix = [[rng.random() for _ in range(24)] for _ in range(24)]
    bodies = [Body(rng) for _ in range(12)]
    report(arguments)
    while True:
        multiply(matrix, matrix)
        primes(5000)
        for _ in range(20):
            step(bodies)


# --- web --------------------------------------------------------------------------------------------------------------

class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        rows = "".join(self.row(number) for number in range(50))
        body = ("<table>%s</table>" % rows).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def row(self, number):
        return "<tr><td>%d</td><td>%s</td></tr>" % (number, hashlib.md5(self.path.encode()).hexdigest()[:number % 32])

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


def ask(port, until, clients):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    number = 0
    while time.monotonic() < until:
        begin = time.monotonic()
        connection.request("GET", "/page/%d" % number)
        connection.getresponse().read()
        number += 1
        time.sleep(max(0.0, clients / REQUESTS_PER_SECOND - (time.monotonic() - begin)))
    connection.close()


def run_web(arguments, clients=2):
    server = Server(("127.0.0.1", 0), Page)
    until = time.monotonic() + LONGEST_SECONDS
    for _ in range(clients):
        threading.Thread(target=ask, args=(server.server_port, until, clients), daemon=True).start()
    threading.Timer(0.2, report, (arguments,)).start()
    threading.Timer(LONGEST_SECONDS, server.shutdown).start()
    server.serve_forever()


def main(arguments):
    name = arguments[-1]
    if name == "asyncio":
        asyncio.run(run_tasks(arguments))
    else:
        {"pool": run_pool, "crunch": run_crunch, "web": run_web}[name](arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
