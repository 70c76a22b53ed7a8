"""Finding playbooks and reading their text; every mistake is told with its line and column.

The built-in ones ship beside the package; in the source tree they stand in the top-level
`playbooks/`. A user's own lie in the folder of the settings.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from winback_cli import text, yamltext
from winback_cli.errors import BadInput, NotFound, UsageError
from winback_cli.facts import facts
from winback_cli.guards import GUARDS, OPENED
from winback_cli.playbook import Playbook, Step
from winback_cli.playbook_files import built_in as built_in
from winback_cli.playbook_files import files as files
from winback_cli.playbook_files import is_name as is_name
from winback_cli.proofreading import Mistake, doubts, misnamed, mistakes
from winback_cli.yamltext import Problem, Tree

LONGEST = 200_000  # characters of a playbook; the standard one is about 20,000
MOST = 50  # mistakes told at once
DEFAULT = "standard"


class Checked(NamedTuple):
    """A playbook read over: it, or every mistake; and, where it has none, what is legal but poor."""

    playbook: Playbook | None
    problems: list[Problem]
    doubts: list[Problem]


class Edition(NamedTuple):
    """A playbook with its exact text, that text's sha256, and the same as JSON."""

    playbook: Playbook
    text: str
    digest: str
    tree: str


def rules() -> dict[str, Any]:
    """The rules of the sources by id: each with stage, must and text."""
    tree, _ = yamltext.read((built_in() / "sources" / "rules.yaml").read_text("utf-8"))
    return dict(tree.data)


def clashes() -> list[Any]:
    """Where the sources disagree: each with about, stage, positions and the ruling of `standard`."""
    tree, _ = yamltext.read((built_in() / "sources" / "clashes.yaml").read_text("utf-8"))
    return list(tree.data)


def rule_texts(ids: Sequence[str]) -> list[str]:
    """The rules of these ids, each as `B2.3: its text`."""
    known = rules()
    return [f"{one}: {known[one]['text']}" for one in ids if one in known]


def is_built_in(name: str) -> bool:
    """Whether a playbook of that name comes with the program."""
    return is_name(name) and (built_in() / f"{name}.yaml").is_file()


def hidden(own: Path) -> list[Path]:
    """The user's files that are not used, for a built-in playbook has their name."""
    return [path for path in sorted(own.glob("*.yaml")) if is_built_in(path.stem)]


def load(name: str, own: Path) -> Edition:
    """The playbook of that name; raises NotFound, or BadInput with every mistake it has."""
    known = files(own)
    if name not in known:
        near = text.nearest(name, list(known))
        raise NotFound(
            f"There is no playbook called {text.shorten(name, 40)!r}.",
            f"Did you mean {near}?" if near else "winback playbook list shows them all.",
        )
    edition = read(known[name])
    if edition.playbook.name != name:
        raise BadInput(
            f"{known[name]} holds a playbook called {edition.playbook.name}.",
            f"Name the file {edition.playbook.name}.yaml, or the playbook {name}.",
        )
    return edition


def for_customers(name: str, own: Path) -> Edition:
    """As `load`; raises UsageError for a questionnaire of the firm's own (E9)."""
    edition = load(name, own)
    if edition.playbook.subject != "customer":
        raise UsageError(
            f"{name} is the firm's own questionnaire, and walked with no customer.",
            "winback trust new walks it; winback playbook list shows those for customers.",
        )
    return edition


CHANGED, GONE = "its file has changed since", "its file is gone"


def became(name: str, digest: str, own: Path) -> str:
    """What became of the file of a playbook whose text had this digest: CHANGED, GONE, or nothing."""
    path = files(own).get(name)
    if path is None:
        return GONE
    try:
        return "" if hashlib.sha256(source(path).encode()).hexdigest() == digest else CHANGED
    except NotFound:
        return GONE
    except BadInput:
        return CHANGED


def usable(own: Path) -> list[Edition]:
    """Every playbook that can be walked, in the order of their names; those with mistakes left out."""
    found = []
    for name in files(own):
        with contextlib.suppress(BadInput, NotFound):
            found.append(load(name, own))
    return found


def read(path: Path) -> Edition:
    """The playbook in a file; raises BadInput with `file:line:column` for each mistake."""
    return parse(source(path), str(path))


