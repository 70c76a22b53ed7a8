"""The guards: rules of a playbook that the tool enforces, each one class here.

A guard sits on a step or on a question. It never refuses to record what happened: it stops a step
from being entered (`enter`), a question from being asked (`ask`), a step from being completed
(`complete`) or a case from being closed (`close`), until what it wants is so or somebody overrides
it with a reason; at level `warn` it is only said. To add a guard, add its class, and name it in
`GUARDS` and in `AnyGuard`.
"""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Discriminator, Field, Tag

from winback_cli.case import Case, items_of
from winback_cli.conditions import Conditions, Fact, Left, Model, Sentence, Sources, Span, When
from winback_cli.facts import facts
from winback_cli.stages import OfferKind

At = Literal["enter", "ask", "complete", "close"]


class Moment(NamedTuple):
    """What a guard decides from: the case, the user's day, and where in the playbook we stand.

    `prefix` is the stage's model (`contacted`), `fact` that of the question the guard sits on.
    """

    case: Case
    today: date
    weekend: frozenset[int]
    prefix: str = ""
    fact: str = ""


class Finding(NamedTuple):
    """A guard that stops or warns here: one sentence of what, one of why, the rules it comes from."""

    step: str
    question: str | None
    guard: str
    level: str
    say: str
    why: str
    source: tuple[str, ...]


class Named(NamedTuple):
    """A fact that a guard names: the path to it in the file, and the kind that it has to be of."""

    path: tuple[str | int, ...]
    fact: str
    kind: str = ""


class Guard(Model):
    """What all guards share. `say` is the rule in a sentence, `why` its reason in another."""

    kind: ClassVar[str]
    acts: ClassVar[tuple[At, ...]]
    id: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,39})?$")] = ""
    level: Literal["block", "warn"] = "block"
    source: Sources = ()
    say: Sentence
    why: Sentence
    when: Conditions = ()

    @property
    def name(self) -> str:
        """What an override calls it."""
        return self.id or self.kind

    def stops(self, at: At, moment: Moment) -> bool:
        """Whether it finds fault at this point."""
        raise NotImplementedError

    def facts_named(self) -> list[Named]:
        """The facts it names beside its conditions."""
        return []

    def acts_at(self, on_question: bool) -> tuple[At, ...]:
        """When it can find fault, on a question or on a step."""
        return self.acts

    def looks_at(self, prefix: str) -> tuple[str, ...]:
        """The facts of which one has to be known before it can find fault; none: it always can."""
        return ()

    def wants(self) -> tuple[str, ...]:
        """The facts without which it stops, whatever else is so."""
        return ()

    def opens_on(self, moment: Moment) -> tuple[date, date] | None:
        """Where it makes one wait: the day that the question opens, and the day it falls due."""
        return None


class Needs(Guard):
    """Something has to be known before the step is entered or the question is asked."""

    kind = "needs"
    acts = ("enter", "ask")
    needs: Fact

    def facts_named(self) -> list[Named]:
        return [Named(("needs",), self.needs)]

    def wants(self) -> tuple[str, ...]:
        return (self.needs,)

    def stops(self, at: At, moment: Moment) -> bool:
        return at in self.acts and not moment.case.known(self.needs)


class NotHere(Guard):
    """What is not done in this step: an apology, an offer, asking for the business, a reproach (E7)."""

    kind = "not_here"
    acts = ("ask", "complete")
    not_here: tuple[Literal["apology", "offer", "asking", "reproach"], ...] = Field(min_length=1)

    def looks_at(self, prefix: str) -> tuple[str, ...]:
        return (f"{prefix}.slipped",)

    def stops(self, at: At, moment: Moment) -> bool:
        return at in self.acts and moment.case.facts.get(f"{moment.prefix}.slipped") in self.not_here


class WaitTerms(Model):
    """`after` a fact's day, not before `from` later, due by `due` later."""

    after: Fact
    from_: Span = Field(alias="from")
    due: Span


class Wait(Guard):
    """So much time lies between two days; until then the question is not asked."""

    kind = "wait"
    acts = ("ask", "complete")
    wait: WaitTerms

    def facts_named(self) -> list[Named]:
        return [Named(("wait", "after"), self.wait.after, "date")]

    def acts_at(self, on_question: bool) -> tuple[At, ...]:
        return self.acts if on_question else ()

    def wants(self) -> tuple[str, ...]:
        return (self.wait.after,)

    def opens_on(self, moment: Moment) -> tuple[date, date] | None:
        start = moment.case.facts.get(self.wait.after)
        if start is None:
            return None
        day = date.fromisoformat(start)
        opens = self.wait.from_.after(day, moment.weekend)
        return opens, max(opens, self.wait.due.after(day, moment.weekend))

    def stops(self, at: At, moment: Moment) -> bool:
        terms = self.opens_on(moment)
        if at == "ask":
            return terms is None or moment.today < terms[0]
        done = moment.case.facts.get(moment.fact)
        if at != "complete" or terms is None or done is None or facts()[moment.fact].kind != "date":
            return False
        return date.fromisoformat(done) < terms[0]


