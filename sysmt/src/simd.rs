//! `SYSMT_SIMD`: which instructions the products run on.

use sim_core::named::Named;
use sim_simd::{Simd, select};

use crate::failure::Failure;

const VARIABLE: &str = "SYSMT_SIMD";

/// Select what the environment asks for; without a wish, the fastest that the processor has.
pub(crate) fn select_from_environment() -> Result<(), Failure> {
    let Some(wish) = std::env::var_os(VARIABLE) else {
        return Ok(());
    };
    let wish = wish.to_string_lossy();
    let available = Simd::ALL
        .into_iter()
        .filter(|simd| simd.is_available())
        .map(Simd::name)
        .collect::<Vec<_>>()
        .join("`, `");
    let remedy = format!("take one of `{available}`, or leave {VARIABLE} unset for the fastest");
    let Some(simd) = Simd::from_name(&wish) else {
        return Err(Failure::User(format!(
            "{VARIABLE}: `{wish}` is not a set of instructions; {remedy}"
        )));
    };
    select(simd).map_err(|_| {
        Failure::User(format!(
            "{VARIABLE}: this processor does not have `{wish}`; {remedy}"
        ))
    })
}
