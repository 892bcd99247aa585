"""The knowledge base as Freshdesk shows it: a category, folders within folders, articles.

The desk knows one place for all articles. Here they lie in a folder, a folder in that, and one more in that one.
`hits` is made up: the desk knows no views, so it grows with votes and days.
https://developers.freshdesk.com/api/#solutions
"""

from typing import Any

from helpdesk_kpi.simulator.freshdesk.reference_data import created_at, language
from helpdesk_kpi.simulator.world.articles import SECTION, count_views, paragraphs
from helpdesk_kpi.simulator.world.clock import iso
from helpdesk_kpi.simulator.world.facts import ArticleFact
from helpdesk_kpi.simulator.world.support_desk import BASE
from helpdesk_kpi.simulator.world.world import World

Rows = list[dict[str, Any]]
CATEGORY = BASE + 491
FOLDERS = {SECTION: "FAQ", SECTION + 4: "Details", SECTION + 8: "Rare cases"}  # each lies in the one before
_CATEGORY_NAME = "General"
_ALL = 1  # visible to everybody
_DRAFT, _PUBLISHED = 1, 2


def categories(world: World) -> Rows:
    return [{"id": CATEGORY, "name": _CATEGORY_NAME, "description": None, "created_at": created_at(world),
             "updated_at": created_at(world), "visible_in_portals": []}]  # fmt: skip


def folders(world: World) -> Rows:
    """Of the category: those at the top only."""
    return [row for row in _folders(world) if row["parent_folder_id"] is None]


def subfolders(world: World, parent: int) -> Rows:
    return [row for row in _folders(world) if row["parent_folder_id"] == parent]


def _folders(world: World) -> Rows:
    inner = list(FOLDERS)
    return [
        {"id": folder, "name": name, "description": "", "parent_folder_id": inner[i - 1] if i else None,
         "hierarchy": hierarchy(world, folder), "articles_count": len(here(world, folder)),
         "sub_folders_count": int(i + 1 < len(inner)), "visibility": _ALL, "icon_url": None,
         "created_at": created_at(world), "updated_at": created_at(world)}
        for i, (folder, name) in enumerate(FOLDERS.items())
    ]  # fmt: skip


def hierarchy(world: World, folder: int) -> Rows:
    """From the category down to the folder."""
    path = list(FOLDERS)[: list(FOLDERS).index(folder) + 1]
    steps = [(CATEGORY, "category", _CATEGORY_NAME), *((number, "folder", FOLDERS[number]) for number in path)]
    return [
        {"level": level, "type": kind, "data": {"id": number, "name": name, "language": language(world)}}
        for level, (number, kind, name) in enumerate(steps)
    ]


def folder_of(article: ArticleFact) -> int:
    return list(FOLDERS)[article.id // 4 % len(FOLDERS)]


def here(world: World, folder: int | None = None) -> list[ArticleFact]:
    """Articles as of now; archived ones are not there any more."""
    now = world.now
    return [
        article
        for article in world.desk.articles
        if article.created_at <= now
        and (article.archived_at is None or article.archived_at > now)
        and folder in {None, folder_of(article)}
    ]


def article(world: World, known: ArticleFact) -> dict[str, Any]:
    """It names its author, never who edited it."""
    votes = [vote for at, _, vote in known.votes if at <= world.now]
    return _text(world, known) | {
        "thumbs_up": votes.count(1), "thumbs_down": votes.count(-1), "hits": count_views(known, world.now),
        "suggested": 0,
        "feedback_count": 0, "seo_data": {"meta_title": "", "meta_description": ""}, "tags": [], "attachments": [],
        "cloud_files": [],
    }  # fmt: skip


def _text(world: World, known: ArticleFact) -> dict[str, Any]:
    edits = [at for at, _ in known.edits if at <= world.now]
    folder = folder_of(known)
    lines = paragraphs(known, world.now)
    return {
        "id": known.id, "type": 1, "category_id": CATEGORY, "folder_id": folder,
        "hierarchy": hierarchy(world, folder), "agent_id": known.author, "title": known.title,
        "description": "".join(f"<p>{line}</p>" for line in lines), "description_text": " ".join(lines),
        "status": _DRAFT if known.draft else _PUBLISHED, "created_at": iso(known.created_at),
        "updated_at": iso(edits[-1] if edits else known.created_at),
    }  # fmt: skip


def search(world: World, term: str) -> Rows:
    """Rows of the search, the only ones with the last editor of an article."""
    wanted = term.casefold()
    return [_result(world, a) for a in here(world) if wanted in f"{a.title} {a.body}".casefold()]


def _result(world: World, known: ArticleFact) -> dict[str, Any]:
    edits = [(at, who) for at, who in known.edits if at <= world.now]
    at, who = edits[-1] if edits else (known.created_at, known.author)
    return _text(world, known) | {
        "folder_visibility": _ALL, "path": f"{known.id}-article", "modified_at": iso(at), "modified_by": who,
        "language_id": 6, "category_name": _CATEGORY_NAME, "folder_name": FOLDERS[folder_of(known)],
    }  # fmt: skip
