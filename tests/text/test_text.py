"""What is kept of a comment: length, thanks, questions, links, codes."""

import pytest

from helpdesk_kpi.text.comment import (
    extract_features,
    find_article_refs,
    find_codes,
    is_gratitude,
    is_question,
    length,
    strip_markup,
)

ONLY_THANKS = [
    "Thanks",
    "Thanks!",
    "Thank you so much for your help, Maria!",
    "Great, thanks a lot. It works now.",
    "ty",
    "THX :)",
    "It works now, cheers",
    "Works like a charm now. Thank you!",
    "Thank you for the quick reply.\nAnn Lee",
    "Thanks again for the fast response and have a great day!",
    "Thank you, you can close this ticket.",
    "Perfect, that fixed the problem. Thank you very much.",
    "Solved.",
    "All good now, many thanks to the whole team 🎉",
    "Thanks for looking into it",
    "Yes, it’s working.",
    "Vielen Dank, es funktioniert jetzt wieder.",
    "Danke! Problem gelöst.",
    "Herzlichen Dank und schöne Grüße",
    "Merci beaucoup, ça marche.",
    "Merci pour votre réponse rapide !",
    "Muchas gracias por su ayuda.",
    "Perfecto, ya funciona. Gracias",
    "谢谢",
    "谢谢，已经解决了",
    "好的，谢谢您！",
    "非常感谢，问题解决了",
    "感谢支持，现在可以正常使用了。",
    "谢谢王工，辛苦了",
    "收到，谢谢",
    "太感谢了，搞定了！",
    "多谢，恢复正常了",
    "问题已解决，感谢您的耐心解答",
    "謝謝！",
    "没什么问题了，谢谢",
    "ありがとうございます。解決しました。",
    "助かりました。ありがとうございました！",
]

MORE_THAN_THANKS = [
    # complaints
    "Thanks, but it still does not work",
    "It still does not work",
    "Thanks for nothing",
    "Thanks! Error",
    "Thanks, I have the problem again",
    "Thanks. It worked before, and only once",
    "It never worked, thanks",
    "Danke, aber es geht immer noch nicht",
    "Danke, der Fehler ist wieder da",
    "Danke, es funktioniert nicht",
    "Merci, mais ça ne marche pas",
    "Gracias, pero no funciona",
    "谢谢，但还是不行",
    "还是不行",
    "没有解决",
    "解决不了，谢谢",
    "还没解决",
    "问题又出现了，谢谢",
    "谢谢！导出功能也报错了",
    "谢谢，系统登录有问题",
    "谢谢，登录问题",
    "ありがとうございます。しかし、まだ解決していません",
    # requests
    "Please fix this. Thanks!",
    "Thanks in advance",
    "Thanks, looking for a reply",
    "Thanks, please confirm this",
    "Thank you, have a look",
    "帮我确认一下，谢谢",
    "辛苦处理一下，谢谢",
    "麻烦帮忙处理一下，谢谢",
    "谢谢，请尽快处理",
    "Bitte noch die Rechnung, danke",
    # questions
    "Thanks. Could you also reset my password?",
    "how do I do this thanks",
    "谢谢，请问发票什么时候能开",
    "谢谢，什么时候可以用？",
    # news
    "Thank you. The invoice is missing the VAT number.",
    "Thanks, it works only in Chrome",
    "Thanks, see https://example.com/screenshot",
    "谢谢，已经按您说的把日志发到邮箱",
    # neither thanks nor a solution: the agent has to go on
    "OK",
    "好的",
    "Yes",
    "",
]


@pytest.mark.parametrize("text", ONLY_THANKS)
def test_nothing_but_gratitude_is_thanks(text: str) -> None:
    assert is_gratitude(text)
    assert not is_question(text)


@pytest.mark.parametrize("text", MORE_THAN_THANKS)
def test_whatever_says_more_is_not_thanks(text: str) -> None:
    assert not is_gratitude(text)


