"""Finding playbooks and reading their text; every mistake is told with its line and column.

The built-in ones ship beside the package; in the source tree they stand in the top-level
`playbooks/`. A user's own lie in the folder of the settings.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from winback_cli import text
from winback_cli.errors import BadInput, NotFound
from winback_cli.guards import GUARDS
from winback_cli.playbook import Playbook, mistakes

LONGEST = 400_000  # characters of a playbook; the standard one is about 20,000
DEEPEST = 24
DEFAULT = "standard"


class Problem(NamedTuple):
    """A mistake of a playbook, at line and column (from 1) of its file."""

    line: int
    column: int
    message: str


class Edition(NamedTuple):
    """A playbook with its exact text, that text's sha256, and the same as JSON."""

    playbook: Playbook
    text: str
    digest: str
    tree: str


def built_in() -> Path:
    """The folder of the built-in playbooks."""
    here = Path(__file__).parent
    source_tree = here.parents[1] / "playbooks"
    if (here.parents[1] / "pyproject.toml").is_file() and source_tree.is_dir():
        return source_tree
    return here / "playbooks"


def rules() -> dict[str, Any]:
    """The rules of the sources by id: each with stage, must and text."""
    tree, _ = load_yaml((built_in() / "sources" / "rules.yaml").read_text("utf-8"))
    return dict(tree)


def rule_texts(ids: Sequence[str]) -> list[str]:
    """The rules of these ids, each as `B2.3: its text`."""
    known = rules()
    return [f"{one}: {known[one]['text']}" for one in ids if one in known]


def files(own: Path) -> dict[str, Path]:
    """Every playbook by its name: the built-in ones first, which no other may replace."""
    found = {path.stem: path for path in sorted(built_in().glob("*.yaml"))}
    if own.is_dir():
        for path in sorted(own.glob("*.yaml")):
            found.setdefault(path.stem, path)
    return found


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


def read(path: Path) -> Edition:
    """The playbook in a file; raises BadInput with `file:line:column` for each mistake."""
    return parse(source(path), str(path))


def source(path: Path) -> str:
    """The text of a playbook's file; raises BadInput or NotFound."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(LONGEST * 4 + 1)
    except FileNotFoundError:
        raise NotFound(
            f"There is no file {path}.", "Check the name, or see winback playbook list."
        ) from None
    except OSError as problem:
        raise BadInput(f"{path} cannot be read: {problem.strerror}.", "Name a YAML file.") from None
    try:
        content = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8 text.", "Save it as UTF-8, or name another file.") from None
    if len(content) > LONGEST:
        raise BadInput(
            f"{path} is too large.",
            f"It may have at most {LONGEST:,} characters.",
        )
    return content


def parse(content: str, origin: str) -> Edition:
    """The playbook in a text; `origin` names it in errors. Raises BadInput."""
    found, problems = check(content)
    if found is None:
        told = "\n".join(f"{origin}:{p.line}:{p.column}: {p.message}" for p in problems)
        raise BadInput(told, "Mend it and try again; nothing was changed.")
    digest = hashlib.sha256(content.encode()).hexdigest()
    tree = found.model_dump_json(by_alias=True, exclude_defaults=True)
    return Edition(found, content, digest, tree)


def kept(tree: str) -> Playbook:
    """A playbook out of the store, where it was checked when it came in: no YAML is read."""
    return Playbook.model_validate_json(tree)


def check(content: str) -> tuple[Playbook | None, list[Problem]]:
    """The playbook, or every mistake in it, in the order of the file."""
    tree, problem = load_yaml(content)
    if problem:
        return None, [problem]
    if not isinstance(tree, dict):
        return None, [Problem(1, 1, "a playbook is a map that begins with name, version and steps")]
    try:
        found = Playbook.model_validate(tree)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
        return None, sorted({_told(tree, error) for error in errors if not _follows(error, errors)})
    problems = [Problem(*position(tree, path), message) for path, message in mistakes(found)]
    return (None, sorted(problems)) if problems else (found, [])


def _follows(error: Any, errors: Sequence[Any]) -> bool:
    """Whether a list only counts as too short because its entries are wrong, which is told already."""
    depth = len(error["loc"])
    deeper = (other["loc"] for other in errors if len(other["loc"]) > depth)
    return error["type"] == "too_short" and any(loc[:depth] == error["loc"] for loc in deeper)


def load_yaml(content: str) -> tuple[Any, Problem | None]:
    """Plain data with positions, or the first mistake: no tags, anchors, aliases or duplicate keys."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if problem := _forbidden(content):
        return None, problem
    loader = YAML(typ="rt", pure=True)
    loader.allow_duplicate_keys = False
    try:
        return loader.load(content), None
    except MarkedYAMLError as bad:
        mark = bad.problem_mark or bad.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return None, Problem(line, column, _first_line(bad.problem or "not valid YAML"))
    except (YAMLError, ValueError, RecursionError) as bad:
        return None, _unread(content, bad)


