//! Axes: keys of a run file with the values that they take.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use sim_toml::complaint::Complaints;
use sim_toml::nearest::did_you_mean;
use sim_toml::value::article;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::texts::AxisRange;
use super::{SweepTexts, base};
use crate::keys::{ALL, FileKind, Key, Section, Values};

/// Most values of an axis that is a range.
const MAX_STEPS: u32 = 1_000_000;

/// Keys that change together.
#[derive(Debug)]
pub(super) struct Axis<'t> {
    pub(super) keys: Vec<&'static Key>,
    /// Where the file names them.
    pub(super) at: Range<usize>,
    /// At least one.
    pub(super) values: Vec<AxisPlace<'t>>,
}

/// A place on an axis: one value for each key.
#[derive(Debug)]
pub(super) struct AxisPlace<'t> {
    /// As run files take it.
    pub(super) given: Vec<Spanned<DeValue<'t>>>,
    /// As the file has it.
    pub(super) shown: Vec<AxisValue>,
}

/// A value of an axis, as results show it.
#[derive(Clone, Debug, PartialEq)]
pub enum AxisValue {
    /// The point does not depend on this axis.
    Absent,
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// `true` or `false`.
    Flag(bool),
    /// A word or a path, without quotes; anything else as TOML.
    Text(String),
}

impl AxisValue {
    pub(super) fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| Self::Text(number.to_string()), Self::Integer),
            DeValue::Float(number) => number
                .as_str()
                .parse()
                .map_or_else(|_| Self::Text(number.to_string()), Self::Real),
            DeValue::Boolean(flag) => Self::Flag(*flag),
            DeValue::Datetime(datetime) => Self::Text(datetime.to_string()),
            DeValue::Array(values) => {
                let values: Vec<String> = values
                    .iter()
                    .map(|value| Self::of(value.get_ref()).to_string())
                    .collect();
                Self::Text(format!("[{}]", values.join(", ")))
            }
            DeValue::Table(_) => Self::Text("{…}".to_owned()),
        }
    }
}

impl fmt::Display for AxisValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("–"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Real(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Axes that multiply, and where they stand.
#[derive(Debug)]
pub(super) struct Grid<'t> {
    /// In the order of the file; at least one.
    pub(super) axes: Vec<Axis<'t>>,
    pub(super) at: Range<usize>,
}

impl Grid<'_> {
    /// How many combinations it has; `None` where they leave 32 bits.
    pub(super) fn n_combinations(&self) -> Option<u32> {
        let lengths = self.axes.iter().map(|axis| u32::try_from(axis.values.len()));
        lengths
            .into_iter()
            .try_fold(1_u32, |product, length| product.checked_mul(length.ok()?))
    }

    /// The place of a key among the axes, and among the keys of its axis.
    pub(super) fn find(&self, key: &Key) -> Option<(usize, usize)> {
        self.axes.iter().enumerate().find_map(|(index, axis)| {
            let key = axis.keys.iter().position(|other| std::ptr::eq(*other, key))?;
            Some((index, key))
        })
    }
}

/// The tables of axes in a sweep file: one, or several that follow one another.
pub(super) fn tables<'a, 't>(axes: &'a Spanned<DeValue<'t>>) -> Vec<&'a Spanned<DeValue<'t>>> {
    let tables = axes.get_ref().as_array();
    tables.map_or_else(|| vec![axes], |tables| tables.iter().collect())
}

/// The grids in the order of the file; wrong ones are complained about.
pub(super) fn read<'t>(texts: &'t SweepTexts, table: &DeTable<'t>, complaints: &Complaints) -> Vec<Grid<'t>> {
    let Some(axes) = table.get("axes") else {
        complaints.add(
            0..0,
            "the sweep has no axes",
            "add [axes] and below it keys of a run file, such as \"pe.threads\" = [1, 2, 4]",
        );
        return Vec::new();
    };
    let grids = tables(axes).into_iter().enumerate();
    grids
        .map(|(number, grid)| Grid {
            axes: read_grid(texts, number, grid, complaints),
            at: grid.span(),
        })
        .collect()
}

