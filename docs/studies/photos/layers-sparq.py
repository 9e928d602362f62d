# Relative MSE by layer, SPARQ
# Made by sysmt 0.1.0 from results of `sysmt sweep photos.toml`, BLAKE3 63fda2bd9e1b6a16fc2164be522bd76fc5c66b1d883e1ef503395f41183c3f11
# Run it: python3 layers-sparq.py [OUT.png]; it needs matplotlib.
import csv
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

NAME = "layers-sparq"
JOIN = "-"
X_SCALE, Y_SCALE = "linear", "log"
HERE = pathlib.Path(__file__).resolve().parent
COLOURS = ["#00568f", "#c86a00", "#009e73", "#1a1a1a", "#b84c8c", "#56b4e9", "#9a3800", "#6a4cb0", "#7a8a00", "#d83030"]
plt.rcParams.update({"font.size": 7, "axes.prop_cycle": plt.cycler(color=COLOURS), "figure.dpi": 300})

with open(HERE / f"{NAME}.csv", newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))


def unique(rows, column):
    return list(dict.fromkeys(row[column] for row in rows))


figure, axes = plt.subplots(figsize=(3.4, 2.3), layout="constrained")

points = [row for row in rows if row["kind"] == "point"]
for index, series in enumerate(unique(points, "series")):
    own = [row for row in points if row["series"] == series]
    xs = [float(row["x"]) for row in own]
    ys = [float(row["y"]) for row in own]
    lines = axes.plot(xs, ys, linestyle=JOIN, marker="os^DxP+v*h"[index % 10], markersize=3, label=series)
    for row, x in zip(own, xs):
        if row["y_low"]:
            ends = [float(row["y_low"]), float(row["y_high"])]
            axes.plot([x, x], ends, color=lines[0].get_color(), linewidth=0.6)
for kind, style in [("curve", "--"), ("front", ":")]:
    own = [row for row in rows if row["kind"] == kind]
    for series in unique(own, "series"):
        xs = [float(row["x"]) for row in own if row["series"] == series]
        ys = [float(row["y"]) for row in own if row["series"] == series]
        axes.plot(xs, ys, color="black", linestyle=style, linewidth=0.8, label=series)
for row in rows:
    if row["kind"] == "level":
        axes.axhline(float(row["y"]), color="0.5", linewidth=0.8, linestyle="--", label=row["series"])
axes.set_xscale(X_SCALE)
axes.set_yscale(Y_SCALE)
axes.set_xlabel(rows[0]["x_axis"])
axes.set_title(rows[0]["y_axis"], loc="left", fontsize=7)

handles, labels = axes.get_legend_handles_labels()
if 1 < len(labels):
    figure.legend(handles, labels, loc="outside upper left", ncols=4, fontsize=6, frameon=False)
out = sys.argv[1] if 1 < len(sys.argv) else HERE / f"{NAME}-matplotlib.png"
figure.savefig(out)
print(out)
