"""Thanks in six languages, on messages labelled by hand; and words of one's own, which hold from a full sync on."""

import tomllib
from pathlib import Path

import pytest
from project_paths import TESTS
from synced_fixtures import Cli, SyncedDesk

from helpdesk_kpi.errors import ConfigError
from helpdesk_kpi.pull.sync import exit_status
from helpdesk_kpi.simulator.world.phrases_en import WORDS
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.text.comment import RULES_VERSION, extract_features
from helpdesk_kpi.text.rules_version import save_rules_version

MESSAGES = tomllib.loads((TESTS / "text" / "gratitude.toml").read_text(encoding="utf-8"))
LANGUAGES = ("en", "zh", "de", "fr", "es", "ja")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_request_is_taken_for_thanks_and_most_thanks_are_seen(language: str) -> None:
    reported = MESSAGES[language]
    assert len(reported["thanks"]) >= 20
    assert len(reported["more"]) >= 20
    assert [
        text for text in reported["more"] if extract_features(text).is_thanks
    ] == []  # it would hide what a customer asks for
    seen = [text for text in reported["thanks"] if extract_features(text).is_thanks]
    assert len(seen) / len(reported["thanks"]) >= 0.85


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Bedankt!", ("bedankt",)),
        ("Dank je wel, bedankt.", ("bedankt", "dank je wel")),
        ("감사합니다", ("감사합니다",)),
        ("Obrigado. It works now", ("obrigado",)),
        ("Спасибо, Maria", ("спасибо",)),
    ],
)
def test_own_words_of_gratitude_are_thanks(text: str, own: tuple[str, ...]) -> None:
    assert not extract_features(text).is_thanks or "works" in text
    assert extract_features(text, thanks=own).is_thanks


@pytest.mark.parametrize("text", ["Bedankt, maar het werkt niet", "Bedankt?", "Bedankt, yes", "Help, bedankt"])
def test_own_words_do_not_hide_what_holds_next_to_them(text: str) -> None:
    assert not extract_features(text, thanks=("bedankt",)).is_thanks


def test_an_own_word_without_letters_is_refused(tmp_path: Path) -> None:
    desk = SyncedDesk(tmp_path, generate(4, tickets=3), edit=lambda text: text + '\n[text]\nthanks = ["!!"]\n')
    with pytest.raises(ConfigError, match=r"text\.thanks: '!!' is no word"):
        desk.configure("http://127.0.0.1:1")


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(capfd, monkeypatch)


TELLS = "demo: its comments were read with other words for thanks and questions than today's"


@pytest.mark.parametrize("helpdesk", ["zendesk", "jira", "freshdesk"])
def test_a_changed_list_of_own_words_is_reported_and_a_full_sync_reads_with_it(
    tmp_path: Path, cli: Cli, helpdesk: str
) -> None:
    desk = SyncedDesk(tmp_path, generate(4, tickets=60, weeks=4), helpdesk=helpdesk)
    cli.at(desk.world.now)
    desk.sync()
    before = _thanks(desk)
    assert TELLS not in cli("status", "--config", desk.path).out
    own = WORDS.answers[1].rstrip(".")  # absurd as thanks, and said by many
    desk.edit = lambda text: f"{text}\n[text]\nthanks = [{own!r}]\n"
    with desk.served():
        assert TELLS in cli("sync", "--config", desk.path).err
        assert TELLS in cli("check", "--config", desk.path).out
    assert TELLS in cli("status", "--config", desk.path).out
    assert _thanks(desk) == before  # what was read keeps its meaning until then
    assert exit_status(desk.sync(full=True)) == 0
    assert _thanks(desk) > before
    assert TELLS not in cli("status", "--config", desk.path).out


def test_comments_that_an_older_version_read_are_reported_too(tmp_path: Path, cli: Cli) -> None:
    desk = SyncedDesk(tmp_path, generate(4, tickets=10, weeks=2))
    desk.sync()
    with desk.store() as store:
        with store.transaction() as conn:
            conn.execute("DELETE FROM meta WHERE key LIKE 'words:%'")
        assert RULES_VERSION > 1
    assert TELLS in cli("status", "--config", desk.path).out
    with desk.store() as store:
        save_rules_version(store, "demo", ())
    assert TELLS not in cli("status", "--config", desk.path).out


def _thanks(desk: SyncedDesk) -> int:
    with desk.store() as store:
        return int(store.one("SELECT count(*) FROM events WHERE is_thanks"))
