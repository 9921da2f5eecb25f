"""Draws results/*.svg from results/*.json: `python -m tests.bench.plot`."""

import json
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

RESULTS = Path(__file__).with_name("results")


def scale() -> None:
    """Latency and memory against the number of sentences, both on logarithmic axes."""
    rows = json.loads((RESULTS / "scale.json").read_text())
    sizes = [row["sentences"] for row in rows]
    figure, (time, memory) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for key, label in (("p50", "search, median"), ("p95", "search, 95 %"), ("encode", "of it, encoding the question")):
        time.plot(sizes, [row[key] for row in rows], "o-", label=label)
    memory.plot(sizes, [row["bytes"] * row["sentences"] / 2**20 for row in rows], "o-", color="black")
    time.set(xscale="log", xlabel="sentences", ylabel="milliseconds", ylim=(0, None), title="Time of a search")
    memory.set(xscale="log", yscale="log", xlabel="sentences", ylabel="MiB resident, models aside", title="Memory")
    time.legend()
    figure.savefig(RESULTS / "scale.svg", metadata={"Date": None})


def answers() -> None:
    """Risk against coverage, and the reliability of `confidence`."""
    curves = json.loads((RESULTS / "answers.json").read_text())
    figure, (risk, reliable) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    coverage, wrong, _ = zip(*curves["coverage, risk, confidence"], strict=True)
    risk.plot(coverage, wrong, "-", color="black")
    risk.axhline(0.2, linestyle=":", color="grey")
    risk.set(xlabel="share of the questions answered", ylabel="of these, wrong", ylim=(0, 1), title="Risk and coverage")
    sure, right, count = zip(*curves["confidence, right, n"], strict=True)
    reliable.plot([0, 1], [0, 1], ":", color="grey")
    reliable.scatter(sure, right, s=[max(8.0, n / 4) for n in count], color="black")
    reliable.set(xlabel="confidence", ylabel="first sentence right", xlim=(0, 1), ylim=(0, 1), title="Reliability")
    figure.savefig(RESULTS / "answers.svg", metadata={"Date": None})


if __name__ == "__main__":
    scale()
    answers()
