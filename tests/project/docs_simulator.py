"""The part of docs/simulator.md that lists the samples which responses of the simulator are compared with."""

from urllib.parse import urlsplit

import docs_pages as pages
import sample_fixtures as samples
from project_paths import ROOT
from sample_fixtures import HELPDESKS, Answer

PAGE = ROOT / "docs" / "simulator.md"
BEGIN, END = "<!-- generated: begin -->\n", "<!-- generated: end -->\n"
_TITLES = {"zendesk": "Zendesk", "jira_service_management": "Jira and Confluence", "freshdesk": "Freshdesk"}


def section() -> str:
    lines: list[str] = []
    for helpdesk in HELPDESKS:
        answers = samples.answers(helpdesk)
        lines += [f"### {_TITLES[helpdesk]}", ""]
        rows = [[f"`{answer.name}`", _request(answer), _compared(answer, helpdesk)] for answer in answers]
        lines += pages.table(["response", "request", "compared with"], rows)
    return "\n".join(lines)


def page() -> str:
    """The whole page, with this part rewritten."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n{section()}{END}{rest.partition(END)[2]}"


def _request(answer: Answer) -> str:
    method = "GET" if answer.body is None else "POST"
    return f"{method} `{urlsplit(answer.ask[0]).path}`"


def _compared(answer: Answer, helpdesk: str) -> str:
    if not answer.samples:
        return f"no sample: built from [documentation]({answer.docs})"
    read = dict.fromkeys(_name(sample, helpdesk) for sample in answer.samples)
    whole = any(not sample.under for sample in answer.samples)
    return ", ".join(read) + ("" if whole else f"; the rest: [documentation]({answer.docs})")


def _name(sample: samples.Sample, helpdesk: str) -> str:
    path = sample.file.removeprefix(f"{helpdesk}/").rpartition(".")[0]
    return f"{path} (schema)" if sample.schema else path
