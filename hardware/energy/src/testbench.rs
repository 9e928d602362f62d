//! A netlist under a stimulus, in Icarus Verilog, to a value change dump.

use sim_core::named;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use sim_rtl::{Design, HoldBit};
use sim_synth::netlist::Netlist;
use sim_synth::tools::Tool;

use crate::stimulus::{Cycle, Inputs};

/// The clock period of gate simulations in ns: longer than every PE's critical path, so that all glitches end in it.
pub(crate) const PERIOD_NS: u64 = 30;
/// Cycles in reset before a stimulus.
pub(crate) const N_RESET: usize = 4;

named! {
    /// How delays of gates are simulated.
    pub(crate) enum Delays {
        /// None: every net changes at most once per cycle.
        Zero = "zero",
        /// The library's, with the loads of the netlist: glitches are there.
        Library = "library",
    }
}

/// Bits of one line of the stimulus: operands, control, what is skipped, drain, and the shadow register above.
fn vector(now: &Inputs, before: &Inputs, a_bits: usize, w_bits: usize) -> String {
    let bit = |holds: bool| if holds { '1' } else { '0' };
    format!(
        "{}{}{}{}{:032b}{}{:04b}{:0w_bits$b}{:0a_bits$b}",
        '0',
        bit(before.parity_above),
        bit(before.drain_parity),
        bit(before.drain),
        before.shadow_above,
        bit(now.skips),
        now.control,
        now.weights,
        now.activations
    )
}

