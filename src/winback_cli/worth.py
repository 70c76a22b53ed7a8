"""Whether a customer is worth what it takes to win them back (B0, B5.1, C2, E1): two gates, one reckoning.

What is at stake is the margin of a second time with them and of the referrals that go with them; times the
chance of a return, less what it costs to try, that is what trying brings on average. The chance is of a
return, whatever brings it about: nothing here says that a contact causes one. What is not known is left out
and said so; two currencies are added up only at a rate that the user gave. The rep decides.
"""

from collections.abc import Mapping
from typing import NamedTuple

from winback_cli.money import Money, minor_units

MOST = 10**15  # minor units; more is nobody's money
LONGEST = 100.0  # years
MANY = 10_000  # referrals
PURSUE, RELEASE, UNSURE = "pursue", "release", "unsure"

Range = tuple[float, float, float]  # low, about, high


class Input(NamedTuple):
    """A figure and where it came from: imported, by hand, asked, known, assumed, set by you, tried.

    `value` is None where it is not known or cannot be; `note` says why it does not count.
    """

    value: Money | float | None = None
    origin: str = ""
    note: str = ""


UNKNOWN = Input()


class Inputs(NamedTuple):
    """What a reckoning begins with. Amounts may be in any currency; `rates` holds what a minor unit of
    another is worth in minor units of `home`.

    `each` is what one new customer brings altogether; the firm's fix serves `sharing` cases that wait
    for it; `offers` are the costs of those made, `unpriced` how many have none; `mendable` whether the
    cause can be changed; `named` whether referrals were named.
    """

    chance: Range | None = None
    yearly: Input = UNKNOWN
    years: Input = UNKNOWN
    referrals: Input = UNKNOWN
    each: Input = UNKNOWN
    fix_cost: Input = UNKNOWN
    sharing: int = 1
    offers: tuple[Money, ...] = ()
    offers_from: str = ""
    unpriced: int = 0
    contact_cost: Input = UNKNOWN
    acquisition: Input = UNKNOWN
    mendable: bool | None = None
    named: bool = False
    home: str = "EUR"
    rates: Mapping[str, float] = {}


class Worth(NamedTuple):
    """What was reckoned, all of it in `currency`; None where something that it takes is not known.

    `inputs` are those that count, in that currency, each that does not with a note. `share` is this case's
    of the fix; `cost` what it takes to try: share, offers and contact; `room` what the fix may cost (low,
    about, high), `gain` what is left after it; `payback` the months after which a return has paid for it,
    None where it never does; `one_return` what one costs, the tries that fail counted in.
    """

    currency: str
    inputs: Inputs
    at_stake: Money | None
    share: Money | None
    offer_cost: Money | None
    cost: Money | None
    room: tuple[Money, Money, Money] | None
    gain: tuple[Money, Money, Money] | None
    payback: float | None
    one_return: Money | None
    suggestion: str
    because: str
    missing: tuple[str, ...]


def worth(given: Inputs) -> Worth:
    """What is at stake and what trying takes, and what that suggests (B5.1, C2, E1). Never raises."""
    currency = _currency(given)
    known = _counted(given, currency)
    at_stake = _at_stake(known)
    share = _share(known)
    offers = _offers(known, currency)
    contact = _minor(known.contact_cost)
    others = (offers or 0) + (contact or 0)
    cost = None if share is None else share + others
    room = _room(known.chance, at_stake, others)
    gain = None if room is None or share is None else (room[0] - share, room[1] - share, room[2] - share)
    yearly = _minor(known.yearly)
    found = Worth(
        currency,
        known,
        _money(at_stake, currency),
        _money(share, currency),
        _money(offers, currency),
        _money(cost, currency),
        None if room is None else _three(room, currency),
        None if gain is None else _three(gain, currency),
        cost / yearly * 12 if cost is not None and yearly and yearly > 0 else None,
        _one_return(cost, known.chance, currency),
        UNSURE,
        "",
        _missing(known),
    )
    suggestion, because = _suggestion(found)
    return found._replace(suggestion=suggestion, because=because)


