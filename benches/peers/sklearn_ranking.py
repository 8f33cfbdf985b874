"""Times the exact ranking of hyla, through its shared library, against scikit-learn: the same arrays, one run and one
thread.

usage: sklearn_ranking.py [LIBRARY]      (default: build/lib/libhyla.so; needs numpy and scikit-learn)

hyla makes average precision, ROC-AUC and the greatest F1 in one call; scikit-learn's functions are timed one by one.
Each row checks the values against each other before it times them. The ratio says how many times faster hyla is.
Absolute times are of this machine and this moment.
"""

import math
import pathlib
import sys
import time

try:
    import numpy as np
    from sklearn.metrics import average_precision_score, roc_auc_score
except ImportError as missing:
    sys.exit(f"sklearn_ranking: skipped: {missing.name}, which is not installed")

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples/python"))

from hyla import Hyla

PIXELS = 1 << 20
ROUNDS = 9
hyla = Hyla(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/lib/libhyla.so", ROOT / "include/hyla.h")


def seconds(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def rows(name, scores, targets):
    pixels = hyla.pixels(scores=scores, targets=targets, n=scores.size)
    room = np.empty(hyla.ranking_exact_workspace(scores.size), np.uint32)
    report = hyla.struct("ranking_exact_report")
    ours = hyla.bind("ranking_exact_values", pixels, room, room.size, report)

    for function, value in ((average_precision_score, "average_precision"), (roc_auc_score, "roc_auc")):
        ours()
        found, truth = getattr(report, value), function(targets, scores)
        if not math.isclose(found, truth, rel_tol=1e-12):
            sys.exit(f"sklearn_ranking: {name}: {found} is not {truth}")
        best = [math.inf, math.inf]
        for _ in range(ROUNDS):
            best = [
                min(best[side], seconds(run)) for side, run in enumerate((ours, lambda f=function: f(targets, scores)))
            ]
        title = f"{name}, {function.__name__}"
        print(f"{title:56}{best[0] * 1e3:10.2f}{best[1] * 1e3:14.2f}{best[1] / best[0]:10.1f}")


def main():
    random = np.random.default_rng(1)
    targets = (random.random(PIXELS) < 0.02).astype(np.uint8)
    print(
        f"milliseconds, 1 Mi pixels, one thread, best of {ROUNDS}\n{'':56}{'hyla':>10}{'scikit-learn':>14}{'ratio':>10}"
    )
    scores = (random.standard_normal(PIXELS) + 3 * targets).astype(np.float32)
    rows("normal, 2 % anomalies higher by 3", scores, targets)
    rows("the same in steps of 1/64", np.round(scores * 64) / 64, targets)
    rows("labels at random", random.random(PIXELS, np.float32), targets)


if __name__ == "__main__":
    main()
