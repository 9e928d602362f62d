//! Wrong hardware, which lockstep must catch.

use std::path::Path;

use anyhow::{Context, bail};
use sim_core::spec::{Pe, Policy, Sparq, Threads, Window};
use sim_rtl::{HoldBit, SOURCES};
use sim_synth::designs::nb_smt;

use crate::build::{Purpose, Top, build};
use crate::divergence::Divergence;
use crate::machines::Machine;
use crate::model::Model;
use crate::random::campaign;
use crate::top::{Visibility, design, top};

/// One line of the design, changed.
pub(crate) struct Mutant {
    pub(crate) name: &'static str,
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
    pe: Pe,
    depth: u8,
    hold_bit: HoldBit,
}

const TWO: Pe = nb_smt(Threads::Two, Policy::SA);
const FOUR: Pe = nb_smt(Threads::Four, Policy::SA);

/// All of them.
pub(crate) fn all() -> Vec<Mutant> {
    let mutant = |name, file, right, wrong, pe| Mutant {
        name,
        file,
        right,
        wrong,
        pe,
        depth: 1,
        hold_bit: HoldBit::Absent,
    };
    let of_hold_bit = |name, wrong, pe| Mutant {
        hold_bit: HoldBit::Present,
        ..mutant(
            name,
            "pe.sv",
            "if (control_in[`FIRST]) holds_q <= skip;",
            wrong,
            pe,
        )
    };
    vec![
        mutant(
            "no rounding",
            "reduce.sv",
            "assign up = operand[3] & (operand[4] | (|operand[2:0]));",
            "assign up = 1'b0;",
            TWO,
        ),
        mutant(
            "a tie rounds up",
            "reduce.sv",
            "operand[3] & (operand[4] | (|operand[2:0]))",
            "operand[3]",
            TWO,
        ),
        mutant(
            "no saturation",
            "reduce.sv",
            "assign add = up & ((EXTEND != 0) | ~is_top);",
            "assign add = up & (1'b1 | is_top);",
            TWO,
        ),
        mutant(
            "a weight saturates like an activation",
            "reduce.sv",
            "assign is_top = operand[7:4] == 4'd7;",
            "assign is_top = operand[7:4] == 4'd15;",
            FOUR,
        ),
        mutant(
            "halves shifted the wrong way round",
            "multiply_2t.sv",
            "assign shift_high  = collide ? shift4_0 : 1'b1;\n            assign shift_low   = collide & shift4_1;",
            "assign shift_high  = collide & shift4_0;\n            assign shift_low   = collide ? shift4_1 : 1'b1;",
            TWO,
        ),
        mutant(
            "one active thread takes thread 0's operands",
            "multiply_2t.sv",
            "assign x = active1 ? x1 : x0;",
            "assign x = active1 & ~active1 ? x1 : x0;",
            TWO,
        ),
        mutant(
            "a narrow weight does not swap",
            "two_thread_ports.sv",
            "assign weight_on_port4 = wide_activation & ~wide_weight;\n            assign shift4 = wide_activation & wide_weight;",
            "assign weight_on_port4 = 1'b0;\n            assign shift4 = wide_activation | (wide_activation & wide_weight);",
            nb_smt(Threads::Two, Policy::SAw),
        ),
        mutant(
            "three threads by the two-thread rule",
            "multiply_4t.sv",
            "assign many = (active[0] & active[1] & (active[2] | active[3])) |\n                          (active[2] & active[3] & (active[0] | active[1]));",
            "assign many = &active;",
            FOUR,
        ),
        mutant(
            "a part shifted for one operand only",
            "multiply_4t.sv",
            "shift_w[t] ? once <<< 4 : once",
            "shift_w[t] & ~shift_x[t] ? once <<< 4 : once",
            FOUR,
        ),
        mutant(
            "the last active thread is the first",
            "multiply_4t.sv",
            "assign x_last = active[3] ? activations[31:24]",
            "assign x_last = active[0] ? activations[7:0] : active[3] ? activations[31:24]",
            FOUR,
        ),
        mutant(
            "a tie in the window rounds up",
            "place_window.sv",
            "operand[SHIFT-1] & (operand[SHIFT] | below) & ~(&bits)",
            "operand[SHIFT-1] & (operand[SHIFT] | below | 1'b1) & ~(&bits)",
            Pe::Sparq(Sparq::new(Window::Opt5)),
        ),
        mutant(
            "a window overflows",
            "place_window.sv",
            "& (operand[SHIFT] | below) & ~(&bits)",
            "& (operand[SHIFT] | below)",
            Pe::Sparq(Sparq::new(Window::Opt3)),
        ),
        mutant(
            "a zero partner's bits are not used",
            "sparq_window.sv",
            "assign is_alone = ~(|x0) | ~(|x1);",
            "assign is_alone = ~(|x0) & ~(|x1);",
            Pe::Sparq(Sparq::new(Window::Opt6)),
        ),
        mutant(
            "a missing weight still picks an activation",
            "select_2of4.sv",
            "{8{|weights[8*i+:8]}} & activations[8*at+:8]",
            "{8{(|weights[8*i+:8]) | (|activations)}} & activations[8*at+:8]",
            Pe::SparqStc(Sparq::new(Window::Opt5)),
        ),
        mutant(
            "the accumulator is never cleared",
            "pe.sv",
            "(control_final[`FIRST] ? 32'd0 : accumulator_q)",
            "(control_final[`FIRST] & rst ? 32'd0 : accumulator_q)",
            Pe::Conventional,
        ),
        mutant(
            "the accumulator is cleared one cycle late",
            "pe.sv",
            "    assign sum = (control_final[`FIRST] ? 32'd0 : accumulator_q) + 32'(product_final);",
            "    logic late;\n    always_ff @(posedge clk) late <= control_final[`FIRST];\n    assign sum = (late ? 32'd0 : accumulator_q) + 32'(product_final);",
            Pe::Conventional,
        ),
        mutant(
            "the shadow register misses the last product",
            "pe.sv",
            "            shadow_q <= sum;",
            "            shadow_q <= accumulator_q;",
            Pe::Conventional,
        ),
        mutant(
            "the parity of the draining tile is ignored",
            "pe.sv",
            "assign moves = drain & (shadow_parity_q == drain_parity) & (shadow_parity_in == drain_parity);",
            "assign moves = drain | (drain & (shadow_parity_q == drain_parity) & (shadow_parity_in == drain_parity));",
            Pe::Conventional,
        ),
        mutant(
            "the parity of a result is dropped",
            "pe.sv",
            "shadow_parity_q <= control_final[`PARITY];",
            "shadow_parity_q <= control_final[`PARITY] & rst;",
            TWO,
        ),
        Mutant {
            depth: 3,
            ..mutant(
                "control skips a pipeline stage",
                "pe.sv",
                "assign control_final = control_stage[DEPTH-2];",
                "assign control_final = control_stage[0];",
                Pe::Conventional,
            )
        },
        mutant(
            "a column drains one row too few",
            "column_drain.sv",
            "n_left <= COUNT_BITS'(ROWS);",
            "n_left <= COUNT_BITS'(ROWS - 1);",
            Pe::Conventional,
        ),
        mutant(
            "the next tile does not wait for the drain",
            "sequencer.sv",
            "gap_left <= serial ? '0 : gap;",
            "gap_left <= serial ? '0 : gap & '0;",
            FOUR,
        ),
        mutant(
            "a serial tile starts one cycle late",
            "sequencer.sv",
            "(~waits | tile_has_left)",
            "(~waits)",
            Pe::Conventional,
        ),
        mutant(
            "a row sees its step too early",
            "systolic_array.sv",
            ".LENGTH(r),",
            ".LENGTH(r == 3 ? 2 : r),",
            Pe::Conventional,
        ),
        Mutant {
            hold_bit: HoldBit::Present,
            ..mutant(
                "the hold bit is ignored",
                "pe.sv",
                "held_w = w_q & {W_BITS{~holds_q}};",
                "held_w = w_q;",
                Pe::Conventional,
            )
        },
        of_hold_bit(
            "the hold bit is kept for the next tile",
            "if (control_in[`FIRST]) holds_q <= skip | (holds_q & control_q[`VALID]);",
            Pe::Conventional,
        ),
        of_hold_bit(
            "the hold bit is read in every step",
            "if (control_in[`VALID]) holds_q <= skip;",
            FOUR,
        ),
        of_hold_bit(
            "the hold bit is read with the second step",
            "if (control_q[`FIRST]) holds_q <= skip;",
            Pe::Conventional,
        ),
    ]
}

