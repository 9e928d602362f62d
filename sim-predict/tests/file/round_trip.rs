//! What was written is read back equal, and its bytes repeat.

use safetensors::SafeTensors;
use sim_predict::file::{End, PredictorFile, Provenance};

use crate::{CONV, DOTTED, file};

#[test]
fn a_predictor_file_reads_back_equal_and_its_bytes_repeat() {
    let file = file();
    let bytes = file.to_bytes().expect("is good");
    assert_eq!(file.to_bytes().expect("is good"), bytes);
    let read = PredictorFile::from_bytes(&bytes).expect("is good");
    assert_eq!(read, file);
    assert_eq!(read.to_bytes().expect("is good"), bytes);
}

#[test]
fn tensors_and_description_are_those_of_the_format() {
    let bytes = file().to_bytes().expect("is good");
    let tensors = SafeTensors::deserialize(&bytes).expect("parses");
    let found = |name: &str| {
        let view = tensors.tensor(name).expect(name);
        format!("{:?} {:?}", view.dtype(), view.shape())
    };
    for number in [1, 2] {
        assert_eq!(found(&format!("{DOTTED}.w{number}")), "F32 [3, 3, 3]");
        for tensor in ["b", "scale", "shift", "mean", "var"] {
            assert_eq!(found(&format!("{CONV}.{tensor}{number}")), "F32 [1]");
        }
    }
    assert_eq!(found(&format!("{DOTTED}.mask")), "I32 [1]");
    assert_eq!(found(&format!("{DOTTED}.share")), "F64 [27]");
    assert_eq!(found(&format!("{DOTTED}.error")), "F64 [27]");
    assert_eq!(tensors.len(), 13 + 15);
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("parses");
    let hash = "0123456789abcdef".repeat(4);
    assert_eq!(
        header.metadata().as_ref().expect("has metadata")["sysmt-predictors"],
        format!(
            r#"{{"version":1,"provenance":{{"model-hash":"{hash}","epochs":5,"images":12800,"seed":18446744073709551615,"end":"early"}},"places":[{{"name":"block.2.conv","losses":[0.1,0.03333333333333333]}},{{"name":"/block1/conv1/Conv","losses":[1e-9,0.0]}}]}}"#
        )
    );
}

#[test]
fn predictors_from_elsewhere_need_no_provenance() {
    let mut file = file();
    file.provenance = Provenance::default();
    file.places.iter_mut().for_each(|place| place.losses.clear());
    assert_eq!(file.provenance.end, End::Complete);
    let bytes = file.to_bytes().expect("is good");
    assert_eq!(PredictorFile::from_bytes(&bytes).expect("is good"), file);
}
