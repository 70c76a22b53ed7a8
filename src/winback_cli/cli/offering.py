"""What fits where Tab was pressed: commands, options, customers' names, playbooks, closed lists.

Quick, silent and without any trace: it loads no models and no drawing, and neither makes nor mends
a store.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from winback_cli import settings, text
from winback_cli.store import lists, names

MOST = 50  # offered at once
FILES = ("FILE", "PATH")

# Where those left alone would be refused, they are not offered.
REFUSED = ("walk", "touch", "snooze", "close", "suppress", "playbook move")


class Offer(NamedTuple):
    """A word that fits, and what it is, where a shell shows that."""

    word: str
    about: str = ""


class Asked(NamedTuple):
    """What is typed, and where: the commands so far, and the parameter it is for, if it is for one."""

    path: str
    command: Any
    parameter: Any
    typed: str
    store: str | None = None


Source = Callable[[Asked], list[Offer]]


def asked(root: Any, words: Sequence[str], typed: str) -> Asked | None:
    """What the last word of a line stands for; None where the line names no command of ours."""
    path: list[str] = []
    command, wants, given, store, plain = root, None, 0, None, False
    for word in words:
        if wants is not None:
            store, wants = (word if wants.name == "store" else store), None
        elif word == "--" and not plain:
            plain = True
        elif word.startswith("-") and not plain:
            option, _, value = word.partition("=")
            wants = _option(root, command, option)
            if value and wants is not None:
                store, wants = (value if wants.name == "store" else store), None
        elif _is_group(command):
            command = command.get_command(None, word)
            path.append(word)
            if command is None:
                return None
        else:
            given += 1
    if wants is None and not plain and typed.startswith("-") and "=" in typed:
        wants = _option(root, command, typed.partition("=")[0])
    elif wants is None and (plain or not typed.startswith("-")):
        wants = _argument(command, given)
    return Asked(" ".join(path), command, wants, typed, store)


def _is_group(command: Any) -> bool:
    return hasattr(command, "list_commands")


def _option(root: Any, command: Any, name: str) -> Any:
    """The option of that name that wants a value; those of the whole program stand anywhere."""
    for one in (*command.params, *root.params):
        if one.param_type_name == "option" and name in one.opts:
            return None if one.is_flag or one.count else one
    return None


def _argument(command: Any, given: int) -> Any:
    found = [one for one in command.params if one.param_type_name == "argument"]
    if found and given >= len(found):
        return found[-1] if found[-1].nargs == -1 else None
    return found[given] if found else None


def wants_file(where: Asked) -> bool:
    """Whether the name of a file is asked for, which the shell knows best."""
    metavar = (getattr(where.parameter, "metavar", None) or "").strip("[]|-")
    return metavar in FILES and "=" not in where.typed


def offers(root: Any, where: Asked) -> list[Offer]:
    """What fits, the likeliest first, at most MOST."""
    if where.parameter is None:
        found = _commands(where.command) if _is_group(where.command) else []
        if where.typed.startswith("-"):
            found = _options(root, where.command)
        return _fitting(found, where.typed)
    option, sign, typed = "", "", where.typed
    if typed.startswith("-") and "=" in typed:
        option, sign, typed = typed.partition("=")
    name = where.parameter.name
    if name == "who" or where.parameter.metavar == "CUSTOMER":
        found = _customers(where, typed)
    else:
        source = OFFERED.get(f"{where.path} {name}") or OFFERED.get(name)
        found = _fitting(source(where), typed) if source else []
    return [offer._replace(word=option + sign + offer.word) for offer in found]


def _fitting(found: list[Offer], typed: str) -> list[Offer]:
    """Those that begin as typed, whatever the case and the accents."""
    begun = _begun(typed)
    return [offer for offer in found if text.fold(offer.word).startswith(begun)]


def _begun(typed: str) -> str:
    """What is typed, as it is compared; a blank at its end says that the word is whole."""
    folded = text.fold(typed)
    return folded + " " if folded and typed[-1].isspace() else folded


def _commands(group: Any) -> list[Offer]:
    from winback_cli.cli import FAMILIES

    lines = {name: line for family in FAMILIES.values() for name, _, line in family}
    known = getattr(group, "commands", {})
    return [
        Offer(name, known[name].get_short_help_str() if name in known else lines.get(name, ""))
        for name in group.list_commands(None)
    ]


def _options(root: Any, command: Any) -> list[Offer]:
    own = [*command.params, *(root.params if command is not root else ())]
    known = [one for one in own if one.param_type_name == "option" and not one.hidden]
    return [
        Offer(word, one.help or "")
        for one in known
        for word in (*one.opts, *one.secondary_opts)
        if word.startswith("--")
    ] + [Offer("--help", "How it is used.")]


def _customers(where: Asked, typed: str) -> list[Offer]:
    """Names that, as WHO, mean a customer: theirs, their firm's, or the one with such a word."""
    place, everybody = settings.load(where.store).store, where.path not in REFUSED
    with names.glancing(place) as connection:
        if connection is None:
            return []
        if begun := _begun(typed):
            people = names.beginning(connection, begun, MOST, everybody=everybody)
            people = people or names.with_word(connection, begun, MOST, everybody=everybody)
        else:
            people = names.shown_first(connection, MOST, everybody=everybody)
    found = _fitting([offer for person in people for offer in _called(person)], typed)
    if not found and len(people) == 1:
        found = _called(people[0])[:1]
    return list({offer.word: offer for offer in found}.values())[:MOST]


