"""A message as a mail: the same words in text and HTML, nothing of them is markup, no header can be added."""

import re
from email import message_from_string
from html.parser import HTMLParser

import pytest
from django.core.mail import EmailMultiAlternatives

from teams.notifications.channels import mail_form
from teams.notifications.content import Content, Entry, Group

DESK = "https://gendan.example/"
FIRST = Entry("GD-1 · 验货", ("截止：今天 18:00", "负责人：王芳"), f"{DESK}orders/1/", f"{DESK}a/1/?t=x&s=1", "k1")
SECOND = Entry("GD-2 · Fabric in", ("Due: tomorrow",), f"{DESK}orders/2/")
DIGEST = Content(
    "11月26日 跟单：已逾期 1、今天到期 1",
    (Group("已逾期", (FIRST,)), Group("今天到期", (SECOND,))),
    intro="早上好。\n先看这些。",
    footer=("这条消息迟到了。", "您可能已经收到过。"),
    url=DESK,
)


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.text += data


def test_html_and_text_say_the_same():
    text, page = mail_form.plain(DIGEST, "zh-hans"), Page(mail_form.html(DIGEST, "zh-hans"))

    for words in ("已逾期", "GD-1 · 验货", "截止：今天 18:00", "负责人：王芳", "GD-2 · Fabric in", "Due: tomorrow"):
        assert words in text
        assert words in page.text
    for words in ("先看这些。", "这条消息迟到了。", "您可能已经收到过。", DIGEST.title):
        assert words in text
        assert words in page.text
    assert page.links == [DESK, FIRST.url, FIRST.answer_url, SECOND.url, DESK]
    assert re.findall(r"https://\S+", text) == [DESK, FIRST.url, FIRST.answer_url, SECOND.url]


@pytest.mark.parametrize(("language", "lang"), [("zh-hans", "zh-hans"), ("en", "en")])
def test_the_mail_is_in_the_readers_language(language, lang):
    assert f'<html lang="{lang}">' in mail_form.html(DIGEST, language)


def test_a_mail_about_one_thing_says_it_once():
    one = Content(FIRST.headline, (Group("", (FIRST,)),), url=DESK)
    page = Page(mail_form.html(one).replace("<title>GD-1 · 验货</title>", ""))

    assert page.text.count("GD-1 · 验货") == 1
    assert page.links == [FIRST.url, FIRST.answer_url, DESK]
    assert mail_form.plain(one).count("GD-1 · 验货") == 1


def test_words_are_never_markup():
    hostile = '<script>alert(1)</script><img src=x onerror="x">{{ 7*7 }}{% debug %}'
    message = Content(
        hostile,
        (Group(hostile, (Entry(hostile, (hostile,), 'https://a/"><b>', "javascript:alert(1)"),)),),
        intro=hostile,
    )
    page = Page(mail_form.html(message))

    assert {"script", "img", "b"} & page.tags == set()
    assert page.text.count(hostile) == 5  # the page's own title, title, introduction, heading and line
    assert page.links == ["https://a/%22%3E%3Cb%3E"]
    assert hostile in mail_form.plain(message)


def test_a_subject_is_one_line_and_not_endless():
    assert mail_form.subject(Content("a\r\nBcc: x@evil.example\u2028b\x00", ())) == "a Bcc: x@evil.example b"
    assert mail_form.subject(Content("长" * 1000, ())) == "长" * 149 + "…"


def test_a_hostile_title_adds_no_header():
    title = "x\r\nBcc: victim@evil.example\r\n\r\nbody"
    mail = EmailMultiAlternatives(mail_form.subject(Content(title, ())), "b", to=["a@b.example"])

    assert message_from_string(mail.message().as_string())["Bcc"] is None


def test_an_html_mail_loads_nothing_from_anywhere():
    html = mail_form.html(DIGEST)

    assert not re.search(r"<(img|link|script|iframe|style)\b|url\(|@import", html)


def test_five_hundred_entries_are_rendered():
    many = Content("t", (Group("g", tuple(Entry(f"GD-{n}", (), f"{DESK}{n}/") for n in range(500))),), url=DESK)

    assert mail_form.html(many).count("GD-") == 500
