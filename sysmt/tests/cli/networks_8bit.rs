//! Networks that are 8-bit already, and networks that make several maps of an image.

use crate::support::{CAPTURE, EVAL, Folder, run};

const ALL: [&str; 4] = ["--layers", "all", "--last", "simulated"];

/// The layers of a result.
fn layers(folder: &Folder, results: &str) -> Vec<serde_json::Value> {
    folder.result(results)["layers"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

#[test]
fn a_network_that_is_8_bit_keeps_its_codes() {
    let folder = Folder::of_case("qdq-int8");
    folder.good(&CAPTURE);
    let trace = folder.trace("t.safetensors");
    let [layer] = trace.layers.as_slice() else {
        panic!("{:?}", trace.unsimulated);
    };
    assert_eq!(layer.name, "c2");
    assert_eq!((layer.input_scale, layer.zero_point), (0.02, 0));
    // As the file has them: scales of five filters, and their codes.
    assert_eq!(layer.weight_scale.len(), 5);
    let model = folder.read("net.onnx");
    let holds = |bytes: &[u8]| model.windows(bytes.len()).any(|found| found == bytes);
    let scales: Vec<u8> = layer
        .weight_scale
        .iter()
        .flat_map(|scale| scale.to_le_bytes())
        .collect();
    let codes: Vec<u8> = layer.weight.iter().map(|code| code.cast_unsigned()).collect();
    assert!(holds(&scales) && holds(&codes));
    // Pruning keeps the Δ.
    folder.good(&[&CAPTURE[..], &["--prune", "0.5"]].concat());
    let pruned = &folder.trace("t.safetensors").layers[0];
    assert_eq!(pruned.weight_scale, layer.weight_scale);
    assert_eq!(pruned.weight.iter().filter(|&&code| code == 0).count(), 10);
}

#[test]
fn integer_operators_are_layers_and_an_exact_array_changes_no_answer() {
    let folder = Folder::of_case("qlinear-uint8");
    let all = [&ALL[..], &["--first", "simulated"]].concat();
    folder.good(&[&CAPTURE[..], &all].concat());
    let trace = folder.trace("t.safetensors");
    let names: Vec<&str> = trace.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["c1_quant", "c2_quant", "fc_quant"]);
    assert_eq!(trace.unsimulated.len(), 0);
    folder.good(&[&EVAL[..], &["1t.toml", "--out", "e"], &all].concat());
    let json = folder.result("e");
    assert_eq!(json["agreement"], 1.0);
    assert_eq!(json["output_error"], 0.0);
    assert_eq!(json["fp32"]["top1"], json["array"]["top1"]);
}

#[test]
fn a_layer_reads_all_maps_that_a_network_makes_of_an_image() {
    let folder = Folder::of_case("windows");
    let mut cycles = Vec::new();
    // More rows than a window has pixels.
    let array = String::from_utf8_lossy(&folder.read("2t.toml")).replace("rows = 4", "rows = 16");
    for (name, array) in [
        ("separate", array.clone()),
        (
            "folded",
            array.replace("cols = 4\n", "cols = 4\nbatch = \"folded\"\n"),
        ),
    ] {
        folder.write("2t.toml", array);
        let workload =
            "model = \"net.onnx\"\nimages = \"images.npz\"\n[layers]\nlayers = \"all\"\nlast = \"simulated\"";
        folder.write("r.toml", run(workload));
        folder.good(&["run", "r.toml", "--out", name]);
        let ran = layers(&folder, name);
        let evaluated = format!("{name}-eval");
        folder.good(&[&EVAL[..], &["2t.toml", "--out", &evaluated], &ALL].concat());
        let evaluated = layers(&folder, &evaluated);
        let counts = |layers: &[serde_json::Value]| {
            let counts = layers
                .iter()
                .map(|layer| ["images", "cycles", "baseline_cycles"].map(|key| layer[key].as_u64()));
            counts.collect::<Vec<_>>()
        };
        assert_eq!(counts(&ran), counts(&evaluated), "{name}");
        cycles.push(counts(&ran).first().map(|counts| counts[1]));
        let maps: Vec<_> = ran.iter().map(|layer| layer["images"].as_u64()).collect();
        // Four windows of each of five sounds, and one row of each.
        assert_eq!(maps, [Some(20), Some(20), Some(5)]);
    }
    // One product of all windows fills the rows.
    assert!(cycles[1] < cycles[0], "{cycles:?}");
}

#[test]
fn a_network_without_a_layer_that_can_be_simulated_says_so_and_is_no_error() {
    let folder = Folder::of_case("dynamic-int8");
    let printed = folder.good(&[&CAPTURE[..], &ALL].concat());
    // Four images, 6×8 and 8×3 MACs each.
    assert!(
        printed.contains("4 images, 0 layers, 0 % of the network's 288 MACs"),
        "{printed}"
    );
    let reason = "the zero point of its input is computed anew for every image";
    for name in ["m1_quant", "m2_quant"] {
        assert!(
            printed.contains(&format!("{name} is not simulated: {reason}")),
            "{printed}"
        );
    }
    folder.good(&["run", "run.toml", "--out", "r"]);
    folder.good(&[&EVAL[..], &["2t.toml", "--out", "e"]].concat());
    for results in ["r", "e"] {
        let json = folder.result(results);
        let totals = if results == "r" { &json["totals"] } else { &json };
        assert_eq!(totals["share"], 0.0, "{results}");
        let warnings = json["warnings"].to_string();
        assert!(warnings.contains("0 % of the network"), "{warnings}");
    }
}
