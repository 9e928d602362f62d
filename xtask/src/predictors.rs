//! Predictors of zeros for the photos' network, trained on other pictures. They are made here and not kept in the repository,
//! as the network and the pictures are not.

use crate::command::run;
use crate::outside::{OF_THIN_RESNET, THIN_RESNET, is_stamped, stamps};

/// The study that uses them.
pub(crate) const STUDY: &str = "zap-photos";

/// Their folder, and what says how they were trained.
const FOLDER: &str = "target/predictors";
const STAMP: &str = "target/predictors/stamp";

/// Links to the pictures, one of four.
const PICTURES: &str = "target/stamps";
const STRIDE: usize = 4;

/// Which pixels are first.
const MASKS: [u8; 4] = [3, 5, 6, 7];

/// Train them, where they are not there. Steps of four pictures, since there are few pictures of many pixels.
pub(crate) fn train(sysmt: &str) -> anyhow::Result<()> {
    let line = |mask: u8| {
        format!(
            "{sysmt} train zap {THIN_RESNET} --images {PICTURES} --masks {mask} --batch 4 {OF_THIN_RESNET} \
             --out {FOLDER}/open-nsfw-mask{mask}.zap.safetensors --force"
        )
    };
    let lines = MASKS.map(line);
    let made = format!("one of {STRIDE}: {}", lines.join("\n"));
    if is_stamped(STAMP, &made) {
        return Ok(());
    }
    stamps(PICTURES, STRIDE)?;
    std::fs::create_dir_all(FOLDER)?;
    for line in lines {
        run(&line)?;
    }
    std::fs::write(STAMP, made)?;
    Ok(())
}
