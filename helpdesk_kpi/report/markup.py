"""Text for Slack: only &, < and > have to be escaped (https://docs.slack.dev/messaging/formatting-message-text)."""

from helpdesk_kpi.report import plain_text

FENCE = "`"


def escape_mrkdwn(text: str) -> str:
    """Mentions, links and commands from tickets ("<!channel>") lose their meaning; fences cannot be broken."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain_text.spaces(safe.replace(FENCE, "'"))


def link_mrkdwn(text: str, url: str) -> str:
    """A link if the address is one, else the text alone."""
    address = plain_text.link(url).replace("|", "%7C").replace(">", "%3E").replace("<", "%3C").replace("&", "&amp;")
    return f"<{address}|{escape_mrkdwn(text)}>" if address else escape_mrkdwn(text)
