"""Reports as files in a folder."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from deliver_fixtures import PNG, message
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_kpi.deliver.channels.files import FolderChannel, parts, stem
from helpdesk_kpi.errors import DeliveryError

FULL: dict[str, Any] = {
    "payloads": {"json": b'{"n": 61}', "slack": b'{"blocks": []}'},
    "attachments": (("rows.csv", "text/csv", b"a,b"),),
}


def channel(folder: Path) -> FolderChannel:
    return FolderChannel(name="out", folder=folder)


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_rendition_is_a_file_identified_after_report_and_period(tmp_path: Path) -> None:
    channel(tmp_path).send(message(**FULL), str(tmp_path))
    assert sorted(written(tmp_path)) == [
        "weekly-2026-W47-1-rows.csv",
        "weekly-2026-W47-trend.png",
        "weekly-2026-W47.eml",
        "weekly-2026-W47.html",
        "weekly-2026-W47.json",
        "weekly-2026-W47.slack.json",
        "weekly-2026-W47.txt",
    ]


def test_the_html_finds_its_pictures_next_to_it(tmp_path: Path) -> None:
    channel(tmp_path).send(message(), str(tmp_path))
    files = written(tmp_path)
    assert b'src="weekly-2026-W47-trend.png"' in files["weekly-2026-W47.html"]
    assert files["weekly-2026-W47-trend.png"] == PNG


def test_the_browser_page_is_the_html_where_there_is_one(tmp_path: Path) -> None:
    channel(tmp_path).send(message(payloads={"page": b"<!doctype html>"}), str(tmp_path))
    assert written(tmp_path)["weekly-2026-W47.html"] == b"<!doctype html>"


def test_the_eml_is_a_mail(tmp_path: Path) -> None:
    channel(tmp_path).send(message(**FULL), str(tmp_path))
    mail = message_from_bytes(written(tmp_path)["weekly-2026-W47.eml"], policy=default)
    assert mail["Subject"] == "Support week 47: first reply 38 min"
    assert [part.get_filename() for part in mail.iter_attachments()] == ["rows.csv"]


def test_only_the_owner_reads_them(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"
    channel(folder).send(message(**FULL), str(folder))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_correction_lies_next_to_the_original(tmp_path: Path) -> None:
    channel(tmp_path).send(message(), str(tmp_path))
    channel(tmp_path).send(message(variant="corrected", text="42 min"), str(tmp_path))
    files = written(tmp_path)
    assert b"38 min" in files["weekly-2026-W47.txt"]
    assert files["weekly-2026-W47-corrected.txt"] == b"42 min"


def test_writing_again_replaces_the_files_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    for _ in range(2):
        channel(tmp_path).send(message(), str(tmp_path))
    assert not [name for name in written(tmp_path) if name.startswith(".")]
    assert len(written(tmp_path)) == 4  # text, html, eml, picture


def test_a_folder_that_cannot_be_made_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeliveryError, match="file/out") as caught:
        channel(tmp_path / "file" / "out").send(message(), "")
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)


def test_the_preview_writes_nothing(tmp_path: Path) -> None:
    previewed = channel(tmp_path / "out").preview(message(), "")
    assert not (tmp_path / "out").exists()
    channel(tmp_path / "out").send(message(), "")
    assert dict(previewed) == written(tmp_path / "out")


@pytest.mark.parametrize(
    ("report", "name"),
    [
        ("../../etc/passwd", "etc-passwd-2026-W47"),
        ("weekly:EMEA", "weekly-EMEA-2026-W47"),
        ("客服周报", "客服周报-2026-W47"),
        ("...", "report-2026-W47"),
        ("x" * 200, "x" * 80 + "-2026-W47"),
    ],
)
def test_names_of_files_are_safe(report: str, name: str) -> None:
    assert stem(message(report=report)) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [("A/B", "A-B"), ("A B", "A-B"), ("A:B", "A-B"), ("x" * 41, "x" * 42), ("组" * 20, "组" * 21), ("...", "report")],
)
def test_two_teams_never_share_a_file(one: str, other: str) -> None:
    names = [stem(message(report=f"weekly:{team}")) for team in (one, other)]
    assert names[0] != names[1]
    assert all(len(name) < 100 for name in names)


@pytest.mark.parametrize(
    ("variant", "end"), [("preliminary", "-preliminary"), ("preliminary 2 team_only", "-preliminary-2-team_only")]
)
def test_a_preliminary_report_lies_next_to_the_complete_one(variant: str, end: str) -> None:
    assert stem(message(variant=variant)) == f"weekly-2026-W47{end}"


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_name_leaves_the_folder(report: str, team: str, attachment: str) -> None:
    made = parts(
        message(report=f"{report}:{team}", attachments=((attachment or "x", "text/csv", b""),)), "desk@example.com"
    )
    for name, _ in made:
        assert Path(name).name == name
        assert not name.startswith(".")
        assert len(name.encode()) < 255
