"""What a newcomer types, and what the command line answers."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kinechain import __version__, cli
from kinechain.core.errors import FileError, SettingError

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs the command in an empty folder."""

    def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "kinechain.cli", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **environment},
            timeout=120,
        )

    return _run


def refusal(result: subprocess.CompletedProcess[str]) -> str:
    """Return the one line of a refusal, after checking that it is one."""
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if line.startswith("kinechain:") or not line.endswith(" ...")]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert lines[0].startswith("kinechain: ")
    return lines[0]


def test_the_version_is_printed(run: Run) -> None:
    result = run("--version")
    assert (result.returncode, result.stdout) == (0, f"kinechain {__version__}\n")


def test_help_names_only_verbs_that_work_each_with_an_example(run: Run) -> None:
    verbs = {command.name or command.callback.__name__ for command in cli.app.registered_commands}  # type: ignore[union-attr]
    assert verbs == {
        *("demo", "assess", "whatif", "validate", "virtual", "score"),
        *("screen", "plan", "log", "progress", "clinician", "protocol"),
        *("inspect", "ik", "id", "muscles", "export", "evidence", "doctor"),
        *("serve", "account", "backup", "restore"),
    }
    groups = {group.typer_instance.info.name for group in cli.app.registered_groups}  # type: ignore[union-attr]
    assert groups == {"remote"}
    verbs |= groups
    overview = run("--help")
    assert overview.returncode == 0
    for verb in verbs:
        assert verb in overview.stdout
        page = run(verb, "--help")
        assert page.returncode == 0
        assert "kinechain " + verb in page.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["assess"], "nothing to assess"),
        (["assess", "gone.c3d"], "there is no file gone.c3d"),
        (["assess", "--mas", "70"], "--mass"),
        (["assess", "--mass", "heavy"], "--mass"),
        (["asses"], "asses"),
        (["assess", "."], "is a folder"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(run: Run, arguments: list[str], sentence: str) -> None:
    assert sentence in refusal(run(*arguments))


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--mass", "700", "--mass is 700, which is not possible: it must lie between 2 and 650 kilograms"),
        ("--mass", "nan", "--mass is nan"),
        ("--height", "166", "between 0.4 and 2.8 metres"),
        ("--age", "-1", "between 0 and 125 years"),
        ("--foot-length", "245", "between 0.05 and 0.5 metres"),
        ("--sex", "F", "write female or male"),
    ],
)
def test_an_impossible_option_is_refused_in_one_line(
    run: Run, tmp_path: Path, option: str, value: str, sentence: str
) -> None:
    (tmp_path / "p.toml").write_text("[person]\nage_years = 40\n")
    assert sentence in refusal(run("assess", "p.toml", option, value))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "p.toml is empty"),
        (b"[person]\nmass = 70\n", "Did you mean 'mass_kg'"),
        (b"[person]\nmass_kg = \n", "not valid TOML: line 2"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b'[recordings]\nstatic = "gone.c3d"\n', "static names 'gone.c3d'"),
    ],
)
def test_a_wrong_person_file_is_refused_in_one_line(run: Run, tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "p.toml").write_bytes(content)
    assert sentence in refusal(run("assess", "p.toml"))


def test_files_are_told_apart_by_suffix_then_by_content(tmp_path: Path) -> None:
    person, trial, trc, other = (tmp_path / name for name in ("p.toml", "WALK.C3D", "no_suffix", "notes.txt"))
    person.write_text("[person]\n")
    trial.write_bytes(b"\x02\x50")
    trc.write_text("PathFileType\t4\n")
    other.write_text("hello")
    assert cli.sort_inputs([trial, person, trc]) == (person, (trial, trc))
    with pytest.raises(FileError, match=r"notes\.txt is neither"):
        cli.sort_inputs([other])
    second = tmp_path / "q.toml"
    second.write_text("[person]\n")
    with pytest.raises(SettingError, match="one person at a time"):
        cli.sort_inputs([person, second])


