//! Value axes with round ticks.

use sim_core::named;

use crate::glyphs;

named! {
    /// How values become places on an axis.
    pub enum Scale {
        /// From 0, or a round number below the lowest value, to a round number above the highest.
        Linear = "linear",
        /// From a round number below the lowest value to one above the highest: for differences between high values.
        Tight = "tight",
        /// From 0 to 100.
        Percent = "percent",
        /// Decades; what is not positive has no place.
        Log = "log",
        /// The same, from a one, two or five of a decade to another: for points that few decades hold.
        TightLog = "tight-log",
    }
}

impl Scale {
    /// Whether equal ratios are equally long.
    pub const fn is_log(self) -> bool {
        match self {
            Self::Linear | Self::Tight | Self::Percent => false,
            Self::Log | Self::TightLog => true,
        }
    }

    /// Whether a value has a place.
    pub(crate) fn places(self, value: f64) -> bool {
        value.is_finite() && (0.0 < value || !self.is_log())
    }
}

/// Decades between which there is room for more ticks.
const FEW_DECADES: f64 = 3.0;

/// From this ratio of ends on, decades are ticks enough.
const MANY_DIGITS: f64 = 100.0;

/// A value, and its label, which may be empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

/// A value axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    pub(crate) scale: Scale,
    low: f64,
    high: f64,
    pub(crate) ticks: Vec<Tick>,
}

impl Axis {
    /// An axis for these values; those that have no place on it do not count.
    pub(crate) fn new(scale: Scale, values: impl IntoIterator<Item = f64>) -> Self {
        let placed = values.into_iter().filter(|&value| scale.places(value));
        let range = placed.fold(None, |range, value| {
            let (low, high) = range.unwrap_or((value, value));
            Some((f64::min(low, value), f64::max(high, value)))
        });
        match (scale, range) {
            (Scale::Linear, range) => {
                let (low, high) = range.unwrap_or_default();
                let (low, high) = (low.min(0.0), high.max(0.0));
                even(scale, low, if low < high { high } else { 1.0 })
            }
            (Scale::Tight, range) => {
                let (low, high) = range.unwrap_or((0.0, 1.0));
                let size = low.abs().max(high.abs());
                // Equal values stand in the middle of something.
                let room = match size {
                    0.0 => 1.0,
                    size if high - low < 1e-6 * size => 0.01 * size,
                    _ => 0.0,
                };
                even(scale, low - room, high + room)
            }
            (Scale::Percent, _) => even(scale, 0.0, 100.0),
            (Scale::TightLog, Some((low, high))) if low < high && high / low < MANY_DIGITS => {
                digits(low, high)
            }
            (Scale::Log | Scale::TightLog, range) => {
                let (low, high) = range.unwrap_or((1.0, 1.0));
                decades(low, high)
            }
        }
    }

    /// Width of its widest label in dots.
    pub(crate) fn label_width(&self) -> f64 {
        glyphs::widest(self.ticks.iter().map(|tick| &tick.label))
    }

