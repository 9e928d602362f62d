//! SPARQ windows against strings of bits, pairs and 2:4 selection.

use sim_core::spec::{Pairs, Sparq, Window, WindowRounding};
use sim_pe::sparq::{Selected, compress, select, stc_step, step, windowed, windowed_pair};

/// Where a window's lowest bit may stand, from the top of the byte down, and its width.
fn places(window: Window) -> (usize, Vec<usize>) {
    match window {
        Window::Opt5 => (4, vec![4, 3, 2, 1, 0]),
        Window::Opt3 => (4, vec![4, 2, 0]),
        Window::Opt2 => (4, vec![4, 0]),
        Window::Opt6 => (3, vec![5, 4, 3, 2, 1, 0]),
        Window::Opt7 => (2, vec![6, 5, 4, 3, 2, 1, 0]),
    }
}

/// The window as a person would do it on paper, with a byte written as eight digits, leading digit first.
fn on_paper(x: u8, n_bits: usize, shifts: &[usize], rounding: WindowRounding) -> u8 {
    let digits: Vec<char> = format!("{x:08b}").chars().collect();
    let Some(leading_one) = digits.iter().position(|&digit| digit == '1') else {
        return 0;
    };
    let first_kept = |shift: usize| 8 - shift - n_bits;
    let shift = shifts
        .iter()
        .copied()
        .filter(|&shift| first_kept(shift) <= leading_one)
        .min()
        .expect("the highest window covers the byte");
    let window = &digits[first_kept(shift)..][..n_bits];
    let below: String = digits[8 - shift..].iter().collect();
    let half: String = (0..shift).map(|i| if i == 0 { '1' } else { '0' }).collect();
    // Digit strings of one length compare as numbers do.
    let goes_up = match rounding {
        WindowRounding::Trim => false,
        WindowRounding::Round => shift != 0 && (half < below || (below == half && window.ends_with(&['1']))),
    };
    let mut kept: Vec<char> = window.to_vec();
    if goes_up && kept.contains(&'0') {
        // Carry: trailing ones become zeros and the zero before them a one.
        let zero = kept
            .iter()
            .rposition(|&digit| digit == '0')
            .expect("there is one");
        kept[zero] = '1';
        kept[zero + 1..].fill('0');
    }
    let text: String = kept.into_iter().chain(std::iter::repeat_n('0', shift)).collect();
    u8::from_str_radix(&text, 2).expect("eight digits at most")
}

#[test]
fn every_window_of_every_byte() {
    for window in Window::ALL {
        let (n_bits, shifts) = places(window);
        for rounding in WindowRounding::ALL {
            for x in 0..=u8::MAX {
                let want = on_paper(x, n_bits, &shifts, rounding);
                assert_eq!(
                    windowed(x, window, rounding),
                    want,
                    "{x:08b} {window:?} {rounding:?}"
                );
            }
        }
    }
}

#[test]
fn window_table() {
    #[track_caller]
    fn check(x: u8, window: Window, rounding: WindowRounding, want: u8) {
        assert_eq!(
            windowed(x, window, rounding),
            want,
            "{x:#x} {window:?} {rounding:?}"
        );
    }
    use WindowRounding::{Round, Trim};
    check(0xF8, Window::Opt5, Round, 0xF0); // Saturates in its window.
    check(0xFF, Window::Opt5, Round, 0xF0);
    check(0x7C, Window::Opt5, Round, 0x78); // The window never moves up.
    check(0x7F, Window::Opt5, Round, 0x78);
    check(0b1_0001, Window::Opt5, Round, 0b1_0000); // A tie goes to even, down.
    check(0b1_0011, Window::Opt5, Round, 0b1_0100); // A tie goes to even, up.
    check(0b1_0011, Window::Opt5, Trim, 0b1_0010);
    check(0x1F, Window::Opt2, Trim, 0x10); // No window between.
    check(0x08, Window::Opt2, Round, 0x08); // Narrow is exact.
    check(0x18, Window::Opt2, Round, 0x20); // 1.5 goes up to even.
}

#[test]
fn a_zero_partner_lends_its_bits() {
    for rules in Sparq::every() {
        for x in 0..=u8::MAX {
            let alone = match (rules.pairs, rules.window) {
                (Pairs::Off, _) => windowed(x, rules.window, rules.rounding),
                (Pairs::On, Window::Opt5 | Window::Opt3 | Window::Opt2) => x,
                (Pairs::On, Window::Opt6) => on_paper(x, 6, &[2, 1, 0], rules.rounding),
                (Pairs::On, Window::Opt7) => on_paper(x, 4, &[4, 3, 2, 1, 0], rules.rounding),
            };
            assert_eq!(windowed_pair([x, 0], &rules), [alone, 0], "{x} {rules:?}");
            assert_eq!(windowed_pair([0, x], &rules), [0, alone], "{x} {rules:?}");
            let both = windowed(x, rules.window, rules.rounding);
            let partner = windowed(3, rules.window, rules.rounding);
            if x != 0 {
                assert_eq!(windowed_pair([x, 3], &rules), [both, partner], "{x} {rules:?}");
            }
        }
    }
}

#[test]
fn steps_count_activations_whatever_their_weights() {
    let rules = Sparq {
        window: Window::Opt5,
        rounding: WindowRounding::Trim,
        pairs: Pairs::On,
    };
    let changed = step([0x1F, 0x1F], [0, 2], &rules);
    assert_eq!((changed.product, changed.n_active), (0x1E * 2, 2));
    assert_eq!((changed.reduced_activations, changed.reduced_weights), (2, 0));
    let alone = step([0x1F, 0], [3, 2], &rules);
    assert_eq!(
        (alone.product, alone.n_active, alone.reduced_activations),
        (0x1F * 3, 1, 0)
    );
}

#[test]
fn selection_table() {
    #[track_caller]
    fn check(weights: [i8; 4], activations: [u8; 2], kept: [i8; 2]) {
        let want = Selected {
            activations,
            weights: kept,
        };
        assert_eq!(select([10, 11, 12, 13], weights), want, "{weights:?}");
    }
    check([0, 0, 0, 0], [0, 0], [0, 0]); // None: the pair is 0.
    check([0, 0, 5, 0], [12, 0], [5, 0]); // One: its partner counts as zero.
    check([0, -1, 0, 7], [11, 13], [-1, 7]); // Two, in order.
    check([1, 2, 0, 0], [10, 11], [1, 2]);
    assert_eq!(compress([0, -1, 0, 7]).positions, [1, 3]);
}

#[test]
fn a_lone_weight_leaves_its_activation_exact() {
    for rules in Sparq::every()
        .into_iter()
        .filter(|rules| rules.pairs == Pairs::On)
    {
        let step = stc_step([255, 255, 255, 255], [0, 0, 1, 0], &rules);
        let want = windowed_pair([255, 0], &rules)[0];
        assert_eq!((step.product, step.n_active), (i32::from(want), 1), "{rules:?}");
    }
}
