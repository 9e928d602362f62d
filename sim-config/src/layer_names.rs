//! Names of layers that a user gives: whether they are there, and what may have been meant.

use sim_core::record::UnsimulatedLayer;
use sim_toml::nearest::did_you_mean;

/// Why a named layer cannot be meant, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLayer {
    /// What is wrong with the name.
    pub why: String,
    /// What to do about it.
    pub remedy: String,
}

/// Compare `name` with those of the `simulated` layers, exactly. `unsimulated` ones are known too, each with the reason;
/// `entry` is what the user would take out.
///
/// - Errors: a name that is not among the simulated ones.
pub fn check(
    name: &str,
    simulated: &[&str],
    unsimulated: &[UnsimulatedLayer],
    entry: &str,
) -> Result<(), UnknownLayer> {
    if simulated.contains(&name) {
        return Ok(());
    }
    Err(match unsimulated.iter().find(|layer| layer.name == name) {
        Some(layer) => UnknownLayer {
            why: format!("layer `{name}` is not simulated: {}", layer.reason),
            remedy: format!("take {entry} out"),
        },
        None => UnknownLayer {
            why: format!("no simulated layer is called `{name}`"),
            remedy: match did_you_mean(name, simulated.iter().copied()) {
                Some(guess) => format!("{guess} Names are matched exactly"),
                None => format!("names are matched exactly; there are {}", listed(simulated)),
            },
        },
    })
}

/// The names, each marked as one.
pub fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