def _called(person: names.Named) -> list[Offer]:
    """What a customer can be called: by their name, by their firm's."""
    name, firm = text.line(person.name), text.line(person.company)
    both = [Offer(name, text.shorten(firm, 40)), Offer(firm, text.shorten(name, 40))]
    return [offer for offer in both if means_itself(offer.word)]


def means_itself(name: str) -> bool:
    """Whether a name, typed as WHO, is taken for words of it: for no number, e-mail or option."""
    number = name.partition(".")[0].strip()
    mail = "@" in name and " " not in name
    return bool(name) and not (number.isascii() and number.isdecimal()) and not mail and name[0] != "-"


def _playbooks(where: Asked) -> list[Offer]:
    from winback_cli.playbook_files import files

    return [Offer(name) for name in files(settings.load(where.store).playbooks)]


def _owners(where: Asked) -> list[Offer]:
    return [Offer(text.line(name)) for name in settings.load(where.store).owners]


def _one_of(*known: str) -> Source:
    return lambda where: [Offer(word) for word in known]


CHANNELS = ("phone", "in person", "video", "email", "letter", "message", "survey", "focus group")
DISPOSITIONS = ("reached", "left message", "no answer", "wrong number", "bounced", "refused")
OUTCOMES = ("won", "lost", "released", "dormant")
LEFT = ("departing", "upset", "lapsed", "content")
STAGES = ("backstory", "contact", "listen", "classify", "decide", "revisit", "follow up")

# What is offered for a parameter: by its name, or by its command and its name.
OFFERED: dict[str, Source] = {
    "playbook": _playbooks,
    "begin": _playbooks,
    "to": _playbooks,
    "playbook show name": _playbooks,
    "playbook answers name": _playbooks,
    "playbook compare one": _playbooks,
    "playbook compare other": _playbooks,
    "owner": _owners,
    "assured_by": _owners,
    "channel": _one_of(*CHANNELS),
    "disposition": _one_of(*DISPOSITIONS),
    "outcome": _one_of(*OUTCOMES),
    "how_left": _one_of(*LEFT),
    "stage": _one_of(*STAGES),
    "status": _one_of(*lists.STATUSES),
    "sort": _one_of(*lists.SORTS),
    "color": _one_of("auto", "always", "never"),
    "date_order": _one_of("dmy", "mdy"),
    "offer ripple segment": _one_of("any", "same"),
    "offer ripple size": _one_of("any", "same"),
    "offer ripple reason": _one_of("any", "same"),
    "shell": _one_of("bash", "zsh", "fish"),
}
