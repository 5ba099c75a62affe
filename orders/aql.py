"""Sampling by attributes: ISO 2859-1 (GB/T 2828.1), single sampling plans for normal inspection. Pure.

Table 1 gives a code letter for lot size and inspection level, table 2-A the sample size and the acceptance number. The
cells of table 2-A depend on the sum of row and column only, which is how they are written here.
"""

from bisect import bisect_left
from dataclasses import dataclass

LETTERS = "ABCDEFGHJKLMNPQR"
SIZES = (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000)
AQLS = (
    *("0.010", "0.015", "0.025", "0.040", "0.065", "0.10", "0.15", "0.25"),
    *("0.40", "0.65", "1.0", "1.5", "2.5", "4.0", "6.5", "10"),
)
# Upper ends of the lot sizes of table 1; beyond the last one the last row holds.
_LOTS = (8, 15, 25, 50, 90, 150, 280, 500, 1200, 3200, 10_000, 35_000, 150_000, 500_000)
_LEVELS = {
    "S-1": "AAAABBBBCCCCDDD",
    "S-2": "AAABBBCCCDDDEEE",
    "S-3": "AABBCCDDEEFFGGH",
    "S-4": "AABCCDEEFGGHJJK",
    "I": "AABCCDEFGHJKLMN",
    "II": "ABCDEFGHJKLMNPQ",
    "III": "BCDEFGHJKLMNPQR",
}
LEVELS = tuple(_LEVELS)
# Acceptance numbers along the diagonals of table 2-A, from the first sum on; None points to the next plan.
_FIRST = 14
_ACCEPT: tuple[int | None, ...] = (0, None, None, 1, 2, 3, 5, 7, 10, 14, 21)


@dataclass(frozen=True)
class SamplingPlan:
    """`size` pieces are looked at; with up to `accept` defective ones the lot is accepted."""

    size: int
    accept: int

    @property
    def reject(self) -> int:
        return self.accept + 1


def plan_for(lot: int, level: str, aql: str) -> SamplingPlan:
    """The plan for a lot of `lot` pieces; a sample as large as the lot means that every piece is looked at.

    Raises:
        ValueError: the lot has less than two pieces, or there is no such level or AQL.
    """
    if lot < 2 or level not in _LEVELS or aql not in AQLS:
        raise ValueError(f"{lot} {level} {aql}")
    row = LETTERS.index(_LEVELS[level][bisect_left(_LOTS, lot)])
    column = AQLS.index(aql)
    accept = _cell(row, column)
    while accept is None:
        # Arrows: down to a larger sample before the numbers begin and beside the first one, else up to a smaller one;
        # in the first and the last row the only way there is.
        place = row + column - _FIRST
        is_down = row < len(SIZES) - 1 and (place < 0 or place == 2 or row == 0)
        row += 1 if is_down else -1
        accept = _cell(row, column)
    return SamplingPlan(min(SIZES[row], lot), accept)


def _cell(row: int, column: int) -> int | None:
    place = row + column - _FIRST
    return _ACCEPT[place] if 0 <= place < len(_ACCEPT) else None