def _forbidden(content: str) -> Problem | None:
    """The first construct that a playbook may not use, found before anything is built from it."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    depth = 0
    try:
        for event in YAML(typ="safe", pure=True).parse(content):
            kind = type(event).__name__
            depth += kind.endswith("StartEvent") - kind.endswith("EndEvent")
            wrong = ""
            if kind == "AliasEvent" or getattr(event, "anchor", None):
                wrong = "anchors and aliases are not used in playbooks; write it out"
            elif getattr(event, "tag", None):
                wrong = "tags are not used in playbooks; leave the ! out"
            elif depth > DEEPEST:
                wrong = "nested too deeply"
            if wrong:
                mark = event.start_mark
                return Problem(mark.line + 1, mark.column + 1, wrong)
    except MarkedYAMLError as bad:
        mark = bad.problem_mark or bad.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Problem(line, column, _first_line(bad.problem or "not valid YAML"))
    except (YAMLError, ValueError, RecursionError) as bad:
        return _unread(content, bad)
    return None


def _unread(content: str, bad: Exception) -> Problem:
    """A mistake below YAML's grammar, such as a sign that no text file holds."""
    where = getattr(bad, "position", 0)
    before = content[: where if isinstance(where, int) else 0]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return Problem(line, column, f"not valid YAML: {_first_line(str(bad))}")


def _first_line(message: str) -> str:
    """A parser's words, without the values that it quotes."""
    if given_twice := re.match(r'found duplicate key "([^"]{1,60})"', message):
        return f"{given_twice[1]} is given twice"
    return text.shorten(message.strip().splitlines()[0] if message.strip() else "not valid YAML", 160)


def _told(tree: Any, error: Any) -> Problem:
    """A Pydantic error as a problem: its place in the file, its words without Pydantic's."""
    path = _without_tags(error["loc"])
    message = error["msg"].removeprefix("Value error, ")
    line, column = position(tree, path)
    if error["type"] == "extra_forbidden":
        near = text.nearest(str(path[-1]), _known_keys(error, path))
        message = f"{str(path[-1])!r} is not known here" + (f"; did you mean {near}?" if near else "")
    elif error["type"] == "missing":
        message = f"{path[-1]} is missing"
    elif error["type"] == "enum" and (near := text.nearest(str(_value(tree, path)), _expected(error))):
        message = f"{_value(tree, path)!r} is not known here; did you mean {near}?"
    return Problem(line, column, message)


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
    from winback_cli import guards, playbook

    if "guards" in path:
        kinds = [g for g in guards.GUARDS if g.kind in error["loc"]]
        return [f.alias or n for g in kinds for n, f in g.model_fields.items()]
    owner: Any = playbook.Question if "questions" in path else playbook.Step
    if "when" in path:
        owner = guards.When
    elif "steps" not in path:
        owner = playbook.Playbook
    return [f.alias or n for n, f in owner.model_fields.items()]


def _value(tree: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        try:
            tree = tree[part]
        except (KeyError, IndexError, TypeError):
            continue  # a guard's tag stands in Pydantic's path and not in the file
    return tree


def position(tree: Any, path: tuple[Any, ...]) -> tuple[int, int]:
    """Line and column, from 1, of the value at this path, or of the nearest thing around it."""
    line, column = 0, 0
    for part in path:
        marks: Any = getattr(tree, "lc", None)
        try:
            inner = tree[part]
            if isinstance(tree, dict):
                by_key = inner is None or inner == "" or isinstance(inner, dict | list)
                line, column = marks.key(part) if by_key else marks.value(part)
            else:
                line, column = marks.item(part)
            tree = inner
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # a guard's tag stands in Pydantic's path and not in the file
    return line + 1, column + 1
