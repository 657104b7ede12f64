"""What is written in the background is written once, or handed over; it is never just lost."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from service.store import writer as writer_module
from service.store.errors import StoreDown
from service.store.writer import BackgroundWriter


class Sink:
    """Takes batches, unless it is down."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.spilled: list[int] = []
        self.down = False
        self.broken = False
        self.tried = threading.Event()

    def write(self, batch: list[int]) -> None:
        self.tried.set()
        if self.down:
            raise StoreDown
        if self.broken:
            raise ValueError("a fault of ours")
        self.taken += batch


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def writer(sink: Sink) -> Iterator[BackgroundWriter[int]]:
    made = BackgroundWriter(sink.write, sink.spilled.append, most=1000)
    yield made
    made.close()


def test_all_is_written_in_order(sink: Sink, writer: BackgroundWriter[int]) -> None:
    for n in range(900):
        writer.put(n)
    assert writer.flush()
    assert (sink.taken, sink.spilled) == (list(range(900)), [])


def test_what_waits_is_written_at_the_end(sink: Sink, writer: BackgroundWriter[int]) -> None:
    writer.put(1)
    writer.close()
    assert (sink.taken, sink.spilled) == ([1], [])


def test_it_waits_while_the_store_is_down_and_then_writes_once(
    sink: Sink, writer: BackgroundWriter[int]
) -> None:
    sink.down = True
    writer.put(1)
    assert sink.tried.wait(10)
    sink.down = False
    assert writer.flush()
    assert (sink.taken, sink.spilled) == ([1], [])


def test_what_comes_while_a_batch_is_written_waits_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[int] = []

    class Pausing(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            if timeout == 0.001:
                pauses.append(len(batches))
            return super().wait(timeout)

    def write(batch: list[int]) -> None:
        batches.append(batch)
        if len(batches) < 5:
            made.put(len(batches))

    batches: list[list[int]] = []
    monkeypatch.setattr(writer_module, "_LINGER_S", 0.001)
    monkeypatch.setattr(threading, "Event", Pausing)
    made: BackgroundWriter[int] = BackgroundWriter(write, lambda _: None)
    made.put(0)
    assert made.flush()
    made.close()
    # A pause before each batch: none follows another at once.
    assert pauses[:5] == [0, 1, 2, 3, 4]
    assert batches == [[0], [1], [2], [3], [4]]


def test_what_is_too_much_or_too_late_is_handed_over(sink: Sink, writer: BackgroundWriter[int]) -> None:
    sink.down = True
    for n in range(1002):
        writer.put(n)
    assert sink.spilled == [1000, 1001]
    writer.close()
    writer.put(1002)
    assert (sink.taken, sorted(sink.spilled)) == ([], list(range(1003)))


def test_a_batch_with_a_fault_does_not_end_the_writing(sink: Sink, writer: BackgroundWriter[int]) -> None:
    sink.broken = True
    writer.put(1)
    assert writer.flush()
    sink.broken = False
    writer.put(2)
    assert writer.flush()
    assert (sink.taken, sink.spilled) == ([2], [1])


def test_a_forked_worker_writes_its_own_and_not_its_parents(
    sink: Sink, writer: BackgroundWriter[int]
) -> None:
    sink.down = True
    writer.put(1)
    assert sink.tried.wait(10)
    child = os.fork()
    if child == 0:
        sink.down = False
        writer.put(2)
        os._exit(0 if writer.flush() and sink.taken == [2] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    sink.down = False
    assert writer.flush()
    assert (sink.taken, sink.spilled) == ([1], [])
