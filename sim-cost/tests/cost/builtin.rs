//! The table that is used where none is named.

use sim_core::spec::{Pe, Policy};
use sim_cost::key::{Part, PeKey};
use sim_cost::mode::{Event, Mode};
use sim_cost::table::Table;

use crate::array;

fn shipped() -> [Table; 2] {
    let zero_delay = include_str!("../../../configs/tech/osu018-zero-delay.toml");
    [
        Table::builtin(),
        Table::parse("osu018-zero-delay", zero_delay).unwrap(),
    ]
}

#[test]
fn every_default_machine_has_area_path_energy_clock_and_leakage() {
    for table in shipped() {
        for pe in Pe::compared(&Policy::ALL) {
            let key = PeKey::of(&array(pe));
            assert!(table.area_of(&key, Part::Pe).is_ok(), "{key}");
            assert!(table.critical_path_of(&key).is_some(), "{key}");
            assert!(table.prices_events(&key), "{key}");
            for mode in Event::ALL
                .map(Mode::Event)
                .into_iter()
                .chain([Mode::Masked, Mode::Drain])
            {
                assert!(table.energy_of(&key, mode).is_ok(), "{key} {mode}");
            }
            assert!(0.0 < table.clock_of(&key).unwrap().value, "{key}");
            assert!(0.0 < table.leakage_of(&key).unwrap().value, "{key}");
        }
    }
}

#[test]
fn the_table_says_how_far_it_is_from_the_gates() {
    for table in shipped() {
        for pe in Pe::compared(&Policy::ALL) {
            let row = table
                .energy_of(&PeKey::of(&array(pe)), Mode::Event(Event::PartialProductBit))
                .unwrap();
            // Of the streams that nothing was fitted to; docs/energy.md lists those above 10 %.
            assert!(row.uncertainty <= 20.0, "{pe:?}: {}", row.uncertainty);
        }
    }
}

#[test]
fn glitches_cost() {
    let [with, without] = shipped();
    for pe in Pe::compared(&Policy::ALL) {
        let key = PeKey::of(&array(pe));
        assert_eq!(
            with.clock_of(&key).unwrap().value,
            without.clock_of(&key).unwrap().value
        );
        assert_eq!(with.energy_of(&key, Mode::Drain).unwrap().delay_model, "library");
        assert_eq!(without.energy_of(&key, Mode::Drain).unwrap().delay_model, "zero");
    }
}
