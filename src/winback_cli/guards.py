"""The guards: rules of a playbook that the tool enforces, each one class here.

A guard sits on a step or on a question. It never refuses to record what happened: it stops a step
from being entered (`enter`), a question from being asked (`ask`), a step from being completed
(`complete`) or a case from being closed (`close`), until what it wants is so or somebody overrides
it with a reason; at level `warn` it is only said. To add a guard, add its class and name it in
`GUARDS`.
"""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from winback_cli import dates
from winback_cli.case import Case, items_of
from winback_cli.text import clean

At = Literal["enter", "ask", "complete", "close"]
Left = Literal["departing", "upset", "lapsed", "content", "left"]


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


class Model(BaseModel):
    """The ways of every model of a playbook: frozen, closed, quiet about values in its errors."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        str_strip_whitespace=True,
    )


def _span(given: object) -> object:
    if isinstance(given, str):
        found = dates.span(given)
        if found.count < 0:
            raise ValueError("a wait cannot be negative")
        return found
    return given


Span = Annotated[dates.Span, BeforeValidator(_span)]
Fact = Annotated[str, Field(json_schema_extra={"fact": True})]


class When(Model):
    """A condition on one fact. An unknown fact equals nothing."""

    fact: Fact
    is_: str | bool | None = Field(None, alias="is")
    is_not: str | bool | None = None
    one_of: tuple[str, ...] | None = None
    known: bool | None = None

    def holds(self, case: Case) -> bool:
        """Whether the fact is as every key given here says."""
        value = case.facts.get(self.fact)
        if self.fact == "classified.reason" and isinstance(value, str):
            value = value.partition("/")[0]  # a playbook's leaf counts as its reason
        return (
            (self.is_ is None or value == self.is_)
            and (self.is_not is None or value != self.is_not)
            and (self.one_of is None or value in self.one_of)
            and (self.known is None or case.known(self.fact) == self.known)
        )


def _listed(given: object) -> object:
    return (given,) if isinstance(given, dict | When) else given


Conditions = Annotated[tuple[When, ...], BeforeValidator(_listed)]


class Guard(Model):
    """What all guards share. `say` is the rule in a sentence, `why` its reason in another."""

    kind: ClassVar[str]
    id: str = ""
    level: Literal["block", "warn"] = "block"
    source: tuple[str, ...] = ()
    say: Annotated[str, Field(min_length=1), AfterValidator(clean)]
    why: Annotated[str, Field(min_length=1), AfterValidator(clean)]
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

    def opens_on(self, moment: Moment) -> tuple[date, date] | None:
        """Where it makes one wait: the day that the question opens, and the day it falls due."""
        return None


class Needs(Guard):
    """Something has to be known before the step is entered or the question is asked."""

    kind = "needs"
    needs: Fact

    def facts_named(self) -> list[Named]:
        return [Named(("needs",), self.needs)]

    def stops(self, at: At, moment: Moment) -> bool:
        return at in ("enter", "ask") and not moment.case.known(self.needs)


class NotHere(Guard):
    """What is not done in this step: an apology, an offer, asking for the business."""

    kind = "not_here"
    not_here: tuple[Literal["apology", "offer", "asking"], ...] = Field(min_length=1)

    def stops(self, at: At, moment: Moment) -> bool:
        return at == "complete" and moment.case.facts.get(f"{moment.prefix}.slipped") in self.not_here


class WaitTerms(Model):
    """`after` a fact's day, not before `from` later, due by `due` later."""

    after: Fact
    from_: Span = Field(alias="from")
    due: Span


class Wait(Guard):
    """So much time lies between two days; until then the question is not asked."""

    kind = "wait"
    wait: WaitTerms

    def facts_named(self) -> list[Named]:
        return [Named(("wait", "after"), self.wait.after, "date")]

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
        if at != "complete" or terms is None or done is None:
            return False
        return date.fromisoformat(done) < terms[0]


class ClockTerms(Model):
    """Runs `from` the first of these facts that is known; how long depends on how they left."""

    from_: tuple[Fact, ...] = Field(alias="from", min_length=1)
    within: dict[Left, Span] = Field(min_length=1)


class Clock(Guard):
    """From the complaint or the departure to the first contact: shown, and red when over (D1)."""

    kind = "clock"
    clock: ClockTerms

    def facts_named(self) -> list[Named]:
        return [Named(("clock", "from", n), name, "date") for n, name in enumerate(self.clock.from_)]

    def deadline(self, moment: Moment) -> date | None:
        """The day by which the first contact is owed; None where it does not run."""
        facts = moment.case.facts
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
    at_least: AtLeastTerms

    def stops(self, at: At, moment: Moment) -> bool:
        case = moment.case
        owed = case.reached or case.known("revisited.sent_on") or case.known("revisited.called_on")
        return at == "close" and owed and follow_ups(case) < self.at_least.follow_ups


class DecisionMaker(Guard):
    """The primary decision-maker was spoken to, or the reason for another is on record (B2.2)."""

    kind = "decision_maker"
    decision_maker: Literal["or_reason"]

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

    With `done`, the question is not put while a commitment is open (B6.6).
    """

    kind = "changes"
    changes: Literal["done_or_dated", "done"]

    def stops(self, at: At, moment: Moment) -> bool:
        promised = moment.case.commitments
        if self.changes == "done":
            return at == "ask" and any(c["state"] != "kept" for c in promised)
        whole = all(c.get("done") or (c.get("owner") and c.get("due")) for c in promised)
        return at in ("ask", "complete") and not (promised and whole)


class ApologyWithChange(Guard):
    """An apology only together with a named change (A5)."""

    kind = "apology"
    apology: Literal["with_change"]

    def stops(self, at: At, moment: Moment) -> bool:
        case = moment.case
        sorry = case.facts.get("revisited.apologised") is True
        return at in ("ask", "complete") and sorry and not case.commitments


class OfferTerms(Model):
    """How many offers."""

    most: int = Field(ge=0, le=10)


class Offers(Guard):
    """At most so many offers at a time (D5)."""

    kind = "offers"
    offers: OfferTerms

    def stops(self, at: At, moment: Moment) -> bool:
        made = items_of(moment.case.facts.get("revisited.offers"))
        count = sum(1 for _, o in made if o.get("kind"))
        return at in ("ask", "complete") and count > self.offers.most


class Ripple(Guard):
    """A price concession passes the question who else would ask for it (B5.4)."""

    kind = "ripple"
    ripple: Literal["asked"]

    def stops(self, at: At, moment: Moment) -> bool:
        made = items_of(moment.case.facts.get("revisited.offers"))
        cheaper = any(offer.get("kind") in ("discount", "voucher") for _, offer in made)
        asked = moment.case.known("decided.price_ripple")
        return at in ("ask", "complete") and cheaper and not asked


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
    | Annotated[Ripple, Tag("ripple")],
    Discriminator(
        _kind_of,
        custom_error_type="no_guard",
        custom_error_message="names no guard; known are " + ", ".join(g.kind for g in GUARDS),
    ),
]


def follow_ups(case: Case) -> int:
    """How often the firm came back after the first talk: kept check-ins and later touches."""
    kept = sum(1 for _, c in items_of(case.facts.get("followed_up.check_ins")) if c.get("kept") is True)
    first = next((n for n, t in enumerate(case.touches) if t.get("disposition") == "reached"), None)
    if first is None:
        first = next((n for n, t in enumerate(case.touches) if t.get("disposition") == "refused"), -1)
    later = case.touches[first + 1 :] if first >= 0 else []
    return kept + sum(1 for t in later if t.get("disposition") in ("reached", "left_message"))
