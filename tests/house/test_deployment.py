"""What is shipped for running it: the Kubernetes example, the proxy example, the bill of materials."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.app import create_app
from service.config import Settings
from service.run import options
from tests.tools import require_tool

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS: list[dict[str, Any]] = list(
    yaml.safe_load_all((ROOT / "deploy/kubernetes/relapse-cds.yaml").read_text("utf-8"))
)


def of_kind(kind: str) -> dict[str, Any]:
    [found] = [m for m in MANIFESTS if m["kind"] == kind]
    return found


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda m: m["kind"])
def test_each_manifest_is_what_kubernetes_accepts(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, "1.30", strict=True)


def test_the_pod_is_not_root_and_can_write_nowhere_but_in_memory() -> None:
    pod = of_kind("Deployment")["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    limits = container["securityContext"]
    assert limits["readOnlyRootFilesystem"] is True
    assert limits["allowPrivilegeEscalation"] is False
    assert limits["capabilities"] == {"drop": ["ALL"]}
    writable = [m["mountPath"] for m in container["volumeMounts"] if not m.get("readOnly")]
    assert writable == ["/dev/shm"]  # noqa: S108 - a path in the pod
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] == "/health/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"


def test_the_network_policy_closes_both_ways() -> None:
    policy = of_kind("NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert all(rule.get("to") for rule in policy["egress"])
    assert all(rule.get("from") for rule in policy["ingress"])


def test_the_settings_in_the_manifest_are_settings() -> None:
    given = set(tomllib.loads(of_kind("ConfigMap")["data"]["relapse-cds.toml"]))
    given |= set(of_kind("Secret")["stringData"])
    assert given <= Settings.model_fields.keys()


def test_the_settings_in_the_manifest_allow_a_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith("RELAPSE_CDS_")]:
        monkeypatch.delenv(name)
    for name, text in of_kind("ConfigMap")["data"].items():
        (tmp_path / name).write_text(text.replace("/etc/relapse-cds", str(tmp_path)))
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name, text in of_kind("Secret")["stringData"].items():
        (secrets / name).write_text(text)
    monkeypatch.setenv("RELAPSE_CDS_CONFIG", str(tmp_path / "relapse-cds.toml"))
    monkeypatch.setenv("RELAPSE_CDS_SECRETS_DIR", str(secrets))
    create_app(Settings())


def _made_up_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cds.hospital.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "cds.hospital.example.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "cds.hospital.example.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def test_nginx_accepts_the_proxy_example(tmp_path: Path) -> None:
    nginx = require_tool("nginx", "the proxy example goes unchecked")
    _made_up_certificate(tmp_path)
    site = (ROOT / "deploy/nginx.conf").read_text("utf-8")
    site = re.sub(r"/etc/ssl/", f"{tmp_path}/", site).replace("listen 443", "listen 127.0.0.1:8443")
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {site} }}"
    )
    checked = subprocess.run(
        [nginx, "-t", "-q", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def _said_to_nginx(name: str) -> str:
    [said] = re.finditer(rf"^\s*{name}\s+(\S+);", (ROOT / "deploy/nginx.conf").read_text("utf-8"), re.M)
    return said[1]


def test_the_proxy_never_writes_what_it_passes_on_to_a_disk() -> None:
    largest = _said_to_nginx("client_max_body_size")
    assert largest == "32m"
    assert _said_to_nginx("client_body_buffer_size") == largest
    assert _said_to_nginx("proxy_max_temp_file_size") == "0"


def test_the_proxy_closes_an_idle_connection_before_the_service_does() -> None:
    kept_s = int(_said_to_nginx("keepalive_timeout").removesuffix("s"))
    assert kept_s < options(Settings(insecure=True))["keepalive"]


def test_the_connections_of_a_worker_leave_open_files_for_what_else_it_needs() -> None:
    """1024 is what many systems allow a process; a worker that runs out of them cannot reach its database."""
    given = options(Settings(insecure=True))
    assert given["threads"] < given["worker_connections"] <= 1024 - 256


def test_the_bill_of_materials_names_every_locked_package(tmp_path: Path) -> None:
    out = tmp_path / "sbom.json"
    command = [str(Path(sys.executable).parent / "cyclonedx-py"), "requirements", "requirements.txt"]
    command += ["--pyproject", "pyproject.toml", "--output-reproducible", "-o", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    named = {component["name"].lower() for component in json.loads(out.read_text())["components"]}
    locked = set(
        re.findall(r"^([a-z0-9-]+)(?:\[[a-z,-]+\])?==", (ROOT / "requirements.txt").read_text(), re.M)
    )
    assert locked
    assert locked - named == set()
