"""Words in each product's markup: harmless, whole, within the limits, in the reader's language."""

import json
import random
import re

import pytest
from django.utils import translation

from teams.notifications.channels import Parcel, words
from teams.notifications.channels.dingtalk import Dingtalk
from teams.notifications.channels.feishu import Feishu
from teams.notifications.channels.fitting import fit
from teams.notifications.channels.msteams import MsTeams
from teams.notifications.channels.over_http import encoded
from teams.notifications.channels.slack import Slack
from teams.notifications.channels.webhook import Webhook
from teams.notifications.channels.wecom_app import WecomApp
from teams.notifications.channels.wecom_robot import WecomRobot
from teams.notifications.content import Content, Entry, Group

ROBOT = {"url": "https://robot.example/x"}
APPLICATION = {"corp_id": "ww1", "agent_id": "1000002", "secret": "s"}
KINDS = {
    "wecom_robot": WecomRobot(ROBOT),
    "wecom_app": WecomApp(APPLICATION),
    "dingtalk": Dingtalk(ROBOT),
    "feishu": Feishu(ROBOT),
    "slack": Slack(ROBOT),
    "msteams": MsTeams(ROBOT),
}
LIMITS = {"wecom_robot": 4096, "wecom_app": 2048, "dingtalk": 20_000, "feishu": 30_000, "msteams": 28_000}
DESK = "https://gendan.example/"


def entry(number: int, name: str = "大货面料到厂", lines=("截止：11月26日 18:00", "负责人：王芳")) -> Entry:
    url = f"https://gendan.example/orders/{number}/"
    return Entry(
        f"GD-{number} · {name}", tuple(lines), url, f"https://gendan.example/a/{number}/?t={'x' * 40}&s=1", f"k{number}"
    )


def content(*entries: Entry, **fields) -> Content:
    fields = {"title": "11月26日 跟单：已逾期 2", "url": DESK, "footer": ("本消息迟到了。",), **fields}
    return Content(groups=(Group("已逾期", entries),), **fields)


def form(kind: str, message: Content, address: str = "", language: str = "zh-hans"):
    with translation.override(language):
        return KINDS[kind].form(Parcel("d-1", address, message, language))


def texts(kind: str, body) -> list[str]:
    """All that the reader sees as text or markup, without the addresses of buttons and cards."""
    if kind.startswith("wecom"):
        return [body["markdown"]["content"]]
    if kind == "dingtalk":
        return [body["markdown"]["text"]]
    found: list[str] = []

    def walk(part) -> None:
        if isinstance(part, dict):
            found.extend(part[name] for name in ("text", "content") if isinstance(part.get(name), str))
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(
        {"slack": lambda: body["blocks"], "feishu": lambda: body["card"], "msteams": lambda: body["attachments"]}[
            kind
        ]()
    )
    return found


def text(kind: str, body) -> str:
    return "\n".join(texts(kind, body))


def size(kind: str, body) -> int:
    return len(body["markdown"]["content"].encode()) if kind.startswith("wecom") else len(encoded(body))


# --- What is shown


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("language", "answer"), [("zh-hans", "Answer"), ("en", "Answer")])
def test_each_entry_shows_headline_lines_and_the_link_to_answer(kind, language, answer):
    message = content(entry(1), entry(2), intro="请先处理。")
    body = form(kind, message, language=language)
    shown = text(kind, body)

    with translation.override(language):
        answer = translation.gettext(answer)
    for number in (1, 2):
        assert f"https://gendan.example/orders/{number}/" in shown
        assert re.search(rf"/a/{number}/\?t=x{{40}}&(amp;)?s=1", shown)
    assert shown.count(answer) >= 2
    for words_ in ("大货面料到厂", "王芳", "已逾期", "请先处理。", "本消息迟到了。"):
        assert words_ in shown
    assert DESK in json.dumps(body)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_about_one_thing_says_it_once(kind):
    one = entry(1)
    shown = text(kind, form(kind, content(one, title=one.headline)))

    assert shown.count("大货面料到厂") == 1
    assert one.answer_url.replace("&", "&amp;" if kind == "slack" else "&") in shown


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_without_entries_can_be_sent(kind):
    assert "试一下" in text(kind, form(kind, Content("试一下", ())))


