"""Print the size of the wheels that an install of the core fetches, and fail above a limit."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--limit", type=float, default=300.0, help="in MB")
    arguments.add_argument("--lock", type=Path, default=Path("requirements.lock"))
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fetch = ["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
        subprocess.run(
            [sys.executable, "-m", "pip", *fetch, "--require-hashes", "-r", str(chosen.lock), "--dest", folder],
            check=True,
        )
        sizes = {wheel.name: wheel.stat().st_size / 1e6 for wheel in Path(folder).iterdir()}
    for name, size in sorted(sizes.items(), key=lambda item: -item[1])[:8]:
        sys.stdout.write(f"{size:8.1f} MB  {name}\n")
    total = sum(sizes.values())
    sys.stdout.write(f"{total:8.1f} MB  in {len(sizes)} wheels, limit {chosen.limit:.0f} MB\n")
    return 0 if total < chosen.limit else 1


if __name__ == "__main__":
    sys.exit(main())