def test_long_messages_are_never_only_thanks() -> None:
    assert is_gratitude("thank you " * 29)
    assert not is_gratitude("thank you " * 31)


@pytest.mark.parametrize(
    "text",
    [
        "Where is it?",
        "how do i export this",
        "Hello. Can you check again",
        "Could you tell me the price",
        "Any news",
        "I was wondering about the price",
        "Let me know when it is done",
        "Wie komme ich dahin",
        "Können Sie helfen",
        "Pourquoi ça ne marche pas",
        "¿Cómo lo hago?",
        "Puede ayudarme",
        "请问在哪里",
        "能不能导出",
        "怎么设置",
        "好了吗",
        "这是什么原因",
        "とても遅いですか",
        "Ok, where do I click",
        "Thanks, could you also send the invoice",
    ],
)
def test_asking_is_seen_with_or_without_a_question_mark(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "It does not work.",
        "I know how it works.",
        "What a great service!",
        "See https://example.com/?page=2",
        "This is what I did.",
        "还是不行。",
        "没什么问题了",
        "Es geht nicht.",
        "Whenever I click it crashes.",
        "It needs the runtime, which the update lacks.",
        "See the other ticket, where we will answer.",
        "看看有哪些可以改进的地方",
    ],
)
def test_statements_are_no_questions(text: str) -> None:
    assert not is_question(text)


@pytest.mark.parametrize(
    ("body", "own"),
    [
        ("Hi Ann,\n\nit is broken.\n\n-- \nBob\nACME Inc.", "it is broken."),
        (
            "It is broken.\n\nOn Mon, Jun 1, 2026 at 10:00 AM Support <s@example.com> wrote:\n> Hello\n> there",
            "It is broken.",
        ),
        ("Kaputt.\r\n\r\nAm 01.06.2026 um 10:00 schrieb Support:\r\n> Hallo", "Kaputt."),
        ("还是不行。\n\n在 2026年6月1日 10:00，支持 <s@example.com> 写道：\n> 好了吗", "还是不行。"),
        ("您好，\n打不开了", "打不开了"),
        ("See below\n\n-----Original Message-----\nFrom: Support", "See below"),
        ("Yes\n\n发件人: 支持\n发送时间: 2026年6月1日\n主题: 你好", "Yes"),
        ("Yes\n\nSent from my iPhone", "Yes"),
        ("> quoted\nmy answer\n> more", "my answer"),
        (
            "<p>It&nbsp;is <b>broken</b> &amp; slow</p><p>Really</p><blockquote>old words</blockquote>",
            "It is broken & slow\nReally",
        ),
        ("<style>p {color: red}</style><div>Hello,</div><div>no light</div>", "no light"),
        ("a < b and b > c", "a < b and b > c"),
        ("Hello", "Hello"),  # a salutation alone is all there is
        ("On Mon, Jun 1, 2026 Support wrote:\n> only a quote", "On Mon, Jun 1, 2026 Support wrote:"),
        ("   ", ""),
        ("", ""),
    ],
)
def test_only_what_the_author_wrote_is_read(body: str, own: str) -> None:
    assert strip_markup(body) == own
    assert length(body) == len(own)


def test_a_thank_you_above_a_quoted_mail_and_a_signature_is_still_one() -> None:
    body = "Thanks, solved!\n\n--\nAnn\n\nOn Mon, Jun 1, 2026 Support wrote:\n> Does it work now?"
    found = extract_features(body)
    assert (found.is_thanks, found.is_question, found.length) == (True, False, len("Thanks, solved!"))


