"""Tables as rows of plain text: what a pipe gets, and what the views draw. Loads nothing heavy."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from winback_cli import text
from winback_cli.customer import label
from winback_cli.money import Money
from winback_cli.worth import whole

if TYPE_CHECKING:
    from winback_cli.store import lists

LIST_COLUMNS = (">No.", "Customer", "Left", ">Revenue", "Last bought", "Case", "Stands at", "Due")


def list_rows(lines: "Sequence[lists.CustomerLine]", room: int = 0) -> list[list[str]]:
    """The rows of `winback list`, as text; `room` cuts the name, 0 keeps it whole."""
    return [
        [
            str(line.number),
            text.shorten(label_of(line), room) if room else text.line(label_of(line)),
            line.how_left,
            money_words(line.revenue, line.currency),
            line.last_purchase or "",
            line.case or "",
            standing(line),
            line.due_on or "",
        ]
        for line in lines
    ]


PRIORITY_COLUMNS = (">No.", "Customer", "Left", ">Chance", ">Expected", "Case", "Due")


def priority_rows(lines: "Sequence[lists.CustomerLine]") -> list[list[str]]:
    """The rows of `winback list --sort priority`: the chance, and what that makes of their worth."""
    return [
        [
            str(line.number),
            text.line(label_of(line)),
            line.how_left,
            "-" if line.chance is None or line.suppressed else percent(line.chance),
            money_words(None if line.suppressed else line.value, line.value_currency or line.currency),
            line.case or ("left alone" if line.suppressed else ""),
            line.due_on or "",
        ]
        for line in lines
    ]


def percent(chance: float) -> str:
    """A chance as it is read: 12 %, and below one percent with a decimal."""
    if chance < 0.0005:
        return "under 0.1 %"
    return f"{chance:.1%}".replace("%", " %") if chance < 0.01 else f"{round(chance * 100)} %"


def standing(line: "lists.CustomerLine") -> str:
    """Where somebody's case stands, in a word or two."""
    if line.suppressed:
        return "left alone"
    if line.status is None:
        return ""
    if line.status == "open":
        return (line.stage or "").replace("_", " ")
    return line.outcome or line.status


DUE_COLUMNS = ("Case", "Customer", "What", "From", "Due", "Owner")


def due_rows(lines: "Sequence[lists.DueLine]") -> list[list[str]]:
    """The rows of `winback due`, as text."""
    return [
        [d.case, text.line(label_of(d)), text.line(d.what), d.opens_on, d.due_on, text.line(d.owner)]
        for d in lines
    ]


def orders_words(orders: int) -> str:
    """`1 order`, `12 orders`."""
    return f"{orders:,} order{'' if orders == 1 else 's'}"


def back_words(one: "lists.Back") -> str:
    """That somebody bought again while their case runs; it says nothing of what brought them."""
    return f"Back: they bought on {one.bought_on}, after case {one.case} was opened."


def won_command(one: "lists.Back") -> str:
    """What closes the case of somebody who is back."""
    return f"winback close {one.customer} --outcome won"


def money_words(amount: int | None, currency: str) -> str:
    """An amount without its cents, rounded, for tables; a dash where there is none."""
    return "-" if amount is None else whole(Money(amount, currency or "EUR"))


def label_of(line: "lists.DueLine | lists.CustomerLine | lists.Back") -> str:
    """The name a line is known by."""
    return label(line.name, line.company)
