#!/usr/bin/env python3
"""A page of what calls took over the commits of the history: lines in SVG, no scripts.

usage: trend.py HISTORY > PAGE

Each call has two charts: instructions a pixel of 65,536, and instructions of a call of 640 pixels. Their scale is
logarithmic, so that a tenth more is as high on every tier. A row holds until the next one of its call, tier and
version of rustc, or until the last row of that version.
"""

import csv
import html
import math
import sys

COLOURS = {"scalar": "#777", "portable": "#0969da", "avx2": "#bc4c00", "avx512": "#1a7f37"}
CHARTS = [("65536", 65536, "instructions a pixel of 65,536"), ("640", 1, "instructions a call of 640 pixels")]
WIDTH, HEIGHT, LEFT, TOP = 500, 130, 70, 10

STYLE = """
body { font: 14px sans-serif; max-width: 1080px; margin: 2em auto; color: #1f2328; background: #fff; }
h2 { border-bottom: 1px solid #ccc; font-size: 1.1em; margin: 1.5em 0 0.5em; }
figure { display: inline-block; margin: 0 1em 0 0; }
figcaption, text { font-size: 11px; fill: #555; color: #555; }
path { fill: none; stroke-width: 1.5; }
"""


def load(path):
    """The rows by call, the commits in the order of the file, and the last of them of each version."""
    calls, commits, until = {}, [], {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            if row["commit"] not in commits:
                commits.append(row["commit"])
            calls.setdefault(row["call"], []).append(row)
            until[row["target"], row["rustc"]] = commits.index(row["commit"])
    return calls, commits, until


def series_of(rows, commits, until, column, divisor):
    """The counts of each target, version of rustc and tier at each commit, from the first row on."""
    series = {}
    for row in rows:
        if row[column]:
            counts = series.setdefault((row["target"], row["rustc"], row["tier"]), {})
            counts[commits.index(row["commit"])] = max(int(row[column]) / divisor, 1e-3)
    for (target, rustc, _), counts in series.items():
        for place in range(min(counts), until[target, rustc] + 1):
            counts.setdefault(place, counts.get(place - 1))
    return {label: dict(sorted(counts.items())) for label, counts in sorted(series.items())}


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def label_of(tier, counts):
    first, last = counts[min(counts)], counts[max(counts)]
    change = 100 * last / first - 100
    told = f" ({change:+.1f} %)" if abs(change) >= 0.05 else ""
    return f'<span style="color: {COLOURS.get(tier, "#000")}">{tier} {number(last)}{told}</span>'


def chart(series, commits, title):
    values = [value for counts in series.values() for value in counts.values()]
    low, high = math.log(min(values) / 1.2), math.log(max(values) * 1.2)
    wide, tall = WIDTH - LEFT - 10, HEIGHT - TOP - 20

    def across(place):
        return LEFT + wide * (place + 0.5) / len(commits)

    def down(value):
        return TOP + tall * (high - math.log(value)) / (high - low)

    parts = []
    ends = [min(values), max(values)]
    for value in ends if down(ends[0]) - down(ends[1]) > 12 else ends[1:]:
        y = down(value)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{number(value)}</text>')
    for place in sorted({0, len(commits) - 1}):
        parts.append(f'<text x="{across(place):.1f}" y="{HEIGHT - 5}" text-anchor="middle">{commits[place]}</text>')
    for (target, rustc, tier), counts in series.items():
        name = html.escape(f"{tier}, {target}, rustc {rustc}")
        colour, points = COLOURS.get(tier, "#000"), [(across(place), down(value)) for place, value in counts.items()]
        line = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        parts.append(f'<path d="M{line}" stroke="{colour}"><title>{name}</title></path>')
        for (x, y), (place, value) in zip(points, counts.items(), strict=True):
            told = f"<title>{commits[place]}: {number(value)}, {name}</title>"
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}">{told}</circle>')
    last = [(tier, counts) for (_, _, tier), counts in series.items() if len(commits) - 1 in counts]
    legend = " &middot; ".join(label_of(*one) for one in last)
    drawn = "\n".join(parts)
    return (
        f'<figure style="width: {WIDTH}px"><svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{title}">'
        f"\n{drawn}\n</svg><figcaption>{title}: {legend}</figcaption></figure>"
    )


def page(calls, commits, until):
    yield '<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>hyla: instructions</title>'
    yield f"<style>{STYLE}</style>"
    yield "<h1>Instructions of each call, commit by commit</h1>"
    yield f"<p>{len(commits)} commits of benches/history, {commits[0]} to {commits[-1]}; with a plus sign, what came"
    yield "after it. The scale is logarithmic. In brackets is the change since the first row.</p>"
    for call in sorted(calls):
        yield f"<h2>{html.escape(call)}</h2>"
        for column, divisor, title in CHARTS:
            series = series_of(calls[call], commits, until, column, divisor)
            if series:
                yield chart(series, commits, title)
    yield "</html>"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(*page(*load(sys.argv[1])), sep="\n")
