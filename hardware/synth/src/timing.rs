//! The critical path of a netlist.

use std::path::Path;

use crate::error::SynthError;
use crate::netlist::Netlist;
use crate::tools::{Tool, tail};

/// Longer than any path: the slack is then what a path leaves of it.
const PERIOD_NS: f64 = 1000.0;
/// What the line with the figure starts with.
const MARK: &str = "worst-slack-ns ";

/// The longest path from register to register in ns, with the setup time of the last; wires take no time, and inputs
/// and outputs are left out.
///
/// - Errors: a missing or failing tool, a netlist without registers.
pub fn critical_path(netlist: &Netlist) -> Result<f64, SynthError> {
    let folder = netlist.verilog.parent().unwrap_or(Path::new("."));
    let script = folder.join("timing.tcl");
    let name = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let text = format!(
        "read_liberty {}\nread_verilog {}\nlink_design {}\nset_cmd_units -time ns\n\
         create_clock -name clk -period {PERIOD_NS} [get_ports clk]\nputs \"{MARK}[worst_slack -max]\"\nexit\n",
        name(&netlist.liberty),
        name(&netlist.verilog),
        netlist.module
    );
    std::fs::write(&script, text).map_err(|error| SynthError::io(&script, error))?;
    let printed = Tool::OpenSta.run(folder, &["-no_splash", "-exit", "timing.tcl"], &netlist.what)?;
    printed
        .lines()
        .find_map(|line| line.strip_prefix(MARK)?.trim().parse::<f64>().ok())
        .map(|slack| PERIOD_NS - slack)
        .filter(|path| path.is_finite() && 0.0 < *path)
        .ok_or_else(|| SynthError::Unexpected {
            tool: Tool::OpenSta,
            what: netlist.what.clone(),
            wanted: "slack",
            says: tail(&printed),
        })
}
