"""Reads the ENVI files that the examples use: band interleaved by pixel, line or band, and a mask beside the scene."""

import re

import numpy as np

TYPES = {1: "u1", 2: "i2", 3: "i4", 4: "f4", 5: "f8", 12: "u2", 13: "u4"}
AXES = {
    "bip": ("lines", "samples", "bands"),
    "bil": ("lines", "bands", "samples"),
    "bsq": ("bands", "lines", "samples")
}


def read_cube(path):
    """The raw file beside a header, as lines x samples x bands."""
    fields = {name.strip().lower(): value.strip()
              for name, value in re.findall(r"^([^=\n]+?)=\s*(\{[^}]*\}|[^\n]*)", path.read_text(), flags=re.M)}
    order = ">" if fields.get("byte order", "0") == "1" else "<"
    axes = AXES[fields["interleave"].lower()]
    values = np.fromfile(
        path.with_suffix(".img"), order + TYPES[int(fields["data type"])], offset=int(fields.get("header offset", 0))
    )
    cube = values.reshape([int(fields[axis]) for axis in axes])
    return np.moveaxis(cube, [axes.index(axis) for axis in AXES["bip"]], [0, 1, 2])


def read_mask(path):
    """The mask of a scene, <scene>_gt.hdr, as lines x samples."""
    return read_cube(path.with_name(path.stem + "_gt.hdr"))[..., 0]
