"""The seven stages of every playbook and the facts each of them keeps.

One frozen model a stage. A fact is one field, named `model.field` (`heard.why_left`); all are
optional here: what is required is the playbook's word. To add a fact, add its field: the walk, the
answers file, the guards and `show` read the models and know no fact of their own.

A field's type says how it is asked: `str` a line (`long` several), `bool` yes or no, `date`,
`Money`, `int` or `float`, an enumeration one of its members, a tuple of items a list of maps.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from winback_cli.case import FIRMS_MODEL_OF, MODEL_OF
from winback_cli.fields import Facts as Facts
from winback_cli.fields import fact as fact
from winback_cli.money import Money
from winback_cli.programme import Programme


class Stage(StrEnum):
    """The seven, in order; and the programme, which is the firm's own and no customer's (E9 to E12)."""

    BACKSTORY = "backstory"
    CONTACT = "contact"
    LISTEN = "listen"
    CLASSIFY = "classify"
    DECIDE = "decide"
    REVISIT = "revisit"
    FOLLOW_UP = "follow_up"
    PROGRAMME = "programme"

    @property
    def words(self) -> str:
        return self.value.replace("_", " ")


SEVEN = tuple(stage for stage in Stage if stage != Stage.PROGRAMME)


class HowLeft(StrEnum):
    """Sets the urgency and the wording of the questions (D0, D1, B2.4)."""

    DEPARTING = "departing"
    UPSET = "upset"
    LAPSED = "lapsed"
    CONTENT = "content"


class Details(StrEnum):
    """What a check of the contact details found (C4)."""

    GOOD = "good"
    CORRECTED = "corrected"
    STALE = "stale"


class Degree(StrEnum):
    """How far something holds."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class FirstSight(StrEnum):
    """The quick gate at the start (D0, E1)."""

    YES = "yes"
    UNSURE = "unsure"
    NO = "no"


class Channel(StrEnum):
    """How somebody is contacted: a talk for few, a survey or a focus group for thousands (A2)."""

    PHONE = "phone"
    IN_PERSON = "in_person"
    VIDEO = "video"
    EMAIL = "email"
    LETTER = "letter"
    MESSAGE = "message"
    SURVEY = "survey"
    FOCUS_GROUP = "focus_group"


class Disposition(StrEnum):
    """How a contact attempt ended."""

    REACHED = "reached"
    LEFT_MESSAGE = "left_message"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    BOUNCED = "bounced"
    REFUSED = "refused"


class Slip(StrEnum):
    """What a step may forbid and a rep may yet have done in it."""

    NONE = "none"
    APOLOGY = "apology"
    OFFER = "offer"
    ASKING = "asking"
    REPROACH = "reproach"


class Reason(StrEnum):
    """Why customers leave; `push` is the class of the literature (E0, B4.2, B4.3)."""

    DELIVERY_OR_SERVICE = "delivery_or_service"
    COMPLAINT_HANDLED_BADLY = "complaint_handled_badly"
    PRODUCT_OR_QUALITY = "product_or_quality"
    PRICE = "price"
    POLICY_CHANGE = "policy_change"
    SALES_PRACTICES = "sales_practices"
    SUPPORT = "support"
    PERSONALITY_CONFLICT = "personality_conflict"
    ONE_TIME_ACCIDENT = "one_time_accident"
    CHANGE_ON_CUSTOMER_SIDE = "change_on_customer_side"
    COMPETITOR_OFFER = "competitor_offer"
    TAKEN_FOR_GRANTED = "taken_for_granted"
    OFF_THE_RADAR = "off_the_radar"
    NO_LONGER_NEEDED = "no_longer_needed"
    MOVED_OR_CLOSED = "moved_or_closed"
    UNKNOWN = "unknown"

    @property
    def push(self) -> str:
        """Pushed away by intent or not, pulled away, bought away or moved away; or unknown."""
        return _CLASSES[self]


_CLASSES = {
    Reason.DELIVERY_OR_SERVICE: "pushed away unintended",
    Reason.COMPLAINT_HANDLED_BADLY: "pushed away unintended",
    Reason.PRODUCT_OR_QUALITY: "pushed away unintended",
    Reason.PRICE: "pushed away by intent",
    Reason.POLICY_CHANGE: "pushed away by intent",
    Reason.SALES_PRACTICES: "pushed away unintended",
    Reason.SUPPORT: "pushed away unintended",
    Reason.PERSONALITY_CONFLICT: "pushed away unintended",
    Reason.ONE_TIME_ACCIDENT: "pushed away unintended",
    Reason.CHANGE_ON_CUSTOMER_SIDE: "moved away",
    Reason.COMPETITOR_OFFER: "bought away",
    Reason.TAKEN_FOR_GRANTED: "pushed away unintended",
    Reason.OFF_THE_RADAR: "pulled away",
    Reason.NO_LONGER_NEEDED: "moved away",
    Reason.MOVED_OR_CLOSED: "moved away",
    Reason.UNKNOWN: "unknown",
}


