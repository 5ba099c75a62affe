"""How a paper looks: A4, a head, facts in two columns, a table that breaks over pages, page numbers."""

import re
from collections.abc import Sequence
from html import escape
from io import BytesIO
from unicodedata import normalize

from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

# Every reader of PDF has this one for Chinese; nothing has to be embedded.
CHINESE = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))
_CHINESE_RUN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f]+")
_PUNCTUATION = str.maketrans({"–": "-", "—": "-", "−": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "…": "..."})
INK, LINE, SHADE = colors.HexColor("#1f2733"), colors.HexColor("#c4cad3"), colors.HexColor("#eef0f3")

TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=8.5, leading=11.5, textColor=INK, wordWrap="CJK")
SMALL = ParagraphStyle("small", parent=TEXT, fontSize=7, leading=9, textColor=colors.HexColor("#5b6675"))
NUMBER = ParagraphStyle("number", parent=TEXT, alignment=TA_RIGHT)
HEAD = ParagraphStyle("head", parent=SMALL, textColor=INK, fontName="Helvetica-Bold")
HEAD_NUMBER = ParagraphStyle("head-number", parent=HEAD, alignment=TA_RIGHT)
TITLE = ParagraphStyle("title", parent=TEXT, fontName="Helvetica-Bold", fontSize=16, leading=20)
MARGIN = 16 * mm
WIDTH = A4[0] - 2 * MARGIN


def text(value: object, style: ParagraphStyle = TEXT) -> Paragraph:
    """A paragraph; Chinese runs in the Chinese font, letters that neither font has without their accents."""
    return Paragraph(marked_up(value), style)


def marked_up(value: object) -> str:
    plain = "".join(_printable(char) for char in str(value if value is not None else "").translate(_PUNCTUATION))
    parts: list[str] = []
    end = 0
    for run in _CHINESE_RUN.finditer(plain):
        parts += [escape(plain[end : run.start()]), f'<font name="{CHINESE}">{escape(run[0])}</font>']
        end = run.end()
    return "".join([*parts, escape(plain[end:])]).replace("\n", "<br/>")


def _printable(char: str) -> str:
    if char == "\n" or _CHINESE_RUN.match(char):
        return char
    if not char.isprintable():
        return " "
    # The built-in fonts know Latin-1; of other letters what is left without accents.
    bare = char if ord(char) < 256 else normalize("NFKD", char).encode("latin-1", "ignore").decode("latin-1")
    return bare or "?"


def facts(pairs: Sequence[tuple[str, object]]) -> Flowable:
    """Names and values in two columns; empty values are left out."""
    cells = [[text(name, SMALL), text(value)] for name, value in pairs if value not in (None, "")]
    rows = [
        [*left, *right] for left, right in zip(cells[::2], [*cells[1::2], ["", ""]][: len(cells[::2])], strict=True)
    ]
    table = Table(rows or [["", "", "", ""]], colWidths=[WIDTH * share for share in (0.17, 0.33, 0.17, 0.33)])
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5)]))
    return table


def goods(
    heads: Sequence[str], rows: Sequence[Sequence[object]], shares: Sequence[float], *, numbers: int, has_total: bool
) -> Flowable:
    """A table whose last `numbers` columns are figures; the head is repeated on each page, the last row a total."""
    plain = len(heads) - numbers
    cells = [[text(head, HEAD if at < plain else HEAD_NUMBER) for at, head in enumerate(heads)]]
    cells += [[text(value, TEXT if at < plain else NUMBER) for at, value in enumerate(row)] for row in rows]
    table = Table(cells, colWidths=[WIDTH * share for share in shares], repeatRows=1)
    style = [
        ("BACKGROUND", (0, 0), (-1, 0), SHADE),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
    ]
    if has_total:
        style.append(("LINEABOVE", (0, -1), (-1, -1), 1, INK))
    table.setStyle(TableStyle(style))
    return table


def paper(title: str, subtitle: str, parts: Sequence[Flowable], *, name: str) -> bytes:
    """The PDF; `name` stands at the foot of each page beside its number."""
    stream = BytesIO()
    document = SimpleDocTemplate(
        stream,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=title,
        author="",
    )
    spaced: list[Flowable] = [text(title, TITLE), text(subtitle), Spacer(1, 5 * mm)]
    for part in parts:
        spaced += [part, Spacer(1, 4 * mm)]

    def foot(canvas: Canvas, _document: object) -> None:
        canvas.saveState()
        canvas.setFont("Helvetica", 7)
        canvas.setFillColor(INK)
        canvas.drawString(MARGIN, 9 * mm, name.encode("latin-1", "replace").decode("latin-1"))
        canvas.drawRightString(A4[0] - MARGIN, 9 * mm, str(canvas.getPageNumber()))
        canvas.restoreState()

    document.build(spaced, onFirstPage=foot, onLaterPages=foot)
    return stream.getvalue()


def both(english: str, chinese: str) -> str:
    """A heading in the two languages of the trade."""
    return f"{english} {chinese}"


def stacked(english: str, chinese: str) -> str:
    """The same above each other, for narrow columns."""
    return f"{english}\n{chinese}"
