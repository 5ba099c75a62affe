"""Evidence: which documents were uploaded before a step was completed, and who accepted them."""

import zlib
from datetime import timedelta
from hashlib import sha256
from struct import pack
from typing import TYPE_CHECKING, Any

from orders.demo.people import holder
from orders.demo.story import Act
from orders.grammar import StepSpec
from orders.sniffing import content_type_of
from teams.permissions import RoleCode

if TYPE_CHECKING:
    from orders.demo.plots import Plot

_DECIDED_BY = {
    "FRI": RoleCode.QC, "IQC": RoleCode.QC, "OQC": RoleCode.QC, "DUPRO": RoleCode.QC,
    "CI": RoleCode.DOCUMENTS, "PL": RoleCode.DOCUMENTS, "BL": RoleCode.DOCUMENTS, "BANK_SLIP": RoleCode.FINANCE,
}  # fmt: skip
_PHOTOS = {"LOAD_PHOTO"}


def paper_acts(plot: "Plot", acts: list[Act]) -> list[Act]:
    """An upload just before each act that needs a document the order does not have yet; some are accepted later."""
    there: set[str] = set()
    papers: list[Act] = []
    for act in sorted(acts, key=lambda act: act.at):
        for code in plot.specs.keys() & _steps_of(act):
            for kind in _kinds(plot.specs[code], plot):
                if kind not in there:
                    there.add(kind)
                    papers += _upload(plot, act, code, kind)
    return papers


def _steps_of(act: Act) -> set[str]:
    if act.verb == "complete":
        return {act.data["code"]}
    if act.verb == "close":
        return {"CLOSED"}
    return set(act.data["completes"]) if act.verb == "move" else set()


def _kinds(spec: StepSpec, plot: "Plot") -> list[str]:
    return [kind for kind, is_required in spec.documents if is_required or plot.rng.random() < 0.3]


def _upload(plot: "Plot", act: Act, code: str, kind: str) -> list[Act]:
    rng, step_at = plot.rng, max(act.at - timedelta(minutes=1), plot.course.confirmed_at)
    by_finance = kind == "BANK_SLIP" and rng.random() < 0.5
    by = plot.card.clerk if by_finance else act.by
    data = {"kind": kind, "code": code, "version": 1}
    role = _DECIDED_BY.get(kind)
    if role and rng.random() < 0.06:  # refused once, and handed in again
        note = "内容与合同不符，请更正" if kind != "FRI" else "缺少外箱照片"
        decider = holder(role, plot.card.team)
        refusal = {"kind": kind, "version": 1, "status": "refused", "note": note}
        return [
            Act(max(step_at - timedelta(minutes=45), plot.course.confirmed_at), "document", by, data),
            Act(max(step_at - timedelta(minutes=20), plot.course.confirmed_at), "decide", decider, refusal),
            Act(step_at, "document", by, {**data, "version": 2}),
        ]
    uploads = [Act(step_at, "document", by, data)]
    if role and rng.random() < 0.6:
        accepted = {"kind": kind, "version": 1, "status": "accepted", "note": ""}
        at = act.at + timedelta(minutes=rng.randrange(5, 600))
        uploads.append(Act(at, "decide", holder(role, plot.card.team), accepted))
    return uploads


def content(number: str, kind: str, version: int) -> tuple[str, bytes]:
    """File name and content of a document: a one-page PDF, or a small picture where photos are asked for."""
    name = f"{kind.replace('/', '-')}_{number}_v{version}"
    if kind in _PHOTOS:
        return f"{name}.png", _picture(zlib.crc32(name.encode()))
    return f"{name}.pdf", _page([f"Order {number}", f"Document {kind}, version {version}", "Demo data, no legal value"])


def facts_of(body: bytes) -> dict[str, Any]:
    """The fields of `OrderDocument` that tell about the content."""
    return {"content_type": content_type_of(body), "size": len(body), "sha256": sha256(body).hexdigest()}


def _page(lines: list[str]) -> bytes:
    """A PDF of one page with `lines` of Latin text."""
    text = "BT /F1 16 Tf 60 780 Td 24 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R"
        " /Resources << /Font << /F1 4 0 R >> >> >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
    ]
    body, offsets = "%PDF-1.4\n", []
    for number, content_ in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content_}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    count = len(objects) + 1
    trailer = f"trailer << /Size {count} /Root 1 0 R >>"
    end = f"xref\n0 {count}\n0000000000 65535 f \n{table}{trailer}\nstartxref\n{len(body)}\n%%EOF\n"
    return (body + end).encode("latin-1")


def _picture(seed: int) -> bytes:
    """A PNG of coloured stripes, so that two loadings do not look the same."""
    width = height = 48
    rows = b"".join(
        b"\0" + bytes((seed >> (8 * channel) & 255) ^ (x * 5 if (x // 8 + y // 12) % 2 else 40) & 255
                      for x in range(width) for channel in range(3))
        for y in range(height)
    )  # fmt: skip
    chunks = [
        (b"IHDR", pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        pack(">I", len(data)) + tag + data + pack(">I", zlib.crc32(tag + data)) for tag, data in chunks
    )
