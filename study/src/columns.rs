//! Columns of a study: what each point measured, under one name in tables, CSV and figures.

use crate::measure::Row;

/// A measured quantity.
pub(crate) struct Column {
    /// In CSV files and study files.
    pub(crate) name: &'static str,
    /// In tables and figures, with the unit.
    pub(crate) title: &'static str,
    /// What the value is multiplied with where a person reads it.
    pub(crate) scale: f64,
    /// Digits behind the point where a person reads it; `None`: four significant ones.
    pub(crate) decimals: Option<usize>,
    /// Where the CSV file alone has it.
    pub(crate) place: Place,
    /// `None` where the point does not have it.
    pub(crate) value: fn(&Row) -> Option<f64>,
}

/// Where a column is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In tables and in CSV.
    Everywhere,
    /// In CSV.
    CsvOnly,
}

const fn shown(
    name: &'static str,
    title: &'static str,
    scale: f64,
    decimals: Option<usize>,
    value: fn(&Row) -> Option<f64>,
) -> Column {
    Column {
        name,
        title,
        scale,
        decimals,
        place: Place::Everywhere,
        value,
    }
}

const fn hidden(name: &'static str, title: &'static str, value: fn(&Row) -> Option<f64>) -> Column {
    Column {
        name,
        title,
        scale: 1.0,
        decimals: None,
        place: Place::CsvOnly,
        value,
    }
}

/// Every column, in the order of tables.
pub(crate) static ALL: &[Column] = &[
    hidden("images", "images", |row| float(row.images)),
    shown("fp32-top1", "FP32 %", 100.0, Some(2), |row| row.fp32.top1),
    shown("int8-top1", "exact 8-bit %", 100.0, Some(2), |row| row.int8.top1),
    shown("top1", "top-1 %", 100.0, Some(2), |row| row.array.array.top1),
    hidden("top1-low", "top-1, lower end at 95 %", |row| {
        row.array.array.top1_interval.map(|interval| interval.low)
    }),
    hidden("top1-high", "top-1, upper end at 95 %", |row| {
        row.array.array.top1_interval.map(|interval| interval.high)
    }),
    shown("change", "change, points", 100.0, Some(2), |row| {
        Some(row.array.array.top1? - row.int8.top1?)
    }),
    hidden("change-low", "change, lower end at 95 %", |row| {
        row.array.flips.difference_interval.map(|interval| interval.low)
    }),
    hidden("change-high", "change, upper end at 95 %", |row| {
        row.array.flips.difference_interval.map(|interval| interval.high)
    }),
    hidden("lost", "lost", |row| row.array.flips.lost.and_then(float)),
    hidden("gained", "gained", |row| row.array.flips.gained.and_then(float)),
    shown("p-value", "p", 1.0, Some(3), |row| row.array.flips.p_value),
    shown("agreement", "as exact 8-bit %", 100.0, Some(2), |row| {
        Some(row.array.agreement)
    }),
    hidden("output-error", "output error", |row| Some(row.array.output_error)),
    shown("relative-mse", "relative MSE", 1.0, None, relative_mse),
    shown("feature-error", "feature error %", 100.0, Some(2), |row| {
        row.features.map(|features| features.relative)
    }),
    shown("feature-error-largest", "its largest %", 100.0, Some(2), |row| {
        row.features.map(|features| features.largest)
    }),
    hidden("cycles", "cycles", |row| count(row.array.cycles)),
    shown("speedup", "speed-up", 1.0, Some(2), |row| row.array.speedup),
    shown("utilization", "utilization %", 100.0, Some(1), |row| {
        row.array.utilization
    }),
    hidden("energy-pj", "energy of an image, pJ", |row| {
        Some(row.costs.energy_pj? / float(row.images)?)
    }),
    shown("energy-ratio", "energy / conventional", 1.0, Some(2), |row| {
        Some(row.costs.energy_pj? / row.conventional?.energy_pj?)
    }),
    shown("area-ratio", "area / conventional", 1.0, Some(2), |row| {
        Some(row.costs.area_um2? / row.conventional?.area_um2?)
    }),
];

/// The column of this name.
pub(crate) fn find(name: &str) -> Option<&'static Column> {
    ALL.iter().find(|column| column.name == name)
}

impl Column {
    /// The value as a person reads it; a dash where there is none.
    pub(crate) fn shown(&self, row: &Row) -> String {
        let Some(value) = (self.value)(row) else {
            return "–".to_owned();
        };
        let value = self.scale * value;
        match self.decimals {
            Some(decimals) => format!("{value:.decimals$}"),
            None => sim_draw::text::significant(value),
        }
    }
}

/// Mean over layers of MSE over the mean square of the exact output; `None` where it was not measured.
fn relative_mse(row: &Row) -> Option<f64> {
    let layers = &row.array.layers;
    let mut sum = 0.0;
    for layer in layers {
        sum += layer.product.relative_error()?;
    }
    Some(sum / float(layers.len())?)
}

fn float(n: usize) -> Option<f64> {
    u32::try_from(n).ok().map(f64::from)
}

fn count(n: u64) -> Option<f64> {
    Some(sim_core::units::count_as_f64(n))
}
