"""The contract of every KPI: each discovered KPI is tested before its author writes a test."""

import re

import pytest

from helpdesk_kpi.measure.metrics.contract import (
    Attainment,
    Duration,
    Followup,
    Freshness,
    Kpi,
    Score,
    Share,
    Stock,
    Total,
)
from helpdesk_kpi.measure.metrics.discovery import find_kpis, load_kpis
from helpdesk_kpi.pull.contract import FURTHER_NEEDS, NEEDS
from helpdesk_kpi.report.formatting import Formatter

CATALOGUE = {
    "speed": "first_reply_time next_reply_time requester_wait_time first_resolution_time full_resolution_time"
    " accepted_resolution_time confirmed_resolution_time held_time sla_attainment backlog backlog_age net_flow",
    "volume": "solved_tickets weighted_volume replies_per_ticket one_touch transfers escalations channel_mix",
    "quality": "first_contact_resolution recurrence_rate reopen_rate csat csat_response_rate quality_review"
    " collaboration_satisfaction",
    "knowledge": "article_activity article_reuse article_link_rate article_quality article_freshness article_views",
    "contribution": "training improvement",
    "behaviour": "manager_rating peer_rating self_rating",
    "cost": "cost_per_contact self_service_ratio",
}
KPIS = find_kpis()


@pytest.mark.parametrize("dimension", CATALOGUE)
def test_the_catalogue_is_complete_and_every_kpi_has_its_dimension(dimension: str) -> None:
    assert {kpi.dimension for kpi in KPIS.values()} == set(CATALOGUE)
    assert set(CATALOGUE[dimension].split()) <= {kpi.id for kpi in KPIS.values() if kpi.dimension == dimension}


@pytest.mark.parametrize("kpi", load_kpis().values(), ids=lambda kpi: kpi.id)
class TestEveryKpi:
    def test_each_variant_says_what_it_counts(self, kpi: Kpi) -> None:
        for variant in kpi.variants.values():
            assert len(variant.definition) > 30
            assert re.fullmatch(r"[A-Z].*[.?!]", variant.definition), variant.definition

    def test_a_speed_is_paired_with_a_quality_kpi(self, kpi: Kpi) -> None:
        if kpi.role == "kpi" and kpi.dimension == "speed":
            assert kpi.pair in KPIS
        assert kpi.pair is None or kpi.pair in KPIS
        assert kpi.pair != kpi.id

    def test_its_needs_are_words_that_connectors_answer(self, kpi: Kpi) -> None:
        assert kpi.needs <= {*NEEDS, *FURTHER_NEEDS}

    def test_units_fit_the_statistic(self, kpi: Kpi) -> None:
        fits: dict[type, set[str]] = {
            Duration: {"ms"}, Share: {"share"}, Attainment: {"share"}, Followup: {"share"}, Freshness: {"share"},
            Stock: {"tickets", "ms"}, Score: {"score", "count", "points"},
            Total: {"tickets", "count", "points", "answers", "money"},
        }  # fmt: skip
        if kpi.role == "kpi":
            assert kpi.unit in fits.get(type(kpi.statistic), {kpi.unit})

    def test_what_is_only_shown_or_a_question_has_no_direction_to_be_scored_by(self, kpi: Kpi) -> None:
        if kpi.role == "question":
            assert kpi.better == "neither"
        assert kpi.level in {"team", "agent", "shown"}
        assert kpi.min_n > 0

    def test_a_window_is_final_when_it_is_over(self, kpi: Kpi) -> None:
        if isinstance(kpi.statistic, Followup):
            assert kpi.matures >= kpi.statistic.days


@pytest.mark.parametrize("kpi", KPIS)
def test_it_speaks_chinese(kpi: str) -> None:
    chinese, entry = Formatter("zh", "UTC"), KPIS[kpi]
    for text in (chinese.title(entry), chinese.short(entry), *(chinese.definition(entry, v) for v in entry.variants)):
        assert re.search("[一-鿿]", text)


def test_what_must_not_be_scored_is_not() -> None:
    """Views and self-ratings are shown; how many tickets repeat or are solved at first contact is the team's figure."""
    assert {KPIS[name].level for name in ("article_views", "self_rating", "article_activity")} == {"shown"}
    assert {KPIS[name].level for name in ("recurrence_rate", "first_contact_resolution", "backlog")} == {"team"}