OPENED = "case.opened"  # no fact: the day on which the case was opened


class ClockTerms(Model):
    """Runs `from` the first of these facts that is known; how long depends on how they left.

    `case.opened`, named last, starts it at once.
    """

    from_: tuple[Fact, ...] = Field(alias="from", min_length=1)
    within: dict[Left, Span] = Field(min_length=1)


class Clock(Guard):
    """From the complaint or the departure to the first contact: shown, and red when over (D1)."""

    kind = "clock"
    acts = ("complete",)
    clock: ClockTerms

    def facts_named(self) -> list[Named]:
        named = enumerate(self.clock.from_)
        return [Named(("clock", "from", n), name, "date") for n, name in named if name != OPENED]

    def looks_at(self, prefix: str) -> tuple[str, ...]:
        return () if OPENED in self.clock.from_ else self.clock.from_

    def deadline(self, moment: Moment) -> date | None:
        """The day by which the first contact is owed; None where it does not run."""
        facts = {OPENED: moment.case.opened_on, **moment.case.facts}
        start = next((facts[name] for name in self.clock.from_ if facts.get(name)), None)
        limits = {str(how): length for how, length in self.clock.within.items()}
        within = limits.get(facts.get("backstory.how_left") or "left") or limits.get("left")
        if start is None or within is None:
            return None
        return within.after(date.fromisoformat(start), moment.weekend)

    def stops(self, at: At, moment: Moment) -> bool:
        first = min((t["on"] for t in moment.case.touches if t.get("on")), default=None)
        deadline = self.deadline(moment)
        if at != "complete" or first is None or deadline is None:
            return False
        return date.fromisoformat(first) > deadline


class AtLeastTerms(Model):
    """How many follow-ups."""

    follow_ups: int = Field(ge=1, le=20)


class AtLeast(Guard):
    """So many follow-ups before closing; nothing is owed where nobody was ever reached (D6)."""

    kind = "at_least"
    acts = ("close",)
    at_least: AtLeastTerms

    def stops(self, at: At, moment: Moment) -> bool:
        case = moment.case
        owed = case.reached or case.known("revisited.sent_on") or case.known("revisited.called_on")
        return at == "close" and owed and follow_ups(case) < self.at_least.follow_ups


class DecisionMaker(Guard):
    """The primary decision-maker was spoken to, or the reason for another is on record (B2.2)."""

    kind = "decision_maker"
    acts = ("complete",)
    decision_maker: Literal["or_reason"]

    def looks_at(self, prefix: str) -> tuple[str, ...]:
        return ("contacted.disposition",)

    def stops(self, at: At, moment: Moment) -> bool:
        facts = moment.case.facts
        return (
            at == "complete"
            and facts.get("contacted.disposition") == "reached"
            and facts.get("contacted.decision_maker") is not True
            and not facts.get("contacted.why_not_decision_maker")
        )


class Changes(Guard):
    """What may be claimed: a change is named, and each is done or dated with an owner (B6.2, C7, D4).

    With `assured`, each also has somebody who gives a personal assurance, by name (C8). With `done`,
    the question is not put while a commitment is open or none is made, and no claim stands over one
    that is opened again (B6.6, C7).
    """

    kind = "changes"
    acts = ("ask", "complete")
    changes: Literal["done_or_dated", "assured", "done"]

    def acts_at(self, on_question: bool) -> tuple[At, ...]:
        return self.acts if on_question or self.changes != "done" else ("ask",)

    def wants(self) -> tuple[str, ...]:
        return ("revisited.changes",)

    def stops(self, at: At, moment: Moment) -> bool:
        promised = moment.case.commitments
        if self.changes == "done":
            claimed = at == "complete" and moment.case.known(moment.fact)
            undone = ("open", "broken") if at == "ask" else ("open",)  # what breaks later was true then
            lacks = not promised or any(c["state"] in undone for c in promised)
            return (at == "ask" or claimed) and lacks
        whole = all(c.get("done") or (c.get("owner") and c.get("due")) for c in promised)
        if self.changes == "assured":
            whole = whole and all(c.get("assured_by") for c in promised)
        return at in self.acts and not (promised and whole)


