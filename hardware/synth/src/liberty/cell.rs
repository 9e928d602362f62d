//! Cells and their pins.

use super::function::Function;
use super::tree::Group;
use super::{LibertyError, LookupTable};

/// A standard cell.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    group: &'a Group,
}

/// The group `ff` of a cell.
#[derive(Clone, Copy, Debug)]
pub struct FlipFlop<'a> {
    group: &'a Group,
}

/// A pin of a cell.
#[derive(Clone, Copy, Debug)]
pub struct Pin<'a> {
    name: &'a str,
    group: &'a Group,
    direction: Direction,
}

/// Which way a pin faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Driven from outside.
    Input,
    /// Driven by the cell.
    Output,
    /// Both.
    Inout,
    /// Not visible outside.
    Internal,
}

impl<'a> Cell<'a> {
    pub(super) const fn of(group: &'a Group) -> Self {
        Self { group }
    }

    /// Everything that the file says of the cell.
    pub const fn group(&self) -> &'a Group {
        self.group
    }

    /// The name.
    pub fn name(&self) -> &'a str {
        self.group.first_argument()
    }

    /// In the unit of the library, µm² almost always.
    pub fn area(&self) -> Result<Option<f64>, LibertyError> {
        self.group.number("area")
    }

    /// Leakage power in the library's unit.
    pub fn leakage(&self) -> Result<Option<f64>, LibertyError> {
        self.group.number("cell_leakage_power")
    }

    /// The flip-flop inside, if it is one.
    pub fn flip_flop(&self) -> Option<FlipFlop<'a>> {
        self.group
            .groups_named("ff")
            .next()
            .map(|group| FlipFlop { group })
    }

    /// Whether it stores something: a flip-flop, a latch or a state table.
    pub fn is_sequential(&self) -> bool {
        ["ff", "ff_bank", "latch", "latch_bank", "statetable"]
            .iter()
            .any(|kind| self.group.groups_named(kind).next().is_some())
    }

    /// Its pins, one for each name; supply pins are groups of another kind.
    pub fn pins(&self) -> Result<Vec<Pin<'a>>, LibertyError> {
        let mut pins = Vec::new();
        for group in self.group.groups_named("pin") {
            let direction = match group.text("direction") {
                Some("input") => Direction::Input,
                Some("output") => Direction::Output,
                Some("inout") => Direction::Inout,
                Some("internal") => Direction::Internal,
                other => {
                    let message = format!(
                        "pin {} of cell {} has direction `{}`; input, output, inout or internal belongs there",
                        group.first_argument(),
                        self.name(),
                        other.unwrap_or_default()
                    );
                    return Err(group.error(group.line(), message));
                }
            };
            for name in group.arguments() {
                pins.push(Pin {
                    name,
                    group,
                    direction,
                });
            }
        }
        Ok(pins)
    }

    /// The truth table of a cell with one output and inputs only, lowest bit first; inputs are counted in the order of
    /// the file, the first as bit 0. Nothing for any other cell, and for more than six inputs.
    pub fn truth_table(&self) -> Result<Option<(usize, u64)>, LibertyError> {
        if self.is_sequential() {
            return Ok(None);
        }
        let pins = self.pins()?;
        let inputs: Vec<&str> = pins
            .iter()
            .filter(|pin| pin.direction == Direction::Input)
            .map(|pin| pin.name)
            .collect();
        let mut outputs = pins.iter().filter(|pin| pin.direction != Direction::Input);
        let (Some(output), None) = (outputs.next(), outputs.next()) else {
            return Ok(None);
        };
        let Some(function) = output.parsed_function()? else {
            return Ok(None);
        };
        Ok(function.truth_table(&inputs).map(|table| (inputs.len(), table)))
    }
}

impl<'a> FlipFlop<'a> {
    /// Everything that the file says of it.
    pub const fn group(&self) -> &'a Group {
        self.group
    }

    /// What it takes at the edge.
    pub fn next_state(&self) -> Option<&'a str> {
        self.group.text("next_state")
    }

    /// The edge: a rising one of this expression.
    pub fn clocked_on(&self) -> Option<&'a str> {
        self.group.text("clocked_on")
    }

    /// Whether it takes D at each rising edge and does nothing else.
    pub fn is_plain(&self, cell: &Cell<'_>) -> Result<bool, LibertyError> {
        let has_set = self.group.text("clear").is_some() || self.group.text("preset").is_some();
        let pins = cell.pins()?;
        let is_pin = |text: Option<&str>| pins.iter().any(|pin| Some(pin.name) == text.map(str::trim));
        Ok(!has_set && is_pin(self.next_state()) && is_pin(self.clocked_on()))
    }
}

impl<'a> Pin<'a> {
    /// The name.
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// Everything that the file says of the pin.
    pub const fn group(&self) -> &'a Group {
        self.group
    }

    /// Which way it faces.
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// In the library's unit.
    pub fn capacitance(&self) -> Result<Option<f64>, LibertyError> {
        self.group.number("capacitance")
    }

    /// Whether it is marked as a clock.
    pub fn is_clock(&self) -> bool {
        self.group.text("clock") == Some("true")
    }

    /// What an output computes.
    pub fn parsed_function(&self) -> Result<Option<Function>, LibertyError> {
        let Some(attribute) = self.group.attribute("function") else {
            return Ok(None);
        };
        let text = attribute.values.first().map_or("", String::as_str);
        Function::parse(text)
            .map(Some)
            .map_err(|error| self.group.error(attribute.line, error.to_string()))
    }

    /// The groups `timing`: delays to this pin from each related pin.
    pub fn timing(&self) -> impl Iterator<Item = &'a Group> {
        self.group.groups_named("timing")
    }

    /// The tables of one kind in every group `internal_power`, such as `rise_power`: energies inside the cell when this pin
    /// toggles. Each with the pin that it relates to.
    pub fn power_tables(&self, kind: &str) -> Result<Vec<(Option<&'a str>, LookupTable)>, LibertyError> {
        let mut tables = Vec::new();
        for power in self.group.groups_named("internal_power") {
            let related = power.text("related_pin");
            for table in power.groups().iter().filter(|group| group.name() == kind) {
                tables.push((related, LookupTable::of(table)?));
            }
        }
        Ok(tables)
    }
}
