"""Refresh tokens that work once: kept before they are used, by one process at a time, and a lost pair is said."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from project_paths import ROOT
from synced_fixtures import Ran, finished

from connectors.zendesk import Zendesk
from connectors.zendesk.settings import Credentials, Settings
from helpdesk_kpi.config import load
from helpdesk_kpi.errors import AccessError
from helpdesk_kpi.pull.source_config import load_sources
from helpdesk_kpi.pull.token_file import TokenFile, Tokens
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.world.support_desk import CLIENT_ID, CLIENT_SECRET
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.simulator.zendesk.app import app
from helpdesk_kpi.simulator.zendesk.auth import CODE

#: Asks the helpdesk once. Arguments: its address, the file, and when to be killed: "before" or "after" it is written.
ONCE = """
import asyncio, os, signal, sys
from pathlib import Path
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.pull.auth import RefreshTokens
from helpdesk_kpi.pull.token_file import TokenFile
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.secret import Secret

url, path, killed, client, secret = sys.argv[1:]

class Mortal(TokenFile):
    def write(self, tokens):
        if killed == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().write(tokens)
        if killed == "after":
            os.kill(os.getpid(), signal.SIGKILL)

async def ask():
    auth = RefreshTokens(client, Secret(secret), Mortal(Path(path)), advice="Allow it again.")
    async with Transport(url, auth=auth) as http:
        return (await http.get("/api/v2/users/me", type=dict))["user"]["role"]

try:
    print(asyncio.run(ask()))
except PullError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def asking(url: str, file: Path, killed: str = "") -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", ONCE, url, str(file), killed, CLIENT_ID, CLIENT_SECRET], text=True, cwd=ROOT,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@contextmanager
def helpdesk() -> Iterator[tuple[str, Any]]:
    """An address, and the requests that it counts."""
    api = app(generate(4, empty=True, tickets=1, weeks=1), limits=False)
    with serve(api) as server:
        yield server.url, api.state.requests


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What a person writes who has allowed the client just now."""
    path = tmp_path / "zendesk-tokens.json"
    path.write_text(json.dumps({"code": CODE, "redirect_uri": "https://localhost/"}))
    return path


def aged(file: Path) -> Tokens:
    """The same tokens, of which the first has ended."""
    held = TokenFile(file).read()
    TokenFile(file).write(msgspec.structs.replace(held, expires_at=0.0))
    return held


def request(url: str, file: Path, killed: str = "") -> Ran:
    return finished(asking(url, file, killed))


@pytest.mark.trap("zendesk 18")
def test_a_code_becomes_a_pair_that_only_this_account_of_the_machine_can_read(file: Path) -> None:
    with helpdesk() as (url, _):
        assert request(url, file).out == "admin\n"
    held = TokenFile(file).read()
    assert held.refresh_token
    assert not held.code
    assert held.expires_at is not None
    assert held.refresh_expires_at is not None
    assert 89 * 86_400 < held.refresh_expires_at - held.expires_at < 90 * 86_400
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [p.name for p in file.parent.iterdir() if not p.name.endswith(".lock")] == [file.name]


@pytest.mark.trap("zendesk 18")
def test_tokens_that_last_are_used_again_and_ended_ones_are_renewed(file: Path) -> None:
    with helpdesk() as (url, requests):
        assert request(url, file).status == 0
        assert request(url, file).status == 0
        assert requests["oauth"] == 1
        before = aged(file)
        assert request(url, file).status == 0
        assert requests["oauth"] == 2
    after = TokenFile(file).read()
    assert after.access_token != before.access_token
    assert after.refresh_token != before.refresh_token


@pytest.mark.trap("zendesk 18")
def test_of_processes_that_find_the_tokens_ended_one_renews_them_for_all(file: Path) -> None:
    """Were the refresh token sent twice, the second would be refused, and its pair lost."""
    with helpdesk() as (url, requests):
        assert request(url, file).status == 0
        aged(file)
        ran = [finished(process) for process in [asking(url, file) for _ in range(4)]]
        assert [(r.status, r.out) for r in ran] == [(0, "admin\n")] * 4, ran
        assert requests["oauth"] == 2


@pytest.mark.trap("zendesk 18")
def test_a_process_killed_before_it_uses_its_new_tokens_leaves_them_to_the_next(file: Path) -> None:
    with helpdesk() as (url, requests):
        assert request(url, file).status == 0
        aged(file)
        assert request(url, file, "after").status == -signal.SIGKILL
        assert request(url, file).out == "admin\n"
        assert requests["oauth"] == 2


@pytest.mark.trap("zendesk 18")
def test_a_pair_that_was_lost_on_the_way_is_said_with_what_to_do(file: Path) -> None:
    """Killed between the helpdesk's answer and the disk: nobody can have that pair any more."""
    with helpdesk() as (url, _):
        assert request(url, file).status == 0
        before = aged(file)
        assert request(url, file, "before").status == -signal.SIGKILL
        ran = request(url, file)
    assert ran.status == 1
    assert ran.err.startswith("AccessError")
    assert "expired or revoked" in ran.err
    assert "Allow it again" in ran.err
    assert before.refresh_token not in ran.err
    assert CLIENT_SECRET not in ran.err


@pytest.mark.parametrize("content", [None, "", "[]", '{"access_token": 5}', "{}"])
def test_a_file_without_tokens_says_how_to_allow_it(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "tokens.json"
    if content is not None:
        path.write_text(content)
    ran = request("http://127.0.0.1:9", path)
    assert ran.status == 1
    assert str(path) in ran.err
    assert "Allow it again" in ran.err


def test_tokens_never_show_themselves() -> None:
    assert "secret" not in repr(Tokens("secret", "secret"))


def test_a_configuration_names_the_file_next_to_itself(tmp_path: Path) -> None:
    (tmp_path / "helpdesk-kpi.toml").write_text(
        'store = "x.db"\ntimezone = "UTC"\n[sources.a]\nconnector = "zendesk"\nurl = "https://acme.zendesk.com"\n'
        'since = 2026-01-01\nauth = { client_id = "a", client_secret = "b", tokens = "t.json" }\n'
    )
    [source] = load_sources(load(tmp_path / "helpdesk-kpi.toml"), (), b"")
    file = source.settings.auth.token_file(source.settings.config_folder)
    assert file.path == tmp_path / "t.json"
    auth = Zendesk.transport(source.settings)._auth
    assert "https://acme.zendesk.com/oauth/authorizations/new" in auth.advice
    assert "client_id=a" in auth.advice


@pytest.mark.parametrize(
    "given", [{"tokens": "x"}, {"email": "a@b.c", "token": "x", "tokens": "x"}, {"client_id": "a"}]
)
def test_half_a_credential_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Settings(url="https://acme.zendesk.com", auth=Credentials(**given))


def test_a_missing_file_is_an_access_error(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="no tokens at"):
        TokenFile(tmp_path / "none.json").read()
