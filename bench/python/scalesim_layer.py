"""One layer through SCALE-Sim 3 on a 16x16 output-stationary array, no traces written.

usage: scalesim_layer.py FOLDER ROWS COLUMNS KERNEL_ROWS KERNEL_COLUMNS CHANNELS FILTERS STRIDE
Prints one JSON line: CPU seconds of its run (start of Python and imports not counted), compute cycles, peak memory.
"""

import contextlib
import csv
import json
import os
import pathlib
import resource
import sys
import time

from scalesim.scale_sim import scalesim

CONFIGURATION = """\
[general]
run_name = run
[architecture_presets]
ArrayHeight = 16
ArrayWidth = 16
IfmapSramSzkB = 64
FilterSramSzkB = 64
OfmapSramSzkB = 64
IfmapOffset = 0
FilterOffset = 10000000
OfmapOffset = 20000000
Bandwidth = 10
Dataflow = os
ReadRequestBuffer = 64
WriteRequestBuffer = 64
[layout]
IfmapCustomLayout = False
IfmapSRAMBankBandwidth = 10
IfmapSRAMBankNum = 10
IfmapSRAMBankPort = 2
FilterCustomLayout = False
FilterSRAMBankBandwidth = 10
FilterSRAMBankNum = 10
FilterSRAMBankPort = 2
[sparsity]
SparsitySupport = false
SparseRep = ellpack_block
OptimizedMapping = false
BlockSize = 8
RandomNumberGeneratorSeed = 40
[run_presets]
InterfaceBandwidth = CALC
UseRamulatorTrace = False
"""
N_LAYOUT_COLUMNS = 20

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
configuration, topology, layout = (folder / name for name in ("array.cfg", "topology.csv", "layout.csv"))
configuration.write_text(CONFIGURATION)
# It drops the last, empty, column.
topology.write_text("name, rows, columns, kernel rows, kernel columns, channels, filters, strides,\n"
                    f"layer, {', '.join(sys.argv[2:])},\n")
layout.write_text(f"name{', x' * N_LAYOUT_COLUMNS},\nlayer{', 1' * N_LAYOUT_COLUMNS},\n")

with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
    began = time.process_time()
    simulator = scalesim(
        save_disk_space=True,
        verbose=False,
        config=str(configuration),
        topology=str(topology),
        layout=str(layout),
        input_type_gemm=False,
    )
    simulator.run_scale(top_path=str(folder))
    seconds = time.process_time() - began

with open(folder / "run" / "COMPUTE_REPORT.csv", newline="") as report:
    (row,) = csv.DictReader(report, skipinitialspace=True)
print(json.dumps({
    "cpu_seconds": seconds,
    "cycles": int(float(row["Total Cycles"])),
    "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
}))
