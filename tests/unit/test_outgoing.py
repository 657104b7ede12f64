"""Where calls may go: addresses by their parts, networks, and the breaker that leaves a dead server alone."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from service.outgoing.address import Address
from service.outgoing.breaker import Breaker
from service.outgoing.reach import ANYWHERE, Reach

# ---- addresses


@pytest.mark.parametrize(
    ("listed", "asked"),
    [
        ("https://fhir.example/r4", "https://fhir.example/r4"),
        ("https://fhir.example/r4/", "https://fhir.example/r4"),
        ("https://fhir.example/r4", "https://fhir.example/r4/"),
        ("https://fhir.example/r4", "https://fhir.example/r4/hospital-a"),
        ("https://fhir.example/r4", "https://FHIR.example:443/r4"),
        ("https://fhir.example", "https://fhir.example/any/where"),
        ("https://fhir.example:8443/r4", "https://fhir.example:8443/r4"),
    ],
)
def test_an_address_covers_itself_and_what_lies_below(listed: str, asked: str) -> None:
    ours, theirs = Address.of(listed), Address.of(asked)
    assert ours is not None
    assert theirs is not None
    assert ours.covers(theirs)


@pytest.mark.parametrize(
    "asked",
    [
        "http://fhir.example/r4",
        "https://fhir.example/",
        "https://fhir.example/r45",
        "https://fhir.example/R4",
        "https://fhir.example:444/r4",
        "https://fhir.example:80/r4",
        "https://fhir.example.evil.example/r4",
        "https://evil.example/fhir.example/r4",
        "https://evilfhir.example/r4",
        "https://fhir.example./r4",
        "https://sub.fhir.example/r4",
        "https://2130706433/r4",
        "https://0x7f000001/r4",
        "https://0177.0.0.1/r4",
        "https://127.1/r4",
        "https://[::1]/r4",
        "https://[::ffff:10.0.0.1]/r4",
    ],
)
def test_an_address_covers_no_other(asked: str) -> None:
    listed = Address.of("https://fhir.example/r4")
    theirs = Address.of(asked)
    assert listed is not None
    assert theirs is not None
    assert not listed.covers(theirs)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fhir.example/r4",
        "//fhir.example/r4",
        "ftp://fhir.example/r4",
        "file:///etc/passwd",
        "gopher://fhir.example/",
        "https://fhir.example@evil.example/r4",
        "https://user:secret@fhir.example/r4",
        "https://evil.example\\@fhir.example/r4",
        "https://fhir.example\\.evil.example/r4",
        "https://fhir.example%2eevil.example/r4",
        "https://fhir.example/r4/../admin",
        "https://fhir.example/r4/./x",
        "https://fhir.example/r4/%2e%2e/admin",
        "https://fhir.example/r4/%252e%252e/admin",
        "https://fhir.example/r4/..%2fadmin",
        "https://fhir.example/r4%2f..%2fadmin",
        "https://fhir.example/r4/..%5cadmin",
        "https://fhir.example/r4//admin",
        "https://fhir.example//r4",
        "https://fhir.example/r4?x=1",
        "https://fhir.example/r4#x",
        "https://fhir.example:port/r4",
        "https://fhir.example:0/r4",
        "https://fhir.example:99999/r4",
        "https://[broken/r4",
        "https:///r4",
        "https://fhir.example/r4\r\nX-Other: 1",
        "https://fhir.example/r4 x",
        "https://fhír.example/r4",
        "https://fhir。example/r4",
        "https://①②⑦.⓪.⓪.①/r4",
        "https://fhir.example/" + "a" * 2000,
    ],
)
def test_what_could_be_read_in_two_ways_is_no_address(text: str) -> None:
    assert Address.of(text) is None


# ---- networks

PRIVATE = [
    "0.0.0.0",  # noqa: S104 - this host
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.1.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2001:0:a00:1::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a00:1::",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
    "::ffff:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::",
]


@pytest.mark.parametrize("address", [*PRIVATE, *METADATA, "not an address", ""])
def test_only_public_addresses_are_called_unless_a_network_is_named(address: str) -> None:
    assert not Reach().permits(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "::ffff:8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_called(address: str) -> None:
    assert Reach().permits(address)


def test_a_network_that_is_named_is_called_and_no_other() -> None:
    reach = Reach((ip_network("10.20.0.0/16"), ip_network("fd12::/32")))
    for inside in ("10.20.0.1", "10.20.255.255", "::ffff:10.20.3.4", "64:ff9b::10.20.3.4", "fd12::5"):
        assert reach.permits(inside), inside
    for outside in ("10.21.0.1", "10.19.255.255", "127.0.0.1", "::ffff:10.21.0.1", "fd13::1", "192.168.0.1"):
        assert not reach.permits(outside), outside


@pytest.mark.parametrize("address", METADATA)
def test_no_setting_opens_the_metadata_of_a_cloud(address: str) -> None:
    assert not Reach((ip_network("0.0.0.0/0"), ip_network("::/0")), private=True).permits(address)


def test_the_demonstration_calls_loopback_but_nothing_link_local() -> None:
    assert ANYWHERE.permits("127.0.0.1")
    assert ANYWHERE.permits("::1")
    assert ANYWHERE.permits("192.168.1.1")
    for address in ("169.254.1.1", "fe80::1", "224.0.0.1", "0.0.0.0", "169.254.169.254"):  # noqa: S104
        assert not ANYWHERE.permits(address), address


# ---- the breaker


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def open_breaker() -> tuple[Breaker, Clock]:
    clock = Clock()
    breaker = Breaker(failures=3, open_s=10, probe_s=5, clock=clock)
    for _ in range(3):
        assert breaker.allows("a")
        breaker.failed("a")
    return breaker, clock


def test_three_failures_in_a_row_open_the_breaker_for_that_server_alone() -> None:
    breaker, clock = open_breaker()
    clock.now = 9.9
    assert not breaker.allows("a")
    assert breaker.allows("b")


def test_an_answer_between_failures_keeps_it_closed() -> None:
    breaker = Breaker(failures=3)
    for _ in range(5):
        breaker.failed("a")
        breaker.failed("a")
        breaker.answered("a")
    assert breaker.allows("a")


def test_after_a_while_one_caller_tries_and_the_others_wait_for_it() -> None:
    breaker, clock = open_breaker()
    clock.now = 10
    assert breaker.allows("a")
    assert not breaker.allows("a")
    breaker.answered("a")
    assert breaker.allows("a")
    assert breaker.allows("a")


def test_a_trial_that_fails_opens_it_again_at_once() -> None:
    breaker, clock = open_breaker()
    clock.now = 10
    assert breaker.allows("a")
    breaker.failed("a")
    clock.now = 19.9
    assert not breaker.allows("a")
    clock.now = 20
    assert breaker.allows("a")


def test_a_trial_that_nobody_reports_on_does_not_keep_it_open_for_good() -> None:
    breaker, clock = open_breaker()
    clock.now = 10
    assert breaker.allows("a")
    clock.now = 15
    assert breaker.allows("a")


def test_servers_that_fail_do_not_fill_the_memory() -> None:
    breaker = Breaker(failures=1)
    for number in range(2000):
        breaker.failed(number)
    assert breaker.allows(0)
    assert not breaker.allows(1999)