impl Mutant {
    /// Build the wrong hardware and return where lockstep catches it.
    ///
    /// - Errors: the line is not in the design exactly once; hardware that does not build; a mutant that lives.
    pub(crate) fn hunt(&self, folder: &Path, n_cases: usize) -> anyhow::Result<Divergence> {
        let machine = Machine {
            hold_bit: self.hold_bit,
            ..Machine::new(4, 4, self.pe, self.depth)?
        };
        let text = SOURCES
            .iter()
            .find(|source| source.name == self.file)
            .with_context(|| format!("mutant `{}`: no file {}", self.name, self.file))?
            .text;
        if text.matches(self.right).count() != 1 {
            bail!(
                "mutant `{}`: {} does not hold `{}` exactly once; bring the mutant up to date",
                self.name,
                self.file,
                self.right
            );
        }
        let mut files = design();
        for file in &mut files {
            if file.name == self.file {
                file.text = text.replace(self.right, self.wrong).into();
            }
        }
        let top = Top {
            purpose: Purpose::Hunt,
            ..top(&machine, files)
        };
        hunt(self.name, &top, &machine, Visibility::Everything, folder, n_cases)
    }
}

/// Build wrong hardware and return where lockstep catches it, with the waveform that it writes.
///
/// - Errors: hardware that does not build; a mutant that lives.
pub(crate) fn hunt(
    name: &str,
    top: &Top,
    machine: &Machine,
    visibility: Visibility,
    folder: &Path,
    n_cases: usize,
) -> anyhow::Result<Divergence> {
    let library = build(top, folder)?;
    let mut model = Model::load(&library, &top.ports, 5)?;
    let waveform = folder.join("divergence.vcd");
    let (_, found) = campaign(&mut model, machine, visibility, n_cases, &waveform)?;
    match found {
        Err(divergence) => {
            let written = std::fs::metadata(&waveform).with_context(|| waveform.display().to_string())?;
            if written.len() == 0 {
                bail!("mutant `{name}`: {} is empty", waveform.display());
            }
            Ok(divergence)
        }
        Ok(_) => bail!("mutant `{name}` was not caught"),
    }
}
