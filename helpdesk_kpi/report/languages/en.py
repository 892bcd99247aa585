"""English: a day before its month, 24 hours, plain words.

A pair of texts is (one, many), chosen by `n`. Numbers arrive already written.
"""

LOCALE = "en_GB"  # Babel's: day before month, week from Monday
JOIN = ", "
STOP = ". "
RANGE = "{low} to {high}"
UNITS = {"d": "d", "h": "h", "min": "min", "s": "s"}
PAD_MINUTES = True  # 2 h 05 min
PERIODS = {
    "day": "{start}",
    "week": "Week {number}",
    "month": "{month} {year}",
    "quarter": "Q{number} {year}",
    "half": "Half-year {number}, {year}",
    "year": "{year}",
}
PREVIOUS = {
    "day": "day before",
    "week": "week before",
    "month": "month before",
    "quarter": "quarter before",
    "half": "half-year before",
    "year": "year before",
}
STEPS = {
    "day": ("day", "days"),
    "week": ("week", "weeks"),
    "month": ("month", "months"),
    "quarter": ("quarter", "quarters"),
    "half": ("half-year", "half-years"),
    "year": ("year", "years"),
}
THIS = {
    "day": "this day",
    "week": "this week",
    "month": "this month",
    "quarter": "this quarter",
    "half": "this half-year",
    "year": "this year",
}
AXIS_WEEK = "W{number}"
AXIS_MONTH = "MMM y"  # a Babel pattern

TITLES: dict[str, str] = {}  # the KPIs' own titles and definitions are English
DEFINITIONS: dict[str, str] = {}
SHORT = {
    "first_reply_time": "First reply",
    "next_reply_time": "Next reply",
    "first_resolution_time": "First resolution",
    "full_resolution_time": "Resolution",
    "accepted_resolution_time": "Resolution since accepted",
    "confirmed_resolution_time": "Confirmed resolution",
    "solved_tickets": "Solved",
    "reopen_rate": "Reopened",
    "backlog": "Backlog",
    "csat": "Satisfaction",
    "csat_response_rate": "Survey answers",
}
STATISTICS = {
    "Duration": "median",
    "Share": "",
    "Total": "",
    "Stock": "at the end of the period",
}
# Finding, as a title. {who}: "" or " for P1".
FINDINGS = {
    "first_reply_time": {"worse": "first replies{who} got slower", "better": "first replies{who} got faster"},
    "next_reply_time": {"worse": "later replies{who} got slower", "better": "later replies{who} got faster"},
    "first_resolution_time": {"worse": "solving{who} takes longer", "better": "solving{who} got faster"},
    "full_resolution_time": {"worse": "solving{who} takes longer", "better": "solving{who} got faster"},
    "accepted_resolution_time": {"worse": "solving{who} takes longer", "better": "solving{who} got faster"},
    "backlog": {"worse": "the backlog{who} grew", "better": "the backlog{who} shrank"},
    "csat": {"worse": "satisfaction{who} fell", "better": "satisfaction{who} rose"},
    "csat_response_rate": {"worse": "fewer customers answer the survey", "better": "more customers answer the survey"},
    "reopen_rate": {"worse": "more tickets{who} came back", "better": "fewer tickets{who} came back"},
    "solved_tickets": {
        "more": "more tickets{who} solved than usual",
        "less": "fewer tickets{who} solved than usual",
        "better": "more tickets{who} solved than usual",
        "worse": "fewer tickets{who} solved than usual",
    },
    "": {
        "worse": "{title}{who} got worse",
        "better": "{title}{who} got better",
        "more": "{title}{who} rose",
        "less": "{title}{who} fell",
    },
}
DIRECTIONS = {"worse": "worse", "better": "better", "more": "more", "less": "less"}
VERDICTS = {
    "slower": "slower than usual",
    "faster": "faster than usual",
    "higher": "higher than usual",
    "lower": "lower than usual",
}
REASONS = {
    "deleted": "deleted",
    "merged": "merged",
    "spam": "spam",
    "internal": "internal",
    "outbound": "outbound",
    "test": "test",
    "replies_pending": "replies not pulled yet",
    "replies_unreadable": "replies unreadable",
    "history_unknown": "history unknown",
    "no_call_data": "calls without call data",
    "no_chat_data": "chats without chat data",
    "solved_without_reply": "solved without a reply",
    "running": "still waiting",
    "new": "new",
    "open": "open",
    "pending": "waiting for the customer",
    "hold": "on hold",
    "thanks": "only thanks",
    "not_fixed": "not fixed",
    "followup_question": "another question",
    "automation": "by automation",
    "agent": "by the team",
    "overall": "overall",
    "expertise": "expertise",
    "attitude": "attitude",
}
WHY = {
    "no first reply": "no first reply yet",
    "waiting for us": "waiting for us",
    "open past target": "open past its target",
}
#: What 1 and 0 of a share mean for one ticket.
SHARES = {
    "csat": ("good", "bad"),
    "csat_response_rate": ("answered", "not answered"),
    "reopen_rate": ("came back", "stayed solved"),
    "": ("yes", "no"),
}
VARIANTS = {"zendesk": "Zendesk's definition", "fivetran": "Fivetran's definition", "substantive": "substantive reply"}

