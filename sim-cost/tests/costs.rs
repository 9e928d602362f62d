//! Prices, areas and strict reading, on the built-in table and on broken ones.

use sim_core::counters::{ActiveSteps, PeCycles};
use sim_core::fixed::{Overflow, Rounding};
use sim_core::spec::{ArraySpec, NbSmt, Pairs, Pe, Policy, Sparq, Threads, Window, WindowRounding};
use sim_cost::table::Table;
use sim_cost::{area, energy, energy_as_run};

const BUILTIN: &str = include_str!("../../configs/tech/prototype-nangate45.toml");

fn array(pe: Pe) -> ArraySpec {
    ArraySpec::new(4, 8, pe).unwrap()
}

fn nb_smt(threads: Threads, policy: Policy) -> Pe {
    Pe::NbSmt(NbSmt {
        threads,
        policy,
        rounding: Rounding::HalfEven,
        overflow: Overflow::Saturate,
    })
}

const SPARQ: Sparq = Sparq {
    window: Window::Opt5,
    rounding: WindowRounding::Round,
    pairs: Pairs::On,
};

fn pe_cycles(active: &[u64]) -> PeCycles {
    PeCycles {
        fill: 10,
        active: ActiveSteps::from_counts(active),
        masked: 20,
        stall: 30,
        drain: 40,
    }
}

#[track_caller]
fn close(got: f64, want: f64) {
    assert!(
        (got - want).abs() < 1e-9 * want.abs().max(1.0),
        "{got}, not {want}"
    );
}

#[test]
fn energy_is_the_sum_over_modes() {
    #[track_caller]
    fn check(pe: Pe, active: &[u64], want: f64) {
        let energy = energy(&Table::builtin(), &array(pe), &pe_cycles(active)).unwrap();
        close(energy.picojoules, want);
        close(energy.parts.iter().map(|part| part.picojoules).sum(), want);
        assert_eq!(energy.parts.len(), active.len() + 4);
        assert_eq!(energy.delay_model, "zero");
    }
    check(Pe::Conventional, &[3, 5], 100.0 * 0.58 + 3.0 * 0.58 + 5.0 * 1.21);
    check(
        nb_smt(Threads::One, Policy::SA),
        &[3, 5],
        100.0 * 0.58 + 3.0 * 0.58 + 5.0 * 1.21,
    );
    check(
        nb_smt(Threads::Two, Policy::SA),
        &[3, 5, 7],
        100.0 * 0.61 + 3.0 * 0.61 + 5.0 * 2.0 + 7.0 * 1.71,
    );
    check(
        nb_smt(Threads::Four, Policy::SA),
        &[3, 5, 7, 11, 13],
        100.0 * 1.21 + 3.0 * 1.21 + 5.0 * 3.38 + 7.0 * 3.63 + 24.0 * 3.0,
    );
    // Without sparsity every step is a full collision, whatever the histogram says.
    check(
        nb_smt(Threads::Two, Policy::A),
        &[3, 5, 7],
        100.0 * 0.61 + 15.0 * 1.71,
    );
}

#[test]
fn a_throttled_layer_pays_for_the_pe_that_was_built() {
    let (built, run) = (
        array(nb_smt(Threads::Four, Policy::A)),
        array(nb_smt(Threads::Two, Policy::A)),
    );
    let energy = energy_as_run(&Table::builtin(), &built, &run, &pe_cycles(&[3, 5, 7, 0, 0])).unwrap();
    // The idle price of four threads; every step costs the two threads that ran.
    close(energy.picojoules, 100.0 * 1.21 + 15.0 * 3.63);
}

/// The prices of one, two and three threads follow from the two measured sparsities, as their sources say.
#[test]
fn derived_prices_reproduce_what_was_measured() {
    #[track_caller]
    fn check(prices: &[f64], p_active: f64, measured: f64, within: f64) {
        let binomials: &[f64] = if prices.len() == 3 {
            &[1.0, 2.0, 1.0]
        } else {
            &[1.0, 4.0, 6.0, 4.0, 1.0]
        };
        let n_threads = i32::try_from(prices.len() - 1).unwrap();
        let mean: f64 = (0_i32..)
            .zip(prices.iter().zip(binomials))
            .map(|(n, (price, ways))| price * ways * p_active.powi(n) * (1.0 - p_active).powi(n_threads - n))
            .sum();
        assert!((mean - measured).abs() < within, "{mean}, not {measured}");
    }
    let (two, four) = ([0.61, 2.0, 1.71], [1.21, 3.38, 3.63, 3.0, 3.0]);
    check(&two, 0.5, 1.56, 0.04);
    check(&two, 0.2, 1.13, 0.04);
    check(&four, 0.5, 3.22, 0.005);
    check(&four, 0.2, 2.52, 0.005);
}