def source(path: Path) -> str:
    """The text of a playbook's file; raises BadInput or NotFound."""
    try:
        # A pipe that nobody writes to is at its end at once, instead of keeping us waiting for good.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as stream:
            if hasattr(os, "set_blocking"):
                os.set_blocking(handle, True)
            raw = stream.read(LONGEST * 4 + 1)
    except FileNotFoundError:
        raise NotFound(
            f"There is no file {path}.", "Check the name, or see winback playbook list."
        ) from None
    except OSError as problem:
        raise BadInput(f"{path} cannot be read: {problem.strerror}.", "Name a YAML file.") from None
    if len(raw) > LONGEST * 4:
        raise _too_large(path)
    try:
        content = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8 text.", "Save it as UTF-8, or name another file.") from None
    if len(content) > LONGEST:
        raise _too_large(path)
    return content


def _too_large(path: Path) -> BadInput:
    return BadInput(f"{path} is too large.", f"It may have at most {LONGEST:,} characters.")


def parse(content: str, origin: str) -> Edition:
    """The playbook in a text; `origin` names it in errors. Raises BadInput."""
    found, problems = check(content)
    if found is None:
        told = "\n".join(f"{origin}:{p.line}:{p.column}: {p.message}" for p in problems)
        raise BadInput(told, "Mend it and try again; nothing was changed.")
    digest = hashlib.sha256(content.encode()).hexdigest()
    tree = found.model_dump_json(by_alias=True, exclude_defaults=True)
    return Edition(found, content, digest, tree)


def review(content: str, path: Path, own: Path) -> Checked:
    """A user's own playbook read over; a name that a built-in one has is a mistake, and, in the
    user's folder, one that its file has not.
    """
    tree, found, problems = _checked(content)
    name = tree.data.get("name") if isinstance(tree.data, dict) else None
    folder, words = path.resolve().parent, ""
    if is_built_in(str(name)) and folder != built_in().resolve():
        words = f"{name} is the name of a built-in playbook; give yours another"
    elif found is not None and name != path.stem and folder == own.resolve():
        words = f"the file is called {path.name}; name the playbook {path.stem}, or the file {name}.yaml"
    if words:
        problems = sorted([*problems, Problem(*tree.position(("name",)), words)])
    if found is None or problems:
        return Checked(None, problems, [])
    poor = {Problem(*tree.position(path), words) for path, words in doubts(found, rules())}
    return Checked(found, [], sorted(poor))


def copied(content: str, name: str, blank: str) -> str:
    """A playbook's text under another name, at version 1, headed by the comments of the blank one.

    Raises BadInput where its name and version do not each stand on a line of their own.
    """
    tree, _ = yamltext.read(content)
    lines = [f"{line}\n" for line in content.removesuffix("\n").split("\n")]
    for key, value in (("name", name), ("version", "1")):
        line, column = tree.keys[(key,)]
        if column != 1 or tree.values[(key,)][0] != line:
            raise BadInput(
                "That playbook is written in a way that cannot be copied.",
                "Put its name and its version on a line of their own.",
            )
        lines[line - 1] = f"{key}: {value}\n"
    while lines and (lines[0].startswith("#") or not lines[0].strip()):
        lines.pop(0)
    comments = [line for line in blank.splitlines(keepends=True) if line.startswith("#")]
    head = comments[: next(n for n, line in enumerate(comments) if "playbook rules" in line) + 1]
    return "".join(head).replace("mine", name) + "".join(lines)


def schema() -> dict[str, Any]:
    """The JSON Schema of a playbook, for editors; with the names of all facts."""
    made = Playbook.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_with_facts(made)}


def _with_facts(made: Any) -> Any:
    """The schema with the facts' names wherever one is meant."""
    if isinstance(made, list):
        return [_with_facts(one) for one in made]
    if not isinstance(made, dict):
        return made
    inner = {key: _with_facts(value) for key, value in made.items() if key != "fact" or value is not True}
    return inner | {"enum": [*facts(), OPENED]} if made.get("fact") is True else inner


def kept(tree: str) -> Playbook:
    """A playbook out of the store, where it was checked when it came in: no YAML is read."""
    return Playbook.model_validate_json(tree)


def check(content: str) -> tuple[Playbook | None, list[Problem]]:
    """The playbook, or every mistake in it, in the order of the file."""
    return _checked(content)[1:]