def test_a_comment_without_text_says_nothing_about_thanks_or_questions() -> None:
    found = extract_features(None)
    assert (found.length, found.is_thanks, found.is_question, found.codes) == (0, None, None, ())
    assert extract_features('<img src="shot.png">').is_thanks is None


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ('<a href="https://acme.zendesk.com/hc/en-us/articles/360001-Reset">x</a>', ("360001",)),
        (
            "https://acme.zendesk.com/hc/articles/360002 and again https://acme.zendesk.com/hc/articles/360002",
            ("360002",),
        ),
        ('<a href="/hc/de/articles/360003">x</a>', ("360003",)),
        ("https://support.zendesk.com/hc/en-us/articles/44088", ()),  # another company's help centre
        ("https://ACME.zendesk.com/en/support/solutions/articles/4300-Hello", ("4300",)),
        ("https://acme.zendesk.com/support/solutions/articles/4301", ("4301",)),
        ("https://acme.zendesk.com/wiki/spaces/KB/pages/98765/How+to", ("98765",)),
        ("https://acme.zendesk.com/spaces/KB/pages/98765/How+to", ("98765",)),  # Data Center
        ("https://acme.zendesk.com/wiki/spaces/KB/pages/edit-v2/98765", ("98765",)),
        ("https://acme.zendesk.com/wiki/pages/viewpage.action?pageId=98765#top", ("98765",)),
        ('<a href="https://acme.zendesk.com/pages/viewpage.action?src=mail&amp;pageId=98765">x</a>', ("98765",)),
        # A page as Jira's customers see it: the number of the portal is none of an article.
        ("https://acme.zendesk.com/servicedesk/customer/portal/3/article/98765?source=search", ("98765",)),
        ("https://acme.zendesk.com/servicedesk/customer/article/98765", ("98765",)),
        ("https://acme.zendesk.com/servicedesk/customer/kb/view/98765", ("98765",)),
        ("https://acme.zendesk.com/servicedesk/customer/portal/3/SUP-98765", ()),
        # 84803642 is 0x050e003a... as bytes 3a 00 0e 05, in base64 OgAOBQ==
        ("https://acme.zendesk.com/wiki/x/OgAOBQ", ("84803642",)),
        ("https://acme.zendesk.com/display/KB/Reset+your+%22code%22", ('title:Reset your "code"',)),
        ("https://elsewhere.example/x/OgAOBQ and https://elsewhere.example/display/KB/Title", ()),
        ("https://elsewhere.example/servicedesk/customer/portal/3/article/98765", ()),
        ("https://acme.zendesk.com/agent/tickets/5", ()),
        ("the articles/5 here", ()),
    ],
)
def test_links_to_our_articles_are_found(text: str, ids: tuple[str, ...]) -> None:
    assert find_article_refs(text, {"acme.zendesk.com"}) == ids


def test_without_declared_hosts_every_article_counts() -> None:
    assert find_article_refs("https://support.zendesk.com/hc/en-us/articles/44088") == ("44088",)


def test_short_links_and_links_by_title_count_on_declared_hosts_only() -> None:
    """Any site may have such paths."""
    assert (
        find_article_refs("https://shop.example/x/OgAOBQ and https://shop.example/display/KB/Title and /x/OgAOBQ") == ()
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ERR-1042 and err-1042, then ERR-1042", ("ERR-1042",)),
        ("ORA-00600, INV-2026-0117", ("ORA-00600", "INV-2026-0117")),
        (
            "HTTP 503, http 200, HTTP/1.1 404, Error: 500, status code 429",
            ("HTTP 503", "HTTP 404", "HTTP 500", "HTTP 429"),
        ),
        ("0x80070005 or 0X1", ("0x80070005",)),
        ("java.lang.NullPointerException: null", ("NullPointerException",)),
        ("UTF-8, SHA-256 and ISO-8601 are no errors", ()),
        ("Error in Terror", ()),
    ],
)
def test_codes_are_found_each_once(text: str, found: tuple[str, ...]) -> None:
    assert find_codes(text) == found


def test_no_more_than_ten_codes_are_kept() -> None:
    assert len(find_codes(" ".join(f"ERR-{n}" for n in range(50)))) == 10
