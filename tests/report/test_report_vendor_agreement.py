"""The line that says how far first replies are the helpdesk's own figures."""

import json
from collections import Counter

import msgspec
import pytest
from report_fixtures import facts, week
from synced_fixtures import SyncedDesk

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.measure.reconcile.causes import AGREE, EXCLUDED_HERE, ONE_SIDED_REASONS
from helpdesk_kpi.measure.reconcile.reconciler import Reconciler
from helpdesk_kpi.report.render import Rendered, render
from helpdesk_kpi.report.report_data import ReportData
from helpdesk_kpi.report.result_types import VendorAgreement
from helpdesk_kpi.simulator.world.world import generate

DAY = 86_400_000
ZENDESK = VendorAgreement(
    source="acme", vendor="Zendesk", agree=412, reasons={"phone_or_chat": 4, "bot_reply_counted": 2, "unexplained": 2}
)
ENGLISH = (
    "First reply time: the same as Zendesk for 412 of 420 tickets; 6 differ"
    " (4 answered by phone or chat, 2 answered by a bot first); 2 are unexplained"
)
CHINESE = (
    "首次响应时间：420 单中有 412 单与 Zendesk 自带的数值一致；6 单不同（电话或在线会话应答 4 单、"
    "机器人或自动回复在先 2 单）；2 单原因不明"
)


def made(*agreements: VendorAgreement, locale: str = "en", name: str = "weekly_digest") -> Rendered:
    figures = msgspec.structs.replace(week(), facts=facts(agreements=agreements))
    return render(name, figures, locale=locale)


def plain(text: str | None) -> str:
    return " ".join((text or "").replace("\u00a0", " ").replace("&#39;", "'").split())


@pytest.mark.parametrize("name", ["weekly_digest", "monthly_summary"])
def test_every_format_has_the_line(name: str) -> None:
    report = made(ZENDESK, name=name)
    for text in (report.html, report.page, report.text):
        assert ENGLISH in plain(text)
    assert ENGLISH in plain(json.dumps(json.loads(report.slack or b""), ensure_ascii=False).replace("\\n", " "))


def test_the_line_in_chinese() -> None:
    report = made(ZENDESK, locale="zh")
    for text in (report.html, report.page):
        assert CHINESE in plain(text)


def test_a_single_reason_has_no_count_of_its_own_and_none_is_said_where_all_agree() -> None:
    one = msgspec.structs.replace(ZENDESK, reasons={"phone_or_chat": 8})
    assert "for 412 of 420 tickets; 8 differ (answered by phone or chat)" in plain(made(one).text)
    all_agree = msgspec.structs.replace(ZENDESK, reasons={})
    assert "for 412 of 412 tickets How" not in plain(made(all_agree).text)
    assert "for 412 of 412 tickets" in plain(made(all_agree).text)
    assert "differ (" not in plain(made(all_agree).text)


def test_two_helpdesks_of_one_make_are_reported_separate() -> None:
    text = plain(made(ZENDESK, msgspec.structs.replace(ZENDESK, source="berlin")).text)
    assert "the same as Zendesk (acme)" in text
    assert "the same as Zendesk (berlin)" in text


def test_without_own_figures_nothing_is_said() -> None:
    assert "own on" not in plain(made().text)


# out of a store


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> SyncedDesk:
    desk = SyncedDesk(tmp_path_factory.mktemp("agreement"), generate(5, tickets=250, weeks=6))
    desk.sync()
    with desk.store() as store:
        build_stale(store, desk.loaded.config)
    return desk


def describe(desk: SyncedDesk) -> VendorAgreement:
    start, end = desk.world.desk.start, desk.world.desk.end
    with desk.store() as store:
        reader = MetricStore(store, desk.loaded.config)
        period = Period("year", start - DAY, end + DAY, "2026", "UTC")
        (found,) = ReportData(reader, period, desk.world.now, {}).facts.agreements
    return found


def test_it_counts_what_reconcile_counts(synced: SyncedDesk) -> None:
    """Reading only the stories of those that do not agree at sight comes to the same."""
    with synced.store() as store:
        rows = Reconciler(store, synced.loaded.config).rows(metric="reply_time")
        reasons = Counter(
            r.reason for r in rows if r.clock == "calendar" and r.reason not in ONE_SIDED_REASONS | EXCLUDED_HERE
        )
    found = describe(synced)
    assert found.agree == sum(n for reason, n in reasons.items() if reason in AGREE)
    assert found.reasons == {reason: n for reason, n in reasons.items() if reason not in AGREE}
    assert found.compared > 150
    assert found.unexplained == 0


def test_a_figure_that_nothing_accounts_for_is_not_hidden(synced: SyncedDesk) -> None:
    before = describe(synced)
    sql = (
        "UPDATE native_metrics SET calendar = calendar + {} WHERE metric = 'reply_time' AND ticket ="
        " (SELECT ticket FROM native_metrics JOIN tickets ON id = ticket WHERE metric = 'reply_time'"
        " AND calendar BETWEEN 3600000 AND 36000000 AND channel = 'email' ORDER BY ticket LIMIT 1)"
    )
    with synced.store() as store, store.transaction() as conn:
        conn.execute(sql.format(77_777_777))
    after = describe(synced)
    assert after.unexplained == 1
    assert after.agree == before.agree - 1
