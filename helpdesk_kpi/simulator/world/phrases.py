"""Types of the phrases of a simulated desk; one module per language provides them."""

import msgspec


class Topic(msgspec.Struct, frozen=True):
    """One category of questions: what customers write (subject, text) and what solves it."""

    title: str
    problems: tuple[tuple[str, str], ...]
    solutions: tuple[str, ...]
    article: tuple[str, str]  # title and body of the help centre's article about it


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """Agents' texts are well over 80 characters; holding replies are well under."""

    topics: dict[str, Topic]  # by value of the category field; the same order in every language
    teams: tuple[str, str, str]
    brands: tuple[str, str]
    forms: tuple[str, str]
    agents: tuple[tuple[str, str], ...]  # name, mailbox
    bot: str
    light_agent: str
    form_app: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    mailboxes: tuple[str, ...]  # for customers whose names are not Latin; empty: made of the name
    organizations: tuple[tuple[str, str], ...]  # name, domain
    long_name: str
    family_first: bool
    auto_reply: str
    holding: tuple[str, ...]
    asks: tuple[str, ...]
    closing: tuple[str, ...]
    answers: tuple[str, ...]
    chasers: tuple[str, ...]
    questions: tuple[str, ...]
    thanks: tuple[str, ...]
    not_fixed: tuple[str, ...]
    notes: tuple[str, ...]
    on_hold: tuple[str, ...]
    transfer: tuple[str, ...]
    again: tuple[str, ...]
    merged_away: str
    merged_here: str
    call: str
    missed_call: str
    voicemail: str
    chat: str
    read_more: str  # before the link to an article
    outbound: tuple[tuple[str, str], ...]
    internal: tuple[tuple[str, str], ...]
    test: tuple[str, str]
    spam: tuple[tuple[str, str], ...]
    outage: tuple[str, str]
    good: tuple[str, ...]
    bad: tuple[str, ...]
    survey_questions: dict[str, str]  # question of the newer survey -> its text
    signature: str
    quoted: str
    schedule: str
    late_schedule: str
    zone: tuple[str, str]  # IANA, and the name that Rails has for it
    help_centre_locale: str
    domain: str  # of the desk's own addresses
    spammer: str
    old_team: str  # a team that was deleted long ago
    category: str  # title of the field that holds the topic
    sla: str
    statuses: dict[str, str]