/// Simulate `cycles` on a netlist and return the dump.
///
/// During the interval between edges `N_RESET + 1 + i` and the next, the PE is in cycle `i`.
///
/// - Errors: a missing tool, by its package; what the tools say; a netlist that does not follow the stimulus.
pub(crate) fn simulate(
    design: &Design,
    netlist: &Netlist,
    models: &Path,
    delays: Delays,
    cycles: &[Cycle],
    folder: &Path,
) -> anyhow::Result<PathBuf> {
    let (a_bits, w_bits) = (design.activation_bits(), design.weight_bits());
    let mut lines = String::new();
    let idle = Inputs::default();
    for _ in 0..N_RESET {
        let line = vector(&idle, &idle, a_bits, w_bits);
        let _ = writeln!(lines, "1{}", &line[1..]);
    }
    let mut before = &idle;
    for cycle in cycles {
        let _ = writeln!(lines, "{}", vector(&cycle.inputs, before, a_bits, w_bits));
        before = &cycle.inputs;
    }
    let _ = writeln!(lines, "{}", vector(&idle, before, a_bits, w_bits));
    std::fs::write(folder.join("stimulus.bin"), lines)?;
    let n_vectors = N_RESET + cycles.len() + 1;
    let annotate = match delays {
        Delays::Zero => String::new(),
        Delays::Library => {
            write_delays(netlist, folder)?;
            "$sdf_annotate(\"delays.sdf\", dut);".to_owned()
        }
    };
    let bench = format!(
        "`timescale 1ns/1ps
module bench;
  localparam A = {a_bits}, W = {w_bits}, N = {n_vectors};
  reg [A+W+40:0] stimulus [0:N-1];
  reg clk = 0, rst = 1, parity_above = 1, drain_parity = 0, drain = 0, skip = 0;
  reg [31:0] shadow_above = 0;
  reg [3:0] control = 0;
  reg [W-1:0] w = 0;
  reg [A-1:0] a = 0;
  wire [A-1:0] a_q;
  wire [W-1:0] w_q;
  wire [3:0] control_q;
  pe dut(.clk(clk), .rst(rst), {skip} .a_in(a), .control_in(control), .a_q(a_q), .control_q(control_q), .w_in(w), .w_q(w_q),
         .drain(drain), .drain_parity(drain_parity), .shadow_in(shadow_above), .shadow_parity_in(parity_above),
         .shadow_q(), .shadow_parity_q(), .control_final());
  integer i;
  initial begin
    $readmemb(\"stimulus.bin\", stimulus);
    {annotate}
    $dumpfile(\"toggles.vcd\");
    $dumpvars(1, dut);
    for (i = 0; i < N; i = i + 1) begin
      #{half} clk = 1;
      #0.3 {{rst, parity_above, drain_parity, drain, shadow_above, skip, control, w, a}} = stimulus[i];
      #{rest} clk = 0;
    end
    #{half} clk = 1;
    #{half};
    if (a_q !== a || w_q !== w || control_q !== control) $display(\"LOST\");
    $finish;
  end
endmodule
",
        skip = match design.hold_bit() {
            HoldBit::Absent => "",
            HoldBit::Present => ".skip(skip),",
        },
        half = PERIOD_NS / 2,
        rest = "14.7",
    );
    std::fs::write(folder.join("bench.v"), bench)?;
    let mut compile = Command::new("iverilog");
    compile.current_dir(folder).args(["-g2005", "-o", "bench.vvp"]);
    match delays {
        Delays::Zero => {}
        Delays::Library => {
            compile.arg("-gspecify");
        }
    }
    compile.arg("bench.v").arg(&netlist.verilog).arg(models);
    run(&mut compile)?;
    let mut simulation = Command::new("vvp");
    simulation.current_dir(folder).args(["-n", "bench.vvp"]);
    let said = run(&mut simulation)?;
    if said.contains("LOST") {
        bail!("{}: the netlist does not take its operands", netlist.what);
    }
    Ok(folder.join("toggles.vcd"))
}

/// The library's delays of every cell under its load, by OpenSTA.
fn write_delays(netlist: &Netlist, folder: &Path) -> anyhow::Result<()> {
    let script = format!(
        "read_liberty {}\nread_verilog {}\nlink_design {}\nwrite_sdf delays.sdf\nexit\n",
        netlist.liberty.display(),
        netlist.verilog.display(),
        netlist.module
    );
    std::fs::write(folder.join("delays.tcl"), script)?;
    Tool::OpenSta.run(folder, &["-no_splash", "-exit", "delays.tcl"], &netlist.what)?;
    Ok(())
}

fn run(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| {
        format!("cannot start {name}: as root, apt-get install -y --no-install-recommends iverilog")
    })?;
    if !output.status.success() {
        bail!(
            "{name} failed ({}):\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use sim_core::spec::{Policy, Threads};
    use sim_synth::designs::{CLOCK, nb_smt, spec};
    use sim_synth::library::Library;
    use sim_synth::netlist::{Module, synthesize};

    use super::*;
    use crate::power::price;
    use crate::streams::{ALL, Computed};
    use crate::toggles::per_cycle;

    /// The tools run end to end; glitches are there with delays and not without.
    #[test]
    fn delays_add_glitches() {
        let cells = Path::new("/usr/share/qflow/tech/osu018/osu018_stdcells.lib");
        let library = Library::read(cells).expect("the library of qflow-tech-osu018");
        let array = spec(nb_smt(Threads::Two, Policy::SA), 1).expect("a machine");
        let design = Design::of(&array);
        let folder = tempfile::tempdir().expect("a folder");
        let netlist = synthesize(Module::Pe, &design, &library, CLOCK, folder.path()).expect("a netlist");
        let power = price(&netlist.json, netlist.module, library.liberty()).expect("prices");
        std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).expect("the root");
        let trace = crate::streams::trace().expect("the trace");
        let mut cycles = ALL[0]
            .record(&array, &trace, 60, Computed::All)
            .expect("a stream");
        cycles.truncate(60);
        let spent = Delays::ALL.map(|delays| {
            let models = cells.with_extension("v");
            let dump = simulate(&design, &netlist, &models, delays, &cycles, folder.path()).expect("a dump");
            let spent = per_cycle(&dump, &power, cycles.len()).expect("energies");
            (
                spent.iter().map(|spent| spent.logic).sum::<f64>(),
                spent.iter().map(|spent| spent.clock).sum::<f64>(),
            )
        });
        let [(zero, zero_clock), (library, library_clock)] = spent;
        assert!(
            0.0 < zero && 1.2 * zero < library,
            "{zero} pJ without, {library} pJ with delays"
        );
        assert!((zero_clock - library_clock).abs() < 1e-6 && 0.0 < zero_clock);
    }
}
