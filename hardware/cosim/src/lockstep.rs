//! One product on both sides, cycle by cycle.

use std::collections::VecDeque;
use std::path::Path;

use anyhow::bail;
use sim_array::engine::{Measures, Operands};
use sim_array::lockstep::check_registers;
use sim_array::mapping::predicted::{OutputPhase, Place};
use sim_array::mapping::{KMap, TileSequence, Tiling};
use sim_array::stepped::Stepped;
use sim_array::stepped::probe::Probe;
use sim_array::stepped::registers::{Registers, control};
use sim_core::ids::{Col, Row, TileId};
use sim_core::spec::{ArraySpec, Tiles, WeightPattern};
use sim_core::units::Cycles;
use sim_pe::sparq;
use sim_rtl::Design;

use crate::bits;
use crate::divergence::Divergence;
use crate::machines::Machine;
use crate::model::Model;
use crate::registers::{Layout, Register};
use crate::top::{PortIndex, Visibility};
use crate::waveform::History;

/// Beyond these the reference clock, which is slow, does not run as well.
const MAX_PES_OF_REFERENCE: u64 = 16;

const RESET: u32 = 1;
const START: u32 = 2;
const SERIAL: u32 = 4;

/// What was compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LockstepCounts {
    pub(crate) products: u64,
    pub(crate) cycles: u64,
    pub(crate) registers: u64,
    pub(crate) outputs: u64,
}

impl std::ops::AddAssign for LockstepCounts {
    fn add_assign(&mut self, other: Self) {
        self.products += other.products;
        self.cycles += other.cycles;
        self.registers += other.registers;
        self.outputs += other.outputs;
    }
}

/// Run a product on `model` and on the stepped engine, and compare every register in every cycle, and every output. On
/// small arrays the reference clock runs it too, and holds the same registers. Each phase of a planned product is a run
/// of its own on both sides.
///
/// A register without a reset is compared from the first time that the run loads it. At a divergence the cycles
/// before it are written to `waveform`.
pub(crate) fn run(
    model: &mut Model,
    machine: &Machine,
    visibility: Visibility,
    operands: &Operands<'_>,
    waveform: &Path,
) -> anyhow::Result<Result<LockstepCounts, Divergence>> {
    let array = &machine.array;
    if array.n_pes() <= MAX_PES_OF_REFERENCE
        && let Some(divergence) = check_registers(array, operands)?
    {
        bail!("the clocks part, whatever the hardware does: {divergence}");
    }
    let mut probe = Lockstep::new(model, machine, visibility, operands);
    Stepped::default().run_probed(array, operands, Measures::NONE, &mut probe)?;
    probe.end();
    let found = probe.first.clone();
    Ok(match found {
        None => Ok(probe.tally),
        Some(divergence) => {
            probe.history.write(waveform, &probe.layout, array.cols())?;
            Err(divergence)
        }
    })
}

/// The hardware beside the stepped engine.
struct Lockstep<'a> {
    model: &'a mut Model,
    array: ArraySpec,
    operands: Operands<'a>,
    design: Design,
    map: KMap,
    layout: Layout,
    /// The tiles of this run, and those of the run to come.
    tiles: TileSequence<'a>,
    to_come: VecDeque<TileSequence<'a>>,
    /// The cycle after the last that was seen.
    now: Cycles,
    /// What the hardware asked for in the last cycles, the newest first.
    requests: VecDeque<Option<(TileId, usize)>>,
    /// By PE: its output in the tile that it works on is skipped.
    skips: Vec<bool>,
    /// Whether the run has loaded each PE's operands, its accumulator, and its shadow register.
    has_begun: Vec<bool>,
    has_first: Vec<bool>,
    has_last: Vec<bool>,
    n_left: Vec<usize>,
    /// When each output left and with what value.
    hardware_outputs: Vec<Option<(Cycles, i32)>>,
    engine_outputs: Vec<Option<(Cycles, i32)>>,
    engine: Vec<i32>,
    hardware: Vec<i32>,
    history: History,
    tally: LockstepCounts,
    first: Option<Divergence>,
}

