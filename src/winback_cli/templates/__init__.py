"""The templates of messages: found by kind, playbook and language, and filled with facts.

A template is a subject line, an empty line and a body, in the smallest part of Jinja2 that words a
message (`filling`), with the names of one closed table (`names`). Those that ship are filled in this
process, which is some milliseconds quicker and starts nothing; a user's own text is foreign, and is
read and filled in a second process that may use little time and memory (`apart`).
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from winback_cli import text
from winback_cli.errors import BadInput, NotFound
from winback_cli.playbook_files import built_in, is_name
from winback_cli.templates import apart, filling
from winback_cli.templates.filling import LONGEST
from winback_cli.templates.names import KINDS as KINDS
from winback_cli.templates.names import KNOWN as KNOWN
from winback_cli.templates.names import Kind as Kind
from winback_cli.templates.names import Name as Name
from winback_cli.templates.names import names_of as names_of


class Template(NamedTuple):
    """A template as it was found: the stem of its file, its whole text, where it lies, whose it is."""

    name: str
    kind: str
    source_text: str
    place: str
    own: bool


class Message(NamedTuple):
    """A message as it would be sent: the subject one line, the body ending in a newline."""

    subject: str
    body: str


# -- finding ---------------------------------------------------------------------------------


def find(kind: str, playbook: str, own_folder: Path, language: str = "en") -> Template:
    """The template for a kind of message under a playbook.

    The user's own, in `messages` of the folder of their playbooks, goes before one that ships; in each
    folder a file for the language (`contact.de.txt`) before one for any, and the playbook's
    (`trust.contact.txt`) before the plain one. The shipped ones are English: nobody gets one who asked
    for another language. Raises NotFound, or BadInput for a file that cannot be used.
    """
    names_of(kind)
    if not is_name(playbook):
        raise NotFound(
            f"There is no playbook called {text.shorten(playbook, 40)!r}.",
            "winback playbook list shows them all.",
        )
    if not re.fullmatch("[a-z]{2,3}(-[a-z]{2,4})?", language):
        raise BadInput(
            f"{text.shorten(language, 40)!r} is no language.", "Use a short form, as in en, de or pt-br."
        )
    own = own_folder / "messages"
    in_it, in_any = (f"{playbook}.{kind}.{language}", f"{kind}.{language}"), (f"{playbook}.{kind}", kind)
    for folder, stems in ((own, in_it + in_any), (built_in() / "messages", in_it)):
        mine = folder == own
        for stem in stems if mine or language != "en" else stems + in_any:
            path = folder / f"{stem}.txt"
            if path.is_file():
                return Template(stem, kind, _source(path), str(path), mine)
    raise NotFound(
        f"There is no {kind.replace('_', ' ')} message in the language {language}.",
        f"Write one: {own / f'{kind}.{language}.txt'}",
    )


def _source(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(LONGEST * 4 + 4)
        content = raw.decode("utf-8-sig")
    except OSError as problem:
        raise BadInput(f"{path} cannot be read: {problem.strerror}.", "See who may read it.") from None
    except UnicodeDecodeError:
        if len(raw) > LONGEST * 4:  # cut in the middle of a letter
            raise _too_large(str(path)) from None
        raise BadInput(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from None
    if len(content) > LONGEST:
        raise _too_large(str(path))
    return text.clean(content)


def _too_large(place: str) -> BadInput:
    return BadInput(f"{place} is too large.", f"A template may have at most {LONGEST:,} characters.")


# -- filling ---------------------------------------------------------------------------------


def render(template: Template, facts: Mapping[str, Any]) -> Message:
    """The message that a template makes of these facts, which are texts, numbers, yes or no.

    What is None, empty or left out counts as unknown: it may be asked for in `if`, and is an error
    where it is printed. `done_changes` and `open_changes` are read off `changes`. Control characters
    are dropped, and Jinja within a fact is text like any other. Raises BadInput, with `file:line` for
    each mistake of the template; TryAgain where the machine is too busy; TypeError or ValueError for
    facts that are not as `KNOWN` says.
    """
    subject, body = _halves(template)
    plain = _plain(facts)
    fill = apart.fill if template.own else filling.fill
    answer = fill(template.kind, subject, body, plain)
    if answer["wrong"]:
        told = (f"{template.place}:{line}: {message}" for line, message in answer["wrong"])
        raise BadInput("\n".join(told), answer["hint"] or "Mend the template and try again.")
    if answer["stopped"]:
        raise BadInput(
            f"{template.place} was stopped: {answer['stopped']}.",
            "Make it simpler: a message needs no loop within a loop.",
        )
    return Message(answer["subject"], answer["body"])


def _halves(template: Template) -> tuple[str, str]:
    """The subject, and the body with its lines numbered as in the file; each is filled for itself, so
    that no fact can end the subject and begin the body.
    """
    if len(template.source_text) > LONGEST:
        raise _too_large(template.place)
    first, _, rest = template.source_text.partition("\n")
    second, _, body = rest.partition("\n")
    label, _, subject = first.partition(":")
    wrong = ""
    if label.strip().lower() != "subject" or not subject.strip():
        wrong = f"{template.place}:1: The first line has to be the subject."
    elif second.strip():
        wrong = f"{template.place}:2: An empty line has to come after the subject."
    elif not body.strip():
        wrong = f"{template.place}:3: There is no message after the subject."
    if wrong:
        raise BadInput(wrong, "Write Subject: and the subject, an empty line, then the message.")
    return subject.strip(), f"\n\n{body}"


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as plain JSON in the form of `KNOWN`: every name and field is there, None if unknown."""
    if unknown := facts.keys() - KNOWN.keys():
        raise ValueError(f"no template knows {', '.join(sorted(unknown))}")
    plain: dict[str, Any] = {}
    for name, known in KNOWN.items():
        value = facts.get(name)
        clean = text.clean if name == "said" else text.line  # only their own words have several lines
        if known.many:
            plain[name] = [_record(known, one, clean) for one in value or ()]
        else:
            plain[name] = _record(known, value or {}, clean) if known.fields else _value(value, clean)
    plain["done_changes"] = [one for one in plain["changes"] if one["done"]]
    plain["open_changes"] = [one for one in plain["changes"] if not one["done"]]
    return plain


def _record(known: Name, value: Mapping[str, Any], clean: Callable[[str], str]) -> dict[str, Any]:
    return {field: _value(value.get(field), clean) for field in known.fields}


def _value(value: Any, clean: Callable[[str], str]) -> str | int | None:
    if isinstance(value, str):
        return clean(value).strip() or None
    if value is None or isinstance(value, int):
        return value
    raise TypeError(f"a template is not filled with a {type(value).__name__}")
