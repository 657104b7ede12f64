"""Why a call to another server came to nothing."""

from __future__ import annotations

from enum import StrEnum

import requests
import urllib3


class Failure(StrEnum):
    """Constant: neither an address nor a text of the other side."""

    ADDRESS = "its address may not be called"
    UNREACHABLE = "no secure connection to it could be made"
    LOST = "the connection to it was lost"
    TOO_SLOW = "it took too long"
    TOO_LARGE = "its answer is too large"
    NOT_JSON = "its answer is not readable as JSON"
    STATUS = "it answered with another status than 200"
    OTHER = "it could not be asked"


class OutgoingError(Exception):
    """`str` of it is the failure; nothing of the call is in it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


class AddressRefusedError(urllib3.exceptions.HTTPError):
    """A name leads only to network addresses that may not be called."""


def failure_of(error: Exception) -> Failure:
    """What an exception of requests or urllib3 means."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return Failure.TOO_SLOW
    if isinstance(error, urllib3.exceptions.DecodeError):
        return Failure.NOT_JSON
    cause: object = error.args[0] if isinstance(error, requests.RequestException) and error.args else error
    if isinstance(cause, urllib3.exceptions.MaxRetryError):
        cause = cause.reason
    if isinstance(cause, AddressRefusedError):
        return Failure.ADDRESS
    if isinstance(cause, urllib3.exceptions.ProtocolError):  # the connection was there and broke
        return Failure.LOST
    if isinstance(error, requests.ConnectionError | urllib3.exceptions.HTTPError):
        return Failure.UNREACHABLE
    return Failure.OTHER
