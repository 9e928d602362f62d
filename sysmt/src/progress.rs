//! How far a run is, on stderr, where that is a terminal.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::IsTerminal as _;
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use sim_core::progress::Progress;
use sim_core::shape::widen;
use sim_run::trace::LayerProducts;

use crate::output;

const IMAGES: &str = "{prefix} {bar:30} {pos}/{len} images  {rate}  {eta} left";
const MACS: &str = "{prefix} {bar:30} {percent:>3} %  {msg}  {rate}  {eta} left";

/// A bar: of images, or of the MACs of layers, with their rate and the time left.
pub(crate) struct Bar {
    bar: ProgressBar,
    layers: Mutex<BTreeMap<String, LayerWork>>,
}

/// What a layer has left.
#[derive(Clone, Copy, Debug, Default)]
struct LayerWork {
    n_products: usize,
    n_macs_each: u64,
}

impl Bar {
    /// A bar of images; silent where stderr is not a terminal.
    pub(crate) fn of_images() -> Self {
        Self::new(BTreeMap::new(), IMAGES, |per_second| {
            format!("{per_second:.1} images/s")
        })
    }

    /// A bar of the MACs of products; silent where stderr is not a terminal.
    pub(crate) fn of_macs(products: Vec<LayerProducts>) -> Self {
        let layers = products.into_iter().map(|layer| {
            let work = LayerWork {
                n_products: layer.n_products,
                n_macs_each: layer.shape.macs(),
            };
            (layer.name, work)
        });
        Self::new(layers.collect(), MACS, |per_second| {
            format!("{:.1} million MACs/s", per_second / 1e6)
        })
    }

    fn new(layers: BTreeMap<String, LayerWork>, template: &str, rate: fn(f64) -> String) -> Self {
        let rate = move |state: &ProgressState, out: &mut dyn Write| {
            // What cannot be drawn is not drawn.
            let _ = out.write_str(&rate(state.per_sec()));
        };
        Self {
            bar: on_terminal(template, |style| style.with_key("rate", rate)),
            layers: Mutex::new(layers),
        }
    }

    /// Take the bar off the terminal.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar where stderr is a terminal, else one that is never drawn.
pub(crate) fn on_terminal(
    template: &str,
    with_keys: impl FnOnce(ProgressStyle) -> ProgressStyle,
) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(with_keys(style));
    }
    bar
}

impl Progress for Bar {
    fn begin(&self, what: &str, n_steps: usize) {
        let n_macs: u64 = self.layers.lock().map_or(0, |layers| {
            layers
                .values()
                .map(|work| work.n_macs_each * widen(work.n_products))
                .sum()
        });
        self.bar.reset();
        self.bar
            .set_length(if n_macs == 0 { widen(n_steps) } else { n_macs });
        self.bar.set_prefix(what.to_owned());
        self.bar.tick();
    }

    fn advance(&self, at: &str) {
        // A thread that panicked ends the run; the bar need not.
        let Ok(mut layers) = self.layers.lock() else {
            return;
        };
        match layers.get_mut(at) {
            Some(work) => {
                work.n_products = work.n_products.saturating_sub(1);
                self.bar.inc(work.n_macs_each);
                let n_done = layers.values().filter(|work| work.n_products == 0).count();
                self.bar.set_message(format!("{n_done}/{} layers", layers.len()));
            }
            None => self.bar.inc(1),
        }
    }

    fn note(&self, text: &str) {
        self.bar.suspend(|| output::note(text));
    }
}
