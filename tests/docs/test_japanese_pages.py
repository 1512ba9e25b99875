"""The Japanese pages say what the English ones say: heading by heading, with the same commands, programs, figures and links.

What is compared is compared section by section, a section being what stands below one heading. Words are free; what can be
typed, counted or followed is not. ``docs/ja/guide/errors.md`` has no English page: it is held to ``docs/errors.json``.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

import pytest

ENGLISH = {
    "README.ja.md": "README.md",
    "docs/ja/guide/start.md": "docs/guide/integrators.md",
    "docs/ja/guide/adapter.md": "docs/guide/adapter.md",
    "docs/ja/guide/faults.md": "docs/guide/faults.md",
    "docs/ja/guide/ci.md": "docs/guide/ci.md",
    "docs/ja/guide/prove.md": "docs/guide/prove.md",
    "docs/ja/guide/card.md": "docs/guide/card.md",
}
ERRORS = "docs/ja/guide/errors.md"
ENGLISH_OF_ERRORS = "docs/protocol.md"
JAPANESE = [*ENGLISH, ERRORS]

BLOCK = re.compile(r"(?:^`[\w./-]+`:\n\n|^<!-- run[^\n]*-->\n)?^```.*?^```$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FIGURE = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)*")
LIST_ITEM = re.compile(r"^- ", re.MULTILINE)
ROW = re.compile(r"^\|(.+)\|$", re.MULTILINE)
# English spells small figures out where Japanese writes digits, as for minutes and times.
SPELT = {
    "second": "2",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "eight": "8",
    "ten": "10",
    "twelve": "12",
}

AGAIN = {
    "a new request, once its cause is gone": "原因を除き、新しい要求で",
    "the same request, after a pause": "間を置き、同じ要求で",
    "the same request, with a longer deadline": "デッドラインを延ばし、同じ要求で",
    "the same request, once its cause is gone": "原因を除き、同じ要求で",
    "the same request, once an operator has decided": "運用者の判断の後、同じ要求で",
    "no: it is the answer": "送らない(これが答え)",
    "no: it is said by a program to whoever runs it, about that machine's own files": "送らない(手元のマシンのこと)",
}

# One word for one thing: how the glossary says it, and how else somebody might.
VARIANTS = {
    "情報照会者": r"(?<!情報)照会者|照会元|要求者|問合せ元",
    "情報提供者": r"(?<!情報)提供者|提供元|照会先",
    "情報照会": r"問い?合わ?せ",
    "中間サーバー": r"中間サーバ(?!ー)|ノード(?!\.)|中継サーバ",
    "情報提供ネットワークシステム": r"情報提供NWS|情報提供ネットワーク(?!システム)",
    "情報提供用個人識別符号 (符号)": r"機関別符号|連携用符号|識別コード|個人識別符号(?<!情報提供用個人識別符号)",
    "個人番号": r"マイナンバー(?!制度)|個人ナンバー",
    "住民票コード": r"住民コード",
    "宛名番号": r"ローカル番号|(?<!宛)名番号|団内番号",
    "処理通番": r"処理番号|符号用処理通番",
    "副本": r"複本|レプリカ",
    "情報提供等の記録": r"情報提供等記録(?!開示)|情報連携記録|やりとり履歴",
    "情報提供許可証": r"(?<!情報提供)許可証",
    "照会許可用照合リスト": r"許可リスト|許可表|許可テーブル|(?<!照会許可用)照合リスト",
    "自動応答不可フラグ": r"自動応答不可(?!フラグ)|自動応答(?:無効|停止)",
    "特定個人情報保護評価": r"(?<!特定)個人情報保護評価|PIA",
    "特定個人情報名コード": r"項目コード|品目コード|情報名コード(?<!特定個人情報名コード)",
    "事務手続きコード": r"事務手続コード|手続き?コード(?<!事務手続きコード)",
    "業務システム": r"業務サーバ|基幹システム",
    "付番機関": r"附番|採番|番号機関",
    "監督機関": r"監督者|監視機関",
    "ハブ": r"コアシステム|HUB",
    "アダプター": r"アダプタ(?!ー)",
    "サーバー、フォルダー、ユーザー": r"サーバ(?!ー)|フォルダ(?!ー)|ユーザ(?!ー)",
    "突合": r"突き?合せ|照らし合せ",
}


@dataclass(frozen=True, slots=True)
class Section:
    """What stands below one heading, up to the next."""

    level: int
    title: str
    blocks: tuple[str, ...]
    prose: str


def _sections(page: str) -> list[Section]:
    blocks: list[str] = []

    def kept(found: re.Match[str]) -> str:
        blocks.append(found[0])
        return f"\0{len(blocks) - 1}\0"

    parts = HEADING.split(BLOCK.sub(kept, page))
    return [
        Section(
            len(marks),
            title,
            tuple(blocks[int(n)] for n in re.findall(r"\0(\d+)\0", text)),
            re.sub(r"\0\d+\0", "", text),
        )
        for marks, title, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    ]


def _both(pages: dict[str, str], page: str) -> list[tuple[Section, Section]]:
    return list(zip(_sections(pages[page]), _sections(pages[ENGLISH[page]]), strict=True))


def _targets(page: str, prose: str, pages: dict[str, str]) -> set[tuple[str, int | str]]:
    """The files that the prose links to, each with which of its headings; a Japanese page counts as its English one."""
    found: set[tuple[str, int | str]] = set()
    for link in LINK.findall(prose):
        path, _, anchor = link.partition("#")
        target = normpath(str(PurePosixPath(page).parent / path)) if path else page
        if target == ERRORS:
            continue  # beside it stands the link to the English page's part
        place: int | str = _headings(pages[target]).index(anchor) if anchor else ""
        found.add((ENGLISH.get(target, target), place))
    return found


def _headings(page: str) -> list[str]:
    titles = (section.title.strip().lower().replace("`", "") for section in _sections(page))
    return [re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles]


def _figures(prose: str) -> Counter[str]:
    return Counter(FIGURE.findall(LINK.sub("", CODE.sub("", prose))))


def _misfigured(japanese: str, english: str) -> Counter[str]:
    """The figures of one that the other has not; Japanese may have in digits what English spells out."""
    said, wanted = _figures(japanese), _figures(english)
    spelt = Counter(SPELT[word] for word in re.findall(r"[a-z]+", english.lower()) if word in SPELT)
    return (wanted - said) + (said - wanted - spelt)


def _lines(section: Section) -> list[str]:
    return ROW.findall(section.prose)


@pytest.mark.parametrize("page", ENGLISH)
def test_headings_are_the_same_in_number_and_level(pages: dict[str, str], page: str) -> None:
    japanese, english = _sections(pages[page]), _sections(pages[ENGLISH[page]])
    assert [section.level for section in japanese] == [section.level for section in english]
    numbers = [[re.match(r"\d+\. ", section.title) for section in each] for each in (japanese, english)]
    assert [found and found[0] for found in numbers[0]] == [found and found[0] for found in numbers[1]]


@pytest.mark.parametrize("page", ENGLISH)
def test_commands_and_programs_are_the_very_same(pages: dict[str, str], page: str) -> None:
    for japanese, english in _both(pages, page):
        assert japanese.blocks == english.blocks, japanese.title


@pytest.mark.parametrize("page", ENGLISH)
def test_names_and_options_within_the_text_are_the_very_same(pages: dict[str, str], page: str) -> None:
    for japanese, english in _both(pages, page):
        assert set(CODE.findall(japanese.prose)) == set(CODE.findall(english.prose)), japanese.title


@pytest.mark.parametrize("page", ENGLISH)
def test_figures_are_the_same(pages: dict[str, str], page: str) -> None:
    for japanese, english in _both(pages, page):
        assert _misfigured(japanese.prose, english.prose) == Counter(), japanese.title


@pytest.mark.parametrize("page", ENGLISH)
def test_tables_say_the_same_line_by_line(pages: dict[str, str], page: str) -> None:
    for japanese, english in _both(pages, page):
        for said, wanted in zip(_lines(japanese), _lines(english), strict=True):
            assert CODE.sub("", said).count("|") == CODE.sub("", wanted).count("|"), said
            assert set(CODE.findall(said)) == set(CODE.findall(wanted)), said
            assert _misfigured(said, wanted) == Counter(), said


@pytest.mark.parametrize("page", ENGLISH)
def test_lists_have_as_many_items(pages: dict[str, str], page: str) -> None:
    for japanese, english in _both(pages, page):
        assert len(LIST_ITEM.findall(japanese.prose)) == len(LIST_ITEM.findall(english.prose)), japanese.title


@pytest.mark.parametrize("page", ENGLISH)
def test_links_lead_to_the_same_places(pages: dict[str, str], page: str) -> None:
    for number, (japanese, english) in enumerate(_both(pages, page)):
        itself = {(ENGLISH[page], "")} if number == 0 else set()  # each says that there is the other
        assert (
            _targets(page, japanese.prose, pages) | itself == _targets(ENGLISH[page], english.prose, pages) | itself
        ), japanese.title


@pytest.mark.parametrize("page", ENGLISH)
def test_each_page_says_at_its_top_that_there_is_the_other(pages: dict[str, str], page: str) -> None:
    def tops(name: str) -> set[str]:
        return {
            normpath(str(PurePosixPath(name).parent / link))
            for link in LINK.findall(_sections(pages[name])[0].prose[:300])
        }

    assert ENGLISH[page] in tops(page)
    assert page in tops(ENGLISH[page])


def test_the_english_page_about_errors_says_that_there_is_one_in_japanese(pages: dict[str, str]) -> None:
    errors = next(section for section in _sections(pages[ENGLISH_OF_ERRORS]) if section.title == "Errors")
    assert "](ja/guide/errors.md)" in errors.prose


def test_every_page_in_japanese_is_known_here(pages: dict[str, str]) -> None:
    assert sorted(name for name in pages if name.startswith("docs/ja/") or name.endswith(".ja.md")) == sorted(JAPANESE)


@pytest.mark.parametrize("page", JAPANESE)
def test_every_page_says_simulated_in_both_languages_before_anything_else(pages: dict[str, str], page: str) -> None:
    first = pages[page].splitlines()[2]
    assert first.startswith("**SIMULATED(模擬)")


@pytest.mark.parametrize("page", JAPANESE)
def test_each_thing_has_one_word(pages: dict[str, str], page: str) -> None:
    text = LINK.sub("", CODE.sub("", BLOCK.sub("", pages[page])))
    found = {word: re.findall(variant, text) for word, variant in VARIANTS.items()}
    assert {word: variants for word, variants in found.items() if variants} == {}


def _letter(character: str) -> bool:
    return bool(character.strip()) and unicodedata.category(character)[0] not in "PS"


@pytest.mark.parametrize("page", JAPANESE)
def test_bold_ends_where_markdown_sees_it(pages: dict[str, str], page: str) -> None:
    """``**…。**`` before a letter is not bold in CommonMark: its stars are shown. So is ``**`` before a bracket after one."""
    parts = BLOCK.sub("", pages[page]).split("**")
    assert len(parts) % 2 == 1
    ends = [(inside[0], before[-1:]) for before, inside in zip(parts[::2], parts[1::2], strict=False)]
    ends += [(inside[-1], after[:1]) for inside, after in zip(parts[1::2], parts[2::2], strict=True)]
    assert [f"{within}**{beyond}" for within, beyond in ends if not _letter(within) and _letter(beyond)] == []


@pytest.fixture(scope="session")
def catalogue(tree: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((tree / "docs/errors.json").read_text("utf-8"))
    return content


def _rows(page: str, columns: int) -> list[list[str]]:
    rows = [[cell.strip() for cell in row.split("|")] for row in ROW.findall(page)]
    return [row for row in rows if len(row) == columns and not row[0].startswith(("--", "理由", "呼び出しの"))]


def test_every_reason_is_there_once_with_its_status_whether_definite_and_how_to_ask_again(
    pages: dict[str, str], catalogue: dict[str, Any]
) -> None:
    said = {row[0].strip("`"): (row[1].strip("`"), row[2], row[4]) for row in _rows(pages[ERRORS], 6)}
    assert len(said) == len(_rows(pages[ERRORS], 6))
    assert said == {
        line["reason"]: (line["grpc_status"], "はい" if line["definite"] else "いいえ", AGAIN[line["again"]])
        for line in catalogue["reasons"]
    }


def test_every_reason_says_what_it_means_and_what_to_do_with_the_names_of_the_catalogue(
    pages: dict[str, str], catalogue: dict[str, Any]
) -> None:
    lines = {line["reason"]: line for line in catalogue["reasons"]}
    named = re.compile(r"`[^`]+`|request_id|docs/[\w./]+|--go-on|(?<![A-Za-z])\d+")
    for reason, _status, _definite, means, _again, to_do in _rows(pages[ERRORS], 6):
        line = lines[reason.strip("`")]
        assert (means[-1], to_do[-1]) == ("。", "。"), reason
        wanted = {name.strip("`") for name in named.findall(line["what_to_do"])}
        assert {name for name in wanted if name not in means + to_do} == set(), reason


def test_a_failure_without_a_reason_means_the_same(pages: dict[str, str], catalogue: dict[str, Any]) -> None:
    names = re.compile(r"[A-Z]+(?:_[A-Z]+)+|[A-Z]{4,}")
    said = [(sorted(names.findall(f"{row[0]} {row[1]}")), row[2]) for row in _rows(pages[ERRORS], 3)]
    assert said == [
        (sorted(names.findall(f"{line['ended']} {line['means']}")), "はい" if line["definite"] else "いいえ")
        for line in catalogue["without_error_info"]
    ]
