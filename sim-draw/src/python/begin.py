# @TITLE@
# @MADE@
# Run it: python3 @NAME@.py [OUT.png]; it needs matplotlib.
import csv
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

NAME = "@NAME@"
JOIN = "@JOIN@"
X_SCALE, Y_SCALE = "@X_SCALE@", "@Y_SCALE@"
HERE = pathlib.Path(__file__).resolve().parent
COLOURS = ["#00568f", "#c86a00", "#009e73", "#1a1a1a", "#b84c8c", "#56b4e9", "#9a3800", "#6a4cb0", "#7a8a00", "#d83030"]
plt.rcParams.update({"font.size": 7, "axes.prop_cycle": plt.cycler(color=COLOURS), "figure.dpi": 300})

with open(HERE / f"{NAME}.csv", newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))


def unique(rows, column):
    return list(dict.fromkeys(row[column] for row in rows))


figure, axes = plt.subplots(figsize=(3.4, 2.3), layout="constrained")
