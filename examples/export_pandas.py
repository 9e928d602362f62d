#!/usr/bin/env python3
"""Speed-up by threads, from a CSV of a run, an evaluation or a sweep.

    sysmt export results/quickstart --format csv --out quickstart.csv
    python3 -m pip install pandas
    python3 examples/export_pandas.py quickstart.csv
"""

import sys

import pandas as pd

rows = pd.read_csv(sys.argv[1])
by_threads = rows.groupby("pe.threads", dropna=False)[["speedup", "utilization"]]
print(by_threads.mean().join(by_threads.size().rename("rows")))
