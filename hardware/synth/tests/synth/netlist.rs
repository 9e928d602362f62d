//! One PE through the tools. They must be installed: a test that skips itself proves nothing.

use std::path::Path;

use sim_core::spec::{ArraySpec, Pairs, Pe, Sparq, Window, WindowRounding};
use sim_rtl::Design;
use sim_synth::library::Library;
use sim_synth::netlist::{ClockTarget, Module, synthesize};
use sim_synth::{timing, tools};

const OSU018: &str = "/usr/share/qflow/tech/osu018/osu018_stdcells.lib";
const CLOCK: ClockTarget = ClockTarget { picoseconds: 10_000 };

fn design(pe: Pe, depth: u8) -> Design {
    let array = ArraySpec::new(4, 4, pe).and_then(|array| array.with_pipeline_depth(depth));
    Design::of(&array.unwrap())
}

#[test]
fn a_conventional_pe_is_cells_and_a_path() {
    let library = Library::read(Path::new(OSU018)).unwrap();
    assert_eq!(library.nand2_area(), Some(24.0));
    let folder = tempfile::tempdir().unwrap();
    let made = |depth| {
        let netlist = synthesize(
            Module::Pe,
            &design(Pe::Conventional, depth),
            &library,
            CLOCK,
            folder.path(),
        );
        netlist.unwrap()
    };
    let netlist = made(1);
    // Operands, control, accumulator, shadow with its parity.
    assert_eq!(netlist.n_flip_flops, 8 + 8 + 4 + 32 + 32 + 1);
    let sum: f64 = netlist
        .cells
        .iter()
        .map(|(cell, &count)| library.area_of(cell).unwrap() * sim_core::units::count_as_f64(count))
        .sum();
    assert!((sum - netlist.area).abs() < 1e-6);
    let path = timing::critical_path(&netlist).unwrap();
    assert!((2.0..10.0).contains(&path), "{path} ns");
    let text = std::fs::read(&netlist.verilog).unwrap();
    assert_eq!(made(1), netlist);
    assert_eq!(std::fs::read(&netlist.verilog).unwrap(), text);
    // A stage more: the product and the control word.
    let deep = made(2);
    assert_eq!(deep.n_flip_flops, netlist.n_flip_flops + 16 + 4);
    assert!(timing::critical_path(&deep).unwrap() < path);
}

#[test]
fn window_logic_has_no_registers_and_so_no_path() {
    let library = Library::read(Path::new(OSU018)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let pe = Pe::Sparq(Sparq {
        window: Window::Opt2,
        rounding: WindowRounding::Trim,
        pairs: Pairs::Off,
    });
    let netlist = synthesize(
        Module::WindowLogic,
        &design(pe, 1),
        &library,
        CLOCK,
        folder.path(),
    )
    .unwrap();
    assert_eq!(netlist.n_flip_flops, 0);
    assert!(0.0 < netlist.area);
    let error = timing::critical_path(&netlist).unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert!(
        error
            .to_string()
            .contains("sparq_window of sparq-2opt-trim-alone"),
        "{error}"
    );
}

#[test]
fn every_tool_says_its_version() {
    let versions = tools::versions().unwrap();
    let names: Vec<&str> = versions.keys().map(String::as_str).collect();
    assert_eq!(names, ["abc", "opensta", "yosys"]);
}
