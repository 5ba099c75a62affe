"""Print what was measured."""

from collections.abc import Sequence

from benchmarks.asks import Row
from benchmarks.jobs import Line
from benchmarks.measure import Sample

# Rows of the performance targets that the product has nothing for yet.
NOT_BUILT = [
    "export 100,000 orders",
    "nightly closing of a day",
]
_MARKS = {True: "met", False: "MISSED", None: ""}


def print_requests(rows: Sequence[tuple[Row, Sample, float | None, int | None]], floor: Sample) -> bool:
    """One line for each request; the verdict compares p50 with the floor F0, or CPU where the clock leaves it open."""
    print(
        f"\n{'request':44} {'p50':>7} {'p95':>7} {'×F0':>6} {'target':>7} {'F1':>7} "
        f"{'SQL':>4} {'web':>6} {'db':>6}  verdict"
    )
    print(f"{'':44} {'ms':>7} {'ms':>7} {'':>6} {'':>7} {'ms':>7} {'':>4} {'CPU ms':>6} {'CPU ms':>6}")
    is_all_met = True
    for row, sample, bare_sql, queries in rows:
        ratio = sample.p50 / floor.p50
        is_met = None if row.most is None else ratio <= row.most
        note = ""
        if row.queries and queries and queries > row.queries:
            is_met, note = False, f" ({queries} queries, at most {row.queries})"
        is_all_met = is_all_met and is_met is not False
        target = f"≤ {row.most:g}" if row.most else ""
        f1 = f"{bare_sql:.1f}" if bare_sql is not None else ""
        print(
            f"{row.name:44} {sample.p50:7.1f} {sample.p95:7.1f} {ratio:6.1f} {target:>7} {f1:>7} {queries or '':>4}"
            f" {sample.web_each:6.1f} {sample.database_each:6.1f}  {_MARKS[is_met]}{note}"
        )
    return is_all_met


def print_lines(lines: Sequence[Line]) -> None:
    print(f"\n{'job':58} {'measured':>18} {'floor':>12}  target, verdict")
    for line in lines:
        print(f"{line.name:58} {line.measured:>18} {line.floor:>12}  {line.target} {_MARKS[line.is_met]}")


def print_not_built() -> None:
    for name in NOT_BUILT:
        print(f"{name:58} {'not built':>18}")
