"""Load over loopback: wrk where it is installed, else a loop of keep-alive connections in Python."""

from __future__ import annotations

import http.client
import itertools
import json
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.apps import PATH
from bench.bodies import Body
from bench.servers import BenchError

_JSON = {"Content-Type": "application/json"}
_WARM_UP_REQUESTS = 30
_TIMEOUT_S = 30.0
_MARK = "bench-result "

# The bodies are read from files: a Lua string could not hold all of them.
_SCRIPT = """
local bodies, calls, turn = {}, {}, 0
for number = 1, %d do
  local file = io.open(string.format("%s/%%d.json", number), "rb")
  bodies[number] = file:read("*a")
  file:close()
end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function init()
  for number, body in ipairs(bodies) do calls[number] = wrk.format(nil, nil, nil, body) end
end
function request()
  turn = turn %% #calls + 1
  return calls[turn]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('%s{"requests":%%d,"us":%%d,"p50":%%d,"p99":%%d,"failed":%%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What one round of load came to: requests per second, and milliseconds per request."""

    per_second: float
    p50_ms: float
    p99_ms: float


Loader = Callable[[int, Body, int, int], Load]
"""(port, body, seconds, connections) to a Load. BenchError if a request failed."""


def loader() -> tuple[str, Loader]:
    """The load program and its name."""
    path = shutil.which("wrk")
    if path is None:
        return "a Python loop (wrk is not installed)", with_python
    found = path

    def with_wrk(port: int, body: Body, seconds: int, connections: int) -> Load:
        return _with_wrk(found, port, body, seconds, connections)

    return "wrk", with_wrk


def warm_up(port: int, body: Body) -> bytes:
    """Some requests before the clock runs; the last answer, with cards if there must be some."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        for content in (*body.each, *[body.content] * _WARM_UP_REQUESTS):
            answer = _post(connection, content)
    finally:
        connection.close()
    if body.cards and not json.loads(answer).get("cards"):
        raise BenchError("a server answered without a card")
    return answer


def _with_wrk(path: str, port: int, body: Body, seconds: int, connections: int) -> Load:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "post.lua")
        for number, content in enumerate(body.each, start=1):
            Path(folder, f"{number}.json").write_bytes(content)
        script.write_text(_SCRIPT % (len(body.each), folder, _MARK), encoding="utf-8")
        command = [path, "-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={_TIMEOUT_S:.0f}s"]
        command += ["-s", str(script), f"http://127.0.0.1:{port}{PATH}"]
        # wrk ends by itself; the bound is for the day it does not.
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds + 2 * _TIMEOUT_S, check=False
        )
    return of_wrk(done.stdout)


def of_wrk(output: str) -> Load:
    """The Load in the output of wrk with our script."""
    line = next((line for line in output.splitlines() if line.startswith(_MARK)), None)
    if line is None:
        raise BenchError("wrk gave no result")
    told = json.loads(line.removeprefix(_MARK))
    if told["failed"] or not told["requests"]:
        raise BenchError(f"{told['failed']} of {told['requests']} requests failed")
    return Load(told["requests"] / told["us"] * 1e6, told["p50"] / 1e3, told["p99"] / 1e3)


def with_python(port: int, body: Body, seconds: int, connections: int) -> Load:
    """The same load from threads of this process: slower than wrk, but equally so for every server."""
    times: list[float] = []
    failures: list[Exception] = []
    started = time.perf_counter()

    def drive() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
        try:
            turn = itertools.cycle(body.each)
            while (before := time.perf_counter()) < started + seconds:
                _post(connection, next(turn))
                times.append(time.perf_counter() - before)
        except (OSError, http.client.HTTPException, BenchError) as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=drive, daemon=True) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 2 * _TIMEOUT_S)
    taken = time.perf_counter() - started
    if failures or not times:
        raise BenchError("requests failed")
    times.sort()
    return Load(len(times) / taken, times[len(times) // 2] * 1e3, times[len(times) * 99 // 100] * 1e3)


def _post(connection: http.client.HTTPConnection, content: bytes) -> bytes:
    connection.request("POST", PATH, content, _JSON)
    response = connection.getresponse()
    answer = response.read()
    if response.status != http.client.OK:
        raise BenchError(f"a server answered with HTTP {response.status}")
    return answer