def _checked(content: str) -> tuple[Tree, Playbook | None, list[Problem]]:
    tree, problem = yamltext.read(content)
    if problem and tree.data is None:
        return tree, None, few(tree.problems)
    if not isinstance(tree.data, dict):
        words = "a playbook is a map that begins with name, version and steps"
        return tree, None, [Problem(1, 1, words)]
    told = set(tree.problems)
    try:
        found = Playbook.model_validate(tree.data)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
        told |= {_told(tree, error) for error in errors if not _follows(error, errors)}
        told |= {Problem(*tree.position(path), words) for path, words in misnamed(tree.data)}
        told |= {Problem(*tree.position(path), words) for path, words in _sound_mistakes(tree.data)}
        return tree, None, few(told)
    told |= {Problem(*tree.position(path), message) for path, message in mistakes(found)}
    return (tree, None, few(told)) if told else (tree, found, [])


def _sound_mistakes(data: Any) -> list[Mistake]:
    """What is wrong in the steps whose own shape is right, in a playbook whose shape is not."""
    sound: dict[int, Step] = {}
    listed = data.get("steps")
    for number, step in enumerate(listed if isinstance(listed, list) else []):
        with contextlib.suppress(ValidationError):
            sound[number] = Step.model_validate(step)
    if not sound:
        return []
    book = Playbook.model_construct(
        name="mine", version=1, title="", reasons={}, steps=tuple(sound.values())
    )
    places = list(sound)
    return [Mistake((path[0], places[path[1]], *path[2:]), words) for path, words in mistakes(book)]


def few(told: Iterable[Problem]) -> list[Problem]:
    """The mistakes in the order of the file, the first of them; and how many more there are."""
    problems = sorted(set(told))
    rest = len(problems) - MOST
    more = [Problem(*problems[MOST - 1][:2], f"and {rest:,} more")] if rest > 0 else []
    return problems[:MOST] + more


def _follows(error: Any, errors: Sequence[Any]) -> bool:
    """Whether a list only counts as too short because its entries are wrong, which is told already."""
    depth = len(error["loc"])
    deeper = (other["loc"] for other in errors if len(other["loc"]) > depth)
    return error["type"] == "too_short" and any(loc[:depth] == error["loc"] for loc in deeper)


def _told(tree: Tree, error: Any) -> Problem:
    """A Pydantic error as a problem: its place in the file, its words without Pydantic's."""
    path = _without_tags(error["loc"])
    message = error["msg"].removeprefix("Value error, ")
    line, column = tree.position(path)
    if error["type"] in _PLAIN:
        message = _PLAIN[error["type"]]
    elif error["type"] == "extra_forbidden":
        line, column = tree.keys.get(path, (line, column))
        near = text.nearest(str(path[-1]), _known_keys(error, path))
        message = f"{_cut(path[-1])} is not known here" + (f"; did you mean {near}?" if near else "")
    elif error["type"] == "missing":
        message = f"{text.shorten(str(path[-1]), 60)} is missing"
    elif error["type"] == "enum" and (near := text.nearest(str(tree.value(path)), _expected(error))):
        message = f"{_cut(tree.value(path))} is not known here; did you mean {near}?"
    return Problem(line, column, text.shorten(message, 300))


# Pydantic's words for what somebody wrote, in ours.
_PLAIN = {
    "int_parsing": "a whole number is wanted here, as in 1",
    "int_type": "a whole number is wanted here, as in 1",
    "int_from_float": "a whole number is wanted here, as in 1",
    "string_type": "words are wanted here",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
}


def _cut(value: Any) -> str:
    """A value of the file in quotes, no longer than one reads."""
    return repr(text.shorten(str(value), 60))


def _without_tags(path: tuple[Any, ...]) -> tuple[Any, ...]:
    """Pydantic's path without the guard's kind that it puts after the guard's number."""
    return tuple(
        part for n, part in enumerate(path) if not (n > 1 and path[n - 2] == "guards" and part in _KINDS)
    )


_KINDS = {guard.kind for guard in GUARDS}


def _expected(error: Any) -> list[str]:
    return [word.strip(" '") for word in error["ctx"]["expected"].replace(" or ", ", ").split(",")]


def _known_keys(error: Any, path: tuple[Any, ...]) -> list[str]:
    """The keys that this kind of map has."""
    from winback_cli import conditions, guards, playbook

    if "guards" in path:
        kinds = [g for g in guards.GUARDS if g.kind in error["loc"]]
        return [f.alias or n for g in kinds for n, f in g.model_fields.items()]
    owner: Any = playbook.Question if "questions" in path else playbook.Step
    if "when" in path:
        owner = conditions.When
    elif "steps" not in path:
        owner = playbook.Playbook
    return [f.alias or n for n, f in owner.model_fields.items()]
