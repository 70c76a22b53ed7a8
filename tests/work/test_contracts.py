"""What every built-in playbook keeps, walked with answers files that are made from the playbook alone.

A new playbook is a file in playbooks/ and no line here; a new guard is one line of `AGAINST`.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from winback_cli import answersfile, library, proofreading, route, yamltext
from winback_cli.answers import Customs
from winback_cli.answersfile import FilePrompter, Script
from winback_cli.case import REACHED, Case, Entry
from winback_cli.conditions import When
from winback_cli.errors import Refused
from winback_cli.facts import facts
from winback_cli.guards import (
    GUARDS,
    OPENED,
    ApologyWithChange,
    AtLeast,
    Changes,
    Clock,
    DecisionMaker,
    Expects,
    Finding,
    Guard,
    Needs,
    NotHere,
    Offers,
    Ripple,
    Wait,
)
from winback_cli.journal import Journal, Rehearsal
from winback_cli.playbook import Playbook, Question, Step
from winback_cli.prompter import Asked, Ended, Reply, Row, Scene
from winback_cli.stages import OfferKind, Stage
from winback_cli.walk import Walk

NOWHERE = Path("/nowhere")
ALL = {name: library.load(name, NOWHERE).playbook for name in library.files(NOWHERE)}
# How one customer is won back; the firm's own questionnaire is walked in tests/trade/test_trust.py.
PLAYBOOKS = {name: book for name, book in ALL.items() if book.subject == "customer"}
FILES = {name: path for name, path in library.files(NOWHERE).items() if name in PLAYBOOKS}
RULES = library.rules()
MONDAY = date(2026, 3, 2)
CUSTOMS = Customs(MONDAY)

# By playbook, so that a worker of pytest-xdist that has walked one has its tests too.
every_playbook = pytest.mark.parametrize("name", sorted(FILES), scope="module")

Place = tuple[str, str | None, str]  # step, question, guard
Forced = tuple[str, Any]  # a fact and the value it gets; None leaves it out of the file


# -- a file made from a playbook -------------------------------------------------------------

LONG_AGO = "-90d"  # before every wait
ROUTE = (
    "backstory.how_left",
    "backstory.worth_it",
    "contacted.disposition",
    "decided.verdict",
    "revisited.response",
    "followed_up.ending",
)
MANY = 8  # a fact with more choices gets those that conditions name, and one more
WORDS = {"text": "Some words.", "line": "Some words", "money": "900 EUR", "number": 3}


def questions(playbook: Playbook, fact: str = "") -> list[tuple[Step, Question]]:
    """Every question with its step; with `fact`, those that ask for it."""
    return [(s, q) for s in playbook.steps for q in s.questions if fact in ("", q.fact)]


def guards_of(playbook: Playbook, kind: type[Guard]) -> list[Any]:
    return [guard for _, _, guard in playbook.guards() if isinstance(guard, kind)]


def fitting(playbook: Playbook, question: Question) -> Any:
    """The answer of a walk in which all goes well: what Enter would take, the first choice, a yes."""
    spec = question.spec
    if spec.kind == "items":
        follow_ups = [guard.at_least.follow_ups for guard in guards_of(playbook, AtLeast)]
        count = max(follow_ups, default=1) if spec.name == "followed_up.check_ins" else 1
        return [entry(playbook, spec.name) for _ in range(count)]
    if spec.kind == "date":
        return _past(playbook, question) if spec.past else "+30d"
    if spec.kind in WORDS:
        return WORDS[spec.kind]
    wanted = [g.expects for g in guards_of(playbook, Expects) if g.expects.fact == spec.name]
    preferred = [] if question.default is None else [question.default]
    return next(
        value
        for value in [*preferred, *(spec.choices or (True, False))]
        if all(condition.holds(Case("", facts={spec.name: value})) for condition in wanted)
    )


def _past(playbook: Playbook, question: Question) -> str:
    """A day on which the waits before it are over and those after it can be: the last is today."""
    waits = [q for _, q in questions(playbook) if any(isinstance(guard, Wait) for guard in q.guards)]
    to_come = waits[waits.index(question) + 1 :] if question in waits else waits
    return f"-{90 * len(to_come)}d"


def entry(playbook: Playbook, fact: str, **parts: Any) -> dict[str, Any]:
    """A whole entry of a list, with these parts in it as given; None leaves one out."""
    spec = facts()[fact]
    made: dict[str, Any] = {}
    for part in spec.item:
        if part.kind == "date":
            over = any(other.waits_for == part.name for other in spec.item)
            made[part.name] = "-3d" if over or part.past else "+30d"
        else:
            made[part.name] = WORDS.get(part.kind) or next(iter(part.choices), True)
    kinds = [kind for guard in guards_of(playbook, Offers) for kind in guard.offers.kinds]
    if fact == "revisited.offers" and kinds:
        made["kind"] = kinds[0].value
    return {key: value for key, value in (made | parts).items() if value is not None}


def answers_of(playbook: Playbook, forced: Sequence[Forced] = (), override: Sequence[Place] = ()) -> Any:
    """The answers file, as plain data. Where a required answer is left out, it says so."""
    given = {s.id: {q.key: fitting(playbook, q) for q in s.questions} for s in playbook.steps}
    places = list(override)
    for fact, value in forced:
        for step, question in questions(playbook, fact):
            given[step.id].pop(question.key, None)
            if value is not None:
                given[step.id][question.key] = value
            elif question.required:
                places.append((step.id, question.key, "required"))
    keys = ("step", "question", "guard")
    told = [dict(zip(keys, place, strict=True)) | {"because": "it is a test"} for place in places]
    return {"answers": given, "override": [{k: v for k, v in one.items() if v} for one in told]}


def everywhere(playbook: Playbook) -> list[Place]:
    """Every place at which something can be overridden."""
    required = [(s.id, q.key, "required") for s, q in questions(playbook) if q.required]
    return [*(place(*there) for there in playbook.guards()), *required]


def place(step: Step, question: Question | None, guard: Guard) -> Place:
    return step.id, question.key if question else None, guard.name


def place_of(finding: Finding) -> Place:
    return finding.step, finding.question, finding.guard


def at(there: Place) -> str:
    """A place in words: `revisit.sent_on: changes`."""
    step, question, guard = there
    return f"{step}{'.' + question if question else ''}: {guard}"


# -- walking it ------------------------------------------------------------------------------


class Watching(FilePrompter):
    """Answers from the file, and remembers what it was asked, told and stopped by."""

    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self.asked: dict[tuple[str, str], Asked] = {}
        self.scenes: list[Scene] = []
        self.warned: list[Finding] = []
        self.stopped: Finding | None = None
        self.prompts = 0

    def _count(self) -> None:
        self.prompts += 1
        assert self.prompts < 500, f"asked in circles, lately {list(self.asked)[-3:]}"

    def enter(self, scene: Scene) -> None:
        self.scenes.append(scene)

    def ask(self, asked: Asked) -> Reply:
        self._count()
        self.asked.setdefault((asked.step.id, asked.question.key), asked)
        return super().ask(asked)

    def gate(self, step: Step, findings: Sequence[Finding], case: Case) -> Reply:
        self._count()
        self.stopped = findings[0]
        return super().gate(step, findings, case)

    def waits(self, ended: Ended, step: Step, question: Question) -> Reply:
        self._count()
        self.stopped = ended.finding
        return super().waits(ended, step, question)

    def review(
        self, step: Step, rows: Sequence[Row], blocks: Sequence[Finding], warns: Sequence[Finding]
    ) -> Reply:
        self._count()
        self.stopped = blocks[0] if blocks else None
        self.warned += warns
        return super().review(step, rows, blocks, warns)


class Way(NamedTuple):
    """A walk that came to its end. `end` is closed, not_reached, waiting, or the guard that stopped
    it: `revisit.sent_on: changes`.
    """

    end: str
    told: str
    case: Case
    who: Watching
    until: date | None = None  # where it waits

    def warned(self) -> set[Place]:
        return {place_of(finding) for finding in self.who.warned}

    def overridden(self) -> set[Place]:
        return {(o["step"], o.get("question"), o["guard"]) for o in self.case.overrides}


def walk(playbook: Playbook, forced: Sequence[Forced] = (), override: Sequence[Place] = ()) -> Way:
    """Walk a new case with a generated file."""
    anywhere: Any = defaultdict(lambda: (1, 1))
    tree = yamltext.Tree(answers_of(playbook, forced, override), anywhere, anywhere, [])
    script, problems = answersfile.check(tree, "generated", playbook, CUSTOMS)
    assert problems == []
    journal = Rehearsal((), MONDAY)
    about = {"playbook": playbook.name, "version": playbook.version, "digest": ""}
    journal.record([Entry("opened", about, dict(forced).get(OPENED, ""))])
    who = Watching(script)
    keep = Journal(journal.record, journal.case)
    try:
        ended = Walk(playbook, journal.case(), who, keep, CUSTOMS).run()
    except Refused as refused:
        assert who.stopped is not None
        return Way(at(place_of(who.stopped)), refused.message, journal.case(), who)
    if ended.kind == "waiting" and ended.finding:
        said = f"{ended.finding.say} {ended.finding.why}"
        return Way(at(place_of(ended.finding)), said, journal.case(), who, ended.until)
    return Way(ended.kind, "", journal.case(), who)


# -- every route -----------------------------------------------------------------------------


def conditions(playbook: Playbook) -> list[When]:
    """Every condition of the playbook."""
    found = [c for step in playbook.steps for c in step.when]
    found += [c for _, question in questions(playbook) for c in question.when]
    return found + [c for _, _, guard in playbook.guards() for c in guard.when]


def branches(playbook: Playbook) -> Iterator[Forced]:
    """Every other value of each fact that a branch hangs on; other than in the walk that goes well."""
    named = [condition.fact for condition in conditions(playbook)]
    for fact in dict.fromkeys([*ROUTE, *named]):
        asked = questions(playbook, fact)
        if not asked:
            continue
        usual = fitting(playbook, asked[0][1])
        yield from ((fact, value) for value in _values(playbook, fact) if value != usual)


def _values(playbook: Playbook, fact: str) -> list[Any]:
    on_it = [condition for condition in conditions(playbook) if condition.fact == fact]
    spec = facts()[fact]
    named = [value for c in on_it for value in (c.is_, c.is_not, *(c.one_of or ())) if value is not None]
    values: list[Any] = [True, False] if spec.kind == "yesno" else list(spec.choices or named)
    if len(values) > MANY:
        values = [v for v in values if v in named] + [v for v in values if v not in named][:1]
    return [*values, None] if any(condition.known is not None for condition in on_it) else values


@cache
def walked(name: str, forced: tuple[Forced, ...] = ()) -> Way:
    return walk(PLAYBOOKS[name], forced)


def every_way(name: str) -> Iterator[tuple[tuple[Forced, ...], Way]]:
    """The walk that goes well; each other value alone; and each pair of them.

    Where a value keeps another's question from being asked, the pair walks as the one alone.
    """
    other = list(branches(PLAYBOOKS[name]))
    yield from ((forced, walked(name, forced)) for forced in [(), *((one,) for one in other)])
    for one, two in combinations(other, 2):
        if one[0] != two[0] and _asks(name, one, two[0]) and _asks(name, two, one[0]):
            yield (one, two), walked(name, (one, two))


def _asks(name: str, forced: Forced, fact: str) -> bool:
    return any(asked.question.fact == fact for asked in walked(name, (forced,)).who.asked.values())


# -- it is a playbook ------------------------------------------------------------------------


@every_playbook
def test_it_loads_with_no_mistakes_and_no_doubts(name: str) -> None:
    playbook = library.load(name, NOWHERE).playbook

    assert proofreading.mistakes(playbook) == []
    assert proofreading.doubts(playbook, RULES) == []


@every_playbook
def test_the_quick_parser_reads_it_to_its_end(name: str) -> None:
    events = list(yamltext._events(library.source(FILES[name]), pure=False))

    assert type(events[-1]).__name__ == "StreamEndEvent"


@every_playbook
def test_every_step_question_and_guard_names_rules_that_there_are(name: str) -> None:
    playbook = PLAYBOOKS[name]
    cited = {step.id: step.source for step in playbook.steps}
    cited |= {f"{step.id}.{q.key}": q.source for step, q in questions(playbook)}
    cited |= {at(place(*there)): there[2].source for there in playbook.guards()}

    assert [place for place, ids in cited.items() if not ids] == []
    assert [(place, one) for place, ids in cited.items() for one in ids if one not in RULES] == []


OWN_RULES = {
    "A": "second-chance",
    "B": "six-steps",
    "C": "lapsed-list",
    "D": "service-recovery",
    "E": "trust",
}


@pytest.mark.parametrize(("document", "name"), OWN_RULES.items())
def test_each_must_of_a_document_is_cited_by_its_own_playbook(document: str, name: str) -> None:
    musts = {
        rule
        for rule, about in RULES.items()
        if rule.startswith(document) and about["must"] and about["stage"] != "programme"
    }

    assert len(musts) > 5
    assert musts - PLAYBOOKS[name].cited() == set()


# -- a case goes from its opening to its follow-up -------------------------------------------


@every_playbook
@pytest.mark.parametrize(
    "fact", ["backstory.how_left", "contacted.disposition", "decided.verdict", "followed_up.ending"]
)
def test_it_asks_what_a_case_cannot_do_without(name: str, fact: str) -> None:
    assert [q.required for _, q in questions(PLAYBOOKS[name], fact)] == [True]


@every_playbook
def test_its_last_step_is_on_the_follow_up_is_always_entered_and_always_asks_for_the_ending(
    name: str,
) -> None:
    last = PLAYBOOKS[name].steps[-1]
    endings = [q for q in last.questions if q.fact == "followed_up.ending"]

    assert last.stage == Stage.FOLLOW_UP
    assert last.when == ()
    assert [q.when for q in endings] == [()]


@every_playbook
def test_a_file_in_which_all_goes_well_closes_the_case_with_no_override_and_no_warning(name: str) -> None:
    way = walked(name)

    assert way.end == "closed"
    assert way.overridden() == set()
    assert way.warned() == set()
    assert route.breaches(PLAYBOOKS[name], way.case, route.Days(MONDAY)) == ()


@every_playbook
def test_a_generated_file_says_the_same_as_text(name: str) -> None:
    data = answers_of(PLAYBOOKS[name])

    tree, problem = yamltext.read(json.dumps(data, indent=1))
    script, problems = answersfile.check(tree, "generated", PLAYBOOKS[name], CUSTOMS)

    assert (problem, problems) == (None, [])
    assert script == walked(name).who.script


# -- every route ends, and every branch is walked --------------------------------------------


@every_playbook
def test_every_route_ends_closed_or_unreached_or_at_a_guard_against_what_was_forced_on_it(
    name: str,
) -> None:
    playbook = PLAYBOOKS[name]
    about = {
        at(place(step, question, guard)): {*guard.wants(), *guard.looks_at(step.prefix)}
        for step, question, guard in playbook.guards()
    }

    strange = [
        (forced, way.end)
        for forced, way in every_way(name)
        if way.end not in ("closed", "not_reached")
        and not about.get(way.end, set()) & {fact for fact, _ in forced}
    ]

    assert strange == []


@every_playbook
def test_a_route_ends_unreached_just_where_the_contact_reached_nobody(name: str) -> None:
    wrong = [
        forced
        for forced, way in every_way(name)
        if (way.end == "not_reached") != any(t["disposition"] not in REACHED for t in way.case.touches)
    ]

    assert wrong == []


@every_playbook
def test_a_case_ends_as_the_file_says(name: str) -> None:
    closed = [way.case for _, way in every_way(name) if way.end == "closed"]

    endings = {(case.outcome or case.status, case.facts["followed_up.ending"]) for case in closed}

    assert {ending for ending, _ in endings} >= {"won", "lost", "released", "dormant"} - _refused(name)
    assert all(ending == said for ending, said in endings)


def _refused(name: str) -> set[str]:
    """The endings that the playbook does not take without a reason."""
    wanted = [g.expects for g in guards_of(PLAYBOOKS[name], Expects) if g.level == "block"]
    endings = facts()["followed_up.ending"].choices
    return {
        ending
        for ending in endings
        for condition in wanted
        if condition.fact == "followed_up.ending"
        and not condition.holds(Case("", facts={"followed_up.ending": ending}))
    }


@every_playbook
def test_every_question_is_asked_on_some_route(name: str) -> None:
    asked = {place for _, way in every_way(name) for place in way.who.asked}

    assert {(step.id, q.key) for step, q in questions(PLAYBOOKS[name])} - asked == set()


@every_playbook
def test_every_step_with_a_condition_is_gone_through_on_one_route_and_left_out_on_another(
    name: str,
) -> None:
    conditional = {step.id for step in PLAYBOOKS[name].steps if step.when}
    closed = [set(way.case.done) for _, way in every_way(name) if way.end == "closed"]

    assert conditional - set.union(*closed) == set()
    assert conditional & set.intersection(*closed) == set()


@every_playbook
def test_with_every_guard_overridden_every_route_closes_unless_nobody_was_reached(name: str) -> None:
    playbook = PLAYBOOKS[name]
    stopped = [forced for forced, way in every_way(name) if way.end not in ("closed", "not_reached")]

    ends = {forced: walk(playbook, forced, everywhere(playbook)).end for forced in stopped}

    assert [forced for forced, end in ends.items() if end != "closed"] == []


# -- every guard -----------------------------------------------------------------------------

Against = Callable[[Playbook, Step, Question | None, Any], list[list[Forced]]]


def _late(playbook: Playbook, step: Step, question: Question | None, guard: Clock) -> list[list[Forced]]:
    how_left = next(str(how) for how in guard.clock.within if how != "left")
    asked = [fact for fact in guard.clock.from_ if fact != OPENED]
    late: list[Forced] = [("backstory.how_left", how_left), ("contacted.on", "today")]
    found = [[*late, *((fact, LONG_AGO) for fact in asked)]]
    if OPENED in guard.clock.from_:
        opened = (MONDAY - timedelta(days=90)).isoformat()
        found.append([*late, *((fact, None) for fact in asked), (OPENED, opened)])
    return found


def _changed(
    playbook: Playbook, step: Step, question: Question | None, guard: Changes
) -> list[list[Forced]]:
    said: dict[str, Any] = {
        "done_or_dated": None,
        "done": [entry(playbook, "revisited.changes", done=False)],
        "assured": [entry(playbook, "revisited.changes", assured_by=None)],
    }
    return [[("revisited.changes", said[guard.changes])]]


def _offered(
    playbook: Playbook, step: Step, question: Question | None, guard: Offers
) -> list[list[Forced]]:
    terms = guard.offers
    one = entry(playbook, "revisited.offers")
    found: list[list[Forced]] = []
    if terms.most < 10:
        found.append([("revisited.offers", [one] * (terms.most + 1))])
    if terms.kinds:
        found += [
            [("revisited.offers", [one | {"kind": kind.value}])]
            for kind in OfferKind
            if kind not in terms.kinds
        ]
    return found


def _given_way(
    playbook: Playbook, step: Step, question: Question | None, guard: Ripple
) -> list[list[Forced]]:
    offers = [[entry(playbook, "revisited.offers", kind=kind)] for kind in ("discount", "voucher")]
    return [[("revisited.offers", offer), ("decided.price_ripple", None)] for offer in offers]


def _other(playbook: Playbook, step: Step, question: Question | None, guard: Expects) -> list[list[Forced]]:
    fact = guard.expects.fact
    values = facts()[fact].choices or (True, False)
    return [[(fact, v)] for v in values if not guard.expects.holds(Case("", facts={fact: v}))]


def _too_soon(playbook: Playbook, step: Step, question: Question | None, guard: Wait) -> list[list[Forced]]:
    assert question is not None
    day, asked = guard.wait.after, question.fact or ""
    found: list[list[Forced]] = [[(day, "today")], [(day, LONG_AGO), (asked, LONG_AGO)]]
    if all(condition.fact != day for condition in (*step.when, *question.when)):
        found.append([(day, None)])
    return found


# By kind of guard: what in a file makes it find fault, each a way of its own.
AGAINST: dict[type[Guard], Against] = {
    Needs: lambda playbook, step, question, guard: [[(guard.needs, None)]],
    NotHere: lambda playbook, step, question, guard: [
        [(f"{step.prefix}.slipped", slip)] for slip in guard.not_here
    ],
    Wait: _too_soon,
    Clock: _late,
    AtLeast: lambda playbook, step, question, guard: [[("followed_up.check_ins", None)]],
    DecisionMaker: lambda playbook, step, question, guard: [
        [("contacted.decision_maker", False), ("contacted.why_not_decision_maker", None)]
    ],
    Changes: _changed,
    ApologyWithChange: lambda playbook, step, question, guard: [
        [("revisited.apologised", True), ("revisited.changes", None)]
    ],
    Offers: _offered,
    Ripple: _given_way,
    Expects: _other,
}


def _less(place: Any, guard: Guard) -> Any:
    """A step or a question without one of its guards."""
    return place.model_copy(update={"guards": tuple(one for one in place.guards if one is not guard)})


class Post(NamedTuple):
    """A guard of a playbook, at its place."""

    name: str
    step: Step
    question: Question | None
    guard: Guard

    @property
    def place(self) -> Place:
        return place(self.step, self.question, self.guard)

    def others(self) -> list[Place]:
        """Every other place: overridden, so that nothing but this guard can stop a walk."""
        return [place for place in everywhere(PLAYBOOKS[self.name]) if place != self.place]

    def removed(self) -> Playbook:
        """The playbook without this guard."""
        playbook = PLAYBOOKS[self.name]
        step = _less(self.step, self.guard)
        if self.question:
            fewer = _less(self.question, self.guard)
            asked = tuple(fewer if q is self.question else q for q in self.step.questions)
            step = self.step.model_copy(update={"questions": asked})
        steps = tuple(step if one is self.step else one for one in playbook.steps)
        return playbook.model_copy(update={"steps": steps})

    def against(self) -> list[list[Forced]]:
        """Files on a route that comes by the guard, in each of which it has to find fault."""
        ways = AGAINST[type(self.guard)](PLAYBOOKS[self.name], self.step, self.question, self.guard)
        on_the_way = next(forced for forced, way in every_way(self.name) if self._comes_by(way))
        return [[*on_the_way, *forced] for forced in ways]

    def _comes_by(self, way: Way) -> bool:
        met = (self.step.id, self.question.key) in way.who.asked if self.question else True
        return (
            way.end == "closed"
            and met
            and self.place not in way.warned()
            and self.step.id in way.case.done
            and all(condition.holds(way.case) for condition in self.guard.when)
        )


POSTS = [Post(name, *there) for name, playbook in PLAYBOOKS.items() for there in playbook.guards()]


def every_guard(level: str, kind: type[Guard] = Guard) -> pytest.MarkDecorator:
    posts = [post for post in POSTS if post.guard.level == level and isinstance(post.guard, kind)]
    return pytest.mark.parametrize("post", posts, ids=[f"{post.name} {at(post.place)}" for post in posts])


def test_every_kind_of_guard_has_a_line_that_says_what_goes_against_it() -> None:
    assert set(AGAINST) == set(GUARDS)


@every_guard("block")
def test_a_guard_stops_what_goes_against_it_alone_and_lets_it_by_for_a_reason(post: Post) -> None:
    playbook, others, files = PLAYBOOKS[post.name], post.others(), post.against()
    assert files

    for forced in files:
        stopped = walk(playbook, forced, others)
        past = walk(playbook, forced, [*others, post.place])
        unguarded = walk(post.removed(), forced, others)

        assert stopped.end == at(post.place), forced
        assert stopped.told == f"{post.guard.say} {post.guard.why}"
        assert post.place not in stopped.overridden()
        assert (past.end, unguarded.end) == ("closed", "closed"), forced
        assert post.place in past.overridden()


@every_guard("block", Wait)
def test_a_walk_that_comes_too_soon_is_told_the_day_to_come_back(post: Post) -> None:
    terms = post.guard.wait

    way = walk(PLAYBOOKS[post.name], [(terms.after, "today")], post.others())

    assert way.until == terms.from_.after(MONDAY)
    assert way.until > MONDAY


@every_guard("warn")
def test_a_guard_that_warns_says_so_and_stops_nothing(post: Post) -> None:
    playbook, others, files = PLAYBOOKS[post.name], post.others(), post.against()
    assert files

    for forced in files:
        warned = walk(playbook, forced, others)
        unguarded = walk(post.removed(), forced, others)
        breached = route.breaches(playbook, warned.case, route.Days(MONDAY))

        assert (warned.end, unguarded.end) == ("closed", "closed"), forced
        assert post.place in warned.warned(), forced
        assert post.place in {place_of(finding) for finding in breached}
        assert post.place not in unguarded.warned()


# -- where the documents contradict each other -----------------------------------------------


def end(name: str, *forced: Forced) -> str:
    """How the walk ends with these answers: closed, or at which guard."""
    return walk(PLAYBOOKS[name], forced).end


def offer(name: str, kind: str) -> Forced:
    return "revisited.offers", [entry(PLAYBOOKS[name], "revisited.offers", kind=kind)]


def open_promise(name: str) -> Forced:
    return "revisited.changes", [entry(PLAYBOOKS[name], "revisited.changes", done=False)]


def enter_takes(way: Way, step: str, question: str) -> Any:
    return way.who.asked[step, question].default


def clocks(name: str, *forced: Forced) -> dict[str, date | None]:
    """The day by which contact is owed, as each step shows it."""
    scenes = walk(PLAYBOOKS[name], forced).who.scenes
    return {scene.step.id: scene.clock and scene.clock[0] for scene in scenes}


def test_six_steps_takes_no_apology_at_the_contact() -> None:
    assert end("six-steps", ("contacted.slipped", "apology")) == "contact: not_here"


def test_six_steps_takes_no_plea_in_the_message() -> None:
    assert end("six-steps", ("revisited.slipped", "asking")) == "revisit.sent_on: not_here"


def test_six_steps_never_asks_for_the_business() -> None:
    assert questions(PLAYBOOKS["six-steps"], "followed_up.asked_again") == []


def test_second_chance_needs_an_apology() -> None:
    assert end("second-chance", ("revisited.apologised", False)) == "apology.apologised: expects"


def test_second_chance_needs_a_change_together_with_the_apology() -> None:
    assert end("second-chance", ("revisited.changes", None)) == "apology.apologised: apology"


def test_second_chance_has_nothing_against_an_apology_before_the_revisit() -> None:
    forbidding = [
        step.id
        for step, _, guard in PLAYBOOKS["second-chance"].guards()
        if isinstance(guard, NotHere) and "apology" in guard.not_here
    ]

    assert forbidding == []


def test_trust_asks_again_for_the_business_in_its_revisit_stage() -> None:
    asking = questions(PLAYBOOKS["trust"], "followed_up.asked_again")

    assert [step.stage for step, _ in asking] == [Stage.REVISIT]
    assert ("meet", "asked_again") in walked("trust").who.asked


def test_trust_asks_again_only_when_the_changes_are_done() -> None:
    way = walk(PLAYBOOKS["trust"], [open_promise("trust")])

    assert way.end == "meet.sent_on: changes"
    assert ("meet", "asked_again") not in way.who.asked


def test_the_clock_of_service_recovery_runs_from_the_opening_of_a_case_that_knows_nothing() -> None:
    case = Case("7.1", opened_on=MONDAY.isoformat())

    owed = route.clock(PLAYBOOKS["service-recovery"], case, route.Days(MONDAY))

    assert owed is not None
    assert owed[0] == MONDAY + timedelta(days=1)


@pytest.mark.parametrize("how_left", ["departing", "upset", "lapsed"])
def test_the_clock_of_service_recovery_is_there_until_the_contact(how_left: str) -> None:
    undated: list[Forced] = [("backstory.complained_on", None), ("backstory.left_on", None)]

    shown = clocks("service-recovery", ("backstory.how_left", how_left), *undated)

    assert (shown["known"], shown["act"]) == (MONDAY + timedelta(days=1),) * 2
    assert set(shown.values()) == {MONDAY + timedelta(days=1), None}
    assert shown["own"] is None


def test_service_recovery_counts_from_the_complaint_where_it_knows_of_one() -> None:
    complained = ("backstory.complained_on", "2026-02-27")

    assert clocks("service-recovery", complained) == {
        "known": MONDAY + timedelta(days=1),
        "act": MONDAY,
        "own": None,
        "thank": None,
        "prevent": None,
        "solution": None,
        "follow_up": None,
    }


@pytest.mark.parametrize("kind", list(OfferKind))
@pytest.mark.parametrize(
    ("name", "taken", "stop"),
    [
        ("lapsed-list", ("discount", "voucher", "loyalty_card"), "incentive: offers"),
        ("second-chance", ("trial", "refund_guarantee"), "easy: offers"),
    ],
)
def test_lapsed_list_takes_what_counts_at_the_till_and_second_chance_what_takes_the_risk_away(
    name: str, taken: Sequence[str], stop: str, kind: OfferKind
) -> None:
    assert end(name, offer(name, kind)) == ("closed" if kind in taken else stop)


@pytest.mark.parametrize(
    ("response", "ending"), [("thinking", "dormant"), ("not_now", "dormant"), ("no", "lost")]
)
def test_lapsed_list_accepts_the_end_where_they_say_no(response: str, ending: str) -> None:
    way = walked("lapsed-list", (("revisited.response", response),))

    assert enter_takes(way, "accept", "ending") == ending
    assert enter_takes(walked("lapsed-list"), "accept", "ending") == "won"


# -- how standard rules between them ---------------------------------------------------------


def standard(*forced: Forced) -> Way:
    return walk(PLAYBOOKS["standard"], forced)


def test_standard_takes_no_apology_at_the_contact_and_takes_one_once_it_has_listened() -> None:
    assert end("standard", ("contacted.slipped", "apology")) == "contact: not_here"
    assert end("standard", ("heard.why_left", None)) == "revisit.apologised: needs"
    assert end("standard", ("heard.apologised", True), ("revisited.apologised", True)) == "closed"


def test_standard_goes_straight_to_the_apology_where_the_answers_are_known_and_marks_them_so() -> None:
    straight = standard(("backstory.known_already", True))

    assert straight.end == "closed"
    assert "contact" not in straight.case.done
    assert straight.case.answers["listen.why_left"].how == "known"
    assert walked("standard").case.answers["listen.why_left"].how == "asked"


def test_standard_asks_for_the_business_in_the_follow_up_and_never_in_the_message() -> None:
    asking = questions(PLAYBOOKS["standard"], "followed_up.asked_again")

    assert end("standard", ("revisited.slipped", "asking")) == "revisit.sent_on: not_here"
    assert [step.stage for step, _ in asking] == [Stage.FOLLOW_UP]
    assert ("follow_up", "asked_again") in standard(("revisited.response", "thinking")).who.asked
    assert ("follow_up", "asked_again") not in walked("standard").who.asked  # they come back already
    assert ("follow_up", "asked_again") not in standard(("revisited.pointed_out", None)).who.asked


@pytest.mark.parametrize(
    ("how_left", "owed"),
    [("departing", MONDAY), ("upset", MONDAY), ("lapsed", None), ("content", None)],
)
def test_standard_hurries_by_how_they_left(how_left: str, owed: date | None) -> None:
    lost = ("backstory.left_on", "2026-02-27"), ("backstory.complained_on", "2026-02-27")

    assert clocks("standard", ("backstory.how_left", how_left), *lost)["contact"] == owed


@pytest.mark.parametrize("kind", list(OfferKind))
def test_standard_takes_any_offer_and_a_cheaper_price_once_it_is_known_who_else_would_ask(
    kind: OfferKind,
) -> None:
    unasked: Forced = ("decided.price_ripple", None)
    cheaper = kind in ("discount", "voucher")

    assert end("standard", offer("standard", kind)) == "closed"
    assert end("standard", offer("standard", kind), unasked) == (
        "revisit.sent_on: ripple" if cheaper else "closed"
    )


@pytest.mark.parametrize(
    "no", [("revisited.response", "no"), ("contacted.disposition", "refused"), ("heard.refused", True)]
)
def test_after_a_plain_no_standard_owes_one_follow_up_and_then_lets_the_case_sleep(no: Forced) -> None:
    assert end("standard", no, ("followed_up.check_ins", None)) == "follow_up: at_least"
    assert enter_takes(standard(no), "follow_up", "ending") == "dormant"


def test_standard_asks_for_the_worth_at_first_sight_and_lets_go_before_any_contact_owing_nothing() -> None:
    way = standard(("backstory.worth_it", "no"), ("followed_up.check_ins", None))

    assert way.end == "closed"
    assert list(way.case.done) == ["backstory", "follow_up"]
    assert enter_takes(way, "follow_up", "ending") == "released"


def test_standard_decides_after_it_has_listened_and_lets_go_once_it_has_followed_up() -> None:
    release: Forced = ("decided.verdict", "release")
    way = standard(release)

    assert list(way.case.done) == ["backstory", "contact", "listen", "classify", "decide", "follow_up"]
    assert enter_takes(way, "follow_up", "ending") == "released"
    assert end("standard", release, ("followed_up.check_ins", None)) == "follow_up: at_least"


def test_in_standard_a_planned_change_may_be_written_of_and_not_be_called_done() -> None:
    nothing = standard(("revisited.changes", None))
    planned = standard(open_promise("standard"))

    assert (nothing.end, "revisited.sent_on" in nothing.case.facts) == ("revisit.sent_on: changes", False)
    assert (planned.end, "revisited.sent_on" in planned.case.facts) == (
        "revisit.pointed_out: changes",
        True,
    )


@pytest.mark.parametrize(
    ("how_left", "words"),
    [
        ("departing", '"What would we need to do to keep you as a customer?"'),
        ("lapsed", '"What can we do to win back your business?"'),
    ],
)
def test_standard_words_its_questions_by_whether_they_are_gone_already(how_left: str, words: str) -> None:
    way = walked("standard", (("backstory.how_left", how_left),) if how_left != "departing" else ())

    assert way.who.asked["listen", "requirements"].words == words


@every_playbook
def test_no_loss_rate_is_told_as_a_fact(name: str) -> None:
    assert re.findall(r"\d\s*%|per ?cent", library.source(FILES[name])) == []
