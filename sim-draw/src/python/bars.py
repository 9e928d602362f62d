levels = [row for row in rows if not row["index"]]
rows = [row for row in rows if row["index"]]
places = list(dict.fromkeys((row["index"], row["layer"]) for row in rows))
series = unique(rows, "series")
width = 0.8 / len(series)
for number, name in enumerate(series):
    own = {(row["index"], row["layer"]): float(row["value"]) for row in rows if row["series"] == name}
    at = [place for place, key in enumerate(places) if key in own]
    xs = [place + (number - (len(series) - 1) / 2) * width for place in at]
    axes.bar(xs, [own[places[place]] for place in at], width, label=name)
for row in levels:
    axes.axhline(float(row["value"]), color="0.5", linewidth=0.8, label=row["series"])
axes.set_yscale(Y_SCALE)
names = [name if len(places) <= 6 and len(name) < 12 else index for index, name in places]
axes.set_xticks(range(len(places)), names)
axes.set_xlabel(rows[0]["x_axis"])
axes.set_title(rows[0]["y_axis"], loc="left", fontsize=7)
