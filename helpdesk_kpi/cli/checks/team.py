"""What `check` says of the team, of accounts that only bring requests in, and of settings that void figures."""

from collections import Counter
from collections.abc import Iterator

from helpdesk_kpi.config import Config
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.identities.past_roles import keep_standings
from helpdesk_kpi.identities.source_rules import find_accounts
from helpdesk_kpi.identities.team_membership import TEXTS, Member, team
from helpdesk_kpi.measure.quality.outbound_evidence import intake
from helpdesk_kpi.measure.query.limiting_defaults import defaults
from helpdesk_kpi.pull.contract import Finding
from helpdesk_kpi.store import Store


def team_findings(store: Store, config: Config, *, people: bool = False) -> Iterator[Finding]:
    """How many accounts are taken for the team and why, source by source; with `people`, which.

    Raises UsageError when people are asked for and the privacy names nobody.
    """
    if people and config.privacy != "full":
        raise UsageError(f'privacy = "{config.privacy}": check names nobody; leave --people out')
    keep_standings(store, config)
    by_source: dict[str, list[Member]] = {}
    for member in team(store, config):
        by_source.setdefault(member.source, []).append(member)
    for source, members in by_source.items():
        counts = Counter(member.why for member in members)
        why = ", ".join(f"{n:,} {TEXTS[reason]}" for reason, n in counts.most_common())
        text = f"{source}: {len(members):,} accounts are taken for the team: {why}"
        yield Finding(level="ok", about="team", text=text if people else f"{text}; --people names them")
        for member in members if people else ():
            text = f"{member.mark}  {member.name or 'name not known'}: {TEXTS[member.why]}"
            yield Finding(level="ok", about="team", text=text)


def intake_findings(store: Store, config: Config) -> Iterator[Finding]:
    """Accounts that may be a form's or a chat app's, with what the configuration would say; names of no account."""
    sources = [source for (source,) in store.rows("SELECT DISTINCT source FROM people")]
    for mark in config.tickets.intake if sources else ():
        if not any(find_accounts(store, source, [mark]) for source in sources):
            text = f'{mark!r} matches no account that is known so far; an address, an id, a name or "source:id" does'
            yield Finding(level="warning", about="tickets.intake", text=text)
    for one in intake(store, config):
        name = one.name if config.privacy == "full" else one.native
        text = (
            f"{one.source}: {one.others:,} of {one.tickets:,} tickets of {name} have another requester, and it answers"
            f' none; if it only brings requests in, say intake = ["{one.source}:{one.native}"]'
        )
        yield Finding(level="note", about="tickets.intake", text=text)


def setting_findings(store: Store, config: Config) -> Iterator[Finding]:
    """Settings by which a KPI may be void, with how much hangs on each."""
    for one in defaults(store, config):
        about = one.table or "settings"
        yield Finding(level="warning", about=about, text=f"{one.source}: {one.how_many:,} {one.text}")