    /// Place of a value, 0 to 1.
    pub(crate) fn fraction(&self, value: f64) -> f64 {
        let coordinate = if self.scale.is_log() {
            // What is not positive lies below every decade.
            value.max(0.0).log10()
        } else {
            value
        };
        ((coordinate - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// The value at a place.
    pub(crate) fn value(&self, fraction: f64) -> f64 {
        let coordinate = self.low + fraction * (self.high - self.low);
        if self.scale.is_log() {
            10_f64.powf(coordinate)
        } else {
            coordinate
        }
    }

    /// Whether a value lies between the ends.
    pub(crate) fn holds(&self, value: f64) -> bool {
        let ends = [self.value(0.0), self.value(1.0)];
        let room = 1e-9 * (ends[1] - ends[0]).abs();
        (ends[0] - room..=ends[1] + room).contains(&value)
    }
}

/// Four to seven ticks a round step apart, around `lowest` to `highest`, which is more.
fn even(scale: Scale, lowest: f64, highest: f64) -> Axis {
    let raw = (highest - lowest) / 4.0;
    let decade = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .map(|digit| digit * decade)
        .into_iter()
        .find(|&step| raw <= step * (1.0 + 1e-9))
        .unwrap_or(10.0 * decade);
    let first = (lowest / step + 1e-9).floor();
    let last = (highest / step - 1e-9).ceil().max(first + 1.0);
    let label = labels(step, lowest.abs().max(highest.abs()));
    let mut ticks = Vec::new();
    let mut index = first;
    while index <= last {
        let value = index * step;
        ticks.push(Tick {
            value,
            label: label(value),
        });
        index += 1.0;
    }
    Axis {
        scale,
        low: first * step,
        high: last * step,
        ticks,
    }
}

/// How multiples of `step` up to `largest` are written: with powers of ten where they are long.
fn labels(step: f64, largest: f64) -> impl Fn(f64) -> String {
    let power = if (1e-3..1e6).contains(&largest) {
        0.0
    } else {
        largest.log10().floor()
    };
    let unit = 10_f64.powf(power);
    let is_whole = |value: f64| (value - value.round()).abs() < 1e-6 * value;
    let decimals = (0_u8..9)
        .find(|&decimals| is_whole(step / unit * 10_f64.powf(f64::from(decimals))))
        .map_or(9, usize::from);
    move |value| {
        if unit == 1.0 {
            format!("{value:.decimals$}")
        } else if value == 0.0 {
            "0".to_owned()
        } else {
            format!("{:.decimals$}×10{}", value / unit, superscript(power))
        }
    }
}

/// Exponents are the coordinates: bars start a decade at most below the lowest value. Of few decades, twos and fives have
/// ticks without labels.
fn decades(lowest: f64, highest: f64) -> Axis {
    let low = (lowest.log10() - 1e-9).ceil() - 1.0;
    let high = (highest.log10() - 1e-9).ceil().max(low + 1.0);
    let stride = ((high - low) / 5.0).ceil().max(1.0);
    let mut ticks = Vec::new();
    let mut exponent = low;
    while exponent <= high {
        let decade = 10_f64.powf(exponent);
        ticks.push(Tick {
            value: decade,
            label: format!("10{}", superscript(exponent)),
        });
        if high - low <= FEW_DECADES && exponent < high {
            ticks.extend([2.0, 5.0].map(|digit| Tick {
                value: digit * decade,
                label: String::new(),
            }));
        }
        exponent += stride;
    }
    Axis {
        scale: Scale::Log,
        low,
        high,
        ticks,
    }
}

/// Ones, twos and fives around `lowest` to `highest`, each with its label.
fn digits(lowest: f64, highest: f64) -> Axis {
    let room = 1e-9;
    let mut exponent = lowest.log10().floor();
    let mut ticks: Vec<Tick> = Vec::new();
    while ticks
        .last()
        .is_none_or(|last| last.value < highest * (1.0 - room))
    {
        for digit in [1.0, 2.0, 5.0] {
            let value = digit * 10_f64.powf(exponent);
            // The one below the lowest value is the last that a later one replaces.
            if value <= lowest * (1.0 + room) {
                ticks.clear();
            }
            if ticks
                .last()
                .is_none_or(|last| last.value < highest * (1.0 - room))
            {
                ticks.push(Tick {
                    value,
                    label: digit_label(digit, exponent),
                });
            }
        }
        exponent += 1.0;
    }
    let end = |tick: Option<&Tick>| tick.map_or(0.0, |tick| tick.value.log10());
    Axis {
        scale: Scale::TightLog,
        low: end(ticks.first()),
        high: end(ticks.last()),
        ticks,
    }
}

fn digit_label(digit: f64, exponent: f64) -> String {
    if (0.0..6.0).contains(&exponent) {
        return format!("{:.0}", digit * 10_f64.powf(exponent));
    }
    if (-3.0..0.0).contains(&exponent) {
        return format!("{}", digit / 10_f64.powf(-exponent));
    }
    let power = format!("10{}", superscript(exponent));
    if digit == 1.0 {
        power
    } else {
        format!("{digit}×{power}")
    }
}

fn superscript(exponent: f64) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    format!("{exponent:.0}")
        .chars()
        .map(
            |c| match c.to_digit(10).and_then(|digit| usize::try_from(digit).ok()) {
                Some(digit) => DIGITS[digit],
                None => '⁻',
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_all_values() {
        #[track_caller]
        fn check(scale: Scale, values: &[f64], want: &[&str]) {
            let axis = Axis::new(scale, values.iter().copied());
            let labels: Vec<&str> = axis.ticks.iter().map(|tick| tick.label.as_str()).collect();
            assert_eq!(labels, want, "{scale:?} {values:?}");
        }
        check(Scale::Linear, &[3.7, 1.2], &["0", "1", "2", "3", "4"]);
        check(Scale::Linear, &[-0.5, 1.0], &["-0.5", "0.0", "0.5", "1.0"]);
        check(Scale::Linear, &[0.0], &["0.00", "0.25", "0.50", "0.75", "1.00"]);
        check(
            Scale::Linear,
            &[9e9],
            &["0", "2.5×10⁹", "5.0×10⁹", "7.5×10⁹", "10.0×10⁹"],
        );
        check(Scale::Tight, &[89.13, 91.87], &["89", "90", "91", "92"]);
        check(
            Scale::Tight,
            &[91.861, 91.869],
            &["91.860", "91.862", "91.864", "91.866", "91.868", "91.870"],
        );
        // One value, or none.
        check(Scale::Tight, &[90.0], &["89.0", "89.5", "90.0", "90.5", "91.0"]);
        check(Scale::Tight, &[0.0], &["-1.0", "-0.5", "0.0", "0.5", "1.0"]);
        check(Scale::Tight, &[], &["0.00", "0.25", "0.50", "0.75", "1.00"]);
        check(Scale::Percent, &[3.0], &["0", "25", "50", "75", "100"]);
        check(
            Scale::Log,
            &[0.0, 20.0, 3e4],
            &["10¹", "10²", "10³", "10⁴", "10⁵"],
        );
        check(Scale::Log, &[30.0], &["10¹", "", "", "10²"]);
        check(
            Scale::TightLog,
            &[190.0, 1024.0],
            &["100", "200", "500", "1000", "2000"],
        );
        check(
            Scale::TightLog,
            &[0.02, 0.3],
            &["0.02", "0.05", "0.1", "0.2", "0.5"],
        );
        check(Scale::TightLog, &[2e-5, 4e-5], &["2×10⁻⁵", "5×10⁻⁵"]);
        check(
            Scale::TightLog,
            &[1.0, 200.0],
            &["10⁻¹", "10⁰", "10¹", "10²", "10³"],
        );
        check(Scale::TightLog, &[30.0], &["10¹", "", "", "10²"]);
        check(Scale::Log, &[0.0, f64::NAN], &["10⁻¹", "", "", "10⁰"]);
    }
}
