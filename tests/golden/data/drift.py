"""Writes golden cases of drift: distances of scipy between samples, and the textbook formulas of numpy over groups.

usage: drift.py OUT_DIR SEED     (needs numpy, scipy)

Scores are integers of 16 bits, for which nothing is lost, and floats, which bins bracket.
"""
import json, pathlib, sys
import numpy as np, scipy
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp, wasserstein_distance

OUT, SEED = pathlib.Path(sys.argv[1]), int(sys.argv[2])
OUT.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(SEED)
GROUPS = 10


def psi(now, reference):
    """Edges at the quantiles of the reference, as np.quantile's inverted_cdf gives them; half a pixel where none is."""
    edges = np.unique(np.quantile(reference, np.arange(1, GROUPS) / GROUPS, method="inverted_cdf"))
    edges = edges[edges < reference.max()]
    a = np.bincount(np.searchsorted(edges, now), minlength=len(edges) + 1)
    b = np.bincount(np.searchsorted(edges, reference), minlength=len(edges) + 1)
    a, b = np.maximum(a, 0.5) / len(now), np.maximum(b, 0.5) / len(reference)
    return float(np.sum((a - b) * np.log(a / b))), len(edges) + 1


def case(name, now, reference, binned):
    expect = {
        "ks": float(ks_2samp(now, reference, method="asymp").statistic),
        "wasserstein": float(wasserstein_distance(now, reference)),
    }
    if binned:
        values = np.union1d(now, reference)
        counts = [np.bincount(np.searchsorted(values, side), minlength=len(values)) for side in (now, reference)]
        expect["jensen_shannon"] = float(jensenshannon(*counts)) ** 2
        expect["psi"], expect["groups"] = psi(now, reference)
    data = [[float(f"{v:.9g}") for v in side] for side in (now, reference)]
    return {"name": name, "inputs": {"now": {"data": data[0]}, "reference": {"data": data[1]}}, "expect": expect}


def u16(scores):
    return np.clip(np.round(scores), 0, 65535)


def f32(scores):
    return scores.astype(np.float32).astype(np.float64)


cases = []
for n, m in [(200, 300), (1, 1), (50, 400), (256, 256)]:
    for shift in [0, 20, 500]:
        now, reference = u16(rng.normal(1000 + shift, 150, n)), u16(rng.normal(1000, 150, m))
        cases.append(case(f"u16 normal {n} {m} shift {shift}", now, reference, True))
cases.append(case("u16 dead", np.zeros(40), u16(rng.normal(1000, 150, 100)), True))
cases.append(case("u16 saturated", u16(rng.exponential(30000, 200) * 3), u16(rng.exponential(30000, 200)), True))
cases.append(case("u16 atoms", rng.integers(0, 4, 100) * 7.0, np.repeat([0.0, 7.0, 21.0], [90, 8, 2]), True))
cases.append(case("u16 one value", np.full(10, 5.0), np.full(20, 5.0), True))
for shift in [0.0, 0.05, 2.0]:
    now, reference = f32(rng.normal(shift, 2, 250)), f32(rng.normal(0, 2, 300))
    cases.append(case(f"f32 normal shift {shift}", now, reference, False))
cases.append(case("f32 chi-squared", f32(rng.chisquare(60, 300) * 1.1), f32(rng.chisquare(60, 300)), False))
cases.append(case("f32 tiny", f32(rng.normal(0, 1e-30, 100)), f32(rng.normal(0, 2e-30, 100)), False))

path = OUT / "drift.json"
reference = f"scipy {scipy.__version__}, numpy {np.__version__}"
text = {"node": "drift", "reference": reference, "note": "jensen_shannon is the divergence", "cases": cases}
path.write_text(json.dumps(text, separators=(",", ":")) + "\n")
print(path.name, len(cases), "cases", path.stat().st_size, "bytes")
