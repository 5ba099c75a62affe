"""A message with what was understood marked in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from orders.messages import Mark


@dataclass(frozen=True)
class Piece:
    """A stretch of the text; `kind` is empty where nothing was understood."""

    text: str
    kind: str = ""


def pieces_of(text: str, marks: Sequence[Mark]) -> list[Piece]:
    """The whole text, cut at the marks."""
    pieces: list[Piece] = []
    end = 0
    for mark in marks:
        if mark.start > end:
            pieces.append(Piece(text[end : mark.start]))
        pieces.append(Piece(text[mark.start : mark.end], mark.kind))
        end = mark.end
    return [*pieces, Piece(text[end:])] if end < len(text) else pieces
