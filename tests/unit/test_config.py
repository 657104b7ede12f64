"""Settings from the environment: checked, frozen, and refused in one line without their values."""

import pytest
from pydantic import ValidationError

from service.app import create_app, limits_of
from service.config import ConfigError, Settings, check, setting_faults


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own settings must not reach the tests."""
    import os

    for name in [n for n in os.environ if n.startswith("RELAPSE_CDS_")]:
        monkeypatch.delenv(name)


def test_the_defaults_listen_on_loopback_and_trust_nobody() -> None:
    settings = Settings()
    assert settings.host == "127.0.0.1"
    assert (settings.insecure, settings.demo, settings.fhir_servers, settings.cors_origins) == (
        False,
        False,
        (),
        (),
    )


def test_lists_are_separated_by_commas_and_addresses_lose_their_last_slash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RELAPSE_CDS_FHIR_SERVERS", " https://a.example/r4/ ,https://b.example ,")
    monkeypatch.setenv("RELAPSE_CDS_CORS_ORIGINS", "https://app.example")
    monkeypatch.setenv("RELAPSE_CDS_PUBLIC_BASE_URL", "https://cds.example/")
    settings = Settings()
    assert settings.fhir_servers == ("https://a.example/r4", "https://b.example")
    assert settings.cors_origins == ("https://app.example",)
    assert settings.public_base_url == "https://cds.example"


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(ValidationError):
        Settings().insecure = True  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("WORKERS", "0"),
        ("THREADS", "65"),
        ("INSECURE", "perhaps"),
        ("FETCH_DEADLINE_S", "0"),
        ("FETCH_DEADLINE_S", "61"),
        ("FETCH_PER_SERVER", "0"),
        ("FETCH_OVERALL", "513"),
        ("MAX_BODY_BYTES", "999"),
        ("PUBLIC_BASE_URL", "cds.example"),
        ("PUBLIC_BASE_URL", "ftp://cds.example"),
        ("FHIR_SERVERS", "https://a.example,b.example"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"RELAPSE_CDS_{name}", value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    fault = setting_faults(caught.value)
    assert f"RELAPSE_CDS_{name}" in fault
    assert "\n" not in fault
    if not value.isdigit():
        assert value not in fault


def test_a_wrong_entry_of_a_list_is_counted_and_told_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAPSE_CDS_FHIR_SERVERS", "https://a.example,nowhere")
    with pytest.raises(ValidationError) as caught:
        Settings()
    said = "RELAPSE_CDS_FHIR_SERVERS, entry 2: expected an absolute http or https address"
    assert setting_faults(caught.value) == said


def test_several_wrong_settings_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAPSE_CDS_PORT", "http")
    monkeypatch.setenv("RELAPSE_CDS_WORKERS", "many")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert setting_faults(caught.value).count("RELAPSE_CDS_") == 2


# ---- when it may start -------------------------------------------------------------------------


def test_it_does_not_start_while_callers_cannot_be_checked() -> None:
    with pytest.raises(ConfigError, match="RELAPSE_CDS_INSECURE"):
        check(Settings())
    with pytest.raises(ConfigError):
        create_app(Settings())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_the_demonstration_starts_on_loopback(host: str) -> None:
    settings = Settings(demo=True, host=host)
    check(settings)
    assert create_app(settings).test_client().get("/health/live").status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "", "localhost.example"])  # noqa: S104
def test_the_demonstration_starts_nowhere_else(host: str) -> None:
    for insecure in (False, True):
        with pytest.raises(ConfigError, match="loopback"):
            check(Settings(demo=True, host=host, insecure=insecure))


def test_insecure_has_to_be_said() -> None:
    check(Settings(insecure=True, host="0.0.0.0"))  # noqa: S104


def test_one_server_may_not_be_asked_more_than_all_together() -> None:
    check(Settings(insecure=True, fetch_per_server=12, fetch_overall=12))
    with pytest.raises(ConfigError, match="RELAPSE_CDS_FETCH_OVERALL must not be less"):
        check(Settings(insecure=True, fetch_per_server=12, fetch_overall=11))


def test_the_limits_of_fetching_are_those_that_are_set() -> None:
    limits = limits_of(Settings(fetch_deadline_s=2, fetch_per_server=5, fetch_overall=20))
    assert (limits.deadline_s, limits.max_parallel, limits.max_overall) == (2, 5, 20)


def test_every_setting_has_a_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
