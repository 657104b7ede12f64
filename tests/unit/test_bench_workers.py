"""What the benchmark of worker classes says of a worker is what was heard of it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench import proxy
from bench.load import Load
from bench.slow import Drip, Heard, beside, silence
from bench.workers import OURS, Measured, as_markdown

ANSWER = b'HTTP/1.1 200 OK\r\n\r\n{"cards":[{}]}'


@pytest.mark.parametrize(
    ("answered", "seconds", "to_the_end"),
    [
        ([], 10.0, True),
        ([1.0, 2.0, 3.0], 7.0, True),
        ([9.0], 9.0, False),
        ([8.0, 1.0], 7.0, False),
        ([4.0, 7.0, 12.0], 4.0, False),
    ],
)
def test_a_worker_is_deaf_for_the_longest_time_without_an_answer(
    answered: list[float], seconds: float, to_the_end: bool
) -> None:
    assert silence(0.0, answered, 10.0) == (seconds, to_the_end)


@pytest.mark.parametrize("drip", Drip)
def test_slow_clients_never_finish_and_healthy_ones_do(drip: Drip) -> None:
    """Against a server that answers whatever ends as the healthy body does."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got = b""
        while not got.endswith(b"the end") and (piece := await reader.read(1000)):
            got += piece
        seen.append(got)
        if got.endswith(b"the end"):
            writer.write(ANSWER)
        writer.close()

    async def measure() -> Heard:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        heard = await beside(port, b" " * 1000 + b"the end", drip, slow=3, per_second=50, seconds=0.1)
        server.close()
        await asyncio.sleep(0.05)
        return heard

    with ThreadPoolExecutor(1) as pool:  # the thread of the tests may have a loop, that of the browser
        heard = pool.submit(lambda: asyncio.run(measure())).result()
    assert len(heard.ms) == 5
    assert heard.failed == 0
    slow = [got for got in seen if not got.endswith(b"the end")]
    assert len(slow) == 3
    assert all((b"\r\n\r\n" in got) is (drip is Drip.BODY) for got in slow)


def test_the_table_says_so_when_nothing_was_answered() -> None:
    deaf = Heard(failed=20, deaf_s=15.0, lasted=True)
    well = Heard(ms=[10.0, 20.0], deaf_s=0.1, lasted=True)
    [*_, row] = as_markdown([Measured(OURS, Load(100.0, 1.0, 2.0), {Drip.HEADER: deaf, Drip.BODY: well})])
    assert "| 0 of 20 |  | 15.0 and longer | 2 of 2 | 20 | 0.1 |" in row


def test_the_proxy_that_is_measured_is_the_example(tmp_path: Path) -> None:
    made = proxy.settings(str(tmp_path), 1234, 5678)
    assert "listen 127.0.0.1:1234;" in made
    assert "server 127.0.0.1:5678;" in made
    assert "client_body_buffer_size 32m;" in made
    assert "ssl" not in made.replace("TLS", "")
