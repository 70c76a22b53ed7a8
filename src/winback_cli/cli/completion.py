"""Completion in bash, zsh and fish: the script for each, and the words it asks for at every Tab.

The scripts that Typer brings are not used: they hand a name with a blank over as two words, and let
a quote or a dollar sign in a name through to the shell.
"""

import contextlib
import re
from typing import Annotated, NamedTuple

import typer

from winback_cli.cli import offering
from winback_cli.cli.offering import Offer
from winback_cli.errors import Exit, UsageError

app = typer.Typer(rich_markup_mode=None)

# Each asks `winback completion SHELL -- ...`, which says what fits, a word a line; says nothing
# where the name of a file is wanted; and fails where nothing fits.
BASH = r"""_winback() {
    local word words
    COMPREPLY=()
    words="$(command winback completion bash -- "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" \
        2>/dev/null </dev/null)" || { compopt +o default 2>/dev/null; return; }
    while IFS= read -r word; do
        [ -z "$word" ] || COMPREPLY+=("$word")
    done <<< "$words"
}
complete -o default -F _winback winback
"""

ZSH = r"""#compdef winback
_winback() {
    local said line
    local -a fit shown
    said="$(command winback completion zsh -- "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" \
        2>/dev/null </dev/null)" || return 1
    if [[ -z $said ]]; then
        _files
        return
    fi
    for line in "${(@f)said}"; do
        fit+=("${line%%$'\t'*}")
        shown+=("${line/$'\t'/  -- }")
    done
    compadd -U -l -d shown -a fit
}
if [[ "${funcstack[1]}" == _winback ]]; then
    _winback "$@"
else
    compdef _winback winback
fi
"""

FISH = r"""function __winback_words
    set -l fit (command winback completion fish -- (commandline -opc) (commandline -ct) \
        2>/dev/null </dev/null)
    or return
    if set -q fit[1]
        printf '%s\n' $fit
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c winback -f -a '(__winback_words)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


class Line(NamedTuple):
    """A line as a shell reads it: its words, the one being typed, the quote that is open in it, and
    how much of it readline leaves as it stands, since a quote or a break comes after it.
    """

    words: list[str]
    typed: str
    quote: str
    kept: int


@app.command()
def completion(
    ctx: typer.Context,
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
    words: Annotated[list[str] | None, typer.Argument(metavar="", hidden=True)] = None,
) -> None:
    """The script that completes commands and names at Tab, for your shell to read.

    In ~/.bashrc: eval "$(winback completion bash)". In ~/.zshrc, after compinit:
    eval "$(winback completion zsh)". In config.fish: winback completion fish | source
    """
    if shell not in SCRIPTS:
        raise UsageError(f"There is no completion for {shell[:20]!r}.", "Name bash, zsh or fish.")
    if words is None or not words:
        typer.echo(SCRIPTS[shell], nl=False)
        return
    fit: list[str] | None = None
    with contextlib.suppress(Exception):  # whoever pressed Tab wants a word, and no error
        fit = fitting(ctx.find_root().command, shell, words)
    if fit is None:
        raise typer.Exit(Exit.NOT_FOUND)
    for word in fit:
        typer.echo(word)


def fitting(root: object, shell: str, given: list[str]) -> list[str] | None:
    """What the shell is told; nothing for the name of a file, None where nothing fits."""
    line = split(given[0], given[1]) if shell == "bash" else Line(given[:-1], given[-1], "", 0)
    if shell == "fish":  # hands over the last word as it was typed
        line = line._replace(typed=split(given[-1], "").typed)
    begun = next((n for n, word in enumerate(line.words) if not re.match(r"\w+=", word)), 0)
    where = offering.asked(root, line.words[begun + 1 :], line.typed)
    if where is None:
        return None
    if offering.wants_file(where):
        return []
    found = [told for offer in offering.offers(root, where) if (told := _told(shell, line, offer))]
    return found or None


def _told(shell: str, line: Line, offer: Offer) -> str:
    """An offer as the shell takes it; empty where it cannot stand there."""
    if shell != "bash":
        return f"{offer.word}\t{offer.about}" if offer.about else offer.word
    if not offer.word.startswith(line.typed[: line.kept]):
        return ""
    return quoted(offer.word[line.kept :], line.quote)


def quoted(word: str, quote: str) -> str:
    """A word, or the rest of one, as bash has to read it there: after an open quote, or after none."""
    if quote == "'":
        return word.replace("'", r"'\''")
    if quote == '"':  # within which no backslash keeps ! from recalling an old line
        return re.sub(r'([$`"\\])', r"\\\1", word).replace("!", '"\\!"')
    return re.sub(r"([^\w/.,+%^-])", r"\\\1", word)


def split(line: str, breaks: str) -> Line:
    """A line up to where Tab was pressed; readline takes an unquoted break for a word's beginning."""
    words: list[str] = []
    word, quote, kept, before, begun = "", "", 0, 0, False
    signs = iter(line)
    for sign in signs:
        if sign == "\\" and quote != "'":
            after = next(signs, "")
            word += after if not quote or after in '$`"\\' else sign + after
        elif quote or sign in "\"'":
            if not quote:
                quote, before, kept = sign, kept, len(word)
            elif sign == quote:
                quote, kept = "", before
            else:
                word += sign
        elif sign in " \t\n":
            words += [word] if begun else []
            word, kept, begun = "", 0, False
            continue
        else:
            word += sign
            kept = len(word) if sign in breaks else kept
        begun = True
    return Line(words, word, quote, kept)
