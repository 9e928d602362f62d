//! Experiments as a library runs them: several in one process, which know nothing of each other.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use sim_config::run::{self, RunSpec, Workload};
use sim_core::evaluation::Evaluation;
use sim_core::progress::Silent;
use sim_run::design::Design;
use sim_run::error::{ErrorKind, RunError};
use sim_run::network::PreparedNetwork;
use sim_run::workers::{Engines, Workers};
use sim_simd::integer::Kernels;

/// A run of the default network on three images of noise.
fn spec(folder: &Path, layers: &str) -> RunSpec {
    let mut images = vec![0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 28, 0, 0, 0, 28];
    let mut noise = 1_u32;
    images.extend((0..3 * 28 * 28).map(|_| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.to_be_bytes()[0]
    }));
    let path = folder.join("images-idx3-ubyte");
    std::fs::write(&path, images).unwrap();
    let text = format!(
        "version = 1\narray = {{ rows = 4, cols = 4 }}\n[pe]\nkind = \"nb-smt\"\nthreads = 2\n[workload]\n\
         model = \"{}/../models/fashion-resnet8.onnx\"\nimages = \"{}\"\n{layers}",
        env!("CARGO_MANIFEST_DIR"),
        path.display()
    );
    run::parse(&folder.join("run.toml"), &text).unwrap()
}

fn evaluate(
    spec: &RunSpec,
    engines: &Engines,
    jobs: usize,
    stop: &AtomicBool,
) -> Result<Evaluation, RunError> {
    let Workload::Model(model) = &spec.workload else {
        unreachable!("a model")
    };
    let workers = Workers {
        jobs,
        engines,
        stop,
        progress: &Silent,
    };
    let network = PreparedNetwork::new(model.as_ref().clone(), None, &workers)?;
    let designs = [Design::of("2t", "run.toml", &spec.design)];
    Ok(network.run(&designs, None, &workers)?.evaluation)
}

#[test]
fn experiments_side_by_side_give_what_each_gives_alone() {
    let folder = tempfile::tempdir().unwrap();
    let plain = spec(folder.path(), "");
    let reordered = spec(folder.path(), "[layers]\nreorder = \"oracle\"\n");
    let go = &AtomicBool::new(false);
    let fastest = Engines::default();
    let alone = [&plain, &reordered].map(|spec| evaluate(spec, &fastest, 1, go).unwrap());
    assert_ne!(alone[0].arrays, alone[1].arrays);
    // Not even the instructions are shared.
    let portable = Engines::on(Kernels::Portable);
    let together = std::thread::scope(|scope| {
        let handles = [(&plain, &fastest), (&reordered, &portable)]
            .map(|(spec, engines)| scope.spawn(move || evaluate(spec, engines, 2, go)));
        handles.map(|handle| handle.join().unwrap().unwrap())
    });
    assert_eq!(alone, together);
}

#[test]
fn a_stop_ends_one_experiment_and_a_mistake_says_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let stop = AtomicBool::new(false);
    stop.store(true, Ordering::Relaxed);
    let stopped = evaluate(&spec(folder.path(), ""), &Engines::default(), 1, &stop).unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Stopped);
    let wrong = spec(folder.path(), "[[layer]]\nname = \"nowhere\"\nthreads = 1\n");
    let error = evaluate(&wrong, &Engines::default(), 1, &AtomicBool::new(false)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::User);
    let said = error.to_string();
    let what = "run.toml:10: no simulated layer is called `nowhere`; ";
    assert!(said.contains(what) && said.contains("there are `"), "{said}");
}