def test_an_unexpected_fault_is_one_line_that_names_the_way_to_the_traceback(tmp_path: Path) -> None:
    script = (
        "from kinechain import cli\n"
        "from kinechain.cli import assessing\n"
        "assessing.sort_inputs = lambda paths: 1 / 0\n"
        "cli.main(['assess', 'x.c3d'])\n"
    )
    command = [sys.executable, "-c", script]
    quiet = {key: value for key, value in os.environ.items() if key != "KINECHAIN_DEBUG"}
    calm = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=quiet)
    assert calm.returncode == 70
    assert calm.stderr.count("\n") == 1
    assert "ZeroDivisionError" in calm.stderr and "KINECHAIN_DEBUG=1" in calm.stderr
    loud = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={**quiet, "KINECHAIN_DEBUG": "1"})
    assert loud.returncode != 0
    assert "Traceback" in loud.stderr


def test_an_interruption_leaves_quietly(tmp_path: Path) -> None:
    script = (
        "from kinechain import cli\n"
        "def stop(paths): raise KeyboardInterrupt\n"
        "from kinechain.cli import assessing\n"
        "assessing.sort_inputs = stop\n"
        "cli.main(['assess', 'x.c3d'])\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 130
    assert "Traceback" not in result.stderr


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    script = "from kinechain import cli\ncli.main(['assess', '--help'])\n"
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert complaint == ""


def test_doctor_finds_nothing_wrong_here(run: Run) -> None:
    result = run("doctor")
    assert result.returncode == 0, result.stdout
    assert "mujoco" in result.stdout and "danger signs" in result.stdout
    assert "fault" not in result.stdout


def test_doctor_names_the_cure_of_what_is_missing() -> None:
    from kinechain.doctor import examine_installation

    missing = {check.name: check for check in examine_installation(packages=("no_such_package",))}["no_such_package"]
    assert missing.state == "fault"
    assert missing.cure.startswith("install again")


def test_an_examination_alone_gives_an_assessment_and_a_locked_plan(run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(
        '[person]\nage_years = 45\nsex = "male"\n'
        '[exam]\nnavicular_drop = { side = "left", value = 9, method = "ruler" }\n'
    )
    result = run("assess", "p.toml", "--json")
    assert result.returncode == 1, result.stderr
    answer = json.loads(result.stdout)
    assert answer["screen"]["level"] == "not_screened"
    assert answer["screen"]["plan_locked"] is True
    assert "drivers" not in answer
    assert not list(tmp_path.glob("kinechain-report*"))


def test_the_demonstration_writes_every_file_and_says_what_it_is(run: Run, tmp_path: Path) -> None:
    result = run("demo", "--out", "there")
    assert result.returncode == 0, result.stderr
    written = {path.name for path in (tmp_path / "there").iterdir()}
    assert {"report.html", "report.pdf", "assessment.json", "motion.mot", "motion.parquet"} <= written
    assert "made by the project itself" in result.stdout
    assert "clinician, who decides" in result.stdout
    assert "Judging the measures ..." in result.stderr


def test_json_leaves_nothing_else_on_stdout(run: Run) -> None:
    result = run("demo", "--json")
    assert json.loads(result.stdout)["is_demonstration"] is True


def test_a_folder_that_cannot_be_written_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file stands here")
    assert "taken" in refusal(run("demo", "--out", "taken"))


@pytest.mark.parametrize("name", ["walk.c3d", "walk.trc", "walk"])
def test_a_pipe_is_refused_and_not_waited_for(run: Run, tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    assert "is a pipe or a device" in refusal(run("assess", name))


def test_a_name_that_no_folder_can_hold_is_refused(run: Run) -> None:
    assert "too long" in refusal(run("assess", "a" * 5000 + ".trc"))


def test_a_refusal_carries_no_control_characters(run: Run) -> None:
    assert "\x1b" not in refusal(run("assess", "\x1b[31mred.trc"))


def test_an_unexpected_fault_says_where_and_nothing_of_what_a_file_holds(tmp_path):
    code = (
        "from kinechain import cli\n"
        "import kinechain.inspection.folder as folder\n"
        "def broken(paths): raise ValueError('Jane Doe, born 1970')\n"
        "folder.find_trials = broken\n"
        "cli.main(['inspect', '.'])\n"
    )
    quiet = {key: value for key, value in os.environ.items() if key != "KINECHAIN_DEBUG"}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=quiet)
    assert ended.returncode == 70
    assert "ValueError at <string> line 3" in ended.stderr and len(ended.stderr.splitlines()) == 1
    assert "Jane" not in ended.stderr and "1970" not in ended.stderr
