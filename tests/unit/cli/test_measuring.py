"""`kinechain protocol`: the items are listed, a sheet is printed, and a booklet is written."""

from pathlib import Path

from called import Call
from kinechain.care.person.protocol import protocols


def test_the_items_are_listed_with_their_names(call: Call) -> None:
    result = call("protocol")
    assert result.code == 0
    for key, sheet in protocols().items():
        assert any(line.split() == [key, *sheet.name.split()] for line in result.out.splitlines()), key
    assert "kinechain protocol ITEM... --out DIR" in result.out


def test_one_sheet_is_printed_as_text(call: Call) -> None:
    out = " ".join(call("protocol", "lunge_test").out.split())
    assert protocols()["lunge_test"].stop.text in out and protocols()["navicular_drop"].name not in out


def test_sheets_are_written_as_pdf_and_text(call: Call, tmp_path: Path) -> None:
    result = call("protocol", "lunge_test", "navicular_drop", "--out", "sheets")
    assert result.code == 0, result.err
    text = (tmp_path / "sheets" / "protocol.txt").read_text(encoding="utf-8")
    assert protocols()["lunge_test"].name in text and protocols()["navicular_drop"].name in text
    assert (tmp_path / "sheets" / "protocol.pdf").read_bytes().startswith(b"%PDF")
    assert "protocol.pdf" in result.out and "protocol.txt" in result.out


def test_without_items_all_of_them_are_written(call: Call, tmp_path: Path) -> None:
    assert call("protocol", "--out", "sheets").code == 0
    text = (tmp_path / "sheets" / "protocol.txt").read_text(encoding="utf-8")
    assert all(sheet.name in text for sheet in protocols().values())


def test_a_wrong_call_is_refused_in_one_line(call: Call, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file stands here")
    assert "Did you mean 'lunge_test'" in call("protocol", "lunge_tset").refusal
    assert "nothing can be written to taken" in call("protocol", "lunge_test", "--out", "taken").refusal
