columns, lines = unique("x"), unique("y")
cells = [[float("nan")] * len(columns) for _ in lines]
for row in rows:
    cells[lines.index(row["y"])][columns.index(row["x"])] = float(row["value"])
image = axes.imshow(cells, aspect="auto", cmap="Blues", origin="upper" if NAME == "pe-map" else "lower")
figure.colorbar(image, ax=axes, label=rows[0]["value_axis"])
axes.set_xticks(range(0, len(columns), max(1, len(columns) // 8)), columns[:: max(1, len(columns) // 8)])
axes.set_yticks(range(0, len(lines), max(1, len(lines) // 8)), lines[:: max(1, len(lines) // 8)])
axes.set_xlabel(rows[0]["x_axis"])
axes.set_ylabel(rows[0]["y_axis"])
