"""The review of a survey at the keyboard: an answer after the other is given its reason, and back again."""

from typing import TYPE_CHECKING

from winback_cli import answers, text
from winback_cli.cli.here import Here
from winback_cli.customer import label
from winback_cli.survey import NOTES, Reply

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

    from winback_cli.store.surveys import Survey
    from winback_cli.store.writes import Store

HELP = """\
Enter takes the reason that is offered; a letter, or a word of the list, takes another one.
s sets the answer aside: it is counted as an answer, and under no reason.
:back shows the answer before once more; you may decide it anew.
q stops; so does Ctrl-C. What you decided is stored, and the rest waits."""
_STOP, _BACK, _ASIDE = "q", ":back", "s"


class Review:
    """One review: each decision is stored before the next answer is shown."""

    def __init__(self, here: Here, store: "Store", survey: "Survey", waiting: list[Reply]) -> None:
        self._here = here
        self._store = store
        self._survey = survey
        self._replies = list(waiting)
        self._settled: set[int] = set()  # those decided here, or by somebody else meanwhile

    @property
    def told(self) -> str:
        """How far it is, and how to go on."""
        left = len(self._replies) - len(self._settled)
        again = f": winback survey review {self._survey.name}" if left else "."
        return f"{len(self._settled):,} decided, {left:,} to go{again}"

    def run(self) -> None:
        """Ask for each, until all are decided or the user stops; Ctrl-C raises KeyboardInterrupt."""
        if not self._replies:
            return
        session = _session()
        place = 0
        while place < len(self._replies):
            one = self._replies[place]
            self._put(one, place)
            said = self._ask(session, one, place)
            if said == _STOP:
                return
            if said == _BACK:
                place -= 1
                continue
            self._decide(place, "" if said == _ASIDE else said)
            place += 1

    def _decide(self, place: int, reason: str) -> None:
        from winback_cli.store.answering import Decided

        one = self._replies[place]
        self._settled.add(one.id)
        after = ("confirmed" if reason else "set_aside", reason)
        if (one.state, one.reason) == after:
            return
        if self._store.decide_reply(one.id, reason, Decided(one.state, one.reason)):
            self._replies[place] = one._replace(state=after[0], reason=reason)
        else:
            self._here.say("Somebody else decided that meanwhile, or they are left alone by now.")

    def _put(self, one: Reply, place: int) -> None:
        """Show an answer: each question, and below it, moved in, what they said."""
        from rich.text import Text

        from winback_cli.stages import Reason
        from winback_cli.terminal import choices

        err = self._here.err
        who = text.shorten(label(one.name, one.company), 50)
        err.print(Text(f"\n{place + 1} of {len(self._replies)} · {who} · {one.on}", style="dim"))
        for question in self._survey.questions:
            if said := one.answers.get(question.key):
                err.print(Text(text.line(question.words), style="dim"))
                self._said(said)
        if said := one.answers.get(NOTES):
            self._said(said)
        err.print(choices(tuple(reason.value for reason in Reason), err.width), style="dim")
        err.print(Text(self._offered(one, place), style="cyan"), highlight=False)

    def _said(self, words: str) -> None:
        from rich.text import Text

        from winback_cli.views import indented

        self._here.err.print(indented(Text(text.clean(words), style="bold")))

    def _offered(self, one: Reply, place: int) -> str:
        """What Enter takes, and what else may be typed."""
        if one.state == "set_aside":
            taken = ["Enter: set aside, as decided"]
        elif one.state == "confirmed":
            taken = [f"Enter: {answers.words_of(one.reason)}, as decided"]
        else:
            taken = [f"Enter: {answers.words_of(one.suggested)}"] if one.suggested else []
        back = [":back"] if place else []
        return " · ".join([*taken, "a letter: another", "s: set aside", *back, "q: stop", "?"])

    def _ask(self, session: "PromptSession[str]", one: Reply, place: int) -> str:
        """A reason by its name, or one of `s`, `:back` and `q`."""
        from winback_cli.facts import facts
        from winback_cli.terminal import prompt_line

        spec = facts()["classified.reason"]
        offered = one.suggested if one.state == "new" else one.reason or _ASIDE
        while (line := prompt_line(session, "> ", "")) is not None:
            word = line.strip()
            known = _WORDS.get(word.lower(), "")
            if known == "?":
                self._here.say(HELP)
            elif known == _BACK and not place:
                self._here.say("This is the first one.")
            elif known:
                return known
            elif not word and offered:
                return offered
            else:
                try:
                    return str(answers.parse(spec, word, self._here.customs))
                except ValueError:
                    self._here.err.print("  A letter, a word of the list, s, q or ?.", style="yellow")
        return _STOP


_WORDS = {
    **dict.fromkeys(("q", ":q", ":quit", "quit"), _STOP),
    **dict.fromkeys((":back", ":b", "back"), _BACK),
    "s": _ASIDE,
    **dict.fromkeys(("?", ":help", ":?"), "?"),
}


def _session() -> "PromptSession[str]":
    import sys

    from prompt_toolkit import PromptSession
    from prompt_toolkit.output import create_output

    return PromptSession(output=create_output(stdout=sys.stderr))
