"""What a return would bring, as `why` tells it: how it is reckoned, what was answered, what is assumed."""

from typing import TYPE_CHECKING

from winback_cli import stakes
from winback_cli.cli.here import Here
from winback_cli.money import Money
from winback_cli.stakes import Worth
from winback_cli.worth import whole

if TYPE_CHECKING:
    from winback_cli.cli.reckoned import Why


def brought(here: Here, told: "Why") -> list[str]:
    """How it is reckoned what a return would bring, what of it was answered and what is assumed."""
    worth = told.found.worth
    if worth is None:
        return ["No revenue that counts is known, so it cannot be said."]
    return [*_lifetime(here, told, worth), *_besides(told, worth), _contact(here, told, worth)]


def _lifetime(here: Here, told: "Why", worth: Worth) -> list[str]:
    known, origins = told.given.known, told.given.origins
    answered = known.answered or stakes.NOTHING
    yearly, whole_ = (Money(amount, worth.currency) for amount in (worth.yearly, worth.amount))
    if answered.yearly:
        said = [f"{whole(yearly)} a year ({origins.get('yearly', 'asked')})."]
    else:
        spent = Money(known.revenue or 0, worth.currency)
        over = (
            "how long they bought is not known"
            if worth.tenure is None
            else f"over {worth.tenure:.1f} years"
        )
        said = [
            f"Revenue {whole(spent)} ({origins.get('spending', 'imported')}), {over}.",
            f"At a margin of {here.settings.margin} % ({set_by(here, 'margin')}): "
            f"{whole(yearly)} a year, one year at least being counted.",
        ]
    alone = whole(whole_._replace(amount=whole_.amount - worth.referrals))
    if answered.years is not None:
        said.append(f"{answered.years:g} years ({origins.get('years', 'asked')}) make {alone}.")
    elif worth.tenure is None:
        said.append(f"A second time is taken to last a year (assumed): {alone}.")
    else:
        said.append(
            "A second time is taken to last half as long as the first, 1 to 3 years (assumed): "
            f"{worth.years:.1f} years make {alone}."
        )
    return said


def _besides(told: "Why", worth: Worth) -> list[str]:
    """Who would come or go with them, and what it takes, as it was answered."""
    said, answered = [], told.given.known.answered or stakes.NOTHING
    if worth.referrals:
        origin = told.given.origins.get("referred", "asked")
        brings = whole(Money(worth.referrals, worth.currency))
        said.append(f"With them come or go {answered.referrals} others ({origin}): {brings}.")
    if worth.fix:
        shared = f", shared by {answered.sharing} cases" if answered.sharing > 1 else ""
        said.append(f"The fix takes {whole(Money(worth.fix, worth.currency))}{shared}.")
    if worth.offers:
        said.append(f"The offer takes {whole(Money(worth.offers, worth.currency))}.")
    return said


def _contact(here: Here, told: "Why", worth: Worth) -> str:
    own = here.settings.currency
    if worth.rate is None:
        return (
            f"There is no rate from {worth.currency} to {told.assumed.currency}: the cost of a contact is"
            " not taken off, and among the others the chance alone ranks them."
        )
    if told.assumed.currency != own:
        return f"There is no rate from {worth.currency} to {own}: the cost of a contact is not taken off."
    cost = whole(Money(worth.cost or 0, worth.currency))
    return f"A contact costs {cost} ({set_by(here, 'contact_cost')})."


def set_by(here: Here, key: str) -> str:
    """Whether a setting is assumed or was set."""
    return "assumed" if here.settings.origins[key] == "default" else "set by you"
