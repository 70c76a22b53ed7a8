"""The imports so far, and the exports that are known."""

from winback_cli.cli.here import Here, print_json, print_rows


def show(here: Here, file: str, *, exports: bool, undo: int, json: bool) -> None:
    """What `winback import` shows or takes back without a file."""
    if exports:
        return _show_exports(json=json)
    raise NotImplementedError


def _show_exports(*, json: bool) -> None:
    from winback_cli.sources.exports import exports

    if json:
        known = [{"name": e.name, "title": e.title, "columns": list(e.signature)} for e in exports()]
        return print_json(known)
    print_rows(("Export", "Known by"), [[e.title, ", ".join(e.signature)] for e in exports()])
    return None
