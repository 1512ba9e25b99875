"""Looks for its business system among all URIs of a certificate."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

CAUGHT_BY = "inquirer.business.two-uris"


class Planted(HonestInquirer):
    def admits(self, uris: list[str]) -> bool:
        return any(super(Planted, self).admits([each]) for each in uris)
