"""Writes golden cases of the spectral angle: terms and gradients by mpmath with 100 digits.

usage: spectral_angle.py OUT_DIR SEED     (needs mpmath)

The spectra are floats of 32 bits; some are nearly parallel, where an arc cosine has no digit left, or of very different
sizes. Derivatives are mpmath's own, by differences with 100 digits.
"""
import json, pathlib, random, struct, sys
import mpmath

OUT, SEED = pathlib.Path(sys.argv[1]), int(sys.argv[2])
OUT.mkdir(parents=True, exist_ok=True)
rng = random.Random(SEED)
mpmath.mp.dps = 100


def cosine(a, b):
    dot = lambda x, y: mpmath.fsum(p * q for p, q in zip(x, y))
    return dot(a, b) / mpmath.sqrt(dot(a, a) * dot(b, b))


MEASURES = {"angle": lambda a, b: mpmath.acos(cosine(a, b)), "cosine": lambda a, b: 1 - cosine(a, b)}


def slopes(measure, a, b):
    """The derivatives by each value of a."""
    at = lambda channel: lambda value: measure([*a[:channel], value, *a[channel + 1:]], b)
    return [mpmath.diff(at(channel), value, h=value * mpmath.mpf(10) ** -40) for channel, value in enumerate(a)]


def f32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def array(rows, dtype="float64", number=float):
    data = [number(value) for row in rows for value in row]
    return {"dtype": dtype, "shape": [len(rows), len(rows[0])], "data": data}


def case(name, a, b):
    pairs = [([mpmath.mpf(x) for x in p], [mpmath.mpf(x) for x in q]) for p, q in zip(a, b)]
    expect = {name: {
        "terms": array([[measure(p, q)] for p, q in pairs]),
        "grad_reconstruction": array([slopes(measure, p, q) for p, q in pairs]),
        "grad_original": array([slopes(measure, q, p) for p, q in pairs]),
    } for name, measure in MEASURES.items()}
    a, b = (array(rows, "float32", lambda value: float(f"{value:.9g}")) for rows in (a, b))
    return {"name": name, "inputs": {"reconstruction": a, "original": b}, "expect": expect}


def spectra(n, channels, value):
    return [[f32(value()) for _ in range(channels)] for _ in range(n)]


positive = lambda: 0.1 + rng.random()
cases = []
for n, channels in [(7, 2), (5, 3), (3, 16), (3, 33), (1, 61)]:
    a = spectra(n, channels, positive)
    cases.append(case(f"{n} spectra of {channels}", a, spectra(n, channels, positive)))
    cases.append(case(f"{n} spectra of {channels}, of any sign", a, spectra(n, channels, lambda: rng.gauss(0, 1))))
for power in (8, 16, 22):
    a = spectra(4, 8, lambda: 1 + rng.random())
    b = [[f32(x * (1 + 2.0**-power * rng.random())) for x in row] for row in a]
    cases.append(case(f"nearly parallel, 2^-{power}", a, b))
for sizes in [(1e-18, 1e-18), (1e18, 1e-18), (1e-18, 1e18), (1e18, 1e18)]:
    a, b = (spectra(3, 5, lambda: size * positive()) for size in sizes)
    cases.append(case(f"sizes {sizes}", a, b))
golden = {"node": "spectral_angle", "reference": f"mpmath {mpmath.__version__}, {mpmath.mp.dps} digits", "cases": cases}
(OUT / "spectral_angle.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
