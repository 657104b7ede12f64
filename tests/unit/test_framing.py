"""A request is whole with its last byte and not before, and what has no certain end ends the connection."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser
from hypothesis import given
from hypothesis import strategies as st

from service.receiving.connection import Held
from service.receiving.framing import MAX_HEAD, Incoming

MAX_BODY = 1000
HEAD = b"POST /a HTTP/1.1\r\nHost: a\r\n"
REGULAR = {
    "without a body": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a length": HEAD + b"Content-Length: 5\r\n\r\nhello",
    "a length in odd letters": HEAD + b"cOnTeNt-LeNgTh:  5 \r\n\r\nhello",
    "a length of nothing": HEAD + b"Content-Length: 0\r\n\r\n",
    "the largest body": HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 1000,
    "chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
    "chunks with extensions": HEAD
    + b'Transfer-Encoding: Chunked\r\n\r\nA ;a=b;c="d"\r\n0123456789\r\n0\r\n\r\n',
    "chunks and trailers": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n!\r\n000\r\nA: b\r\nC: d\r\n\r\n",
    "the end of chunks within a chunk": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n5\r\n0\r\n\r\n\r\n0\r\n\r\n",
    "an empty line before": b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
}
IRREGULAR = {
    "more than the largest body": HEAD + b"Content-Length: 1001\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
    "a length that is none": HEAD + b"Content-Length: +5\r\n\r\n",
    "a length in other digits": HEAD + "Content-Length: \u0665\r\n\r\n".encode(),
    "a length and chunks": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "another coding": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "chunked twice": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a chunk without a size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n\r\n",
    "a chunk of a negative size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
    "a chunk of 0x1": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\n",
    "chunks that are more than the largest body": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n" + b"x" * 1000 + b"\r\n1\r\n",
    "an endless line before a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 8200,
    "endless trailers": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"a" * (MAX_HEAD + 1),
}  # fmt: skip


def of(*pieces: bytes) -> Incoming:
    incoming = Incoming(MAX_BODY)
    for piece in pieces:
        incoming.add(piece)
    return incoming


def taken(incoming: Incoming) -> tuple[bytes, bytes]:
    request_, rest = incoming.take()
    return bytes(request_), rest


@pytest.mark.parametrize("request_", REGULAR.values(), ids=REGULAR)
def test_it_is_whole_with_its_last_byte_and_not_before(request_: bytes) -> None:
    for length in range(len(request_)):
        assert not of(request_[:length]).whole
    byte_by_byte = of(*(bytes([b]) for b in request_))
    assert byte_by_byte.whole
    assert not byte_by_byte.last
    assert taken(byte_by_byte) == (request_, b"")


@pytest.mark.parametrize("request_", REGULAR.values(), ids=REGULAR)
@pytest.mark.parametrize("following", [b"G", b"GET / HTTP/1.1\r\n\r\n", b"\r\n"])
def test_what_comes_behind_it_is_kept_for_the_next(request_: bytes, following: bytes) -> None:
    assert taken(of(request_ + following)) == (request_, following)


@pytest.mark.parametrize("request_", REGULAR.values(), ids=REGULAR)
def test_gunicorn_reads_as_far_as_it_was_handed_and_no_further(request_: bytes) -> None:
    held = Held()
    held.hold(request_)
    parser = RequestParser(Config(), iter(()), ("127.0.0.1", 1))
    parser.unreader = held
    body = next(parser).body
    assert body is not None
    body.read()
    assert not held.left


@pytest.mark.parametrize("request_", IRREGULAR.values(), ids=IRREGULAR)
def test_what_has_no_certain_end_is_answered_at_once_and_is_the_last(request_: bytes) -> None:
    incoming = of(request_)
    assert incoming.whole
    assert incoming.last
    assert taken(incoming) == (request_, b"")


def test_only_chunks_that_are_too_much_are_told_from_what_is_wrong() -> None:
    name = "chunks that are more than the largest body"
    assert {n for n, request_ in IRREGULAR.items() if of(request_).too_large} == {name}


def test_many_small_chunks_with_much_beside_them_are_not_collected_for_ever() -> None:
    incoming = of(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    sent = 0
    while not incoming.whole:
        incoming.add(b"1;" + b"a" * 4000 + b"\r\n!\r\n")
        sent += 1
        assert sent < 100
    assert incoming.last


def test_a_head_without_an_end_is_too_large_at_some_point() -> None:
    assert not of(HEAD + b"A: " + b"a" * 1000).head_too_large
    assert of(HEAD + b"A: " + b"a" * MAX_HEAD).head_too_large
    assert not of(REGULAR["the largest body"]).head_too_large


@pytest.mark.parametrize(
    ("request_", "waits"),
    [
        (HEAD + b"Content-Length: 5\r\nExpect: 100-Continue\r\n\r\n", True),
        (HEAD + b"Content-Length: 5\r\n\r\n", False),
        (HEAD.replace(b"1.1", b"1.0") + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n", False),
        (HEAD + b"Content-Length: 5\r\nExpect: 100-continue\r\n", False),
    ],
)
def test_whether_the_client_waits_to_be_told_to_go_on(request_: bytes, waits: bool) -> None:
    assert of(request_).waits is waits


@given(st.sampled_from([*REGULAR.values(), *IRREGULAR.values()]), st.lists(st.integers(0, 1200), max_size=6))
def test_how_it_is_cut_into_pieces_changes_nothing(request_: bytes, cuts: Sequence[int]) -> None:
    at = [0, *sorted(min(cut, len(request_)) for cut in cuts), len(request_)]
    pieces = [request_[a:b] for a, b in pairwise(at)]
    assert taken(of(*pieces)) == taken(of(request_))


FRAGMENTS = st.lists(
    st.sampled_from([b"\r\n", b"\r\n\r\n", b"0", b"5", b"f", b";", b":", b"Content-Length: ", b"\xff",
                     b"Transfer-Encoding: chunked", HEAD, b"hello"]) | st.binary(max_size=9),
    max_size=30,
)  # fmt: skip


@given(FRAGMENTS)
def test_no_bytes_whatever_break_it_or_get_lost(pieces: Sequence[bytes]) -> None:
    request_, rest = taken(of(*pieces))
    assert request_ + rest == b"".join(pieces)
