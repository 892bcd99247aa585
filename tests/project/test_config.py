"""Bad configuration names file, key, value and what is allowed."""

from pathlib import Path

import pytest
from project_paths import ROOT

from helpdesk_kpi.config import LoadedConfig, duration, load, resolve_secrets
from helpdesk_kpi.errors import ConfigError


def loaded(folder: Path, text: str) -> LoadedConfig:
    path = folder / "helpdesk-kpi.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('timezon = "UTC"', ["unknown key timezon", "did you mean timezone?"]),
        ('[severity.P0]\ntitel = "x"', ["unknown key severity.P0.titel", "did you mean title?"]),
        ("timezone = 5", ["timezone", "Expected str, got int", "5"]),
        ('timezone = "Europe/Berln"', ["timezone", "'Europe/Berln'", "Europe/Berlin"]),
        ('locale = "fr"', ["locale", "'fr'", "en, zh"]),
        ('[people.ann]\naccounts = ["a@b.c"]\njoined = "x"', ["people.ann.joined", "'x'"]),
        ("[people.ann]\naccounts = [7]", ["people.ann.accounts.1", "Expected str", "7"]),
        ("[people.ann]\naccounts = []\ntier = [{ value = 1 }, { valeu = 2 }]",
         ["people.ann.tier.2.valeu", "did you mean value?"]),
        ('[people.ann]\naccounts = []\ntier = [{ value = "two" }]', ["people.ann.tier.1.value", "'two'"]),
        ("[people.ann]\naccounts = []\ntier = [{ since = 2026-01-01 }]", ["people.ann.tier.1", "missing key value"]),
        ('[people.ann]\naccounts = []\nteam = [{ value = "EMEA", since = "July" }]',
         ["people.ann.team.1.since", "'July'"]),
        ("[people.ann]\naccounts = []\nteam = 3", ["people.ann.team", "3"]),
        ("[reports.weekly]\nto = []", ["reports.weekly", "missing key template"]),
        ('[reports.weekly]\ntemplate = "weekly_digest"\nto = ["lead"]\n[channels.leads]\ntype = "files"',
         ["reports.weekly.to", "'lead'", "did you mean leads?"]),
        ('[severity.P0]\nhours = "night"\n[hours.nights]\nweekly = {}', ["severity.P0.hours", "'night'", "nights"]),
        ('[severity.P0]\ntargets = { first_reply_time = "0h" }',
         ["severity.P0.targets.first_reply_time", "'0h'", "more than 0"]),
        ('[sources.a]\nconnector = "zendesk"\nseverity = "P1"', ["sources.a.severity", "'P1'", "{ high ="]),
        ('[hours.office]\nweekly = {}\nworkdays = ["22:00-06:00"]',
         ["hours.office.workdays", "'22:00-06:00'", "2026-02-14"]),
        ('[severity.P0]\ntargets = { first_reply_time = "soon" }',
         ["severity.P0.targets.first_reply_time", "'soon'", "15m"]),
        ('[sources.a]\nurl = "https://a.zendesk.com"', ["sources.a.connector", "missing"]),
        ("timezone = ", ["not valid TOML"]),
    ],
)  # fmt: skip
def test_an_error_names_file_and_key(tmp_path: Path, text: str, said: list[str]) -> None:
    with pytest.raises(ConfigError) as error:
        loaded(tmp_path, text)
    for part in [str(tmp_path / "helpdesk-kpi.toml"), *said]:
        assert part in str(error.value)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="helpdesk-kpi init"):
        load(tmp_path / "nowhere.toml")


def test_the_example_is_a_valid_configuration() -> None:
    config = load(ROOT / "config.example.toml").config
    assert config.severity["P0"].target_ms("first_reply_time") == 15 * 60_000
    assert config.reports["weekly"].to == ["leads", "archive"]


@pytest.mark.parametrize(("text", "ms"), [("90s", 90_000), ("15m", 900_000), ("1h30m", 5_400_000), ("2d", 172_800_000)])
def test_durations(text: str, ms: int) -> None:
    assert duration(text) == ms


def test_secrets_come_from_where_they_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("t0p\n")
    monkeypatch.setenv("A_SECRET", "s3cret")
    raw = {"auth": {"client_secret": {"env": "A_SECRET"}}, "list": [{"file": "token"}]}
    found = resolve_secrets(raw, str(tmp_path / "c.toml"), "sources.a")
    assert found == {"auth": {"client_secret": "s3cret"}, "list": ["t0p"]}


@pytest.mark.parametrize(("secret", "said"), [({"env": "NOT_SET"}, "NOT_SET is not set"), ({"file": "gone"}, "gone")])
def test_an_error_about_a_secret_does_not_show_it(tmp_path: Path, secret: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        resolve_secrets({"token": secret}, str(tmp_path / "c.toml"), "sources.a.auth")
    assert "sources.a.auth.token" in str(error.value)