def test_an_urgent_card_looks_it():
    calm, urgent = (form("feishu", content(entry(1), is_urgent=flag)) for flag in (False, True))

    assert (calm["card"]["header"]["template"], urgent["card"]["header"]["template"]) == ("blue", "red")


# --- For whom

MENTIONS = [
    ("wecom_robot", "ZhangSan", "<@ZhangSan>"),
    ("dingtalk", "13800000000", "@13800000000"),
    ("dingtalk", "manager4220", "@manager4220"),
    ("feishu", "ou_7d8a6e6df7621556ce0d21922b676706", "<at id=ou_7d8a6e6df7621556ce0d21922b676706></at>"),
    ("slack", "U012AB3CD", "<@U012AB3CD>"),
    ("msteams", "wang.fang@example.com", "<at>wang.fang</at>"),
]


@pytest.mark.parametrize(("kind", "address", "mention"), MENTIONS)
def test_a_person_is_mentioned_in_the_way_of_the_product(kind, address, mention):
    assert mention in text(kind, form(kind, content(entry(1)), address))


def test_a_mention_names_the_person_beside_the_text_where_the_product_wants_it():
    assert form("dingtalk", content(), "13800000000")["at"] == {"isAtAll": False, "atMobiles": ["13800000000"]}
    assert form("dingtalk", content(), "manager4220")["at"] == {"isAtAll": False, "atUserIds": ["manager4220"]}
    card = form("msteams", content(), "wang.fang@example.com")["attachments"][0]["content"]
    assert [entity["mentioned"]["id"] for entity in card["msteams"]["entities"]] == ["wang.fang@example.com"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "wecom_app"])
@pytest.mark.parametrize("address", ["王芳", "@all", "all", "ALL", "<@all>", "<!channel>", "a|b", "@ou_1", "x" * 300])
def test_whom_the_product_cannot_mention_is_named_in_plain_words(kind, address):
    body = form(kind, content(entry(1)), address)
    shown = text(kind, body)

    assert not re.search(r"(?<!\\)<[@!a]", shown)
    assert body.get("at", {"isAtAll": False}) == {"isAtAll": False} or address not in ("@all", "all", "ALL")
    if address == "王芳":
        assert "王芳" in texts(kind, body)[0] + texts(kind, body)[1 if kind not in ("wecom_robot", "dingtalk") else 0]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "wecom_app"])
def test_nobody_to_mention_says_nothing(kind):
    with translation.override("en"):
        assert "For:" not in text(kind, form(kind, content(entry(1)), language="en"))


# --- Words of users

