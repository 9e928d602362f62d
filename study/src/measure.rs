//! Points as measured: designs that share a network are evaluated in one pass over its images.

use std::sync::atomic::AtomicBool;

use anyhow::Context;
use reports::accuracy::object::{Accuracy, ArrayObject, EvaluationObject, EvaluationRecord};
use reports::accuracy::throttling::ThrottlingObject;
use reports::json::EnergyObject;
use sim_core::progress::Silent;
use sim_core::spec::{ArraySpec, Pe};
use sim_cost::key::PeKey;
use sim_cost::table::Table;
use sim_layers::evaluate::Machine;
use sim_run::design::Design;
use sim_run::network::PreparedNetwork;
use sim_run::throttle::{at_step, throttle};
use sim_run::workers::Workers;

use crate::features::{self, FeatureError};
use crate::file::Extra;
use crate::operands::{self, LayerOperands};
use crate::point::{Point, Preparation, Throttling};

/// A point with what was measured.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) axes: Vec<(String, String)>,
    pub(crate) images: usize,
    pub(crate) fp32: Accuracy,
    pub(crate) int8: Accuracy,
    pub(crate) array: ArrayObject,
    pub(crate) conventional: Option<Costs>,
    pub(crate) costs: Costs,
    pub(crate) features: Option<FeatureError>,
}

/// Energy of all images, and area.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Costs {
    /// In pJ, with clock and leakage; `None` where the table lacks a row.
    pub(crate) energy_pj: Option<f64>,
    /// In µm².
    pub(crate) area_um2: Option<f64>,
}

/// All points, and what was measured besides.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) rows: Vec<Row>,
    /// Of the first network.
    pub(crate) operands: Vec<LayerOperands>,
    /// Steps of automatic throttling, by the point's axes.
    pub(crate) throttlings: Vec<ThrottlingObject>,
    pub(crate) warnings: Vec<reports::warning::Warning>,
}

/// Measure points; `told` hears of every network that is done.
pub(crate) fn measure(
    points: &[Point],
    extras: &[Extra],
    jobs: usize,
    told: &dyn Fn(&str),
) -> anyhow::Result<Results> {
    let mut preparations: Vec<&Preparation> = Vec::new();
    for point in points {
        if !preparations.contains(&&point.preparation) {
            preparations.push(&point.preparation);
        }
    }
    let mut results = Results::default();
    let mut places: Vec<(usize, Row)> = Vec::new();
    for (index, preparation) in preparations.iter().enumerate() {
        let group: Vec<(usize, &Point)> = points
            .iter()
            .enumerate()
            .filter(|(_, point)| point.preparation == **preparation)
            .collect();
        let extras = if index == 0 { extras } else { &[] };
        let rows = of_network(preparation, &group, extras, jobs, &mut results)?;
        told(&format!(
            "network {} of {}: {} designs",
            index + 1,
            preparations.len(),
            rows.len()
        ));
        places.extend(rows);
    }
    places.sort_by_key(|(place, _)| *place);
    results.rows = places.into_iter().map(|(_, row)| row).collect();
    Ok(results)
}

/// A design of a point.
struct Named {
    place: usize,
    axes: Vec<(String, String)>,
    design: Design,
}

fn of_network(
    preparation: &Preparation,
    points: &[(usize, &Point)],
    extras: &[Extra],
    jobs: usize,
    results: &mut Results,
) -> anyhow::Result<Vec<(usize, Row)>> {
    let stop = AtomicBool::new(false);
    let workers = Workers {
        jobs,
        stop: &stop,
        progress: &Silent,
    };
    let prepared = PreparedNetwork::new(preparation.workload.clone(), preparation.pruning, &workers)?;
    let named = designs(&prepared, points, &workers, results)?;
    let designs: Vec<Design> = named.iter().map(|named| named.design.clone()).collect();
    let built = prepared.build(&designs, &workers)?;
    let machines: Vec<Machine> = built.into_iter().map(|built| built.machine).collect();
    let record = EvaluationRecord {
        simulator_version: env!("CARGO_PKG_VERSION").to_owned(),
        evaluation: prepared.evaluate(&machines, &workers)?,
        throttling: None,
        pruning: None,
        skipped: None,
        learned_from: None,
        unsimulated: prepared.unsimulated(),
        inputs: Vec::new(),
        spec: serde_json::Value::Null,
        table: table(&designs),
        warnings: Vec::new(),
    };
    let object = EvaluationObject::of(&record).context("a study without points")?;
    for warning in &object.warnings {
        if !results.warnings.contains(warning) {
            results.warnings.push(warning.clone());
        }
    }
    if extras.contains(&Extra::Operands) {
        results.operands = operands::of(&prepared, &workers)?;
    }
    let features = if extras.contains(&Extra::Features) {
        features::errors(&prepared, &machines, &workers)?
    } else {
        Vec::new()
    };
    let costs: Vec<Costs> = object.arrays().map(Costs::of).collect();
    let conventional = designs
        .iter()
        .position(|design| matches!(design.array().pe(), Pe::Conventional))
        .map(|place| costs[place]);
    Ok(named
        .into_iter()
        .zip(object.arrays())
        .enumerate()
        .map(|(index, (named, array))| {
            let row = Row {
                axes: named.axes,
                images: object.images,
                fp32: object.fp32.clone(),
                int8: object.int8.clone(),
                array: array.clone(),
                conventional,
                costs: costs[index],
                features: features.get(index).copied(),
            };
            (named.place, row)
        })
        .collect())
}

/// The designs of all points, with those of every step where one is a curve.
fn designs(
    prepared: &PreparedNetwork,
    points: &[(usize, &Point)],
    workers: &Workers<'_>,
    results: &mut Results,
) -> anyhow::Result<Vec<Named>> {
    let mut all = Vec::new();
    for &(place, point) in points {
        match point.throttling {
            Throttling::Off => all.push(Named {
                place,
                axes: point.axes.clone(),
                design: point.design.clone(),
            }),
            Throttling::Curve => {
                let throttling = throttle(prepared, &point.design, None, workers)?;
                for (index, step) in throttling.steps.iter().enumerate() {
                    let mut axes = point.axes.clone();
                    axes.push(("step".to_owned(), index.to_string()));
                    let lowered = step.lowered.clone().unwrap_or_default();
                    axes.push(("lowered".to_owned(), lowered));
                    all.push(Named {
                        place,
                        axes,
                        design: at_step(&point.design, step),
                    });
                }
                results.throttlings.push(ThrottlingObject::of(&throttling));
            }
        }
    }
    for (index, named) in all.iter_mut().enumerate() {
        named.design = named.design.clone().named(format!("design {}", index + 1));
    }
    Ok(all)
}

fn table(designs: &[Design]) -> Table {
    let arrays: Vec<&ArraySpec> = designs.iter().map(Design::array).collect();
    let pes: Vec<PeKey> = arrays.iter().map(|array| PeKey::of(array)).collect();
    Table::builtin_for(&pes)
}

impl Costs {
    fn of(array: &ArrayObject) -> Self {
        let area = array
            .layers
            .first()
            .and_then(|layer| layer.product.area_um2.as_ref());
        Self {
            energy_pj: array.energy_pj.as_ref().map(all_energy),
            area_um2: area.map(|area| area.value),
        }
    }
}

fn all_energy(energy: &EnergyObject) -> f64 {
    energy.value + energy.clock.unwrap_or(0.0) + energy.leakage.unwrap_or(0.0)
}
