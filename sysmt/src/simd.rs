//! `SYSMT_SIMD`: which instructions the engines run on.

use sim_core::named::Named;
use sim_run::workers::Engines;
use sim_simd::Simd;
use sim_simd::integer::Kernels;

use crate::failure::Failure;

const VARIABLE: &str = "SYSMT_SIMD";

/// Engines on the instructions that the environment asks for; without a wish, on the fastest of the processor.
pub(crate) fn engines() -> Result<Engines, Failure> {
    let Some(wish) = std::env::var_os(VARIABLE) else {
        return Ok(Engines::default());
    };
    let wish = wish.to_string_lossy();
    let refused = |what: &str| {
        let available: Vec<_> = Simd::ALL
            .into_iter()
            .filter(|simd| simd.is_available())
            .map(Simd::name)
            .collect();
        Failure::User(format!(
            "{VARIABLE}: {what}; take one of `{}`, or leave {VARIABLE} unset for the fastest",
            available.join("`, `")
        ))
    };
    let Some(simd) = Simd::from_name(&wish) else {
        return Err(refused(&format!("`{wish}` is not a set of instructions")));
    };
    match Kernels::of(simd) {
        Some(kernels) => Ok(Engines::on(kernels)),
        None => Err(refused(&format!("this processor does not have `{wish}`"))),
    }
}
