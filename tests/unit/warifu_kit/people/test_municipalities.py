"""The municipality list that comes with the kit is the real one, and whole."""

from __future__ import annotations

import pytest

from warifu.identifiers import MunicipalityCode
from warifu_kit.people.municipalities import areas, covers, municipalities, places_to_live

KNOWN = {
    "011002": ("北海道", "札幌市", "サッポロシ"),
    "011011": ("北海道", "札幌市中央区", "サッポロシチュウオウク"),
    "013048": ("北海道", "石狩郡新篠津村", "イシカリグンシンシノツムラ"),
    "131016": ("東京都", "千代田区", "チヨダク"),
    "141003": ("神奈川県", "横浜市", "ヨコハマシ"),
    "221309": ("静岡県", "浜松市", "ハママツシ"),
    "341002": ("広島県", "広島市", "ヒロシマシ"),
    "401005": ("福岡県", "北九州市", "キタキュウシュウシ"),
    "472018": ("沖縄県", "那覇市", "ナハシ"),
}


@pytest.mark.parametrize("code", KNOWN)
def test_a_known_municipality_is_found_by_its_code(code: str) -> None:
    place = municipalities()[MunicipalityCode(code)]
    assert (place.prefecture, place.name, place.kana) == KNOWN[code]


def test_all_units_are_there_in_the_order_of_their_codes() -> None:
    codes = list(municipalities())
    assert len(codes) == 1892 + 20
    assert codes == sorted(codes)
    assert {code.prefecture for code in codes} == {f"{number:02d}" for number in range(1, 48)}


def test_people_live_in_the_1718_municipalities_and_23_special_wards_and_in_wards_instead_of_designated_cities() -> (
    None
):
    assert len(places_to_live()) == 1718 + 23 - 20 + 171
    assert MunicipalityCode("141003") not in {place.municipality_code for place in places_to_live()}


def test_every_name_has_its_kana() -> None:
    for place in municipalities().values():
        assert place.name
        assert all("ァ" <= character <= "ヶ" or character == "ー" for character in place.kana), place


@pytest.mark.parametrize(
    ("area", "home", "served"),
    [
        (None, "472018", True),
        ("131016", "131016", True),
        ("131016", "131024", False),
        ("011002", "011011", True),  # a city's ward
        ("011002", "012033", False),
        ("011011", "011002", False),
        ("370002", "373869", True),  # a prefecture
        ("370002", "131016", False),
        ("012033", "012041", False),
        ("131016", "379905", False),
    ],
)
def test_an_office_serves_its_municipality_a_city_its_wards_and_a_prefecture_everybody(
    area: str | None, home: str, served: bool
) -> None:
    code = MunicipalityCode.from_body(home[:5])
    assert covers(None if area is None else MunicipalityCode(area), code) is served


def test_every_municipality_and_every_prefecture_is_an_area() -> None:
    assert len(areas()) == len(municipalities()) + 47
    assert (areas()[MunicipalityCode("370002")], areas()[MunicipalityCode("372013")]) == ("香川県", "高松市")
