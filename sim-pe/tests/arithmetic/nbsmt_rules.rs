//! The NB-SMT rules: a table, every pair of one thread, and plain loops over operands at the edges of every rule.

use sim_core::spec::{NbSmt, Policy, Threads};
use sim_pe::nbsmt;
use sim_pe::operand::Operand as _;
use sim_pe::step::Step;

fn rules(threads: Threads, policy: Policy) -> NbSmt {
    NbSmt::new(threads, policy)
}

#[test]
fn one_thread_is_exact_for_every_pair_and_policy() {
    for rules in NbSmt::every(Threads::One) {
        for x in 0..=u8::MAX {
            for w in i8::MIN..=i8::MAX {
                let want = Step {
                    product: i32::from(x) * i32::from(w),
                    n_active: usize::from(x != 0 && w != 0),
                    reduced_activations: 0,
                    reduced_weights: 0,
                };
                assert_eq!(nbsmt::step(&rules, &[x], &[w]), want, "{x} · {w}, {rules:?}");
            }
        }
    }
}

#[test]
fn collision_table() {
    #[track_caller]
    fn check(
        policy: Policy,
        activations: &[u8],
        weights: &[i8],
        product: i32,
        n_active: usize,
        reduced: [u32; 2],
    ) {
        let threads = Threads::from_count(activations.len()).expect("1, 2 or 4 threads");
        let want = Step {
            product,
            n_active,
            reduced_activations: reduced[0],
            reduced_weights: reduced[1],
        };
        let got = nbsmt::step(&rules(threads, policy), activations, weights);
        assert_eq!(got, want, "{policy:?} {activations:?} {weights:?}");
    }
    // A thread alone keeps all eight bits, whichever operand freed the multiplier.
    check(Policy::SA, &[100, 0], &[100, 100], 10_000, 1, [0, 0]);
    check(Policy::SA, &[100, 100], &[0, 100], 10_000, 1, [0, 0]);
    check(Policy::SA, &[0, 100], &[100, 0], 0, 0, [0, 0]);
    // S reduces narrow activations too: 9 becomes 16 and 8 becomes 0.
    check(Policy::S, &[9, 8], &[3, 3], 48, 2, [2, 0]);
    // S+A leaves narrow activations alone; 100 is 6.25 sixteenths.
    check(Policy::SA, &[100, 15], &[10, 10], 960 + 150, 2, [1, 0]);
    // S+W: 100 becomes 96, 7 stays.
    check(Policy::SW, &[10, 10], &[100, 7], 960 + 70, 2, [0, 1]);
    // S+Aw: a narrow weight takes the 4-bit port instead.
    check(Policy::SAw, &[100, 100], &[7, 8], 700 + 768, 2, [1, 0]);
    check(Policy::SAw, &[100, 100], &[-8, -9], -800 - 864, 2, [1, 0]);
    // S+aW: a narrow activation takes it.
    check(Policy::SAW, &[15, 16], &[100, 100], 1500 + 1536, 2, [0, 1]);
    // Sparsity off collides whatever the zeros; an idle thread's operands do not count as reduced.
    check(Policy::A, &[100, 100], &[100, 0], 9600, 1, [1, 0]);
    check(Policy::W, &[100, 0], &[100, 100], 9600, 1, [0, 1]);
    // Two of four follow the two-thread rule: the weight stays.
    check(
        Policy::SA,
        &[100, 0, 100, 0],
        &[100, 1, 50, 1],
        9600 + 4800,
        2,
        [2, 0],
    );
    // Three of four reduce both wide operands: 50 becomes 48.
    check(
        Policy::SA,
        &[100, 3, 100, 0],
        &[100, 3, 50, 1],
        96 * 96 + 9 + 96 * 48,
        3,
        [2, 2],
    );
    // All four under S reduce narrow operands too: 9 becomes 16, 3 becomes 0.
    check(Policy::S, &[9, 3, 9, 9], &[9, 9, 3, 9], 2 * 256, 4, [4, 4]);
    // Sparsity off at four threads: the 3-or-4 rule whatever the zeros.
    check(Policy::Aw, &[100, 0, 0, 0], &[100, 0, 0, 0], 96 * 96, 1, [1, 1]);
}