fn read_grid<'t>(
    texts: &'t SweepTexts,
    number: usize,
    grid: &Spanned<DeValue<'t>>,
    complaints: &Complaints,
) -> Vec<Axis<'t>> {
    let at = grid.span();
    let DeValue::Table(axes) = grid.get_ref() else {
        complaints.add(at, "`axes` is not a table", "write [axes] on a line of its own");
        return Vec::new();
    };
    if axes.is_empty() {
        complaints.add(
            at,
            "[axes] is empty",
            "add keys of a run file, such as \"pe.threads\" = [1, 2, 4]",
        );
    }
    let folder = texts.path.parent().unwrap_or(Path::new(""));
    let mut found: Vec<Axis<'t>> = axes
        .iter()
        .filter_map(|(name, value)| {
            let keys = read_keys(name.get_ref(), &name.span(), complaints)?;
            let is_it = |range: &&AxisRange| range.grid == number && range.axis == *name.get_ref();
            let values = match texts.ranges.iter().find(is_it) {
                Some(range) => parsed(&range.numbers, &value.span()),
                None => listed(name.get_ref(), value, complaints)?,
            };
            Some(Axis {
                values: places(&keys, values, folder, complaints),
                keys,
                at: name.span(),
            })
        })
        .collect();
    found.sort_by_key(|axis| axis.at.start);
    for (index, axis) in found.iter().enumerate() {
        for key in &axis.keys {
            let earlier = &found[..index];
            let names_it = |other: &Axis<'_>| other.keys.iter().any(|other| std::ptr::eq(*other, *key));
            if earlier.iter().any(names_it) {
                complaints.add(
                    axis.at.clone(),
                    format!("`{}` is on two axes", key.path()),
                    "leave it on one of them",
                );
            }
        }
    }
    found
}

/// The keys of an axis such as `pe.threads` or `array.rows,array.cols`.
fn read_keys(name: &str, at: &Range<usize>, complaints: &Complaints) -> Option<Vec<&'static Key>> {
    let mut found: Vec<&'static Key> = Vec::new();
    for part in name.split(',').map(str::trim) {
        let key = match find(part) {
            Ok(key) => key,
            Err((why, remedy)) => {
                complaints.add(at.clone(), why, remedy);
                return None;
            }
        };
        if found.iter().any(|other| std::ptr::eq(*other, key)) {
            complaints.add(
                at.clone(),
                format!("`{part}` is twice in `{name}`"),
                "leave one of the two",
            );
            return None;
        }
        found.push(key);
    }
    Some(found)
}

/// The key of a run file with this path.
pub(super) fn find(path: &str) -> Result<&'static Key, (String, String)> {
    let is_axis = |key: &&Key| FileKind::Run.has(key) || key.section == Section::Axes;
    let keys = || ALL.iter().copied().filter(is_axis);
    let refused = match path {
        "version" => Some("all points have the version of the base"),
        "seed" => Some("seeds have a list of their own: seeds = [1, 2, 3]"),
        _ if path.starts_with("layer.") => {
            Some("[[layer]] tables belong to the base; make a base for each set of them")
        }
        _ => None,
    };
    if let Some(remedy) = refused {
        return Err((format!("`{path}` is not an axis"), remedy.to_owned()));
    }
    if let Some(key) = keys().find(|key| key.path() == path) {
        return Ok(key);
    }
    let paths: Vec<String> = keys().map(Key::path).collect();
    let nearest = did_you_mean(path, paths.iter().map(String::as_str)).or_else(|| {
        let of_name = keys().find(|key| key.name == path)?;
        Some(format!("did you mean `{}`?", of_name.path()))
    });
    Err((
        format!("`{path}` is not a key of a run file"),
        nearest.unwrap_or_else(|| "`sysmt explain` lists all of them".to_owned()),
    ))
}

/// Values as listed; a single one is a list of one.
fn listed<'t>(
    name: &str,
    value: &Spanned<DeValue<'t>>,
    complaints: &Complaints,
) -> Option<Vec<Spanned<DeValue<'t>>>> {
    let (why, remedy) = match (value.get_ref().as_array(), range(value.get_ref())) {
        (Some(values), _) if !values.is_empty() => return Some(values.iter().cloned().collect()),
        (None, None) => return Some(vec![value.clone()]),
        (Some(_), _) => (
            format!("`{name}` has no values"),
            "list at least one, or take the axis out".to_owned(),
        ),
        (None, Some(Err(wrong))) => wrong,
        (None, Some(Ok(_))) => (
            format!("`{name}` is a table"),
            "a range is { from = 0.0, to = 0.9, steps = 10 }".to_owned(),
        ),
    };
    complaints.add(value.span(), why, remedy);
    None
}

