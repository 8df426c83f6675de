"""Ask for known vulnerabilities of every locked package, and fail on one that nobody has judged.

Where the services of advisories cannot be reached, it says so and does not fail: nothing was looked at then.
"""

import argparse
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

#: Asked in this order, each for what the one before did not know.
SERVICES = ("pypi", "osv")
#: All of it, s.
LONGEST = 25
ALLOWED = Path(__file__).with_name("audit_allowed.toml")

Answer = Mapping[str, list[str] | None]


def ask(service: str, lock: Path) -> Answer:
    """Return the advisories of each package of a lock file; None for a package the service could not look up."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--disable-pip", "--require-hashes", "-f", "json"]
    command += ["-s", service, "--timeout", "5", "--progress-spinner", "off"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST)
        found = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError):
        return {}
    return {item["name"]: [v["id"] for v in item["vulns"]] if "vulns" in item else None for item in found}


def allowed(path: Path, today: date) -> tuple[set[tuple[str, str]], list[str]]:
    """Return the (package, advisory) pairs that somebody judged, and what is wrong with the list of them."""
    entries: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get("allowed", [])
    faults = []
    for entry in entries:
        if set(entry) != {"package", "advisory", "why", "until"} or not str(entry["why"]).strip():
            faults.append(f"{path.name}: an entry has package, advisory, why and until, all of them: {entry}")
        elif entry["until"] < today:
            faults.append(f"{path.name}: {entry['advisory']} of {entry['package']} was judged until {entry['until']}")
    return {(entry.get("package", ""), entry.get("advisory", "")) for entry in entries}, faults


def audit(
    lock: Path, judged: Path, today: date, ask_service: Callable[[str, Path], Answer] = ask
) -> tuple[int, Iterable[str]]:
    """Return the exit code, and the lines to print."""
    pairs, faults = allowed(judged, today)
    names = {line.partition("==")[0] for line in lock.read_text().splitlines() if "==" in line and line[0].isalpha()}
    known: dict[str, set[str]] = {}
    for service in SERVICES:
        if names - known.keys():
            for name, ids in ask_service(service, lock).items():
                if ids is not None:
                    known.setdefault(name, set()).update(ids)
    found = sorted((name, identity) for name, ids in known.items() for identity in ids)
    open_ones = [pair for pair in found if pair not in pairs]
    lines = [*faults, *(f"VULNERABLE: {name}: {identity}" for name, identity in open_ones)]
    left = names - known.keys()
    if not known:
        lines.append(
            "NOT AUDITED: no service of advisories answered for any package; run this where one can be reached"
        )
    elif left:
        lines.append(f"NOT AUDITED: {len(left)} of {len(names)} packages: {', '.join(sorted(left))}")
    if known:
        lines.append(f"audited: {len(known)} packages, {len(found)} advisories, {len(found) - len(open_ones)} judged")
    return (1 if faults or open_ones else 0), lines


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--lock", type=Path, default=Path("requirements.lock"))
    code, lines = audit(arguments.parse_args().lock, ALLOWED, date.today())
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
