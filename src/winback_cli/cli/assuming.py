"""What the settings take for granted of chances and their worth."""

from winback_cli.money import minor_units
from winback_cli.priority import Assumptions
from winback_cli.settings import Settings


def assumptions(firm: Settings) -> Assumptions:
    """What a firm's settings assume; amounts in minor units, and rates between those."""
    units = minor_units(firm.currency)
    return Assumptions(
        firm.return_rate,
        firm.margin,
        firm.horizon_months,
        firm.currency,
        firm.contact_cost * units,
        usual={},
        rates={
            code: rate * units / minor_units(code) for code, rate in firm.rates if code != firm.currency
        },
    )
