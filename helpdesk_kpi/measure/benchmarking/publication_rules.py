"""Whether a person's value may be shown, and whether it may be scored: the policy on small numbers."""

from typing import Literal, NamedTuple

FEWEST = 5  # units; with fewer a value describes single customers, not the person
SOME, ENOUGH = 0.5, 0.7  # reliability: the share of differences between people that is not chance


Reason = Literal[
    "",
    "too_few_to_show",
    "below_min_n",
    "no_comparison",
    "mostly_chance",
    "partly_chance",
    "only_shown",
    "only_for_teams",
]  # the last two: KPIs that are never scored, or not for single people


class PublicationStatus(NamedTuple):
    """How a person's value may be used.

    `hidden`: not shown. `not_scored`: shown with its interval. `shrunken`: scored by the shrunken value, without a
    comparison in words. `scored`: used as it is.
    """

    verdict: Literal["hidden", "not_scored", "shrunken", "scored"]
    reason: Reason = ""


def publication_status(n: float, reliability: float | None, min_n: float = 0) -> PublicationStatus:
    """Decide how a value of n units may be used. `reliability` None: nothing to compare with.

    0.7 is what profiling of providers asks for: He, Selck, Normand, https://www.ncbi.nlm.nih.gov/pmc/articles/PMC6400472/

    >>> publication_status(4, 0.9)
    PublicationStatus(verdict='hidden', reason='too_few_to_show')
    >>> publication_status(20, 0.9, min_n=30)
    PublicationStatus(verdict='not_scored', reason='below_min_n')
    >>> [publication_status(90, r).verdict for r in (None, 0.49, 0.5, 0.69, 0.7)]
    ['not_scored', 'not_scored', 'shrunken', 'shrunken', 'scored']
    """
    if n < FEWEST:
        return PublicationStatus("hidden", "too_few_to_show")
    if n < min_n:
        return PublicationStatus("not_scored", "below_min_n")
    if reliability is None:
        return PublicationStatus("not_scored", "no_comparison")
    if reliability < SOME:
        return PublicationStatus("not_scored", "mostly_chance")
    return PublicationStatus("shrunken", "partly_chance") if reliability < ENOUGH else PublicationStatus("scored")
