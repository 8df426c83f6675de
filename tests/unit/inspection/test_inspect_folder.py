"""Many files at once: in order, on several processes, whatever one of them does."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from visits import standing, trc, walking

from kinechain.inspection import inspect_folder as module
from kinechain.inspection.folder import Trial
from kinechain.inspection.inspect_folder import inspect_folder, inspect_trials


@pytest.fixture
def folder(tmp_path):
    for number in range(1, 5):
        trc(tmp_path / f"walk{number}.trc", walking(plates=(), lasts_s=1.0 + number))
    trc(tmp_path / "standing.trc", standing())
    (tmp_path / "broken.c3d").write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize("jobs", [1, 2, 8])
def test_rows_stand_in_the_order_of_names_however_many_processes_there_are(folder, jobs):
    rows = inspect_folder([folder], jobs=jobs)
    assert [row.name for row in rows] == [
        "broken.c3d",
        "standing.trc",
        "walk1.trc",
        "walk2.trc",
        "walk3.trc",
        "walk4.trc",
    ]
    assert [row.duration_s for row in rows[2:]] == pytest.approx([2.0, 3.0, 4.0, 5.0])
    assert rows[0].refused and not any(row.refused for row in rows[1:])


def test_progress_counts_every_trial(folder):
    seen = []
    inspect_folder([folder], jobs=2, progress=lambda done, total, name: seen.append((done, total)))
    assert seen == [(k, 6) for k in range(1, 7)]


def test_a_copy_says_what_it_is_a_copy_of(tmp_path):
    one = trc(tmp_path / "a.trc")
    (tmp_path / "b.trc").write_bytes(one.read_bytes())
    first, second = inspect_folder([tmp_path])
    assert not first.defects
    assert [d.code for d in second.defects] == ["file.same_bytes"]
    assert "a.trc" in second.defects[0].text


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "ended from outside (signal 9)"),
        ("os._exit(3)", "ended by itself (code 3)"),
        ("raise ValueError('born 1970')", "a fault of this program, please report it (ValueError at"),
        ("sys.stdout.buffer.write(b'xx'); sys.stdout.flush(); os._exit(0)", "ended by itself"),
    ],
)
def test_a_process_that_ends_is_a_row_and_the_rest_goes_on(folder, monkeypatch, deed, words):
    """The process of one file does the deed in place of inspecting it."""
    trap = folder / "sitecustomize.py"
    trap.write_text(
        textwrap.dedent(f"""
        import os, signal, sys
        import kinechain.inspection.worker as worker
        real = worker.inspect_trial
        def trapped(paths, settings):
            if paths[0].name == "walk2.trc":
                {deed}
            return real(paths, settings)
        worker.inspect_trial = trapped
        """)
    )
    monkeypatch.syspath_prepend(str(folder))
    rows = {row.name: row for row in inspect_folder([folder], jobs=2)}
    assert words in rows["walk2.trc"].refused
    assert "born 1970" not in rows["walk2.trc"].refused
    assert not any(rows[name].refused for name in ("walk1.trc", "walk3.trc", "walk4.trc", "standing.trc"))


def test_a_file_that_takes_too_long_is_given_up(folder, monkeypatch):
    (folder / "sitecustomize.py").write_text(
        "import time\nimport kinechain.inspection.worker as worker\nreal = worker.inspect_trial\n"
        "def trapped(paths, settings):\n    if paths[0].name == 'walk2.trc':\n        time.sleep(600)\n"
        "    return real(paths, settings)\nworker.inspect_trial = trapped\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(module, "LONGEST_S", 3.0)
    rows = {row.name: row for row in inspect_folder([folder], jobs=2)}
    assert "took longer than 3 s" in rows["walk2.trc"].refused
    assert not rows["walk4.trc"].refused


def test_processes_are_renewed_so_that_memory_does_not_add_up(folder, monkeypatch):
    monkeypatch.setattr(module, "MOST_TRIALS", 2)
    rows = inspect_folder([folder], jobs=1)
    assert len(rows) == 6 and not any(row.refused for row in rows[1:])


def test_interrupting_leaves_no_process_behind(folder, tmp_path_factory):
    code = (
        # What runs in the background may have been told to ignore this signal, and hands that on.
        "import pathlib, signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from kinechain.inspection.inspect_folder import inspect_folder\n"
        "try:\n    inspect_folder([pathlib.Path(sys.argv[1])], jobs=2)\n"
        "except KeyboardInterrupt:\n    print('interrupted', flush=True)\n"
    )
    begun = tmp_path_factory.mktemp("begun")
    (folder / "sitecustomize.py").write_text(
        "import os, pathlib, time\nimport kinechain.inspection.worker as worker\n"
        "def endless(paths, settings):\n"
        f"    (pathlib.Path({str(begun)!r}) / str(os.getpid())).touch()\n    time.sleep(600)\n"
        "worker.inspect_trial = endless\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(folder)},
        start_new_session=True,
    ) as process:
        try:
            waited = 0.0
            while len(list(begun.iterdir())) < 2 and waited < 60.0:
                time.sleep(0.05)
                waited += 0.05
            os.killpg(process.pid, signal.SIGINT)
            out, _ = process.communicate(timeout=60.0)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert len(list(begun.iterdir())) == 2
    assert out.strip() == "interrupted"
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_one_trial_needs_no_other_process(tmp_path, monkeypatch):
    path = trc(tmp_path / "walk.trc")
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: pytest.fail("a process was started"))
    (row,) = inspect_trials([Trial((path,), ("walk.trc",))])
    assert row.task == "walking"
