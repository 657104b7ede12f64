"""Clients that send a request a byte at a time, and beside them some that call as an EHR does."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from enum import Enum

from bench.apps import PATH

DRIP_S = 0.5
"""Seconds between two bytes of a slow client."""
PATIENCE_S = 5.0
"""Seconds after which a healthy caller gives up; the standard advises an EHR to wait for far less."""
_LEAD_S = 1.0
"""The slow clients are connected and waiting before the first healthy call."""


class Drip(Enum):
    """Which part of a valid POST comes a byte at a time."""

    HEADER = "header"
    BODY = "body"


@dataclass(slots=True)
class Heard:
    """What healthy calls met: milliseconds of each answered one, and how many were not answered in time."""

    ms: list[float] = field(default_factory=list)
    failed: int = 0
    deaf_s: float = 0.0
    """Longest time in which none of them was answered, in seconds."""
    lasted: bool = False
    """Whether that time went on to the end of the measurement."""

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share (0 to 1) of the answered calls was answered."""
        ordered = sorted(self.ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


async def beside(port: int, body: bytes, drip: Drip, slow: int, per_second: float, seconds: float) -> Heard:
    """Call at a steady rate for so many seconds while so many slow clients come back again and again."""
    clients = [asyncio.create_task(_drip_on(port, body, drip)) for _ in range(slow)]
    try:
        await asyncio.sleep(_LEAD_S)
        return await _healthy(port, body, per_second, seconds)
    finally:
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)


async def _healthy(port: int, body: bytes, per_second: float, seconds: float) -> Heard:
    heard = Heard()
    answered: list[float] = []
    request = _head(len(body)) + body
    start = time.perf_counter()

    async def call(at: float) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                if b'"cards":[{' in await _answer(port, request):
                    answered.append(time.perf_counter())
                    heard.ms.append((answered[-1] - at) * 1000)
                    return
        heard.failed += 1

    calls = []
    for number in range(int(per_second * seconds)):
        at = start + number / per_second
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        calls.append(asyncio.create_task(call(at)))
    await asyncio.gather(*calls)
    heard.deaf_s, heard.lasted = silence(start, answered, start + seconds)
    return heard


def silence(start: float, answered: Iterable[float], end: float) -> tuple[float, bool]:
    """The longest time without an answer, and whether it went on to the end; later answers tell nothing."""
    times = [start, *sorted(t for t in answered if t < end), end]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    return max(gaps), max(gaps) == gaps[-1]


async def _answer(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await reader.read(-1)
    finally:
        writer.close()


def _head(length: int) -> bytes:
    return (
        f"POST {PATH} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\nConnection: close\r\n\r\n"
    ).encode()


async def _drip_on(port: int, body: bytes, drip: Drip) -> None:
    """One slow client, which comes back whenever it is turned away."""
    at_once, slowly = (b"", _head(len(body))) if drip is Drip.HEADER else (_head(len(body)), body)
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                await _until_closed(reader, _drip(writer, at_once, slowly))
            finally:
                writer.close()
        await asyncio.sleep(DRIP_S)


async def _drip(writer: asyncio.StreamWriter, at_once: bytes, slowly: bytes) -> None:
    writer.write(at_once)
    for byte in slowly:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(DRIP_S)


async def _until_closed(reader: asyncio.StreamReader, act: Coroutine[None, None, None]) -> None:
    acting = asyncio.create_task(act)
    closed = asyncio.create_task(reader.read(-1))
    try:
        await asyncio.wait((acting, closed), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (acting, closed):
            task.cancel()
        await asyncio.gather(acting, closed, return_exceptions=True)
