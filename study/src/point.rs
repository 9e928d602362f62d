//! A point of a study: a network as prepared, and a design on it.

use std::path::Path;

use anyhow::{Context, bail};
use sim_config::run::{self, ModelWorkload, Workload};
use sim_core::prune::PruneSpec;
use sim_core::recalibration::RecalibrationMode;
use sim_run::design::Design;
use sim_run::simulate::mse;
use toml::{Table, Value};

use crate::grid::{Combination, combinations, set, shown};

/// The key of a grid that recalibrates batch norms: `off`, or a mode.
const RECALIBRATE: &str = "recalibrate-bn";
/// The key of a grid that makes a point of every step of automatic throttling: `curve`.
const THROTTLE: &str = "throttle";

/// What several designs share.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Preparation {
    pub(crate) workload: ModelWorkload,
    pub(crate) pruning: Option<PruneSpec>,
}

/// Whether the point is one design, or a curve of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Throttling {
    /// As it is.
    Off,
    /// Every step of automatic throttling is a point.
    Curve,
}

/// A point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    /// Keys with values, as a person reads them.
    pub(crate) axes: Vec<(String, String)>,
    pub(crate) preparation: Preparation,
    pub(crate) design: Design,
    pub(crate) throttling: Throttling,
}

/// Fewer images than the study names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(pub(crate) Option<usize>);

impl Limit {
    fn of(self, n_images: Option<usize>) -> Option<usize> {
        match (self.0, n_images) {
            (Some(limit), Some(n_images)) => Some(limit.min(n_images)),
            (limit, n_images) => limit.or(n_images),
        }
    }
}

/// All points of the grids of the study at `path`.
pub(crate) fn points(path: &Path, base: &Table, grids: &[Table], limit: Limit) -> anyhow::Result<Vec<Point>> {
    let mut all = Vec::new();
    for (index, grid) in grids.iter().enumerate() {
        let failed = || format!("{}: grid {}", path.display(), index + 1);
        for combination in combinations(grid).with_context(failed)? {
            all.push(point(path, base, &combination, limit).with_context(failed)?);
        }
    }
    Ok(all)
}

fn point(path: &Path, base: &Table, combination: &Combination, limit: Limit) -> anyhow::Result<Point> {
    let mut run_file = base.clone();
    run_file.insert("version".to_owned(), Value::Integer(1));
    let mut recalibration = None;
    let mut throttling = Throttling::Off;
    for (key, value) in &combination.axes {
        match (key.as_str(), value.as_str()) {
            (RECALIBRATE, Some("off")) => {}
            (RECALIBRATE, mode) => recalibration = Some(recalibration_mode(mode)?),
            (THROTTLE, Some("curve")) => throttling = Throttling::Curve,
            (THROTTLE, _) => bail!("`{THROTTLE}` is {value}; it can be \"curve\""),
            _ => set(&mut run_file, key, value.clone())?,
        }
    }
    let text = toml::to_string(&run_file)?;
    let spec = run::parse(path, &text).map_err(|error| anyhow::anyhow!("{error}, in the run\n{text}"))?;
    let Workload::Model(workload) = spec.workload() else {
        bail!("[base.workload] names a trace; a study needs a `model` with images");
    };
    let mut workload = workload.as_ref().clone();
    workload.n_images = limit.of(workload.n_images);
    workload.n_calibration = limit.of(workload.n_calibration);
    Ok(Point {
        axes: combination
            .axes
            .iter()
            .map(|(key, value)| (key.clone(), shown(value)))
            .collect(),
        preparation: Preparation {
            workload,
            pruning: spec.pruning(),
        },
        design: Design::of("", path.display().to_string(), spec.design())
            .recalibrated(recalibration)
            .measuring(mse(&spec)),
        throttling,
    })
}

fn recalibration_mode(name: Option<&str>) -> anyhow::Result<RecalibrationMode> {
    let mode = RecalibrationMode::ALL
        .iter()
        .copied()
        .find(|mode| Some(mode.name()) == name);
    mode.with_context(|| {
        let names: Vec<&str> = RecalibrationMode::ALL.iter().map(|mode| mode.name()).collect();
        format!("`{RECALIBRATE}` can be off, {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Study;
    use crate::results;

    #[test]
    fn every_study_is_valid() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/studies");
        let mut n_studies = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let study = Study::load(&path).unwrap();
            let points = points(&path, &study.base, &study.grid, Limit(Some(8))).unwrap();
            results::check(&study, &points).unwrap();
            assert!(
                points
                    .iter()
                    .all(|point| point.preparation.workload.n_images == Some(8))
            );
            n_studies += 1;
        }
        assert!(6 <= n_studies);
    }

    #[test]
    fn mistakes_name_the_grid_and_the_key() {
        #[track_caller]
        fn check(grid: &str, want: &str) {
            let base = "array = { rows = 4, cols = 4 }\n[workload]\nmodel = \"m.onnx\"\nimages = \"i.npz\"\n";
            let base: Table = toml::from_str(base).unwrap();
            let grid: Table = toml::from_str(grid).unwrap();
            let error = points(Path::new("s.toml"), &base, &[grid], Limit(None)).unwrap_err();
            let text = format!("{error:#}");
            assert!(text.contains("s.toml: grid 1") && text.contains(want), "{text}");
        }
        check("\"pe.kind\" = \"nb-smt\"\n\"pe.threads\" = 3", "pe.threads");
        check("\"pe.kind\" = \"conventional\"\n\"pe.widow\" = 3", "widow");
        check(
            "\"pe.kind\" = \"conventional\"\nrecalibrate-bn = \"twice\"",
            "off, exact, momentum",
        );
        check("\"pe.kind\" = \"conventional\"\nthrottle = \"some\"", "curve");
        check("\"workload.model.x\" = 1", "no section");
    }
}
