handles, labels = axes.get_legend_handles_labels()
if 1 < len(labels):
    figure.legend(handles, labels, loc="outside upper left", ncols=4, fontsize=6, frameon=False)
out = sys.argv[1] if 1 < len(sys.argv) else HERE / f"{NAME}-matplotlib.png"
figure.savefig(out)
print(out)
