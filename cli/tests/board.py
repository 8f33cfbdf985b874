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


def check(found, prefix, step, values):
    """The scalars of a step are these values; the one of a loss node is called as the node."""
    for name, value in values.items():
        tag = f"{prefix}/{name}" if "/" in name or name == "loss" else f"{prefix}/{name}/loss"
        got = dict(found[tag])[step]
        assert abs(got - value) <= 1e-6 * abs(value), (tag, got, value)


def main():
    hyla = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one"
        said = run(hyla, "06-bce_loss.yaml", one)
        found = scalars(one)
        losses = ["bce_loss/loss", "diversity_reg/loss", "entropy_reg/loss", "loss"]
        assert sorted(found) == [f"val/{name}" for name in losses], found
        check(found, "val", 0, said["values"])
        many = Path(folder) / "many"
        said = run(hyla, "04-metrics.yaml", many, "--batch", "1", "--stage", "test")
        found = scalars(many)
        assert len(found["test/metrics/precision"]) == 3, found
        for step, values in enumerate(said["batches"]):
            check(found, "test", step, values)
        check(found, "pooled/test", 2, said["values"])
    print("TensorBoard reads what hyla wrote")


main()