# -- what counts -----------------------------------------------------------------------------


def _currency(given: Inputs) -> str:
    """What it is all reckoned in: the customer's own, else the user's."""
    brought = given.yearly.value
    return brought.currency if isinstance(brought, Money) and brought.currency else given.home


def _counted(given: Inputs, currency: str) -> Inputs:
    """The inputs in one currency; what cannot be is left out, and says why."""

    def amount(one: Input, least: int = 0) -> Input:
        return _amount(one, currency, given, least)

    return given._replace(
        chance=given.chance if given.chance and all(0 <= one <= 1 for one in given.chance) else None,
        yearly=amount(given.yearly, -MOST),  # somebody may cost more than they bring
        years=_number(given.years, LONGEST),
        referrals=_number(given.referrals, MANY),
        each=amount(given.each),
        fix_cost=amount(given.fix_cost),
        sharing=max(given.sharing, 1),
        contact_cost=amount(given.contact_cost),
        acquisition=amount(given.acquisition),
    )


def _amount(one: Input, currency: str, given: Inputs, least: int) -> Input:
    if not isinstance(one.value, Money):
        return one._replace(value=None)
    if not least <= one.value.amount < MOST:
        return one._replace(value=None, note="no such amount: not counted")
    changed = _changed(one.value, currency, given)
    if changed is None:
        return one._replace(
            value=None, note=f"no rate from {one.value.currency} to {currency}: not counted"
        )
    note = one.note or (f"of {whole(one.value)}" if one.value.currency != currency else "")
    return one._replace(value=Money(round(changed), currency), note=note)


def _number(one: Input, most: float) -> Input:
    if isinstance(one.value, Money) or one.value is None:
        return one._replace(value=None)
    if not 0 <= one.value <= most:
        return one._replace(value=None, note="no such number: not counted")
    return one


def _changed(money: Money, currency: str, given: Inputs) -> float | None:
    """An amount in minor units of a currency; None where nobody gave a rate."""
    if money.currency == currency:
        return float(money.amount)
    rates = {**given.rates, given.home: 1.0}
    begun, wanted = rates.get(money.currency), rates.get(currency)
    return money.amount * begun / wanted if begun and wanted else None


def _minor(one: Input) -> float | None:
    return one.value.amount if isinstance(one.value, Money) else None


def _at_stake(known: Inputs) -> float | None:
    """The margin of the years to come, and of the referrals that are counted (B0)."""
    yearly, years = _minor(known.yearly), known.years.value
    if yearly is None or years is None or isinstance(years, Money):
        return None
    count = known.referrals.value
    others = (_minor(known.each) or 0) * count if isinstance(count, int | float) else 0
    return yearly * years + others


def _one_return(cost: float | None, chance: Range | None, currency: str) -> Money | None:
    """What a return costs, where of so many tries one succeeds (C2)."""
    return None if cost is None or not chance or not chance[1] else _money(cost / chance[1], currency)


def _share(known: Inputs) -> float | None:
    cost = _minor(known.fix_cost)
    return None if cost is None else cost / known.sharing


def _offers(known: Inputs, currency: str) -> float | None:
    """What the offers cost; None where there is none, or one whose cost cannot be told."""
    costs = [_changed(one, currency, known) for one in known.offers if 0 <= one.amount < MOST]
    told = [one for one in costs if one is not None]
    whole_sum = len(told) == len(known.offers) and not known.unpriced
    return sum(told) if told and whole_sum else None


def _room(chance: Range | None, at_stake: float | None, others: float) -> Range | None:
    if chance is None or at_stake is None:
        return None
    low, about, high = (one * at_stake - others for one in chance)
    return min(low, high), about, max(low, high)


def _money(amount: float | None, currency: str) -> Money | None:
    return None if amount is None else Money(round(amount), currency)


def _three(amounts: Range, currency: str) -> tuple[Money, Money, Money]:
    low, about, high = (Money(round(one), currency) for one in amounts)
    return low, about, high