/// A step by the words of the definition.
fn by_the_book(rules: &NbSmt, x: &[u8], w: &[i8]) -> Step {
    let (name, is_sparse) = match rules.policy.name().strip_prefix("S+") {
        Some(name) => (name, true),
        None => (rules.policy.name(), rules.policy == Policy::S),
    };
    let n_threads = x.len();
    let n_active = (0..n_threads).filter(|&t| x[t] != 0 && w[t] != 0).count();
    let n = if is_sparse { n_active } else { n_threads };
    let mut step = Step {
        n_active,
        ..Step::default()
    };
    for t in 0..n_threads {
        let (wide_x, wide_w) = (15 < x[t], w[t] < -8 || 7 < w[t]);
        let (reduces_x, reduces_w) = match (n, name) {
            (0 | 1, _) => (false, false),
            (2, "S") => (true, false),
            (2, "A") => (wide_x, false),
            (2, "Aw") => (wide_x && wide_w, false),
            (2, "W") => (false, wide_w),
            (2, "aW") => (false, wide_x && wide_w),
            (_, "S") => (true, true),
            (_, _) => (wide_x, wide_w),
        };
        let (mut used_x, mut used_w) = (i32::from(x[t]), i32::from(w[t]));
        let counts = u32::from(x[t] != 0 && w[t] != 0);
        if reduces_x {
            used_x = x[t].reduced(rules.rounding, rules.overflow);
            step.reduced_activations += counts;
        }
        if reduces_w {
            used_w = w[t].reduced(rules.rounding, rules.overflow);
            step.reduced_weights += counts;
        }
        step.product += used_x * used_w;
    }
    step
}

const ACTIVATIONS: [u8; 9] = [0, 1, 8, 15, 16, 24, 100, 248, 255];
const WEIGHTS: [i8; 10] = [0, 1, -1, -8, -9, 7, 8, 120, 127, -128];

/// Every operand pair at an edge of a rule.
fn edge_pairs() -> Vec<(u8, i8)> {
    let with_weights = |x| WEIGHTS.into_iter().map(move |w| (x, w));
    ACTIVATIONS.into_iter().flat_map(with_weights).collect()
}

#[test]
fn two_threads_by_the_book_at_every_edge() {
    let pairs = edge_pairs();
    for rules in NbSmt::every(Threads::Two) {
        for &(x0, w0) in &pairs {
            for &(x1, w1) in &pairs {
                let (x, w) = ([x0, x1], [w0, w1]);
                assert_eq!(
                    nbsmt::step(&rules, &x, &w),
                    by_the_book(&rules, &x, &w),
                    "{x:?} {w:?} {rules:?}"
                );
            }
        }
    }
}

/// Reproducible draws from the edge pairs, half of them zeros.
fn draws(n: usize) -> Vec<(u8, i8)> {
    let pairs = edge_pairs();
    let mut state = 1_u32;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 8).expect("24 bits") % limit
    };
    (0..n)
        .map(|_| {
            if below(3) == 0 {
                (0, 1)
            } else {
                pairs[below(pairs.len())]
            }
        })
        .collect()
}

#[test]
fn four_threads_by_the_book() {
    for quad in draws(80_000).chunks_exact(4) {
        let x: Vec<u8> = quad.iter().map(|pair| pair.0).collect();
        let w: Vec<i8> = quad.iter().map(|pair| pair.1).collect();
        for rules in NbSmt::every(Threads::Four) {
            assert_eq!(
                nbsmt::step(&rules, &x, &w),
                by_the_book(&rules, &x, &w),
                "{x:?} {w:?} {rules:?}"
            );
        }
    }
}
