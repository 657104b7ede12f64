"""The FHIR client: its token goes to its own server only, and over TLS to one that it can verify."""

from __future__ import annotations

import ssl
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import responses

from service.app import create_app
from service.config import ConfigError, Settings, check
from service.fhir.ca_file import CaFileError, check_ca_file
from service.fhir.client import FhirAccess, FhirClient, Limits
from service.fhir.fetched import Fetched, Problem
from service.outgoing.reach import ANYWHERE
from service.site_check import CheckError, run_check
from tests.conftest import CheckedClient
from tests.service.conftest import hook_call
from tests.service.local_ehr import (
    PATIENT,
    TOKEN,
    Ehr,
    Handler,
    bundle,
    drip_headers,
    get,
    ids,
    sends,
)
from tests.tools import require_tool

# ---- the token stays with its server


@pytest.mark.parametrize(
    "link",
    [
        "{elsewhere}/fhir/Observation?page=2",
        "//{elsewhere_host}/fhir/Observation?page=2",
        "https://{host}/fhir/Observation?page=2",
        "http://{host}@{elsewhere_host}/fhir/Observation?page=2",
        "http://{elsewhere_host}\\@{host}/fhir/Observation?page=2",
        "{ehr}/other/Observation?page=2",
        "{ehr}/fhirother/Observation?page=2",
        "{ehr}/fhir/../admin?page=2",
        "{ehr}/fhir/%2e%2e/admin?page=2",
        "{ehr}/fhir/..%5cadmin?page=2",
        "../admin",
        "http://[broken",
        "http://127.0.0.1:port/fhir/Observation",
        "file:///etc/passwd",
    ],
)
def test_a_next_link_that_leads_elsewhere_is_not_followed(ehr: Ehr, elsewhere: Ehr, link: str) -> None:
    names = {
        "ehr": ehr.origin,
        "elsewhere": elsewhere.origin,
        "host": ehr.origin.removeprefix("http://"),
        "elsewhere_host": elsewhere.origin.removeprefix("http://"),
    }
    ehr.on("Observation?patient=p1", sends(bundle("a", next_link=link.format(**names))))
    fetched = get(ehr, "Observation?patient=p1")
    assert elsewhere.asked == []
    if "\\@" in link:  # read as a user name, which is dropped: the request stays at home
        assert ehr.asked[1:] == ["/fhir/Observation?page=2"]
        return
    assert (ids(fetched), fetched.problem) == (["a"], Problem.OFF_ORIGIN)
    assert len(ehr.asked) == 1


@pytest.mark.parametrize(
    "query", ["../admin", "http://127.0.0.1:1/x", "//127.0.0.1:1/x", "Patient/..%2f..%2fx"]
)
def test_a_query_cannot_leave_the_base(ehr: Ehr, query: str) -> None:
    assert get(ehr, query).problem is Problem.OFF_ORIGIN
    assert ehr.asked == []


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_nor_its_body_read(ehr: Ehr, elsewhere: Ehr, code: int) -> None:
    location = f"{elsewhere.base}/Patient/p1"

    def redirect(handler: Handler) -> None:
        handler.reply(code, b"", Location=location, Content_Length="1000000")
        handler.drip(b" ", 0.02)

    ehr.on("Patient/p1", redirect)
    start = time.monotonic()
    assert get(ehr, "Patient/p1", deadline_s=2).problem is Problem.HTTP_ERROR
    assert time.monotonic() - start < 1
    assert elsewhere.asked == []


def test_neither_netrc_nor_proxy_nor_a_user_in_the_base_takes_the_place_of_the_token(
    ehr: Ehr, elsewhere: Ehr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, elsewhere.origin)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    ehr.on("Patient/p1", sends(PATIENT))
    base = ehr.base.replace("http://", "http://user:word@")
    found = FhirClient(Limits(), reach=ANYWHERE).fetch(FhirAccess(base, TOKEN), {"p": "Patient/p1"})
    assert found["p"].problem is None
    assert ehr.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    assert elsewhere.asked == []


