"""Whatever is replied, in however many walks: nothing is lost, no step has a hole, and it ends."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.work.scripted import CALL, MONDAY, STANDARD, TO_THE_MESSAGE, later, opened, walk
from winback_cli import library, owing, route
from winback_cli.answers import Customs
from winback_cli.case import Case, Entry, Event, fold, items_of
from winback_cli.facts import Spec, typed
from winback_cli.guards import Finding
from winback_cli.journal import Journal, Rehearsal
from winback_cli.playbook import Playbook, Question, Step
from winback_cli.prompter import Asked, Ended, Reply, Row, Scene
from winback_cli.walk import Walk

OWN_QUESTIONS = library.parse(
    """
name: own
version: 1
title: Questions of its own
steps:
- id: look
  stage: backstory
  title: Look
  aim: Look
  questions:
  - {id: mood, type: choice, choices: [calm, angry], ask: Which mood?, required: true}
  - {id: shops, type: number, ask: How many shops?, required: true}
  - {id: story, type: text, ask: The story?}
  - {id: since, type: date, ask: Since when?}
  - {id: fair, type: yesno, ask: Was it fair?, default: true}
  - {fact: backstory.landmines, ask: What could blow up?, required: true}
- id: listen
  stage: listen
  title: Listen
  aim: Listen
  guards:
  - {needs: backstory.landmines, say: Prepare., why: It helps.}
  questions:
  - {fact: heard.why_left, ask: Why?, required: true}
- id: after
  stage: follow_up
  title: After
  aim: After
  questions:
  - {fact: followed_up.check_ins, ask: When do you speak?}
  - {fact: followed_up.ending, ask: How does it end?, required: true}
