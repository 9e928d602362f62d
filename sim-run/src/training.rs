//! Training images beside test images, for what has to be learned without looking at the test.

use std::path::{Path, PathBuf};

use sim_config::run::ModelWorkload;
use sim_images::sets::{ImageSet, OpenOptions};

use crate::error::RunError;
use crate::open::{class_list, listed, open_set};
use crate::workers::Workers;

/// How the names of test sets begin.
const TEST: [&str; 3] = ["t10k", "test", "val"];

/// Training images that are taken where nobody says how many; first ones first.
pub const DEFAULT_COUNT: usize = 2048;

/// Images that methods learn from.
#[derive(Debug)]
pub(crate) enum Training {
    /// Those that set ranges.
    Calibration,
    /// A set beside the images.
    Beside(TrainingSet),
}

/// A training set beside the images.
#[derive(Debug)]
pub struct TrainingSet {
    /// Where it is.
    pub path: PathBuf,
    /// The images of it that are used.
    pub images: ImageSet,
    /// Those that were left out because they cannot be decoded.
    pub skipped: Vec<String>,
}

/// Which images methods have learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LearnedFrom {
    /// The calibration images that were given.
    Calibration,
    /// The training set beside the images.
    TrainingSet,
    /// The images that are evaluated.
    Images,
}

impl TrainingSet {
    /// The first images of the set at `path`.
    pub(crate) fn open(
        path: PathBuf,
        input: &str,
        workload: &ModelWorkload,
        workers: &Workers<'_>,
    ) -> Result<Self, RunError> {
        let options = OpenOptions {
            limit: Some(DEFAULT_COUNT),
            input: Some(input),
        };
        let (images, skipped) = open_set(&path, options, workload.unreadable, workers)?;
        let images = match class_list(workload)? {
            None => images,
            Some(list) => listed(images, &list)?,
        };
        Ok(Self {
            path,
            images,
            skipped,
        })
    }
}

/// The training set beside a test set, if there is one: `t10k…`, `test…` or `val…` with `train` in place of that.
pub fn beside(images: &Path) -> Option<PathBuf> {
    let name = images.file_name()?.to_str()?;
    TEST.iter()
        .filter_map(|test| name.strip_prefix(test))
        .map(|rest| images.with_file_name(format!("train{rest}")))
        .find(|path| path.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_set_is_found_by_its_name() {
        let folder = std::env::temp_dir().join(format!("sysmt-training-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("train-images-idx3-ubyte"), "").unwrap();
        let found = |name: &str| beside(&folder.join(name));
        let training = Some(folder.join("train-images-idx3-ubyte"));
        assert_eq!(found("t10k-images-idx3-ubyte"), training);
        assert_eq!(found("test-images-idx3-ubyte"), training);
        assert_eq!(found("t10k-images-idx3-ubyte.gz"), None);
        assert_eq!(found("train-images-idx3-ubyte"), None);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
