"""What may be offered to make the way back easy, by the reason why somebody left (A6, C9, D5, B5.4).

A table of advice, not of truth: the rep decides. No offer stands in for a fix that is owed.
"""

from collections.abc import Collection
from typing import NamedTuple

from winback_cli.money import Money
from winback_cli.stages import OfferKind, Reason

PRICE_KINDS = (OfferKind.DISCOUNT, OfferKind.VOUCHER)  # what others would ask for too (B5.4)
_SERVICE = (
    *(Reason.DELIVERY_OR_SERVICE, Reason.COMPLAINT_HANDLED_BADLY, Reason.PRODUCT_OR_QUALITY),
    *(Reason.SUPPORT, Reason.ONE_TIME_ACCIDENT),
)
_BY_REASON: dict[Reason, tuple[OfferKind, ...]] = {
    Reason.DELIVERY_OR_SERVICE: (OfferKind.REFUND_GUARANTEE, OfferKind.DEDICATED_REPRESENTATIVE),
    Reason.COMPLAINT_HANDLED_BADLY: (OfferKind.DEDICATED_REPRESENTATIVE, OfferKind.REFUND_GUARANTEE),
    Reason.PRODUCT_OR_QUALITY: (OfferKind.TRIAL, OfferKind.REFUND_GUARANTEE),
    Reason.PRICE: (OfferKind.DISCOUNT, OfferKind.VOUCHER),
    Reason.POLICY_CHANGE: (OfferKind.TRIAL, OfferKind.DEDICATED_REPRESENTATIVE),
    Reason.SALES_PRACTICES: (OfferKind.DEDICATED_REPRESENTATIVE, OfferKind.REFUND_GUARANTEE),
    Reason.SUPPORT: (OfferKind.DEDICATED_REPRESENTATIVE, OfferKind.TRIAL),
    Reason.PERSONALITY_CONFLICT: (OfferKind.DEDICATED_REPRESENTATIVE,),
    Reason.ONE_TIME_ACCIDENT: (OfferKind.REFUND_GUARANTEE,),
    Reason.COMPETITOR_OFFER: (OfferKind.TRIAL, OfferKind.VOUCHER, OfferKind.LOYALTY_CARD),
    Reason.TAKEN_FOR_GRANTED: (OfferKind.LOYALTY_CARD, OfferKind.DEDICATED_REPRESENTATIVE),
    Reason.OFF_THE_RADAR: (OfferKind.VOUCHER, OfferKind.LOYALTY_CARD, OfferKind.TRIAL),
    Reason.CHANGE_ON_CUSTOMER_SIDE: (OfferKind.TRIAL,),
    Reason.UNKNOWN: (OfferKind.TRIAL, OfferKind.REFUND_GUARANTEE),
}


class Advice(NamedTuple):
    """What to offer, and what to do first, in sentences. `kinds` is empty where nothing is to be offered
    now; `source` names the rules that it comes from.
    """

    kinds: tuple[OfferKind, ...]
    first: tuple[str, ...]
    source: tuple[str, ...]


def advice(reason: str, *, mended: bool, ripple_shown: bool) -> Advice:
    """What fits a reason (a leaf counts as its reason; "" is unknown, and so are a list's own words).

    `mended`: what went wrong is put right; `ripple_shown`: it was asked who else would want the same price.
    """
    named = reason.partition("/")[0]
    why = Reason(named) if named in tuple(Reason) else Reason.UNKNOWN
    kinds = _BY_REASON.get(why, ())
    if not kinds:
        return Advice((), ("Nothing: they have no use for an offer. Keep the goodwill.",), ("D0",))
    if why in _SERVICE and not mended:
        told = "Nothing yet. Mend what went wrong first: before that, an offer reads as a bribe."
        return Advice((), (told,), ("A5", "B5.1"))
    if any(kind in PRICE_KINDS for kind in kinds) and not ripple_shown:
        told = "Before a discount or a voucher, say who else would ask for the same."
        rest = tuple(kind for kind in kinds if kind not in PRICE_KINDS)
        return Advice(rest, (told,), ("B5.4",))
    if why is Reason.UNKNOWN:
        told = "Ask first why they left, and listen; these make it easy whatever it was."
        return Advice(kinds, (told,), ("B3.1", "A6"))
    return Advice(kinds, (), ("A6", "C9", "D5"))


# -- everybody comparable --------------------------------------------------------------------

MEASURES = ("segment", "size", "reason")


class Buyer(NamedTuple):
    """What a customer is compared by; `revenue` in minor units of the currency."""

    reason: str
    country: str
    currency: str
    revenue: int | None


class Comparable(NamedTuple):
    """Who is comparable with a customer (B5.4): whoever is equal in what is told here; None: anybody.

    `segment` is country and currency, "" where it is not on record; `size` the least and the most revenue
    in `currency`; `missing` names the measures that could not be taken, for there is nothing on record.
    """

    reason: str | None
    segment: tuple[str, str] | None
    size: tuple[int, int] | None
    currency: str
    missing: tuple[str, ...] = ()


