#!/bin/sh
# Cargo runs this in place of rustc for the crates of this repository: they count which lines and branches run.
exec "$@" -C instrument-coverage -Zcoverage-options=branch
