"""Resident tax (個人住民税), much simplified: enough for records whose numbers hang together.

SIMULATED. The real tax has a score of deductions and differs by municipality. Here, for a year:

* taxable income (課税所得) = total income (合計所得金額) less 430,000 yen basic deduction, 15 % of the income for social
  insurance, and 330,000 yen per dependant; not below 0, in whole thousands;
* the income levy (所得割) = 10 % of that, in whole hundreds;
* the per-capita levy (均等割) = 5,000 yen, forest tax included;
* nothing of either is due up to a total income of 350,000 yen for each of the person and the dependants, plus 100,000,
  plus 210,000 where there are dependants (非課税限度額, as in large cities).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["ResidentTax", "assess"]

_BASIC_DEDUCTION: Final = 430_000
_PER_DEPENDANT: Final = 330_000
_PER_CAPITA_LEVY: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentTax:
    """One assessment; all amounts in yen for the year."""

    taxable_income_yen: int
    income_levy_yen: int
    per_capita_levy_yen: int

    @property
    def total_yen(self) -> int:
        """Both levies together."""
        return self.income_levy_yen + self.per_capita_levy_yen


def assess(income_yen: int, dependants: int) -> ResidentTax:
    """The assessment for one person's total income of the year before and number of dependants, both 0 or more."""
    deductions = _BASIC_DEDUCTION + income_yen * 15 // 100 + _PER_DEPENDANT * dependants
    taxable = max(0, income_yen - deductions) // 1_000 * 1_000
    if income_yen <= _exempt_up_to(dependants):
        return ResidentTax(taxable_income_yen=taxable, income_levy_yen=0, per_capita_levy_yen=0)
    return ResidentTax(
        taxable_income_yen=taxable, income_levy_yen=taxable // 1_000 * 100, per_capita_levy_yen=_PER_CAPITA_LEVY
    )


def _exempt_up_to(dependants: int) -> int:
    return 350_000 * (1 + dependants) + 100_000 + (210_000 if dependants else 0)
