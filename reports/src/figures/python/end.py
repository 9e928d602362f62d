out = sys.argv[1] if 1 < len(sys.argv) else HERE / f"{NAME}-matplotlib.png"
figure.savefig(out)
print(out)