HOSTILE = [
    "<@all>",
    "@all",
    "<!channel> <!here> <@U012AB3CD>",
    "<at id=all></at>",
    '<at user_id="all">all</at>',
    "[click](https://evil.example/)",
    "![x](https://evil.example/x.png)",
    "](https://evil.example/) [",
    "<https://evil.example/|click>",
    '<font color="warning">x</font>',
    "<script>alert(1)</script>",
    "**bold** __bold__ *it* _it_ ~~gone~~ ~gone~",
    "`code` ```\nblock\n```",
    "# heading",
    "> quote",
    "- item",
    "1. item",
    "line\nbreak\r\nand\u2028more\u2029",
    "tab\tnul\x00bell\x07",
    "\ud800 lone",
    "\u202egnp.exe",
    "\\* \\[ \\",
    "& &lt; &amp; &#60;",
    "{{ 7*7 }}{% debug %} {0} {label}",
    "👨‍👩‍👧 𠮷野家 שלום",
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_words_of_users_mean_nothing_to_the_product(kind, hostile):
    message = Content(
        title=hostile,
        groups=(Group(hostile, (Entry(hostile, (hostile, hostile), DESK, DESK), entry(2))),),
        intro=hostile,
        footer=(hostile,),
        url=DESK,
    )
    body = form(kind, message)
    markup = [part for part in texts(kind, body) if part is not body.get("text")]
    shown = "\n".join(markup)
    if kind == "feishu":  # Its title and notes are plain text to it.
        shown = "\n".join(e["text"]["content"] for e in body["card"]["elements"] if e["tag"] == "div")

    assert not re.search(r"(?<!\\)<([@!]|at\b|script|https://evil|font color=.warning)", shown)
    assert not re.search(r"[\x00\x07\u2028\u202e]", shown)
    assert not re.search(r"(?<!\\)[`~]|(?<![\w\\])_it_|(?<!\\)\*(bold|it)", shown)
    if kind != "slack":  # Its links are others, and it knows no headings and lists.
        assert not re.search(r"(?<!\\)\]\(https://evil", shown)
        assert not re.search(r"(?m)^(# |> |- |1\. )", shown)
    assert encoded(body)


@pytest.mark.parametrize("kind", KINDS)
def test_harmless_words_stay_as_they_are(kind):
    name = "PO_2026_01 · 3*4 cm, 50% (A-1) 王芳/Anna O'Neil -5"
    shown = text(kind, form(kind, content(entry(1, name=name), entry(2))))
    if kind == "feishu":
        shown = re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), shown)
    if kind == "msteams":
        shown = re.sub(r"\\(.)", r"\1", shown)

    assert name in shown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("<@all> [x](y)", "＜@all＞ ［x］(y)"),
        ("{{ 7*7 }}{% debug %}", "{{ 7*7 }}{% debug %}"),
        ("*a* `b` `c", "＊a＊ ｀b｀ ｀c"),
        ("_a_ PO_1_2", "＿a＿ PO_1_2"),
        ("# x", "＃ x"),
        ("#1", "#1"),
        ("-5", "-5"),
        ("---", "－--"),
        ("2. x", "2． x"),
        ("2.5 m", "2.5 m"),
        ("a\n\n b", "a b"),
    ],
)
def test_full_width_twins_stand_only_where_a_sign_would_mean_something(typed, shown):
    assert words.twinned(typed) == shown


def test_an_address_cannot_end_its_link_early():
    assert words.href("https://a.example/x)(y>|z q\n<") == "https://a.example/x%29%28y%3E%7Cz%20q%0A%3C"
    assert words.href("javascript:alert(1)") == ""
    assert words.href("") == ""


# --- Long messages

LONG_NAMES = {
    "chinese": "超长的客户名称" * 40,
    "emoji": "👨‍👩‍👧🏭" * 60,
    "signs": "<&>*_[]`#|" * 40,
    "latin": "A very long customer name, Ltd. " * 12,
}


@pytest.mark.parametrize("kind", LIMITS)
@pytest.mark.parametrize("name", LONG_NAMES)
@pytest.mark.parametrize("count", [1, 12, 500])
def test_a_long_message_keeps_the_limit_and_cuts_no_entry(kind, name, count):
    entries = [entry(number, name=f"{LONG_NAMES[name]}终", lines=("尾巴",)) for number in range(count)]
    body = form(kind, content(*entries))
    shown = text(kind, body)
    kept = [number for number in range(count) if f"/orders/{number}/" in shown]

    assert size(kind, body) <= LIMITS[kind]
    assert kept == list(range(len(kept)))  # left out from the end
    assert shown.count("终") == shown.count("尾巴") == len(kept)
    assert len(re.findall(r"/a/\d+/", shown)) == len(kept)
    left_out = count - len(kept)
    with translation.override("zh-hans"):
        more = translation.ngettext("and %(count)s more, on your desk", "and %(count)s more, on your desk", left_out)
    assert (more % {"count": left_out} in shown) == bool(left_out)


