points = [row for row in rows if row["kind"] == "point"]
for index, series in enumerate(dict.fromkeys(row["series"] for row in points)):
    own = [row for row in points if row["series"] == series]
    xs = [float(row["x"]) for row in own]
    ys = [float(row["y"]) for row in own]
    marker = "os^DxP+v*h"[index % 10]
    axes.plot(xs, ys, JOIN or "none", marker=marker, markersize=3, label=series)
    for row, x in zip(own, xs):
        if row["y_low"]:
            axes.plot([x, x], [float(row["y_low"]), float(row["y_high"])], color=axes.lines[-1].get_color(), linewidth=0.6)
for kind, style in [("curve", "--"), ("front", ":")]:
    for series in dict.fromkeys(row["series"] for row in rows if row["kind"] == kind):
        own = [row for row in rows if row["kind"] == kind and row["series"] == series]
        axes.plot([float(row["x"]) for row in own], [float(row["y"]) for row in own], "k" + style, linewidth=0.8, label=series)
for row in rows:
    if row["kind"] == "level":
        axes.axhline(float(row["y"]), color="0.5", linewidth=0.8, linestyle="--", label=row["series"])
if log_scale([float(row["x"]) for row in points]):
    axes.set_xscale("log")
if log_scale([float(row["y"]) for row in points]):
    axes.set_yscale("log")
axes.set_xlabel(rows[0]["x_axis"])
axes.set_ylabel(rows[0]["y_axis"])
axes.legend(fontsize=5)
