"""The walk: one question at a time through a playbook, each answer stored before the next is shown.

It asks where the case stands (`route.place`), puts that to whoever answers, and records what comes
back. It remembers nothing that the case does not hold, so it can stop anywhere. Who answers is a
`Prompter`: a person at a terminal, or a file.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from winback_cli import answers, entries, owing, route, screening, trust
from winback_cli.answers import Customs
from winback_cli.case import REACHED, Case, Entry, items_of
from winback_cli.errors import AnsweredMeanwhile
from winback_cli.facts import Spec
from winback_cli.guards import Finding
from winback_cli.journal import Journal
from winback_cli.playbook import Playbook, Question, Step, choices_of
from winback_cli.prompter import Asked, Ended, Prompter, Reply, Scene

Spot = tuple[Step, Question]


@dataclass
class Walk:
    """One walk through one case. `run` it once."""

    playbook: Playbook
    case: Case
    prompter: Prompter
    journal: Journal
    customs: Customs
    suggested: Mapping[str, Any] = field(default_factory=dict)  # facts that the list names
    mind: Callable[[Step, Case], Sequence[Finding]] = lambda step, case: ()  # what other cases say
    spot: Spot | None = None  # a question gone back to; None at the front
    single: bool = False  # only that question is to be put again, not those after it
    shown: str = ""
    typed: tuple[str, str, str] = ("", "", "")  # question, part, text: typed as somebody else answered
    _days: route.Days = field(init=False)

    def __post_init__(self) -> None:
        self._days = route.Days(self.customs.today, self.customs.weekend)

    def run(self) -> Ended:
        """Ask until it waits, is through, closed, or left; first what became of promises due."""
        left = self._ask_promises()
        while left is None:
            ended = self._revisit(*self.spot) if self.spot else self._advance()
            if ended is not None:
                return ended
        return left

    def _ask_promises(self) -> Ended | None:
        """Whether each promise that is due was kept (D4); Enter leaves it open."""
        named = [(s, q) for s in self.playbook.steps for q in s.questions if q.fact == _CHANGES]
        today = self.customs.today.isoformat()
        for promise in self.case.commitments if named else []:
            if promise["state"] != "open" or not "" < (promise.get("due") or "") <= today:
                continue
            words = f"Promised for {promise['due']}: {promise['what'].rstrip('.')}. Is it kept?"
            held = tuple(self.case.facts.get(_CHANGES) or ())
            asked, kept = Asked(*named[0], words, _KEPT, item=promise["n"], held=held), None
            while kept is None:
                reply = self.prompter.ask(asked)
                if reply.kind in ("enter", "skip", "back"):
                    break
                kept, left = self._read(asked, reply)
                if left is not None:
                    return left
            else:
                self._record([Entry("kept" if kept else "broken", {"item": promise["n"]})])
        return None

    # -- at the front ------------------------------------------------------------------------

    def _advance(self) -> Ended | None:
        there = route.place(self.playbook, self.case, self._days)
        if isinstance(there, route.Through):
            return Ended("through")
        self._show(there.step)
        if isinstance(there, route.Waits):
            return self._wait(there)
        if isinstance(there, route.Gate):
            return self._at_gate(there)
        if isinstance(there, route.Review):
            return self._review(there.step)
        if there.field is not None:
            return self._ask_part(there.step, there.question, there.item, there.field)
        return self._ask(there.step, there.question)

    def _show(self, step: Step) -> None:
        if self.shown == step.id:
            return
        self.shown = step.id
        owed = route.clock(self.playbook, self.case, self._days)
        clock = (owed[0], self._days.today > owed[0]) if owed else None
        self.prompter.enter(Scene(self.playbook, step, self.case, clock))
        for finding in route.findings(step, None, self.case, self._days, "enter", "warn"):
            self.prompter.tell(f"{finding.say} {finding.why}")

    def _wait(self, there: route.Waits) -> Ended | None:
        ended = Ended("waiting", there.until, there.due, there.finding, there.question.worded(None))
        reply = self.prompter.waits(ended, there.step, there.question)
        if reply.kind == "override" and there.finding:
            self._override(there.finding, reply.text)
            return None
        return ended

    def _at_gate(self, there: route.Gate) -> Ended | None:
        reply = self.prompter.gate(there.step, there.findings, self.case)
        if reply.kind == "override":
            self._override(there.findings[0], reply.text)
        elif reply.kind == "skip" and there.question:
            self._record([entries.left_out(there.step, there.question)])
        elif reply.kind == "wait":
            return entries.promised(self.case, there.findings[0])
        elif reply.kind == "back":
            before = self._met(before=(there.step, there.question))
            self.spot = before[-1] if before else None
        else:
            return self._aside(reply)
        return None

    def _override(self, finding: Finding, because: str) -> None:
        body = {"step": finding.step, "guard": finding.guard, "because": because}
        if finding.question:
            body["question"] = finding.question
        self._record([Entry("overridden", body)])

    def _aside(self, reply: Reply) -> Ended | None:
        """What may be said at any prompt and answers nothing."""
        if reply.kind == "quit":
            return Ended("quit")
        if reply.kind == "note":
            self._record([Entry("noted", {"text": reply.text})])
            self.prompter.tell("Noted.")
        elif reply.kind in ("kept", "broken"):
            self._settle_promise(reply)
        elif reply.kind == "override":
            self.prompter.tell("Nothing stops you here.")
        return None

    def _settle_promise(self, reply: Reply) -> None:
        open_ones = [c["n"] for c in self.case.commitments if c["state"] == "open"]
        if not reply.text.isdecimal() or int(reply.text) not in open_ones:
            known = ", ".join(map(str, open_ones)) or "none is open"
            return self.prompter.tell(f"Name an open promise by its number: {known}.")
        self._record([Entry(reply.kind, {"item": int(reply.text)})])
        return self.prompter.tell(f"Promise {reply.text} is {reply.kind}.")

    # -- asking ------------------------------------------------------------------------------

    def _ask(self, step: Step, question: Question) -> Ended | None:
        """Put one question until it is answered, skipped or left."""
        spec = choices_of(self.playbook, question.spec)
        asked = Asked(
            step=step,
            question=question,
            words=screening.worded(question, self.case, self.suggested),
            spec=spec,
            default=screening.default(step, question, self.case, self.customs, self.suggested),
            required=question.required,
        )
        reply = self._put(asked)
        if reply.kind == "skip" or (reply.kind == "enter" and asked.default is None):
            return self._skip(asked, reply)
        value, left = self._read(asked, reply)
        if value is None:
            return left
        return self._store(asked, value, reply)

    def _put(self, asked: Asked) -> Reply:
        """Ask; what was typed for the same question when somebody else answered is offered again."""
        key, part, typed = self.typed
        self.typed = ("", "", "")
        same = (key, part) == (asked.key, asked.spec.name)
        return self.prompter.ask(asked._replace(typed=typed) if same else asked)

    def _read(self, asked: Asked, reply: Reply) -> tuple[Any, Ended | None]:
        """The value of a reply; None where it gave none, with how the walk ends if it does."""
        if reply.kind in ("said", "given", "enter"):
            try:
                return self._value(asked, reply), None
            except ValueError as problem:
                self.prompter.wrong(asked, str(problem))
                return None, None
        if reply.kind == "back":
            self._go_back(asked)
            return None, None
        return None, self._aside(reply)

    def _value(self, asked: Asked, reply: Reply) -> Any:
        if reply.kind == "enter":
            if asked.default is None:
                raise ValueError("it needs an answer; :skip leaves it open")
            return asked.default
        if reply.kind == "given":
            named = asked.item and asked.spec.kind == "choice"
            return answers.parse(asked.spec, reply.value, self.customs) if named else reply.value
        return answers.typed(asked.spec, reply.text, self.customs)

    def _skip(self, asked: Asked, reply: Reply) -> Ended | None:
        if reply.kind == "enter" and asked.required:
            self.prompter.tell("This one needs an answer; :skip leaves it open for now.")
            return None
        if self._recorded(entries.skipped(asked), asked):
            self._onward(asked)
        return None

    def _store(self, asked: Asked, value: Any, reply: Reply) -> Ended | None:
        """Record an answer, and, where it has several lines, each further line as it comes."""
        if not self._changed(asked, value):
            self._onward(asked)
            return None
        if reply.kind == "given" and entries.logged_before(asked, self.case, value):
            return self._not_reached()
        if not self._recorded(entries.answered(asked, self.case, value, reply.known), asked, reply.text):
            return self._ask(asked.step, asked.question)
        if asked.question.fact == "contacted.disposition" and value not in REACHED:
            return self._not_reached()
        if asked.spec.kind == "text" and reply.kind == "said":
            left = self._more_lines(asked, reply)
            if left is not None:
                return left
        self._onward(asked)
        return None

    def _changed(self, asked: Asked, value: Any) -> bool:
        """Whether the answer says anything that does not stand already."""
        if asked.question.fact:
            return bool(self.case.facts.get(asked.question.fact) != value)
        standing = self.case.answers.get(asked.key)
        return standing is None or bool(standing.value != value)

    def _more_lines(self, asked: Asked, first: Reply) -> Ended | None:
        """Each line is stored when Enter is pressed; an empty one ends the answer."""
        while True:
            reply = self.prompter.ask(asked._replace(more=True, default=None, typed=""))
            if reply.kind != "said":
                if reply.kind in ("note", "kept", "broken"):
                    self._aside(reply)
                    continue
                if reply.kind == "back":  # this answer again, from its first line
                    self.spot, self.single = (asked.step, asked.question), True
                    return self._ask(asked.step, asked.question)
                return self._aside(reply) if reply.kind == "quit" else None
            try:
                line = answers.parse(asked.spec, reply.text, self.customs)
            except ValueError as problem:
                self.prompter.wrong(asked, str(problem))
                continue
            further = entries.one_more_line(asked, self.case, line, first.known)
            if not self._recorded(further, asked, reply.text):
                return self._ask(asked.step, asked.question)

    def _not_reached(self) -> Ended:
        standing = owing.standing(self.playbook, self.case, self.customs.weekend)
        again = next((d for d in standing.dues if d.kind == "touch"), None)
        until = date.fromisoformat(again.due_on) if again else None
        return Ended("not_reached", until, until, what=str(len(self.case.touches)))

    # -- lists -------------------------------------------------------------------------------

    def _ask_part(self, step: Step, question: Question, item: int, part: Spec) -> Ended | None:
        """Put one part of a list's entry; on the first part of a new entry, Enter ends the list."""
        items = self.case.facts.get(question.fact or "") or []
        first = part.name == question.spec.item[0].name
        part = trust.among(part, question.fact or "", self.case)
        again = items[item - 1].get(part.name) if item <= len(items) else None
        words = question.worded(self.case.facts.get("backstory.how_left"))
        asked = Asked(
            step=step,
            question=question,
            words=words if first else part.what,
            spec=part,
            item=item,
            default=again,
            required=not part.optional and not first,
            held=tuple(items),
        )
        reply = self._put(asked)
        if first and (reply.kind == "skip" or (reply.kind == "enter" and again is None)):
            return self._end_list(asked, reply)
        if not first and (reply.kind == "skip" or (reply.kind == "enter" and part.optional)):
            return self._record_part(asked, again)
        if reply.kind == "said" and reply.text == "-" and self.spot:
            return self._record_part(asked, None, removed=True)
        here = self.spot
        value, left = self._read(asked, reply)
        if value is None and left is None and here and self.spot is here:
            return self._ask_part(step, question, item, part)  # one of a list gone through again
        return left if value is None else self._record_part(asked, value)

    def _record_part(self, asked: Asked, value: Any, *, removed: bool = False) -> Ended | None:
        if self.spot and not removed and value == asked.default:
            return None
        part = {"removed": True} if removed else {asked.spec.name: value}
        self._recorded(entries.part(asked, part), asked, "" if value is None else str(value))
        return None

    def _end_list(self, asked: Asked, reply: Reply) -> Ended | None:
        fact = asked.question.fact or ""
        if reply.kind == "skip" and not items_of(self.case.facts.get(fact)):
            return self._skip(asked, reply)
        if asked.question.required and not items_of(self.case.facts.get(fact)):
            self.prompter.tell("At least one is needed; :skip leaves it open for now.")
            return None
        if fact in self.case.ended or self._recorded(entries.list_ended(asked), asked):
            self._onward(asked)
        return None

    # -- looking back ------------------------------------------------------------------------

    def _met(
        self, *, before: tuple[Step, Question | None] | None = None, after: Spot | None = None
    ) -> list[Spot]:
        """The questions met so far on one side of a place, in the order of the playbook."""
        rank = self.playbook.rank
        return [
            spot
            for spot in route.met(self.playbook, self.case)
            if (before is None or rank(*spot) < rank(*before))
            and (after is None or rank(*spot) > rank(*after))
        ]

    def _go_back(self, asked: Asked) -> None:
        before = self._met(before=(asked.step, asked.question))
        if before:
            self.spot, self.single = before[-1], False
        else:
            self.prompter.tell("This is the first question.")

    def _onward(self, asked: Asked) -> None:
        """From a question gone back to, on to the next one already met, or to the front."""
        if self.spot is None:
            return
        after = self._met(after=self.spot)
        self.spot = after[0] if after and not self.single else None
        self.single = False

    def _revisit(self, step: Step, question: Question) -> Ended | None:
        """Put a question again whose answer stands; Enter keeps it."""
        self._show(step)
        if question.spec.kind != "items":
            barred = route.findings(step, question, self.case, self._days, "ask")
            if not barred or route.has_answer(step, question, self.case):
                return self._ask(step, question)
            self.spot, self.single = None, False  # it was left out, and is barred still
            return self._at_gate(route.Gate(step, question, barred))
        here = self.spot
        fact = question.fact or ""
        for number, _ in items_of(self.case.facts.get(fact)):
            for part in question.spec.item:
                entry = dict(items_of(self.case.facts.get(fact))).get(number)
                if entry is None or (part.unless and entry.get(part.unless)):
                    continue
                if part.name not in entry:
                    continue
                left = self._ask_part(step, question, number, part)
                if left is not None or self.spot is not here:
                    return left
        following = len(self.case.facts.get(fact) or []) + 1
        left = self._ask_part(step, question, following, question.spec.item[0])
        if len(self.case.facts.get(fact) or []) >= following:
            self.spot = None  # a new entry: its other parts are asked at the front
        return left

    # -- completing --------------------------------------------------------------------------

    def _review(self, step: Step) -> Ended | None:
        """Look the step over; complete it when nothing stops it."""
        missing = route.missing(step, self.case)
        blocks = self._blocks(step)
        warns = (*route.completing(step, self.case, self._days, "warn"), *self.mind(step, self.case))
        rows = screening.rows(self.playbook, step, self.case, missing)
        reply = self.prompter.review(step, rows, blocks, warns)
        if reply.kind == "enter":
            if missing:
                self.prompter.tell("An answer is still missing.")
                self.spot, self.single = (step, missing[0]), True
            elif blocks:
                self.prompter.tell("A rule of the playbook stops this step.")
            else:
                return self._complete(step)
        elif reply.kind == "override" and (blocks or missing):
            self._override(blocks[0] if blocks else screening.excuse(step, missing[0]), reply.text)
        elif reply.kind == "change":
            question = step.question(reply.text)
            self.spot, self.single = ((step, question), True) if question else (None, False)
        elif reply.kind == "back":
            spots = [spot for spot in route.met(self.playbook, self.case) if spot[0] is step]
            self.spot = spots[-1] if spots else None
        else:
            return self._aside(reply)
        return None

    def _blocks(self, step: Step) -> tuple[Finding, ...]:
        found = route.completing(step, self.case, self._days)
        if self._ending(step):
            found += route.closing(self.playbook, self.case, self._days)
        return found

    def _ending(self, step: Step) -> str:
        """How the case ends with this step, where it asks for that."""
        asks = any(q.fact == "followed_up.ending" for q in step.questions)
        return str(self.case.facts.get("followed_up.ending") or "") if asks else ""

    def _complete(self, step: Step) -> Ended | None:
        ending = self._ending(step)
        self._record(entries.completed(step, self.case, ending))
        return Ended("closed", what=ending) if ending else None

    # -- recording ---------------------------------------------------------------------------

    def _recorded(self, entry: Entry, asked: Asked, typed: str = "") -> bool:
        """Store an answer; False where somebody else gave one meanwhile: theirs is shown, and what
        was typed here is offered when the question is put again.
        """
        try:
            self._record([entry], asked)
        except AnsweredMeanwhile as other:
            self.case = self.journal.reload()
            self.typed = (asked.key, asked.spec.name, typed)
            spec = choices_of(self.playbook, asked.question.spec)
            theirs = "" if other.value is None else answers.shown(spec, other.value)
            self.prompter.tell(f"{other.by} answered this meanwhile: {theirs or 'left open'}")
            return False
        return True

    def _record(self, happened: Sequence[Entry], asked: Asked | None = None) -> None:
        """Store before anything else is shown; against the answer that was on screen."""
        standing = self.case.answers.get(asked.key) if asked else None
        seen = {asked.key: standing.seq if standing else 0} if asked else None
        self.case = self.journal.record(happened, seen)


_CHANGES = "revisited.changes"
_KEPT = Spec("kept", "yesno", "Is it kept?", optional=True)