fn parsed<'t>(numbers: &'t [String], at: &Range<usize>) -> Vec<Spanned<DeValue<'t>>> {
    numbers
        .iter()
        .filter_map(|number| DeValue::parse(number).ok())
        .map(|value| Spanned::new(at.clone(), value.into_inner()))
        .collect()
}

/// The numbers of `{ from, to, steps }` as TOML; `None` for anything but a table, else what is wrong with it.
pub(super) fn range(value: &DeValue<'_>) -> Option<Result<Vec<String>, (String, String)>> {
    let DeValue::Table(table) = value else {
        return None;
    };
    let wrong = |why: &str| {
        Err((
            format!("the range {why}"),
            "write { from = 0.0, to = 0.9, steps = 10 } with at least two steps; whole numbers stay whole"
                .to_owned(),
        ))
    };
    if table.len() != 3 {
        return Some(wrong("has not just `from`, `to` and `steps`"));
    }
    let number = |name: &str| table.get(name).map(|value| AxisValue::of(value.get_ref()));
    let steps = match number("steps") {
        Some(AxisValue::Integer(steps)) => match u32::try_from(steps) {
            Ok(steps) if (2..=MAX_STEPS).contains(&steps) => steps,
            Ok(_) | Err(_) => return Some(wrong("has no number of steps from 2 to a million")),
        },
        _ => return Some(wrong("has no whole number of `steps`")),
    };
    Some(match (number("from"), number("to")) {
        (Some(AxisValue::Integer(from)), Some(AxisValue::Integer(to))) => {
            let intervals = i64::from(steps - 1);
            match to.checked_sub(from) {
                Some(width) if width % intervals == 0 => {
                    let step = width / intervals;
                    Ok((0..i64::from(steps))
                        .map(|i| (from + i * step).to_string())
                        .collect())
                }
                Some(_) | None => wrong("does not divide into whole numbers"),
            }
        }
        (Some(AxisValue::Real(from)), Some(AxisValue::Real(to))) if from.is_finite() && to.is_finite() => {
            let last = f64::from(steps - 1);
            Ok((0..steps)
                .map(|i| decimal(from + (to - from) * f64::from(i) / last))
                .collect())
        }
        _ => wrong("has ends that are not both whole numbers or both decimal ones"),
    })
}

/// With at most six decimals and at least one.
fn decimal(number: f64) -> String {
    let text = format!("{number:.6}");
    let text = text.trim_end_matches('0');
    if text.ends_with('.') {
        format!("{text}0")
    } else {
        text.to_owned()
    }
}

/// Values as places, one value for each key.
fn places<'t>(
    keys: &[&'static Key],
    values: Vec<Spanned<DeValue<'t>>>,
    folder: &Path,
    complaints: &Complaints,
) -> Vec<AxisPlace<'t>> {
    let mut places = Vec::new();
    for value in values {
        let given: Vec<Spanned<DeValue<'t>>> = match (keys, value.get_ref()) {
            ([_], _) => vec![value],
            (_, DeValue::Array(parts)) if parts.len() == keys.len() => parts.iter().cloned().collect(),
            (_, other) => {
                complaints.add(
                    value.span(),
                    format!(
                        "this is {}, and the axis has {} keys",
                        article(other.type_str()),
                        keys.len()
                    ),
                    format!("list arrays of {} values, one for each key", keys.len()),
                );
                continue;
            }
        };
        for (key, value) in keys.iter().zip(&given) {
            check_word(key, value, complaints);
        }
        let shown = given.iter().map(|value| AxisValue::of(value.get_ref())).collect();
        let given = keys
            .iter()
            .zip(given)
            .map(|(key, mut value)| {
                base::rebase_value(key, value.get_mut(), folder);
                value
            })
            .collect();
        places.push(AxisPlace { given, shown });
    }
    places
}

/// What no reader of run files checks.
fn check_word(key: &Key, value: &Spanned<DeValue<'_>>, complaints: &Complaints) {
    let Values::Words(words) = key.values else { return };
    let word = value.get_ref().as_str();
    if key.section == Section::Axes && word.is_none_or(|word| !words().contains(&word)) {
        complaints.add(
            value.span(),
            format!(
                "{} = {} is not allowed",
                key.path(),
                AxisValue::of(value.get_ref())
            ),
            format!("allowed values: {}", key.values.describe()),
        );
    }
}
