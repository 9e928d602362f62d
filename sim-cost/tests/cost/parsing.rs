//! What is wrong with a table is said with its line.

use sim_cost::table::Table;

const ROW: &str = "version = 1
[[energy]]
kind = 'nb-smt'
threads = 2
pipeline-depth = 1
mode = 'fill'
value = 0.5
unit = 'pJ'
node = '45 nm'
source = 'measured'
delay-model = 'zero'
uncertainty = 10
";

#[test]
fn errors_table() {
    #[track_caller]
    fn check(from: &str, to: &str, want: &str) {
        let text = ROW.replacen(from, to, 1);
        assert_ne!(text, ROW);
        let error = Table::parse("own", &text).unwrap_err().to_string();
        assert!(error.starts_with(want), "{error}");
    }
    assert!(Table::parse("own", ROW).is_ok());
    check(
        "version = 1",
        "version = 2",
        "technology table `own`, line 1: version = 2 is unknown",
    );
    check(
        "version = 1",
        "",
        "technology table `own`, line 1: missing field `version`",
    );
    check(
        "version = 1",
        "# Comment.\nversion = 2",
        "technology table `own`, line 2: version = 2 is unknown",
    );
    check(
        "threads = 2",
        "threads = 'two'", // Not that there is no PE without threads.
        "technology table `own`, line 4: `threads` is a string; write a whole number",
    );
    check(
        "mode = 'fill'",
        "mode = 'active-5'",
        "technology table `own`, line 2: mode = \"active-5\" is unknown",
    );
    check(
        "threads = 2",
        "threads = 3",
        "technology table `own`, line 2: there is no PE with kind = \"nb-smt\", threads = 3",
    );
    check(
        "threads = 2",
        "",
        "technology table `own`, line 2: there is no PE with kind = \"nb-smt\", pipeline-depth",
    );
    check(
        "threads = 2",
        "window = '5opt'",
        "technology table `own`, line 2: there is no PE",
    );
    check(
        "'nb-smt'",
        "'smt'",
        "technology table `own`, line 2: kind = \"smt\" is unknown",
    );
    check(
        "unit = 'pJ'",
        "unit = 'fJ'",
        "technology table `own`, line 2: unit = \"fJ\" is not converted; write \"pJ\"",
    );
    check(
        "value = 0.5",
        "value = -0.5",
        "technology table `own`, line 2: value = -0.5 is not",
    );
    check(
        "value = 0.5",
        "value = nan",
        "technology table `own`, line 2: value = NaN is not",
    );
    check(
        "source = 'measured'",
        "source = ' '",
        "technology table `own`, line 2: source is empty",
    );
    check(
        "uncertainty",
        "uncertainity",
        "technology table `own`, line 12: unknown field `uncertainity`; did you mean `uncertainty`? allowed here: kind",
    );
    check("threads = 2", "threads", "technology table `own`, line 4: ");
}

#[test]
fn two_rows_about_one_thing_are_an_error() {
    let again = ROW.replacen("version = 1\n", "", 1);
    let error = Table::parse("own", &format!("{ROW}{again}")).unwrap_err();
    assert_eq!(error.line, 13);
    assert!(
        error
            .message
            .starts_with("a second row with kind = \"nb-smt\", threads = 2")
    );
}

#[test]
fn delay_models_of_one_pe_do_not_mix() {
    let other = ROW
        .replacen("version = 1\n", "", 1)
        .replacen("'fill'", "'drain'", 1)
        .replacen("'zero'", "'unit'", 1);
    let error = Table::parse("own", &format!("{ROW}{other}")).unwrap_err();
    assert!(
        error.message.contains("delay-model = \"unit\" differs"),
        "{error}"
    );
}