def _missing(known: Inputs) -> tuple[str, ...]:
    """What would have to be known to say more, in the order in which it is shown."""
    unpriced = known.unpriced or len(known.offers)
    there = {
        "chance": known.chance is not None,
        "yearly": known.yearly.value is not None,
        "years": known.years.value is not None,
        "referrals": known.referrals.value is not None,
        "each": known.each.value is not None or not known.referrals.value,
        "fix_cost": known.fix_cost.value is not None,
        "offer_cost": not unpriced or _offers(known, _currency(known)) is not None,
        "contact_cost": known.contact_cost.value is not None,
        "acquisition": known.acquisition.value is not None,
    }
    return tuple(name for name, known_ in there.items() if not known_)


# -- what it suggests ------------------------------------------------------------------------


def _suggestion(found: Worth) -> tuple[str, str]:
    """Pursue, release or unsure, and why in a sentence. The rep decides (B5.5)."""
    if found.inputs.mendable is False:
        return RELEASE, "The cause cannot be changed, so there is nothing to go back with."
    if found.at_stake is None:
        return UNSURE, "What they bring in a year is not known."
    if found.at_stake.amount <= 0:
        more = "more than" if found.at_stake.amount < 0 else "as much as"
        return RELEASE, f"By these figures they cost {more} they bring."
    if found.room is None:
        return UNSURE, "The chance of their return is not known."
    if found.gain is None:
        return _without_the_fix(found.room, found.inputs.fix_cost.note)
    low, _, high = found.gain
    if high.amount <= 0:
        return RELEASE, "Even where the chance is at its best, it costs more than it brings on average."
    if low.amount <= 0:
        return UNSURE, f"On average it brings {whole(low)} to {whole(high)}, so it may go either way."
    if "offer_cost" in found.missing:
        return UNSURE, "It would pay, but what the offer costs is not known."
    anew = found.inputs.acquisition.value
    if isinstance(anew, Money) and found.one_return and found.one_return.amount > anew.amount:
        return UNSURE, "It would pay, but winning a new customer costs less."
    return PURSUE, "Even where the chance is at its worst, it brings more than it costs on average."


def _without_the_fix(room: tuple[Money, Money, Money], note: str) -> tuple[str, str]:
    _, about, high = room
    cost = "What the fix costs is not counted" if note else "What the fix costs is not known"
    if high.amount <= 0:
        return RELEASE, "Even with a fix that costs nothing, trying costs more than it brings on average."
    if about.amount <= 0:
        return UNSURE, f"{cost}, and there is hardly anything left for one."
    return UNSURE, f"{cost}; up to about {whole(about)} it would pay on average."


# -- how it is told --------------------------------------------------------------------------


class Line(NamedTuple):
    """A figure as it is read: what it is, the figure, and in a few words where it came from."""

    what: str
    figure: str
    origin: str = ""


def told(found: Worth) -> tuple[Line, ...]:
    """The reckoning in lines for the screen, each figure with where it came from; no suggestion."""
    known = found.inputs
    lines = [
        Line("They bring a year", _figure(known.yearly), _origin(known.yearly)),
        Line("They would stay", _years(known.years), _origin(known.years)),
    ]
    if known.named or known.referrals.value is not None or known.referrals.note:
        lines.append(_referrals(known))
    lines += [
        Line("At stake", whole(found.at_stake), "the chance is not in it"),
        Line("The chance", chance_words(known.chance), "of a return, reckoned"),
        *_costs(found),
        Line("On average", _range(found.gain or found.room), _balance(found)),
        Line("A new customer", _figure(known.acquisition), _yardstick(found)),
    ]
    return tuple(lines)


def first_sight(found: Worth) -> str:
    """The quick look before anything was asked, in one line (D0, E1)."""
    if found.at_stake is None:
        return f"What they bring is not known. The chance of a return: {chance_words(found.inputs.chance)}."
    stake = whole(found.at_stake)
    return f"At first sight: about {stake} at stake, chance {chance_words(found.inputs.chance)}."


