"""What each party could read of each message of an exchange.

The words for what ``docs/tour.md`` has as "Who saw what"; that it is so is shown by the tests of blindness. Pure.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

__all__ = ["READABLE", "Part", "Sent"]


class Part(enum.StrEnum):
    """Who takes part in an exchange."""

    BUSINESS = "business"
    INQUIRER = "inquirer"
    HUB = "hub"
    PROVIDER = "provider"


class Sent(enum.StrEnum):
    """The kinds of messages of an exchange, in the order in which they are sent."""

    QUESTION = "question"
    INQUIRY = "inquiry"
    PERMIT = "permit"
    ANSWER = "answer"
    REFUSAL = "refusal"
    FAILURE = "failure"
    RELAYED = "relayed answer"
    RESULT = "result"


_ASKED = "who asks whom, in which procedure, for which item, when, and the sizes"

READABLE: Mapping[Sent, Mapping[Part, str]] = {
    Sent.QUESTION: {
        Part.BUSINESS: "all of it: it made it",
        Part.INQUIRER: "all of it: the local number, the procedure, the provider, the item, the year",
    },
    Sent.INQUIRY: {
        Part.INQUIRER: "all of it: it made it",
        Part.HUB: f"{_ASKED}; not about whom, and not the query: those are encrypted to the provider",
    },
    Sent.PERMIT: {
        Part.HUB: f"{_ASKED}; no code on either side, and not the query",
        Part.PROVIDER: "who asks, in which procedure, for which item and year, and about whom by its own code; not the inquirer's code",
    },
    Sent.ANSWER: {
        Part.HUB: "that it is answered, pending or refused, and the size; neither the record nor whether there is one",
        Part.PROVIDER: "all of it: it made it",
    },
    Sent.REFUSAL: {
        Part.INQUIRER: "the reason",
        Part.HUB: "the reason: it is the hub's, which knows nothing of whom it is about",
    },
    Sent.FAILURE: {
        Part.INQUIRER: "the reason",
        Part.HUB: "the reason",
    },
    Sent.RELAYED: {
        Part.INQUIRER: "all of it: the record, or why there is none; it was sealed to this inquiry's key",
        Part.HUB: "what it could before: it relays the answer as it came",
    },
    Sent.RESULT: {
        Part.BUSINESS: "all of it: the record, or why there is none",
        Part.INQUIRER: "all of it",
    },
}
"""Who is not named for a message gets none of it; so the numbering authority, which has no part in exchanges."""
