"""Draws results/scale.svg from results/scale.json: `python -m tests.bench.plot`."""

import json
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

RESULTS = Path(__file__).with_name("results")


def main() -> None:
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


if __name__ == "__main__":
    main()
