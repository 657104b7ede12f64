"""JSON that is odd in one value is read; what is no JSON is refused in constant words."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.lenient_json import NotJsonError, TooDeepError, loads


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"{}", {}),
        (b"[]", []),
        (b"null", None),
        (b"1", 1),
        (b'"x"', "x"),
        (' {"a": [1, 2.5, true, null, "\u00e9"]} '.encode(), {"a": [1, 2.5, True, None, "\u00e9"]}),
    ],
)
def test_plain_json(text: bytes, value: object) -> None:
    assert loads(text) == value


def test_a_number_too_large_for_a_float_costs_only_itself() -> None:
    found = loads(b'{"value": 1e400, "id": "x"}')
    assert math.isinf(found["value"])
    assert found["id"] == "x"


def test_a_very_long_number_is_read() -> None:
    assert loads(b'{"value": ' + b"9" * 2000 + b"}") == {"value": int("9" * 2000)}


def test_a_lone_surrogate_costs_only_itself() -> None:
    assert loads(b'{"text": "\\ud800", "id": "x"}') == {"text": "\ufffd", "id": "x"}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b"{",
        b"{'a': 1}",
        b'{"a": 1,}',
        b"NaN",
        b'{"value": NaN}',
        b'{"value": Infinity}',
        b'{"value": -Infinity}',
        b'{"a": "Jane Doe"',
        b"\xff\xfe",
        b'{"a": "\xff"}',
        b'{"value": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda t: repr(t[:20]),
)
def test_what_is_no_json_is_refused_without_its_content(text: bytes) -> None:
    with pytest.raises(NotJsonError) as refused:
        loads(text)
    assert str(refused.value) == "not JSON"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 1025 + b"1" + b"}" * 1025,
        b"[" * 5000 + b"1e400" + b"]" * 5000,
    ],
    ids=lambda t: repr(t[:20]),
)
def test_what_is_nested_beyond_any_use_is_refused_as_that(text: bytes) -> None:
    with pytest.raises(TooDeepError):
        loads(text)


def test_a_thousand_levels_are_read() -> None:
    assert loads(b"[" * 1000 + b"]" * 1000)


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_no_bytes_raise_anything_else(text: bytes) -> None:
    try:
        loads(text)
    except NotJsonError:
        return
    json.loads(text)  # what was accepted is JSON to the standard library, too


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(VALUES)
def test_what_was_written_is_read(value: object) -> None:
    assert loads(json.dumps(value).encode()) == value


def test_a_lone_surrogate_is_mended_wherever_it_stands_and_pairs_stay() -> None:
    text = b'{"a": [{"\\ud83e": "\\udc00x", "ok": "\\ud83e\\udda0"}, 1e400], "b": "\\u00e9"}'
    found = loads(text)
    assert found["a"][0] == {"\ufffd": "\ufffdx", "ok": "\U0001f9a0"}
    assert found["b"] == "é"
