"""An answer, from what a person types or a file says to the plain JSON value that is stored.

Dates are kept as ISO text, money as {amount, currency} in minor units, choices as their key.
"""

import re
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from winback_cli import dates, money, text

if TYPE_CHECKING:
    from winback_cli.facts import Spec

Value = Any  # str | bool | int | float | {"amount", "currency"} | list[dict[str, Value]]
LONGEST = 20_000  # characters of one answer; a page of notes is 3,000


class Customs(NamedTuple):
    """What reading an answer needs to know of the user: the day, the weekend, the currency."""

    today: date
    weekend: frozenset[int] = dates.WEEKEND
    currency: str = "EUR"


def words_of(key: str) -> str:
    """A choice's key as a person reads it: `left_message` is `left message`."""
    return key.replace("_", " ")


def letters(choices: tuple[str, ...]) -> dict[str, str]:
    """A letter for each choice: its own first free one, or a, b, c ... where there are many."""
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    if len(choices) > 8:
        return dict(zip(alphabet, choices, strict=False))
    given: dict[str, str] = {}
    for choice in choices:
        given[next(ch for ch in choice + alphabet if ch.isalnum() and ch not in given)] = choice
    return given


def parse(spec: "Spec", said: str, customs: Customs) -> Value:
    """Read what was typed; raises ValueError with a sentence on what would be right."""
    said = text.clean(said).strip()
    if len(said) > LONGEST:
        raise ValueError(f"an answer has at most {LONGEST:,} characters")
    return _PARSERS[spec.kind](spec, said, customs)


def typed(spec: "Spec", said: str, customs: Customs) -> Value:
    """As `parse`, and a day that is to come may not have gone by. An answers file is not held to that:
    it says the same on every day that it is run.
    """
    value = parse(spec, said, customs)
    if spec.ahead and value < customs.today.isoformat():
        raise ValueError(f"it is to come, so not before {customs.today}")
    return value


def _parse_text(spec: "Spec", said: str, customs: Customs) -> str:
    if not said:
        raise ValueError("nothing was typed")
    return said if spec.kind == "text" else text.line(said)


def _parse_choice(spec: "Spec", said: str, customs: Customs) -> str:
    word = _joined(said)
    by_letter = letters(spec.choices)
    if word in by_letter and word not in spec.choices:
        return by_letter[word]
    plain = {_joined(c): c for c in spec.choices}
    found = [p for p in plain if p == word] or [p for p in plain if p.startswith(word)]
    if word and len(found) == 1:
        return plain[found[0]]
    raise ValueError("one of these: " + ", ".join(words_of(c) for c in spec.choices))


def _joined(choice: str) -> str:
    """How a choice is compared: a name of several words as one."""
    return text.fold(choice).replace(" ", "_").replace("-", "_")


def _parse_yesno(spec: "Spec", said: str, customs: Customs) -> bool:
    word = said.lower()
    if word in ("y", "yes", "true"):
        return True
    if word in ("n", "no", "false"):
        return False
    raise ValueError("y or n")


def _parse_date(spec: "Spec", said: str, customs: Customs) -> str:
    day = dates.parse_date(said, customs.today, customs.weekend, past=spec.past)
    if spec.past and day > customs.today:
        raise ValueError(f"it has happened, so not after {customs.today}")
    return day.isoformat()


def _parse_money(spec: "Spec", said: str, customs: Customs) -> dict[str, int | str]:
    return money.parse_money(said, customs.currency)._asdict()


def _parse_number(spec: "Spec", said: str, customs: Customs) -> int | float:
    number = _number(said, decimals=spec.decimals)
    if abs(number) > 10**12:
        raise ValueError("a number below a million million")
    if spec.between and not spec.between[0] <= number <= spec.between[1]:
        raise ValueError(f"a number from {spec.between[0]} to {spec.between[1]}")
    return number


def _number(said: str, *, decimals: bool) -> int | float:
    """A whole number, or where the fact may have decimals one such as 2.5 or 2,5; whole where it is."""
    try:
        return int(said)
    except ValueError:
        if not decimals:
            raise ValueError("a whole number") from None
    if not re.fullmatch(r"[+-]?\d{1,12}[.,]\d{1,12}", said, re.ASCII):
        raise ValueError("a number, such as 2 or 2.5")
    number = float(said.replace(",", "."))
    return int(number) if number.is_integer() else number


_PARSERS = {
    "text": _parse_text,
    "line": _parse_text,
    "choice": _parse_choice,
    "yesno": _parse_yesno,
    "date": _parse_date,
    "money": _parse_money,
    "number": _parse_number,
}


def from_file(spec: "Spec", given: object, customs: Customs) -> Value:
    """Read a value of an answers file; raises ValueError naming the field within a list."""
    if spec.kind == "items":
        if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
            raise ValueError("a list of maps")
        return [_item(spec, entry, customs) for entry in given]
    if given is None or isinstance(given, dict | list):
        raise ValueError("a single value")
    if isinstance(given, bool):
        given = "yes" if given else "no"
    return parse(spec, str(given), customs)


def _item(spec: "Spec", entry: dict[str, object], customs: Customs) -> dict[str, Value]:
    fields = {field.name: field for field in spec.item}
    for name in entry:
        if name not in fields:
            near = text.nearest(str(name), list(fields))
            raise ValueError(f"{name!r} is not known here" + (f"; did you mean {near!r}?" if near else ""))
    values = {}
    for name, field in fields.items():
        if name in entry:
            try:
                values[name] = from_file(field, entry[name], customs)
            except ValueError as problem:
                raise ValueError(f"{name}: {problem}") from None
    return values


def words(value: Value, today: date | None = None) -> str:
    """A stored value as a person reads it, on as many lines as it has."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return money.Money(**value).words()
    if isinstance(value, dict):
        return "; ".join(f"{words_of(k)}: {words(v, today)}" for k, v in value.items())
    if isinstance(value, list):
        return "\n".join(words(entry, today) for entry in value)
    return str(value)


def shown(spec: "Spec", value: Value) -> str:
    """A stored value in words; a choice without its underscores."""
    if spec.kind == "choice":
        return words_of(str(value))
    if spec.kind == "items":
        fields = {field.name: field for field in spec.item}
        return "\n".join(
            " · ".join(
                _part_shown(fields[name], part)
                for name, part in entry.items()
                if name in fields and part is not None
            )
            for entry in value
        )
    return words(value)


def _part_shown(spec: "Spec", value: Value) -> str:
    """A part of an entry; yes and no by the name of the part: `done`, `not done`."""
    if spec.kind == "yesno":
        return spec.name if value else f"not {spec.name}"
    return spec.shown.replace("{}", shown(spec, value))
