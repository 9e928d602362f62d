columns, lines = unique(rows, "x"), unique(rows, "y")
cells = [[float("nan")] * len(columns) for _ in lines]
for row in rows:
    cells[lines.index(row["y"])][columns.index(row["x"])] = float(row["value"])
image = axes.imshow(cells, aspect="auto", cmap="Blues", origin="upper" if rows[0]["y_axis"].startswith("row") else "lower")
figure.colorbar(image, ax=axes)
across, down = max(1, len(columns) // 8), max(1, len(lines) // 8)
axes.set_xticks(range(0, len(columns), across), columns[::across])
axes.set_yticks(range(0, len(lines), down), lines[::down])
axes.set_xlabel(rows[0]["x_axis"])
axes.set_ylabel(rows[0]["y_axis"])
axes.set_title(rows[0]["value_axis"], loc="left", fontsize=7)
