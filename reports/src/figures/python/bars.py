places = list(dict.fromkeys((row["index"], row["layer"]) for row in rows))
series = unique("series")
width = 0.8 / len(series)
for number, name in enumerate(series):
    own = {(row["index"], row["layer"]): float(row["value"]) for row in rows if row["series"] == name}
    at = [place for place, key in enumerate(places) if key in own]
    xs = [place + (number - (len(series) - 1) / 2) * width for place in at]
    axes.bar(xs, [own[places[place]] for place in at], width, label=name)
if log_scale([float(row["value"]) for row in rows]):
    axes.set_yscale("log")
labels = [name if len(places) <= 6 and len(name) < 12 else index for index, name in places]
axes.set_xticks(range(len(places)), labels)
axes.set_xlabel(rows[0]["x_axis"])
axes.set_ylabel(rows[0]["y_axis"])
if 1 < len(series):
    axes.legend(fontsize=5)