#[test]
fn area_of_an_array() {
    let table = Table::builtin();
    let sized = |pe| area(&table, &array(pe)).map(|area| area.square_micrometres);
    close(sized(Pe::Conventional).unwrap(), 32.0 * 957.0);
    close(
        sized(nb_smt(Threads::Four, Policy::SA)).unwrap(),
        32.0 * 957.0 * 2.41,
    );
}

#[test]
fn window_logic_is_per_row_or_per_pe() {
    let row = |kind: &str, part: &str, value: u32| {
        format!(
            "[[area]]\nkind = \"{kind}\"\nwindow = \"5opt\"\npipeline-depth = 1\npart = \"{part}\"\nvalue = {value}\n\
             unit = \"um2\"\nnode = \"x\"\nsource = \"x\"\ndelay-model = \"none\"\nuncertainty = 1\n"
        )
    };
    let mut text = "version = 1\n".to_owned();
    for kind in ["sparq", "sparq-stc"] {
        text += &row(kind, "pe", 100);
        text += &row(kind, "window-logic", 7);
    }
    let table = Table::parse("mine", &text).unwrap();
    let sized = |pe| area(&table, &array(pe)).unwrap();
    close(sized(Pe::Sparq(SPARQ)).square_micrometres, 3200.0 + 4.0 * 7.0);
    close(sized(Pe::SparqStc(SPARQ)).square_micrometres, 3200.0 + 32.0 * 7.0);
}

#[test]
fn what_was_not_measured_is_an_error_that_names_the_row() {
    let table = Table::builtin();
    let missing = energy(&table, &array(Pe::Sparq(SPARQ)), &pe_cycles(&[1, 2, 3])).unwrap_err();
    assert_eq!(
        missing.row,
        r#"kind = "sparq", window = "5opt", pipeline-depth = 1, mode = "fill""#
    );
    let missing = area(&table, &array(Pe::Sparq(SPARQ))).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "technology table `prototype-nangate45` has no [[area]] row with kind = \"sparq\", window = \"5opt\", \
         pipeline-depth = 1, part = \"window-logic\"; add the row with its source to a table of your own, and name \
         that in the run file's [costs]"
    );
    let deep = array(Pe::Conventional).with_pipeline_depth(2).unwrap();
    assert!(energy(&table, &deep, &pe_cycles(&[1, 2])).is_err());
}

#[test]
fn broken_tables_name_the_line() {
    #[track_caller]
    fn check(from: &str, to: &str, line: usize, want: &str) {
        assert!(BUILTIN.contains(from), "the table has no {from}");
        let error = Table::parse("mine", &BUILTIN.replacen(from, to, 1)).unwrap_err();
        assert!(error.message.contains(want), "{error}");
        assert_eq!(error.line, Some(line), "{error}");
    }
    let line = |of: &str| 1 + BUILTIN[..BUILTIN.find(of).unwrap()].matches('\n').count();
    let first = line("[[energy]]");
    check(
        "version = 1",
        "version = 2",
        line("version = 1"),
        "write version = 1",
    );
    check(
        "value = 0.58",
        "valeu = 0.58",
        line("value = 0.58"),
        "unknown field `valeu`",
    );
    check("value = 0.58", "value = -1.0", first, "at least 0");
    check("unit = \"pJ\"", "unit = \"fJ\"", first, "write \"pJ\"");
    check(
        "mode = \"active-0\"",
        "mode = \"active-5\"",
        first,
        "allowed: fill",
    );
    check("kind = \"conventional\"", "kind = \"sparq\"", first, "window");
    check("node = \"45 nm\"", "node = \"\"", first, "node is empty");
    check(
        "unit = \"um2\"",
        "unit = \"mm2\"",
        line("[[area]]"),
        "write \"um2\"",
    );
    let second = first
        + 1
        + BUILTIN[BUILTIN.find("[[energy]]").unwrap() + 1..]
            .find("[[energy]]")
            .map_or(0, |at| {
                let start = BUILTIN.find("[[energy]]").unwrap() + 1;
                BUILTIN[start..start + at].matches('\n').count() - 1
            });
    check(
        "mode = \"active-1\"",
        "mode = \"active-0\"",
        second,
        "a second row",
    );
    check(
        "delay-model = \"zero\"",
        "delay-model = \"unit\"",
        second,
        "differs",
    );
}