impl<'a> Lockstep<'a> {
    fn new(model: &'a mut Model, machine: &Machine, visibility: Visibility, operands: &Operands<'a>) -> Self {
        let (array, shape) = (&machine.array, operands.shape());
        let n_outputs = shape.m() * shape.n();
        let mut to_come: VecDeque<TileSequence<'a>> = match operands.plan() {
            None => [TileSequence::All(Tiling::new(array, shape))].into(),
            Some(plan) => OutputPhase::ALL.map(|phase| plan.sequence(phase)).into(),
        };
        to_come.retain(|tiles| tiles.n_tiles() != 0);
        Self {
            model,
            array: *array,
            operands: *operands,
            design: machine.design(),
            map: KMap::new(array.pe(), shape.k()),
            layout: Layout::new(machine, visibility),
            tiles: TileSequence::Phase(Vec::new()),
            to_come,
            now: Cycles(0),
            requests: VecDeque::new(),
            skips: Vec::new(),
            has_begun: Vec::new(),
            has_first: Vec::new(),
            has_last: Vec::new(),
            n_left: Vec::new(),
            hardware_outputs: vec![None; n_outputs],
            engine_outputs: vec![None; n_outputs],
            engine: Vec::new(),
            hardware: Vec::new(),
            history: History::default(),
            tally: LockstepCounts {
                products: 1,
                ..LockstepCounts::default()
            },
            first: None,
        }
    }

    fn set(&mut self, port: PortIndex, value: u32) {
        self.model.port_mut(port.index())[0] = value;
    }

    /// Reset until bubbles have flushed the move registers, start, and load PE (0, 0).
    fn begin(&mut self, tiles: TileSequence<'a>) {
        self.tiles = tiles;
        self.requests.clear();
        let n_pes = self.layout.n_pes();
        let flags = [
            &mut self.skips,
            &mut self.has_begun,
            &mut self.has_first,
            &mut self.has_last,
        ];
        for flags in flags {
            *flags = vec![false; n_pes];
        }
        self.n_left = vec![0; self.array.cols()];
        let as_word = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        self.set(PortIndex::NSteps, as_word(self.map.n_steps()));
        self.set(PortIndex::NTiles, as_word(self.tiles.n_tiles()));
        let serial = match self.array.tiles() {
            Tiles::Serial => SERIAL,
            Tiles::Pipelined => 0,
        };
        self.model.port_mut(PortIndex::ActivationsIn.index()).fill(0);
        self.model.port_mut(PortIndex::WeightsIn.index()).fill(0);
        self.set(PortIndex::Command, RESET | serial);
        for _ in 0..self.array.rows() + self.array.cols() + usize::from(self.array.pipeline_depth()) {
            self.model.clock();
        }
        self.set(PortIndex::Command, START | serial);
        self.model.clock();
        self.set(PortIndex::Command, serial);
        self.clock();
    }

    /// Give the operands that the hardware asks for, and let it take them.
    fn clock(&mut self) {
        self.model.evaluate();
        let word = |port: PortIndex| self.model.port(port.index())[0];
        let index = |word: u32| usize::try_from(word).unwrap_or(usize::MAX);
        let wants = word(PortIndex::Control) & u32::from(control::VALID) != 0;
        let (tile, step) = (index(word(PortIndex::Tile)), index(word(PortIndex::Step)));
        let request = (wants && tile < self.tiles.n_tiles()).then_some((TileId(tile), step));
        for row in 0..self.array.rows() {
            self.give_activations(row, request);
        }
        for col in 0..self.array.cols() {
            self.give_weights(col, request);
        }
        self.requests.push_front(request);
        self.requests.truncate(self.array.rows() + self.array.cols() - 1);
        self.give_skips();
        self.model.clock();
    }

    /// Which outputs are skipped: the first step of a tile reaches PE (r, c) r + c cycles after the array has asked for it.
    /// In every other cycle the bit is not what the PE has read.
    fn give_skips(&mut self) {
        for pe in 0..self.layout.n_pes() {
            let (row, col) = (pe / self.array.cols(), pe % self.array.cols());
            let bit = match self.requests.get(row + col) {
                Some(&Some((tile, 0))) => {
                    self.skips[pe] = self.tiles.place(tile, Row(row), Col(col)) == Place::Skipped;
                    self.skips[pe]
                }
                Some(&Some(_) | None) | None => !self.skips[pe],
            };
            let words = self.model.port_mut(PortIndex::SkipIn.index());
            bits::put(words, pe, 1, bit.into());
        }
    }

    fn give_activations(&mut self, row: usize, request: Option<(TileId, usize)>) {
        let (pe_bits, n_lanes) = (self.design.raw_bits(), self.map.n_lanes());
        for lane in 0..n_lanes {
            let value = request.and_then(|(tile, step)| {
                let m = self.tiles.m_of(tile, Row(row))?;
                let k = self.map.k_at(step, lane)?;
                Some(self.operands.activation_row(m)[k])
            });
            let words = self.model.port_mut(PortIndex::ActivationsIn.index());
            bits::put(words, row * pe_bits + 8 * lane, 8, value.unwrap_or(0).into());
        }
    }

    fn give_weights(&mut self, col: usize, request: Option<(TileId, usize)>) {
        let mut weights = [0; 4];
        if let Some((tile, step)) = request
            && let Some(n) = self.tiles.n_of(tile, Col(col))
        {
            for (lane, weight) in weights.iter_mut().enumerate().take(self.map.n_lanes()) {
                let k = self.map.k_at(step, lane);
                *weight = k.map_or(0, |k| self.operands.weight_row(n)[k]);
            }
        }
        let offset = col * self.design.weight_bits();
        let words = self.model.port_mut(PortIndex::WeightsIn.index());
        let mut put =
            |at: usize, n_bits: usize, value: u8| bits::put(words, offset + at, n_bits, value.into());
        match self.design.pe().weight_pattern() {
            WeightPattern::Any => {
                for (lane, weight) in weights.into_iter().enumerate().take(self.map.n_lanes()) {
                    put(8 * lane, 8, weight.cast_unsigned());
                }
            }
            WeightPattern::TwoOfFour => {
                let kept = sparq::compress(weights);
                for lane in 0..2 {
                    put(8 * lane, 8, kept.weights[lane].cast_unsigned());
                    put(16 + 2 * lane, 2, kept.positions[lane]);
                }
            }
        }
    }

    fn compare(&mut self, cycle: Cycles) {
        let n_pes = self.layout.n_pes();
        for (index, &register) in self.layout.registers().iter().enumerate() {
            for pe in 0..n_pes {
                let is_loaded = match register {
                    Register::HoldBit => self.has_begun[pe],
                    Register::Accumulator => self.has_first[pe],
                    Register::Shadow | Register::ShadowParity => self.has_last[pe],
                    Register::Activation(_)
                    | Register::Weight(_)
                    | Register::Position(_)
                    | Register::Control
                    | Register::StageProduct(_)
                    | Register::StageControl(_) => true,
                };
                if !is_loaded {
                    continue;
                }
                self.tally.registers += 1;
                let (hardware, engine) = (self.hardware[index * n_pes + pe], self.engine[index * n_pes + pe]);
                if hardware != engine {
                    self.first.get_or_insert(Divergence::Register {
                        cycle,
                        row: Row(pe / self.array.cols()),
                        col: Col(pe % self.array.cols()),
                        register,
                        hardware,
                        engine,
                    });
                    return;
                }
            }
        }
    }

    /// Results that hardware lets out in this cycle.
    fn take_results(&mut self, cycle: Cycles) {
        for col in 0..self.array.cols() {
            if self.model.port(PortIndex::Leaves.index())[col] == 0 {
                continue;
            }
            let value = self.model.port(PortIndex::Results.index())[col].cast_signed();
            let (tile, place) = (
                self.n_left[col] / self.array.rows(),
                self.n_left[col] % self.array.rows(),
            );
            self.n_left[col] += 1;
            if self.tiles.n_tiles() <= tile {
                self.first
                    .get_or_insert(Divergence::Surplus { cycle, col: Col(col) });
                continue;
            }
            let row = self.array.rows() - 1 - place;
            if let (Some(m), Some(n)) = (
                self.tiles.m_of(TileId(tile), Row(row)),
                self.tiles.n_of(TileId(tile), Col(col)),
            ) {
                self.hardware_outputs[m * self.operands.shape().n() + n] = Some((cycle, value));
            }
        }
    }

    /// After the last result of a run nothing more may leave. Before the first run there is none to end.
    fn end_run(&mut self) {
        if self.now == Cycles(0) {
            return;
        }
        for _ in 0..self.array.rows() + self.array.cols() {
            self.take_results(self.now);
            self.clock();
            self.now += Cycles(1);
        }
    }

    /// Every output has left that is computed; of the others those that have a place in a tile.
    fn end(&mut self) {
        if self.first.is_some() {
            return;
        }
        let n = self.operands.shape().n();
        let is_computed = |index: usize| match self.operands.plan() {
            None => true,
            Some(plan) => plan.outputs().is_kept(index / n, index % n),
        };
        let outputs = self.hardware_outputs.iter().zip(&self.engine_outputs);
        for (index, (&hardware, &engine)) in outputs.enumerate() {
            self.tally.outputs += 1;
            if hardware != engine || (hardware.is_none() && is_computed(index)) {
                self.first = Some(Divergence::Output {
                    m: index / n,
                    n: index % n,
                    hardware,
                    engine,
                });
                return;
            }
        }
        self.end_run();
    }
}

