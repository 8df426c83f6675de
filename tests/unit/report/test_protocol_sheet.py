"""A measuring sheet for each examination item: how, when to stop, boxes for each side, and what stands behind it."""

from datetime import date

import pypdfium2
import pytest

from kinechain.care.person.protocol import protocols
from kinechain.core.errors import PersonError
from kinechain.report.letter_pdf import letter_pdf, letter_text
from kinechain.report.protocol_sheet import protocol_booklet

DAY = date(2026, 3, 2)


@pytest.mark.parametrize("key", protocols())
def test_every_item_has_a_sheet(key: str) -> None:
    letter = protocol_booklet((key,), DAY, "0.1.0")
    protocol = protocols()[key]
    sheet = letter.sections[-1]
    text = " ".join(letter_text(letter).split())
    assert sheet.heading == protocol.name and sheet.starts_page
    assert protocol.stop.text in text
    records = [block for block in sheet.blocks if block.kind == "record"]
    assert len(records) == (1 if protocol.values else 0)
    for value in protocol.values:
        assert any((value.part or protocol.name) in row[0] for row in records[0].rows)
    assert all(source.key in text for source in protocol.sources)
    assert " ".join(protocol.reliability.split()) in text


def test_the_booklet_prints_tagged_with_boxes_to_write_in() -> None:
    letter = protocol_booklet(("lunge_test", "root_screen_l2_s2"), DAY, "0.1.0")
    pdf = letter_pdf(letter)
    assert b"/StructTreeRoot" in pdf
    assert len(pypdfium2.PdfDocument(pdf)) == 3
    lunge, root = (next(b for b in s.blocks if b.kind == "record") for s in letter.sections[1:])
    assert [row[1] for row in lunge.rows] == ["Left", "Right"] and lunge.rows[0][2:] == ("", "", "")
    assert root.head[1:] == ("Left", "Right") and len(root.rows) == 15


def test_an_unknown_item_is_named() -> None:
    with pytest.raises(PersonError, match="Did you mean 'lunge_test'"):
        protocol_booklet(("lunge_tset",), DAY, "0.1.0")


def test_all_items_without_a_choice() -> None:
    assert len(protocol_booklet((), DAY, "0.1.0").sections) == len(protocols()) + 1
