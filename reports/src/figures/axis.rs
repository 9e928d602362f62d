//! Value axes with round ticks.

use super::Scale;

/// A labelled value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

/// A value axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
    pub(crate) ticks: Vec<Tick>,
}

impl Axis {
    /// An axis for bars of these heights.
    pub(crate) fn new(scale: Scale, heights: &[f64]) -> Self {
        let highest = heights.iter().copied().fold(0.0, f64::max);
        match scale {
            Scale::Linear => linear(highest),
            Scale::Percent => Self {
                scale,
                low: 0.0,
                high: 100.0,
                ticks: [0.0, 25.0, 50.0, 75.0, 100.0]
                    .into_iter()
                    .map(|value| Tick {
                        value,
                        label: value.to_string(),
                    })
                    .collect(),
            },
            Scale::Log => {
                let lowest = heights
                    .iter()
                    .copied()
                    .filter(|&height| 0.0 < height)
                    .fold(highest, f64::min);
                logarithmic(lowest, highest)
            }
        }
    }

    /// Height of a value, 0 to 1.
    pub(crate) fn fraction(&self, value: f64) -> f64 {
        let fraction = match self.scale {
            Scale::Linear | Scale::Percent => (value - self.low) / (self.high - self.low),
            Scale::Log if value <= 0.0 => 0.0,
            Scale::Log => (value.log10() - self.low) / (self.high - self.low),
        };
        fraction.clamp(0.0, 1.0)
    }
}

fn linear(highest: f64) -> Axis {
    let highest = if 0.0 < highest { highest } else { 1.0 };
    let raw = highest / 4.0;
    let decade = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .map(|digit| digit * decade)
        .into_iter()
        .find(|&step| raw <= step * (1.0 + 1e-9))
        .unwrap_or(10.0 * decade);
    let n_steps = (highest / step - 1e-9).ceil().max(1.0);
    let digits = if step < 1.0 {
        // 2.5 steps need one digit more than their decade; labels lose final zeros all together.
        let digits = -decade.log10().floor();
        digits
            + if (step / decade - 2.5).abs() < 1e-6 {
                1.0
            } else {
                0.0
            }
    } else if (step - 2.5).abs() < 1e-6 {
        1.0
    } else {
        0.0
    };
    let mut ticks = Vec::new();
    let mut index = 0.0;
    while index <= n_steps {
        let value = index * step;
        ticks.push(Tick {
            value,
            label: fixed(value, digits),
        });
        index += 1.0;
    }
    Axis {
        scale: Scale::Linear,
        low: 0.0,
        high: n_steps * step,
        ticks,
    }
}

/// Exponents are the coordinates: bars start a decade at most below the lowest value.
fn logarithmic(lowest: f64, highest: f64) -> Axis {
    let low = (lowest.log10() - 1e-9).ceil() - 1.0;
    let high = (highest.log10() - 1e-9).ceil().max(low + 1.0);
    let stride = ((high - low) / 5.0).ceil().max(1.0);
    let mut ticks = Vec::new();
    let mut exponent = low;
    while exponent <= high {
        ticks.push(Tick {
            value: 10_f64.powf(exponent),
            label: format!("10{}", superscript(exponent)),
        });
        exponent += stride;
    }
    Axis {
        scale: Scale::Log,
        low,
        high,
        ticks,
    }
}

fn fixed(value: f64, digits: f64) -> String {
    match digits {
        d if d < 0.5 => format!("{value:.0}"),
        d if d < 1.5 => format!("{value:.1}"),
        d if d < 2.5 => format!("{value:.2}"),
        d if d < 3.5 => format!("{value:.3}"),
        _ => format!("{value:.1e}"),
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
