//! The part of a set that can be read.

use std::sync::atomic::AtomicBool;

use sim_core::parallel_map::{Unfinished, parallel_map};
use sim_core::progress::Progress;

use super::{ImageError, ImageFault, ImageSet, Source};

impl ImageSet {
    /// The images whose files can be decoded, in their order and with their labels, and the names of the others. Every
    /// file of a folder is decoded once for it; arrays are taken as they are.
    ///
    /// - Errors: no file can be decoded (the error is that of the first), and a stop.
    pub fn only_readable(
        self,
        n_jobs: usize,
        stop: &AtomicBool,
        progress: &dyn Progress,
    ) -> Result<(Self, Vec<String>), Unfinished<ImageError>> {
        let Self {
            names,
            labels,
            numbering,
            source,
        } = self;
        let folder = match source {
            Source::Folder(folder) => folder,
            source @ Source::Array(_) => {
                let all = Self {
                    names,
                    labels,
                    numbering,
                    source,
                };
                return Ok((all, Vec::new()));
            }
        };
        progress.begin("looking for unreadable images", names.len());
        let indices: Vec<usize> = (0..names.len()).collect();
        let faults: Vec<Option<ImageFault>> = parallel_map(&indices, n_jobs, stop, |&index| {
            let fault = folder.check(index).err();
            progress.advance(&names[index]);
            Ok(fault)
        })?;
        let kept: Vec<usize> = (indices.into_iter())
            .filter(|&index| faults[index].is_none())
            .collect();
        if kept.is_empty() {
            let why = faults.into_iter().flatten().next().map(|fault| fault.to_string());
            return Err(Unfinished::Failed(ImageError::new(
                folder.path(0),
                ImageFault::NoneReadable {
                    n_files: names.len(),
                    why: why.unwrap_or_default(),
                },
            )));
        }
        let unreadable = (names.iter().zip(&faults))
            .filter(|(_, fault)| fault.is_some())
            .map(|(name, _)| name.clone())
            .collect();
        let readable = Self {
            names: kept.iter().map(|&index| names[index].clone()).collect(),
            labels: labels.map(|labels| kept.iter().map(|&index| labels[index]).collect()),
            numbering,
            source: Source::Folder(folder.only(&kept)),
        };
        Ok((readable, unreadable))
    }
}