class Scope(StrEnum):
    """One customer, or a pattern (B4.2, B4.3)."""

    SPECIFIC = "specific"
    SYSTEMIC = "systemic"


class Verdict(StrEnum):
    """Go after the customer, or let go."""

    PURSUE = "pursue"
    RELEASE = "release"


class Approach(StrEnum):
    """How the cause is mended (B5.2, B5.3)."""

    SIMPLE_FIX = "simple_fix"
    NEW_MODEL = "new_model"
    EXCEPTION = "exception"


class OfferKind(StrEnum):
    """What makes it easy to come back (A6, C9, D5)."""

    TRIAL = "trial"
    REFUND_GUARANTEE = "refund_guarantee"
    DISCOUNT = "discount"
    VOUCHER = "voucher"
    LOYALTY_CARD = "loyalty_card"
    DEDICATED_REPRESENTATIVE = "dedicated_representative"
    OTHER = "other"


class Response(StrEnum):
    """How the customer took what was shown."""

    COMING_BACK = "coming_back"
    THINKING = "thinking"
    NOT_NOW = "not_now"
    NO = "no"


class Cadence(StrEnum):
    """How often one speaks (A7, E5)."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


class Ending(StrEnum):
    """How a case ends; dormant is not an end but a sleep. A suppression ends it by itself."""

    WON = "won"
    LOST = "lost"
    RELEASED = "released"
    DORMANT = "dormant"


class Landmine(Facts):
    """Something to be ready for before calling, with the prepared explanation (B1.3, B1.4)."""

    what: str | None = fact("What could blow up in the call?")
    explanation: str | None = fact("How would you explain it, or its fix?", optional=True, shown="say: {}")


class Change(Facts):
    """A commitment: what changes for the customer, done or dated, with an owner (D4, C8, B6.6)."""

    what: str | None = fact("What changes, exactly?")
    done: bool | None = fact("Is it done already?")
    owner: str | None = fact("Who sees to it?", unless="done")
    due: date | None = fact("By when?", ahead=True, unless="done", shown="by {}")
    assured_by: str | None = fact(
        "Who gives them a personal assurance?", optional=True, shown="assured by {}"
    )


class Offer(Facts):
    """What makes the second chance easy (A6, C9, D5)."""

    kind: OfferKind | None = fact("What kind of offer?")
    terms: str | None = fact("Which terms, in one plain sentence?")
    cost: Money | None = fact("What does it cost us?", optional=True, shown="costs {}")
    expires: date | None = fact("Until when does it stand?", ahead=True, optional=True, shown="until {}")


class CheckIn(Facts):
    """An agreed catch-up, kept or missed (A7, A8); a return of the old reason raises a flag (E8)."""

    agreed_for: date | None = fact("On which day?")
    kept: bool | None = fact("Did it take place?", waits_for="agreed_for")
    feedback: str | None = fact("What did they say?", optional=True, waits_for="agreed_for")
    same_reason: bool | None = fact("Whether the reason they left for has come back", aside=True)


class Backstory(Facts):
    """What the firm knows before it calls."""

    how_left: HowLeft | None = fact("How they left")
    left_on: date | None = fact("When they left, or last bought", past=True)
    complained_on: date | None = fact("When they complained", past=True)
    told_by: str | None = fact("Who told the story")
    internal_view: str | None = fact("What the firm thinks happened", long=True)
    known_already: bool | None = fact("Whether the customer's own reason is known")
    landmines: tuple[Landmine, ...] | None = fact("What to be ready for")
    contact_details: Details | None = fact("Whether the contact details were checked")
    worth_it: FirstSight | None = fact("Worth winning back, at first sight")


class Contacted(Facts):
    """Who was reached; read from the touch that reached them."""

    on: date | None = fact("The day of the contact", past=True)
    channel: Channel | None = fact("How they were contacted")
    disposition: Disposition | None = fact("How the attempt ended")
    person: str | None = fact("Who was reached")
    role: str | None = fact("Their role")
    decision_maker: bool | None = fact("Whether they decide")
    why_not_decision_maker: str | None = fact("Why not the decision-maker")
    slipped: Slip | None = fact("What slipped out too early")


class Heard(Facts):
    """What the customer said, in their words."""

    why_left: str | None = fact("Why they left, in their words", long=True)
    requirements: str | None = fact("What it would take, in their words", long=True)
    buys_now: str | None = fact("Where they buy now")
    second_chance: str | None = fact("What would earn a second chance", long=True)
    long_term: str | None = fact("What would keep them for the long term", long=True)
    clarifications: str | None = fact("What was unclear, and their answer", long=True)
    complained: bool | None = fact("Whether they complained")
    complaints: str | None = fact("Their complaints", long=True)
    ownership: str | None = fact("What you owned up to", long=True)
    thanked: bool | None = fact("Whether you thanked them")
    apologised: bool | None = fact("Whether you apologised")
    refused: bool | None = fact("Whether they want to be left in peace")
    reconsidered: bool | None = fact("Whether they reconsidered on the spot")
    slipped: Slip | None = fact("What slipped out too early")


# A playbook may grow leaves under a reason: `price/shipping_cost`.
Leaf = Annotated[str, Field(pattern=f"^({'|'.join(Reason)})/[a-z][a-z0-9_]{{0,39}}$")]


class Classified(Facts):
    """What kind of loss it is."""

    reason: Reason | Leaf | None = fact("Why they left")
    product: str | None = fact("Which product or service it is about")
    theory: Degree | None = fact("Whether our own view was right")
    scope: Scope | None = fact("This customer only, or a pattern")
    changeable: Degree | None = fact("Whether it can be changed")
    within_control: Degree | None = fact("Whether it is in our hands")
    evidence: str | None = fact("What that rests on", long=True)


class Decided(Facts):
    """Whether, and by what change, the customer is won back."""

    verdict: Verdict | None = fact("The verdict")
    fix: str | None = fact("What would be mended", long=True)
    fix_number: int | None = fact("Which fix of the firm's that is")
    approach: Approach | None = fact("A simple fix, a new model, or an exception")
    fix_cost: Money | None = fact("What the fix costs")
    yearly_margin: Money | None = fact("What they bring in a year, after costs")
    expected_years: float | None = fact("How many years they would stay", between=(0, 100), decimals=True)
    referrals: str | None = fact("Referrals at stake")
    referral_count: int | None = fact("How many customers those are", between=(0, 10_000))
    price_ripple: str | None = fact("Who else would ask for the same price")
    reasons: str | None = fact("The reasons for the verdict", long=True)


class Revisited(Facts):
    """What was promised, written and said. The changes are the case's commitments."""

    changes: tuple[Change, ...] | None = fact("What changes")
    offers: tuple[Offer, ...] | None = fact("The offer")
    apologised: bool | None = fact("Whether the message apologises")
    credited: bool | None = fact("Whether it credits their input")
    easy: bool | None = fact("Whether the offer is easy to take")
    sent_on: date | None = fact("The message", past=True)
    called_on: date | None = fact("The thank-you call", past=True)
    pointed_out: str | None = fact("What you pointed out as done", long=True)
    slipped: Slip | None = fact("What slipped into the message")
    response: Response | None = fact("How they responded")
    response_words: str | None = fact("What they said", long=True)


class FollowedUp(Facts):
    """What came after, won or not."""

    check_ins: tuple[CheckIn, ...] | None = fact("Agreed catch-ups")
    cadence: Cadence | None = fact("How often you will speak")
    cadence_reason: str | None = fact("Why so seldom or so often")
    partnership: bool | None = fact("Whether you said that you want a long partnership")
    asked_again: bool | None = fact("Whether you asked for the business again")
    lesson: str | None = fact("What the firm learned about itself", long=True)
    ending: Ending | None = fact("How the case ends")
    next_contact_on: date | None = fact("When you will be in touch next")
    trigger: str | None = fact("What would wake the case sooner")


_KEPT: tuple[type[Facts], ...] = (
    Backstory,
    Contacted,
    Heard,
    Classified,
    Decided,
    Revisited,
    FollowedUp,
    Programme,
)
_PREFIXES = MODEL_OF | FIRMS_MODEL_OF
MODELS: dict[Stage, tuple[str, type[Facts]]] = {
    stage: (_PREFIXES[stage], model) for stage, model in zip(Stage, _KEPT, strict=True)
}
