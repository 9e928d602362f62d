#!/usr/bin/env python3
"""Speed-up by threads, from a Parquet file of a run, an evaluation or a sweep.

    sysmt export results/quickstart --format parquet --out quickstart.parquet
    python3 -m pip install polars
    python3 examples/export_polars.py quickstart.parquet
"""

import sys

import polars as pl

rows = pl.scan_parquet(sys.argv[1])
speed = pl.col("speedup")
by_threads = rows.group_by("pe.threads").agg(speed.mean(), speed.max().alias("best"), pl.len().alias("rows"))
print(by_threads.sort("pe.threads").collect())
print("made by:", pl.read_parquet_metadata(sys.argv[1])["sysmt.command"])