class ApologyWithChange(Guard):
    """An apology only together with a named change (A5)."""

    kind = "apology"
    acts = ("ask", "complete")
    apology: Literal["with_change"]

    def looks_at(self, prefix: str) -> tuple[str, ...]:
        return ("revisited.apologised",)

    def stops(self, at: At, moment: Moment) -> bool:
        case = moment.case
        sorry = case.facts.get("revisited.apologised") is True
        return at in self.acts and sorry and not case.commitments


class OfferTerms(Model):
    """How many offers, and of which kinds; any kind where none is named."""

    most: int = Field(10, ge=0, le=10)
    kinds: tuple[OfferKind, ...] = ()


class Offers(Guard):
    """At most so many offers at a time (D5), and none but these kinds (A6, C9)."""

    kind = "offers"
    acts = ("ask", "complete")
    offers: OfferTerms

    def looks_at(self, prefix: str) -> tuple[str, ...]:
        return ("revisited.offers",)

    def stops(self, at: At, moment: Moment) -> bool:
        made = items_of(moment.case.facts.get("revisited.offers"))
        kinds = [offer["kind"] for _, offer in made if offer.get("kind")]
        strange = [kind for kind in kinds if self.offers.kinds and kind not in self.offers.kinds]
        return at in self.acts and (len(kinds) > self.offers.most or bool(strange))


class Ripple(Guard):
    """A price concession passes the question who else would ask for it (B5.4)."""

    kind = "ripple"
    acts = ("ask", "complete")
    ripple: Literal["asked"]

    def looks_at(self, prefix: str) -> tuple[str, ...]:
        return ("revisited.offers",)

    def stops(self, at: At, moment: Moment) -> bool:
        made = items_of(moment.case.facts.get("revisited.offers"))
        cheaper = any(offer.get("kind") in ("discount", "voucher") for _, offer in made)
        asked = moment.case.known("decided.price_ripple")
        return at in self.acts and cheaper and not asked


class Expects(Guard):
    """An answer that the playbook wants to be otherwise: the channel, the thanks, the credit given."""

    kind = "expects"
    acts = ("ask", "complete")
    expects: When

    def facts_named(self) -> list[Named]:
        return [Named(("expects", "fact"), self.expects.fact)]

    def looks_at(self, prefix: str) -> tuple[str, ...]:
        return (self.expects.fact,)

    def stops(self, at: At, moment: Moment) -> bool:
        told = moment.case.known(self.expects.fact)
        return at in self.acts and told and not self.expects.holds(moment.case)


GUARDS: tuple[type[Guard], ...] = (
    Needs,
    NotHere,
    Wait,
    Clock,
    AtLeast,
    DecisionMaker,
    Changes,
    ApologyWithChange,
    Offers,
    Ripple,
    Expects,
)


def _kind_of(given: Any) -> str | None:
    """Which guard a map of a playbook is: the one whose key it holds."""
    if isinstance(given, Guard):
        return given.kind
    keys = given if isinstance(given, dict) else {}
    return next((guard.kind for guard in GUARDS if guard.kind in keys), None)


AnyGuard = Annotated[
    Annotated[Needs, Tag("needs")]
    | Annotated[NotHere, Tag("not_here")]
    | Annotated[Wait, Tag("wait")]
    | Annotated[Clock, Tag("clock")]
    | Annotated[AtLeast, Tag("at_least")]
    | Annotated[DecisionMaker, Tag("decision_maker")]
    | Annotated[Changes, Tag("changes")]
    | Annotated[ApologyWithChange, Tag("apology")]
    | Annotated[Offers, Tag("offers")]
    | Annotated[Ripple, Tag("ripple")]
    | Annotated[Expects, Tag("expects")],
    Discriminator(
        _kind_of,
        custom_error_type="no_guard",
        custom_error_message="names no guard; known are " + ", ".join(g.kind for g in GUARDS),
    ),
]


def follow_ups(case: Case) -> int:
    """How often the firm came back after the first talk: kept check-ins, later touches and messages."""
    kept = sum(1 for _, c in items_of(case.facts.get("followed_up.check_ins")) if c.get("kept") is True)
    first = next((n for n, t in enumerate(case.touches) if t.get("disposition") == "reached"), None)
    if first is None:
        first = next((n for n, t in enumerate(case.touches) if t.get("disposition") == "refused"), -1)
    kept += sum(1 for one in case.sent if one.get("stage") in ("last_word", "check_in", "fixed"))
    later = case.touches[first + 1 :] if first >= 0 else []
    return kept + sum(1 for t in later if t.get("disposition") in ("reached", "left_message"))
