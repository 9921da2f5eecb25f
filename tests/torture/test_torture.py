"""A taste of the torture: `make torture` has the whole of it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SHORT = ("--kills", "4", "--share", "0.002", "--harms", "4", "--only", "first,replace")


@pytest.fixture(scope="module")
def tortured() -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "tests.torture", *SHORT], cwd=Path(__file__).resolve().parents[2],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_a_library_survives_kills_and_its_damage_is_noticed(tortured):
    assert tortured.returncode == 0, tortured.stderr + tortured.stdout
    runs, files = map(int, re.search(r"(\d+) runs were struck, (\d+) files damaged", tortured.stdout).groups())
    assert runs > 0 and files == 4


def test_a_library_survives_system_calls_that_fail(tortured):
    if "no system call is struck" in tortured.stdout:
        pytest.skip(re.search("no system call is struck: .*", tortured.stdout)[0])
    assert tortured.returncode == 0, tortured.stderr + tortured.stdout
    for name in ("first", "replace"):
        row = re.search(rf"^\| {name} \|(.*)", tortured.stdout, re.MULTILINE)[1]
        calls, *struck = map(int, re.findall(r"\d+", row))
        assert calls > 100 and sum(struck[:3]) > 0
