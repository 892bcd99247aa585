"""One Jira site: how it writes times, people, texts and addresses. Cloud and Data Center differ in little else."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from helpdesk_kpi.simulator.jira.vocabulary import AUTOMATION, REPORTS, names
from helpdesk_kpi.simulator.world.clock import SECOND
from helpdesk_kpi.simulator.world.facts import SYSTEM, Account, Comment
from helpdesk_kpi.simulator.world.support_desk import EMAIL
from helpdesk_kpi.simulator.world.world import World

Kind = Literal["cloud", "datacenter"]
_PORTAL = UUID(int=0xA713C8EA107553009D96891A7D181739)


def account_id(number: int) -> str:
    """The accountId of a person who is not a customer."""
    return f"712020:{AUTOMATION if number == SYSTEM else number}"


class SimulatedSite:
    """`zone` is that of the account that asks: Jira writes all its times in it."""

    def __init__(self, world: World, kind: Kind, zone: str | None, base: str) -> None:
        self.world, self.kind, self.base = world, kind, base
        self.zone = ZoneInfo(zone or world.desk.zone)
        self.words, self.names = world.desk.words, names(world.desk.words)
        self.api = f"{base}/rest/api/{3 if kind == 'cloud' else 2}"
        made = world.desk.start
        self.automation = Account(id=AUTOMATION, name="Automation for Jira", email="", created_at=made, bot=True)
        self.reports = Account(id=REPORTS, name="Reports", email=EMAIL, created_at=made, roles=((made, "agent"),))

    @property
    def cloud(self) -> bool:
        return self.kind == "cloud"

    # --- times

    def local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at / SECOND, self.zone)

    def when(self, at: int, add: int = 0) -> str:
        """`2026-11-23T07:00:00.000+0100`, without a colon in the offset; `add` are milliseconds."""
        text = self.local(at + add).isoformat(timespec="milliseconds")
        return f"{text[:-3]}{text[-2:]}"

    def date(self, at: int) -> dict[str, Any]:
        """A time as the service desk's API writes it."""
        local, text = self.local(at), self.when(at)
        friendly = f"{local.day:02}.{local.month:02}.{local.year} {local.hour:02}:{local.minute:02}"
        return {"iso8601": text[:19] + text[23:], "jira": text, "friendly": friendly, "epochMillis": at}

    def span(self, ms: int) -> dict[str, Any]:
        hours, minutes = divmod(abs(ms) // 60_000, 60)
        sign = "-" if ms < 0 else ""
        return {"millis": ms, "friendly": sign + self.names["hours"].format(hours, minutes)}

    # --- people

    def account(self, number: int) -> Account:
        if number in {SYSTEM, AUTOMATION}:
            return self.automation
        return self.reports if number == REPORTS else self.world.accounts[number]

    def account_type(self, account: Account) -> str:
        """What Jira knows of somebody: neither who is a light agent, nor who was an agent once, nor what a licence is
        for.
        """
        if account.bot or account.intake:
            return "app"
        return "customer" if account.roles[0][1] == "customer" and not account.licensed else "atlassian"

    def person_id(self, number: int) -> str:
        """The accountId, or the key of a user of Data Center. Half of the customers are of the portal only."""
        account = self.account(number)
        if not self.cloud:
            return f"JIRAUSER{account.id}"
        portal = self.account_type(account) == "customer" and account.id // 4 % 2
        return f"qm:{_PORTAL}:{account.id}" if portal else account_id(account.id)

    def active(self, account: Account) -> bool:
        """Who has left, or sent spam, is deactivated."""
        now = self.world.now
        left = len(account.roles) > 1 and account.roles[-1] == (account.roles[-1][0], "customer")
        gone = left and account.roles[-1][0] <= now
        ends = [at for at in (account.suspended_at, account.deleted_at) if at is not None]
        return not gone and all(at > now for at in ends)

    def person(self, number: int) -> dict[str, Any]:
        """A third of the people do not let others see their address."""
        account, key = self.account(number), self.person_id(number)
        shown: dict[str, Any] = {
            "self": f"{self.api}/user?{'accountId' if self.cloud else 'key'}={key}",
            "avatarUrls": {"48x48": f"{self.base}/avatar/{account.id % 9}"},
            "displayName": account.name,
            "active": self.active(account),
            "timeZone": self.world.desk.zone,
        }
        if account.email and account.id // 4 % 3:
            shown["emailAddress"] = account.email
        if self.cloud:
            return shown | {"accountId": key, "accountType": self.account_type(account)}
        return shown | {"name": account.email or "automation", "key": key}

    # --- texts

    def text(self, comment: Comment) -> Any:
        """A body: a document in Atlassian's format, or wiki text on Data Center; null when it is empty.

        https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
        """
        if not self.cloud:
            return self.wiki(comment)
        link = self.article_url(comment.article) if comment.article else ""
        if not (comment.text or link or comment.dressing):
            return None
        blocks = [_paragraph(part) for part in comment.text.split("\n\n")]
        if link:
            card = {"type": "inlineCard", "attrs": {"url": link}}
            text = {"type": "text", "text": link, "marks": [{"type": "link", "attrs": {"href": link}}]}
            said = {"type": "text", "text": f"{self.words.read_more} "}
            odd = (comment.article or 0) // 4 % 2
            blocks.append({"type": "paragraph", "content": [said, card if odd else text]})
        blocks += [_paragraph(part) for part in comment.dressing.strip("\n").split("\n\n") if part]
        return {"type": "doc", "version": 1, "content": blocks}

    def wiki(self, comment: Comment) -> str:
        link = f"\n\n{self.words.read_more} {self.article_url(comment.article)}" if comment.article else ""
        return comment.text + link + comment.dressing

    def article_url(self, number: int) -> str:
        """The page, or the same as customers see it."""
        if number // 4 % 3 == 0:
            return f"{self.base}/servicedesk/customer/portal/1/article/{number}"
        return f"{self.base}{'/wiki' if self.cloud else ''}/spaces/KB/pages/{number}/Article"


def _paragraph(text: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for i, line in enumerate(text.split("\n")):
        content += [{"type": "hardBreak"}] if i else []
        content += [{"type": "text", "text": line}] if line else []
    return {"type": "paragraph", "content": content}
