"""Where keys come from: a file or an address, kept in memory and renewed without a stampede."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from service.auth.keyring import KeyRing, KeysError, read_keys
from service.lenient_json import NotJsonError, loads
from service.outgoing.client import OutgoingClient
from service.outgoing.failure import OutgoingError

RENEW_S = 900.0
"""Age at which keys are read again, beside the calls: a key that was withdrawn is refused after this."""
STALE_S = 14_400.0
"""Age at which keys that could not be read again are no longer used."""
COOL_DOWN_S = 30.0
"""Least time between two readings because of a kid that is not known: anyone can make up a kid."""
FIRST_COOL_DOWN_S = 5.0
"""The same while there are no keys at all."""
_WAIT_S = 4.0

_log = logging.getLogger(__name__)
Load = Callable[[], KeyRing]
"""Reads the keys. KeysError if they cannot be had."""


def from_file(path: Path) -> Load:
    """Reads a JWK Set from a file."""

    def load() -> KeyRing:
        try:
            return read_keys(loads(path.read_bytes()))
        except OSError:
            raise KeysError("the file cannot be read") from None
        except NotJsonError:
            raise KeysError("it is no JSON") from None

    return load


def from_url(url: str, client: OutgoingClient) -> Load:
    """Reads a JWK Set from an address, under the rules of all calls that leave the service."""

    def load() -> KeyRing:
        try:
            return read_keys(client.json(url).content)
        except OutgoingError as error:
            raise KeysError(error.failure.value) from None

    return load


@dataclass(frozen=True, slots=True)
class _Held:
    ring: KeyRing
    at: float


class KeySource:
    """Keys of one file or address, for the threads of a process.

    A kid that is known costs a look into a dictionary. One that is not makes one thread read the keys
    again, at most every `COOL_DOWN_S`; the others are answered from what is known. Only before the first
    keys are there do calls wait for them.
    """

    def __init__(self, name: str, load: Load, clock: Callable[[], float] = time.monotonic) -> None:
        """`name`: for log lines; no secret."""
        self.name = name
        self._load = load
        self._clock = clock
        self._held: _Held | None = None
        self._next = 0.0
        self._reading = threading.Lock()

    def ring(self, kid: str) -> KeyRing:
        """The keys, read again if that may bring this kid. KeysError if there are none to be had."""
        held = self._held
        age = self._clock() - held.at if held is not None else STALE_S
        if held is None or age >= STALE_S:
            return self._first()
        if kid not in held.ring.keys:
            return self._again(held)
        if age >= RENEW_S and self._clock() >= self._next:
            self._renew_beside()
        return held.ring

    def load_now(self) -> KeyRing:
        """Read the keys, whatever is known. KeysError if they cannot be had."""
        ring = self._load()
        self._held = _Held(ring, self._clock())
        self._next = self._clock() + COOL_DOWN_S
        return ring

    def _first(self) -> KeyRing:
        if not self._reading.acquire(timeout=_WAIT_S):
            raise KeysError("they are being read")
        try:
            held = self._held
            if held is not None and self._clock() - held.at < STALE_S:
                return held.ring  # another thread has just read them
            if self._clock() < self._next:
                raise KeysError("they could not be read just now")
            return self._read(FIRST_COOL_DOWN_S)
        finally:
            self._reading.release()

    def _again(self, held: _Held) -> KeyRing:
        if self._clock() < self._next or not self._reading.acquire(blocking=False):
            return held.ring
        try:
            return self._read(COOL_DOWN_S)
        except KeysError:
            return held.ring
        finally:
            self._reading.release()

    def _renew_beside(self) -> None:
        """Read them on a thread of its own: no call waits."""
        if not self._reading.acquire(blocking=False):
            return

        def renew() -> None:
            try:
                self._read(COOL_DOWN_S)
            except KeysError:
                return  # said in the log
            finally:
                self._reading.release()

        try:
            threading.Thread(target=renew, name="keys", daemon=True).start()
        except RuntimeError:  # the system gives no more threads
            self._reading.release()

    def _read(self, wait_s: float) -> KeyRing:
        self._next = self._clock() + wait_s
        try:
            return self.load_now()
        except KeysError as error:
            self._next = self._clock() + wait_s
            reason = str(error)
            _log.warning("the keys of %s cannot be read: %s", self.name, reason)
            raise
