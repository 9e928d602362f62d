//! Every NB-SMT rule and every SPARQ window, multiplier by multiplier.

use std::path::Path;

use anyhow::bail;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};
use sim_core::spec::{NbSmt, Pairs, Sparq, Threads, Window, WindowRounding};
use sim_pe::{nbsmt, sparq};

use crate::build::{File, Purpose, Top, build};
use crate::model::Model;
use crate::ports::Port;
use crate::top::{design, waivers};

const ACTIVATIONS: usize = 0;
const WEIGHTS: usize = 1;
const PRODUCTS: usize = 2;

/// A multiplier of `variants_top`, in the order of its products.
enum Variant {
    NbSmt(NbSmt),
    Sparq(Sparq),
}

impl Variant {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for threads in [Threads::Two, Threads::Four] {
            all.extend(NbSmt::every(threads).into_iter().map(Self::NbSmt));
        }
        for window in Window::ALL {
            for rounding in [WindowRounding::Trim, WindowRounding::Round] {
                for pairs in [Pairs::Off, Pairs::On] {
                    all.push(Self::Sparq(Sparq {
                        window,
                        rounding,
                        pairs,
                    }));
                }
            }
        }
        all
    }

    fn product(&self, x: [u8; 4], w: [i8; 4]) -> i32 {
        match self {
            Self::NbSmt(rules) => {
                let n = rules.threads.count();
                nbsmt::step(rules, &x[..n], &w[..n]).product
            }
            Self::Sparq(rules) => sparq::step([x[0], x[1]], [w[0], w[1]], rules).product,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::NbSmt(rules) => format!("{rules:?}"),
            Self::Sparq(rules) => format!("{rules:?}"),
        }
    }
}

/// Compare products: all pairs of activations, and all activations with all weights, under operands that are random
/// otherwise, and `n_random` steps of zero-heavy random operands. Returns how many products were compared.
pub(crate) fn run(folder: &Path, n_random: usize) -> anyhow::Result<u64> {
    let variants = Variant::all();
    let mut files = design();
    files.push(File {
        name: "variants_top.sv",
        text: include_str!("../hdl/variants_top.sv").into(),
    });
    files.push(waivers());
    let top = Top {
        name: "variants_top",
        files,
        parameters: Vec::new(),
        // The clock is one bit, which the glue handles itself.
        ports: vec![
            Port::word("activations"),
            Port::word("weights"),
            Port::wide("products", 32 * variants.len()),
        ],
        defines: Vec::new(),
        block: None,
        purpose: Purpose::Proof,
    };
    let library = build(&top, folder)?;
    let mut model = Model::load(&library, &top.ports, 1)?;
    let mut n_compared = 0;
    let mut compare = |x: [u8; 4], w: [i8; 4]| -> anyhow::Result<()> {
        model.port_mut(ACTIVATIONS)[0] = u32::from_le_bytes(x);
        model.port_mut(WEIGHTS)[0] = u32::from_le_bytes(w.map(i8::cast_unsigned));
        model.evaluate();
        let products = model.port(PRODUCTS);
        for (variant, product) in variants.iter().zip(products) {
            let (hardware, rules) = (product.cast_signed(), variant.product(x, w));
            if hardware != rules {
                bail!(
                    "activations {x:?}, weights {w:?}, {}: hardware {hardware}, sim-pe {rules}",
                    variant.name()
                );
            }
            n_compared += 1;
        }
        Ok(())
    };
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[13; 32]);
    for first in 0..=u8::MAX {
        for second in 0..=u8::MAX {
            let [a, b, c, d] = rng.next_u32().to_le_bytes();
            // A pair of activations before any weights, and an activation with each weight beside any other thread.
            compare([first, second, a, b], [c, d, a ^ c, b ^ d].map(u8::cast_signed))?;
            compare([first, a, b, 0], [second, c, 0, d].map(u8::cast_signed))?;
        }
    }
    for _ in 0..n_random {
        let [x, w, zeros, small] = std::array::from_fn(|_| rng.next_u32().to_le_bytes());
        let pick = |value: u8, lane: usize| match (zeros[lane] % 4, small[lane] % 3) {
            (0, _) => 0,
            (_, 0) => (value.cast_signed() >> 4).cast_unsigned(),
            _ => value,
        };
        compare(
            std::array::from_fn(|lane| pick(x[lane], lane) & if small[lane] % 2 == 0 { 15 } else { 255 }),
            std::array::from_fn(|lane| pick(w[lane], 3 - lane).cast_signed()),
        )?;
    }
    Ok(n_compared)
}