def suggested(found: Worth) -> str:
    """What the figures suggest, and that the rep decides."""
    open_ = found.suggestion == UNSURE
    what = "leave it open" if open_ else f"suggest: {found.suggestion}"
    return f"The figures {what}. {found.because} You decide."


def chance_words(chance: Range | None) -> str:
    """`about 6 % (2 to 14)`."""
    if chance is None:
        return "not known"
    low, about, high = chance
    return f"about {_percent(about)} % ({_percent(low)} to {_percent(high)})"


def whole(money: Money | None) -> str:
    """An amount without its cents, rounded."""
    if money is None:
        return "not known"
    units = minor_units(money.currency)
    return Money(round(money.amount / units) * units, money.currency).words()


def _percent(chance: float) -> str:
    if 0 < chance < 0.0005:
        return "under 0.1"
    return f"{chance * 100:.1f}" if chance < 0.01 else f"{round(chance * 100)}"


def _figure(one: Input) -> str:
    return whole(one.value) if isinstance(one.value, Money) else "not known"


def _origin(one: Input) -> str:
    return ", ".join(word for word in (one.origin, one.note) if word)


def _years(one: Input) -> str:
    if one.value is None or isinstance(one.value, Money):
        return "not known"
    years = f"{one.value:.1f}".removesuffix(".0")
    return "1 year" if years == "1" else f"{years} years"


def _referrals(known: Inputs) -> Line:
    count, each = known.referrals, known.each
    if count.value is None:
        return Line("Referrals", "not counted", count.note or "named; how many is not known")
    if not count.value:
        return Line("Referrals", "none", count.origin)
    if each.value is None:
        return Line(
            "Referrals", f"{count.value:g}", each.note or "what one brings is not known: not counted"
        )
    return Line("Referrals", f"{count.value:g} at {_figure(each)}", _both(count.origin, _origin(each)))


def _both(one: str, other: str) -> str:
    return one if one == other else f"{one}; {other}"


def _costs(found: Worth) -> list[Line]:
    """The fix, whole and this case's share; the offers where there are any; the contact."""
    known = found.inputs
    origin = _origin(known.fix_cost)
    if known.sharing > 1 and known.fix_cost.value is not None:
        origin += f"; 1 of {known.sharing} shares of {_figure(known.fix_cost)}"
    lines = [Line("The fix", whole(found.share), origin)]
    if known.offers or known.unpriced:
        lines.append(Line("The offer", whole(found.offer_cost), known.offers_from))
    lines.append(Line("A contact", _figure(known.contact_cost), _origin(known.contact_cost)))
    return lines


def _range(amounts: tuple[Money, Money, Money] | None) -> str:
    if amounts is None:
        return "not known"
    low, about, high = amounts
    if low == high:
        return whole(about)
    return f"{whole(about)} ({_bare(low)} to {_bare(high)})"


def _bare(money: Money) -> str:
    return whole(money).partition(" ")[2]


def _balance(found: Worth) -> str:
    if found.gain is None:
        return "" if found.room is None else "before the fix"
    if found.payback is None:
        return "left after all costs"
    years = found.inputs.years.value
    if isinstance(years, int | float) and found.payback <= years * 12:
        return f"a return repays it in {_months(found.payback)}"
    if found.at_stake and found.cost and found.at_stake.amount >= found.cost.amount:
        return "a return repays it only with the referrals"
    return "a return does not repay it"


def _months(count: float) -> str:
    if count > 120:
        return "over 10 years"
    return "a month" if count <= 1 else f"{round(count + 0.49)} months"


def _yardstick(found: Worth) -> str:
    """The price of a new customer, beside what trying takes (C2)."""
    known = found.inputs.acquisition
    if known.value is None:
        return known.note or "acquisition_cost in the settings"
    if found.one_return is None:
        return _origin(known)
    return f"{_origin(known)}; a return here costs about {whole(found.one_return)}"