@pytest.mark.parametrize("name", LONG_NAMES)
@pytest.mark.parametrize("count", [1, 12, 500])
def test_a_long_slack_message_keeps_its_limits(name, count):
    entries = [entry(number, name=f"{LONG_NAMES[name]}终", lines=("尾巴",)) for number in range(count)]
    body = form("slack", content(*entries))
    lengths = [len(part) for part in texts("slack", body)]

    assert len(body["blocks"]) <= 50
    assert max(lengths) <= 3000
    assert text("slack", body).count("终") == text("slack", body).count("尾巴")


def test_small_messages_lose_nothing():
    for kind in KINDS:
        shown = text(kind, form(kind, content(*(entry(number) for number in range(4)))))
        assert [number for number in range(4) if f"/orders/{number}/" in shown] == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", LIMITS)
def test_one_monstrous_entry_does_not_keep_out_the_others(kind):
    monster = entry(0, name="怪" * 20_000)
    shown = text(kind, form(kind, content(monster, entry(1), entry(2))))

    assert "/orders/0/" not in shown
    assert "/orders/1/" in shown
    assert "/orders/2/" in shown


@pytest.mark.parametrize("kind", LIMITS)
def test_monstrous_titles_are_shortened(kind):
    monster = "长" * 50_000
    groups = (Group(monster, (entry(1), entry(2))),)
    body = form(kind, Content(monster, groups, intro=monster, footer=(monster,) * 50, url=DESK))

    assert size(kind, body) <= LIMITS[kind]
    assert "/orders/1/" in text(kind, body)


@pytest.mark.parametrize("seed", range(50))
def test_fitting_keeps_as_many_as_there_is_room_for(seed):
    """Against the plain way of trying every number, over random lengths."""
    seeded = random.Random(seed)
    entries = tuple(Entry("x" * seeded.randint(1, 60)) for _number in range(seeded.randint(1, 30)))
    limit = seeded.randint(80, 600)

    def plain(part: Content, left_out: int) -> str:
        return "\n".join(["t", *(one.headline for one in part.entries), f"+{left_out}" if left_out else ""])

    def first(number: int) -> str:
        return plain(Content("t", (Group("", entries[:number]),)), len(entries) - number)

    best = max(number for number in range(len(entries) + 1) if len(first(number)) <= limit)
    message = Content("t", (Group("", entries[:3]), Group("", entries[3:])))

    assert fit(message, plain, lambda whole: len(whole) / limit) == first(best)


# --- The webhook is for programs


def test_a_webhook_carries_everything_as_it_is():
    odd = Entry("<b>\n*x*", ("a\tb", ""), "https://gendan.example/1/", "", "key-1")
    message = Content("t", (Group("g", (odd,)),), intro="i", footer=("f",), url=DESK, is_urgent=True)
    body = json.loads(encoded(Webhook(ROBOT).form(Parcel("d-1", "a", message, "en"))))

    assert body == {
        "id": "d-1",
        "address": "a",
        "language": "en",
        "is_urgent": True,
        "title": "t",
        "intro": "i",
        "url": DESK,
        "groups": [
            {
                "title": "g",
                "entries": [
                    {
                        "key": "key-1",
                        "headline": "<b>\n*x*",
                        "lines": ["a\tb", ""],
                        "url": "https://gendan.example/1/",
                        "answer_url": "",
                    }
                ],
            }
        ],
        "footer": ["f"],
    }


@pytest.mark.parametrize("kind", ["wecom_app", "webhook"])
def test_a_repeat_has_the_same_text_so_that_it_can_be_dropped(kind):
    channel = Webhook(ROBOT) if kind == "webhook" else KINDS[kind]
    first, second = (
        encoded(channel.form(Parcel("d-1", "wang", content(entry(1)), is_repeat=flag))) for flag in (False, True)
    )

    assert first == second
