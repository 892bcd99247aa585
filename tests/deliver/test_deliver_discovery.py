"""From a configuration table to a channel, and what a wrong table is told."""

from pathlib import Path
from typing import Any

import pytest

from helpdesk_kpi.deliver.channels.email import Email
from helpdesk_kpi.deliver.channels.files import FolderChannel
from helpdesk_kpi.deliver.contract import Channel
from helpdesk_kpi.deliver.discovery import channel_type, decode, kinds
from helpdesk_kpi.errors import ConfigError
from helpdesk_kpi.secret import Secret

FILE = Path("/etc/desk/helpdesk-kpi.toml")
EMAIL = {"type": "email", "host": "mail.example.com", "from": "desk@example.com", "to": ["ann@example.com"]}


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of somebody else that brings the channel types "pager" and "broken"."""
    (tmp_path / "pager_channel.py").write_text(
        "from helpdesk_kpi.deliver.contract import Channel\n"
        "class Pager(Channel, frozen=True, kw_only=True, forbid_unknown_fields=True):\n"
        "    kind = 'pager'\n"
        "    number: str\n"
    )
    info = tmp_path / "pager_channel-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pager-channel\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[helpdesk_kpi.channels]\n"
        "pager = pager_channel:Pager\nbroken = pager_channel:Gone\nother = pager_channel:Channel\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return "pager"


def refusal(table: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        decode("leads", table, file=FILE)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["email", "files", "slack"])
def test_a_built_in_type_is_the_class_of_its_module(kind: str) -> None:
    assert kind in kinds()
    assert channel_type(kind).kind == kind


def test_another_package_brings_a_type(foreign: str) -> None:
    assert foreign in kinds()
    pager = decode("duty", {"type": foreign, "number": "110"})
    assert isinstance(pager, Channel)
    assert (pager.kind, pager.name) == ("pager", "duty")


def test_a_type_that_does_not_load_says_so(foreign: str) -> None:
    with pytest.raises(ConfigError, match=r"'broken' \(pager_channel:Gone\) does not load"):
        channel_type("broken")
    with pytest.raises(ConfigError, match="is not a Channel"):
        channel_type("other")


def test_an_email_table_becomes_a_channel() -> None:
    channel = decode("leads", {**EMAIL, "username": "desk", "password": "hunter2", "port": 2525})
    assert isinstance(channel, Email)
    assert (channel.name, channel.port, channel.security) == ("leads", 2525, "starttls")
    assert channel.recipients() == ["ann@example.com"]


def test_no_secret_shows_in_a_channel() -> None:
    channel = decode("leads", {**EMAIL, "username": "desk", "password": "hunter2"})
    assert isinstance(channel, Email)
    assert channel.password == Secret("hunter2")
    assert "hunter2" not in f"{channel!r} {channel} {channel.password!r} {channel.password}"


def test_relative_paths_start_at_the_folder_of_the_configuration() -> None:
    channel = decode("out", {"type": "files", "folder": "reports"}, file=FILE)
    assert isinstance(channel, FolderChannel)
    assert channel.folder == Path("/etc/desk/reports")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "helpdesk-kpi.toml: [channels.leads] needs type, one of email, files, slack"),
        ({"type": "emial"}, "no channel type 'emial', did you mean 'email'?"),
        ({**EMAIL, "hots": 1}, "has no key 'hots', did you mean 'host'?; allowed: bcc, ca_file, cc, from, host"),
        ({**EMAIL, "name": "x"}, "has no key 'name'"),
        ({"type": "email", "host": "x"}, "needs from"),
        ({**EMAIL, "port": "587"}, "port: expected int, got str"),
        ({**EMAIL, "port": 0}, "port: expected int >= 1"),
        ({**EMAIL, "security": "ssl"}, "security: invalid enum value 'ssl'; allowed: starttls, tls, none"),
        ({**EMAIL, "username": "desk"}, "needs both username and password, or neither"),
        ({**EMAIL, "to": []}, "needs an address in to, cc or bcc"),
        ({**EMAIL, "to": "ann@example.com"}, "to: expected array, got str"),
        ({**EMAIL, "password": 5, "username": "x"}, "password: expected str, got int"),
        ({"type": "slack"}, "needs url"),
        ({"type": "slack", "url": "http://example.com/x"}, "url: must be an https:// address"),
    ],
)
def test_a_wrong_table_names_file_key_and_what_is_allowed(table: dict[str, Any], words: str) -> None:
    said = refusal(table)
    assert said.startswith("helpdesk-kpi.toml: [channels.leads] ")
    assert words in said
