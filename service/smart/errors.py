"""What can go wrong with a launch or a session, each with a constant text for the user."""

from __future__ import annotations

from enum import Enum
from http import HTTPStatus


class Fault(Enum):
    """HTTP status, heading, and what to do. Nothing of the request or of another server is repeated."""

    NOT_LISTED = (
        HTTPStatus.FORBIDDEN,
        "This record system is not registered here",
        "The app was opened from a record system that is not on its list. Whoever runs the app can add it.",
    )
    BAD_LAUNCH = (
        HTTPStatus.BAD_REQUEST,
        "The launch cannot be read",
        "The record system opened the app with incomplete or repeated launch data. Open it again from the "
        "chart.",
    )
    DISCOVERY = (
        HTTPStatus.BAD_GATEWAY,
        "The record system did not say how to sign in",
        "Its description of the sign-in is missing, unreadable, or names an address that is not permitted. "
        "Try again; if it stays so, tell whoever runs the app.",
    )
    STATE = (
        HTTPStatus.BAD_REQUEST,
        "This sign-in does not belong to this browser",
        "It was used already, is too old, was begun elsewhere, or the browser did not keep the app's cookie. "
        "Open the app again from the chart.",
    )
    WRONG_ISSUER = (
        HTTPStatus.BAD_REQUEST,
        "The answer came from another record system",
        "The sign-in was begun with one record system and answered for another. Nothing was opened.",
    )
    DENIED = (
        HTTPStatus.FORBIDDEN,
        "Access was not granted",
        "The record system or its user refused access to the record. Nothing was opened.",
    )
    REFUSED = (
        HTTPStatus.BAD_GATEWAY,
        "The record system refused the sign-in",
        "It reported an error in place of permission. Open the app again from the chart; if it stays so, "
        "tell whoever runs the app.",
    )
    TOKEN = (
        HTTPStatus.BAD_GATEWAY,
        "The record system did not complete the sign-in",
        "Its answer was missing, late, or unreadable. Open the app again from the chart.",
    )
    IDENTITY = (
        HTTPStatus.BAD_GATEWAY,
        "The record system's statement of who is signed in is not valid",
        "Nothing was opened. Open the app again from the chart; if it stays so, tell whoever runs the app.",
    )
    NO_PATIENT = (
        HTTPStatus.BAD_GATEWAY,
        "No patient was chosen",
        "The record system opened the app without a patient. Open it from a patient's chart.",
    )
    ENDED = (
        HTTPStatus.UNAUTHORIZED,
        "This session has ended",
        "It was closed, ran out, or belongs to another browser. Open the app again from the chart.",
    )
    EXPIRED = (
        HTTPStatus.UNAUTHORIZED,
        "Permission to read the record has run out",
        "The record system no longer accepts it. Open the app again from the chart.",
    )
    INCOMPLETE = (
        HTTPStatus.BAD_GATEWAY,
        "The record could not be read",
        "The diagnoses, without which nothing can be assessed, could not be had from the record system. "
        "This says nothing about the patient. Try again.",
    )
    FORM = (
        HTTPStatus.FORBIDDEN,
        "This form was not sent from the app's own page",
        "Nothing was changed.",
    )
    STORE = (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Sessions cannot be kept at the moment",
        "The app's store does not answer. Try again in a minute.",
    )

    def __init__(self, status: HTTPStatus, heading: str, text: str) -> None:
        self.status = status
        self.heading = heading
        self.text = text


class SmartError(Exception):
    """Ends a launch or a request with a page."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.heading)
        self.fault = fault