def test_a_cookie_is_not_kept(ehr: Ehr) -> None:
    ehr.on("Patient/p1", sends(PATIENT, Set_Cookie="login=first-user; Path=/"))
    client = FhirClient(Limits(), reach=ANYWHERE)
    for _ in range(2):
        client.fetch(FhirAccess(ehr.base, TOKEN), {"p": "Patient/p1"})
    assert len(ehr.headers) == 2
    assert all("Cookie" not in headers for headers in ehr.headers)


def test_certificates_are_verified_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURL_CA_BUNDLE", "")
    with responses.RequestsMock() as mock:
        mock.get("https://ehr.example/fhir/Patient/p1", json=PATIENT, content_type="application/fhir+json")
        found = FhirClient(Limits()).fetch(FhirAccess("https://ehr.example/fhir"), {"p": "Patient/p1"})
        assert found["p"] == Fetched("p", (PATIENT,))
        assert mock.calls[0].request.req_kwargs["verify"] is True  # type: ignore[attr-defined]


def openssl(*arguments: object) -> None:
    """Run openssl."""
    program = require_tool("openssl", "certificates for TLS on loopback cannot be made")
    subprocess.run([program, *map(str, arguments)], check=True, capture_output=True)


def over_tls(ehr: Ehr, certificate: Path) -> FhirAccess:
    """Put the server behind TLS; `certificate` holds its chain and its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    ehr.socket = context.wrap_socket(ehr.socket, server_side=True)
    return FhirAccess(ehr.base.replace("http://", "https://"), TOKEN)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed, with its key, in one file."""
    file = tmp_path / "both.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    both = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    openssl(*new, *both)
    file.write_text((tmp_path / "key.pem").read_text() + (tmp_path / "cert.pem").read_text())
    return file


def test_over_tls_an_unknown_certificate_gets_no_request_and_the_deadline_holds(
    ehr: Ehr, certificate: Path
) -> None:
    access = over_tls(ehr, certificate)
    ehr.on("Patient/p1", sends(PATIENT))
    ehr.on("Patient/slow", drip_headers)
    client = FhirClient(Limits(deadline_s=0.5, max_parallel=1), reach=ANYWHERE)
    assert client.fetch(access, {"key": "Patient/p1"})["key"].problem is Problem.UNREACHABLE
    assert ehr.asked == []
    client = FhirClient(Limits(deadline_s=0.5, max_parallel=1), certificate, ANYWHERE)
    assert client.fetch(access, {"key": "Patient/slow"})["key"].problem is Problem.TOO_SLOW
    assert client.fetch(access, {"key": "Patient/p1"})["key"] == Fetched("key", (PATIENT,))


# ---- a hospital's own authority


@dataclass(frozen=True)
class Authority:
    """A made-up authority and the certificate of 127.0.0.1 that it signed, the latter with its key."""

    ca: Path
    server: Path


def signed(folder: Path, name: str = "hospital") -> Authority:
    def file(part: str) -> Path:
        return folder / f"{name}-{part}.pem"

    new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    openssl(*new, "-subj", f"/CN={name}", "-keyout", file("ca-key"), "-out", file("ca"))
    by = ["-CA", file("ca"), "-CAkey", file("ca-key"), "-addext", "subjectAltName=IP:127.0.0.1"]
    leaf = ["-addext", "basicConstraints=critical,CA:FALSE"]
    openssl(*new, "-subj", "/CN=localhost", *by, *leaf, "-keyout", file("key"), "-out", file("cert"))
    both = file("server")
    both.write_text(file("key").read_text() + file("cert").read_text())
    return Authority(file("ca"), both)


def asked(access: FhirAccess, ca_file: Path | None) -> Fetched:
    return FhirClient(Limits(deadline_s=2), ca_file, ANYWHERE).fetch(access, {"key": "Patient/p1"})["key"]


def test_a_server_signed_by_the_hospital_is_trusted_with_its_file_only(ehr: Ehr, tmp_path: Path) -> None:
    ours, others = signed(tmp_path), signed(tmp_path, "others")
    access = over_tls(ehr, ours.server)
    ehr.on("Patient/p1", sends(PATIENT))
    assert asked(access, None).problem is Problem.UNREACHABLE
    assert asked(access, others.ca).problem is Problem.UNREACHABLE
    assert ehr.asked == []
    assert asked(access, ours.ca) == Fetched("key", (PATIENT,))