""",
    "own",
).playbook
PLAYBOOKS = {"standard": STANDARD, "own": OWN_QUESTIONS}


# -- who answers -----------------------------------------------------------------------------


class Move(NamedTuple):
    """One reply of a script: of a kind, with a number or a text to choose by."""

    kind: str
    pick: int = 0
    text: str = ""


def sensible(spec: Spec, pick: int) -> str:
    """An answer that can be read."""
    if spec.kind == "choice":
        return spec.choices[pick % len(spec.choices)]
    if spec.kind == "date":
        past, coming = ("today", "-3d", "2026-01-05"), ("+1d", "today", "+2w")
        return (past if spec.past else coming)[pick % 3]
    words = {"yesno": ("yes", "no"), "money": ("900 EUR", "12.50"), "number": ("7", "0")}
    return words.get(spec.kind, ("some words", "other words"))[pick % 2]


class Watched(Rehearsal):
    """A journal that checks each step that is completed."""

    def __init__(self, events: Sequence[Event], today: date, playbook: Playbook) -> None:
        super().__init__(events, today)
        self.playbook = playbook

    def record(self, entries: Sequence[Entry], seen: Mapping[str, int] | None = None) -> Case:
        before = self.case()
        for entry in entries:
            if entry.kind == "step_done":
                self._check_whole(entry.body["step"], before)
        after = super().record(entries, seen)
        assert after.seq == before.seq + len(entries)
        typed(after.facts)  # every fact is one that its model takes
        owing.standing(self.playbook, after, frozenset({5, 6}))
        return after

    def _check_whole(self, step_id: str, case: Case) -> None:
        step = self.playbook.step(step_id)
        assert step is not None
        for question in step.questions:
            if not (question.required and all(c.holds(case) for c in question.when)):
                continue
            value = case.facts.get(question.fact or "")
            if not question.fact:
                answer = case.answers.get(f"{step_id}.{question.key}")
                value = answer.value if answer else None
            has = bool(items_of(value)) if question.spec.kind == "items" else value is not None
            excused = case.overridden(step_id, question.key, "required")
            assert has or excused, f"{step_id} was completed without {question.key}"


class Monkey:
    """Replies by a script of moves, whatever it is asked; when they run out, it quits."""

    def __init__(self, moves: list[Move], journal: Rehearsal) -> None:
        self.moves = moves
        self.journal = journal
        self.prompts_after_the_end = 0
        self.prompts = 0
        self._before: dict[str, Any] | None = None

    def _reply(self, spec: Spec | None, step: Step) -> Reply:
        self._nothing_lost()
        self.prompts += 1
        if not self.moves:
            self.prompts_after_the_end += 1
            return Reply("quit")
        move = self.moves.pop(0)
        reply = _as_reply(move, spec, step)
        if reply.kind in ("skip", "back"):
            self._before = self.journal.case().facts
        return reply

    def _nothing_lost(self) -> None:
        """After a skip or a step back, every fact is known as before."""
        if self._before is None:
            return
        now = self.journal.case().facts
        for name, value in self._before.items():
            if isinstance(value, list):
                kept = [
                    before.items() <= after.items() for before, after in zip(value, now[name], strict=False)
                ]
                assert len(now[name]) >= len(value)
                assert all(kept), name
            else:
                assert now.get(name) == value, name
        self._before = None

    def enter(self, scene: Scene) -> None:
        assert scene.step in scene.playbook.steps

    def ask(self, asked: Asked) -> Reply:
        return self._reply(asked.spec, asked.step)

    def wrong(self, asked: Asked, problem: str) -> None:
        assert problem

    def gate(self, step: Step, findings: Sequence[Finding], case: Case) -> Reply:
        assert findings
        return self._reply(None, step)

    def waits(self, ended: Ended, step: Step, question: Question) -> Reply:
        assert ended.until is not None
        return self._reply(None, step)

    def review(
        self, step: Step, rows: Sequence[Row], blocks: Sequence[Finding], warns: Sequence[Finding]
    ) -> Reply:
        return self._reply(None, step)

    def tell(self, sentence: str) -> None:
        assert sentence


def _as_reply(move: Move, spec: Spec | None, step: Step) -> Reply:
    if move.kind == "sensible":
        return Reply("said", sensible(spec, move.pick)) if spec else Reply("enter")
    if move.kind == "known":
        return Reply("said", sensible(spec, move.pick), known=True) if spec else Reply("enter")
    if move.kind == "change":
        return Reply("change", step.questions[move.pick % len(step.questions)].key)
    if move.kind in ("kept", "broken"):
        return Reply(move.kind, str(move.pick % 4))  # type: ignore[arg-type]
    return Reply(move.kind, move.text)  # type: ignore[arg-type]


TEXTS = st.sampled_from(
    [
        *("", " ", "x", "yes", "no", "reached", "no answer", "refused", "upset", "content", "today"),
        *("-2d", "tomorrow", "9999y", "+3bd", "900 EUR", "1.234", "12", "-", "price", "release"),
        *("pursue", "won", "dormant", "\x00\x1b[2J", "2026-02-30", "٣", "\u202eabc", "a\nb"),
        "x" * 20_001,
    ]
)
PICKS = st.integers(0, 20)
ASIDES = st.one_of(
    st.builds(Move, st.sampled_from(["enter", "enter", "back", "skip", "skip"])),
    st.builds(Move, st.just("said"), PICKS, TEXTS),
    st.builds(Move, st.sampled_from(["change", "change", "kept", "broken", "known"]), PICKS),
    st.builds(Move, st.sampled_from(["override", "note"]), PICKS, st.just("because")),
    st.just(Move("quit")),
)
SENSIBLE = st.builds(Move, st.just("sensible"), PICKS)
# Mostly sensible for a while, then something else: so the walks come far.
BURSTS = st.tuples(st.lists(SENSIBLE, max_size=12), st.lists(ASIDES, max_size=4)).map(
    lambda pair: pair[0] + pair[1]
)
MOVES = st.lists(BURSTS, max_size=8).map(lambda bursts: [move for burst in bursts for move in burst])
STARTS = st.integers(0, 20)
WALKS = st.lists(st.tuples(st.integers(0, 9), MOVES), min_size=1, max_size=4)


class Result(NamedTuple):
    """One walk of several."""

    ended: Ended
    held: Case
    journal: Rehearsal
    monkey: Monkey


def begun(playbook: Playbook) -> list[list[Event]]:
    """Cases that have come more or less far: none, or so many events, of a walk that went well."""
    if playbook is not STANDARD:
        return [opened(MONDAY)._events]
    first = walk(TO_THE_MESSAGE | {"revisit.changes[1].done": "no"}, today=MONDAY - timedelta(days=3))
    second = walk(CALL | {"gate revisit.pointed_out": Reply("kept", "1")}, first.journal)
    whole = second.journal._events
    steps = [n for n, event in enumerate(whole, 1) if event.kind in ("opened", "step_done", "touched")]
    return [whole[:n] for n in steps] + [first.journal._events, whole]


BEGUN = {name: begun(playbook) for name, playbook in PLAYBOOKS.items()}


def walk_all(playbook: Playbook, walks: list[tuple[int, list[Move]]], start: int = 0) -> list[Result]:
    """Walk one case again and again, each walk some days after the one before."""
    beginnings = BEGUN[playbook.name]
    events, today, results = beginnings[start % len(beginnings)], MONDAY, []
    for days, moves in walks:
        today += timedelta(days=days)
        journal = Watched(events, today, playbook)
        monkey = Monkey(list(moves), journal)
        one = Walk(
            playbook,
            journal.case(),
            monkey,
            Journal(journal.record, journal.case),
            Customs(today),
        )
        ended = one.run()
        monkey._nothing_lost()
        results.append(Result(ended, one.case, journal, monkey))
        events = journal._events
        if journal.case().status != "open":
            break
    return results


@pytest.mark.parametrize("name", sorted(PLAYBOOKS))
@given(walks=WALKS, start=STARTS)
@settings(max_examples=250)
def test_whatever_is_replied_the_walk_ends_and_what_was_recorded_gives_the_same_case(
    name: str, walks: list[tuple[int, list[Move]]], start: int
) -> None:
    results = walk_all(PLAYBOOKS[name], walks, start)

    for result in results:
        stored = [Event(*json.loads(json.dumps(event))) for event in result.journal._events]
        assert fold("rehearsal", stored) == result.held
        assert result.monkey.prompts_after_the_end <= 1
        assert [event.seq for event in stored] == list(range(1, len(stored) + 1))


@pytest.mark.parametrize("name", sorted(PLAYBOOKS))
@given(first=MOVES, start=STARTS)
@settings(max_examples=60)
def test_a_walk_cut_off_and_taken_up_again_the_same_day_stands_where_it_stood(
    name: str, first: list[Move], start: int
) -> None:
    playbook = PLAYBOOKS[name]
    (one,) = walk_all(playbook, [(0, first)], start)
    before = one.journal.case()

    again = walk_all(playbook, [(0, first), (0, [])], start)

    assert again[-1].journal.case().facts == before.facts
    assert route.place(playbook, again[-1].journal.case(), route.Days(MONDAY)) == route.place(
        playbook, before, route.Days(MONDAY)
    )


# -- a script that always answers sensibly ---------------------------------------------------


class Sensible(Monkey):
    """Answers what it is asked, overrides what stops it, keeps its promises, lists a little."""

    def __init__(self, picks: list[int], journal: Rehearsal) -> None:
        super().__init__([], journal)
        self.picks = picks
        self.reached = False

    def _pick(self) -> int:
        return self.picks.pop(0) if self.picks else 0

    def ask(self, asked: Asked) -> Reply:
        self.prompts += 1
        assert self.prompts < 400, "asked and asked again"
        pick = self._pick()
        first_of_an_entry = asked.item and asked.spec.name == asked.question.spec.item[0].name
        if asked.more or (first_of_an_entry and asked.item > 1 + pick % 2):
            return Reply("enter")
        if not asked.required and pick % 5 == 4:
            return Reply("skip")
        return Reply("said", sensible(asked.spec, pick))

    def gate(self, step: Step, findings: Sequence[Finding], case: Case) -> Reply:
        self.prompts += 1
        still_open = [c["n"] for c in case.commitments if c["state"] == "open"]
        if still_open and findings[0].guard == "changes":
            return Reply("kept", str(still_open[0]))
        return Reply("override", "it cannot be helped")

    def waits(self, ended: Ended, step: Step, question: Question) -> Reply:
        self.prompts += 1
        return Reply("quit")

    def review(
        self, step: Step, rows: Sequence[Row], blocks: Sequence[Finding], warns: Sequence[Finding]
    ) -> Reply:
        self.prompts += 1
        assert self.prompts < 400, "reviewed and reviewed again"
        missing = any(row.missing for row in rows)
        return Reply("override", "it cannot be helped") if blocks and not missing else Reply("enter")


@pytest.mark.parametrize("name", sorted(PLAYBOOKS))
@given(picks=st.lists(PICKS, max_size=120))
@settings(max_examples=120)
def test_whoever_answers_sensibly_comes_to_an_end(name: str, picks: list[int]) -> None:
    playbook, today, prompts = PLAYBOOKS[name], MONDAY, 0
    journal: Rehearsal = opened(MONDAY)
    endings = []

    for _ in range(40):
        journal = Watched(later(journal, today)._events, today, playbook)
        who = Sensible(picks, journal)
        ended = Walk(
            playbook, journal.case(), who, Journal(journal.record, journal.case), Customs(today)
        ).run()
        endings.append(ended.kind)
        prompts += who.prompts
        if ended.kind in ("closed", "through"):
            break
        assert ended.kind in ("waiting", "not_reached")
        today = max(ended.until or today, today + timedelta(days=1))

    assert endings[-1] in ("closed", "through")
    assert prompts < 800


# -- one by one ------------------------------------------------------------------------------


@given(moves=MOVES, at=st.integers(0, 49), start=STARTS)
@settings(max_examples=60)
def test_a_script_cut_short_records_a_beginning_of_what_the_whole_records(
    moves: list[Move], at: int, start: int
) -> None:
    (whole,) = walk_all(STANDARD, [(0, moves)], start)

    (short,) = walk_all(STANDARD, [(0, moves[:at])], start)

    told = short.journal._events
    assert told == whole.journal._events[: len(told)]
