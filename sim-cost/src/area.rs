//! Area of an array.

use sim_core::shape::widen;
use sim_core::spec::{ArraySpec, WindowPlace};
use sim_core::units::count_as_f64;

use crate::key::{MissingRow, Part, PeKey};
use crate::table::Table;

/// Area of a whole array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Everything, in µm².
    pub square_micrometres: f64,
    /// All PEs, in µm².
    pub pes: f64,
    /// All window logic that the PEs do not hold already, in µm².
    pub window_logic: f64,
}

/// Area of `array`: its PEs, and the window logic of its left edge (sparq).
///
/// The `pe` row of sparq-stc is the whole PE, unless the table has a `window-logic` row beside it.
///
/// - Errors: a row that the table lacks for exactly this PE.
pub fn area(table: &Table, array: &ArraySpec) -> Result<Area, MissingRow> {
    let pe = PeKey::of(array);
    let pes = count_as_f64(array.n_pes()) * table.area_of(&pe, Part::Pe)?.value;
    let window_logic = match array.pe().windows() {
        None => 0.0,
        Some((WindowPlace::Edge, _)) => {
            count_as_f64(widen(array.rows())) * table.area_of(&pe, Part::WindowLogic)?.value
        }
        Some((WindowPlace::Pe, _)) => table
            .area_of(&pe, Part::WindowLogic)
            .map_or(0.0, |logic| count_as_f64(array.n_pes()) * logic.value),
    };
    Ok(Area {
        square_micrometres: pes + window_logic,
        pes,
        window_logic,
    })
}
