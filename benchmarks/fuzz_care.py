"""Hand damaged files and odd options to the verbs of care, and see that each is used or refused in one sentence.

    python benchmarks/fuzz_care.py [--kind person,journal,...] [--count 200] [--seed 0] [--seconds 10] [--memory 1500]
                                   [--only INDEX] [--sentences]

Every case starts from a whole person with a plan and a journal, changes one thing and runs one verb **in this
process**, whose address space is limited to ``--memory`` MB beyond the imports.  A case fails when the exit
code is none of 0, 1 and 2; when a refusal is not one printable line on stderr of at most 900 characters; when a name or
birth date that was planted in the file is printed; when a refusal changed the person file, or the journal lost a byte;
or when it took longer than ``--seconds``.  Printed are the counts by kind, and for each failure the index to repeat it
with ``--only``; ``--sentences`` prints every refusal once.  Exit code 1 when a case failed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import tomllib
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kinechain.care.person.person_file import screen_keys
from kinechain.care.person.repeatability import read_lab_errors
from kinechain.cli import main
from kinechain.core.errors import InputError
from kinechain.report.fhir_read import read_bundle

#: What never comes out again.
SECRETS = ("Zebulon", "Quagmire", "1971-04-05", "05.04.1971")
LONGEST_REFUSAL = 900
EXITS = (0, 1, 2)

TOKENS = (
    *("nan", "inf", "-inf", "0", "-0.0", "-100", "true", "false", "[]", "{}", "''", '""', "1e308", "1e400", "9" * 400),
    *("0x7fffffffffffffff", "1_0", "2026-13-01", "2099-01-01", "9999-12-31", "0001-01-01", "1971-04-05", "07:30:00"),
    *("2026-03-01T08:00:00Z", '"Zebulon Quagmire"', '"05.04.1971"', '"\\u202egnp"', '"\\u0000"', '"\\u001b[31m"'),
    *('"' + "x" * 1500 + '"', "[[[[[[1]]]]]]", "[1, 'a', {}]", "{ a = { b = 1 } }", "17", "170", "1.68e3", '"no "'),
    *('"NO"', '"unknown"', '"skipped"', "[nan, nan]", '["low_back", "low_back"]', "[1, 1]", "[25]", "1.5", "-1", '"é"'),
)
LINES = (
    *("name = 'Zebulon Quagmire'", "birth_date = 1971-04-05", "person.name = 'Zebulon'", "[[person]]", "[person]"),
    *("[exam.fpi6]", "[[history]]", "a.b.c.d.e = 1", "exam.slump.value = 1", "[screen.ces_bladder]", "=", "]", "[["),
    *("\x00", "\x1b[2J", "\u202e", "x = '''", "pseudonym = 'Zebulon Quagmire'", "[questionnaires.rmdq24]"),
    *("[[symptoms]]", "[symptoms]", "'' = 1", '"\\u202e" = 1', '"a b" = 1', "[recordings]", "static = '/dev/zero'"),
    *(
        "trials = ['../..', 'x" + "y" * 400 + "']",
        "kind = 'pain'",
        "x = 7",
        "psych_distress = 'yes'",
        "[nested" + "." * 9,
    ),
)

PERSON = """[person]
pseudonym = "P-017"
sex = "female"
age_years = 52
height_m = 1.68
mass_kg = 71.5
[history]
pain_regions = ["low_back", "heel_left"]
pain_weeks = 30
onset = "gradual"
pain_average = 4
pain_worst = 7
first_step_pain = 6
aggravating = ["standing", "first_steps"]
treatments = [{ kind = "insoles_prefabricated", region = "foot", weeks = 8, response = "same" }]
[conditions]
diabetes = "no"
anticoagulants = "no"
iwgdf_risk = 1
[exam]
navicular_drop = [{ side = "left", value = 9, method = "ruler", examiner = "PT-1", measured_on = 2026-03-01 }]
slump = { side = "left", value = "negative", method = "seated" }
root_screen_l2_s2 = { side = "left", part = "L4 strength", value = 5 }
[questionnaires]
nprs = { total = 5, on = 2026-03-01 }
rmdq24 = { ticks = [1, 4, 9], on = 2026-03-01 }
psfs = { activities = [{ what = "climbing stairs", score = 4 }] }
odi = "skipped"
[[symptoms]]
kind = "pain"
region = "heel_left"
view = "sole_left"
x = 0.5
y = 0.9
[screen]
"""

DIARY = """event,at,exercise,side,sets,repetitions,load_kg,effort,pain_during,pain,soreness
session,2026-03-02T18:30+01:00,calf_raise,left,3,12,0,6,2,,
next_morning,2026-03-03T07:00+01:00,,,,,,,,2,3
not_done,2026-03-03T20:00+01:00,calf_raise,both,,,,,,,
"""
CELLS = (
    *("nan", "inf", "-1", "1e308", "1e400", "9" * 50, "", "x", "true", "[]", "3;4", '"', "\x00", "\u202e", "é", "1,5"),
    *("0001-01-01", "9999-12-31", "2099-01-01", "2026-03-29T02:30", "2026-06-30T23:59:60Z", "2026-03-02T25:00"),
    *("2026-03-02T10:00+99:00", "0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00", "session", "check_in", "plan_made"),
    *("calf_raise", "Zebulon Quagmire", "left", "both", "x" * 70000, "-0", "1e-320", "0x10", "1_0"),
)

LAB = """[lab]
code = "LAB-1"
on = 2026-03-01
[[error]]
item = "navicular_drop"
unit = "mm"
repeats = [[9.0, 8.0], [5.0, 6.0], [7.0, 7.5]]
"""

SETTINGS = 'emergency_number = "112"\ncrisis_line = "call 1"\nclinic = "Clinic, 12"\n'


class OverTimeError(BaseException):
    """The clock ran out; not an ``Exception``, so that no reader takes it for a fault of the file."""


@dataclass
class Case:
    """One thing changed, and what to run on it.

    Attributes
    ----------
    arguments : sequence of str
        Of the command line.
    call : callable or None
        Is called in place of the command line.
    what : str
        What ``call`` reads.
    """

    arguments: Sequence[str] = ()
    call: Callable[[], object] | None = None
    what: str = ""


@dataclass
class Tally:
    """Counts of one kind, and its failures."""

    codes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0


# ---- changes


def tangled(text: str, draw: random.Random, tokens: Sequence[str], lines: Sequence[str]) -> str:
    """Return a text with one to three changes: a value swapped, a line added, doubled, exchanged, cut or bent."""
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        rows = text.split("\n")
        at = draw.randrange(len(rows))
        match draw.randrange(8):
            case 0 | 1 | 2:
                rows[at] = re.sub(r"= .*", lambda _: f"= {draw.choice(tokens)}", rows[at])
            case 3:
                rows.insert(at, draw.choice(lines))
            case 4:
                rows.insert(at, rows[draw.randrange(len(rows))])
            case 5:
                values = [*re.finditer(r"(?<== )[^,{}\[\]]+", rows[at])]
                if values:
                    found = draw.choice(values)
                    rows[at] = rows[at][: found.start()] + draw.choice(tokens) + rows[at][found.end() :]
            case 6:
                other = draw.randrange(len(rows))
                rows[at], rows[other] = rows[other], rows[at]
            case _:
                place = draw.randrange(len(rows[at]) + 1)
                rows[at] = rows[at][:place] + draw.choice("[]{}=\"',.#\x00\u202e\\ é\r") + rows[at][place:]
        text = "\n".join(rows)
    return text


def bent(data: bytes, draw: random.Random) -> bytes:
    """Return bytes that were cut, doubled, exchanged, reordered by lines, or edited."""
    lines = data.splitlines(keepends=True)
    at, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    place = draw.randrange(len(data))
    match draw.randrange(10):
        case 0:
            return data[:place]
        case 1:
            return data[:place] + bytes([draw.randrange(256)]) + data[place + 1 :]
        case 2:
            return b"".join([*lines[:at], lines[other], *lines[at:]])
        case 3:
            lines[at], lines[other] = lines[other], lines[at]
            return b"".join(lines)
        case 4:
            return b"".join([*lines[:at], *lines[at + 1 :]])
        case 5:
            return b"\xef\xbb\xbf" + data
        case 6:
            return data.replace(b"\n", b"\r\n")
        case 7:
            return data[:place] + data[place + draw.randrange(1, 200) :]
        case 8:
            return data + draw.choice(
                (b"\x00" * 100, b"[" * 50_000, b"{}\n", b"null\n", b"\n\n", data, b'{"a":1e999}\n')
            )
        case _:
            found = [*re.finditer(rb'(?<=":)("[^"]*"|[\d.]+)', data)] or [*re.finditer(b"[^,]+", data)]
            spot = draw.choice(found)
            word = draw.choice(
                (b"null", b"NaN", b"-1", b"1e400", b"9" * 5000, b"[]", b"{}", b'"x"', b"true", b'"\\ud800"')
            )
            return data[: spot.start()] + word + data[spot.end() :]


def swapped(value: object, draw: random.Random) -> object:
    """Return a tree of JSON in which one to three values were swapped, dropped, doubled or renamed."""
    tree = json.loads(json.dumps(value))
    odd = (
        None,
        True,
        0,
        -1,
        1e308,
        10**400,
        "",
        "x",
        "\ud800",
        "\x00",
        "9999-12-31",
        [],
        {},
        [None],
        {"a": None},
        [[]],
    )
    for _ in range(draw.choice((1, 1, 2, 3))):
        places: list[tuple[dict | list, object]] = []
        waiting: list[object] = [tree]
        while waiting:
            node = waiting.pop()
            keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
            places += [(node, key) for key in keys]
            waiting += [node[key] for key in keys]
        if not places:
            return tree
        holder, key = draw.choice(places)
        match draw.randrange(5):
            case 0 | 1:
                holder[key] = draw.choice(odd)
            case 2:
                del holder[key]
            case 3:
                other, from_key = draw.choice(places)
                with contextlib.suppress(LookupError, TypeError):
                    holder[key] = json.loads(json.dumps(other[from_key]))
            case _:
                if isinstance(holder, dict):
                    holder[draw.choice(("x", "", "resourceType", "value", "\u202e", "linkId"))] = holder.pop(key)
                else:
                    holder.append(holder[key])
    return tree


# ---- kinds of cases; each gets a folder with ok.toml, ok.journal.jsonl and home/


def case_person(folder: Path, draw: random.Random) -> Case:
    path = folder / "ok.toml"
    path.write_text(tangled(path.read_text(), draw, TOKENS, LINES))
    verb = draw.choice(
        (["screen", "--no-ask"], ["plan", "--no-drivers"], ["progress"], ["log", "--morning", "--pain=2"])
    )
    return Case([verb[0], str(path), *verb[1:]])


def case_json_person(folder: Path, draw: random.Random) -> Case:
    tables = json.loads(json.dumps(tomllib.loads((folder / "ok.toml").read_text()), default=str))
    path = folder / "other.json"
    path.write_bytes(json.dumps(swapped(tables, draw)).encode("utf-8", "surrogatepass"))
    return Case([draw.choice(("screen", "progress")), str(path), *draw.choice(([], ["--json"]))])


def case_journal(folder: Path, draw: random.Random) -> Case:
    path = folder / "ok.journal.jsonl"
    path.write_bytes(bent(path.read_bytes(), draw))
    verb = draw.choice(
        (["screen"], ["plan", "--json"], ["progress", "--json"], ["log", "--morning", "--pain=2"], ["log", "--repair"])
    )
    return Case([verb[0], str(folder / "ok.toml"), *verb[1:]])


def case_merge(folder: Path, draw: random.Random) -> Case:
    other = folder / "phone.journal.jsonl"
    other.write_bytes(bent((folder / "ok.journal.jsonl").read_bytes(), draw))
    if draw.random() < 0.3:
        (folder / "ok.journal.jsonl").unlink()
    return Case(["log", str(folder / "ok.toml"), "--merge", str(other)])


def case_diary(folder: Path, draw: random.Random) -> Case:
    rows = [row.split(",") for row in DIARY.splitlines()]
    for _ in range(draw.choice((1, 1, 2, 4))):
        row = draw.choice(rows)
        row[draw.randrange(len(row))] = draw.choice(CELLS)
    if draw.random() < 0.3:
        rows = draw.sample(rows, len(rows))
    separator = draw.choice((",", ",", ",", ";", "\t"))
    text = "\n".join((draw.choice(",;\t") if draw.random() < 0.1 else separator).join(row) for row in rows)
    path = folder / draw.choice(("diary.csv", "diary.csv", "diary.jsonl"))
    if path.suffix == ".jsonl":
        header, *rest = rows
        tables = [swapped({k: v for k, v in zip(header, row, strict=False) if v}, draw) for row in rest]
        text = "\n".join(json.dumps(table) for table in tables)
    data = text.encode("utf-8", "surrogatepass")
    path.write_bytes(draw.choice((data, data, data, bent(data, draw))))
    return Case(["log", str(folder / "ok.toml"), "--file", str(path)])


def case_options(folder: Path, draw: random.Random) -> Case:
    person, odd = str(folder / "ok.toml"), draw.choice(CELLS[:-4])
    odd = odd.replace("\x00", "")
    known = (
        *(["log", person, "--exercise", "calf_raise", "--sets", "3", "--repetitions", "9", "--at", odd],),
        *(["log", person, "--exercise", odd, "--sets", "3", "--repetitions", "9"],),
        *(["log", person, "--morning", "--pain", odd], ["log", person, "--morning", "--soreness", odd, "--at", odd]),
        *(["log", person, "--exercise", "calf_raise", "--side", odd, "--sets", odd, "--load", odd],),
        *(
            ["progress", person, "--on", odd],
            ["plan", person, "--on", odd],
            ["plan", person, "--replace", odd, "--on", odd],
        ),
        *(["progress", person, "--review", odd, "--decision", "change"], ["plan", person, "--for", odd]),
        *(["screen", person, "--clear", odd, "--reason", odd, "--clinician", "dr_ono"],),
        *(["clinician", odd or "new", odd], ["clinician", "new", odd], ["clinician", "trust", odd]),
        *(["evidence", odd], ["evidence", odd, "--json"], ["screen", person, "--letter", odd or "x"]),
        *(["plan", person, "--out", odd or "x"], ["plan", person, "--fhir", odd or "x"], ["plan", person, odd]),
    )
    return Case(draw.choice(known))


def case_settings(folder: Path, draw: random.Random) -> Case:
    # A clinic may have the name of a person, and is printed.
    text = tangled(SETTINGS, draw, [token for token in TOKENS if "Zebulon" not in token], LINES)
    (folder / "home" / "settings.toml").write_text(text)
    (folder / "ok.toml").write_text((folder / "ok.toml").read_text().replace('ces_bowel = "no"', 'ces_bowel = "yes"'))
    return Case([draw.choice(("screen", "progress", "plan")), str(folder / "ok.toml"), *draw.choice(([], ["--json"]))])


def case_keys(folder: Path, draw: random.Random) -> Case:
    keys = folder / "home" / "clinicians"
    path = keys / draw.choice(("dr_ono.pem", "dr_ono.pub", "dr_ono.pub"))
    match draw.randrange(4):
        case 0:
            path.unlink()
        case 1:
            path.unlink()
            path.mkdir()
        case _:
            data = bytearray(path.read_bytes())
            for _ in range(draw.choice((1, 5, 60))):
                data[draw.randrange(len(data))] = draw.randrange(256)
            path.write_bytes(bytes(data))
    (folder / "ok.toml").write_text((folder / "ok.toml").read_text().replace('foot_drop = "no"', 'foot_drop = "yes"'))
    clear = ["--clear", "foot_drop", "--reason", "seen today, an old palsy", "--clinician", "dr_ono"]
    return Case(["screen", str(folder / "ok.toml"), *draw.choice(([], clear))])


def case_lab(folder: Path, draw: random.Random) -> Case:
    path = folder / "lab.toml"
    path.write_text(tangled(LAB, draw, TOKENS, LINES))
    return Case(call=lambda: read_lab_errors(path), what="lab")


def case_fhir(folder: Path, draw: random.Random) -> Case:
    whole = json.loads((folder / "ok.fhir.json").read_text())
    for entry in whole["entry"]:
        if entry["resource"]["resourceType"] == "Patient":
            entry["resource"] |= {"name": [{"family": "Quagmire", "given": ["Zebulon"]}], "birthDate": "1971-04-05"}
    bundle = swapped(whole, draw)
    return Case(call=lambda: read_bundle(bundle), what="bundle")


KINDS: dict[str, Callable[[Path, random.Random], Case]] = {
    name.removeprefix("case_"): value for name, value in list(globals().items()) if name.startswith("case_")
}


# ---- running


def make_base(folder: Path) -> None:
    """Write the whole person, the plan, a week of entries, a clearance and a bundle every case starts from."""
    answers = "".join(f'{key} = "no"\n' for key in screen_keys() if key != "psych_distress")
    (folder / "home").mkdir()
    (folder / "ok.toml").write_text(PERSON + answers)
    os.environ |= {"KINECHAIN_HOME": str(folder / "home"), "KINECHAIN_PASSPHRASE": "a long passphrase"}
    person = str(folder / "ok.toml")
    for arguments in (
        *(["clinician", "new", "dr_ono"],),
        *(["plan", person, "--no-drivers", "--on", "2026-03-01", "--fhir", str(folder / "ok.fhir.json")],),
        *(["log", person, "--morning", "--pain", "2", "--at", f"2026-03-0{day}T07:00+01:00"] for day in range(2, 8)),
    ):
        code, out, err, _ = run(Case(arguments), 120)
        if code != 0:
            raise SystemExit(f"the whole person is refused: {arguments}: {code} {out} {err}")


def run(case: Case, seconds: float) -> tuple[object, str, str, float]:
    """Return exit code (or what was raised), what was printed, and the time it took."""

    def over(*_: object) -> None:
        raise OverTimeError

    out, err = io.StringIO(), io.StringIO()
    signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    began, code = time.perf_counter(), 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            if case.call:
                case.call()
            else:
                main(list(case.arguments))
    except SystemExit as leaving:
        code = leaving.code
    except InputError as error:
        code = 2
        err.write(f"kinechain: {error}\n" if case.call else traceback.format_exc())
    except OverTimeError:
        code = "over time"
    except BaseException:  # noqa: BLE001  the fault that is looked for
        code = traceback.format_exc(limit=-4)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return code or 0, out.getvalue(), err.getvalue(), time.perf_counter() - began


def faults(case: Case, code: object, out: str, err: str) -> Iterator[str]:
    """Yield what is wrong with an answer."""
    if code not in EXITS:
        yield f"exit {code}"
    said = [line for line in err.splitlines() if line.startswith("kinechain: ")]
    if code == 2 and (len(said) != 1 or err.count("\n") > 1 + 12 * bool(not case.call)):
        yield f"not one sentence: {err[:300]!r}"
    if code == 2 and said and (len(said[0]) > LONGEST_REFUSAL or (not case.call and not said[0].isprintable())):
        yield f"a sentence of {len(said[0])} characters: {said[0][:200]!r}"
    if "Traceback" in out + err:
        yield "a traceback"
    typed = " ".join(case.arguments)
    for secret in SECRETS:
        if secret in out + err and secret not in typed:
            yield f"'{secret}' is printed: {err[:200]!r}"


def fuzz(kind: str, count: int, arguments: argparse.Namespace, base: Path, sentences: dict[str, str]) -> Tally:
    """Run the cases of one kind."""
    tally = Tally()
    for index in range(count) if arguments.only is None else (arguments.only,):
        draw = random.Random(f"{arguments.seed} {kind} {index}")
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "case"
            shutil.copytree(base, folder)
            os.environ["KINECHAIN_HOME"] = str(folder / "home")
            os.chdir(folder)
            case = KINDS[kind](folder, draw)
            kept = {p: p.read_bytes() for p in (folder / "ok.toml", folder / "ok.journal.jsonl") if p.is_file()}
            code, out, err, took = run(case, arguments.seconds)
            wrong = [*faults(case, code, out, err)]
            for path, content in kept.items():
                now = path.read_bytes() if path.is_file() else b""
                if code == 2 and now != content:
                    wrong.append(f"a refusal changed {path.name}")
                if path.suffix == ".jsonl" and not now.startswith(content) and "--repair" not in case.arguments:
                    wrong.append("the journal lost what it held")
            os.chdir(base)
        tally.slowest = max(tally.slowest, took)
        tally.codes[str(code) if code in EXITS else "failed"] += 1
        told = " ".join(case.arguments)[:200] or case.what
        tally.failures += [f"{kind} {index}: {fault}   <- {told}" for fault in wrong]
        if code == 2:
            sentences.setdefault(re.sub(r"\d+", "9", err), f"{kind} {index}: {err.strip()[:500]}")
    return tally


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", default=",".join(KINDS), help="of " + ", ".join(KINDS))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--memory", type=int, default=1500, help="MB beyond what the imports take")
    parser.add_argument("--only", type=int)
    parser.add_argument("--sentences", action="store_true")
    return parser.parse_args()


def run_all() -> int:
    """Run what was asked for; return the exit code."""
    arguments = parsed()
    failures, sentences = [], {}
    with tempfile.TemporaryDirectory() as name:
        base = Path(name) / "base"
        base.mkdir()
        here = Path.cwd()
        make_base(base)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + arguments.memory * 1024**2
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        for kind in arguments.kind.split(","):
            tally = fuzz(kind, arguments.count, arguments, base, sentences)
            codes = ", ".join(f"{code}: {tally.codes[code]}" for code in sorted(tally.codes))
            print(f"{kind:12} {codes}; failures {len(tally.failures)}; slowest {tally.slowest:.2f} s", flush=True)
            failures += tally.failures
        os.chdir(here)
    if arguments.sentences:
        print(*sentences.values(), sep="\n")
    print(*failures, sep="\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{len(failures)} failures, peak {peak} MB")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(run_all())
