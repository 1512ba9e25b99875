"""The README's test of an adapter passes in a project with a ``services`` folder of its own, and is short."""

from __future__ import annotations

import re

import pytest

PYTHON = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ADAPTER = re.compile(r"^`runs/project/services/pension.py`:\n\n```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LONGEST = 15


@pytest.fixture(scope="session")
def snippet(readme: str) -> str:
    """The README's one program."""
    (found,) = PYTHON.findall(readme)
    return str(found)


def test_it_has_at_most_fifteen_lines(snippet: str) -> None:
    assert len(snippet.splitlines()) <= LONGEST


def test_it_passes_with_the_adapter_of_the_page_about_ci(
    snippet: str, pages: dict[str, str], pytester: pytest.Pytester
) -> None:
    (adapter,) = ADAPTER.findall(pages["docs/guide/ci.md"])
    (pytester.path / "services").mkdir()
    (pytester.path / "services" / "pension.py").write_text(adapter, "utf-8")
    pytester.makeini("[pytest]\npythonpath = .\naddopts = -p no:cacheprovider\n")
    pytester.makepyfile(test_pension=snippet)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_it_fails_with_an_adapter_that_answers_something_else(
    snippet: str, pages: dict[str, str], pytester: pytest.Pytester
) -> None:
    (adapter,) = ADAPTER.findall(pages["docs/guide/ci.md"])
    wrong = "\n    async def answer(self, query):\n        from warifu.agency import Absence\n        return Absence.NOT_HELD\n"
    (pytester.path / "services").mkdir()
    (pytester.path / "services" / "pension.py").write_text(adapter + wrong, "utf-8")
    pytester.makeini("[pytest]\npythonpath = .\naddopts = -p no:cacheprovider\n")
    pytester.makepyfile(test_pension=snippet)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    assert "pytest --warifu-seed=" in result.stdout.str()
