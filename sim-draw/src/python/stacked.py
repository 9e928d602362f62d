levels = [row for row in rows if not row["index"]]
rows = [row for row in rows if row["index"]]
places = list(dict.fromkeys((row["index"], row["layer"]) for row in rows))
bottom = [0.0] * len(places)
for name in unique(rows, "series"):
    own = {(row["index"], row["layer"]): float(row["value"]) for row in rows if row["series"] == name}
    heights = [own.get(place, 0.0) for place in places]
    axes.bar(range(len(places)), heights, 0.76, bottom=bottom, label=name)
    bottom = [low + height for low, height in zip(bottom, heights)]
for row in levels:
    axes.axhline(float(row["value"]), color="0.5", linewidth=0.8, label=row["series"])
axes.set_yscale(Y_SCALE)
names = [name if len(places) <= 6 and len(name) < 12 else index for index, name in places]
axes.set_xticks(range(len(places)), names)
axes.set_xlabel(rows[0]["x_axis"])
axes.set_title(rows[0]["y_axis"], loc="left", fontsize=7)
