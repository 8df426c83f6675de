"""The interview: what is asked, in which order, and what each key does."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest

from kinechain.care.intake.intake_list import Choice
from kinechain.cli.answers import SKIPPED, UNKNOWN, Question, Value, parse_answer, spoken
from kinechain.cli.questions import Ending, Script, Terminal, interview
from kinechain.core.errors import SettingError

Answers = dict[str, Value]

SHOES = Question(
    "shoes",
    "Which shoes?",
    "choice",
    "Shoes matter.",
    choices=(Choice("trainers", "Trainers"), Choice("boots", "Boots")),
)
WHERE = Question(
    "where", "Where?", "several", choices=tuple(Choice(w, w.capitalize()) for w in ("heel", "arch", "back"))
)
HEIGHT = Question("height", "How tall?", "number", unit="m", limits=(0.4, 2.8))
PAIN = Question("pain", "Is there pain?", "yes_no", "It tells where to look.", section="Back")
NIGHT = Question("night", "Does it wake you?", "yes_no", section="Back")
ALL = (PAIN, NIGHT, HEIGHT, SHOES, WHERE)


@dataclass
class Screen:
    """A made terminal: lines that will be typed, and everything that was written."""

    typed: Iterable[str]
    written: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.written)

    def terminal(self, width: int = 78) -> Terminal:
        lines = iter(self.typed)
        return Terminal(lambda: next(lines, None), self.written.append, self.written.append, width)


def script(
    questions: Iterable[Question] = ALL,
    saved: list[Answers] | None = None,
    stops: Callable[[Answers], bool] = lambda _: False,
) -> Script[Answers]:
    """Return a script over a dictionary; a person without pain is not asked about the night."""

    def open_questions(state: Answers) -> list[Question]:
        wanted = [q for q in questions if q.id != "night" or state.get("pain") != "no"]
        return [q for q in wanted if state.get(q.id, SKIPPED) == SKIPPED]

    return Script(
        open_questions,
        lambda state, question, value: {**state, question.id: value},
        save=(saved if saved is not None else []).append,
        stops=stops,
    )


def run(typed: Iterable[str], state: Answers | None = None, **options: object) -> tuple[Ending[Answers], Screen]:
    screen = Screen(typed)
    return interview(dict(state or {}), script(**options), screen.terminal()), screen  # type: ignore[arg-type]


def test_every_question_is_asked_once_and_every_kind_is_read() -> None:
    ending, screen = run(["y", "n", "1,66", "2", "1 3"])
    assert ending.how == "done" and ending.asked == 5
    assert ending.state == {"pain": "yes", "night": "no", "height": 1.66, "shoes": "boots", "where": ("heel", "back")}
    assert [line for line in screen.written if line.startswith("Question")] == [
        "Question 1 of 5 · Back",
        "Question 2 of 5",
        *(f"Question {n} of 5" for n in (3, 4, 5)),
    ]


def test_an_empty_line_takes_what_is_usual_and_only_where_there_is_something_usual() -> None:
    sets = Question("sets", "How many sets?", "number", unit="sets", limits=(0, 20), usual=3.0)
    ending, screen = run(["", "", "y"], questions=[sets, PAIN])
    assert ending.state == {"sets": 3.0, "pain": "yes"}
    assert "Enter: 3 sets" in screen.text


def test_what_is_known_is_not_asked_and_an_answer_may_close_another_question() -> None:
    ending, screen = run(["n", "boots", "none"], {"height": 1.7})
    assert ending.how == "done"
    assert "How tall?" not in screen.text and "Does it wake you?" not in screen.text
    assert ending.state["where"] == ()
    assert "Question 3 of 3" in screen.text


def test_back_returns_to_the_question_before_with_what_was_said() -> None:
    saved: list[Answers] = []
    ending, screen = run(["y", "b", "n", "1.7", "1", "none"], saved=saved)
    assert ending.state["pain"] == "no" and "night" not in ending.state
    assert "  Before: yes" in screen.written
    assert saved[:3] == [{"pain": "yes"}, {}, {"pain": "no"}]


def test_there_is_nothing_before_the_first_question() -> None:
    ending, screen = run(["b", "n", "q"])
    assert ending.state == {"pain": "no"} and ending.how == "left"
    assert "first question" in screen.text


def test_skipped_unknown_and_missing_are_three_things() -> None:
    ending, _ = run(["s", "u", "q"])
    assert ending.state == {"pain": SKIPPED, "night": UNKNOWN}
    again, screen = run(["y", "1.7", "1", "0"], ending.state)
    assert again.state["pain"] == "yes" and again.state["night"] == UNKNOWN
    assert "Does it wake you?" not in screen.text


@pytest.mark.parametrize("typed", [["y", "q"], ["y"]])
def test_leaving_and_the_end_of_the_input_keep_what_was_said(typed: list[str]) -> None:
    saved: list[Answers] = []
    ending, _ = run(typed, saved=saved)
    assert (ending.how, ending.asked, saved) == ("left", 1, [{"pain": "yes"}])


def test_why_and_the_keys_are_told_and_the_question_stays() -> None:
    ending, screen = run(["h", "?", "y", "h", "q"])
    assert "  It tells where to look." in screen.written
    assert any(line.startswith("  u  I do not know") for line in screen.written)
    assert "No reason is written down" in screen.text
    assert ending.state == {"pain": "yes"}


def test_nothing_is_asked_after_the_answer_that_stops() -> None:
    ending, screen = run(["y", "y", "y"], stops=lambda state: state.get("pain") == "yes")
    assert ending.how == "stopped" and ending.asked == 1
    assert "Does it wake you?" not in screen.text


def test_an_impossible_answer_is_asked_again_and_never_kept() -> None:
    saved: list[Answers] = []
    ending, screen = run(["17", "17 m", "tall", "172 cm", "q"], saved=saved, questions=[HEIGHT])
    assert ending.state == {"height": 1.72} and saved == [{"height": 1.72}]
    assert screen.text.count("not possible here: it must lie between 0.4 and 2.8 m.") == 2
    assert "'tall' is no number" in screen.text


def test_places_with_sides_share_a_line_and_may_be_typed_as_words() -> None:
    names = ("low back", "heel", "left heel", "right heel")
    places = Question("x", "Where?", "several", choices=tuple(Choice(n.replace(" ", "_"), n) for n in names))
    ending, screen = run(["low back, left heel"], questions=[places])
    assert ending.state == {"x": ("low_back", "left_heel")}
    assert [line.split() for line in screen.written if "heel" in line] == [["2", "heel", "3", "left", "4", "right"]]
    assert run(["1 3"], questions=[places])[0].state == ending.state


def test_a_refusal_of_the_script_is_said_and_asked_again() -> None:
    def put(state: Answers, question: Question, value: Value) -> Answers:
        if value == "yes":
            raise SettingError("both cannot be true")
        return {**state, question.id: value}

    screen = Screen(["y", "n"])
    script = Script[Answers](lambda s: [q for q in (PAIN,) if q.id not in s], put)
    assert interview({}, script, screen.terminal()).state == {"pain": "no"}
    assert "  both cannot be true" in screen.written


def test_no_line_is_wider_than_the_terminal_and_control_characters_never_come_back() -> None:
    long = Question("long", "word " * 60, "choice", "why " * 60, choices=(Choice("a", "label " * 40), Choice("b", "b")))
    screen = Screen(["h", "?", "\x1b[31mred", "2"])
    ending = interview({}, script([long]), screen.terminal(width=50))
    assert ending.state == {"long": "b"}
    assert max(len(line) for line in screen.written) <= 50
    assert "\x1b" not in screen.text


@pytest.mark.parametrize(
    ("unit", "typed", "number"),
    [
        ("weeks", "3 months", 13.04464286),
        ("weeks", "10 days", 1.428571429),
        ("metres", "166cm", 1.66),
        ("kg", "70 kilograms", 70.0),
        ("0 to 10", "3", 3.0),
    ],
)
def test_a_number_may_carry_another_unit(unit: str, typed: str, number: float) -> None:
    assert parse_answer(Question("x", "?", "number", unit=unit), typed) == pytest.approx(number)


@pytest.mark.parametrize("typed", ["3 stone", "nan", "inf", "1e400", "--3", "3 3", "", "٣ m x"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(SettingError, match="is no number"):
        parse_answer(HEIGHT, typed)


@pytest.mark.parametrize("typed", ["3", "0", "slippers", "²"])
def test_what_is_no_choice_is_refused(typed: str) -> None:
    with pytest.raises(SettingError, match="from 1 to 2"):
        parse_answer(SHOES, typed)


def test_answers_are_spoken_as_people_say_them() -> None:
    assert spoken(PAIN, UNKNOWN) == "I do not know"
    assert spoken(HEIGHT, 1.7) == "1.7 m"
    assert spoken(WHERE, ("heel", "back")) == "Heel, Back"
    assert spoken(WHERE, ()) == "none of these"
