"""Short ways to make cases for tests: events in a line, a case with given facts."""

from typing import Any

from winback_cli.case import Case, Event, fold


def event(number: int, happening: str, day: str = "2026-03-02", /, **body: Any) -> Event:
    """Event `number` of the kind `happening`, by mara."""
    return Event(number, happening, "mara", day, f"{day}T10:00:00Z", number, False, body, f"hash {number}")


def events(*made: tuple[str, dict[str, Any]] | tuple[str, dict[str, Any], str]) -> list[Event]:
    """Numbered events after an opening: `("answered", {...})` or, with its day, a triple."""
    opening = event(1, "opened", playbook="standard", version=1, digest="d")
    rest = [event(number, kind, *day, **body) for number, (kind, body, *day) in enumerate(made, 2)]
    return [opening, *rest]


def case_of(*made: Any) -> Case:
    return fold("7.1", events(*made))


def answered(name: str, value: Any, question: str = "", **more: Any) -> tuple[str, dict[str, Any]]:
    return ("answered", {"question": question or name, "fact": name, "value": value, **more})


def touched(disposition: str, day: str = "2026-03-02", **more: Any) -> Any:
    """A touch; with `corrects`, another account of the one that event logged."""
    return ("touched", {"disposition": disposition, **more}, day)


def entry(name: str, number: int, kind: str = "promised", **fields: Any) -> tuple[str, dict[str, Any]]:
    return (kind, {"question": name, "fact": name, "item": number, "value": fields})


def knowing(**facts: Any) -> Case:
    """A case with these facts: `heard__why_left="late"` is `heard.why_left`."""
    return Case("7.1", facts={name.replace("__", "."): value for name, value in facts.items()})
