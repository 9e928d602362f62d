//! Stored results made up for figures: a run, an evaluation of three designs, a sweep.

use reports::frame::{Column, ColumnType, Frame, Value};
use reports::stored::{Layout, Provenance, Stored, StoredKind};

/// A row under `columns`, with these values and nulls elsewhere.
fn row(columns: &[Column], values: &[(&str, Value)]) -> Vec<Value> {
    for (name, _) in values {
        assert!(
            columns.iter().any(|column| column.name == *name),
            "no column {name}"
        );
    }
    let of = |column: &Column| {
        let value = values.iter().find(|(name, _)| *name == column.name);
        value.map_or(Value::Null, |(_, value)| value.clone())
    };
    columns.iter().map(of).collect()
}

fn stored(kind: StoredKind, axes: &[&str], points: Frame, layers: Frame) -> Stored {
    Stored {
        kind,
        title: "made up".to_owned(),
        axes: axes.iter().map(|&axis| axis.to_owned()).collect(),
        points,
        layers,
        synthetic: false,
        mean_of: None,
        throttling: None,
        pe_map: None,
        curves: None,
        unsimulated: Vec::new(),
        warnings: Vec::new(),
        configuration: Vec::new(),
        provenance: Provenance {
            command: "sysmt sweep made-up & more.toml".to_owned(),
            sysmt_version: "0.1.0".to_owned(),
            blake3: "0123456789abcdef".repeat(4),
            inputs: Vec::new(),
        },
    }
}

/// What so many threads make of so many zeros.
fn counts(threads: u32, zeros: f64) -> Vec<(&'static str, Value)> {
    let t = f64::from(threads);
    let idle = zeros.powf(t);
    let n = |share: f64| Value::Count(u64::from(f64_to_u32(1e6 * share)));
    let one = (1.0 - idle) * (0.3 + zeros * 0.4);
    vec![
        ("pe.kind", "nb-smt".into()),
        ("array.rows", 16_u64.into()),
        ("array.cols", 16_u64.into()),
        ("macs", 100_000_000_u64.into()),
        ("cycles", n(1.0 / t)),
        ("baseline_cycles", 1_000_000_u64.into()),
        ("speedup", (0.97 * t).into()),
        ("utilization", (0.95 * (1.0 - idle)).into()),
        ("macs_per_cycle", (200.0 * t).into()),
        ("zero_macs", zeros.into()),
        ("fill", n(0.02)),
        ("masked", n(0.01)),
        ("stall", n(0.0)),
        ("drain", n(0.02)),
        ("active_0", n(0.95 * idle)),
        ("active_1", n(0.95 * one)),
        (
            "active_2",
            if threads == 1 {
                n(0.0)
            } else {
                n(0.95 * (1.0 - idle - one))
            },
        ),
        ("relative_mse", (1e-6 * (t - 1.0) * (1.2 - zeros)).into()),
        ("energy_pj", (3e7 * (1.1 - zeros)).into()),
        ("energy_fill_pj", 1e6.into()),
        ("energy_active-1_pj", (2e7 * (1.0 - zeros)).into()),
        ("energy_active-2_pj", (1e7 * (t - 1.0)).into()),
        ("energy_activation-bit_pj", 4e6.into()),
        ("clock_pj", (9e6 / t).into()),
        ("leakage_pj", (1e6 / t).into()),
        ("total_energy_per_mac_pj", (0.4 - 0.2 * zeros + 0.2 / t).into()),
        ("area_um2", (5e5 + 1e5 * t).into()),
        ("top1", (0.91 - 0.004 * (t - 1.0) * (1.2 - zeros)).into()),
        ("top1_low", (0.90 - 0.004 * (t - 1.0) * (1.2 - zeros)).into()),
        ("top1_high", (0.92 - 0.004 * (t - 1.0) * (1.2 - zeros)).into()),
        ("fp32_top1", 0.915.into()),
        ("int8_top1", 0.9125.into()),
        ("agreement", 0.99.into()),
    ]
}

fn f64_to_u32(value: f64) -> u32 {
    format!("{value:.0}").parse().unwrap()
}

pub(crate) const ZEROS: [f64; 5] = [0.0, 0.2, 0.4, 0.6, 0.8];
pub(crate) const THREADS: [u32; 3] = [1, 2, 4];

