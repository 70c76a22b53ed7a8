"""The tree is as ruff and mypy want it, and of a size that can be read."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))


@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)],
    ids=" ".join,
)
def test_the_tools_find_nothing(command: tuple[str, ...]) -> None:
    ran = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_no_room_is_too_big() -> None:
    long_files = [path for path in SOURCES if len(path.read_text("utf-8").splitlines()) > 440]
    long_functions = [
        f"{path.name}:{node.lineno} {node.name}"
        for path in SOURCES
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno > 60
    ]

    assert (long_files, long_functions) == ([], [])


TESTS = sorted((ROOT / "tests").rglob("test_*.py"))


def _is_set(node: ast.AST, named: dict[str, ast.AST]) -> bool:
    """Whether an expression is a set, whose order differs from one process to the next."""
    if isinstance(node, ast.Name):
        return node.id in named and _is_set(named[node.id], {})
    if isinstance(node, ast.BinOp):
        return _is_set(node.left, named) or _is_set(node.right, named)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ("set", "frozenset")
    return isinstance(node, ast.Set | ast.SetComp)


def _over_sets(source: str) -> list[int]:
    """The lines that parametrize a test over a set."""
    tree = ast.parse(source)
    named: dict[str, ast.AST] = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "parametrize"
        and len(node.args) > 1
        and _is_set(node.args[1], named)
    ]


def test_a_test_over_a_set_is_seen() -> None:
    over = "A = {1, 2}\n@pytest.mark.parametrize('a', A)\ndef test(): ...\n"

    assert _over_sets(over) == [2]
    assert _over_sets(over.replace("'a', A", "'a', A | {3}")) == [2]
    assert _over_sets(over.replace("'a', A", "'a', sorted(A)")) == []


def test_no_test_is_given_its_values_in_an_order_that_another_process_does_not_have() -> None:
    assert [f"{path.name}:{line}" for path in TESTS for line in _over_sets(path.read_text("utf-8"))] == []
