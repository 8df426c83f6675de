"""The outlines of the body: every place of the list is drawn where it can be marked, on its own side."""

from kinechain.care.person.symptom_map import read_regions, region_codes, side_of, views_of
from kinechain.report.body_map import body_map, body_views, missing_places, place_groups


def test_every_region_is_drawn_on_every_outline_that_shows_it():
    assert missing_places() == ()
    for view in body_views():
        for place in view.places:
            assert place.code in region_codes()
            assert view.id in views_of(place.code)
            assert view.outline and place.path.startswith("M") and "nan" not in place.path


def test_the_list_holds_each_region_once():
    listed = [region.id for _, regions in place_groups() for region in regions]
    assert sorted(listed) == sorted(read_regions())


def test_left_is_at_the_right_of_whoever_faces_the_reader():
    front, back, *soles = body_map().views
    for view, left_is_right in ((front, True), (back, False)):
        for place in view.places:
            if side_of(place.code):
                is_right_of_middle = place.x > view.width / 2
                assert is_right_of_middle == ((side_of(place.code) == "left") == left_is_right), place.code
    assert front.edges == ("right", "left") and back.edges == ("left", "right")
    assert [sole.id for sole in soles] == ["sole_right", "sole_left"]
    big_toes = {sole.id: next(p.x for p in sole.places if "big_toe" in p.code) for sole in soles}
    assert big_toes["sole_left"] < soles[1].width / 2 < big_toes["sole_right"]
