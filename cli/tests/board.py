"""What TensorBoard reads of an event file is what hyla printed: board.py PATH-TO-HYLA."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

DATA = Path(__file__).parent / "data"


def run(hyla, pipeline, folder, *words):
    command = [hyla, "run", DATA / pipeline, "--inputs", DATA / "tensors", "--tensorboard", folder, "--format", "json"]
    return json.loads(subprocess.run([*command, *words], check=True, capture_output=True).stdout)


def scalars(folder):
    """The steps and values of every tag."""
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def tag(stage, name, nodes):
    return f"{stage}/{name}/loss" if name in nodes else f"{stage}/{name}"


def check(said, found, stage, batches, prefix=""):
    for step, values in enumerate(batches):
        for name, value in values.items():
            node = tag(stage, name, {name} if "/" not in name and name != "loss" else set())
            got = dict(found[prefix + node])[len(said.get("batches", [0])) - 1 if prefix else step]
            assert abs(got - value) <= 1e-6 * abs(value), (node, got, value)


def main():
    hyla = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one"
        said = run(hyla, "06-bce_loss.yaml", one)
        found = scalars(one)
        assert sorted(found) == ["val/bce_loss/loss", "val/diversity_reg/loss", "val/entropy_reg/loss", "val/loss"], found
        check(said, found, "val", [said["values"]])
        many = Path(folder) / "many"
        said = run(hyla, "04-metrics.yaml", many, "--batch", "1", "--stage", "test")
        found = scalars(many)
        assert len(found["test/metrics/precision"]) == 3, found
        check(said, found, "test", said["batches"])
        check(said, found, "test", [said["values"]], "pooled/")
    print("TensorBoard reads what hyla wrote")


main()
