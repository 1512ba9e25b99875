"""Links between the project's pages, and from them into the tree, lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def _links(text: str) -> Iterator[str]:
    return (found[1] for found in LINK.finditer(FENCE.sub("", text)))


def _anchors(text: str) -> set[str]:
    headings = (heading.strip().lower() for heading in HEADING.findall(FENCE.sub("", text)))
    return {re.sub(r"[^\w\- ]", "", heading.replace("`", "")).replace(" ", "-") for heading in headings}


def test_every_relative_link_leads_to_a_file_of_the_tree(tree: Path, pages: dict[str, str]) -> None:
    broken = [
        f"{page}: {link}"
        for page, text in pages.items()
        for link in _links(text)
        if "://" not in link
        and not link.startswith("#")
        and not ((tree / page).parent / link.partition("#")[0]).exists()
    ]
    assert broken == []


def test_every_link_to_a_heading_names_one(tree: Path, pages: dict[str, str]) -> None:
    broken = []
    for page, text in pages.items():
        for link in _links(text):
            target, _, anchor = link.partition("#")
            path = (tree / page).parent / target if target else tree / page
            if anchor and "://" not in link and anchor not in _anchors(path.read_text("utf-8")):
                broken.append(f"{page}: {link}")
    assert broken == []


def test_no_link_leaves_the_tree(tree: Path, pages: dict[str, str]) -> None:
    outside = [
        f"{page}: {link}"
        for page, text in pages.items()
        for link in _links(text)
        if "://" not in link and tree not in ((tree / page).parent / link.partition("#")[0]).resolve().parents
    ]
    assert [found for found in outside if ": #" not in found] == []


def test_every_page_can_be_reached_from_the_readme(tree: Path, pages: dict[str, str]) -> None:
    reached, waiting = {"README.md"}, ["README.md"]
    while waiting:
        page = waiting.pop()
        for link in _links(pages[page]):
            target = ((tree / page).parent / link.partition("#")[0]).resolve()
            name = target.relative_to(tree).as_posix() if tree in target.parents else ""
            if name in pages and name not in reached:
                reached.add(name)
                waiting.append(name)
    assert sorted(set(pages) - reached) == []