WORDS: dict[str, str | tuple[str, str]] = {
    # names
    "weekly_digest": "Support, weekly digest",
    "monthly_summary": "Support, monthly summary",
    "desk": "Support",
    "agent_alias": "Agent",
    "stop": ". ",
    "colon": ": ",
    "aside": " ({text})",
    "tickets": ("ticket", "tickets"),
    # the first lines
    "in_period": "{period}: {finding}",
    "nothing_unusual": "nothing unusual",
    "no_tickets_title": "no new tickets",
    "before_history_title": "no data for this time",
    "empty_store_title": "no tickets yet",
    "too_early_title": "too early to say what is unusual",
    "for_slice": " for {slice}",
    "named_slice": "{title} ({slice})",
    "half_waited": "Half of {whose} waited {value} or longer for a first reply{before}",
    "half_solved": "Half of {whose} took {value} or longer to be solved{before}",
    "the_tickets": "the tickets",
    "the_slice_tickets": "the {slice} tickets",
    "value_is": "{title} is {value}{before}",
    "before_up": ", {value} the {step}",
    "before_down": ", {value} the {step}",
    "before_none": "",
    "usual_was": "; going by the {points} {steps} before, {range} is usual",
    "in_a_row": "That makes {n} {step} in a row",
    "mostly_in": "It shows most clearly in {names}",
    "also_unusual": "Also outside the usual range: {names}",
    "finding_item": "{title} {value} ({verdict})",
    "rest_usual": "Everything else stayed within its usual range",
    "all_usual": "All measures stayed within their usual range: what moved is what chance explains",
    "some_silent": (
        "One measure cannot be judged yet: too little history, or still changing",
        "{n} measures cannot be judged yet: too little history, or still changing",
    ),
    "too_early": (
        "There is {n} {step} of history; a usual range needs {needed}. Until then the figures stand for themselves",
        "There are {n} {steps} of history; a usual range needs {needed}. Until then the figures stand for themselves",
    ),
    "in_target": "Of the tickets with a target, within it: {items}",
    "in_target_item": "{title} {share}",
    "in_target_before": "{title} {share} ({step} {before})",
    "in_target_again": "{title} {share} ({before})",
    "no_tickets": "Nobody asked for help in this time, as far as the data reach",
    "empty_store": "The helpdesk has not given a single ticket so far",
    "before_history": "History starts at {moment}, after this time. It was not quiet; it is not known",
    "incomplete": "Data whole only to {moment}. What happened later is not in this report",
    "never_pulled": "No data pulled yet from {sources}",
    # one number
    "interval": "95% interval {range}",
    "sample": ("{count} ticket", "{count} tickets"),
    "answers": ("{count} answer", "{count} answers"),
    "answers_and_asked": "{answers}; {asked}",
    "of_asked": "of the {asked} surveys offered {this} {answered} answered so far",
    "count_of": "{part} of {all}",
    "few": "too few to compare",
    "mean_replied": "mean of the {ended} answered {value}",
    "mean_waits": "mean of the {ended} answered {value}",
    "mean_solved": "mean of the {ended} solved {value}",
    "p90": "90% within {value}",
    "p90_open": "90th percentile not reached: more than a tenth still open",
    "p90_unanswered": "90th percentile not reached: more than a tenth still unanswered",
    "within": "{share} within target",
    "not_replied": ("{n} not answered yet", "{n} not answered yet"),
    "not_replied_again": ("{n} not answered yet", "{n} not answered yet"),
    "still_open": ("{n} still open, counted in", "{n} still open, counted in"),
    "past_target": ("{n} past target", "{n} past target"),  # of the number beside it
    "late_unanswered": ("{n} still waits past it", "{n} still wait past it"),
    "late_open": ("{n} still open past it", "{n} still open past it"),
    "late_backlog": ("{n} of them past target", "{n} of them past target"),
    # with what is counted, for lines that stand alone
    "alert_unanswered": (
        "{n} of the new tickets still waits for a reply, past target",
        "{n} of the new tickets still wait for a reply, past target",
    ),
    "alert_open": (
        "{n} of the new tickets is still open, past target",
        "{n} of the new tickets are still open, past target",
    ),
    "alert_backlog": ("{n} of all open tickets is past target", "{n} of all open tickets are past target"),
    "no_reply_solved": ("{n} solved without a reply", "{n} solved without a reply"),
    "previous": "{step} {value}",
    "beside": "read beside {title}: {value}",
    "facet_item": "{name} {value}",
    "usual": "within its usual range",
    "usual_range": "usual: {range}",
    "short_history": "no usual range yet: {n} of {needed} {steps}",
    "provisional": "provisional: still changing",
    "not_reached": "not reached",
    "nothing": "none",
    "not_known": "not known",
    "not_known_because": "not known: {reason}",
    "ages": "half are older than {median}, a tenth than {p90}",
    "clock_business": "business hours",
    "clock_calendar": "around the clock",
    "clock_mixed": "business hours or around the clock, as the severity asks",
    "clock_except": "business hours ({levels}: around the clock)",
    "verdict_and_usual": "{verdict} ({usual})",
    "value_and_verdict": "{value}, {verdict}",
    "points_up": "{points} points up",
    "points_down": "{points} points down",
    # severity table
    "by_severity": "By severity",
    "by_severity_note": "First reply and resolution: median, with the 90th percentile below. "
    "The share within target is of first replies. "
    "Tickets still waiting are counted in.",
    "severity": "Severity",
    "no_priority": "No priority",
    "no_severities": "No ticket has a severity: map the helpdesk's priorities under [sources.NAME] severity.",
    "new_column": "New",
    "first_reply_column": "First reply",
    "within_column": "Reply in target",
    "unanswered_column": "Unanswered",
    "resolution_column": "Resolution",
    "open_column": "Open",
    "no_target": "no target",
    "more_waiting": ("and {n} more", "and {n} more"),
    "more_waiting_least": ("and at least {n} more", "and at least {n} more"),
    "more_ratings": ("and {n} more", "and {n} more"),
    "more_rows": ("{n} more on the page", "{n} more on the page"),
    # pictures
    "trend_title": "{title}, last {points} {steps}",
    "trend_note": "The band is what chance alone explains; a point outside it is worth asking about.",
    "trend_note_early": "No band yet: it needs {needed} {steps}.",
    "band": "usual range",
    "trend_alt": "{title}: {value} now; {steps} before: {range}.",
    "spark_alt": "{title}, {points} {steps} before: {range}; now {value}",
    # the others
    "measures": "All measures",
    "measures_note": "Median, 90th percentile and mean of durations side by side; none of them alone is the truth. "
    "The mean covers only what was answered or solved; median and percentile count in what still waits.",
    "measure": "Measure",
    "value_column": "Value, 95% interval",
    "value_name": "Value",
    "p90_column": "90% within",
    "mean_column": "Mean, ended only",
    "n_column": "n",
    "previous_column": "Before",
    "verdict_column": "Change",
    # people
    "needs_person": "Needs a person",
    "needs_person_note": "The longest waits first.",
    "nobody_waits": "Nobody waits past what was promised.",
    "since": "since {date}",
    "nobody": "nobody assigned",
    "assigned": "assigned",
    "rated_bad": "Rated bad",
    "rated_bad_note": ("The one answer is not good.", "{bad} of {count} answers are not good."),
    "no_bad": ("The one answer is good.", "All {count} answers are good."),
    "no_ratings": "No answers in this time.",
    "no_comment": "No comment kept",
    "quoted": "“{text}”",
    "ticket": "Ticket",
    "subject": "Subject",
    "when": "When",
    "agent": "Agent",
    "remark": "Remark",
    "tickets_behind": "The tickets behind this",
    "first_rows": "The first {shown}. All of them: {command}",
    "no_subject": "(no subject)",
    # footer
    "how_to_read": "How to read this",
    "definitions": "Definitions",
    "left_out": "Left out",
    "left_out_item": "{n} {reason}",
    "nothing_left_out": "Nothing was left out",
    "not_known_title": "Not known",
    "whole_to": "Data whole to",
    "history_starts": "History starts",
    "same_age": "Earlier figures are read at the same age as these, so that nothing improves by ageing",
    "interval_explained": "A 95% interval is where the true level plausibly lies; "
    "a change inside the usual range is not news",
    "read_at": "Read at {moment}",
    "open_every": "Open every number",
    "everything": "Every number, opened",
    "everything_note": "Open a line to see what it is made of.",
    "by_team": "By team",
    "by_category": "By category",
    "by_channel": "By channel",
    "by_facet": "By kind",
    "none_named": "not set",
}
