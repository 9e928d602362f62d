//! Training images beside test images, for what has to be learned without looking at the test.

use std::path::{Path, PathBuf};

/// How the names of test sets begin.
const TEST: [&str; 3] = ["t10k", "test", "val"];

/// Training images that are taken where nobody says how many; first ones first.
pub const DEFAULT_COUNT: usize = 2048;

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
