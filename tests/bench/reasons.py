"""The reason read from each label of a list that has its own categories, against those categories.

    python tests/bench/reasons.py FILE.xlsx

Made for the public Telco sample (columns "Churn Category" and "Churn Reason"; nothing of it is kept here).
It has about twenty labels, so what it shows is whether headings are read, not sentences. Which leaves count as
agreement with a category is our own reading of it, below.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterable

from python_calamine import CalamineWorkbook

from winback_cli.reasons import SURE, Suggestion, suggest

CATEGORY, LABEL = "Churn Category", "Churn Reason"
AGREES = {
    "Attitude": {"personality_conflict", "support"},
    "Competitor": {"competitor_offer"},
    "Dissatisfaction": {"product_or_quality", "delivery_or_service", "support"},
    "Price": {"price"},
    "Other": {"moved_or_closed", "unknown", "no_longer_needed"},
}


def labels(file: str) -> Counter[tuple[str, str]]:
    """How many rows have each category and label; rows without a label are those who stayed."""
    header, *rows = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
    category, label = header.index(CATEGORY), header.index(LABEL)
    return Counter((str(row[category]), str(row[label])) for row in rows if row[label])


def verdict(category: str, found: Suggestion) -> str:
    if found.reason is None:
        return "abstains"
    agreed = "agrees" if found.reason in AGREES.get(category, set()) else "differs"
    return agreed if found.confidence >= SURE else f"{agreed}, unsure"


def share(counts: Iterable[tuple[str, int]], begins: str) -> str:
    counts = list(counts)
    some = sum(n for what, n in counts if what.startswith(begins))
    return f"{some} ({some / max(sum(n for _, n in counts), 1):.1%})"


def main(file: str) -> None:
    counts = labels(file)
    began = time.perf_counter()
    found = {(category, label): suggest(label) for category, label in counts}
    took = (time.perf_counter() - began) * 1000
    print(f"| {'theirs':<15} | {'label':<41} | rows | {'ours':<20} | conf | {'':<15} |")
    print("|---|---|---|---|---|---|")
    for (category, label), one in sorted(found.items()):
        said = f"| {category:<15} | {label:<41} | {counts[category, label]:>4} "
        print(f"{said}| {one.reason or '-':<20} | {one.confidence:.2f} | {verdict(category, one):<15} |")
    for unit, weighed in (("labels", False), ("rows", True)):
        told = [(verdict(at[0], one), counts[at] if weighed else 1) for at, one in found.items()]
        sure = [(what, n) for what, n in told if what in ("agrees", "differs")]
        print(
            f"\n{unit}: {sum(n for _, n in told)}; agree {share(told, 'agrees')}, differ {share(told, 'differs')}, ",
            end="",
        )
        print(
            f"abstained {share(told, 'abstains')}; of {sum(n for _, n in sure)} sure ones {share(sure, 'agrees')} agree"
        )
    print(f"\n{len(found)} labels in {took:.0f} ms, the words read once")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
