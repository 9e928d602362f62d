//! Codes of fewer bits than eight.

use serde_json::Value;

use crate::support::{EVAL, Folder};
use crate::train::shapes;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/fashion-resnet8.onnx");
const IMAGES: &str = "shapes-images-idx3-ubyte";

fn array(policy: &str) -> String {
    format!("[array]\nrows = 16\ncols = 16\n[pe]\nkind = \"nb-smt\"\nthreads = 4\npolicy = \"{policy}\"\n")
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write(IMAGES, shapes());
    folder.write("4t.toml", array("S+A"));
    folder.write("4t-s.toml", array("S"));
    folder
}

fn eval(folder: &Folder, array: &str, more: &[&str]) -> Value {
    let args = ["eval", MODEL, "--images", IMAGES, "--json", "--array", array];
    let text = folder.good(&[&args[..], more].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn layers(object: &Value) -> &Vec<Value> {
    object["layers"].as_array().expect("layers")
}

fn sum(object: &Value, of: [&str; 2]) -> u64 {
    let layers = layers(object).iter();
    layers
        .map(|layer| layer[of[0]][of[1]].as_u64().unwrap_or(0))
        .sum()
}

/// Codes of four bits fit half a multiplier: nothing is reduced, but where a policy reduces whatever collides.
#[test]
fn narrow_codes_are_not_reduced() {
    let folder = folder();
    let bits = ["--weight-bits", "4", "--activation-bits", "4"];
    let object = eval(&folder, "4t.toml", &bits);
    assert_eq!(object["array"], object["int8"]);
    assert_eq!(object["agreement"], 1.0);
    for of in ["a8w8", "a8w4", "a4w8"] {
        assert_eq!(sum(&object, ["operand_widths", of]), 0, "{of}");
    }
    assert_eq!(sum(&object, ["reduced", "activations"]), 0);
    assert!(0 < sum(&eval(&folder, "4t-s.toml", &bits), ["reduced", "activations"]));
    let odd = eval(
        &folder,
        "4t.toml",
        &[
            "--weight-bits",
            "3",
            "--levels",
            "mid-rise",
            "--activation-bits",
            "4",
        ],
    );
    assert_eq!(sum(&odd, ["reduced", "activations"]), 0);
    let wide = eval(&folder, "4t.toml", &[]);
    assert!(0 < sum(&wide, ["reduced", "activations"]));
    let summary = |more: &[&str]| {
        let args = ["eval", MODEL, "--images", IMAGES, "--array", "4t.toml"];
        folder.good(&[&args[..], more].concat())
    };
    assert!(summary(&bits).contains("- codes: 4 bits of weights, 4 of activations; "));
    assert!(!summary(&[]).contains("- codes: "));
    assert!(wide["int8_output_error"].as_f64() < object["int8_output_error"].as_f64());
    let spec = &odd["spec"]["quantization"];
    assert_eq!(
        (&spec["weight-bits"], &spec["levels"]),
        (&3.into(), &"mid-rise".into())
    );
}

#[test]
fn results_say_bits_steps_and_kurtosis() {
    let folder = folder();
    let args = [
        "--weight-bits",
        "3",
        "--weight-step",
        "least-squares",
        "--weights",
        "per-tensor",
    ];
    let object = eval(&folder, "4t.toml", &args);
    for layer in layers(&object) {
        let kurtosis = layer["kurtosis"].as_f64().expect("a kurtosis");
        assert!((1.8..8.0).contains(&kurtosis), "{layer}");
        assert_eq!(
            (
                &layer["weight_bits"],
                &layer["activation_bits"],
                &layer["weight_step"]
            ),
            (&3.into(), &8.into(), &"least-squares".into())
        );
    }
    // A run file says the same by its keys.
    let keys = "weight-bits = 3\nweight-step = \"least-squares\"\nweights = \"per-tensor\"\n";
    folder.write(
        "run.toml",
        format!(
            "{}[workload]\nmodel = \"{MODEL}\"\nimages = \"{IMAGES}\"\n[quantization]\n{keys}",
            array("S+A")
        ),
    );
    folder.good(&["run", "run.toml", "--out", "out"]);
    let ran: Value = serde_json::from_slice(&folder.read("out/result.json")).expect("JSON");
    // The first simulated layer reads what FP32 made.
    for same in [
        "kurtosis",
        "weight_bits",
        "weight_step",
        "operand_widths",
        "reduced",
    ] {
        assert_eq!(layers(&ran)[0][same], layers(&object)[0][same], "{same}");
    }
}

#[test]
fn steps_that_are_scaled_or_powers_of_two_are_other_codes() {
    let folder = folder();
    let error = |more: &[&str]| {
        let args = [&["--weight-bits", "3", "--weights", "per-tensor"][..], more].concat();
        eval(&folder, "4t.toml", &args)["int8_output_error"]
            .as_f64()
            .expect("a number")
    };
    let errors = [
        error(&[]),
        error(&["--step-scale", "0.7"]),
        error(&["--weight-step", "least-squares"]),
        error(&["--weight-step", "power-of-two"]),
        error(&["--levels", "mid-rise"]),
        error(&["--divisor", "255"]),
    ];
    for (index, one) in errors.iter().enumerate() {
        assert!(errors[..index].iter().all(|other| other != one), "{errors:?}");
    }
    assert_eq!(error(&["--step-scale", "1.0"]), errors[0]);
}

#[test]
fn bits_that_no_code_has_are_refused() {
    let folder = folder();
    let wrong = |args: &[&str], want: &str| {
        let before = folder.listing();
        let ran = folder.sysmt(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(want), "{args:?}: {}", ran.stderr);
        assert_eq!(folder.listing(), before, "{args:?}");
    };
    let eval = ["eval", MODEL, "--images", IMAGES, "--array", "4t.toml"];
    let asked = |more: &[&'static str]| [&eval[..], more].concat();
    for (bits, want) in [
        (
            "1",
            "1 are not the bits of a code; write a whole number from 2 to 8",
        ),
        ("9", "9 are not the bits of a code"),
        ("four", "`four` is not a whole number from 2 to 8"),
    ] {
        wrong(&asked(&["--weight-bits", bits]), want);
        wrong(&asked(&["--activation-bits", bits]), want);
    }
    for scale in ["0", "-1", "nan", "inf", "2e6"] {
        let want = "write a number above 0 and at most 1,000,000";
        wrong(&asked(&["--step-scale", scale]), want);
    }
    wrong(
        &asked(&["--levels", "mid-rise"]),
        "eight bits of them do not fit an 8-bit multiplier; add --weight-bits",
    );
    wrong(
        &asked(&["--levels", "mid-rise", "--weight-bits", "4", "--prune", "0.3"]),
        "weights that were pruned are not zero with `mid-rise` levels",
    );
    let run = |keys: &str| {
        folder.write(
            "run.toml",
            format!(
                "{}[workload]\nmodel = \"{MODEL}\"\nimages = \"{IMAGES}\"\n[quantization]\n{keys}\n",
                array("S+A")
            ),
        );
    };
    for (keys, want) in [
        ("weight-bits = 9", "weight-bits"),
        ("activation-bits = 1", "activation-bits"),
        ("step-scale = 0.0", "step-scale"),
        ("step-scale = -0.5", "step-scale"),
        (
            "levels = \"mid-rise\"",
            "write `weight-bits` from 2 to 7, or take `levels` out",
        ),
    ] {
        run(keys);
        wrong(&["run", "run.toml", "--out", "out"], want);
        wrong(&["run", "run.toml", "--out", "out"], "run.toml:1");
    }
}

#[test]
fn codes_of_an_8_bit_network_stay() {
    let folder = Folder::of_case("qdq-int8");
    let eval = [&EVAL[..], &["1t.toml"]].concat();
    folder.good(&eval);
    for more in [
        ["--weight-bits", "4"],
        ["--activation-bits", "4"],
        ["--step-scale", "0.9"],
        ["--weight-step", "power-of-two"],
    ] {
        let ran = folder.sysmt(&[&eval[..], &more[..]].concat());
        assert_eq!(ran.code, Some(2), "{more:?}: {}", ran.stderr);
        assert!(
            ran.stderr
                .contains("layer `c2`: the network gives it codes of 8 bits"),
            "{more:?}: {}",
            ran.stderr
        );
    }
}