impl Probe for Lockstep<'_> {
    fn cycle(&mut self, cycle: Cycles, registers: &Registers) {
        if self.first.is_some() {
            return;
        }
        if cycle == Cycles(0) {
            self.end_run();
            if let Some(tiles) = self.to_come.pop_front() {
                self.begin(tiles);
            }
        }
        self.now = cycle + Cycles(1);
        self.tally.cycles += 1;
        for (pe, has_begun) in self.has_begun.iter_mut().enumerate() {
            *has_begun |= registers.control(pe) & control::FIRST != 0;
        }
        self.layout.of_engine(registers, &mut self.engine);
        self.layout.of_hardware(self.model, &mut self.hardware);
        self.history.note(cycle, &self.engine, &self.hardware);
        self.compare(cycle);
        self.take_results(cycle);
        let last_stage = registers.n_stages_between().checked_sub(1);
        let firsts_and_lasts = self.has_first.iter_mut().zip(&mut self.has_last);
        for (pe, (has_first, has_last)) in firsts_and_lasts.enumerate() {
            let word = match last_stage {
                Some(stage) => registers.stage_control(stage, pe),
                None => registers.control(pe),
            };
            *has_first |= word & control::FIRST != 0;
            *has_last |= word & control::LAST != 0;
        }
        self.clock();
    }

    fn output(&mut self, cycle: Cycles, m: usize, n: usize, value: i32) {
        self.engine_outputs[m * self.operands.shape().n() + n] = Some((cycle, value));
    }
}
