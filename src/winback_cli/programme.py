"""What the trust team keeps of the firm: the stages its customers and its staff go through, what breaks
their trust at each, what builds and guards it, and the ideas of which the plan is made (E9 to E12).
"""

from datetime import date

from winback_cli.fields import Facts, fact

SCALE = (1, 5)  # effort and effect: from very little to very much


class Member(Facts):
    """Somebody of the trust team, and the part of the firm they speak for (E9)."""

    name: str | None = fact("Who?")
    part: str | None = fact("Which part of the firm do they speak for?", optional=True)


class TrustStage(Facts):
    """A stage that customers, or the staff, go through (E9)."""

    name: str | None = fact("What is the stage called?")
    note: str | None = fact("What happens then?", optional=True)


class Breaker(Facts):
    """What breaks trust at a stage (E9)."""

    stage: str | None = fact("At which stage?")
    what: str | None = fact("What breaks their trust then?")


class Opportunity(Facts):
    """A good moment to build trust, and how to use it (E10)."""

    stage: str | None = fact("At which stage?")
    what: str | None = fact("What is the opportunity?")
    how: str | None = fact("How do you use it?", shown="so: {}")


class Threat(Facts):
    """What threatens trust most, and what guards against it (E10)."""

    stage: str | None = fact("At which stage?")
    what: str | None = fact("What is the threat?")
    safeguard: str | None = fact("What guards against it?", shown="guard: {}")


class Action(Facts):
    """What can be done at once for those whose trust is lost already (E10)."""

    what: str | None = fact("What can be done at once?")
    owner: str | None = fact("Who sees to it?", optional=True)
    due: date | None = fact("By when?", optional=True, shown="by {}")
    done_on: date | None = fact("When it was done", past=True, aside=True)


class Idea(Facts):
    """An idea for the plan: who takes it on, what it costs in effort, what it would change (E12)."""

    what: str | None = fact("What is the idea?")
    owner: str | None = fact("Who takes it on?", optional=True)
    effort: int | None = fact(
        "How much effort, from 1 (little) to 5 (very much)?",
        between=SCALE,
        optional=True,
        shown="effort {}",
    )
    effect: int | None = fact(
        "How much would it change, from 1 (little) to 5 (very much)?",
        between=SCALE,
        optional=True,
        shown="effect {}",
    )
    due: date | None = fact("By when?", optional=True, shown="by {}")
    done_on: date | None = fact("When it was done", past=True, aside=True)


class Programme(Facts):
    """The trust map of the firm, for its customers and, once more, for its staff; and the plan."""

    team: tuple[Member, ...] | None = fact("The trust team")
    stages: tuple[TrustStage, ...] | None = fact("The customers' stages")
    breakers: tuple[Breaker, ...] | None = fact("What breaks customers' trust")
    opportunities: tuple[Opportunity, ...] | None = fact("Where customers' trust is built")
    threats: tuple[Threat, ...] | None = fact("What threatens customers' trust")
    actions: tuple[Action, ...] | None = fact("For lost customers, at once")
    staff_stages: tuple[TrustStage, ...] | None = fact("The staff's stages")
    staff_breakers: tuple[Breaker, ...] | None = fact("What breaks the staff's trust")
    staff_opportunities: tuple[Opportunity, ...] | None = fact("Where the staff's trust is built")
    staff_threats: tuple[Threat, ...] | None = fact("What threatens the staff's trust")
    staff_actions: tuple[Action, ...] | None = fact("For staff whose trust is lost, at once")
    ideas: tuple[Idea, ...] | None = fact("The ideas")
    approved: bool | None = fact("Whether senior management approved the plan")
    approved_by: str | None = fact("Who approved it")
    approved_on: date | None = fact("When they approved it", past=True)