/// A sweep over threads, policies and zeros; one point has failed.
pub(crate) fn sweep() -> Stored {
    let axes = ["pe.threads", "pe.policy", "workload.activation-zeros"];
    let heads = vec![
        Column::new(axes[0], ColumnType::Count),
        Column::new(axes[1], ColumnType::Text),
        Column::new(axes[2], ColumnType::Real),
    ];
    let layout = Layout::new(heads, Vec::new());
    let columns = layout.point_columns();
    let mut points = Frame::new(columns.clone());
    for threads in THREADS {
        for policy in ["S+A", "A"] {
            for zeros in ZEROS {
                let mut values = vec![
                    (axes[0], Value::Count(threads.into())),
                    (axes[1], policy.into()),
                    (axes[2], zeros.into()),
                ];
                let has_failed = (threads, policy, zeros) == (4, "A", 0.8);
                if !has_failed {
                    values.extend(counts(threads, if policy == "A" { 0.9 * zeros } else { zeros }));
                }
                points.push(row(&columns, &values));
            }
        }
    }
    let mut stored = stored(
        StoredKind::Sweep,
        &axes,
        points,
        Frame::new(layout.layer_columns()),
    );
    stored.synthetic = true;
    stored
}

/// So many designs of eight layers each; one has the utilization of every PE.
fn designs(kind: StoredKind, names: &[(&str, u32)]) -> Stored {
    let layout = Layout::new(vec![Column::new("design", ColumnType::Text)], Vec::new());
    let (point_heads, layer_heads) = (layout.point_columns(), layout.layer_columns());
    let (mut points, mut layers) = (Frame::new(point_heads.clone()), Frame::new(layer_heads.clone()));
    for &(name, threads) in names {
        let identity = [
            ("design", name.into()),
            ("pe.threads", Value::Count(threads.into())),
            ("pe.policy", "S+A".into()),
        ];
        let mut values = identity.to_vec();
        values.extend(counts(threads, 0.5));
        points.push(row(&point_heads, &values));
        for layer in 0..8_u32 {
            let zeros = 0.2 + 0.08 * f64::from(layer);
            let accuracy = [
                "top1",
                "top1_low",
                "top1_high",
                "fp32_top1",
                "int8_top1",
                "agreement",
            ];
            let mut values = identity.to_vec();
            let counted = counts(threads, zeros).into_iter();
            values.extend(counted.filter(|(name, _)| !accuracy.contains(name)));
            values.extend([
                ("layer", Value::Count(u64::from(layer) + 1)),
                (
                    "name",
                    format!("/block{}/conv, {layer}", layer / 2).as_str().into(),
                ),
                ("threads", Value::Count(threads.into())),
                (
                    "mse",
                    (1e3 * f64::from(threads - 1) * f64::from(layer + 1)).into(),
                ),
                ("macs_per_operand", (2.0 + f64::from(layer)).into()),
            ]);
            layers.push(row(&layer_heads, &values));
        }
    }
    let mut stored = stored(kind, &["design"], points, layers);
    let mut map = Frame::new(vec![
        Column::new("row", ColumnType::Count),
        Column::new("col", ColumnType::Count),
        Column::new("utilization", ColumnType::Real),
    ]);
    for at in 0..16_u32 {
        for across in 0..16_u32 {
            let utilization = 0.9 - 0.02 * f64::from(at) - 0.01 * f64::from(across);
            map.push(vec![
                Value::Count(at.into()),
                Value::Count(across.into()),
                utilization.into(),
            ]);
        }
    }
    stored.pe_map = Some(map);
    stored
}

/// A run of one design.
pub(crate) fn run() -> Stored {
    designs(StoredKind::Run, &[("quickstart", 2)])
}

/// An evaluation of three designs, the first of which was throttled.
pub(crate) fn evaluation() -> Stored {
    let names = [("sysmt-2t", 2), ("sysmt-4t", 4), ("conventional", 1)];
    let mut stored = designs(StoredKind::Evaluation, &names);
    let mut steps = Frame::new(vec![
        Column::new("step", ColumnType::Count),
        Column::new("speedup", ColumnType::Real),
        Column::new("top1", ColumnType::Real),
        Column::new("int8_top1", ColumnType::Real),
    ]);
    for step in 0..6_u32 {
        steps.push(vec![
            Value::Count(step.into()),
            (3.8 - 0.2 * f64::from(step)).into(),
            (0.88 + 0.005 * f64::from(step)).into(),
            0.912.into(),
        ]);
    }
    stored.throttling = Some(steps);
    stored
}

/// The same with other values in a column of `points` and `layers`.
pub(crate) fn with_column(mut stored: Stored, name: &str, value: impl Fn(&Value) -> Value) -> Stored {
    let changed = |frame: &Frame| {
        let place = frame.find(name);
        let mut new = Frame::new(frame.columns().to_vec());
        for row in frame.rows() {
            let mut row = row.clone();
            if let Some(place) = place {
                row[place] = value(&row[place]);
            }
            new.push(row);
        }
        new
    };
    stored.points = changed(&stored.points);
    stored.layers = changed(&stored.layers);
    stored
}

/// The same with nothing in a column of `points` and `layers`.
pub(crate) fn without_column(stored: Stored, name: &str) -> Stored {
    with_column(stored, name, |_| Value::Null)
}