def test_a_file_may_hold_more_than_one_authority(ehr: Ehr, tmp_path: Path) -> None:
    ours, others = signed(tmp_path), signed(tmp_path, "others")
    access = over_tls(ehr, ours.server)
    ehr.on("Patient/p1", sends(PATIENT))
    bundled = tmp_path / "bundle.pem"
    bundled.write_text(others.ca.read_text() + ours.ca.read_text())
    assert asked(access, bundled).problem is None


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_environment_names_no_authority(
    ehr: Ehr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    ours, others = signed(tmp_path), signed(tmp_path, "others")
    access = over_tls(ehr, ours.server)
    ehr.on("Patient/p1", sends(PATIENT))
    monkeypatch.setenv(name, str(ours.ca))
    assert asked(access, others.ca).problem is Problem.UNREACHABLE
    assert asked(access, None).problem is Problem.UNREACHABLE
    monkeypatch.setenv(name, str(others.ca))
    assert asked(access, ours.ca).problem is None


def test_a_certificate_for_another_name_is_not_enough(ehr: Ehr, tmp_path: Path) -> None:
    ours = signed(tmp_path)
    access = over_tls(ehr, ours.server)
    ehr.on("Patient/p1", sends(PATIENT))
    elsewhere = FhirAccess(access.base.replace("127.0.0.1", "localhost"), TOKEN)
    assert asked(elsewhere, ours.ca).problem is Problem.UNREACHABLE
    assert ehr.asked == []


def test_a_hook_call_fetches_with_the_file_of_the_settings(
    ehr: Ehr, tmp_path: Path, make_client: Callable[..., CheckedClient]
) -> None:
    ours = signed(tmp_path)
    server = over_tls(ehr, ours.server).base
    client = make_client(fhir_ca_file=ours.ca)
    assert client.call(hook_call(fhirServer=server)).status == 412
    assert any(path.startswith("/fhir/Condition?") for path in ehr.asked)
    seen = len(ehr.asked)
    assert make_client().call(hook_call(fhirServer=server)).status == 412
    assert len(ehr.asked) == seen


def test_the_survey_fetches_with_the_file_too(
    ehr: Ehr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = signed(tmp_path)
    server = over_tls(ehr, ours.server).base
    ehr.on("Patient?_count=1", sends({"resourceType": "Bundle", "type": "searchset"}))
    with pytest.raises(CheckError, match="No connection to the FHIR server"):
        run_check([], server, 1, None, None)
    monkeypatch.setenv("RELAPSE_CDS_FHIR_CA_FILE", str(ours.ca))
    with pytest.raises(CheckError, match="it holds no patients"):
        run_check([], server, 1, None, None)
    monkeypatch.setenv("RELAPSE_CDS_FHIR_CA_FILE", str(tmp_path / "absent.pem"))
    with pytest.raises(CheckError, match="RELAPSE_CDS_FHIR_CA_FILE: the file cannot be read"):
        run_check([], server, 1, None, None)


# ---- the file itself


def test_a_file_with_a_certificate_is_accepted(tmp_path: Path) -> None:
    authority = signed(tmp_path)
    check_ca_file(authority.ca)
    check(Settings(demo=True, fhir_ca_file=authority.ca))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read"),
        (b"", "no certificate"),
        (b"not a certificate", "no certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate"),
        (b"\xff\xfe\x00", "no certificate"),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_start_in_one_line(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=reason) as caught:
        create_app(Settings(demo=True, fhir_ca_file=file))
    message = str(caught.value)
    assert message.startswith("RELAPSE_CDS_FHIR_CA_FILE: ")
    assert "\n" not in message


def test_a_folder_and_an_empty_name_are_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, Path()):
        with pytest.raises(CaFileError, match="cannot be read"):
            check_ca_file(path)


def test_a_key_alone_is_no_certificate(tmp_path: Path) -> None:
    signed(tmp_path)
    with pytest.raises(CaFileError, match="no certificate"):
        check_ca_file(tmp_path / "hospital-key.pem")