def comparable(buyer: Buyer, measures: Collection[str]) -> Comparable:
    """Who is comparable with this customer by these of the MEASURES: the same country and currency,
    half to double the revenue, the same reason (a leaf counts as its reason).
    """
    why = buyer.reason.partition("/")[0]
    there = {
        "segment": bool(buyer.country or buyer.currency),
        "size": bool(buyer.revenue and buyer.revenue > 0),
        "reason": why not in ("", Reason.UNKNOWN),
    }
    taken = {name for name in measures if there[name]}
    revenue = buyer.revenue or 0
    return Comparable(
        why if "reason" in taken else None,
        (buyer.country, buyer.currency) if "segment" in taken else None,
        (-(-revenue // 2), 2 * revenue) if "size" in taken else None,
        buyer.currency,
        tuple(name for name in MEASURES if name in measures and not there[name]),
    )


class Demand(NamedTuple):
    """How many comparable customers have a concession of a kind (`given`) and how many could ask for it
    (`without`, by currency, "" where none is on record), what one costs, and how many in a hundred ask.
    """

    kind: str
    like: Comparable
    given: int
    without: tuple[tuple[str, int], ...]
    cost: Money | None
    share: int = 100
    spent: tuple[Money, ...] = ()
    unpriced: int = 0

    @property
    def could_ask(self) -> int:
        return sum(number for _, number in self.without)

    @property
    def elsewhere(self) -> tuple[tuple[str, int], ...]:
        """Those of another currency than the cost: amounts of two currencies are never added up."""
        own = ("", self.cost.currency) if self.cost else ()
        return tuple((currency, number) for currency, number in self.without if own and currency not in own)

    @property
    def asking(self) -> int:
        """So many of those in the cost's currency ask, a part of one counting as one."""
        number = self.could_ask - sum(number for _, number in self.elsewhere)
        return -(-number * self.share // 100)

    @property
    def for_all(self) -> Money | None:
        """What it would cost for them and this one."""
        return Money(self.cost.amount * (self.asking + 1), self.cost.currency) if self.cost else None


def demand_words(demand: Demand) -> tuple[str, ...]:
    """Each assumption in a sentence, then what it comes to."""
    return (*_like_words(demand.like), _having_words(demand), *_bill_words(demand))


_MISSING = {
    "segment": "Segment: any, for neither country nor currency is on record.",
    "size": "Size: any, for their revenue is not on record.",
    "reason": "Reason: any, for nobody knows yet why they left.",
}


def _like_words(like: Comparable) -> list[str]:
    told = dict.fromkeys(MEASURES, "") | {name: f"{name.capitalize()}: any." for name in MEASURES}
    told |= {name: _MISSING[name] for name in like.missing}
    if like.segment is not None:
        told["segment"] = f"Segment: the same, {', '.join(filter(None, like.segment))}."
    if like.size is not None:
        least, most = (Money(end, like.currency).words() for end in like.size)
        told["size"] = f"Size: a revenue of {least} to {most}, half to double of theirs."
    if like.reason is not None:
        told["reason"] = f"Reason: the same, {like.reason.replace('_', ' ')}."
    return list(told.values())


def _having_words(demand: Demand) -> str:
    kind = demand.kind.replace("_", " ")
    total = demand.could_ask + demand.given
    who = "1 customer is" if total == 1 else f"{total:,} customers are"
    have = "has" if demand.given == 1 else "have"
    got = f" {demand.given:,} {have} a {kind} already{_spent_words(demand)};" if demand.given else ""
    return f"{who} comparable.{got} {demand.could_ask:,} could ask for a {kind}." if total else _ALONE


def _spent_words(demand: Demand) -> str:
    """What the others' concessions cost, as far as that was noted."""
    if not demand.spent:
        return ", what it cost was not noted"
    told = f", for {' and '.join(one.words() for one in demand.spent)}"
    return f"{told} and {demand.unpriced:,} without a cost" if demand.unpriced else told


_ALONE = "Nobody else is comparable."


def _bill_words(demand: Demand) -> list[str]:
    if demand.cost is None or demand.for_all is None:
        return ["Say with --cost what one costs, to see what it would cost for all."]
    share = "all" if demand.share == 100 else f"{demand.share} %"
    one, total = demand.cost.words(), demand.for_all.words()
    if not demand.asking:
        told = [f"It costs {one}, for this one alone."]
    else:
        told = [f"If {share} of them ask: {demand.asking:,} and this one, at {one} each, come to {total}."]
    if demand.elsewhere:
        others = ", ".join(f"{number:,} in {currency}" for currency, number in demand.elsewhere)
        told.append(f"Not in that amount, for another currency: {others}.")
    return told
