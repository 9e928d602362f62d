places = list(dict.fromkeys((row["index"], row["layer"]) for row in rows))
bottom = [0.0] * len(places)
for name in unique("series"):
    own = {(row["index"], row["layer"]): float(row["value"]) for row in rows if row["series"] == name}
    heights = [own.get(place, 0.0) for place in places]
    axes.bar(range(len(places)), heights, 0.76, bottom=bottom, label=name)
    bottom = [low + height for low, height in zip(bottom, heights)]
labels = [name if len(places) <= 6 and len(name) < 12 else index for index, name in places]
axes.set_xticks(range(len(places)), labels)
axes.set_xlabel(rows[0]["x_axis"])
axes.set_ylabel(rows[0]["y_axis"])
axes.legend(fontsize=5, ncols=2)
