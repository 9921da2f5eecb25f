"""What a benchmark prints, kept in `results/` under the commit and the machine it comes from."""

import contextlib
import io
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).with_name("results")


@contextlib.contextmanager
def written(name: str, title: str) -> Iterator[None]:
    """Keeps what is printed within as `results/NAME.md`, once it has been printed to the end."""
    kept = io.StringIO()

    class Both(io.TextIOBase):
        def write(self, text: str) -> int:
            kept.write(text)
            return shown.write(text)

        def flush(self) -> None:
            shown.flush()

    # Before it runs: what is committed meanwhile is not what was measured.
    head = f"# {title}\n\nPrinted by `python -m tests.bench {name}`.\n\n{machine()}\n\n"
    shown = sys.stdout
    with contextlib.redirect_stdout(Both()):
        yield
    (FOLDER / f"{name}.md").write_text(head + kept.getvalue().strip() + "\n")


def machine() -> str:
    """The commit, the Python and the processor."""
    return f"commit {commit()}, Python {platform.python_version()}, {_processor()}"


def commit() -> str:
    """The commit that is checked out; "-dirty" where more than results differs from it."""
    if not shutil.which("git"):
        return "that git would tell"

    def git(*given: str) -> str:
        return subprocess.run(["git", *given], capture_output=True, text=True, check=False).stdout.strip()

    others = (":!tests/bench/results", ":!tests/torture/results.md")
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", *others)
    return git("describe", "--always") + "-dirty" * bool(changed)


def _processor() -> str:
    try:
        lines = open("/proc/cpuinfo", encoding="utf-8").read().splitlines()
    except OSError:
        return platform.processor()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} x {models[0]}" if models else platform.machine()
