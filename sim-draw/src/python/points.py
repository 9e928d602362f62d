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
