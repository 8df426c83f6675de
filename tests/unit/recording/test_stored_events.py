"""Events stored in files, in the words and clocks of laboratories."""

import numpy as np
import pytest

from kinechain.recording.events import StoredEvents, find_file_events, meaning_of

STRIKE, OFF = "foot_strike", "foot_off"


@pytest.mark.parametrize(
    ("label", "context", "kind", "side"),
    [
        ("Foot Strike", "Right", STRIKE, "right"),
        ("Foot Strike1", "Left", STRIKE, "left"),
        ("FootStrike2", "L", STRIKE, "left"),
        ("Foot Off", "LEFT", OFF, "left"),
        ("foot-off", " right ", OFF, "right"),
        ("LHS", "", STRIKE, "left"),
        ("RHS", "General", STRIKE, "right"),
        ("RTO", "", OFF, "right"),
        ("R_HS", "", STRIKE, "right"),
        ("HS_R", "", STRIKE, "right"),
        ("HSL", "", STRIKE, "left"),
        ("l-to", "", OFF, "left"),
        ("LIC", "", STRIKE, "left"),
        ("RFO", "", OFF, "right"),
        ("R.FS", "", STRIKE, "right"),
        ("Left Heel Strike", "", STRIKE, "left"),
        ("Right Toe Off", "", OFF, "right"),
        ("RightHeelStrike", "", STRIKE, "right"),
        ("heel strike left", "", STRIKE, "left"),
        ("Toe Off (R)", "", OFF, "right"),
        ("IC", "Left", STRIKE, "left"),
        ("FO", "Right", OFF, "right"),
        ("Initial Contact", "Right", STRIKE, "right"),
        ("HeelStrike", "Left", STRIKE, "left"),
        ("LON", "", STRIKE, "left"),
        ("ROFF", "", OFF, "right"),
        ("Fersenkontakt rechts", "", STRIKE, "right"),
        ("Zehenabstoß links", "", OFF, "left"),
        ("Contact initial", "Gauche", STRIKE, "left"),
        ("Décollement pied droit", "", OFF, "right"),
        ("Contatto iniziale dx", "", STRIKE, "right"),
        ("Despegue de dedos izquierdo", "", OFF, "left"),
    ],
)
def test_words(label, context, kind, side):
    assert meaning_of(label, context) == (kind, side)


@pytest.mark.parametrize(
    ("label", "context"),
    [("Event", "General"), ("STRT", ""), ("LMS", ""), ("R. E", ""), ("", ""), ("Full Turn", "Left")],
)
def test_words_that_say_no_step(label, context):
    assert meaning_of(label, context)[0] is None


def test_a_strike_of_no_side_is_none():
    assert meaning_of("Foot Strike", "General") == (STRIKE, None)


def found(stored, span=(0.0, 4.0)):
    notes = []
    events = find_file_events(stored, span, notes)
    return [(e.kind, e.side, round(e.time_s, 3)) for e in events], notes


def stored(labels, contexts, *tables, **more):
    return StoredEvents(tuple(labels), tuple(contexts), tuple(np.asarray(t, float) for t in tables), **more)


TWO = [(STRIKE, "left", 1.0), (OFF, "right", 2.5)]


@pytest.mark.parametrize(
    "table",
    [
        [[0.0, 0.0], [1.0, 2.5]],  # minutes and seconds
        [[1.0, 2.5]],  # one row of seconds
        [1.0, 2.5],
        [0.0, 1.0, 0.0, 2.5],  # minutes and seconds, pair after pair
    ],
)
def test_times_in_every_shape(table):
    assert found(stored(["Foot Strike", "Foot Off"], ["Left", "Right"], table)) == (TWO, [])


def test_minutes_count():
    events, _ = found(stored(["LHS", "RTO"], [], [[1.0, 1.0], [1.0, 2.5]]), (60.0, 64.0))
    assert events == [(STRIKE, "left", 61.0), (OFF, "right", 62.5)]


def test_contexts_may_be_fewer_than_labels_or_stand_in_for_them():
    assert found(stored(["Foot Strike", "RTO"], ["Left"], [[0, 0], [1.0, 2.5]]))[0] == TWO
    assert found(stored(["", ""], ["LHS", "RTO"], [[0, 0], [1.0, 2.5]]))[0] == TWO


def test_only_the_used_count_and_lists_go_on():
    table = [[0.0] * 3, [1.0, 2.5, 3.0]]
    assert found(stored(["LHS", "RTO", "LTO"], [], table, used=2))[0] == TWO
    assert found(stored(["LHS", "RTO"], [], [[0.0], [1.0]], [[0.0], [2.5]]))[0] == TWO


def test_out_of_order_and_twice():
    events, notes = found(stored(["RTO", "LHS", "LHS"], [], [[0, 0, 0], [2.5, 1.0, 1.005]]))
    assert events == TWO
    assert [n.code for n in notes] == ["events.duplicates"]


def test_events_counted_from_the_first_frame_are_moved():
    events, notes = found(stored(["LHS", "RTO"], [], [[0, 0], [1.0, 2.5]]), (10.0, 14.0))
    assert events == [(STRIKE, "left", 11.0), (OFF, "right", 12.5)]
    assert [n.code for n in notes] == ["events.clock"]


def test_seconds_that_repeat_the_minutes():
    events, notes = found(stored(["LHS", "RTO"], [], [[1, 1], [61.0, 62.5]]), (60.0, 64.0))
    assert events == [(STRIKE, "left", 61.0), (OFF, "right", 62.5)]
    assert [n.code for n in notes] == ["events.clock"]


def test_events_outside_are_left_out_and_counted():
    events, notes = found(stored(["LHS", "RTO", "LTO"], [], [[0, 0, 0], [1.0, 2.5, 9.0]]))
    assert events == TWO
    assert "1 stored events lie outside" in notes[0].text


def test_events_of_another_subject_are_not_mine():
    assert found(stored(["LHS", "LTO", "RTO"], [], [[0, 0, 0], [1.0, 2.0, 2.5]], is_mine=(True, False, True)))[0] == TWO


def test_events_of_the_header_count_where_the_group_has_none():
    header = (("LHS", 1.0), ("RTO", 2.5))
    assert found(StoredEvents(header=header))[0] == TWO
    assert found(stored(["LHS"], [], [[0.0], [3.0]], header=header))[0] == [(STRIKE, "left", 3.0)]


def test_strange_events_are_named_once_and_made_printable():
    events, notes = found(stored(["Event", "Event", "a\x1b[31m"], [], [[0, 0, 0], [1, 2, 3]]))
    assert events == []
    assert "3 stored events are not" in notes[0].text
    assert notes[0].text.isprintable()
    assert found(stored(["LHS"], [], [[0.0], [np.nan]]))[0] == []
