//! One file per command.

pub(crate) mod capture;
pub(crate) mod check;
pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod gemm;
pub(crate) mod plot;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod sweep;
pub(crate) mod train;
pub(crate) mod wave;
