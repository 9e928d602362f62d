//! Images: sets of them in `.npz`, IDX and folders, class names, `.npy` headers, and pixels made into the input of a network.

pub mod classes;
pub mod npy;
pub mod preprocess;
pub mod sets;
