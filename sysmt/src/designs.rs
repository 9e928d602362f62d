//! The designs that arguments of an evaluation mean.

use std::path::{Path, PathBuf};

use reports::run::InputFile;
use serde_json::{Value, json};
use sim_array::engine::Mse;
use sim_config::resolved;
use sim_config::run::design::{self, DesignSpec};
use sim_core::layer_rules::LayerRules;
use sim_core::spec::Threads;
use sim_run::design::Design;
use sim_run::inputs;
use sim_run::prediction::PredictionAsk;

use crate::args::{EvalArgs, Throttle};
use crate::failure::Failure;
use crate::prediction;

/// A design and the file that it came from.
pub(crate) struct DesignFile {
    path: PathBuf,
    spec: DesignSpec,
    /// With what arguments put on top.
    pub(crate) design: Design,
}

/// The array that is asked for, and those to compare it with.
///
/// - Errors: files that are wrong, arguments that do not fit them, and names that would be the same in results.
pub(crate) fn read(args: &EvalArgs) -> Result<Vec<DesignFile>, Failure> {
    let mut designs: Vec<DesignFile> = Vec::new();
    for path in std::iter::once(&args.array).chain(&args.compare) {
        let file = DesignFile::read(path, args)?;
        if let Some(earlier) = (designs.iter()).find(|earlier| earlier.design.name == file.design.name) {
            return Err(Failure::User(format!(
                "{}: results call a design by the name of its file, and {} has the name `{}` too; rename one of the two, \
                 or leave one out",
                path.display(),
                earlier.path.display(),
                file.design.name
            )));
        }
        designs.push(file);
    }
    if let Some(first) = designs.first_mut() {
        first.throttle(args)?;
    }
    predict_alike(&mut designs, prediction::read(&args.predict)?)?;
    Ok(designs)
}

/// Let all designs predict as `--predict` says, or as the first of them does.
///
/// - Errors: files that say it in another way.
fn predict_alike(designs: &mut [DesignFile], asked: Option<PredictionAsk>) -> Result<(), Failure> {
    let first = designs.first().and_then(|file| file.design.prediction.clone());
    let ask = asked.or(first);
    for file in designs {
        let own = &file.design.prediction;
        if own.is_some() && *own != ask {
            let other = ask.as_ref().map_or("--array", |ask| &ask.origin);
            return Err(Failure::User(format!(
                "{}: its [prediction] is not that of {other}, and an evaluation predicts in one way on all arrays; take one \
                 of the two out, or make them the same",
                file.path.display()
            )));
        }
        file.design.prediction.clone_from(&ask);
    }
    Ok(())
}

impl DesignFile {
    fn read(path: &Path, args: &EvalArgs) -> Result<Self, Failure> {
        let spec = design::load(path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let design = Design::of(name, path.display().to_string(), &spec);
        let reorder = args.reorder.unwrap_or(design.reorder());
        let mut design = design.reordered(reorder)?;
        design.recalibration = args.recalibrate_bn;
        design.mse = if args.mse { Mse::Measure } else { Mse::Skip };
        Ok(Self {
            path: path.to_owned(),
            design,
            spec,
        })
    }

    /// Put the layers that `--throttle` names on top of those of the file.
    fn throttle(&mut self, args: &EvalArgs) -> Result<(), Failure> {
        for (layer, threads) in args.throttle.iter().filter_map(named) {
            if self.spec.layers.iter().any(|(other, _)| other == layer) {
                return Err(Failure::User(format!(
                    "{}: a [[layer]] is called `{layer}`, and --throttle names it too; say in one place what the layer does",
                    self.path.display()
                )));
            }
            let rules = LayerRules {
                threads: Some(threads),
                policy: None,
            };
            self.design.add(layer, rules);
        }
        Ok(())
    }

    /// The file, and those that it names.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let (array, baseline) = (&self.spec.array_file, &self.spec.baseline_file);
        let others = [array, baseline].into_iter().flatten();
        std::iter::once(&self.path).chain(others).cloned().collect()
    }

    /// The same with their fingerprints.
    pub(crate) fn inputs(&self) -> Result<Vec<InputFile>, Failure> {
        let paths = self.paths();
        let inputs = paths.iter().map(|path| inputs::input("array", path));
        Ok(inputs.collect::<Result<_, _>>()?)
    }
}

fn named(throttle: &Throttle) -> Option<(&str, Threads)> {
    match throttle {
        Throttle::Auto => None,
        Throttle::Layer(layer, threads) => Some((layer, *threads)),
    }
}

/// A prediction and the places that differ, by the keys of a run file.
fn predicted(ask: &PredictionAsk) -> Value {
    let mut table = resolved::prediction(&ask.spec);
    let places = ask.layers.places();
    let places: Vec<Value> = places
        .map(|(name, rule)| resolved::layer(name, LayerRules::default(), Some(rule)))
        .collect();
    table["layer"] = json!(places);
    table
}

/// The methods around an array, with every default filled in, by the keys of a run file.
pub(crate) fn resolved(design: &Design) -> Value {
    let layers: Vec<Value> = (design.layers().iter())
        .map(|(layer, rules)| resolved::layer(layer, *rules, None))
        .collect();
    let mut table = json!({
        "name": design.name,
        "file": design.origin,
        "reorder": design.reorder().name(),
        "depthwise-threads": design.depthwise_threads().map(Threads::count),
        "layer": layers,
    });
    if let Some(ask) = &design.prediction {
        table["prediction"] = predicted(ask);
    }
    table
}
