"""Requests that arrive at set times, however long the answers take, as they do in a hospital."""

from __future__ import annotations

import http.client
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_TIMEOUT_S = 30.0
_SENDERS = 32


@dataclass(slots=True)
class Answers:
    """Milliseconds from the time each request was due to its answer, and how many failed."""

    ms: list[float] = field(default_factory=list)
    failed: int = 0

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share (0 to 1) of the requests was answered."""
        ordered = sorted(self.ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def send(
    port: int,
    path: str,
    bodies: Sequence[bytes],
    per_second: float,
    seconds: float,
    *,
    each_second: Callable[[], None] = lambda: None,
) -> Answers:
    """Send at a steady rate for so many seconds, the bodies in turn, over kept-alive connections.

    A request waits for a free sender if all are busy, and its time runs from when it was due: a slow
    answer cannot hide those behind it.
    """
    due: queue.SimpleQueue[float | None] = queue.SimpleQueue()
    answers, lock = Answers(), threading.Lock()
    turn = iter(range(2**62))

    def sender() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
        while (at := due.get()) is not None:
            worked = _post(connection, path, bodies[next(turn) % len(bodies)])
            took = (time.perf_counter() - at) * 1000
            with lock:
                if worked:
                    answers.ms.append(took)
                else:
                    answers.failed += 1
        connection.close()

    senders = [threading.Thread(target=sender, daemon=True) for _ in range(_SENDERS)]
    for thread in senders:
        thread.start()
    _schedule(due, per_second, seconds, each_second)
    for _ in senders:
        due.put(None)
    for thread in senders:
        thread.join(_TIMEOUT_S)
    return answers


def _schedule(
    due: queue.SimpleQueue[float | None], per_second: float, seconds: float, each_second: Callable[[], None]
) -> None:
    start = time.perf_counter()
    told = 0
    for number in range(int(per_second * seconds)):
        at = start + number / per_second
        if (wait := at - time.perf_counter()) > 0:
            time.sleep(wait)
        due.put(at)
        if at - start >= told:
            told += 1
            each_second()


def _post(connection: http.client.HTTPConnection, path: str, body: bytes) -> bool:
    """Once more over a new connection when the server had closed this one in the meantime, as clients do."""
    fresh = connection.sock is None
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
        connection.close()
        return False if fresh else _post(connection, path, body)
    except (OSError, http.client.HTTPException):
        connection.close()
        return False
    return answer.status == http.client.OK and b'"cards":[{' in said
