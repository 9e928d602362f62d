"""Write operator tests as files: those that the onnx package defines in code, those that it ships, and random ones.

usage: onnx_cases.py OUT
One folder per test: OUT/KIND/NAME/model.onnx and OUT/KIND/NAME/test_data_set_N/{input,output}_N.pb, a TensorProto
each. Tests of types without a tensor (sequences, maps, optionals) are left out: networks here have none.

Operator set 6 is written as 7 and those after 26 as 26, the range that the importer reads. What changed from 6 to 7 is
how Add, Sub, Mul, Div and Gemm broadcast (attributes that no test here needs went away) and that BatchNormalization and
Dropout lost `is_test`; older sets are written as 7 for operators that never changed. After 26 only Cast changed, for types of 8 bits.

The random ones vary what those of onnx hold still (strides, padding, groups, old operator sets, conversions); their
outputs are ONNX Runtime's.
"""

import pathlib
import shutil
import sys

import numpy
import onnx
import onnx_random_cases
from onnx import numpy_helper
from onnx.backend.test.loader import DATA_DIR, load_node_model_tests

OPSETS = range(7, 27)
# Operators that are as they were in the first set.
UNCHANGED = {"Not"}
SHIPPED = ("pytorch-converted", "pytorch-operator", "simple")


def within_opsets(model):
    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx"):
            is_unchanged = all(node.op_type in UNCHANGED for node in model.graph.node)
            if opset.version == OPSETS.start - 1 or is_unchanged:
                opset.version = max(opset.version, OPSETS.start)
            opset.version = min(opset.version, OPSETS.stop - 1)
    return model


def is_of_tensors(model):
    declared = [*model.graph.input, *model.graph.output]
    return all(value.type.HasField("tensor_type") for value in declared)


def write_model(folder, model):
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(within_opsets(model).SerializeToString())


def write_values(folder, kind, values, declared):
    for number, (value, declaration) in enumerate(zip(values, declared, strict=True)):
        if not isinstance(value, onnx.TensorProto):
            value = numpy_helper.from_array(numpy.asarray(value), declaration.name)
        (folder / f"{kind}_{number}.pb").write_bytes(value.SerializeToString())


def write_defined(out):
    """The tests that are code: one per behaviour of an operator, and functions expanded into operators."""
    cases = [case for case in load_node_model_tests() if is_of_tensors(case.model)]
    for case in cases:
        folder = out / "node" / case.name
        write_model(folder, case.model)
        for number, (inputs, outputs) in enumerate(case.data_sets):
            data = folder / f"test_data_set_{number}"
            data.mkdir()
            write_values(data, "input", inputs, case.model.graph.input)
            write_values(data, "output", outputs, case.model.graph.output)
    return len(cases)


def write_shipped(out):
    """The tests that are files: layers and expressions that PyTorch exported."""
    sources = [path for kind in SHIPPED for path in sorted(pathlib.Path(DATA_DIR, kind).iterdir())]
    n_written = 0
    for source in sources:
        model = onnx.load(source / "model.onnx")
        if not is_of_tensors(model):
            continue
        folder = out / source.parent.name / source.name
        write_model(folder, model)
        for data in source.glob("test_data_set_*"):
            shutil.copytree(data, folder / data.name)
        n_written += 1
    return n_written


def write_random(out):
    n_written = 0
    for name, model, inputs, outputs in onnx_random_cases.cases():
        folder = out / "random" / name
        write_model(folder, model)
        data = folder / "test_data_set_0"
        data.mkdir()
        write_values(data, "input", inputs, model.graph.input)
        write_values(data, "output", outputs, model.graph.output)
        n_written += 1
    return n_written


def main():
    out = pathlib.Path(sys.argv[1])
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    n_defined = write_defined(partial)
    n_shipped = write_shipped(partial)
    n_random = write_random(partial)
    shutil.rmtree(out, ignore_errors=True)
    partial.rename(out)
    print(f"onnx {onnx.__version__}: {n_defined} tests that it defines, {n_shipped} that it ships, in {out}")
    print(f"ONNX Runtime: {n_random} random tests")


if __name__ == "__main__":
    main()
