"""The keys of callers at an address: checklist numbers 62 and 63. Fetched seldom, and from nowhere else."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from service.auth import keys as limits
from service.auth.checks import Examination, Refused, Rules, examine
from service.auth.keyring import KeyRing, KeysError, read_keys
from service.auth.keys import KeySource
from service.auth.tenants import Defaults, Tenants, load_tenants
from service.auth.token import read_token
from service.outgoing.client import OutgoingClient
from service.outgoing.reach import Reach
from tests.conftest import LogLines
from tests.service import callers
from tests.service.callers import CALL, ISSUER, header, key, public, token
from tests.service.local_ehr import (
    Answer,
    Ehr,
    after,
    cut_short,
    drip_body,
    drip_headers,
    hang_up,
    sends,
    status,
)

LOOPBACK = Reach((ip_network("127.0.0.0/8"),), plain_http=True)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Keys:
    """A source whose keys the test chooses; None = they cannot be had."""

    def __init__(self, *kids: str) -> None:
        self.ring: KeyRing | None = read_keys(public(*(key(kid) for kid in kids)))
        self.reads = 0

    def __call__(self) -> KeyRing:
        self.reads += 1
        if self.ring is None:
            raise KeysError("made up")
        return self.ring

    def now_has(self, *kids: str) -> None:
        self.ring = read_keys(public(*(key(kid) for kid in kids)))


def settle(until: Callable[[], bool]) -> None:
    """Wait for a thread of the source."""
    deadline = time.monotonic() + 5
    while not until() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert until()


# ---- how often


def test_c62_keys_at_an_address_are_fetched_once_and_renewed() -> None:
    clock, load = Clock(), Keys("a")
    source = KeySource("test", load, clock)
    for _ in range(5):
        assert "a" in source.ring("a").keys
    assert load.reads == 1
    load.now_has("b")
    clock.now += limits.RENEW_S
    assert "a" in source.ring("a").keys  # the call itself does not wait
    settle(lambda: load.reads == 2)
    settle(lambda: "b" in source.ring("b").keys)
    assert "a" not in source.ring("b").keys  # a key that was withdrawn is gone


def test_c62_an_unknown_kid_fetches_the_keys_once_and_no_more() -> None:
    clock, load = Clock(), Keys("a")
    source = KeySource("test", load, clock)
    source.ring("a")
    for number in range(50):
        source.ring(f"made-up-{number}")
    assert load.reads == 1
    clock.now += limits.COOL_DOWN_S
    load.now_has("a", "new")
    assert "new" in source.ring("new").keys
    assert load.reads == 2
    for number in range(50):
        source.ring(f"made-up-{number}")
    assert load.reads == 2


def test_c62_while_keys_are_fetched_for_an_unknown_kid_known_ones_do_not_wait() -> None:
    clock, load = Clock(), Keys("a")
    started, release = threading.Event(), threading.Event()

    def slow() -> KeyRing:
        if load.reads:
            started.set()
            assert release.wait(5)
        return load()

    source = KeySource("test", slow, clock)
    source.ring("a")
    clock.now += limits.COOL_DOWN_S
    waiting = threading.Thread(target=source.ring, args=("other",))
    waiting.start()
    assert started.wait(5)
    assert "a" in source.ring("a").keys
    assert "yet-another" not in source.ring("yet-another").keys
    release.set()
    waiting.join(5)
    assert load.reads == 2


def test_c62_many_first_calls_at_once_fetch_the_keys_once() -> None:
    load = Keys("a")
    gate = threading.Barrier(8)
    found: list[bool] = []

    def slow() -> KeyRing:
        time.sleep(0.05)
        return load()

    source = KeySource("test", slow)

    def first() -> None:
        gate.wait(5)
        found.append("a" in source.ring("a").keys)

    threads = [threading.Thread(target=first) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert (found, load.reads) == ([True] * 8, 1)


def test_c62_keys_that_cannot_be_renewed_are_used_for_hours_and_then_no_more(log: LogLines) -> None:
    clock, load = Clock(), Keys("a")
    source = KeySource("test", load, clock)
    source.ring("a")
    load.ring = None
    clock.now += limits.STALE_S - 1
    assert "a" in source.ring("a").keys
    settle(lambda: load.reads == 2 and any("cannot be read" in line for line in log.lines))
    clock.now += 100
    with pytest.raises(KeysError):
        source.ring("a")
    reads = load.reads
    with pytest.raises(KeysError):
        source.ring("a")
    assert load.reads == reads
    load.now_has("a")
    clock.now += limits.FIRST_COOL_DOWN_S
    assert "a" in source.ring("a").keys


# ---- what is served


@pytest.fixture
def tenants_at(ehr: Ehr, tmp_path: Path) -> Callable[[], Tenants]:
    """Return a function that loads tenants whose keys are at the address of `ehr`."""

    def load() -> Tenants:
        path = tmp_path / "tenants.toml"
        path.write_text(
            f'version = 1\n[[tenant]]\nname = "t"\nissuers = ["{ISSUER}"]\njku = ["{ehr.base}/jwks"]\n'
        )
        defaults = Defaults(("ES384", "RS384"), 3600, plain_http=True)
        return load_tenants(path, defaults, OutgoingClient(LOOPBACK))

    return load


def refusal(tenants: Tenants, given: str) -> str | None:
    try:
        examine(Examination(Rules(tenants, 30), read_token(given), CALL, time.time()))
    except Refused as error:
        return str(error)
    return None


def test_c62_keys_at_an_address_are_used(ehr: Ehr, tenants_at: Callable[[], Tenants]) -> None:
    ehr.on("jwks", sends(public(key(), key("rsa", "RS384")), "application/json"))
    tenants = tenants_at()
    assert ehr.asked == []
    assert refusal(tenants, token()) is None
    assert refusal(tenants, token(key("rsa", "RS384"))) is None
    assert refusal(tenants, token(head=header(jku=f"{ehr.base}/jwks"))) is None
    assert ehr.asked == ["/fhir/jwks"]


def test_c63_an_address_of_keys_that_is_not_listed_is_never_called(
    ehr: Ehr, elsewhere: Ehr, tenants_at: Callable[[], Tenants]
) -> None:
    elsewhere.on("jwks", sends(public(key("evil"))))
    evil = token(key("evil"), header(key("evil"), jku=f"{elsewhere.base}/jwks"))
    assert refusal(tenants_at(), evil) == "jku is not listed"
    assert ehr.callers == elsewhere.callers == set()


RING = public(key())
HOSTILE: dict[str, Answer] = {
    "redirect": status(302, Location="/fhir/other"),
    "redirect to another host": status(307, Location="http://169.254.169.254/"),
    "not found": status(404),
    "broken": status(500),
    "html": sends(b"<html>Log in</html>", "text/html"),
    "cut short": cut_short,
    "hangs up": hang_up,
    "drips a body": drip_body,
    "drips headers": drip_headers,
    "slow": after(4, sends(RING)),
    "huge": sends(json.dumps({**RING, "x": "x" * 400_000}).encode()),
    "gzip bomb": sends(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip"),
    "nested": sends(b'{"keys":' + b"[" * 50_000),
    "a list": sends([RING]),
    "no keys": sends({}),
    "keys is text": sends({"keys": "x"}),
    "too many keys": sends({"keys": RING["keys"] * 101}),
    "odd entries": sends({"keys": [None, 1, "x", [], {}, {"kid": "ec"}, {"kid": "ec", "kty": 5}]}),
    "key without kid": sends({"keys": [{k: v for k, v in RING["keys"][0].items() if k != "kid"}]}),
    "key for encryption": sends(public(key(), use="enc")),
    "key with its private part": sends({"keys": [key().as_dict(private=True)]}),
    "a secret": sends({"keys": [{"kty": "oct", "kid": "ec", "k": "c2VjcmV0"}]}),
    "point not on the curve": sends({"keys": [{**RING["keys"][0], "x": RING["keys"][0]["y"]}]}),
    "key of another algorithm": sends(public(key(), alg="ES256")),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_c62_a_hostile_server_of_keys_opens_no_door_and_holds_nobody(
    ehr: Ehr, tenants_at: Callable[[], Tenants], case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = OutgoingClient.json
    monkeypatch.setattr(OutgoingClient, "json", lambda self, url: whole(self, url, timeout_s=0.5))
    ehr.on("jwks", HOSTILE[case])
    tenants = tenants_at()
    start = time.monotonic()
    assert refusal(tenants, token()) in ("kid is not known", "the key is for another algorithm")
    assert time.monotonic() - start < 3
    assert ehr.asked == ["/fhir/jwks"]
    assert refusal(tenants, token()) in ("kid is not known", "the key is for another algorithm")
    assert len(ehr.asked) == 1


def test_c62_a_weak_key_is_left_out_and_the_others_count() -> None:
    weak = key("weak", "RS384", 0, 1024)
    ring = read_keys(public(weak, key()))
    assert ring.find("weak", "RS384") is None
    assert ring.find("ec", "ES384") is not None
    assert ring.left_out == ("key 1: has fewer than 2048 bits",)


def test_c62_keys_of_the_same_name_are_told_apart_by_algorithm() -> None:
    ring = read_keys(public(key("same"), key("same", "RS384")))
    for algorithm in ("ES384", "RS384"):
        assert ring.find("same", algorithm) is not None
    assert ring.find("same", "ES256") is None
    assert ring.find("same", "PS384") is None


def test_c62_a_key_file_is_read_again_when_a_kid_is_not_known(tmp_path: Path) -> None:
    path = callers.tenants_file(tmp_path)
    tenants = load_tenants(path, Defaults(("ES384",), 3600, plain_http=False), OutgoingClient(Reach()))
    source = next(t for t in tenants.all() if t.name == "hospital").sources[0]
    clock = Clock()
    source._clock = clock
    clock.now = time.monotonic() + limits.COOL_DOWN_S
    assert refusal(tenants, token(key("next"))) == "kid is not known"
    clock.now += limits.COOL_DOWN_S
    callers.tenants_file(tmp_path, keys=public(key(), key("next")))
    assert refusal(tenants, token(key("next"))) is None
